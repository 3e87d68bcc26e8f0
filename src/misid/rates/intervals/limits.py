"""Exact limits of three counting models, by inverting their distribution functions.

`tail` is the probability left out on one side. Counts may be fractional: a count divided by the number
of trials that come together.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, expm1, hypot, inf, log, log1p

import numpy as np
from scipy.special import betainc, betaincinv, gammaincinv, ndtr, ndtri

from misid.rates.intervals.model import Floats


def _normal_grid(nodes: int) -> tuple[Floats, Floats]:
    """Probabilities and weights of a trapezoid rule over a normal variable."""
    z = np.linspace(-5, 5, nodes)
    w = np.exp(-z * z / 2)
    return ndtr(z), w / w.sum()


_COARSE, _FINE = _normal_grid(41), _normal_grid(241)
_HARDLY_SHARED = 1e-9
_FAR = 300.0
_ALL_OR_NOTHING = 50.0
_SMALLER = 0.5 ** np.arange(8)


def binomial_limits(count: float, trials: float, tail: float) -> tuple[float, float]:
    """Clopper-Pearson limits of a proportion.

    >>> [round(x, 4) for x in binomial_limits(0, 30, 0.05)]
    [0.0, 0.095]
    """
    lo = float(betaincinv(count, trials - count + 1, tail)) if count > 0 else 0.0
    hi = float(betaincinv(count + 1, trials - count, 1 - tail)) if count < trials else 1.0
    return lo, hi


def gamma_poisson_limits(count: float, exposure: float, c: float, tail: float) -> tuple[float, float]:
    """Limits of a rate whose count is negative binomial: mean ``exposure * rate``, size ``1 / c``.

    `c` is the squared coefficient of variation of what all trials share; 0 gives the Poisson limits.
    With no errors the upper limit is ``(tail**-c - 1) / (c * exposure)``.

    The lower limit falls as c grows only while errors are many: a large c makes few errors likelier at any rate. So
    the least over all smaller c is taken, for c is never known to be as large as assumed.

    >>> round(gamma_poisson_limits(0, 1000, 0.0, 0.05)[1] * 1000, 3)
    2.996
    """
    lo = float(gammaincinv(count, tail)) if count > 0 else 0.0
    if c < _HARDLY_SHARED:
        return lo / exposure, float(gammaincinv(count + 1, 1 - tail)) / exposure
    if count > 0:
        sizes = 1 / (c * _SMALLER)
        shares = betaincinv(count, sizes, tail)
        lo = min(
            lo, float(np.divide(sizes * shares, 1 - shares, out=np.full(shares.shape, inf), where=shares < 1).min())
        )
    y = float(betaincinv(count + 1, 1 / c, 1 - tail))
    return lo / exposure, (y / (1 - y) / c / exposure if y < 1 else inf)


def shared_binomial_limits(count: float, trials: float, c: float, tail: float) -> tuple[float, float]:
    """Limits of a proportion whose trials share one gamma effect on the hazard.

    Given G, gamma with mean 1 and variance `c`, each trial hits with probability ``1 - exp(-h G)``; the
    proportion is the mean over G, ``1 - (1 + c h)**(-1/c)``. For few hits this is the negative binomial
    model, for c = 0 it is Clopper-Pearson.

    >>> [round(x, 4) for x in shared_binomial_limits(10, 100, 0.1, 0.025)]
    [0.0415, 0.2429]
    """
    plain = binomial_limits(count, trials, tail)
    if c < _HARDLY_SHARED:
        return plain
    if c > _ALL_OR_NOTHING:
        # Then either all trials hit or none does, and a test is one trial.
        return (min(plain[0], tail) if count > 0 else 0.0), 1.0
    # The distribution of the count is smooth over the nodes only if the nodes are closer than its own spread.
    share = min(max(count, 0.5), trials - 0.5) / trials
    own = (1 - share) / (share * trials)
    quantiles, weights = _COARSE if c < 4 * own else _FINE
    # Quantiles of G as nodes: no overflow however small or large c is.
    nodes = gammaincinv(1 / c, quantiles) * c
    nodes /= weights @ nodes

    def below(log_h: float, k: float) -> float:
        """P(count <= k)."""
        return float(betainc(trials - k, k + 1, np.exp(-exp(log_h) * nodes)) @ weights)

    def mean(log_h: float) -> float:
        return -expm1(-log1p(c * exp(log_h)) / c) if log_h < inf else 1.0

    # Both spreads together, on the log of the hazard, say about where the limits are.
    z = -float(ndtri(tail))
    more = hypot(1, c**0.5 / own**0.5) - 1
    lo, hi = 0.0, 1.0
    if count > 0:
        # P(count >= k) is 1 - P(count <= k - 1), with a fractional k allowed.
        start = _log_hazard(plain[0]) - z * own**0.5 * more
        lo = min(plain[0], mean(_solve(lambda x: 1 - below(x, count - 1) - tail, start)))
    if count < trials:
        start = _log_hazard(plain[1]) + z * own**0.5 * more
        hi = max(plain[1], mean(_solve(lambda x: tail - below(x, count), start)))
    return lo, hi


def _log_hazard(share: float) -> float:
    return log(-log1p(-min(max(share, 1e-300), 1 - 1e-16)))


def _solve(rising: Callable[[float], float], near: float) -> float:
    """Where a rising function is 0, by the Illinois rule, from a bracket around `near`; infinite if nowhere."""
    a = b = near = min(max(near, -_FAR), _FAR)
    fa = fb = rising(near)
    step = 0.05
    while fa > 0 and a > -_FAR:
        b, fb = a, fa
        a = max(a - step, -_FAR)
        fa, step = rising(a), 3 * step
    step = 0.05
    while fb < 0 and b < _FAR:
        a, fa = b, fb
        b = min(b + step, _FAR)
        fb, step = rising(b), 3 * step
    if fb < 0:
        return inf
    kept = 0
    for _ in range(100):
        if b - a < 1e-6 or fa == fb:
            break
        mid = (a * fb - b * fa) / (fb - fa)
        f = rising(mid)
        if abs(f) < 1e-6:
            return mid
        if f < 0:
            a, fa = mid, f
            fb = fb / 2 if kept < 0 else fb
            kept = -1
        else:
            b, fb = mid, f
            fa = fa / 2 if kept > 0 else fa
            kept = 1
    return (a + b) / 2
