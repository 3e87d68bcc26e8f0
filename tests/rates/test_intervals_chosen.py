"""Thresholds chosen on the same data: the choice moves within the limits of both curves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from misid.ground.errors import UsageError
from misid.rates.intervals import Interval, eer_interval, interval_at_target, threshold_interval
from misid.rates.intervals.limits import binomial_limits


def curve(rates: Iterable[float], trials: int, *, exact: bool = False) -> tuple[Interval, ...]:
    """Intervals of independent trials; `exact`: as if known."""
    found = []
    for rate in rates:
        lo, hi = (rate, rate) if exact else binomial_limits(rate * trials, trials, 0.025)
        found.append(
            Interval(estimate=rate, lo=lo, hi=hi, level=0.95, side="two", method="", errors=round(rate * trials),
                     trials=trials, people=trials, effective_people=None, log_variance=None,
                     status="ok" if rate > 0 else "bound")
        )  # fmt: skip
    return tuple(found)


T = np.linspace(0, 6, 121)
FALLING = np.exp(-1 - 1.5 * T)
RISING = np.minimum(0.9, np.exp(-6 + 0.8 * T))


def test_threshold_of_a_straight_curve() -> None:
    """FMR = exp(-1 - 1.5 t) between half and twice itself: the target lies within log(2) / 1.5 of t."""
    first, last = threshold_interval(FALLING / 2, FALLING * 2, 1e-3)
    assert last is not None
    step = T[1]
    centre = (-1 - np.log(1e-3)) / 1.5
    assert first * step == pytest.approx(centre - np.log(2) / 1.5, abs=1e-9)
    assert last * step == pytest.approx(centre + np.log(2) / 1.5, abs=1e-9)


def test_threshold_that_no_test_of_this_size_can_tell() -> None:
    first, last = threshold_interval(np.array([0.1, 0.0]), np.array([0.3, 0.05]), 0.01)
    assert (first, last) == (1.0, None)
    assert threshold_interval(np.array([0.001]), np.array([0.002]), 0.01) == (0.0, 0.0)


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1])
def test_impossible_targets_are_refused(target: float) -> None:
    with pytest.raises(UsageError):
        threshold_interval(FALLING, FALLING, target)


def test_a_curve_that_is_known_leaves_the_limits_of_the_other() -> None:
    falling, rising = curve(FALLING, 1, exact=True), curve(RISING, 4000)
    chosen = int(np.argmax(FALLING <= 1e-2))
    i = interval_at_target(chosen, 1e-2, falling, rising)
    own = rising[chosen]
    # The chosen threshold is the listed one at or beyond the target: less than one step away.
    assert own.lo is not None
    assert i.lo is not None
    assert np.exp(-0.8 * T[1]) * own.lo <= i.lo <= own.lo
    assert i.hi == pytest.approx(own.hi, rel=1e-6)


def test_the_choice_alone_moves_the_rate_along_its_curve() -> None:
    """FNMR known, FMR known up to a factor of two: FNMR moves by 2^(0.8/1.5)."""
    lo, hi = FALLING / 2, FALLING * 2
    falling = tuple(
        Interval(estimate=float(f), lo=float(a), hi=float(b), level=0.95, side="two", method="", errors=1, trials=1,
                 people=1, effective_people=None, log_variance=None, status="ok")
        for f, a, b in zip(FALLING, lo, hi, strict=True)
    )  # fmt: skip
    chosen = int(np.argmax(FALLING <= 1e-3))
    i = interval_at_target(chosen, 1e-3, falling, curve(RISING, 1, exact=True))
    truth = float(np.exp(-6 + 0.8 * (-1 - np.log(1e-3)) / 1.5))
    assert i.lo == pytest.approx(truth / 2 ** (0.8 / 1.5), rel=0.01)
    assert i.hi == pytest.approx(truth * 2 ** (0.8 / 1.5), rel=0.05)
    assert i.status == "ok"


def test_a_target_out_of_reach_is_a_bound_of_one() -> None:
    falling, rising = curve([0.4, 0.1, 0.0], 20), curve([0.1, 0.2, 0.3], 100)
    i = interval_at_target(2, 1e-3, falling, rising)
    assert (i.status, i.lo, i.hi) == ("bound", 0.0, 1.0)
    assert "no threshold of this test" in i.warnings[0]


def test_eer_of_known_curves_is_where_they_cross() -> None:
    at = 5 / 2.3  # -1 - 1.5 t = -6 + 0.8 t
    i = eer_interval(curve(FALLING, 1, exact=True), curve(RISING, 1, exact=True))
    assert i.estimate == pytest.approx(np.exp(-1 - 1.5 * at))
    assert i.lo == pytest.approx(i.hi)
    assert (i.errors, i.trials) == (None, None)


def test_eer_moves_by_the_share_of_each_curve() -> None:
    """FMR wrong by a factor g moves EER by g^(0.8 / 2.3): the delta method on straight curves, exactly."""
    falling = tuple(
        Interval(estimate=float(f), lo=float(f) / 1.2, hi=float(f) * 1.2, level=0.95, side="two", method="", errors=1,
                 trials=1, people=1, effective_people=None, log_variance=None, status="ok")
        for f in FALLING
    )  # fmt: skip
    i = eer_interval(falling, curve(RISING, 1, exact=True))
    assert i.estimate is not None
    assert i.hi == pytest.approx(i.estimate * 1.2 ** (0.8 / 2.3), rel=1e-6)
    assert i.lo == pytest.approx(i.estimate / 1.2 ** (0.8 / 2.3), rel=1e-6)


def test_more_trials_narrow_eer() -> None:
    a = eer_interval(curve(FALLING, 2000), curve(RISING, 500))
    b = eer_interval(curve(FALLING, 20_000), curve(RISING, 5000))
    assert a.lo is not None
    assert a.hi is not None
    assert b.lo is not None
    assert b.hi is not None
    assert a.lo < b.lo < b.hi < a.hi


def test_curves_that_do_not_cross_have_no_eer() -> None:
    assert eer_interval(curve([0.5, 0.4], 10), curve([0.1, 0.2], 10)).status == "undefined"
    assert eer_interval(curve([0.1, 0.05], 10), curve([0.2, 0.3], 10)).status == "undefined"


def test_separated_scores_have_an_upper_limit_only() -> None:
    i = eer_interval(curve([0.5, 0.0, 0.0], 100), curve([0.0, 0.0, 0.5], 100))
    assert i.status == "bound"
    assert i.lo == 0.0
    assert 0 < (i.hi or 0) < 0.1


def test_lists_of_two_lengths_are_refused() -> None:
    with pytest.raises(UsageError):
        eer_interval(curve([0.5, 0.4], 10), curve([0.1], 10))
