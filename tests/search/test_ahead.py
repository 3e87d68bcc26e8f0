"""What the next unit counts: probabilities that add up, known answers, and coverage where the truth is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import pdtr

from misid.ground.errors import UsageError
from misid.search.ahead import Kept, count_ahead, log_probability, value_ahead
from misid.search.sites import SIGMA_MOST, next_rates, poisson_limits


def test_probabilities_of_all_counts_add_up() -> None:
    count, exposure = np.array([3, 5, 4, 6, 2, 4]), np.array([100.0, 120.0, 90.0, 110.0, 80.0, 100.0])
    ahead = count_ahead(count, exposure, 110.0)
    chances = np.exp([log_probability(ahead.expected, n) for n in range(2000)])
    assert chances.sum() == pytest.approx(1, abs=1e-6)
    assert float(np.arange(2000) @ chances) == pytest.approx(float(ahead.expected.mean()), rel=1e-3)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.floats(0.2, 5))
def test_limits_are_in_order_and_more_exposure_is_more(counts: list[int], more: float) -> None:
    count, exposure = np.array(counts), np.full(len(counts), 10.0)
    one, other = count_ahead(count, exposure, 10.0), count_ahead(count, exposure, 10.0 * (1 + more))
    assert 0 <= one.lo <= one.middle <= one.hi
    assert one.bound <= one.hi
    assert (one.lo, one.hi) <= (other.lo, other.hi)
    if not any(counts):
        assert one.lo == 0


def test_alike_units_come_near_the_exact_poisson_prediction() -> None:
    # Forty units of 25 each: what is left is Poisson of the next one, and little else.
    ahead = count_ahead(np.full(40, 25), np.full(40, 1.0), 1.0)
    lo = next(n for n in range(100) if pdtr(n, 25.0) >= 0.025)
    hi = next(n for n in range(100) if pdtr(n, 25.0) >= 0.975)
    assert abs(ahead.lo - lo) <= 3
    assert abs(ahead.hi - hi) <= 4


def test_one_site_is_its_own_limits_made_wider() -> None:
    rates = next_rates(np.array([10]), np.array([100.0]))
    lo, hi = poisson_limits(10, 100.0, 0.025)
    assert np.quantile(rates.low, 0.025) < lo
    assert np.quantile(rates.high, 0.975) > hi
    assert np.median(rates.middle) == pytest.approx(0.1, rel=0.05)
    assert np.quantile(rates.high, 0.999) < 0.1 * np.exp(4 * SIGMA_MOST * np.sqrt(2))


def test_a_share_that_a_laboratory_kept_has_exact_limits() -> None:
    low, middle, high = Kept(kept=0, of=7).shares()
    assert low.max() == 0
    assert np.quantile(high, 0.975, method="inverted_cdf") == pytest.approx(1 - 0.025 ** (1 / 7), abs=0.03)
    assert (middle <= high).all()
    assert Kept(kept=7, of=7).shares()[2].min() == 1
    with pytest.raises(UsageError, match="8 of 7"):
        Kept(kept=8, of=7).shares()
    base = count_ahead(np.array([20, 22, 18]), np.full(3, 1.0), 1.0)
    assert count_ahead(np.array([20, 22, 18]), np.full(3, 1.0), 1.0, kept=Kept(kept=1, of=7)).hi < base.hi


@pytest.mark.parametrize(("units", "mean", "sigma"), [(3, 2.0, 0.5), (8, 2.0, 1.0), (8, 10.0, 0.5)])
def test_the_next_count_is_held_as_often_as_promised(units: int, mean: float, sigma: float) -> None:
    generator = np.random.default_rng(20261127)
    held = 0
    for _ in range(100):
        rates = mean * np.exp(sigma * generator.standard_normal(units + 1))
        counts = generator.poisson(rates)
        ahead = count_ahead(counts[:-1], np.ones(units), 1.0)
        held += bool(ahead.lo <= counts[-1] <= ahead.hi)
    # 95 of 100 are promised; fewer than 89 would come about once in a hundred times.
    assert held >= 89


def test_one_more_value_is_held_as_often_as_promised() -> None:
    generator = np.random.default_rng(7)
    drawn = np.exp(generator.normal(0.0, 1.3, (2000, 8)))
    held = [a.lo <= row[-1] <= a.hi for row in drawn if (a := value_ahead(row[:-1].tolist()))]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)
    with pytest.raises(UsageError, match="2 values"):
        value_ahead([1.0, 2.0])


def test_the_density_of_a_value_integrates_to_one() -> None:
    ahead = value_ahead([0.1, 0.3, 0.2, 0.4]).times(2.0)
    logs = np.linspace(-40, 40, 20001)
    total = np.exp([ahead.log_density(float(np.exp(x))) for x in logs]).sum() * (logs[1] - logs[0])
    assert total == pytest.approx(1, abs=1e-3)
