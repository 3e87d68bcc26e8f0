"""Differentials: formulas by hand, groups without errors, and how often the limits hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv

from misid.ground.rate import ALL, MISSING, ComparisonRate, Rate
from misid.rates import compute_rates
from misid.rates.differentials import differentials
from misid.rates.model import Differential
from misid.rates.spread import (
    Groups,
    gini,
    gini_spread,
    holm,
    largest_difference,
    likely_truth,
    max_over_geomean,
    max_over_min,
    weighted,
)
from misid.tally.model import Tally
from tests.rates.samples import Floats, Matrix, matrix

Z = 1.959963984540054


def tally_of(names: tuple[str, ...], people: int = 30) -> Tally:
    """A tally whose groups have `people` people each."""
    n = people * len(names)
    return Matrix(matrix(n, digits=1).scores, np.arange(n) % len(names), names).tally(edges=[0.0, 1.0], levels=[1.0])


def rates(measure: str, **errors: float) -> list[Rate]:
    """Rates of groups out of 10,000 trials, with limits a factor 1.5 (at no errors: a bound) away."""
    found: list[Rate] = []
    for name, count in errors.items():
        label = MISSING if name == "unknown" else name
        p = count / 10_000
        found.append(
            ComparisonRate(
                measure=measure,
                probe_group=label,
                reference_group=label if measure == "fmr" else ALL,
                threshold=1.0,
                estimate=p,
                lo=p / 1.5 if count else 0.0,
                hi=p * 1.5 if count else 4e-4,
                status="ok" if count else "bound",
            )
        )
    return found


def one(found: tuple[Differential, ...], statistic: str, **wanted: object) -> Differential:
    matching = [
        d for d in found if d.statistic == statistic and all(getattr(d, key) == value for key, value in wanted.items())
    ]
    assert len(matching) == 1, (statistic, wanted, found)
    return matching[0]


def test_formulas() -> None:
    names = ("A", "B", "C")
    records = rates("fmr", A=10, B=20, C=80) + rates("fnmr", A=100, B=300, C=200)
    found = differentials(tally_of(names), records, level=0.95, reference="A")
    fmr = {"measure": "fmr_within"}
    ratio = one(found, "max/min", **fmr)
    assert (ratio.of, ratio.to, ratio.threshold) == ("C", "A", 1.0)
    assert ratio.plain == pytest.approx(8.0)
    assert one(found, "max/geomean", **fmr).plain == pytest.approx(80 / (10 * 20 * 80) ** (1 / 3))
    # Sum of |x_i - x_j| over ordered pairs is 2 (10 + 70 + 60) = 280; mean 110/3; g = 3.
    assert one(found, "gini", **fmr).plain == pytest.approx(280 / (2 * 9 * 110 / 3) * 3 / 2)
    both = {"measure": "fmr_within+fnmr"}
    assert one(found, "fdr", **both).plain == pytest.approx(1 - (0.5 * 0.0070 + 0.5 * 0.0200))
    gini_fnmr = 2 * (200 + 100 + 100) / (2 * 9 * 200) * 3 / 2
    gini_fmr = 280 / (2 * 9 * 110 / 3) * 3 / 2
    assert one(found, "garbe", **both).plain == pytest.approx((gini_fmr + gini_fnmr) / 2)
    to_a = one(found, "ratio", of="B", **fmr)
    assert (to_a.estimate, to_a.to) == (pytest.approx(2.0), "A")
    wide = np.hypot(np.log(1.5), np.log(1.5))
    assert to_a.lo == pytest.approx(2 * np.exp(-wide))
    assert to_a.hi == pytest.approx(2 * np.exp(wide))
    for d in found:
        assert d.lo is not None
        assert d.hi is not None
        assert d.lo <= d.estimate <= d.hi, d  # type: ignore[operator]
        if d.statistic in ("max/min", "max/geomean"):
            assert d.estimate <= d.plain, d  # type: ignore[operator]


def test_a_group_without_errors_is_a_bound_and_never_a_zero() -> None:
    records = rates("fmr", A=40, B=0, C=80) + rates("fnmr", A=100, B=300, C=200)
    found = differentials(tally_of(("A", "B", "C")), records, level=0.95, reference=None)
    ratio = one(found, "max/min", measure="fmr_within")
    assert (ratio.status, ratio.estimate, ratio.plain, ratio.hi, ratio.of) == ("bound", None, None, None, "C")
    assert ratio.lo is not None
    assert 1.0 < ratio.lo < 80 / 4, "below C's estimate over B's bound"
    for statistic in ("max/geomean", "gini"):
        assert one(found, statistic, measure="fmr_within").estimate is None
    for statistic in ("fdr", "garbe"):
        bound = one(found, statistic, measure="fmr_within+fnmr")
        assert (bound.status, bound.estimate) == ("bound", None)
    over_zero = differentials(tally_of(("A", "B", "C")), records, level=0.95, reference="B")
    to_b = one(over_zero, "ratio", of="A", measure="fmr_within")
    assert (to_b.status, to_b.estimate, to_b.hi, to_b.adjusted_p) == ("bound", None, None, None)
    # The bound of B is one-sided at 95 %; against A's limit it stands at the same tail.
    bound_b = 4 * np.log(0.025) / np.log(0.05)
    assert to_b.lo == pytest.approx(40 / 1.5 / bound_b)
    of_zero = one(found, "ratio", of="B", measure="fmr_within")
    assert (of_zero.estimate, of_zero.lo) == (None, None)
    assert of_zero.hi == pytest.approx(bound_b / (40 / 1.5))
    nothing = differentials(tally_of(("A", "B")), rates("fmr", A=0, B=0), level=0.95, reference=None)
    assert all((d.estimate is None and d.hi is None) or d.statistic == "gini" for d in nothing)


def test_errors_of_a_group_of_few_people_are_not_thrown_away() -> None:
    records = rates("fmr", A=20, B=30, C=400)
    c = next(r for r in records if r.probe_group == "C")
    records[records.index(c)] = replace(c, status="bound", lo=0.0, errors=400)
    found = differentials(tally_of(("A", "B", "C")), records, level=0.95, reference="A")
    most = one(found, "max/min", measure="fmr_within")
    assert (most.status, most.of) == ("bound", "C")
    assert most.lo is not None
    assert most.lo > 5
    ratio = one(found, "ratio", of="C", measure="fmr_within")
    assert ratio.estimate is None
    assert ratio.lo is not None
    assert ratio.hi is not None
    assert 5 < ratio.lo < 20 < ratio.hi
    for statistic in ("max/geomean", "gini"):
        assert one(found, statistic, measure="fmr_within").hi != 0


@pytest.mark.parametrize("kind", ["few people", "no errors"])
def test_equal_groups_are_not_called_unequal_by_a_bound(kind: str) -> None:
    """Four groups of one matcher; one of 15 people, or thresholds at which a group shows no error."""
    excluded = {"max/min": 0, "max/geomean": 0, "gini": 0, "garbe": 0, "fdr": 0, "ratio": 0}
    seen = dict.fromkeys(excluded, 0)
    groups = np.r_[np.zeros(40), np.ones(40), np.full(40, 2), np.full(15 if kind == "few people" else 25, 3)]
    names = ("A", "B", "C", "D")
    for seed in range(14):
        rng = np.random.default_rng([11, seed])
        n = len(groups)
        scores = np.round(rng.normal(size=(n, n)) + 0.4 * rng.normal(size=(n, 1)) + 3 * np.eye(n), 1)
        at = 1.5 if kind == "few people" else 3.6
        tally = Matrix(scores, groups.astype(np.int64), names).tally(
            edges=np.arange(-80, 101) / 10, levels=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0], spectrum_from=6
        )
        for d in compute_rates(tally, thresholds=[at], targets=[], curves=False).differentials:
            if d.status != "bound" or d.measure in ("fpir", "fnir"):
                continue
            seen[d.statistic] += 1
            equal = 0.0 if d.statistic in ("gini", "garbe") else 1.0
            excluded[d.statistic] += bool((d.lo or 0.0) > equal + 1e-12 or (d.hi is not None and d.hi < equal - 1e-12))
    assert min(seen.values()) >= 12
    for statistic, times in excluded.items():
        assert times <= 0.05 * seen[statistic], (statistic, times, seen[statistic])


def test_few_people_and_unknown_groups_are_left_out_and_named() -> None:
    test = matrix(60, digits=1)
    groups = np.r_[np.zeros(25), np.ones(25), np.full(5, 2), np.full(5, 3)].astype(np.int64)
    tally = Matrix(test.scores, groups, ("A", "B", "tiny", MISSING)).tally(edges=np.arange(-60, 81) / 10)
    found = compute_rates(tally, thresholds=[1.0], targets=[], curves=False).differentials
    assert found
    for d in found:
        assert d.of in ("A", "B", None)
        assert any("tiny" in w and "10 people" in w for w in d.warnings)
        assert any(MISSING in w for w in d.warnings)


def test_ratios_go_to_the_named_group_or_to_the_largest() -> None:
    test = matrix(60, digits=1)
    groups = np.r_[np.zeros(20), np.ones(40)].astype(np.int64)
    tally = Matrix(test.scores, groups, ("F", "M")).tally(edges=np.arange(-60, 81) / 10)
    for reference, to in ((None, "M"), ("F", "F")):
        found = compute_rates(tally, thresholds=[1.0], targets=[], reference=reference, curves=False).differentials
        assert {d.to for d in found if d.statistic == "ratio"} == {to}
    assert {d.measure for d in found} >= {"fmr", "fmr_within", "fnmr", "fpir", "fnir", "fmr_within+fnmr"}


def test_holm_is_never_below_the_plain_p_value_and_keeps_their_order() -> None:
    p = [0.001, 0.2, 0.01, 0.04]
    adjusted = holm(p)
    assert adjusted == pytest.approx([0.004, 0.2, 0.03, 0.08])
    assert holm([]) == []


def test_gini_runs_from_0_to_1() -> None:
    assert float(gini(np.full(5, 0.3))) == pytest.approx(0.0)
    assert float(gini(np.array([0.0, 0, 0, 0, 7]))) == pytest.approx(1.0)


# How often limits hold: counts with a known spread between people, known rates, fixed seeds.


def noisy(rng: np.random.Generator, truth: Floats, mean: float, c: float) -> Groups | None:
    """Groups as a test would show them: negative binomial counts, exact limits; None where one has no errors."""
    expected = truth / truth.mean() * mean
    errors = rng.poisson(expected * rng.gamma(1 / c, c, len(truth)))
    if (errors == 0).any():
        return None
    low = betaincinv(errors, 1 / c, 0.025)
    high = betaincinv(errors + 1, 1 / c, 0.975)
    exposure = mean / truth.mean()
    x = np.log(errors / exposure)
    lo, hi = low / (1 - low) / c / exposure, high / (1 - high) / c / exposure
    return Groups(x=x, below=(x - np.log(lo)) / Z, above=(np.log(hi) - x) / Z)


TRUTHS = {
    "equal, 2": np.full(2, 1e-3),
    "equal, 8": np.full(8, 1e-3),
    "spread, 8": 1e-3 * np.exp(np.linspace(-1, 1, 8)),
    "one high, 8": 1e-3 * np.r_[4, np.ones(7)],
    "spread, 20": 1e-3 * np.exp(np.linspace(-0.4, 0.4, 20)),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_limits_hold_and_the_correction_brings_the_estimate_nearer(name: str) -> None:
    truth = TRUTHS[name]
    log_truth = np.log(truth)
    cases = {
        "max/min": (max_over_min, float(np.ptp(log_truth))),
        "max/geomean": (max_over_geomean, float(log_truth.max() - log_truth.mean())),
        "gini": (gini_spread, float(gini(truth))),
        "difference": (largest_difference, float(np.ptp(truth))),
    }
    rng = np.random.default_rng([7, len(truth)])
    held = dict.fromkeys(cases, 0)
    plain: dict[str, list[float]] = {key: [] for key in cases}
    corrected: dict[str, list[float]] = {key: [] for key in cases}
    runs = 0
    for _ in range(120):
        groups = noisy(rng, truth, 30, 0.03)
        if groups is None:
            continue
        runs += 1
        for key, (statistic, true) in cases.items():
            found = statistic(groups, 0.025)
            held[key] += found.lo - 1e-12 <= true <= found.hi + 1e-12
            plain[key].append(found.plain - true)
            corrected[key].append(found.estimate - true)
    for key in cases:
        # Nominal 95 %; three standard errors of 120 runs are 6 %.
        assert held[key] / runs >= 0.89, key
        assert abs(np.mean(corrected[key])) <= abs(np.mean(plain[key])) + 0.1 * np.std(plain[key]), key


def test_likely_truth_moves_no_rate_by_more_than_its_error() -> None:
    groups = noisy(np.random.default_rng(3), TRUTHS["spread, 8"], 10, 0.05)
    assert groups is not None
    moved = likely_truth(groups)
    assert (np.abs(moved - groups.x) <= groups.error + 1e-12).all()
    assert np.ptp(moved) <= np.ptp(groups.x)


@given(
    st.lists(
        st.tuples(st.floats(-9, -0.7), st.floats(0.02, 1.2), st.floats(0.02, 1.2)), min_size=2, max_size=6
    ),
    st.lists(
        st.tuples(st.floats(-9, -0.7), st.floats(0.02, 1.2), st.floats(0.02, 1.2)), min_size=2, max_size=6
    ),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_an_estimate_lies_within_its_limits(
    fmr: list[tuple[float, float, float]], fnmr: list[tuple[float, float, float]]
) -> None:
    """Seen on a page: GARBE 0.10 with limits 0.12 to 0.85, from two Gini coefficients that both did not exclude 0."""
    first, second = (
        Groups(x=np.array([x for x, _, _ in rows]), below=np.array([b for _, b, _ in rows]),
               above=np.array([a for _, _, a in rows]))
        for rows in (fmr, fnmr)
    )  # fmt: skip
    apart = [f(groups, 0.025) for f in (gini_spread, largest_difference) for groups in (first, second)]
    together = [weighted(apart[0], apart[1], 0.5), weighted(apart[2], apart[3], 0.5)]
    for spread in (*apart, *together, max_over_min(first, 0.025), max_over_geomean(first, 0.025)):
        assert spread.lo <= spread.estimate + 1e-12
        assert spread.estimate <= spread.hi + 1e-12
    for both, (one_of, other) in zip(together, (apart[:2], apart[2:]), strict=True):
        if one_of.lo == 0 and other.lo == 0:
            assert both.lo == 0
