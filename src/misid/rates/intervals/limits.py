"""Exact limits of three counting models, by inverting their distribution functions.

Arguments are numbers or arrays that fit each other, and so is what comes back. `tail` is the probability left out on
one side. Counts may be fractional: a count divided by the number of trials that come together.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv, betaln, gammaincinv, ndtr, ndtri, xlogy

from misid.rates.intervals.inverse import falls_to
from misid.rates.intervals.model import Bools, Floats, Ints

Number = npt.NDArray[np.float64] | float


def _normal_grid(nodes: int) -> tuple[Floats, Floats]:
    """Probabilities and weights of a trapezoid rule over a normal variable."""
    z = np.linspace(-5, 5, nodes)
    w = np.exp(-z * z / 2)
    return ndtr(z), w / w.sum()


_COARSE, _FINE = _normal_grid(41), _normal_grid(241)
_HARDLY_SHARED = 1e-9
_ALL_OR_NOTHING = 50.0
_SMALLER = np.append(0.5 ** np.arange(8), 0.0)


def binomial_lower(count: Number, trials: Number, tail: Number) -> Floats:
    """Clopper-Pearson lower limits of proportions."""
    count = np.asarray(count, dtype=float)
    return np.asarray(np.where(count > 0, betaincinv(count, trials - count + 1, tail), 0.0))


def binomial_upper(count: Number, trials: Number, tail: Number) -> Floats:
    """Clopper-Pearson upper limits of proportions."""
    count = np.asarray(count, dtype=float)
    return np.asarray(np.where(count < trials, betaincinv(count + 1, trials - count, 1 - np.asarray(tail)), 1.0))


def binomial_limits(count: float, trials: float, tail: float) -> tuple[float, float]:
    """Clopper-Pearson limits of one proportion.

    >>> [round(x, 4) for x in binomial_limits(0, 30, 0.05)]
    [0.0, 0.095]
    """
    return float(binomial_lower(count, trials, tail)), float(binomial_upper(count, trials, tail))


def gamma_poisson_lower(count: Number, exposure: Number, c: Number, tail: Number) -> Floats:
    """Lower limits of rates whose counts are negative binomial: mean ``exposure * rate``, size ``1 / c``.

    `c` is the squared coefficient of variation of what all trials share; 0 gives the Poisson limits.

    The limit falls as c grows only while errors are many: a large c makes few errors likelier at any rate. So
    the least over all smaller c is taken, for c is never known to be as large as assumed.
    """
    count, exposure, c, tail = (v[..., None] for v in _together(count, exposure, c, tail))
    return np.asarray(gamma_poisson_lower_at(count, exposure, c * _SMALLER, tail).min(axis=-1))


def gamma_poisson_lower_at(count: Number, exposure: Number, c: Number, tail: Number) -> Floats:
    """Lower limits as in `gamma_poisson_lower` at this very c, not the least over smaller ones."""
    count, exposure, c, tail = _together(count, exposure, c, tail)
    lower = np.zeros(count.shape)
    alone = (count > 0) & (c < _HARDLY_SHARED)
    lower[alone] = gammaincinv(count[alone], tail[alone])
    shared = (count > 0) & (c >= _HARDLY_SHARED)
    lower[shared] = _mean_of(betaincinv(count[shared], 1 / c[shared], tail[shared]), c[shared])
    return np.asarray(lower / exposure)


def gamma_poisson_upper(count: Number, exposure: Number, c: Number, tail: Number) -> Floats:
    """Upper limits of rates whose counts are negative binomial, as in `gamma_poisson_lower`.

    With no errors the limit is ``(tail**-c - 1) / (c * exposure)``.

    >>> round(float(gamma_poisson_upper(0, 1000, 0.0, 0.05)) * 1000, 3)
    2.996
    """
    count, exposure, c, tail = _together(count, exposure, c, tail)
    upper = np.empty(count.shape)
    shared = c >= _HARDLY_SHARED
    upper[~shared] = gammaincinv(count[~shared] + 1, 1 - tail[~shared])
    upper[shared] = _mean_of(betaincinv(count[shared] + 1, 1 / c[shared], 1 - tail[shared]), c[shared])
    return np.asarray(upper / exposure)


def shared_binomial_lower(count: Number, trials: Number, c: Number, tail: Number) -> Floats:
    """Lower limits of proportions whose trials share one gamma effect on the hazard.

    Given G, gamma with mean 1 and variance `c`, each trial hits with probability ``1 - exp(-h G)``; the
    proportion is the mean over G, ``1 - (1 + c h)**(-1/c)``. For few hits this is the negative binomial
    model, for c = 0 it is Clopper-Pearson. Limits are never narrower than those.

    >>> round(float(shared_binomial_lower(10, 100, 0.1, 0.025)), 4)
    0.0415
    """
    count, trials, c, tail = _together(count, trials, c, tail)
    lower = binomial_lower(count, trials, tail)
    # With an effect beyond all measure all trials hit or none does, and a test is one trial.
    lower = np.where((c > _ALL_OR_NOTHING) & (count > 0), np.minimum(lower, tail), lower)
    shared = (c >= _HARDLY_SHARED) & (c <= _ALL_OR_NOTHING) & (count > 0)
    x, n, c, tail, plain = (v[shared] for v in (count, trials, c, tail, lower))
    own = _own_variance(x, n)
    near = _log_hazard(plain) + ndtri(tail) * _wider(own, c)
    # P(count >= x) is 1 - P(count <= x - 1), with a fractional x allowed.
    lower[shared] = np.minimum(plain, _proportion(_log_hazard_at(1 - tail, x - 1, n, c, c < 4 * own, near), c))
    return lower


def shared_binomial_upper(count: Number, trials: Number, c: Number, tail: Number) -> Floats:
    """Upper limits of proportions whose trials share one gamma effect, as in `shared_binomial_lower`.

    >>> round(float(shared_binomial_upper(10, 100, 0.1, 0.025)), 4)
    0.2429
    """
    count, trials, c, tail = _together(count, trials, c, tail)
    upper = np.where(c > _ALL_OR_NOTHING, 1.0, binomial_upper(count, trials, tail))
    shared = (c >= _HARDLY_SHARED) & (c <= _ALL_OR_NOTHING) & (count < trials)
    x, n, c, tail, plain = (v[shared] for v in (count, trials, c, tail, upper))
    own = _own_variance(x, n)
    near = _log_hazard(plain) - ndtri(tail) * _wider(own, c)
    upper[shared] = np.maximum(plain, _proportion(_log_hazard_at(tail, x, n, c, c < 4 * own, near), c))
    return upper


def _together(*values: Number) -> tuple[Floats, ...]:
    return np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in values))


def _mean_of(share: npt.ArrayLike, c: Floats) -> Floats:
    """Mean of a negative binomial count of size ``1 / c`` from its share of mean and size together."""
    share = np.asarray(share, dtype=float)
    return np.asarray(np.divide(share, (1 - share) * c, out=np.full(share.shape, np.inf), where=share < 1))


def _proportion(log_hazard: Floats, c: Floats) -> Floats:
    """Mean proportion of a hazard over the effect."""
    return np.asarray(-np.expm1(-np.log1p(c * np.exp(log_hazard)) / c))


def _log_hazard(share: Floats) -> Floats:
    return np.asarray(np.log(-np.log1p(-np.clip(share, 1e-300, 1 - 1e-16))))


def _own_variance(count: Floats, trials: Floats) -> Floats:
    """Variance of the log of a proportion of trials that share nothing."""
    share = np.clip(count, 0.5, trials - 0.5) / trials
    return np.asarray((1 - share) / (share * trials))


def _wider(own: Floats, c: Floats) -> Floats:
    """How much wider the log of the hazard is than for trials that share nothing: standard deviations, about."""
    return np.asarray(np.sqrt(own) * (np.hypot(1, np.sqrt(c / own)) - 1))


def _log_hazard_at(p: Floats, k: Floats, trials: Floats, c: Floats, coarse: Bools, near: Floats) -> Floats:
    """log h at which P(count <= k) is `p`; infinite where it is more for every h. All (m,)."""
    found = np.empty(len(k))
    # The distribution of the count is smooth over the nodes only if the nodes are closer than its own spread.
    for chosen, (quantiles, weights) in ((coarse, _COARSE), (~coarse, _FINE)):
        of = np.flatnonzero(chosen)
        if len(of):
            at_most = partial(_at_most, k[of], trials[of], *_effects(c[of], quantiles, weights), weights)
            found[of] = falls_to(at_most, p[of], near[of])
    return found


def _effects(c: Floats, quantiles: Floats, weights: Floats) -> tuple[Floats, Ints]:
    """Values of G for every different `c`, a row each, and which row belongs to which of `c`."""
    different, row = np.unique(c, return_inverse=True)
    # Quantiles of G as nodes: no overflow however small or large c is.
    nodes = gammaincinv(1 / different[:, None], quantiles) * different[:, None]
    return nodes / (nodes * weights).sum(axis=1, keepdims=True), row


def _at_most(
    k: Floats, trials: Floats, effects: Floats, row: Ints, weights: Floats, log_h: Floats, of: Ints
) -> tuple[Floats, Floats]:
    """P(count <= k) of the tests `of` at log h, and its slope."""
    k, n, hazard = k[of, None], trials[of, None], np.exp(log_h)[:, None] * effects[row[of]]
    density = np.exp(xlogy(k, -np.expm1(-hazard)) - hazard * (n - k) - betaln(n - k, k + 1)) * hazard
    below = betainc(n - k, k + 1, np.exp(-hazard))
    # Row by row, not as a matrix product, whose last digit depends on how many tests are asked about at once.
    return (below * weights).sum(axis=1), -(density * weights).sum(axis=1)
