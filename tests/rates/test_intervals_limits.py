"""The three counting models against SciPy's distributions and closed forms."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from misid.ground.errors import UsageError
from misid.rates.intervals.limits import (
    binomial_limits,
    gamma_poisson_lower,
    gamma_poisson_upper,
    shared_binomial_lower,
    shared_binomial_upper,
)
from misid.rates.intervals.model import check_level


def gamma_poisson_limits(count: float, exposure: float, c: float, tail: float) -> tuple[float, float]:
    return float(gamma_poisson_lower(count, exposure, c, tail)), float(gamma_poisson_upper(count, exposure, c, tail))


def shared_binomial_limits(count: float, trials: float, c: float, tail: float) -> tuple[float, float]:
    return float(shared_binomial_lower(count, trials, c, tail)), float(shared_binomial_upper(count, trials, c, tail))


tails = st.sampled_from([0.005, 0.025, 0.05])


@given(x=st.integers(0, 60), more=st.integers(0, 500), tail=tails)
def test_binomial_limits_are_those_of_scipy(x: int, more: int, tail: float) -> None:
    n = x + more
    if n == 0:
        return
    found = stats.binomtest(x, n).proportion_ci(1 - 2 * tail, method="exact")
    assert binomial_limits(x, n, tail) == pytest.approx((found.low, found.high), rel=1e-9)


@given(x=st.integers(0, 200), c=st.floats(1e-6, 3), tail=tails)
def test_upper_limit_leaves_the_tail_of_a_negative_binomial(x: int, c: float, tail: float) -> None:
    exposure = 1000.0
    mean = gamma_poisson_limits(x, exposure, c, tail)[1] * exposure
    if mean < 1e6:
        assert stats.nbinom.cdf(x, 1 / c, 1 / (1 + c * mean)) == pytest.approx(tail, rel=1e-5)


@given(x=st.integers(1, 200), c=st.floats(1e-6, 3), tail=tails)
def test_lower_limit_leaves_at_most_the_tail_of_a_negative_binomial(x: int, c: float, tail: float) -> None:
    mean = gamma_poisson_limits(x, 1.0, c, tail)[0]
    for smaller in c * 0.5 ** np.arange(8):
        assert stats.nbinom.sf(x - 1, 1 / smaller, 1 / (1 + smaller * mean)) <= tail * (1 + 1e-6)
    assert mean <= stats.chi2.ppf(tail, 2 * x) / 2 * (1 + 1e-9)


@given(x=st.integers(0, 50), tail=tails)
def test_nothing_shared_gives_poisson_and_clopper_pearson(x: int, tail: float) -> None:
    lo, hi = gamma_poisson_limits(x, 1.0, 0.0, tail)
    assert lo == pytest.approx(stats.chi2.ppf(tail, 2 * x) / 2 if x else 0.0)
    assert hi == pytest.approx(stats.chi2.ppf(1 - tail, 2 * x + 2) / 2)
    assert gamma_poisson_limits(x, 1.0, 2e-9, tail) == pytest.approx((lo, hi), rel=1e-6)
    assert shared_binomial_limits(x, 60, 0.0, tail) == binomial_limits(x, 60, tail)
    assert shared_binomial_limits(x, 60, 1e-7, tail) == pytest.approx(binomial_limits(x, 60, tail), rel=1e-4)


@given(c=st.floats(1e-6, 5), exposure=st.floats(1, 1e8), tail=tails)
def test_zero_errors_has_its_closed_form(c: float, exposure: float, tail: float) -> None:
    lo, hi = gamma_poisson_limits(0, exposure, c, tail)
    assert lo == 0.0
    if hi * exposure > 1e6:
        return  # far above any proportion: cut to 1
    assert hi == pytest.approx((tail**-c - 1) / (c * exposure), rel=1e-6)


def test_rule_of_three() -> None:
    assert gamma_poisson_limits(0, 1e6, 0.0, 0.05)[1] * 1e6 == pytest.approx(-log(0.05))
    assert binomial_limits(0, 1e6, 0.05)[1] * 1e6 == pytest.approx(3, rel=0.002)
    assert shared_binomial_limits(0, 1e6, 0.0, 0.05)[1] * 1e6 == pytest.approx(3, rel=0.002)


@pytest.mark.parametrize("x, n, c", [(0, 100, 0.2), (5, 500, 0.1), (60, 100, 0.05), (300, 400, 0.3), (100, 100, 0.1)])
def test_shared_limits_invert_the_distribution_they_say(x: int, n: int, c: float) -> None:
    """P(count) from a fine integral over the gamma effect, written without the kernel's nodes."""
    lo, hi = shared_binomial_limits(x, n, c, 0.025)

    def hazard(share: float) -> float:
        return float(((1 - share) ** -c - 1) / c)

    u = (np.arange(200_000) + 0.5) / 200_000
    effect = stats.gamma.ppf(u, 1 / c) * c
    if x > 0:
        assert np.mean(stats.binom.sf(x - 1, n, -np.expm1(-hazard(lo) * effect))) <= 0.0252
    if x < n:
        assert np.mean(stats.binom.cdf(x, n, -np.expm1(-hazard(hi) * effect))) == pytest.approx(0.025, rel=0.01)
    plain = binomial_limits(x, n, 0.025)
    assert lo <= plain[0] + 1e-12
    assert hi >= plain[1] - 1e-12


@given(x=st.integers(0, 40), n=st.integers(160, 4000), c=st.floats(0, 2), tail=tails)
def test_shared_limits_hold_the_estimate_and_widen(x: int, n: int, c: float, tail: float) -> None:
    lo, hi = shared_binomial_limits(x, n, c, tail)
    assert 0 <= lo <= x / n <= hi <= 1
    wider = shared_binomial_limits(x, n, 1.5 * c + 0.01, tail)
    assert wider[1] >= hi - 1e-3


def test_few_hits_are_nearly_negative_binomial() -> None:
    shared, poisson = shared_binomial_limits(4, 1e7, 0.3, 0.025), gamma_poisson_limits(4, 1e7, 0.3, 0.025)
    assert shared == pytest.approx(poisson, rel=2e-3)


@pytest.mark.parametrize("level, side", [(0.4, "two"), (1.0, "two"), (0.95, "lower"), (95, "two")])
def test_impossible_levels_are_refused(level: float, side: str) -> None:
    with pytest.raises(UsageError):
        check_level(level, side)


def test_tails() -> None:
    assert check_level(0.95, "two") == pytest.approx(0.025)
    assert check_level(0.95, "upper") == pytest.approx(0.05)


@given(x=st.integers(0, 30), n=st.integers(1, 300), c=st.floats(1, 1e6), tail=tails)
def test_a_spread_beyond_all_measure_leaves_limits(x: int, n: int, c: float, tail: float) -> None:
    x = min(x, n)
    lo, hi = shared_binomial_limits(x, n, c, tail)
    assert 0 <= lo <= x / n <= hi <= 1
    assert binomial_limits(x, n, tail)[0] >= lo
    assert all(v >= 0 for v in gamma_poisson_limits(x, n, c, tail))
