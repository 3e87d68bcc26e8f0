"""An upper bound on FPIR that trusts no family, and the naive binomial that is shown beside every projection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from misid.search.from_tally.counts import Floats, TestCounts
from misid.search.from_tally.jackknife import left_out_variance
from misid.tally.model import N_BLOCKS

LEAST_BOUND = 1e-9
"""No bound on FPIR is smaller: a wrong answer in fewer searches than there are people is beyond any test of people."""


@dataclass(frozen=True, kw_only=True)
class TailMean:
    """Rate at a high level and the mean excess over it.

    Attributes
    ----------
    at : float
        The level, a score.
    log_rate, excess : float
    log_rates, excesses : (2, N_BLOCKS) float
        The same without a block of references [0], and without a fold of searches [1].
    exceed : float
    """

    at: float
    log_rate: float
    excess: float
    log_rates: Floats
    excesses: Floats
    exceed: float


def tail_mean(test: TestCounts) -> TailMean:
    """Rate and mean excess over the level that about max(60, n/5) comparisons reach.

    A comparison is taken to lie at the level above the highest one it reached: that errs upwards only.
    """
    want = max(60.0, 0.2 * test.searches)
    enough = np.flatnonzero(test.exceed_at >= want)
    at = int(enough[-1]) if len(enough) else 0
    levels = test.levels
    step = float(np.median(np.diff(levels))) if len(levels) > 1 else abs(float(levels[0])) + 1.0
    excess = np.append(levels[1:], levels[-1] + step) - levels[at]
    rows = test.level >= at
    fold = test.search[rows] % N_BLOCKS
    places = (test.block[rows], fold)
    made = test.comparisons.sum()
    shares = [
        np.einsum("bh,gh->b", test.block_share, test.comparisons) / max(made, 1),
        np.bincount(np.arange(test.searches) % N_BLOCKS, minlength=N_BLOCKS) / test.searches,
    ]
    count, value = test.count[rows], test.count[rows] * excess[test.level[rows]]
    total, sum_ = max(float(count.sum()), 1e-9), max(float(value.sum()), 1e-9)
    log_rates, excesses = np.empty((2, N_BLOCKS)), np.empty((2, N_BLOCKS))
    for k, (place, share) in enumerate(zip(places, shares, strict=True)):
        left = np.maximum(total - np.bincount(place, weights=count, minlength=N_BLOCKS), 0.5)
        beyond = np.maximum(sum_ - np.bincount(place, weights=value, minlength=N_BLOCKS), 1e-9)
        log_rates[k] = np.log(left / np.maximum(made * (1 - share), 1.0))
        excesses[k] = beyond / left
    return TailMean(
        at=float(levels[at]), log_rate=float(np.log(total / made)), excess=sum_ / total, log_rates=log_rates,
        excesses=excesses, exceed=total,
    )  # fmt: skip


def upper_bound(tail: TailMean, gallery: float, threshold: float, level: float = 0.95) -> float:
    """One-sided upper limit of FPIR(N, t), for any tail whose hazard does not fall beyond the level.

    FPIR <= 1 - exp(-N FMR(u) exp(-(t - u) / e(u))), e the mean excess at u: by Jensen's inequality over probes,
    and because an increasing hazard falls off no slower than an exponential of its mean excess. Below u it is 1; it is
    never below `LEAST_BOUND`, however far beyond every score the threshold lies.
    """
    if threshold < tail.at:
        return 1.0
    ahead = threshold - tail.at
    value = tail.log_rate - ahead / tail.excess
    left_out = tail.log_rates - ahead / tail.excesses
    spread = left_out_variance(left_out)
    high = value + float(stdtrit(N_BLOCKS - 1, level)) * float(np.sqrt(spread))
    return max(LEAST_BOUND, float(-np.expm1(-gallery * np.exp(min(high, 0.0)))))


def hazard_assumed(tail: TailMean) -> str:
    """What `upper_bound` takes for granted, in words for whoever reads the bound."""
    return (
        f"beyond a score of {tail.at:.6g} comparisons of two people thin out at least as fast as an exponential of the "
        "mean excess there (the hazard of scores does not fall)"
    )


def naive_binomial(
    test: TestCounts, tail: TailMean, gallery: float, threshold: float, level: float = 0.95
) -> tuple[float, float, float]:
    """What 1 - (1 - FMR)^N gives, comparisons taken as independent: estimate and limits.

    FMR beyond the level of `tail` is extrapolated exponentially; below it, counted. It is shown beside the projection
    because it is what is usually done; it does not hold its level (see docs/projection-study.md).
    """
    z = float(ndtri(0.5 + level / 2))
    if threshold >= tail.at:
        ahead = (threshold - tail.at) / tail.excess
        log_rate, sd = tail.log_rate - ahead, np.sqrt((1 + ahead**2) / tail.exceed)
    else:
        at = int(np.searchsorted(test.levels, threshold, side="right")) - 1
        exceed = float(test.exceed_at[max(at, 0)])
        log_rate, sd = float(np.log(exceed / test.comparisons.sum())), 1 / np.sqrt(max(exceed, 1.0))
    value, lo, hi = (float(-np.expm1(gallery * np.log1p(-np.exp(min(log_rate + k * sd, -1e-9))))) for k in (0.0, -z, z))
    return value, lo, hi
