"""How unequal a few noisy rates are: statistics, their bias and their limits. Arrays in, numbers out.

Groups are given by the natural log of their rate, ``x`` (g,), and by two standard errors of it, ``below`` and
``above``: the distances from ``x`` to the logs of its limits over the normal quantile. Limits of differences
are put together from these (MOVER: Zou and Donner 2008).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from misid.tally.model import Floats

DRAWS = 1000


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Log rates of groups with their errors; every field (g,)."""

    x: Floats
    below: Floats
    above: Floats

    @property
    def error(self) -> Floats:
        return (self.below + self.above) / 2

    @property
    def rate(self) -> Floats:
        return np.exp(self.x)


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A statistic: as it is, corrected for bias, and its limits."""

    plain: float
    estimate: float
    lo: float
    hi: float


def normal_draws(n_groups: int) -> Floats:
    """The same standard normal draws every time, each with its mirror image, (DRAWS, n_groups).

    The mirror images keep chance out of the mean of a convex statistic: its bias is never seen negative.
    """
    half = np.random.default_rng([2022, n_groups]).standard_normal((DRAWS // 2, n_groups))
    return np.concatenate([half, -half])


def gini(rates: Floats) -> Floats:
    """Gini coefficient over the last axis, times g / (g - 1) so that 1 can be reached: in [0, 1].

    >>> float(gini(np.array([0.0, 0.0, 3.0])))
    1.0
    """
    g = rates.shape[-1]
    ranked = np.sort(rates, axis=-1)
    weight = 2.0 * np.arange(1, g + 1) - g - 1
    total = ranked @ np.ones(g)
    return np.asarray(ranked @ weight / (g * total) * (g / (g - 1)))


def _holding(*, plain: float, estimate: float, lo: float, hi: float) -> Spread:
    """A spread whose limits hold its estimate.

    Limits are those of the plain value; what is taken off for the bias of a maximum of noisy rates can lead beyond.
    """
    return Spread(plain=plain, estimate=estimate, lo=min(lo, estimate), hi=max(hi, estimate))


def likely_truth(groups: Groups) -> Floats:
    """Log rates drawn together as far as their errors explain their spread, none by more than its own error.

    The bias of a maximum depends on how far the true rates are apart, and observed rates are further apart
    than true ones (Efron and Morris's limited translation).
    """
    weight = 1 / groups.error**2
    mean = float(np.average(groups.x, weights=weight))
    excess = float(np.sum((groups.x - mean) ** 2 * weight)) / (len(groups.x) - 1)
    kept = np.sqrt(max(0.0, 1 - 1 / excess)) if excess > 0 else 0.0
    return np.asarray(groups.x - np.clip((1 - kept) * (groups.x - mean), -groups.error, groups.error))


def max_over_min(groups: Groups, tail: float) -> Spread:
    """log of largest rate / smallest rate.

    The lower limit holds for all pairs at once (Bonferroni); the upper one is the largest upper limit of any
    pair, of which the true pair is one. Together they cover at least ``1 - 2 tail``.
    """
    plain = float(np.ptp(groups.x))
    drawn = _drawn(groups)
    bias = float(np.ptp(drawn[1], axis=1).mean() - np.ptp(drawn[0]))
    difference = groups.x[:, None] - groups.x
    low = np.hypot(groups.below[:, None], groups.above)
    high = np.hypot(groups.above[:, None], groups.below)
    apart = ~np.eye(len(groups.x), dtype=bool)
    pairs = int(apart.sum())
    lo = float((difference + ndtri(tail / pairs) * low)[apart].max())
    hi = float((difference - ndtri(tail) * high)[apart].max())
    return _holding(plain=plain, estimate=max(0.0, plain - bias), lo=max(0.0, lo), hi=max(0.0, hi))


def max_over_geomean(groups: Groups, tail: float) -> Spread:
    """log of largest rate / geometric mean of all; limits as in `max_over_min`, over groups."""
    g = len(groups.x)
    from_mean = groups.x - groups.x.mean()
    plain = float(from_mean.max())
    truth, drawn = _drawn(groups)
    bias = float((drawn.max(axis=1) - drawn.mean(axis=1)).mean() - (truth.max() - truth.mean()))
    own = 1 - 1 / g
    low = np.sqrt((own * groups.below) ** 2 + (np.sum(groups.above**2) - groups.above**2) / g**2)
    high = np.sqrt((own * groups.above) ** 2 + (np.sum(groups.below**2) - groups.below**2) / g**2)
    lo = float((from_mean + ndtri(tail / g) * low).max())
    hi = float((from_mean - ndtri(tail) * high).max())
    return _holding(plain=plain, estimate=max(0.0, plain - bias), lo=max(0.0, lo), hi=max(0.0, hi))


def gini_spread(groups: Groups, tail: float) -> Spread:
    """Gini coefficient of the rates.

    Lower limit: what is left after the Gini that equal rates would show by chance (the numerator is subadditive).
    Upper limit: the delta method at the observed order.
    """
    g = len(groups.x)
    plain = float(gini(groups.rate))
    truth, drawn = _drawn_rates(groups)
    bias = float(gini(drawn).mean() - gini(truth))
    chance = gini(np.exp(groups.error * normal_draws(g)))
    rate = groups.rate
    weight = np.empty(g)
    weight[np.argsort(rate)] = 2.0 * np.arange(1, g + 1) - g - 1
    slope = (weight / (g * (g - 1)) - plain / g) / rate.mean()
    wide = float(np.sqrt(np.sum((slope * rate * np.where(slope > 0, groups.above, groups.below)) ** 2)))
    return _holding(
        plain=plain,
        estimate=float(np.clip(plain - bias, 0.0, 1.0)),
        lo=max(0.0, plain - float(np.quantile(chance, 1 - tail))),
        hi=min(1.0, plain - float(ndtri(tail)) * wide),
    )


def largest_difference(groups: Groups, tail: float) -> Spread:
    """Largest difference of two rates, on the scale of the rates; limits as in `max_over_min`."""
    rate = groups.rate
    plain = float(np.ptp(rate))
    truth, drawn = _drawn_rates(groups)
    bias = float(np.ptp(drawn, axis=1).mean() - np.ptp(truth))
    apart = ~np.eye(len(rate), dtype=bool)
    difference = rate[:, None] - rate

    def sides(z: float) -> tuple[Floats, Floats]:
        return rate - np.exp(groups.x - z * groups.below), np.minimum(np.exp(groups.x + z * groups.above), 1.0) - rate

    down, up = sides(float(-ndtri(tail / int(apart.sum()))))
    lo = float((difference - np.hypot(down[:, None], up))[apart].max())
    down, up = sides(float(-ndtri(tail)))
    hi = float((difference + np.hypot(up[:, None], down))[apart].max())
    return _holding(plain=plain, estimate=float(np.clip(plain - bias, 0, 1)), lo=max(0.0, lo), hi=min(1.0, hi))


def weighted(first: Spread, second: Spread, share: float) -> Spread:
    """``share * first + (1 - share) * second`` of two spreads from different comparisons, each in [0, 1].

    Chance does not push both to their limits at once, so distances to limits are added as the sides of a right angle.
    A limit at 0 or 1 says not how far it would have gone: there the limits themselves are added, which is never too
    narrow (two statistics of which neither excludes 0 do not exclude it together).
    """
    a, b = share, 1 - share
    plain = a * first.plain + b * second.plain
    estimate = a * first.estimate + b * second.estimate
    down = float(np.hypot(a * (first.plain - first.lo), b * (second.plain - second.lo)))
    up = float(np.hypot(a * (first.hi - first.plain), b * (second.hi - second.plain)))
    lo = plain - down if first.lo > 0 and second.lo > 0 else a * first.lo + b * second.lo
    hi = plain + up if first.hi < 1 and second.hi < 1 else a * first.hi + b * second.hi
    return _holding(plain=plain, estimate=estimate, lo=max(0.0, lo), hi=min(1.0, hi))


def log_ratio(groups: Groups, of: int, to: int, tail: float) -> tuple[float, float, float, float]:
    """log of one rate over another: value, limits, and the two-sided p-value of their being equal."""
    value = float(groups.x[of] - groups.x[to])
    low = float(np.hypot(groups.below[of], groups.above[to]))
    high = float(np.hypot(groups.above[of], groups.below[to]))
    z = float(ndtri(1 - tail))
    p = 2 * float(ndtr(-abs(value) / (low if value > 0 else high)))
    return value, value - z * low, value + z * high, min(1.0, p)


def holm(p: list[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p)), key=p.__getitem__)
    adjusted = [1.0] * len(p)
    worst = 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, (len(p) - place) * p[index]))
        adjusted[index] = worst
    return adjusted


def _drawn(groups: Groups) -> tuple[Floats, Floats]:
    truth = likely_truth(groups)
    return truth, truth + groups.error * normal_draws(len(groups.x))


def _drawn_rates(groups: Groups) -> tuple[Floats, Floats]:
    truth, drawn = _drawn(groups)
    # The mean of a log-normal is above its median; rates are drawn around their value.
    return np.exp(truth), np.exp(drawn - groups.error**2 / 2)
