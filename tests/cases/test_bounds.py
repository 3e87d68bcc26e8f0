"""Bounds of likelihood ratios by the size of the test, and ENFSI's words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.cases.bounds import ENFSI, empirical_bounds, verbal
from misid.ground.errors import UsageError


def by_definition(nonmated: int, mated: int) -> tuple[float, float]:
    """ELUB by brute force: where a perfect system with one misleading result on each side is better than none."""
    lr_mated = np.append(np.full(mated, np.inf), 0.0)
    lr_nonmated = np.append(np.zeros(nonmated), np.inf)
    found = []
    for x in np.geomspace(1e-5, 1e5, 20_001):
        miss, false = (lr_mated < x).mean(), (lr_nonmated >= x).mean()
        # Prior odds 1/x: the cost of deciding by the ratio, over that of the better of the two constant decisions.
        if (miss + x * false) / min(1.0, x) < 1:
            found.append(x)
    return (found[0], found[-1]) if found else (1.0, 1.0)


@pytest.mark.parametrize(("nonmated", "mated"), [(1, 1), (5, 5), (20, 7), (500, 300), (1000, 40)])
def test_bounds_are_those_of_the_definition(nonmated: int, mated: int) -> None:
    lowest, highest = by_definition(nonmated, mated)
    bounds = empirical_bounds(nonmated, mated)
    assert bounds.highest == pytest.approx(max(highest, 1.0), rel=2e-3)
    assert bounds.lowest == pytest.approx(min(lowest, 1.0), rel=2e-3)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_larger_tests_allow_more(nonmated: int, mated: int) -> None:
    small, large = empirical_bounds(nonmated, mated), empirical_bounds(2 * nonmated, 2 * mated)
    assert large.lowest <= small.lowest <= 1 <= small.highest <= large.highest
    assert small.highest <= nonmated + 1


def test_what_is_not_known_does_not_bound() -> None:
    assert empirical_bounds(None, None).highest == np.inf
    assert empirical_bounds(None, None).lowest == 0
    with pytest.raises(UsageError, match="nonmated people: 0"):
        empirical_bounds(0, 10)


@pytest.mark.parametrize(
    ("lr", "word", "favours"),
    [
        (1.0, "no support either way", "neither"), (1.99, "no support either way", "neither"),
        (2.0, "weak support", "first"), (9.99, "weak support", "first"), (10.0, "moderate support", "first"),
        (99.0, "moderate support", "first"), (100.0, "moderately strong support", "first"),
        (1000.0, "strong support", "first"), (10_000.0, "very strong support", "first"),
        (1e6, "extremely strong support", "first"), (0.5, "weak support", "second"),
        (0.1, "moderate support", "second"), (0.0, "extremely strong support", "second"),
    ],
)  # fmt: skip
def test_words_of_the_scale(lr: float, word: str, favours: str) -> None:
    found = verbal(lr)
    assert (found.word, found.favours) == (word, favours)


def test_scale_descends() -> None:
    steps = [lowest for lowest, _ in ENFSI]
    assert steps == sorted(steps, reverse=True)
    with pytest.raises(UsageError):
        verbal(float("nan"))
