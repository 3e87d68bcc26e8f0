"""Tests of a pretended matcher, row by row, as `Scores` over an engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from misid.engine import DuckDBEngine
from misid.scores.model import COMPARISONS, SEARCHES, Scores, joint_label

Row = dict[str, Any]


def cross(n_people: int = 120, *, seed: int = 20261123, group: Sequence[str] = ("",)) -> list[Row]:
    """Every person's probe with every person's reference; people take the groups in turn."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(0.2, 0.1, (n_people, n_people))
    np.fill_diagonal(scores, generator.normal(0.8, 0.1, n_people))
    return [
        {
            "probe": f"p{i:04}", "reference": f"r{j:04}", "probe_person": f"s{i:04}", "reference_person": f"s{j:04}",
            "probe_group": group[i % len(group)], "reference_group": group[j % len(group)], "mated": i == j,
            "score": float(scores[i, j]), "failed": False,
        }
        for i in range(n_people) for j in range(n_people)
    ]  # fmt: skip


COLUMNS = {
    "probe": "VARCHAR", "reference": "VARCHAR", "probe_person": "VARCHAR", "reference_person": "VARCHAR",
    "probe_group": "VARCHAR", "reference_group": "VARCHAR", "mated": "BOOLEAN", "score": "DOUBLE", "failed": "BOOLEAN",
}  # fmt: skip
SEARCH_COLUMNS = {
    "probe": "VARCHAR", "probe_person": "VARCHAR", "probe_group": "VARCHAR", "mated": "BOOLEAN",
    "n_candidates": "BIGINT", "failed": "BOOLEAN",
}  # fmt: skip


def _keep(engine: DuckDBEngine, name: str, rows: Sequence[Row], columns: dict[str, str]) -> None:
    if not rows:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in columns.items())
        engine.keep(name, f"SELECT {nothing} WHERE FALSE")
        return
    # As text, because DuckDB takes a NumPy NaN for NULL, and these tests tell the two apart.
    texts = {
        column: np.array([None if row[column] is None else str(row[column]) for row in rows], dtype=object)
        for column in columns
    }
    engine.connection.register("given", texts)
    engine.keep(name, f"SELECT {', '.join(f'CAST({c} AS {kind}) AS {c}' for c, kind in columns.items())} FROM given")
    engine.connection.unregister("given")


@contextmanager
def made(rows: Sequence[Row], *, searches: Sequence[Row] | None = None, **declared: Any) -> Iterator[Scores]:
    """`Scores` of these rows; `declared` are fields of it."""
    kinds = dict(COLUMNS, score=declared.get("score_type", "DOUBLE"))
    if rows and "rank" in rows[0]:
        kinds["rank"] = "INTEGER"
    fields: dict[str, Any] = {
        "kind": "comparisons" if searches is None else "candidates", "attributes": (), "joint": ((),),
        "score_type": "DOUBLE", "polarity": "similarity", **declared,
    }  # fmt: skip
    with DuckDBEngine(threads=1) as engine:
        _keep(engine, COMPARISONS, rows, kinds)
        if searches is not None:
            _keep(engine, SEARCHES, searches, SEARCH_COLUMNS)
        yield Scores(engine=engine, **fields)


def grouped(rows: Sequence[Row], *attributes: str) -> dict[str, Any]:
    """The fields of `Scores` that say which groups the rows have; their groups are one value or a tuple."""
    combinations = set()
    for row in rows:
        for side in ("probe_group", "reference_group"):
            if isinstance(row[side], tuple):
                combinations.add(row[side])
                row[side] = joint_label(row[side])
            else:
                combinations.add((row[side],))
    return {"attributes": attributes, "joint": tuple(sorted(combinations))}
