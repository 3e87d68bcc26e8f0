"""Every rate per search is of the count asked for, whatever rank or level lends the spread between people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.ground.errors import MisidError
from misid.ground.rate import ALL
from misid.rates import compute_rates
from misid.rates.counts import Counts
from misid.rates.intervals import SearchDesign, SearchMoments, fpir_limits
from misid.rates.intervals.monotone import Monotone
from misid.rates.limits import Limits
from misid.tally.model import Tally
from tests.oracle import oracle_tally
from tests.rates.samples import Floats, Matrix, bssr1, matrix

RANKS = (1, 2, 3, 4, 5, 7, 30, 70, 100)


def misses(tally: Tally, thresholds: list[float]) -> dict[tuple[float | None, int | None], int | None]:
    records = compute_rates(tally, thresholds=thresholds, targets=[], ranks=RANKS, curves=False).records
    return {(r.threshold, r.rank): r.errors for r in records if r.measure == "fnir" and r.probe_group == ALL}


def recount(scores: Floats, threshold: float, rank: int | None) -> int:
    mated = np.diag(scores)
    with np.errstate(invalid="ignore"):
        others = (scores >= mated[:, None]) & ~np.eye(len(scores), dtype=bool)
        found = (mated >= threshold) & (1 + others.sum(1) <= (rank or len(scores)))
    return int(len(scores) - found.sum())


@settings(max_examples=6, deadline=None)
@given(n=st.sampled_from([12, 40, 104]), seed=st.integers(0, 10**6), at_levels=st.booleans())
def test_fnir_is_the_recount_at_every_rank_and_is_monotone(n: int, seed: int, at_levels: bool) -> None:
    scores = matrix(n, seed=seed, digits=1).scores - 2.0 * np.eye(n)
    thresholds = [-1.0, 0.0, 0.5, 1.5]
    edges = np.arange(-80, 101) / 10
    tally = Matrix(scores).tally(edges=edges, levels=thresholds if at_levels else edges[::9], spectrum_from=3)
    found = misses(tally, thresholds)
    ranks = (*(rank for rank in RANKS if rank <= n), None)
    assert {rank for _, rank in found} == {*ranks}
    for t in thresholds:
        for rank in ranks:
            assert found[t, rank] == recount(scores, t, rank), (t, rank)
        by_rank = [found[t, r] or 0 for r in ranks]
        assert by_rank == sorted(by_rank, reverse=True)
    for rank in ranks:
        by_threshold = [found[t, rank] or 0 for t in thresholds]
        assert by_threshold == sorted(by_threshold)


def test_fnir_of_real_scores_at_levels_of_the_tally() -> None:
    scores = bssr1()
    scores[scores == -1] = np.nan
    asked = [0.5, 0.55]
    edges = sorted({*asked, *np.nanquantile(scores, np.linspace(0, 1, 40)).tolist()})
    tally = Matrix(scores).tally(edges=edges, levels=asked)
    found = misses(tally, asked)
    assert (found[0.5, None], found[0.55, None]) == (1, 5)
    assert [found[0.5, rank] for rank in (2, 3, 4, 7, 30, 70)] == [45, 40, 36, 33, 18, 8]


def test_fnir_of_candidate_lists_at_rank_3() -> None:
    rng = np.random.default_rng(6)
    scores = np.round(rng.normal(size=(40, 30)), 1) + 5
    scores[np.arange(30), np.arange(30)] += 1
    rows = [(i, j) for i in range(40) for j in np.argsort(-scores[i], kind="stable")[:10]]
    i, j = (np.array(c) for c in zip(*rows, strict=True))
    mated = np.arange(40) < 30
    tally = oracle_tally(
        i.tolist(), j.tolist(), i.tolist(), j.tolist(), scores[i, j].tolist(), mated=(i == j).tolist(),
        edges=[-np.inf, *(np.arange(0, 120) / 10).tolist()], levels=[5.5, 6.5],
        searches={"probe": range(40), "probe_person": range(40), "probe_group": [0] * 40, "mated": mated.tolist(),
                  "failed": [False] * 40}, list_length=10, gallery=(30, 30),
    )  # fmt: skip
    own = scores[np.arange(30), np.arange(30)]
    rank = (scores[:30] >= own[:, None]).sum(1)
    for t in (5.5, 6.5):
        found = misses(tally, [t])
        for r in (1, 2, 3, 4):
            assert found[t, r] == 30 - ((own >= t) & (rank <= r)).sum()


def test_limits_of_another_count_are_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = Counts(matrix(30, digits=1).tally(edges=np.arange(-60, 81) / 10, levels=[0.0, 1.0]))
    real = Monotone.intervals
    monkeypatch.setattr(Monotone, "intervals", lambda *a: [replace(one, errors=29) for one in real(*a)])
    with pytest.raises(MisidError, match="29 errors"):
        Limits(counts, 0.95).fnmr(0, np.array([70]), np.array([3]))


def test_limits_of_fpir_are_those_that_were_studied() -> None:
    """Exceedances go with hits: the study gave the kernel both."""
    tally = matrix(60, digits=1, seed=4).tally(edges=np.arange(-60, 81) / 10, levels=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0])
    got = Limits(Counts(tally), 0.95)
    position = int(np.searchsorted(tally.edges, 2.5))
    hits = int(Counts(tally).best[0][position])
    with_pairs = got.fpir(0, np.array([position]), np.array([hits]))[0]
    steps = got._steps(Counts(tally).best[0])
    without = fpir_limits(*_search_parts(got), steps=steps).interval(4, hits, "two")
    alongside = fpir_limits(*_search_parts(got), got._nonmated(0, 0), steps=steps).interval(4, hits, "two")
    assert with_pairs == alongside
    assert with_pairs != without


def _search_parts(got: Limits) -> tuple[SearchDesign, SearchMoments]:
    rows = got.counts.search_rows
    row = got._search_at[(0,)]
    design = {c: int(rows.design[c][row]) for c in ("searches", "people", "sum_k2")}
    moments = {c: v[row] for c, v in rows.moments.items() if c != "references"}
    return (
        SearchDesign(**design, references=int(rows.moments["references"][row].max())),
        SearchMoments(**moments),
    )


def test_a_bound_without_errors_is_one_sided_at_its_level() -> None:
    """One mated comparison and one search a person: 1 - 0.05 ** (1 / n), at 95 %."""
    tally = Matrix(np.where(np.eye(50, dtype=bool), 5.0, 0.0)).tally(
        edges=[0.0, 1.0, 5.0], levels=[1.0], acquisition=(0, 50), enrolment=(0, 50)
    )
    records = compute_rates(tally, thresholds=[1.0], targets=[], curves=False).records
    for measure in ("fnmr", "fnir", "fta", "fte"):
        found = next(r for r in records if r.measure == measure)
        assert found.hi == pytest.approx(1 - 0.05 ** (1 / 50)), measure
        assert "one-sided" in found.method
