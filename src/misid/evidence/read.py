"""Reads a library from TOML files, and finds everything that is wrong with it at once."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from misid.evidence.library import Library
from misid.evidence.model import Conflict, Fact, Source, Unverified
from misid.evidence.rules import FIELDS, Row, check_fact, check_form, check_source
from misid.ground.codes import problem
from misid.ground.errors import Findings, Problem, UsageError

_HEAD = ("topic", "about")


def load(folder: Path | None = None) -> Library:
    """Load the library that misid ships, or one of the same form from a folder of TOML files.

    Raises
    ------
    BadInputError
        Holding everything that is wrong with it (`check` gives the same without raising).

    Examples
    --------
    >>> library = load()
    >>> library["mf-gallery-200m"]
    <Fact mf-gallery-200m: 200,000,000 images>
    >>> library["mf-gallery-200m"].conflicts
    ('c-gallery-size',)
    """
    return _shipped() if folder is None else _read(_files(folder))


def check(folder: Path | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with a library: its form (E061), values (E062), ids (E063) and sources (E064).

    Examples
    --------
    >>> check()
    ()
    """
    found = Findings()
    _checked(_files(files("misid.evidence") / "data" if folder is None else folder), found)
    return tuple(found.problems)


@cache
def _shipped() -> Library:
    return _read(_files(files("misid.evidence") / "data"))


def _files(folder: Traversable) -> dict[str, str]:
    """Text of each TOML file by its name."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a directory", remedy="name one that holds TOML files")
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {entry.name: entry.read_text(encoding="utf-8") for entry in found}


Rows = dict[str, list[tuple[str, Row]]]


def _checked(texts: Mapping[str, str], found: Findings) -> tuple[Rows, dict[str, str]]:
    """Every record that has the form of its kind, with where it stands; and the topics."""
    rows: Rows = {kind: [] for kind in FIELDS}
    topics: dict[str, str] = {}
    # Ids of malformed records count too: whoever names them is not to blame.
    ids: list[tuple[str, str]] = []
    for file, text in texts.items():
        document = _document(file, text, found)
        head = {name: document.pop(name, None) for name in _HEAD}
        if "fact" in document and not all(isinstance(value, str) and value for value in head.values()):
            found.add(_form_problem(file, "facts without a topic", "topic and about, at the head of the file"))
        elif "fact" in document:
            topics[head["topic"]] = head["about"]
        for kind, records in document.items():
            if kind not in FIELDS or not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
                found.add(_form_problem(file, f"a table {kind!r}", " ".join(f"[[{name}]]" for name in FIELDS)))
                continue
            for number, record in enumerate(records, 1):
                where = f"{file}, {kind} {record.get('id', f'number {number}')}"
                ids.append((str(record.get("id", "")), kind))
                if check_form(kind, record, where, found):
                    rows[kind].append((where, {"topic": head["topic"], **record} if kind == "fact" else record))
    _check_each(rows, ids, found)
    return rows, topics


def _check_each(rows: Rows, ids: list[tuple[str, str]], found: Findings) -> None:
    for id_, times in Counter(id_ for id_, _ in ids if id_).items():
        if times > 1:
            found.add(
                problem(
                    "E063", where=id_, seen=f"{times} records of this id", allowed="one", remedy="rename one of them"
                )
            )
    for where, row in rows["source"]:
        check_source(row, where, found)
    for where, row in rows["fact"]:
        check_fact(row, where, found)
        if (row["source"], "source") not in ids:
            found.add(
                problem(
                    "E064", where=where, seen=f"source = {row['source']!r}", allowed="the id of a source",
                    remedy="add the source, or correct the id",
                )
            )  # fmt: skip
    for where, row in rows["conflict"]:
        for id_ in row["facts"]:
            if (id_, "fact") not in ids:
                found.add(
                    problem("E063", where=where, seen=f"facts has {id_!r}", allowed="ids of facts", remedy="correct it")
                )


def _document(file: str, text: str, found: Findings) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Python itself refuses integers of thousands of digits, and lists in lists without end.
        found.add(_form_problem(file, str(error), "TOML"))
        return {}


def _form_problem(where: str, seen: str, allowed: str) -> Problem:
    return problem("E061", where=where, seen=seen, allowed=allowed, remedy="correct the file")


def _read(texts: Mapping[str, str]) -> Library:
    found = Findings()
    rows, topics = _checked(texts, found)
    found.raise_if_any()
    sources = {row["id"]: Source(**row) for _, row in rows["source"]}
    conflicts = tuple(Conflict(**{**row, "facts": tuple(row["facts"])}) for _, row in rows["conflict"])
    return Library(
        facts=tuple(_fact(row, sources[row["source"]], conflicts) for _, row in rows["fact"]),
        sources=tuple(sources.values()),
        unverified=tuple(Unverified(**row) for _, row in rows["unverified"]),
        conflicts=conflicts,
        topics=MappingProxyType(topics),
    )


def _fact(row: Row, source: Source, conflicts: Iterable[Conflict]) -> Fact:
    return Fact(
        **{name: row[name] for name in ("id", "topic", "quantity", "units", "population", "confidence")},
        **{name: row.get(name, "") for name in ("symbol", "limits", "note")},
        value=row.get("value"),
        lo=row.get("lo"),
        hi=row.get("hi"),
        given=MappingProxyType(dict(row.get("given", {}))),
        source=source,
        read=row.get("read", source.read),
        # Where the source was read does not hold for a fact that was read in another way.
        read_where=row.get("read_where", "" if "read" in row else source.read_where),
        conflicts=tuple(conflict.id for conflict in conflicts if row["id"] in conflict.facts),
    )
