"""Pieces of SQL that the checks share, and small results as plain Python values."""

from __future__ import annotations

from typing import Any

import numpy as np

from misid.engine import Engine

FINITE = "(score > CAST('-inf' AS DOUBLE) AND score < CAST('inf' AS DOUBLE))"
"""True of numbers only: NULL is unknown, and NaN is the largest value of all to every engine."""

PROBES = "_check_probes"
"""Kept: one row a (probe, person, group), with what its comparisons add up to."""

REFERENCES = "_check_references"
"""Kept: the same for references."""

SIDES = (("probe", PROBES), ("reference", REFERENCES))


def rows(engine: Engine, select: str) -> list[dict[str, Any]]:
    """A small result, a dict a row; NULL is None and NumPy scalars are Python's."""
    columns = engine.columns(select)
    if not columns:
        return []
    lists = {name: _values(column) for name, column in columns.items()}
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def row(engine: Engine, select: str) -> dict[str, Any]:
    """The one row of a result that has exactly one."""
    (only,) = rows(engine, select)
    return only


def _values(column: np.ndarray[Any, Any]) -> list[Any]:
    if isinstance(column, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(column)
        return [None if h else value for value, h in zip(column.data.tolist(), hidden, strict=True)]
    return list(column.tolist())


def masked(column: str) -> str:
    """SQL for an id as a report may show it: at most two first characters, never more than a third of it.

    A report may be published, and an id in it could be looked up by whoever holds the scores.
    """
    shown = f"least(2, CAST(floor(length({column}) / 3) AS INTEGER))"
    return f"concat(substr({column}, 1, {shown}), '… (', CAST(length({column}) AS VARCHAR), ' characters)')"
