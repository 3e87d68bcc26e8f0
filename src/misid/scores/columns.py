"""The columns that an input has, by its own names: how many, and none twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from misid.ground.codes import problem
from misid.ground.errors import Findings
from misid.scores.sniff import TextLayout

MOST_COLUMNS, MOST_IN_A_MATRIX = 2_000, 50_000
"""A long table has about ten; a matrix is read some at a time, each time from the start of every line."""


def refuse_width(n_columns: int, where: str, findings: Findings, *, matrix: bool = False) -> None:
    """Report a table so wide that the engine would fail on it, or not end."""
    most = MOST_IN_A_MATRIX if matrix else MOST_COLUMNS
    if n_columns > most:
        findings.add(
            problem(
                "E056",
                where=where,
                seen=f"{n_columns:,} columns",
                allowed=f"at most {most:,} in a {'matrix' if matrix else 'table with one row a comparison'}",
                remedy="write a row a comparison (probe, reference, score)"
                if matrix
                else "keep the columns that are needed; a matrix needs an id before each row (--format-in matrix)",
            )
        )


def column_names(layout: TextLayout, findings: Findings) -> tuple[str, ...]:
    """The header of a text file; columns without a name are called by their number."""
    if layout.header is None:
        return tuple(f"column {i + 1}" for i in range(layout.n_columns))
    names = tuple(name.strip() or f"column {i + 1}" for i, name in enumerate(layout.header))
    if refuse_twice(names, f"{layout.path}:1", findings):
        return tuple(f"column {i + 1}" for i in range(layout.n_columns))
    return names


def refuse_twice(names: Sequence[str], where: str, findings: Findings) -> bool:
    """Whether columns have one name, or names that only upper and lower case tells apart."""
    times = Counter(name.lower() for name in names)
    twice = sorted({name for name in names if times[name.lower()] > 1})
    if twice:
        findings.add(
            problem(
                "E014",
                where=where,
                seen=f"{', '.join(map(repr, twice))} more than once",
                allowed="column names that differ in more than upper and lower case",
                remedy="rename one of the columns",
            )
        )
    return bool(twice)


def names_of(source: Any) -> tuple[str, ...]:
    """Names of the columns of an object, where it says them: pandas and Polars, PyArrow, a reader of record batches."""
    names = getattr(source, "columns", None)
    if names is None or not all(isinstance(name, str) for name in names):
        names = getattr(getattr(source, "schema", None), "names", ())
    return tuple(map(str, names)) if isinstance(names, Iterable) else ()
