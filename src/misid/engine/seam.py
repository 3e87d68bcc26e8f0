"""What misid asks of an engine: three verbs and a log of the SQL it ran."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

Columns = dict[str, np.ndarray[Any, Any]]


class Engine(Protocol):
    """An SQL engine. Statements come in DuckDB's dialect, kept to what a translator can carry to others.

    Only counts ever come back through `columns`; tables made by `keep` stay in the engine.
    """

    name: str
    version: str
    log: list[str]

    def view(self, name: str, select: str) -> None:
        """Name a query; nothing runs."""

    def keep(self, name: str, select: str, *, as_logged: str | None = None) -> None:
        """Run a query and keep its result in the engine under `name`, on disk where it is large.

        `as_logged` is the text for the log where `select` only repeats it over the parts of an input.
        """

    def put(self, name: str, columns: Columns) -> None:
        """Make a small table of whole numbers or texts, a NumPy array a column. It is not logged."""

    def columns(self, select: str, *, logged: bool = True) -> Columns:
        """Run a query whose result is small and bring it back, a NumPy array a column.

        The log travels with a tally: a query that holds single scores is kept out of it.
        """

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
