"""From the text of a scenario file, and of those it extends, to one document."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from misid.encounter.numbers import NUMBER_KEYS
from misid.encounter.reading_shapes import shown
from misid.ground.codes import problem
from misid.ground.errors import Findings, UsageError
from misid.ground.hostile import MOST_DEEP, is_deep, read_at_most

MOST_BYTES = 1_000_000
"""A scenario is a few dozen kilobytes; a larger file is something else."""

MOST_FILES = 10
"""Scenarios that extend one another."""

SUFFIX = ".toml"
Table = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A scenario as one table, with what it was put together from.

    Attributes
    ----------
    name : str
        Of the file, without folder and suffix.
    table : dict
    origins : mapping
        Dotted path of a table or value to the file that states it; the longest that fits a path counts.
    files : tuple of (str, str)
        Name and sha256 of every file, the scenario itself first.
    settings : tuple of str
    folder : Path
        Paths in the scenario start here.
    """

    name: str
    table: Table = field(hash=False)
    origins: Mapping[str, str] = field(hash=False)
    files: tuple[tuple[str, str], ...]
    settings: tuple[str, ...]
    folder: Path

    def place(self, path: str) -> str:
        """A dotted path with the file that states it, for messages."""
        parts = path.split(".")
        for size in range(len(parts), 0, -1):
            if ".".join(parts[:size]) in self.origins:
                return f"{self.origins['.'.join(parts[:size])]}: {path}"
        return f"{self.files[0][0]}: {path}"


@cache
def shipped() -> Mapping[str, Path]:
    """Names of the scenarios that misid ships, and where each is."""
    folder = Path(str(files("misid") / "scenarios"))
    found = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stem)
    return MappingProxyType({path.stem: path for path in found})


def read_document(source: str | Path, settings: Sequence[str] = ()) -> Document:
    """The document of a scenario: a path, or the name of one that misid ships.

    Raises
    ------
    BadInputError
        A file that is not there, no TOML, too large; a base that is not there or extends itself; something removed
        that is not there. All of it, not only the first.
    UsageError
        A setting that is not ``path=value``.
    """
    found = Findings()
    chain = _chain(_located(source), found)
    found.raise_if_any()
    table: Table = {}
    origins: dict[str, str] = {}
    for part in reversed(chain):
        _remove(table, origins, part, found)
        _lay_over(table, part.table, origins, part.file, "")
    for setting in settings:
        _set(table, origins, setting)
    found.raise_if_any()
    return Document(
        name=chain[0].path.stem, table=table, origins=origins, files=tuple((p.file, p.sha256) for p in chain),
        settings=tuple(settings), folder=chain[0].path.parent,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Part:
    path: Path
    file: str
    sha256: str
    table: Table
    extends: str | None
    remove: tuple[str, ...]


def _located(source: str | Path) -> Path:
    """A path, or the file of a scenario that misid ships."""
    path = Path(source)
    named = shipped().get(str(source))
    return named if named is not None and not path.exists() else path


def _chain(path: Path, found: Findings) -> list[_Part]:
    """The scenario and all that it extends, the base last."""
    chain: list[_Part] = []
    while len(chain) < MOST_FILES:
        part = _read(path, found)
        if part is None:
            return chain
        chain.append(part)
        if part.extends is None:
            return chain
        base = part.path.parent / part.extends if part.extends.endswith(SUFFIX) else shipped().get(part.extends)
        if base is None:
            known = ", ".join(shipped())
            _say(found, "E093", f"{part.file}: extends", shown(part.extends), f"a path that ends in .toml, or {known}",
                 "misid scenarios list")  # fmt: skip
            return chain
        if any(base.resolve() == earlier.path.resolve() for earlier in chain):
            names = " extends ".join([*(earlier.file for earlier in chain), base.name])
            _say(found, "E093", f"{part.file}: extends", f"a circle: {names}", "a base that does not extend this one",
                 "leave out one extends")  # fmt: skip
            return chain
        path = base
    names = " extends ".join(part.file for part in chain)
    _say(found, "E093", f"{chain[-1].file}: extends", f"more than {MOST_FILES} files: {names}",
         f"at most {MOST_FILES}", "put some of them together")  # fmt: skip
    return chain


def _read(path: Path, found: Findings) -> _Part | None:
    try:
        if path.is_dir():
            raise IsADirectoryError
        size = path.stat().st_size
        data = read_at_most(path, MOST_BYTES)
    except (OSError, ValueError):
        allowed = f"a scenario file, or one of: {', '.join(shipped())}"
        _say(found, "E001", str(path), "no file that can be read", allowed, "misid scenarios list")
        return None
    if data is None:
        size_said = f"{size:,} bytes" if size > MOST_BYTES else f"more than {MOST_BYTES:,} bytes"
        _say(found, "E081", path.name, size_said, f"at most {MOST_BYTES:,}",
             "name the scenario file, not scores or a tally")  # fmt: skip
        return None
    return _part_of(path, data, found)


def _part_of(path: Path, data: bytes, found: Findings) -> _Part | None:
    """What the bytes of a scenario file say."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _say(found, "E006", path.name, f"byte {error.start:,} is no UTF-8", "a text file in UTF-8", "save it as UTF-8")
        return None
    table = _parsed(text, path.name, found)
    if table is None:
        return None
    extends, remove = table.pop("extends", None), table.pop("remove", [])
    if extends is not None and not isinstance(extends, str):
        _say(found, "E084", f"{path.name}: extends", shown(extends), "a name or a path", 'extends = "street-stop"')
        extends = None
    if not isinstance(remove, list) or not all(isinstance(each, str) for each in remove):
        _say(found, "E084", f"{path.name}: remove", shown(remove), "a list of paths", 'remove = ["kin.twin"]')
        remove = []
    if remove and extends is None:
        _say(found, "E084", f"{path.name}: remove", shown(remove), "only beside extends", "leave it out")
    sha256 = hashlib.sha256(data).hexdigest()
    return _Part(path=path, file=path.name, sha256=sha256, table=table, extends=extends, remove=tuple(remove))


def _parsed(text: str, file: str, found: Findings) -> Table | None:
    if not text.strip():
        _say(found, "E002", file, "an empty file", "a scenario", "misid scenarios new")
        return None
    try:
        table = tomllib.loads(text)
        if not is_deep(table):
            return table
        _say(found, "E080", file, "tables nested too deeply", f"at most {MOST_DEEP} levels", "nest fewer tables")
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        remedy = "give each key once" if "overwrite" in said or "declare" in said or "mutate" in said else (
            "texts stand in quotes, tables in one line as { key = value, ... }; misid scenarios show NAME is an example"
        )  # fmt: skip
        _say(found, "E080", file, said, "TOML 1.0, in which every key stands once", remedy)
    except RecursionError:
        _say(found, "E080", file, "tables nested too deeply", f"at most {MOST_DEEP} levels", "nest fewer tables")
    except ValueError as error:
        # Python itself refuses integers of thousands of digits.
        _say(found, "E080", file, str(error), "TOML 1.0", "write a smaller number")
    return None


def is_number(value: object) -> bool:
    """Whether a table of a document states a number, and so is replaced as a whole."""
    return isinstance(value, Mapping) and bool(value) and value.keys() <= NUMBER_KEYS


def _lay_over(table: Table, over: Table, origins: dict[str, str], file: str, prefix: str) -> None:
    for key, value in over.items():
        path = f"{prefix}{key}"
        base = table.get(key)
        if isinstance(value, dict) and isinstance(base, dict) and not is_number(base):
            _lay_over(base, value, origins, file, f"{path}.")
            continue
        for below in [known for known in origins if known.startswith(f"{path}.")]:
            del origins[below]
        table[key] = _copied(value)
        origins[path] = file


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _remove(table: Table, origins: dict[str, str], part: _Part, found: Findings) -> None:
    for path in part.remove:
        *parents, last = path.split(".")
        holder: Any = table
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if not isinstance(holder, dict) or last not in holder:
            _say(found, "E087", f"{part.file}: remove", shown(path), "paths that the base has", "correct the path")
            continue
        del holder[last]
        for known in [known for known in origins if known == path or known.startswith(f"{path}.")]:
            del origins[known]


_PATH = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
SET_ON_COMMAND_LINE = "command line"


def _set(table: Table, origins: dict[str, str], setting: str) -> None:
    """``path=value``; the value in TOML. A plain number in the place of a number replaces it as fixed."""
    path, equals, text = (part.strip() for part in setting.partition("="))
    example = "statuses.citizen.enrolled=0.5"
    if not equals or not text or not _PATH.fullmatch(path):
        raise UsageError(f"{setting!r} is not PATH=VALUE", remedy=example)
    try:
        value = tomllib.loads(f"value = {text}")
        if len(value) != 1:
            raise UsageError(f"{setting!r} sets more than one value", remedy=example)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        remedy = f'{example}; texts stand in quotes, as in lead="definitive"'
        raise UsageError(f"{path}: {text!r} is no value in TOML ({error})", remedy=remedy) from None
    *parents, last = path.split(".")
    holder: Any = table
    within: Table = table
    for index, parent in enumerate(parents):
        holder = holder.get(parent) if isinstance(holder, dict) else None
        if not isinstance(holder, dict):
            at = ".".join(parents[: index + 1])
            near = get_close_matches(parent, [key for key, each in within.items() if isinstance(each, dict)], n=1)
            remedy = ".".join([*parents[:index], *near, *parents[index + 1 :], last]) if near else example
            raise UsageError(f"{path}: the scenario has no table {at}", remedy=remedy)
        within = holder
    new = value["value"]
    if isinstance(new, int | float) and not isinstance(new, bool) and isinstance(holder.get(last), dict):
        new = {"value": new, "assumption": f"set to {text} on the command line"}
    holder[last] = new
    for known in [known for known in origins if known.startswith(f"{path}.")]:
        del origins[known]
    origins[path] = SET_ON_COMMAND_LINE


def _say(found: Findings, code: str, where: str, seen: str, allowed: str, remedy: str) -> None:
    found.add(problem(code, where=where, seen=seen, allowed=allowed, remedy=remedy))


def tables(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of everything in a document that is no table of other things."""
    for key, value in document.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and not is_number(value):
            yield from tables(value, f"{path}.")
        else:
            yield path, value
