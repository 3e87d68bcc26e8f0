"""Draws into estimates."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from misid.encounter.model import PER
from misid.encounter.summary import estimate


@pytest.mark.parametrize("size", [1, 50])
def test_a_known_probability_has_the_limits_of_the_binomial(size: int) -> None:
    found = estimate(np.full(size, 4525.0), unit="people", level=0.95, seed=1)
    assert (found.lo, found.value, found.hi) == (4525.0, 4525.0, 4525.0)
    assert (found.chance_lo, found.chance_hi) == tuple(binom.ppf(np.array([0.025, 0.975]), PER, 0.04525))


def test_limits_with_chance_are_at_least_those_without() -> None:
    draws = np.random.default_rng(1).permutation(np.linspace(50, 150, 4096))
    found = estimate(draws, unit="people", level=0.95, seed=1)
    assert found.lo is not None
    assert found.hi is not None
    assert found.chance_lo is not None
    assert found.chance_hi is not None
    assert found.chance_lo < found.lo
    assert found.hi < found.chance_hi


def test_draws_without_a_value_are_left_out_or_said() -> None:
    found = estimate(np.array([np.nan, 1.0, 3.0]), unit="probability", level=0.95)
    assert found.value == 2.0
    nothing = estimate(np.full(4, np.nan), unit="probability", level=0.95, reason="nobody is returned")
    assert nothing.value is None
    assert nothing.reason == "nobody is returned"


def test_what_is_no_count_of_people_has_no_chance() -> None:
    found = estimate(np.array([1.0, 2.0]), unit="hours", level=0.95, seed=1)
    assert found.chance_lo is None
