"""Golden vectors: scores on the edges of everything, and the counts that every engine must give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.ground.errors import BadInputError, UsageError
from misid.tally import Tally, build_tally
from misid.tally.build import similarity_thresholds
from tests.tally.samples import Sample

CASES = json.loads((Path(__file__).parent / "golden.json").read_text())["cases"]


def one_probe(scores: list[float], score_type: Literal["FLOAT", "DOUBLE"]) -> Sample:
    n = len(scores)
    return Sample(
        ["probe"] * n,
        [f"r{i}" for i in range(n)],
        ["a"] * n,
        [f"b{i}" for i in range(n)],
        scores,
        score_type=score_type,
    )


def tally_of(sample: Sample, thresholds: list[float], n_parts: int = 1) -> Tally:
    with DuckDBEngine() as engine:
        return build_tally(sample.scores(engine, n_parts=n_parts), thresholds=thresholds)


def at_or_above(tally: Tally, threshold: float) -> int:
    edge = int(np.searchsorted(tally.edges, threshold))
    assert tally.edges[edge] == threshold
    counts = tally.tables["counts"]
    return int(counts["count"][counts["bin"] >= edge].sum())


@pytest.mark.parametrize("n_parts", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_golden(case: dict[str, Any], n_parts: int) -> None:
    scores = [float(s) for s in case["scores"]]
    thresholds = [float(t) for t in case["thresholds"]]
    kind = case["type"]
    tally = tally_of(one_probe(scores, kind), thresholds, n_parts)
    compared = similarity_thresholds(thresholds, polarity="similarity", score_type=kind)
    assert [at_or_above(tally, t) for t in compared] == case["at_or_above"]
    assert int(tally.tables["counts"]["count"].sum()) == len(scores)


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=30),
    thresholds=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=4),
)
def test_any_scores_are_counted_exactly(scores: list[float], thresholds: list[float]) -> None:
    if not np.isfinite(scores).any():
        return
    tally = tally_of(one_probe(scores, "FLOAT"), thresholds)
    for threshold in thresholds:
        assert at_or_above(tally, threshold) == sum(s >= threshold for s in scores)
    # Binned equals exact at every edge, not only at the thresholds asked for.
    for edge in tally.edges[1:]:
        assert at_or_above(tally, edge) == sum(s >= edge for s in scores)


@pytest.mark.parametrize(("value", "what"), [("nan", "NaN"), ("NULL", "NULL")])
def test_what_is_no_score_is_refused(value: str, what: str) -> None:
    with DuckDBEngine() as engine:
        scores = one_probe([0.1, 0.2], "DOUBLE").scores(engine)
        cell = "NULL" if value == "NULL" else "CAST('nan' AS DOUBLE)"
        engine.execute(f"UPDATE given_0 SET score = {cell} WHERE reference = 'r1'")
        with pytest.raises(BadInputError, match=f"(?s){what} in 1 comparisons.*--failure nan"):
            build_tally(scores)


def test_nothing_to_count_is_refused() -> None:
    with DuckDBEngine() as engine, pytest.raises(BadInputError, match="E046"):
        build_tally(one_probe([], "DOUBLE").scores(engine))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"thresholds": [float("nan")]}, "threshold nan"),
        ({"thresholds": [float("inf")]}, "threshold inf"),
        ({"targets": [0.0]}, "target 0.0"),
        ({"targets": [1.5]}, "target 1.5"),
    ],
)
def test_impossible_wishes_are_refused(options: dict[str, list[float]], message: str) -> None:
    with DuckDBEngine() as engine, pytest.raises(UsageError, match=message):
        build_tally(one_probe([0.1, 0.2], "DOUBLE").scores(engine), **options)  # type: ignore[arg-type]


def test_a_low_threshold_beyond_what_can_be_looked_at_is_still_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    from misid.tally import survey

    monkeypatch.setattr(survey, "AFFORDABLE_ROWS", 50)
    rng = np.random.default_rng(30)
    scores = [float(s) for s in rng.standard_normal(500)]
    thresholds = [-1.0, -0.999, 0.0]
    tally = tally_of(one_probe(scores, "DOUBLE"), thresholds)
    for threshold in thresholds:
        assert at_or_above(tally, threshold) == sum(s >= threshold for s in scores)
    # Exact counts, but no sums over people so far down: rates say so rather than pretend.
    assert not np.isin(thresholds, tally.levels).any()
