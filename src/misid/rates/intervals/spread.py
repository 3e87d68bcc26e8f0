"""How much people, not trials, add to the variance, and how that grows as errors become rare."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Slopes:
    """Slopes b of ``log(1 + people c) = b (-log rate)``, each fitted over the errors commoner than some rate."""

    rates: Floats
    """Of the levels that can be fitted, falling; (p,)."""
    slopes: Floats
    """Fitted over the first 1, 2, ... p of them; (p,)."""

    def at(self, rate: Floats) -> Floats:
        """The slope over levels with a rate above `rate`, (k,); if that is commoner than any, over the four commonest.

        NaN where no level has enough exceedances.
        """
        if not len(self.rates):
            return np.full(np.shape(rate), np.nan)
        above = np.searchsorted(-self.rates, -rate, side="left")
        return np.asarray(self.slopes[np.where(above > 0, above, min(4, len(self.rates))) - 1])


def fitted_slopes(c: Floats, rate: Floats, exceed: Floats, people: float) -> Slopes:
    """Slopes through the origin, from spread, rate and exceedances at ascending levels, (n_levels,).

    Of the levels in a fit those count that are nearest to the rates of the grid.
    """
    usable = np.flatnonzero((exceed >= MIN_EXCEEDANCES) & (rate > 0) & (rate < 10**-1.25))
    c, rate, exceed = c[usable], rate[usable], exceed[usable]
    if not len(usable):
        return Slopes(rates=rate, slopes=rate)
    log_rate = np.log10(rate)[:, None]
    # A row for every number of levels in a fit: which of them is nearest to each rate of the grid.
    apart = np.abs(log_rate - _GRID)
    nearer = np.vstack([np.ones((1, len(_GRID)), dtype=bool), apart[1:] < np.minimum.accumulate(apart)[:-1]])
    nearest = np.maximum.accumulate(np.where(nearer, np.arange(len(usable))[:, None], 0))
    reached = np.greater_equal(_GRID, log_rate - 0.125)
    once = np.hstack([reached[:, :1], reached[:, 1:] & (np.diff(nearest) != 0)])
    x, y = -np.log(rate), np.log1p(people * c)
    w = np.sqrt(np.minimum(exceed, 20 * people))
    xy, xx = (np.where(once, v[nearest], 0.0).sum(axis=1) for v in (w * x * y, w * x * x))
    # Where no rate of the grid is reached the last level stands alone.
    fitted = np.divide(xy, xx, out=y / x, where=reached[:, 0])
    return Slopes(rates=rate, slopes=np.maximum(fitted, 0.0))


def smooth_c(slope: Floats, rate: Floats, people: float) -> Floats:
    """Squared coefficient of variation that the fitted slope gives at `rate`."""
    return np.asarray(np.expm1(slope * -np.log(np.minimum(rate, 1.0))) / people)


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
