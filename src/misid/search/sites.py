"""What several sites say of the next one: Poisson counts whose rates vary log-normally between sites.

Site i has rate exp(mu + sigma z_i), z_i standard normal, and count ~ Poisson(exposure_i * rate_i). The likelihood
of (mu, sigma), the z integrated out, is computed on a grid, with no approximation but the
grid's.

Limits follow the rule of exact Poisson limits, which are quantiles of two gamma distributions, one for each side:
flat prior in mu for the lower limit, flat in exp(mu) for the upper one. With sigma = 0 they are the exact limits
themselves. sigma has a half-Cauchy prior of scale `SIGMA_SCALE`, cut at `SIGMA_MOST`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtri

from misid.tally.model import Floats, Ints

SIGMA_SCALE = 1.0
"""A spread of 1 is a factor of 50 between the 2.5 and the 97.5 % sites: more than the deployments we know show."""

SIGMA_MOST = 3.0

_STEP = 0.01
"""Of the grid of log rates."""

_MOST_COUNT = 400
"""Larger counts are taken as so many in as much less exposure: their 5 % error is nothing beside other sites'."""

_ONE_STEPS = 60
"""Of the rate of a single site, and of what sites differ by."""

_FLOOR = 1e-13
"""Likelihoods below this part of a site's largest are noise of the transform."""

_SIGMAS = np.geomspace(0.02, SIGMA_MOST, 30)
_SIGMA_PRIOR = np.gradient(_SIGMAS) / (1 + (_SIGMAS / SIGMA_SCALE) ** 2)

LOWER, MIDDLE, UPPER = 0.0, 0.5, 1.0
"""Powers of the prior exp(power mu): flat in mu for a lower limit, half-way, flat in exp(mu) for an upper one."""


def poisson_limits(count: float, exposure: float, tail: float) -> tuple[float, float]:
    """Exact (Garwood) limits of a rate, `tail` left out on each side.

    >>> [round(x, 3) for x in poisson_limits(0, 1.0, 0.05)], [round(x, 2) for x in poisson_limits(7, 1.0, 0.025)]
    ([0.0, 2.996], [2.81, 14.42])
    """
    lo = float(gammaincinv(count, tail)) / exposure if count > 0 else 0.0
    return lo, float(gammaincinv(count + 1, 1 - tail)) / exposure


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """Limits of rates over sites.

    `typical` is the median site's rate (lo, middle, hi), `following` the next site's; `spread` the middle of sigma.
    Limits leave out `tail` on each side, the bounds from above twice that on theirs.
    """

    typical: tuple[float, float, float]
    following: tuple[float, float, float]
    typical_bound: float
    following_bound: float
    spread: float


def pool_sites(count: Ints, exposure: Floats, tail: float) -> Pooled:
    """Limits of the typical and of the next site's rate.

    Parameters
    ----------
    count, exposure : (k,)
        Of each site, k >= 2; counts are not all 0 where lower limits are wanted (they are 0 then).
    tail : float
        Left out on each side.

    Examples
    --------
    >>> same = pool_sites(np.array([9, 11, 10, 10]), np.full(4, 1000.0), 0.025)
    >>> same.following[0] < same.typical[0] < 0.01 < same.typical[2] < same.following[2]
    True
    """
    grid = _Grid.of(count, exposure)
    log_likelihood = grid.log_likelihood()
    typical, following, spread = [], [], 0.0
    for power, share in ((LOWER, tail), (MIDDLE, 0.5), (UPPER, 1 - tail), (UPPER, 1 - 2 * tail)):
        weight = grid.weight(log_likelihood, power)
        typical.append(_quantile(weight.sum(axis=0), grid.x, share))
        following.append(_quantile(grid.spread_out(weight), grid.x, share))
        if power == MIDDLE:
            spread = _quantile(weight.sum(axis=1), _SIGMAS, 0.5, log_scale=False)
    if not count.any():
        typical[0] = following[0] = 0.0
    return Pooled(
        typical=_ordered(typical[:3]), following=_ordered(following[:3]), typical_bound=typical[3],
        following_bound=following[3], spread=spread,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class NextRates:
    """The next site's rate as equally likely values, ascending, (size,) each: to be used for a lower limit, for the
    middle and probabilities, and for an upper limit."""

    low: Floats
    middle: Floats
    high: Floats


def next_rates(count: Ints, exposure: Floats, size: int = 400) -> NextRates:
    """The next site's rate; one site may be all that is known.

    Parameters
    ----------
    count, exposure : (k,)
        Of each site, k >= 1. Of one site nothing is learnt about how sites differ: the prior of sigma stands for it.
    size : int
        How many equally likely values.

    Examples
    --------
    >>> one = next_rates(np.array([10]), np.array([1000.0]))
    >>> round(float(np.median(one.middle)), 3), bool(one.high[-10] < 0.1)
    (0.01, False)
    """
    shares = (np.arange(size) + 0.5) / size
    if len(count) == 1:
        found = [_from_one(float(count[0]), float(exposure[0]), power, shares) for power in (LOWER, MIDDLE, UPPER)]
        return NextRates(low=found[0], middle=found[1], high=found[2])
    grid = _Grid.of(count, exposure)
    log_likelihood = grid.log_likelihood()
    found = []
    for power in (LOWER, MIDDLE, UPPER):
        weight = grid.spread_out(grid.weight(log_likelihood, power))
        place = (np.cumsum(weight) - weight / 2) / weight.sum()
        found.append(np.exp(np.interp(shares, place, grid.x)))
    low = found[0] if count.any() else np.zeros(size)
    return NextRates(low=low, middle=found[1], high=found[2])


def _from_one(count: float, exposure: float, power: float, shares: Floats) -> Floats:
    """Quantiles of the next site's rate where one is known: its own rate, whose exact limits are quantiles of
    gamma(count + power), times what two sites differ by, exp(sigma (z - z')), sigma from its prior."""
    if count + power == 0:
        return np.zeros(len(shares))
    at = (np.arange(_ONE_STEPS) + 0.5) / _ONE_STEPS
    own = np.log(np.maximum(gammaincinv(count + power, at), 1e-300) / exposure)
    apart = np.sqrt(2) * np.outer(_SIGMAS, ndtri(at))
    logs = (own[:, None, None] + apart).ravel()
    weight = np.broadcast_to(_SIGMA_PRIOR[None, :, None], (len(own), *apart.shape)).ravel()
    order = np.argsort(logs, kind="stable")
    weight = weight[order]
    return np.asarray(np.exp(np.interp(shares, (np.cumsum(weight) - weight / 2) / weight.sum(), logs[order])))


def _quantile(
    weight: npt.NDArray[np.floating[Any]], x: npt.NDArray[np.floating[Any]], share: float, *, log_scale: bool = True
) -> float:
    value = float(np.interp(share, (np.cumsum(weight) - weight / 2) / weight.sum(), x))
    return float(np.exp(value)) if log_scale else value


def _ordered(values: list[float]) -> tuple[float, float, float]:
    lo, middle, hi = values
    return lo, min(max(middle, lo), hi), max(hi, lo)


class _Grid:
    """Log rates `x` (n,), those that mu may take (`inside`), and each sigma's normal kernel, in frequencies."""

    def __init__(self, count: Floats, exposure: Floats) -> None:
        some = np.maximum(count, 0.5) / exposure
        low, high = float(np.log(some.min())) - 3.0, float(np.log(((count + 3) / exposure).max())) + 3.0
        if not count.any():
            # No lower limit is read off, and the weight of the upper one falls with the rate.
            low = float(np.log(0.5 / exposure.sum())) - 12.0
        n = 1 << int(np.ceil(np.log2((high - low + 8 * SIGMA_MOST) / _STEP)))
        self.x = low - 4 * SIGMA_MOST + _STEP * np.arange(n)
        self.inside = (self.x >= low) & (self.x <= high)
        frequency = 2 * np.pi * np.fft.rfftfreq(n, _STEP)
        self._kernels = np.exp(-0.5 * (_SIGMAS[:, None] * frequency) ** 2)
        # log P(count | rate), each site scaled to its own largest: what is the same everywhere drops out.
        g = count[:, None] * self.x - exposure[:, None] * np.exp(np.minimum(self.x, 700.0))
        self._sites = np.fft.rfft(np.exp(g - g.max(axis=1, keepdims=True)), axis=1)

    @classmethod
    def of(cls, count: Ints, exposure: Floats) -> _Grid:
        shrink = np.minimum(1.0, _MOST_COUNT / np.maximum(count, 1))
        return cls(np.asarray(count * shrink, dtype=np.float64), exposure * shrink)

    def weight(self, log_likelihood: Floats, power: float) -> Floats:
        """Posterior weights of (sigma, mu), (n_sigmas, n), with sum 1; mu has prior exp(power mu)."""
        log_weight = log_likelihood + power * self.x + np.log(_SIGMA_PRIOR)[:, None]
        weight = np.exp(log_weight - log_weight[:, self.inside].max())
        weight[:, ~self.inside] = 0.0
        return np.asarray(weight / weight.sum())

    def log_likelihood(self) -> Floats:
        """Of (sigma, mu), (n_sigmas, n)."""
        n = len(self.x)
        rows = [np.fft.irfft(self._sites * kernel, n, axis=1) for kernel in self._kernels]
        return np.array([np.log(np.maximum(row, _FLOOR)).sum(axis=0) for row in rows])

    def spread_out(self, weight: Floats) -> Floats:
        """Weights of (sigma, mu) to weights of the log rate of one more site, (n,)."""
        mixed = (np.fft.rfft(weight, axis=1) * self._kernels).sum(axis=0)
        return np.maximum(np.fft.irfft(mixed, len(self.x)), 0.0)
