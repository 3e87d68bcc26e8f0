"""What is usually done, to be shown beside: counts added up, units taken as all alike, FPIR taken as linear in N."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log1p

from scipy.special import betainc, gammaln

from misid.tally.model import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class PlainCount:
    """Limits of a count from one rate for all units.

    The rate has the gamma distribution of Jeffreys' prior, so that the count is negative binomial with `shape`
    events (and a half) behind it in `exposure`, the exposure ahead being 1.
    """

    lo: int
    hi: int
    shape: float
    exposure: float


def plain_count(
    count: Ints, exposure: Floats, ahead: float, ratio: Floats | None = None, level: float = 0.95
) -> PlainCount:
    """The usual prediction of a count.

    Parameters
    ----------
    count, exposure : (k,)
        Of the units before.
    ahead : float
        Exposure of the next unit, above 0.
    ratio : (k,), optional
        The next unit's gallery over each unit's own.
    level : float

    Examples
    --------
    >>> import numpy as np
    >>> made = plain_count(np.array([4, 6, 5, 5]), np.full(4, 100.0), 100.0)
    >>> made.lo, made.hi
    (1, 11)
    """
    before = float((exposure if ratio is None else exposure / ratio).sum())
    shape, rest = float(count.sum()) + 0.5, before / ahead
    tail = (1 - level) / 2
    return PlainCount(lo=_at(shape, rest, tail), hi=_at(shape, rest, 1 - tail), shape=shape, exposure=rest)


def plain_log_probability(shape: float, exposure: float, count: int) -> float:
    """Natural log of the negative binomial probability of a count."""
    made = float(gammaln(count + shape) - gammaln(shape) - gammaln(count + 1))
    return made + shape * (log(exposure) - log1p(exposure)) - count * log1p(exposure)


def _at(shape: float, exposure: float, share: float) -> int:
    kept = exposure / (1 + exposure)
    low, high = -1, 1
    while _below(high, shape, kept) < share:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _below(middle, shape, kept) >= share else (middle, high)
    return high


def _below(count: int, shape: float, kept: float) -> float:
    """P(at most so many); the incomplete beta function, for a shape that is not whole."""
    return float(betainc(shape, count + 1, kept))
