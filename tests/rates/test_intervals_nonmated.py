"""FMR: sums over people against every pair of comparisons, one by one."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from misid.rates.intervals import Interval, NonmatedDesign, NonmatedMoments, fmr_interval
from misid.rates.intervals.nonmated import (
    design_people,
    pair_repetition,
    person_variation,
    reference_variation,
    shared_people,
)

Bools = npt.NDArray[np.bool_]
Comparison = tuple[int, int]


def design_and_moments(
    made: list[Comparison], exceeding: list[set[Comparison]]
) -> tuple[NonmatedDesign, NonmatedMoments]:
    """From a list of (probe person, reference person), by dictionaries; persons on both sides have one number."""

    def sums(chosen: list[Comparison]) -> tuple[int, int, int, int, int]:
        r: dict[int, int] = {}
        c: dict[int, int] = {}
        p: dict[frozenset[int], int] = {}
        for i, j in chosen:
            r[i] = r.get(i, 0) + 1
            c[j] = c.get(j, 0) + 1
            p[frozenset((i, j))] = p.get(frozenset((i, j)), 0) + 1
        both = sum(v * c.get(k, 0) for k, v in r.items())
        of_r, of_c, of_p = (sum(v * v for v in d.values()) for d in (r, c, p))
        return len(chosen), of_r, of_c, both, of_p

    m, r2, c2, rc, p2 = sums(made)
    probes, references = {i for i, _ in made}, {j for _, j in made}
    rows = np.array([sums([x for x in made if x in level]) for level in exceeding], dtype=float).T
    return (
        NonmatedDesign(comparisons=m, probe_people=len(probes), reference_people=len(references),
                       people=len(probes | references), sum_r2=r2, sum_c2=c2, sum_rc=rc, sum_p2=p2),
        NonmatedMoments(exceed=rows[0], sum_r2=rows[1], sum_c2=rows[2], sum_rc=rows[3], sum_p2=rows[4]),
    )  # fmt: skip


def comparisons(n: int, m: int, layout: str) -> list[Comparison]:
    if layout == "same":
        return [(i, j) for i in range(n) for j in range(n) if i != j]
    return [(i, 1000 + j) for i in range(n) for j in range(m)]


layouts = st.sampled_from(["same", "bip", "overlap"])


@settings(max_examples=30)
@given(n=st.integers(2, 7), m=st.integers(2, 7), layout=layouts, share=st.floats(0.2, 1), seed=st.integers(0, 10**6))
def test_pairs_that_share_nobody_are_counted_one_by_one(n: int, m: int, layout: str, share: float, seed: int) -> None:
    """Any design, gaps and partial overlap of the sides included."""
    rng = np.random.default_rng(seed)
    made = comparisons(n, m, layout)
    if layout == "overlap":
        made = [(i, j - 1000 + n // 2) for i, j in made if i != j - 1000 + n // 2]
    made = [x for x in made if rng.random() < share]
    if not made:
        return
    above = {x for x in made if rng.random() < 0.5}
    design, moments = design_and_moments(made, [above])
    expected = 2 * sum(not set(a) & set(b) for a, b in combinations(made, 2))
    seen = 2 * sum(not set(a) & set(b) for a, b in combinations(above, 2))
    assert shared_people(design) == expected
    pseudo = NonmatedDesign(comparisons=len(above), probe_people=1, reference_people=1, people=2,
                            sum_r2=moments.sum_r2[0], sum_c2=moments.sum_c2[0], sum_rc=moments.sum_rc[0],
                            sum_p2=moments.sum_p2[0])  # fmt: skip
    assert shared_people(pseudo) == seen


@given(n=st.integers(4, 9), seed=st.integers(0, 10**6))
def test_it_is_the_formula_for_all_ordered_pairs(n: int, seed: int) -> None:
    """With S_i = R_i + C_i, S2 = T + 2 rec, A = (sum S^2 - 2 S2) / 2, B = (T^2 - S2 - 2 A) / 2."""
    rng = np.random.default_rng(seed)
    y = (rng.random((n, n)) < 0.4) & ~np.eye(n, dtype=bool)
    made = comparisons(n, n, "same")
    design, moments = design_and_moments(made, [{x for x in made if y[x]}])
    t, rec = int(y.sum()), int((y & y.T).sum()) // 2
    s = y.sum(0) + y.sum(1)
    s2 = t + 2 * rec
    a = (int((s**2).sum()) - 2 * s2) / 2
    b = (t**2 - s2 - 2 * a) / 2
    assert shared_people(design) == n * (n - 1) * (n - 2) * (n - 3)
    assert moments.sum_p2[0] == s2
    square = b / (n * (n - 1) * (n - 2) * (n - 3) / 8) / 4
    if t >= 2 and b > 0:
        p = t / design.comparisons
        assert person_variation(design, moments)[0] == pytest.approx(max(0.0, p * p / square - 1 - s2 / t**2))


@given(n=st.integers(2, 8), m=st.integers(2, 8), seed=st.integers(0, 10**6))
def test_it_is_the_formula_for_two_sets_of_people(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.random((n, m)) < 0.5
    made = comparisons(n, m, "bip")
    design, moments = design_and_moments(made, [{(i, 1000 + j) for i, j in zip(*np.nonzero(y), strict=True)}])
    t = int(y.sum())
    b = t**2 - int((y.sum(1) ** 2).sum()) - int((y.sum(0) ** 2).sum()) + t
    assert shared_people(design) == n * m * (n - 1) * (m - 1)
    if t >= 2 and b > 0:
        ratio = (t / (n * m)) ** 2 / (b / (n * m * (n - 1) * (m - 1)))
        assert person_variation(design, moments)[0] == pytest.approx(max(0.0, ratio - 1 - 1 / t))


def test_square_of_fmr_is_estimated_without_bias() -> None:
    """Mean over many small tests of two people effects: estimate of p^2, and c close to the true one."""
    rng = np.random.default_rng(8)
    n, squares, total = 30, [], []
    design, _ = design_and_moments(comparisons(n, n, "bip"), [set()])
    for _ in range(4000):
        p = np.clip(0.05 * np.exp(0.8 * rng.standard_normal(n) - 0.32)[:, None] * np.ones(n), 0, 1)
        y = rng.random((n, n)) < p
        t = y.sum()
        u = t**2 - (y.sum(1) ** 2).sum() - (y.sum(0) ** 2).sum() + t
        squares.append(u / shared_people(design))
        total.append(t / n**2)
    error = np.std(squares) / np.sqrt(len(squares))
    assert abs(np.mean(squares) - np.mean(total) ** 2) < 4 * error


def test_effective_people_of_a_full_design() -> None:
    same, _ = design_and_moments(comparisons(30, 30, "same"), [set()])
    two_sets, _ = design_and_moments(comparisons(30, 20, "bip"), [set()])
    assert design_people(same) == pytest.approx(30)
    assert design_people(two_sets) == pytest.approx(4 / (1 / 30 + 1 / 20))


def matrix_case(n: int, seed: int, *, spread: float, rates: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003)) -> Interval:
    return fmr_interval(*matrix_sums(n, seed, spread=spread, rates=rates), len(rates) - 1)


def matrix_sums(
    n: int, seed: int, *, spread: float, rates: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003), order: bool = False
) -> tuple[NonmatedDesign, NonmatedMoments]:
    rng = np.random.default_rng(seed)
    s = rng.standard_normal((n, n)) + spread * (rng.standard_normal((n, 1)) + rng.standard_normal((1, n)))
    if order:
        shuffle = rng.permutation(n)
        s = s[np.ix_(shuffle, shuffle)]
    made = comparisons(n, n, "same")
    off = np.sort(s[~np.eye(n, dtype=bool)])
    cuts = [off[-max(1, round(q * len(off)))] for q in rates]
    return design_and_moments(made, [{x for x in made if s[x] >= cut} for cut in cuts])


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_order_of_people_does_not_matter(seed: int) -> None:
    a = fmr_interval(*matrix_sums(30, seed, spread=0.4), 3)
    b = fmr_interval(*matrix_sums(30, seed, spread=0.4, order=True), 3)
    assert (a.lo, a.hi, a.errors) == pytest.approx((b.lo, b.hi, b.errors))


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), level=st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_limits_surround_the_estimate_and_nest(seed: int, level: float) -> None:
    design, moments = matrix_sums(30, seed, spread=0.5)
    for at in range(4):
        i = fmr_interval(design, moments, at, level=level)
        assert i.lo is not None
        assert i.hi is not None
        assert i.estimate is not None
        assert 0 <= i.lo < i.estimate < i.hi <= 1
        wider = fmr_interval(design, moments, at, level=(1 + level) / 2)
        assert (wider.lo or 0) <= i.lo
        assert (wider.hi or 1) >= i.hi
        assert i.log_variance is not None
        assert i.effective_people is not None
        assert 0 < i.effective_people <= 30
        poisson = stats.chi2.ppf((1 + level) / 2, 2 * (i.errors or 0) + 2) / 2 / design.comparisons
        assert i.hi >= min(poisson, stats.beta.ppf((1 + level) / 2, i.estimate * 30 + 1, 30 - i.estimate * 30)) * 0.999


def test_people_who_differ_widen_the_limits() -> None:
    alike = [matrix_case(80, s, spread=0.0) for s in range(8)]
    apart = [matrix_case(80, s, spread=0.8) for s in range(8)]
    assert np.mean([i.hi or 1 for i in apart]) > 1.3 * np.mean([i.hi or 1 for i in alike])
    assert np.mean([i.effective_people or 0 for i in apart]) < np.mean([i.effective_people or 0 for i in alike])


def full(n: int, exceed: list[float], *, p2: float = 1.0) -> tuple[NonmatedDesign, NonmatedMoments]:
    """All ordered pairs of n people who do not differ: exceedances spread evenly; p2 exceedances come together."""
    m = n * (n - 1)
    t = np.array(exceed)
    each = t / n
    return (
        NonmatedDesign(comparisons=m, probe_people=n, reference_people=n, people=n, sum_r2=m * (n - 1),
                       sum_c2=m * (n - 1), sum_rc=m * (n - 1), sum_p2=2 * m),
        NonmatedMoments(exceed=t, sum_r2=n * each**2, sum_c2=n * each**2, sum_rc=n * each**2, sum_p2=p2 * t),
    )  # fmt: skip


def test_people_who_do_not_differ_give_poisson_limits() -> None:
    design, moments = full(200, [4000, 1200, 400, 40])
    i = fmr_interval(design, moments, 3)
    assert i.log_variance == pytest.approx(1 / 40)
    expected = np.array([stats.chi2.ppf(0.025, 80), stats.chi2.ppf(0.975, 82)]) / 2 / design.comparisons
    assert (i.lo, i.hi) == pytest.approx(tuple(expected))
    assert i.effective_people == pytest.approx(200, rel=0.01)


def test_zero_errors_is_the_rule_of_three_when_people_do_not_differ() -> None:
    design, moments = full(200, [4000, 1200, 400, 0])
    i = fmr_interval(design, moments, 3, side="upper")
    assert (i.status, i.lo, i.estimate) == ("bound", 0.0, 0.0)
    assert i.hi == pytest.approx(-np.log(0.05) / design.comparisons)
    assert i.log_variance is None


def test_a_matcher_that_is_symmetric_has_half_the_comparisons() -> None:
    """(i, j) and (j, i) with the same score are one comparison said twice."""
    design, moments = full(200, [4000, 1200, 400, 0], p2=2.0)
    i = fmr_interval(design, moments, 3, side="upper")
    assert i.hi == pytest.approx(-2 * np.log(0.05) / design.comparisons)
    assert pair_repetition(design, moments)[3] == pytest.approx(2)


def test_without_common_exceedances_the_bound_is_wider_and_says_so() -> None:
    design, moments = full(40, [20, 0])
    i = fmr_interval(design, moments, 1, side="upper")
    assert i.hi is not None
    assert i.hi > 2 * 3 / design.comparisons
    assert any("too few" in w for w in i.warnings)


def test_bound_counts_people_however_they_differ() -> None:
    """Where the spread is extrapolated beyond reason, 3 in the number of people is still a bound."""
    design, moments = full(40, [0])
    moments = replace(moments, exceed=np.array([30.0]), sum_r2=np.array([900.0]), sum_c2=np.array([30.0]))
    i = fmr_interval(design, moments, 0, errors=0, side="upper")
    assert i.hi is not None
    assert i.hi <= 1 - 0.05 ** (1 / 40) + 1e-12


def test_few_people_on_a_side_give_a_bound_only() -> None:
    rng = np.random.default_rng(2)
    made = comparisons(19, 100, "bip")
    design, moments = design_and_moments(made, [{x for x in made if rng.random() < 0.1}])
    i = fmr_interval(design, moments, 0)
    assert (i.status, i.lo) == ("bound", 0.0)
    assert i.warnings
    made = comparisons(1, 100, "bip")
    design, moments = design_and_moments(made, [{x for x in made if rng.random() < 0.1}])
    assert fmr_interval(design, moments, 0).hi == pytest.approx(0.975, abs=0.03)


def test_no_comparisons_is_undefined() -> None:
    design, moments = design_and_moments([], [set()])
    i = fmr_interval(design, moments, 0)
    assert (i.status, i.estimate, i.lo, i.hi) == ("undefined", None, None, None)


def test_between_levels_the_wider_spread_counts() -> None:
    design, moments = matrix_sums(30, 5, spread=0.5)
    own = int(moments.exceed[2])
    between = fmr_interval(design, moments, 2, errors=own - 1)
    at_level = fmr_interval(design, moments, 2)
    assert between.log_variance is not None
    assert at_level.log_variance is not None
    assert between.log_variance >= at_level.log_variance * 0.98
    assert fmr_interval(design, moments, 2, errors=own) == at_level


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_reference_variation_counts_pairs_with_one_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = comparisons(6, 5, "bip")
    above = {x for x in made if rng.random() < 0.6}
    design, moments = design_and_moments(made, [above])
    pairs = [(a, b) for a, b in combinations(made, 2) if a[1] == b[1]]
    disjoint = [(a, b) for a, b in combinations(made, 2) if not set(a) & set(b)]
    both = sum(a in above and b in above for a, b in pairs) / len(pairs)
    square = sum(a in above and b in above for a, b in disjoint) / len(disjoint)
    if square > 0 and len(above) >= 2:
        assert reference_variation(design, moments)[0] == pytest.approx(max(0.0, both / square - 1))


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_reference_variation_of_people_on_both_sides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = comparisons(6, 6, "same")
    above = {x for x in made if rng.random() < 0.6}
    design, moments = design_and_moments(made, [above])
    together = list(combinations(made, 2))
    one = [(a, b) for a, b in together if a[1] == b[1]]
    # A person once as probe, once as reference, and two other people.
    chain = [(a, b) for a, b in together if len(set(a) | set(b)) == 3 and (a[0] == b[1] or a[1] == b[0])]
    disjoint = [(a, b) for a, b in together if not set(a) & set(b)]

    def share(pairs: list[tuple[Comparison, Comparison]]) -> float:
        return sum(a in above and b in above for a, b in pairs) / len(pairs)

    if share(disjoint) > 0:
        expected = share(one) / share(disjoint) - 1 + 2 * (share(chain) / share(disjoint) - 1)
        assert reference_variation(design, moments)[0] == pytest.approx(max(0.0, expected))


def test_errors_commoner_than_any_level_take_the_spread_of_the_commonest() -> None:
    design, moments = full(200, [2000, 1200, 400])
    i = fmr_interval(design, moments, 0, errors=12_000)
    assert i.log_variance == pytest.approx(1 / 12_000, rel=0.2)
    assert not i.warnings
