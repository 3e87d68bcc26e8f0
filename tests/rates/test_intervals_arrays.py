"""Limits of many thresholds at once are those of each threshold by itself, written out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import ndtr

from misid.rates.intervals import SearchMoments, TrialDesign, TrialMoments, fmr_limits, fpir_limits, trial_limits
from misid.rates.intervals.inverse import FARTHEST, falls_to
from misid.rates.intervals.limits import (
    binomial_lower,
    binomial_upper,
    gamma_poisson_lower,
    gamma_poisson_upper,
    shared_binomial_lower,
    shared_binomial_upper,
)
from misid.rates.intervals.model import Floats, Interval, Ints, Side
from misid.rates.intervals.monotone import Monotone
from misid.rates.intervals.spread import _GRID, MIN_EXCEEDANCES, fitted_slopes
from tests.rates import coverage_study as study

CLOSE = pytest.approx

tests_of_a_model = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 3.4, 40]),
        st.sampled_from([0, 0.6, 1, 30, 5000]),
        st.sampled_from([0.0, 1e-12, 1e-6, 0.01, 0.4, 3, 49, 51, 1e6]),
        st.sampled_from([0.0005, 0.025, 0.05, 0.3]),
    ).filter(lambda x: x[0] + x[1] >= 1),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("limit", [binomial_lower, binomial_upper])
@given(asked=tests_of_a_model)
def test_binomial_limits_of_many(limit: Callable[..., Floats], asked: list[tuple[float, ...]]) -> None:
    count, more, _, tail = np.array(asked).T
    one = [float(limit(k, k + m, t)) for k, m, _, t in asked]
    assert limit(count, count + more, tail).tolist() == CLOSE(one, rel=1e-12)


@pytest.mark.parametrize(
    "limit", [gamma_poisson_lower, gamma_poisson_upper, shared_binomial_lower, shared_binomial_upper]
)
@settings(deadline=None)
@given(asked=tests_of_a_model)
def test_limits_with_a_spread_of_many(limit: Callable[..., Floats], asked: list[tuple[float, ...]]) -> None:
    count, more, c, tail = np.array(asked).T
    one = [float(limit(k, k + m, v, t)) for k, m, v, t in asked]
    assert limit(count, count + more, c, tail).tolist() == CLOSE(one, rel=1e-9)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-250, 250), st.floats(0.05, 40), st.floats(0.001, 0.999), st.floats(-400, 400)),
        min_size=1,
        max_size=8,
    )
)
def test_probabilities_are_inverted_from_anywhere(asked: list[tuple[float, ...]]) -> None:
    """Falling steeply or slowly, with a plateau, from near the answer or from far."""
    at, wide, p, near = np.array(asked).T

    def value(x: Any, i: Any) -> Any:
        z = (x - at[i]) / wide[i]
        return 1 - 0.6 * ndtr(z) - 0.4 * ndtr(z - 9)

    def falling(x: Floats, i: Ints) -> tuple[Floats, Floats]:
        z = (x - at[i]) / wide[i]
        density = 0.6 * np.exp(-z * z / 2) + 0.4 * np.exp(-((z - 9) ** 2) / 2)
        return value(x, i), -density / np.sqrt(2 * np.pi) / wide[i]

    for i, found in enumerate(falls_to(falling, p, near)):
        if value(FARTHEST, i) > p[i]:
            assert found == np.inf
        elif value(-FARTHEST, i) < p[i]:
            assert found == CLOSE(-FARTHEST, abs=1e-3)
        else:
            # Where it hardly falls at all, any x with the probability will do.
            assert value(found, i) == CLOSE(p[i], abs=1e-9)
            expected = brentq(lambda x, i=i: value(x, i) - p[i], -FARTHEST, FARTHEST, xtol=1e-12)
            assert found == CLOSE(expected, abs=1e-6 + wide[i])


def slope_by_hand(c: Floats, rate: Floats, exceed: Floats, people: float, commoner: float) -> float | None:
    """Of `misid.rates.intervals.spread.Slopes`, for one rate."""
    usable = np.flatnonzero((exceed >= MIN_EXCEEDANCES) & (rate > 0) & (rate < 10**-1.25))
    above = usable[rate[usable] > commoner]
    usable = above if len(above) else usable[:4]
    if not len(usable):
        return None
    grid = _GRID[np.log10(rate[usable]).min() - 0.125 <= _GRID]
    nearest = {int(usable[np.argmin(np.abs(np.log10(rate[usable]) - g))]) for g in grid}
    chosen = sorted(nearest) or [int(usable[-1])]
    x, y = -np.log(rate[chosen]), np.log1p(people * c[chosen])
    w = np.sqrt(np.minimum(exceed[chosen], 20 * people))
    return max(0.0, float((w * x * y).sum() / (w * x * x).sum()))


@given(
    rates=st.lists(st.integers(1, 2_000_000), max_size=25),
    asked=st.lists(st.integers(0, 2_000_000), min_size=1, max_size=6),
    seed=st.integers(0, 10**6),
)
def test_slopes_are_those_of_a_fit_for_each_rate(rates: list[int], asked: list[int], seed: int) -> None:
    exceed = np.array(sorted(rates, reverse=True), dtype=float)
    rng = np.random.default_rng(seed)
    c = rng.exponential(0.1, len(exceed))
    trials = 2e6 * rng.choice([1, 20])
    found = fitted_slopes(c, exceed / trials, exceed, 50.0).at(np.array(asked) / trials)
    for one, commoner in zip(found.tolist(), asked, strict=True):
        expected = slope_by_hand(c, exceed / trials, exceed, 50.0, commoner / trials)
        assert np.isnan(one) if expected is None else one == CLOSE(expected, rel=1e-9)


def families(seed: int, n: int) -> list[tuple[Callable[[], Monotone], list[tuple[int, int]], bool]]:
    """FMR, FPIR and FNMR of a small test with all thresholds between levels; whether errors rise."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n, n)) + rng.choice([0.0, 0.6]) * rng.standard_normal((n, 1))
    levels = np.linspace(-1, 4, int(rng.integers(2, 9)))
    design, moments, searched, found = study.nonmated(noise.astype(np.float32), levels, same=bool(rng.random() < 0.5))
    trials = rng.integers(1, 5, n)
    people = np.arange(n).repeat(trials)
    scores = rng.standard_normal(trials.sum()) + rng.standard_normal(n)[people] + 1
    errors = np.stack([np.bincount(people, scores < t, n) for t in levels])  # of each person
    mated = TrialMoments(errors=errors.sum(1), sum_e2=(errors**2).sum(1), sum_ek=errors @ trials.astype(float))
    mated_design = TrialDesign(trials=int(trials.sum()), people=n, sum_k2=float(trials @ trials))
    pair, hits, missed = (study.steps(x) for x in (moments.exceed, found.hits, mated.errors))
    alone = SearchMoments(**{**vars(found), "sum_q2": None})
    return [
        (lambda: fmr_limits(design, moments, steps=pair), pair, False),
        (lambda: fpir_limits(searched, found, (design, moments), steps=hits), hits, False),
        (lambda: fpir_limits(searched, alone, steps=hits), hits, False),
        (lambda: trial_limits(mated_design, mated, steps=missed), missed, True),
    ]


def each(limits: Monotone, path: list[tuple[int, int]], side: Side, rising: bool, own: int) -> tuple[float, float]:
    """Limits of one threshold from the limits of every other threshold alone, one by one."""
    alone = limits._alone

    def limit(kind: str, k: int) -> float:
        tail = 0.05 if side == "upper" and (path[k][1] == 0 or k == own) else 0.025
        at, errors = (np.array([x]) for x in path[k])
        return float(getattr(alone, kind)(alone.thresholds(at, errors), np.array([tail]))[0])

    def order(k: int) -> tuple[int, int]:
        return path[k][1], path[k][0] if rising else -path[k][0]

    hi = min(limit("upper", k) for k in range(len(path)) if k == own or order(k) > order(own))
    if side == "upper" or path[own][1] == 0 or alone.few:
        return 0.0, hi
    return max(limit("lower", k) for k in range(len(path)) if path[k][1] and order(k) <= order(own)), hi


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.sampled_from([12, 25, 60]))
def test_limits_of_a_family_are_those_of_its_thresholds_one_by_one(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    for make, path, rising in families(seed, n):
        assert make().intervals(np.array([], dtype=int), np.array([], dtype=int), []) == []
        asked = rng.permutation(len(path))[:25].tolist()
        sides: list[Side] = [rng.choice(["two", "upper"]) for _ in asked]
        at, errors = np.array([path[k] for k in asked]).T
        together = make().intervals(at, errors, sides)
        shared = make()
        for k, side, one in zip(asked, sides, together, strict=True):
            for limits in (shared, make()):
                assert_same(one, limits.interval(path[k][0], path[k][1], side))
            assert (one.lo, one.hi) == CLOSE(each(shared, path, side, rising, k), rel=1e-9)


def assert_same(a: Interval, b: Interval) -> None:
    for name, value in vars(a).items():
        other = getattr(b, name)
        assert other == (CLOSE(value, rel=1e-9) if isinstance(value, float) else value), name
