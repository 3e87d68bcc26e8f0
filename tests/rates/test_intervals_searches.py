"""FPIR: sums over people against leaving one person out, and rarefaction against every sub-gallery."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from misid.ground.errors import UsageError
from misid.rates.intervals import (
    NonmatedDesign,
    NonmatedMoments,
    SearchDesign,
    SearchMoments,
    fpir_interval,
    rarefied_fpir,
)
from misid.rates.intervals.searches import variance_parts
from tests.rates import coverage_study as study

Bools = npt.NDArray[np.bool_]


def by_hand(levels: list[Bools], *, same: bool, each: int = 1) -> tuple[SearchDesign, SearchMoments]:
    """Search sums of exceedance matrices (searches, references), each person searching `each` times."""
    columns: dict[str, list[float]] = {f: [] for f in (
        "hits", "exceed", "sum_a2", "sum_ak", "sum_d2", "sum_d", "sum_ad", "sum_kd", "sum_q2")}  # fmt: skip
    searches, m = levels[0].shape
    n = searches // each
    for y in levels:
        hit = y.any(1).reshape(n, each).sum(1)
        lone = y & (y.sum(1, keepdims=True) == 1)
        between = lone.reshape(n, each, m).sum(1)
        found = between.sum(0)
        pairs = np.triu(between + between.T) if same else between
        values = (hit.sum(), y.sum(), hit @ hit, each * hit.sum(), found @ found, found.sum(),
                  hit @ found if same else 0, each * found.sum() if same else 0, (pairs**2).sum())  # fmt: skip
        for name, value in zip(columns, values, strict=True):
            columns[name].append(float(value))
    return (
        SearchDesign(searches=searches, people=n, sum_k2=n * each**2, references=m),
        SearchMoments(**{k: np.array(v) for k, v in columns.items()}),
    )


@settings(max_examples=30)
@given(n=st.integers(2, 12), share=st.floats(0.02, 0.5), same=st.booleans(), each=st.integers(1, 3),
       seed=st.integers(0, 10**6))  # fmt: skip
def test_variance_is_that_of_leaving_each_person_out(n: int, share: float, same: bool, each: int, seed: int) -> None:
    """Influence of person k from the matrix with k's column removed; pairs of people counted once."""
    each = 1 if same else each
    rng = np.random.default_rng(seed)
    y = rng.random((n * each, n)) < share
    if same:
        np.fill_diagonal(y, False)
    design, moments = by_hand([y], same=same, each=each)
    searches = n * each
    f = y.any(1).mean()
    dropped = np.array([searches * (f - np.delete(y, k, axis=1).any(1).mean()) for k in range(n)])
    searched = y.any(1).reshape(n, each).sum(1) - f * each
    correction = n / (n - 1)
    found = dropped - dropped.mean()
    if same:
        squares = (searched**2).sum() * correction + (found**2).sum() + 2 * (searched @ found)
    else:
        squares = (searched**2).sum() * correction + (found**2).sum()
    # A hit with one reference moves with its searcher and with its reference: its square was counted twice.
    lone = {(s // each, int(np.flatnonzero(y[s])[0])): 0 for s in range(searches) if y[s].sum() == 1}
    for s in range(searches):
        if y[s].sum() == 1:
            lone[s // each, int(np.flatnonzero(y[s])[0])] += 1
    twice = 0.0
    for (i, j), d in lone.items():
        back = lone.get((j, i), 0) if same else 0
        twice += d * d + d * back
    parts = variance_parts(design, moments)
    total = float(parts.own[0] + parts.shared[0])
    assert total == pytest.approx(max(float(parts.own[0]), squares - twice), abs=1e-9)


@settings(max_examples=25)
@given(n=st.integers(3, 12), seed=st.integers(0, 10**6), layout=st.sampled_from(["same", "bip", "two"]))
def test_the_study_counts_what_brute_force_counts(n: int, seed: int, layout: str) -> None:
    """Every sum of the coverage study's fast loop, against plain array arithmetic."""
    rng = np.random.default_rng(seed)
    same, each = layout == "same", 2 if layout == "two" else 1
    scores = rng.standard_normal((n * each, n)).astype(np.float32)
    levels = np.array([-0.5, 0.3, 1.1, 2.0])
    design, moments, search_design, search_moments = study.nonmated(scores, levels, same=same, probes_each=each)
    above = [(scores >= t) for t in levels]
    if same:
        above = [y & ~np.eye(n, dtype=bool) for y in above]
    expected_design, expected = by_hand(above, same=same, each=each)
    assert search_design == expected_design
    for name in vars(expected):
        if name != "reciprocity":
            np.testing.assert_array_equal(getattr(search_moments, name), getattr(expected, name), err_msg=name)
    for at, y in enumerate(above):
        r = y.reshape(n, each, n).sum((1, 2))
        c = y.sum(0)
        between = y.reshape(n, each, n).sum(1)
        pairs = np.triu(between + between.T) if same else between
        found = [m[at] for m in (moments.exceed, moments.sum_r2, moments.sum_c2, moments.sum_rc, moments.sum_p2)]
        assert found == [y.sum(), r @ r, c @ c, r @ c if same else 0, (pairs**2).sum()]
    made = n * (n - 1) if same else n * each * n
    assert design.comparisons == made


def even(searches: int, hits: list[int], references: int = 500) -> tuple[SearchDesign, SearchMoments]:
    """Searches whose hits are spread evenly over references and people, one reference each."""
    x = np.array(hits, dtype=float)
    return (
        SearchDesign(searches=searches, people=searches, sum_k2=searches, references=references),
        SearchMoments(hits=x, exceed=x, sum_a2=x, sum_ak=x, sum_d2=x, sum_d=x, sum_ad=np.zeros(len(x)),
                      sum_kd=np.zeros(len(x)), sum_q2=x),
    )  # fmt: skip


def test_references_that_do_not_differ_give_clopper_pearson() -> None:
    design, moments = even(500, [400, 200, 100, 20])
    i = fpir_interval(design, moments, 3)
    found = stats.binomtest(20, 500).proportion_ci(method="exact")
    assert (i.lo, i.hi) == pytest.approx((found.low, found.high), rel=2e-3)
    assert i.effective_people == pytest.approx(500, rel=5e-3)


def test_one_reference_found_by_all_widens_the_limits() -> None:
    design, moments = even(500, [100, 20])
    shared = replace(moments, sum_d2=np.array([100.0**2, 20.0**2]))
    plain, wide = fpir_interval(design, moments, 1), fpir_interval(design, shared, 1)
    assert (wide.hi or 1) > 1.5 * (plain.hi or 1)
    assert (wide.lo or 0) < (plain.lo or 0)
    assert (wide.effective_people or 0) < 0.3 * (plain.effective_people or 0)


def test_no_hit_is_a_bound_in_people() -> None:
    design, moments = even(500, [400, 200, 100, 0])
    i = fpir_interval(design, moments, 3, side="upper")
    assert (i.status, i.lo, i.estimate, i.log_variance) == ("bound", 0.0, 0.0, None)
    assert i.hi == pytest.approx(1 - 0.05 ** (1 / 500), rel=5e-3)
    # Ten searches of each of 50 people are 50 people.
    people = replace(design, people=50, sum_k2=5000.0)
    few = fpir_interval(people, replace(moments, hits=np.zeros(4), exceed=np.zeros(4)), 3, side="upper")
    assert few.hi is not None
    assert few.hi >= 1 - 0.05 ** (1 / 50)
    # Also where commoner hits of a person look independent: at no hit nothing is known of that.
    seen_lower = fpir_interval(people, moments, 3, side="upper")
    assert seen_lower.hi is not None
    assert seen_lower.hi >= (1 - 0.05 ** (1 / 50)) * (1 - 1e-9)


def test_reciprocal_hits_count_once() -> None:
    """A symmetric matcher, the same people on both sides: i finds j and j finds i."""
    n = 600
    y = np.zeros((n, n), dtype=bool)
    for i in range(0, 60, 2):
        y[i, i + 1] = y[i + 1, i] = True
    design, moments = by_hand([y], same=True)
    parts = variance_parts(design, moments)
    assert parts.own[0] + parts.shared[0] == pytest.approx(2 * 60, rel=0.11)
    found = fpir_interval(design, moments, 0)
    half = stats.binomtest(30, 300).proportion_ci(method="exact")
    assert (found.hi or 1) >= half.high * 0.97
    without = replace(moments, sum_q2=None, reciprocity=np.array([2.0]))
    assert (fpir_interval(design, without, 0).hi or 1) >= half.high * 0.97


def test_no_hit_of_a_symmetric_matcher_counts_pairs_of_people() -> None:
    """Hits would have come in twos: half as many searches were made as there seem to be."""
    design, moments = even(500, [480, 300, 0])
    plain, nonmated = exceedance_sums(500, [8000, 2000, 0], 0.0)
    twice = replace(nonmated, sum_p2=2 * nonmated.exceed)
    i = fpir_interval(design, moments, 2, nonmated=(plain, twice), side="upper")
    assert i.hi is not None
    assert i.hi == pytest.approx(1 - 0.05 ** (1 / 250), rel=1e-3)


def exceedance_sums(n: int, t: list[float], extra: float) -> tuple[NonmatedDesign, NonmatedMoments]:
    """Two sets of n people; references differ by a relative variance `extra`, probes do not."""
    x = np.array(t)
    m = n * n
    square = (x / m) ** 2
    c2 = (1 + extra) * square * (m * n - m) + x
    r2 = square * (m * n - m) + x
    return (
        NonmatedDesign(comparisons=m, probe_people=n, reference_people=n, people=2 * n, sum_r2=m * n, sum_c2=m * n,
                       sum_rc=0, sum_p2=m),
        NonmatedMoments(exceed=x, sum_r2=r2, sum_c2=c2, sum_rc=0 * x, sum_p2=x),
    )  # fmt: skip


def test_common_exceedances_tell_how_references_differ() -> None:
    design, moments = even(500, [480, 300, 20])
    alike = exceedance_sums(500, [8000, 2000, 20], 0.0)
    differ = exceedance_sums(500, [8000, 2000, 20], 2.0)
    a = fpir_interval(design, moments, 2, nonmated=alike)
    b = fpir_interval(design, moments, 2, nonmated=differ)
    assert (b.hi or 1) > (a.hi or 1)
    zero = replace(moments, hits=np.array([480.0, 300, 0]), exceed=np.array([8000.0, 2000, 0]))
    assert (fpir_interval(design, zero, 2, nonmated=differ).hi or 1) > (
        fpir_interval(design, zero, 2, nonmated=alike).hi or 1
    )


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(20, 40))
def test_limits_surround_the_estimate_at_every_level(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    scores = (rng.standard_normal((n, n)) + 0.4 * rng.standard_normal((1, n))).astype(np.float32)
    levels = np.linspace(-1, 4, 9)
    design, moments, searched, found = study.nonmated(scores, levels, same=False)
    for at in range(len(levels)):
        i = fpir_interval(searched, found, at, nonmated=(design, moments))
        assert i.lo is not None
        assert i.hi is not None
        assert i.estimate is not None
        assert 0 <= i.lo <= i.estimate <= i.hi <= 1
        naive = stats.binomtest(i.errors or 0, n).proportion_ci(method="exact")
        assert i.hi >= naive.high * (1 - 1e-9)


def test_few_people_and_no_searches() -> None:
    design, moments = even(12, [4])
    i = fpir_interval(design, moments, 0)
    assert (i.status, i.lo) == ("bound", 0.0)
    assert i.warnings
    none = fpir_interval(replace(design, searches=0), moments, 0)
    assert (none.status, none.estimate, none.hi) == ("undefined", None, None)


# Rarefaction.


@settings(max_examples=30)
@given(m=st.integers(1, 7), searches=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_rarefaction_is_the_mean_over_every_sub_gallery(m: int, searches: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.random((searches, m)) < 0.4
    values, counts = np.unique(y.sum(1), return_counts=True)
    for size in range(m + 1):
        galleries = list(combinations(range(m), size))
        expected = np.mean([y[:, list(g)].any(1).mean() if g else 0.0 for g in galleries])
        assert rarefied_fpir(values, counts, m, size) == pytest.approx(expected, abs=1e-12)


def test_rarefaction_to_the_whole_gallery_is_fpir() -> None:
    assert rarefied_fpir(np.array([0, 2]), np.array([7, 3]), 1_000_000, 1_000_000) == pytest.approx(0.3)


def test_rarefaction_of_a_large_gallery_keeps_its_digits() -> None:
    found = rarefied_fpir(np.array([0, 1]), np.array([0, 10]), 10_000_000, 10)
    assert found == pytest.approx(1e-6, rel=1e-6)


@pytest.mark.parametrize("k, n, gallery, size", [([1], [1], 10, 11), ([11], [1], 10, 5), ([1], [0], 10, 5)])
def test_rarefaction_refuses_what_it_cannot_know(k: list[int], n: list[int], gallery: int, size: int) -> None:
    with pytest.raises(UsageError):
        rarefied_fpir(np.array(k), np.array(n), gallery, size)


@pytest.mark.parametrize("layout", ["same", "bip", "two", "ragged"])
def test_the_study_knows_its_own_design(layout: str) -> None:
    """Numbers of comparisons by person, against a design counted from the matrix."""
    rng = np.random.default_rng(12)
    n, m, each = 6, 6 if layout == "same" else 5, 2 if layout == "two" else 1
    scores = rng.standard_normal((n * each, m)).astype(np.float32)
    if layout == "ragged":
        scores[rng.random(scores.shape) < 0.4] = -np.inf
    design, *_ = study.nonmated(scores, np.array([0.0]), same=layout == "same", probes_each=each)
    made = np.isfinite(scores)
    if layout == "same":
        made &= ~np.eye(n, dtype=bool)
    r, c = made.reshape(n, each, m).sum((1, 2)), made.sum(0)
    between = made.reshape(n, each, m).sum(1)
    pairs = np.triu(between + between.T) if layout == "same" else between
    found = (design.comparisons, design.sum_r2, design.sum_c2, design.sum_rc, design.sum_p2)
    assert found == (made.sum(), r @ r, c @ c, r @ c if layout == "same" else 0, (pairs**2).sum())
