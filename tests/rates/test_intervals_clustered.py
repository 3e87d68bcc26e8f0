"""FNMR, FNIR, FTA: people, not comparisons, are what is counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from misid.ground.errors import UsageError
from misid.rates.intervals import TrialDesign, TrialMoments, fnir_interval, fnmr_interval, people_interval
from misid.rates.intervals.clustered import person_correlation


def sums(trials: npt.ArrayLike, *errors: npt.ArrayLike) -> tuple[TrialDesign, TrialMoments]:
    """From trials of each person (n,), and errors of each at every level."""
    k, e = np.asarray(trials), np.asarray(errors)
    return (
        TrialDesign(trials=int(k.sum()), people=int((k > 0).sum()), sum_k2=float(k @ k)),
        TrialMoments(errors=e.sum(1), sum_e2=(e * e).sum(1), sum_ek=e @ k),
    )


def clopper_pearson(x: float, n: float, level: float = 0.95) -> tuple[float, float]:
    a = (1 - level) / 2
    return (
        float(stats.beta.ppf(a, x, n - x + 1)) if x else 0.0,
        float(stats.beta.ppf(1 - a, x + 1, n - x)) if x < n else 1.0,
    )


@given(n=st.integers(1, 300), share=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_one_trial_a_person_is_clopper_pearson(n: int, share: float, seed: int) -> None:
    e = np.random.default_rng(seed).random(n) < share
    design, moments = sums(np.ones(n, int), e.astype(int))
    i = fnmr_interval(design, moments, 0)
    lo, hi = clopper_pearson(int(e.sum()), n)
    assert (i.lo, i.hi) == pytest.approx((lo, hi))
    assert i == fnir_interval(design, moments, 0)


@given(n=st.integers(2, 300), k=st.integers(2, 30), share=st.floats(0, 1), seed=st.integers(0, 10**6))
def test_people_who_fail_always_or_never_count_once(n: int, k: int, share: float, seed: int) -> None:
    e = k * (np.random.default_rng(seed).random(n) < share)
    design, moments = sums(np.full(n, k), e)
    i = fnmr_interval(design, moments, 0)
    assert (i.lo, i.hi) == pytest.approx(clopper_pearson(int(e.sum()) / k, n))
    assert i.effective_people == pytest.approx(n)


def test_independent_trials_count_in_full() -> None:
    rng = np.random.default_rng(1)
    e = rng.binomial(4, 0.2, 5000)
    design, moments = sums(np.full(5000, 4), e)
    i = fnmr_interval(design, moments, 0)
    lo, hi = clopper_pearson(int(e.sum()), 20_000)
    assert (i.hi or 1) - (i.lo or 0) == pytest.approx(hi - lo, rel=0.03)


@given(k=st.integers(1, 50), n=st.integers(1, 500))
def test_no_error_at_all_counts_people(k: int, n: int) -> None:
    design, moments = sums(np.full(n, k), np.zeros(n, int))
    i = fnmr_interval(design, moments, 0, side="upper")
    assert (i.status, i.lo, i.estimate, i.log_variance) == ("bound", 0.0, 0.0, None)
    assert i.hi == pytest.approx(1 - 0.05 ** (1 / n))


def test_no_error_counts_fewer_people_where_one_has_most_trials() -> None:
    design, moments = sums([1000, 1, 1, 1], np.zeros(4, int))
    i = fnmr_interval(design, moments, 0, side="upper")
    assert i.hi == pytest.approx(1 - 0.05 ** (1_000_003 / 1_006_009), rel=1e-6)


@given(k=st.integers(1, 20), n=st.integers(1, 300))
def test_all_errors_mirror_no_errors(k: int, n: int) -> None:
    design, moments = sums(np.full(n, k), np.full(n, k))
    i = fnmr_interval(design, moments, 0)
    assert (i.estimate, i.hi) == (1.0, 1.0)
    assert i.lo == pytest.approx(0.025 ** (1 / n))


@given(seed=st.integers(0, 10**6), n=st.integers(20, 200))
def test_limits_surround_the_estimate_and_order_does_not_matter(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    k = rng.integers(1, 6, n)
    scores = [rng.standard_normal(x) + rng.standard_normal() for x in k]
    levels = (-2.0, -1.0, 0.0)
    order = rng.permutation(n)
    a = sums(k, *([int((s < t).sum()) for s in scores] for t in levels))
    b = sums(k[order], *([int((scores[o] < t).sum()) for o in order] for t in levels))
    for at in range(3):
        i = fnmr_interval(*a, at)
        assert i == fnmr_interval(*b, at)
        assert i.lo is not None
        assert i.hi is not None
        assert i.estimate is not None
        assert 0 <= i.lo <= i.estimate <= i.hi <= 1
        whole = clopper_pearson(i.errors or 0, i.trials or 1)
        assert i.lo <= whole[0] + 1e-12
        assert i.hi >= whole[1] - 1e-12


def test_correlation_is_the_usual_cluster_variance() -> None:
    """rho solves variance of the mean = binomial variance (1 + rho (k - 1)), with n / (n - 1)."""
    rng = np.random.default_rng(4)
    e = rng.binomial(3, rng.beta(1, 4, 200))
    design, moments = sums(np.full(200, 3), e)
    p = e.sum() / 600
    between = float(np.var(e / 3, ddof=1)) / 200
    rho = (between / (p * (1 - p) / 600) - 1) / 2
    assert person_correlation(design, moments)[0] == pytest.approx(rho)


def test_rare_errors_take_the_correlation_of_commoner_ones() -> None:
    rng = np.random.default_rng(5)
    common = rng.binomial(5, rng.beta(0.3, 1.2, 400))
    rare = np.zeros(400, int)
    rare[:3] = 1
    design, moments = sums(np.full(400, 5), rare, common)
    alone = fnmr_interval(design, moments, 0)
    lo, hi = clopper_pearson(3, 2000)
    assert (alone.hi or 1) > 1.5 * hi
    assert (alone.lo or 0) < lo


def test_between_levels() -> None:
    design, moments = sums(np.full(100, 2), [2] * 5 + [0] * 95, [2] * 5 + [1] * 30 + [0] * 65)
    i = fnmr_interval(design, moments, 0, errors=12)
    assert i.errors == 12
    assert i.estimate == pytest.approx(0.06)
    assert (i.hi or 1) >= clopper_pearson(12, 200)[1]


def test_no_trials_is_undefined() -> None:
    design, moments = sums([0], [0])
    i = fnmr_interval(design, moments, 0)
    assert (i.status, i.estimate, i.lo, i.hi) == ("undefined", None, None, None)


def test_failures_to_acquire() -> None:
    i = people_interval(3, 200)
    assert (i.lo, i.hi) == pytest.approx(clopper_pearson(3, 200))
    bundled = people_interval(30, 2000, people=200)
    assert (bundled.lo, bundled.hi) == pytest.approx(clopper_pearson(3, 200))
    assert people_interval(0, 50).status == "bound"
    assert people_interval(0, 50, side="upper").hi == pytest.approx(1 - 0.05 ** (1 / 50))
    assert people_interval(0, 0).status == "undefined"
    with pytest.raises(UsageError):
        people_interval(4, 3)
