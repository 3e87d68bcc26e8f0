"""Exact limits of three counting models, by inverting their distribution functions.

`tail` is the probability left out on one side. Counts may be fractional: a count divided by the number
of trials that come together.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, expm1, inf, log, log1p

import numpy as np
from scipy.special import betainc, betaincinv, gammaincinv, ndtr

_Z = np.linspace(-5, 5, 101)
_QUANTILES = ndtr(_Z)
_WEIGHTS = np.exp(-_Z * _Z / 2) / np.exp(-_Z * _Z / 2).sum()
_HARDLY_SHARED = 1e-9
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
    # Quantiles of G as nodes: no overflow however small or large c is.
    nodes = gammaincinv(1 / c, _QUANTILES) * c
    nodes /= _WEIGHTS @ nodes

    def below(h: float, k: float) -> float:
        """P(count <= k)."""
        return float(betainc(trials - k, k + 1, np.exp(-h * nodes)) @ _WEIGHTS)

    def mean(h: float) -> float:
        return -expm1(-log1p(c * h) / c)

    lo, hi = 0.0, 1.0
    if count > 0:
        # P(count >= k) written as 1 - P(count <= k - 1), with a fractional k allowed.
        lo = mean(_solve(lambda h: 1 - below(h, count - 1) - tail, plain[0]))
    if count < trials:
        hi = mean(_solve(lambda h: tail - below(h, count), plain[1]))
    return lo, hi


def _solve(rising: Callable[[float], float], near: float) -> float:
    """Hazard at which a rising function is 0, by the Illinois rule on the log; `near` is a proportion."""
    at = log(-log1p(-min(max(near, 1e-300), 1 - 1e-16)))
    a = b = at
    fa = fb = rising(exp(at))
    step = 0.5
    while fa > 0 and a > -700:
        b, fb = a, fa
        a -= step
        fa, step = rising(exp(a)), 2 * step
    step = 0.5
    while fb < 0 and b < 700:
        a, fa = b, fb
        b += step
        fb, step = rising(exp(b)), 2 * step
    kept = 0
    for _ in range(100):
        if b - a < 1e-7 or fa == fb:
            break
        mid = (a * fb - b * fa) / (fb - fa)
        f = rising(exp(mid))
        if f == 0:
            return exp(mid)
        if f < 0:
            a, fa = mid, f
            fb = fb / 2 if kept < 0 else fb
            kept = -1
        else:
            b, fb = mid, f
            fa = fa / 2 if kept > 0 else fa
            kept = 1
    return exp((a + b) / 2)
