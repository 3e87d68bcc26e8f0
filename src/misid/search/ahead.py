"""What the next unit (a deployment, a month) will count, from units before it.

Given its rate, the next count is Poisson; the rate is that of one more site (`misid.search.sites`). An interval holds
the count itself, not only the rate behind it. The unit that is predicted is of the kind that was seen: months are
predicted from months, so that whatever changes from month to month is among the differences between sites.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from scipy.special import betaincinv, gammaln, pdtr, stdtrit

from misid.ground.errors import UsageError
from misid.search.growth import FLAT_TO_LINEAR
from misid.search.sites import next_rates
from misid.search.span import Span
from misid.tally.model import Floats, Ints

KEPT_STEPS = 25
EXPECTED = 200
"""Poisson means that a distribution of counts is kept as."""

_GROWTH_STEPS = 3
_LARGEST = 10**12


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Of `of` false positives at one threshold, `kept` are left at a higher one, in the same searches."""

    kept: int
    of: int

    def shares(self) -> tuple[Floats, Floats, Floats]:
        """The share that is left as equally likely values, for a lower limit, the middle and an upper limit.

        Exact (Clopper-Pearson) limits are quantiles of the first and the last.
        """
        if not 0 <= self.kept <= self.of:
            raise UsageError(f"{self.kept} of {self.of} false positives", remedy="at most all of them are left")
        at = (np.arange(KEPT_STEPS) + 0.5) / KEPT_STEPS
        k, n = self.kept, self.of
        low = betaincinv(k, n - k + 1, at) if k else np.zeros(KEPT_STEPS)
        high = betaincinv(k + 1, n - k, at) if k < n else np.ones(KEPT_STEPS)
        return low, betaincinv(k + 0.5, n - k + 0.5, at), high


@dataclass(frozen=True, kw_only=True)
class CountAhead:
    """The next unit's count.

    Attributes
    ----------
    lo, hi : int
        Two-sided limits of the count; `bound` is the one-sided upper one.
    middle : int
        Median.
    expected : (m,) float
        Equally likely Poisson means, ascending: with them every count has a probability.
    """

    lo: int
    middle: int
    hi: int
    bound: int
    expected: Floats


def count_ahead(
    count: Ints,
    exposure: Floats,
    ahead: float,
    *,
    ratio: Floats | None = None,
    growth: Span = FLAT_TO_LINEAR,
    kept: Kept | None = None,
    level: float = 0.95,
) -> CountAhead:
    """Limits and distribution of the next unit's count.

    Parameters
    ----------
    count, exposure : (k,)
        Of the units before, k >= 1.
    ahead : float
        Exposure of the next unit, above 0.
    ratio : (k,), optional
        The next unit's gallery over each unit's own; limits are the widest over b in `growth`.
    kept : Kept, optional
        Where the next unit's threshold is higher than theirs.
    level : float

    Examples
    --------
    >>> steady = count_ahead(np.array([4, 6, 5, 5]), np.full(4, 100.0), 100.0)
    >>> steady.lo <= 5 <= steady.hi, round(float(np.exp(log_probability(steady.expected, 5))), 2)
    (True, 0.13)
    """
    tail = (1 - level) / 2
    grows = ratio is not None and not (ratio == 1).all()
    shares = (np.ones(1),) * 3 if kept is None else kept.shares()
    ends: list[tuple[int, int, int, int]] = []
    means: list[Floats] = []
    for b in np.linspace(growth.lo, growth.hi, 1 if growth.is_known or not grows else _GROWTH_STEPS).tolist():
        # A search of another gallery as so many searches of the one ahead.
        here = exposure if ratio is None else exposure / ratio**b
        rates = next_rates(count, here)
        low, middle, high = (
            np.outer(rate, share).ravel() * ahead
            for rate, share in zip((rates.low, rates.middle, rates.high), shares, strict=True)
        )
        ends.append((_at(low, tail), _at(middle, 0.5), _at(high, 1 - tail), _at(high, 1 - 2 * tail)))
        means.append(middle)
    all_means = np.sort(np.concatenate(means))
    lo, hi = min(e[0] for e in ends), max(e[2] for e in ends)
    middle_count = min(max(_at(all_means, 0.5), lo), hi)
    # Of each run of equally many the mean: the mean count stays what it is.
    expected = np.array([part.mean() for part in np.array_split(all_means, EXPECTED)])
    return CountAhead(lo=lo, middle=middle_count, hi=hi, bound=max(e[3] for e in ends), expected=expected)


def log_probability(expected: Floats, count: int) -> float:
    """Natural log of the probability of a count, the Poisson mean being one of `expected` at random.

    >>> round(log_probability(np.array([2.0]), 0), 6)
    -2.0
    """
    means = np.maximum(expected, 1e-300)
    each = count * np.log(means) - means - float(gammaln(count + 1))
    top = float(each.max())
    return top + log(float(np.exp(each - top).mean()))


def _at(means: Floats, share: float) -> int:
    """The smallest count that so large a share does not exceed."""
    low, high = -1, 1
    while float(pdtr(high, means).mean()) < share and high < _LARGEST:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if float(pdtr(middle, means).mean()) >= share else (middle, high)
    return high


@dataclass(frozen=True, kw_only=True)
class ValueAhead:
    """One more value of a kind whose logs are normal: limits, and the t distribution of its log."""

    lo: float
    middle: float
    hi: float
    location: float
    scale: float
    freedom: int

    def times(self, factor: float) -> ValueAhead:
        """The same of a multiple."""
        return ValueAhead(
            lo=self.lo * factor, middle=self.middle * factor, hi=self.hi * factor, scale=self.scale,
            location=self.location + log(factor), freedom=self.freedom,
        )  # fmt: skip

    def log_density(self, value: float) -> float:
        """Natural log of the density of log(value)."""
        v, z = self.freedom, (log(value) - self.location) / self.scale
        top = float(gammaln((v + 1) / 2) - gammaln(v / 2)) - 0.5 * log(v * np.pi) - log(self.scale)
        return top - (v + 1) / 2 * float(np.log1p(z * z / v))


def value_ahead(values: Sequence[float], level: float = 0.95) -> ValueAhead:
    """One more value like these: their logs taken as normal, with Student's t for a mean and a spread not known.

    Parameters
    ----------
    values : (k,)
        k >= 3, above 0.

    Examples
    --------
    >>> ahead = value_ahead([1.0, 2.0, 4.0, 2.0])
    >>> round(ahead.lo, 2), round(ahead.middle, 2), round(ahead.hi, 2)
    (0.27, 2.0, 14.98)
    """
    logs = np.log(np.asarray(values, dtype=np.float64))
    if len(logs) < 3 or not np.isfinite(logs).all() or float(logs.std()) == 0:
        raise UsageError(f"{len(logs)} values to learn from", remedy="three or more that are above 0 and not alike")
    location, scale = float(logs.mean()), float(logs.std(ddof=1)) * float(np.sqrt(1 + 1 / len(logs)))
    half = float(stdtrit(len(logs) - 1, 0.5 + level / 2)) * scale
    return ValueAhead(
        lo=exp(location - half), middle=exp(location), hi=exp(location + half), location=location, scale=scale,
        freedom=len(logs) - 1,
    )  # fmt: skip
