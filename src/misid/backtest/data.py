"""The records and studies that misid ships, read and checked; and readers of the same forms."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import as_file, files
from math import isfinite
from types import MappingProxyType
from typing import Any

from misid.backtest.model import MEASURES, Conditions, Outcome, Record, Selection, Study
from misid.backtest.rules import RULES
from misid.evidence import Source, load
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Findings

COLUMNS = (*(item.name for item in fields(Conditions) if item.name not in ("source", "where", "note")), "outcome",
           "source", "where", "note")  # fmt: skip
"""Of a table of records, in their order."""

_NUMBERS = {"hours": float, "searches": float, "gallery": int, "threshold": float}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_FOLDER = files("misid.backtest") / "data"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """The hash of a prediction, the day it was taken, and why it is not the first one, if it is not."""

    sha256: str
    sealed: str
    note: str = ""


RULE_CHANGED = "the rule was changed after the outcomes were read"
WORDS_CHANGED = "its words were changed, and no number"


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """Records, studies, sources, and the hash of every prediction, by task."""

    records: tuple[Record, ...]
    studies: tuple[Study, ...]
    sources: Mapping[str, Source]
    seals: Mapping[str, Seal]
    first: tuple[Mapping[str, str], ...]
    """Every prediction as it was sealed first, with its outcome: rows of first.csv."""
    unused: tuple[tuple[str, str], ...]
    """What was published and could not be made a task, with the reason."""


@cache
def shipped() -> Shipped:
    """What misid ships.

    Raises
    ------
    BadInputError
        Holding everything that is wrong with it.

    Examples
    --------
    >>> len(shipped().records) > 1000, shipped().sources["s-met-2024"].publisher
    (True, 'Metropolitan Police Service')
    """
    with as_file(_FOLDER / "sources") as folder:
        sources = {source.id: source for source in load(folder).sources}
    found = Findings()
    records: list[Record] = []
    for entry in sorted(_FOLDER.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".csv") and entry.name not in ("seals.csv", "first.csv"):
            records += read_records(entry.name, entry.read_text(encoding="utf-8"), sources, found)
    document = tomllib.loads((_FOLDER / "studies.toml").read_text(encoding="utf-8"))
    studies = [study_of_row(row, found) for row in document["study"]]
    found.raise_if_any()
    return Shipped(
        records=tuple(records), studies=tuple(study for study in studies if study is not None),
        sources=MappingProxyType(sources),
        seals=MappingProxyType({row.pop("task"): Seal(**row) for row in _rows("seals")}),
        first=tuple(_rows("first")),
        unused=tuple((row["what"], row["why"]) for row in document["unused"]),
    )  # fmt: skip


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((_FOLDER / f"{name}.csv").read_text(encoding="utf-8"))))


def read_records(name: str, text: str, sources: Iterable[str], found: Findings) -> list[Record]:
    """Records of a CSV text; what is wrong goes to `found`, and its row is left out."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        _wrong(found, name, f"columns {', '.join(reader.fieldnames or ())}", ", ".join(COLUMNS))
        return []
    known, seen, records = set(sources), set[str](), []
    for number, row in enumerate(reader, 2):
        where = f"{name}: row {number}"
        before = len(found.problems)
        values: dict[str, Any] = {key: row[key] for key in COLUMNS if key not in (*_NUMBERS, "outcome")}
        for column, kind in _NUMBERS.items():
            values[column] = _number(row[column], kind, f"{where}, column {column}", found)
        outcome = _outcome(row["outcome"], f"{where}, column outcome", found)
        for column in ("start", "end"):
            if row[column] and not _DATE.fullmatch(row[column]):
                _wrong(found, f"{where}, column {column}", repr(row[column]), "2024, 2024-07 or 2024-07-25")
        if row["measure"] not in MEASURES:
            _wrong(found, f"{where}, column measure", repr(row["measure"]), ", ".join(MEASURES))
        if row["source"] not in known:
            _wrong(found, f"{where}, column source", repr(row["source"]), "the id of a source")
        if not row["id"] or row["id"] in seen:
            _wrong(found, f"{where}, column id", repr(row["id"]), "an id, once")
        seen.add(row["id"])
        if len(found.problems) == before and outcome is not None:
            records.append(Record(given=Conditions(**values), outcome=outcome))
    return records


def study_of_row(row: Mapping[str, Any], found: Findings) -> Study | None:
    """A study from its table of TOML."""
    made = dict(row)
    where = f"study {row.get('id', '?')}"
    try:
        made["ahead"] = _selection(row["ahead"])
        made["before"] = tuple(_selection(one) for one in row["before"])
        made["given"] = tuple(_selection(one) for one in row.get("given", ()))
        study = Study(**made)
    except (KeyError, TypeError) as error:
        _wrong(found, where, str(error), "the fields of a study")
        return None
    if study.rule not in RULES:
        _wrong(found, where, f"rule {study.rule!r}", ", ".join(RULES))
        return None
    return study


def _selection(row: Mapping[str, Any]) -> Selection:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Selection(**given)


def _number(text: str, kind: type, where: str, found: Findings) -> float | int | None:
    if not text:
        return None
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not isfinite(value) or value < 0:
        _wrong(found, where, repr(text), "a number from 0 up, or nothing")
        return None
    return value  # type: ignore[no-any-return]


def _outcome(text: str, where: str, found: Findings) -> Outcome | None:
    parts = text.split("..")
    try:
        lo, hi = float(parts[0]), float(parts[-1])
    except ValueError:
        lo, hi = 1.0, 0.0
    if len(parts) > 2 or not 0 <= lo <= hi or not isfinite(hi):
        _wrong(found, where, repr(text), "a number from 0 up, or LOW..HIGH")
        return None
    return Outcome(lo=lo, hi=hi)


def _wrong(found: Findings, where: str, seen: str, allowed: str) -> None:
    found.add(problem("E071", where=where, seen=seen, allowed=allowed, remedy="compare it with the source"))


__all__ = ["COLUMNS", "BadInputError", "Shipped", "read_records", "shipped", "study_of_row"]
