"""How much people, not trials, add to the variance, and how that grows as errors become rare."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaincinv

from misid.rates.intervals.model import Floats

MIN_EXCEEDANCES = 50
"""A level with fewer says too little of the spread to be fitted."""

MANY_PEOPLE = 100
"""From here on the spread among people is taken as it is seen."""

_GRID = -np.arange(1.5, 9, 0.25)
"""log10 of the rates whose nearest levels are fitted: close levels would count the same comparisons twice."""

DEFAULT_SLOPE = 0.6
"""Slope where nothing can be fitted; about what a mixture of good and bad photographs shows (docs/coverage.md)."""


def smooth_slope(c: Floats, rate: Floats, exceed: Floats, people: float, commoner: float) -> float | None:
    """Slope b of ``log(1 + people c) = b (-log rate)``, fitted through the origin over commoner errors.

    `c`, `rate`, `exceed` are (n_levels,), levels ascending. Fitted are levels with a rate above `commoner`; if that is
    itself commoner than any level, the four commonest. None where no level has enough exceedances.
    """
    usable = np.flatnonzero((exceed >= MIN_EXCEEDANCES) & (rate > 0) & (rate < 10**-1.25))
    above = usable[rate[usable] > commoner]
    usable = above if len(above) else usable[:4]
    if not len(usable):
        return None
    log_rate = np.log10(rate[usable])
    grid = _GRID[np.greater_equal(_GRID, log_rate.min() - 0.125)]
    chosen = np.unique(usable[np.abs(log_rate[:, None] - grid).argmin(axis=0)]) if len(grid) else usable[-1:]
    x = -np.log(rate[chosen])
    y = np.log1p(people * c[chosen])
    w = np.sqrt(np.minimum(exceed[chosen], 20 * people))
    return max(0.0, float((w * x * y).sum() / (w * x * x).sum()))


def smooth_c(slope: float, rate: float, people: float) -> float:
    """Squared coefficient of variation that the fitted slope gives at `rate`."""
    return float(np.expm1(slope * -np.log(min(rate, 1.0))) / people)


def few_people_factor(people: int) -> float:
    """Factor on a variance seen among few people (2 or more); 1 from 100 on.

    For 10 people the variance is taken so large that one normal sample in 500 shows as little. People who differ are
    not normal, and the few who make most errors are often not among few: chosen by measuring (docs/coverage.md).
    """
    if people >= MANY_PEOPLE:
        return 1.0
    df = people - 1
    whole = df / (2 * float(gammaincinv(df / 2, 0.002)))
    return 1 + (whole - 1) * (1 - people / MANY_PEOPLE)
