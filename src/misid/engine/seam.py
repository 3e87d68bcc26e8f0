"""What misid asks of an engine: a few verbs and a log of the SQL it ran."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from misid.ground.errors import UsageError

Columns = dict[str, np.ndarray[Any, Any]]


class Engine(Protocol):
    """An SQL engine. Statements come in DuckDB's dialect, kept to what a translator can carry to others.

    Only counts ever come back through `columns`; tables made by `keep` stay in the engine.
    """

    name: str
    version: str
    log: list[str]
    rows_at_once: int
    """How many rows of an intermediate table are best made at a time, where work can be done in turns."""

    def view(self, name: str, select: str) -> None:
        """Name a query; nothing runs."""

    def keep(self, name: str, select: str, *, large: bool = False) -> None:
        """Run a query and keep its result in the engine under `name`.

        `large` says that the result may have a row a comparison, and belongs on disk.
        """

    def drop(self, *names: str) -> None:
        """Let go of what `keep` made and nothing reads any more; what is made from it stays. It is not logged."""

    def put(self, name: str, columns: Columns) -> None:
        """Make a small table of whole numbers or texts, a NumPy array a column. It is not logged."""

    def columns(self, select: str, *, logged: bool = True) -> Columns:
        """Run a query whose result is small and bring it back, a NumPy array a column.

        The log travels with a tally: a query that holds single scores is kept out of it.
        """

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        """Run a query whose result is very small and bring it back as Python values. It is not logged."""

    def alias(self, name: str, select: str) -> None:
        """Like `view`, for what must not be in the log: a query that names a path."""

    def described(self, select: str) -> dict[str, str]:
        """Names of the columns of a query and their types, in DuckDB's words."""

    def save(self, select: str, path: Path) -> None:
        """Run a query and write its result to `path` in Parquet, where `saved` finds it. It is not logged."""

    def saved(self, paths: list[Path]) -> str:
        """SQL that reads what `save` wrote; for `alias`."""

    @property
    def limits(self) -> str:
        """What the engine may take, in a few words for a person."""

    def query_progress(self) -> float:
        """How much of what runs now is done, in per cent; -1 where that is not known."""

    def close(self) -> None:
        """Let go of the engine and of everything kept in it."""


def quoted(identifier: str) -> str:
    """An SQL identifier, whatever characters are in it."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(value: str | float | int | bool | None) -> str:
    """An SQL literal that reads back as exactly `value` (floats by their shortest exact digits)."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # CAST from text, because a bare 0.1 is a DECIMAL to DuckDB and an exact one compares differently.
        return f"CAST('{value!r}' AS DOUBLE)"
    return "'" + value.replace("'", "''") + "'"


def megabytes(text: str) -> int:
    """A size such as ``2GB``, ``700MB`` or ``1.5GiB`` in mebibytes.

    Examples
    --------
    >>> megabytes("2GiB"), megabytes("700MB"), megabytes("4g")
    (2048, 667, 4096)
    """
    found = re.fullmatch(r"\s*([0-9]{0,12}\.?[0-9]{1,12})\s*([kmgt])(b|ib)?\s*", text.lower())
    if not found:
        raise UsageError(f"memory is {text!r}", remedy="a number and a unit, such as 2GB or 700MB")
    base = 1000 if found[3] == "b" else 1024
    return max(int(float(found[1]) * base ** (1 + "kmgt".index(found[2])) / 1024**2), 1)
