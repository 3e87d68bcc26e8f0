"""Draws of a number into what is said of it: middle, limits, and limits with chance."""

from __future__ import annotations

import numpy as np

from misid.encounter.model import PER, Estimate, Unit
from misid.encounter.spread import spread
from misid.tally.model import Floats

CHANCE_DRAWS = 2048
"""Draws for limits with chance: the first of a Sobol sequence, which fill the space as evenly as all of them."""


def estimate(
    draws: Floats, *, unit: Unit, level: float, reason: str = "", middle: float | None = None, seed: int | None = None
) -> Estimate:
    """An `Estimate` from its draws.

    Parameters
    ----------
    draws : (n,) float
        (1,) where every parameter is fixed. NaN where a draw has no value.
    unit : str
        People are per `PER` scans.
    reason : str
        Said where no draw has a value.
    middle : float, optional
        The value with every parameter at its median.
    seed : int, optional
        Of chance; given for counts of people only, which then have limits with chance.

    Examples
    --------
    >>> found = estimate(np.array([90.0, 100.0, 110.0]), unit="people", level=0.95, seed=1)
    >>> found.value, found.lo, found.hi
    (100.0, 90.5, 109.5)
    """
    known = draws[np.isfinite(draws)] if not np.isfinite(draws).all() else draws
    if not known.size:
        return Estimate(value=None, lo=None, hi=None, level=level, unit=unit, reason=reason or "no draw has a value")
    tail = (1 - level) / 2
    if known.size == 1:
        lo = value = hi = float(known[0])
    else:
        lo, value, hi = (float(each) for each in np.quantile(known, [tail, 0.5, 1 - tail]))
    chance_lo = chance_hi = None
    if seed is not None and unit == "people":
        both = spread(known[:CHANCE_DRAWS] / PER, PER, seed=seed, level=level).both
        chance_lo, chance_hi = (None, None) if both is None else (float(both[0]), float(both[1]))
    if middle is not None and not np.isfinite(middle):
        middle = None
    return Estimate(
        value=value, lo=lo, hi=hi, chance_lo=chance_lo, chance_hi=chance_hi, mean=float(known.mean()), middle=middle,
        level=level, unit=unit,
    )  # fmt: skip
