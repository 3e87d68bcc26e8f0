"""How sure the fitted curves are: probes by their influence, references by a jackknife over blocks of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from misid.search.from_tally.block import FEW_IN_GROUP, FitBlock
from misid.search.from_tally.counts import Floats, Ints, TestCounts
from misid.search.from_tally.fit import Curve, Fit, penalty_curvature, slopes
from misid.tally.model import N_BLOCKS

CROSS_EXCEEDANCES = 30
"""Cross-group exceedances of the level at which a group's cross comparisons are matched."""

_STEP = 1e-3


@dataclass(frozen=True, kw_only=True)
class Cross:
    """Where each group's comparisons with other groups are matched, and how often they got there."""

    level: Ints
    """(G,) index into the test's levels."""
    log_rate: Floats
    """(G,)"""
    by_block: Floats
    """(N_BLOCKS, G) log rate without the references of a block."""
    influence: Floats
    """(n, G) of each search on the log rate."""


def cross_rates(test: TestCounts, shares: Floats) -> Cross:
    """Rates of comparisons with other groups, in the proportions of the gallery asked about.

    Parameters
    ----------
    shares : (H,) float
        Of the groups in the gallery; sum 1.
    """
    groups = test.n_groups
    other = ~np.eye(groups, dtype=bool)
    seen = test.exceed * other[None, :, :, None]
    made = test.comparisons * other
    # Each pair of groups counts as often as the gallery has it, not as often as the test had it.
    weight = np.where(made > 0, shares[None, :] / np.maximum(made, 1.0), 0.0)
    covered = np.where(made > 0, shares[None, :] * other, 0.0).sum(axis=1)
    weight = weight / np.maximum(covered, 1e-300)[:, None]
    counted = seen.sum(axis=(0, 2))
    level = np.zeros(groups, dtype=np.int64)
    log_rate, by_block = np.empty(groups), np.empty((N_BLOCKS, groups))
    influence = np.zeros((test.searches, groups))
    all_counted = counted.sum(axis=0)
    totals, owned = np.zeros(groups), np.zeros(groups, dtype=bool)
    for g in range(groups):
        own = bool(counted[g].max(initial=0) >= FEW_IN_GROUP)
        enough = np.flatnonzero((counted[g] if own else all_counted) >= CROSS_EXCEEDANCES)
        at = int(enough[-1]) if len(enough) else 0
        level[g] = at
        rows = [g] if own else list(range(groups))
        part = weight[rows] if own else np.where(other, 1.0, 0.0) / max(made.sum(), 1.0)
        exceed = np.einsum("bgh,gh->b", seen[:, rows, :, at], part)
        base = np.einsum("bh,gh,gh->b", test.block_share, made[rows], part)
        total, whole = exceed.sum(), base.sum()
        if total <= 0:
            log_rate[g] = np.log(0.5 / max(made.sum(), 1.0))
            by_block[:, g] = log_rate[g]
            continue
        log_rate[g] = np.log(total / whole)
        left = np.maximum(total - exceed, total * 1e-3)
        by_block[:, g] = np.log(left / np.maximum(whole - base, 1e-300))
        totals[g], owned[g] = total, own
    probe = test.group[test.search]
    between = probe != test.reference_group
    if owned.any():
        reached = between & (test.level >= level[probe])
        value = test.count[reached] * weight[probe[reached], test.reference_group[reached]]
        per_search = np.bincount(test.search[reached], weights=value, minlength=test.searches)
        mine = np.flatnonzero(owned[test.group])
        g_of = test.group[mine]
        influence[mine, g_of] = per_search[mine] / totals[g_of] - 1 / test.searches_in[g_of]
    pooled = np.flatnonzero(~owned & (totals > 0))
    if len(pooled):
        reached = between & (test.level >= level[pooled[0]])
        per_search = np.bincount(test.search[reached], weights=test.count[reached], minlength=test.searches)
        influence[:, pooled] = (per_search / max(per_search.sum(), 1.0) - 1 / test.searches)[:, None]
    return Cross(level=level, log_rate=log_rate, by_block=by_block, influence=influence)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Draws of one curve: parameters, and shifts of every group's own and cross comparisons."""

    curve: Curve
    theta: Floats
    """(d, p)"""
    own: Floats
    """(d, G)"""
    cross: Floats | None
    """(d, G); None where there is one group."""

    @property
    def groups(self) -> int:
        return int(self.own.shape[1])


@dataclass(frozen=True, kw_only=True)
class RateErrors:
    """How sure the rates are that curves must meet: of every group's own comparisons, then of its cross ones."""

    moved: Floats
    """(n, r) influence of a search of each row of the block; r is G or 2 G."""
    variance: Floats
    """(r, r) from searches."""
    by_block: Floats
    """(N_BLOCKS, r) log rates without each block of references."""


def rate_errors(block: FitBlock, log_rates: Floats, cross: Cross | None) -> RateErrors:
    """Influence of searches on the rates, and rates without blocks of references."""
    groups, n = len(log_rates), len(block.group)
    exceed, rate = block.exceed(groups), np.exp(log_rates)
    many = exceed >= FEW_IN_GROUP
    base = np.log(block.rates(groups))
    by_block = np.stack([log_rates + np.log(block.rates(groups, b)) - base for b in range(N_BLOCKS)])
    moved = np.zeros((n, groups))
    moved[np.arange(n), block.group] = block.reached - block.references * rate[block.group]
    moved[:, many] /= exceed[many]
    if not many.all():
        pooled = (block.reached - block.references * rate[~many][0]) / max(exceed.sum(), 1.0)
        moved[:, ~many] = pooled[:, None]
    variance = (moved * block.weight[:, None]).T @ moved
    if block.scatter is not None:
        within = np.bincount(block.group, weights=block.scatter.sum(axis=(1, 2)), minlength=groups)
        variance[np.diag_indices(groups)] += np.where(many, within / np.maximum(exceed, 1.0) ** 2, 0.0)
    if cross is None:
        return RateErrors(moved=moved, variance=variance, by_block=by_block)
    sums = np.stack([np.bincount(block.row, weights=column, minlength=n) for column in cross.influence.T], axis=1)
    both = np.concatenate([moved, sums / block.weight[:, None]], axis=1)
    whole = (both * block.weight[:, None]).T @ both
    whole[:groups, :groups] = variance
    whole[groups:, groups:] = cross.influence.T @ cross.influence
    return RateErrors(moved=both, variance=whole, by_block=np.concatenate([by_block, cross.by_block], axis=1))


def covariance(fit: Fit, block: FitBlock, x: Floats, log_rates: Floats, errors: RateErrors) -> tuple[Floats, float]:
    """Covariance of (theta, log rates), from probes plus from references; and by how much it exceeds the likelihood's.

    The second number is the mean over parameters of their variance over that of independent comparisons, at least 1:
    differences of log likelihoods between curves are too large by about as much.
    """
    curve, theta, groups = fit.curve, fit.theta, len(log_rates)
    p = len(theta)
    found = slopes(curve, block, x, log_rates, theta)
    prior, squares = penalty_curvature(curve, theta), found.squares(block)
    inverse = np.linalg.inv(squares + prior)
    # Scores of the whole change with the groups' rates: a search moves those too.
    turned = (slopes(curve, block, x, log_rates + _STEP, theta).theta - found.theta) / _STEP
    by_group = np.zeros((groups, p))
    np.add.at(by_group, block.group, turned * block.weight[:, None])
    own = errors.moved[:, :groups]
    score = found.theta + own @ by_group
    theta_theta = (score * block.weight[:, None]).T @ score + squares
    theta_theta -= (found.theta * block.weight[:, None]).T @ found.theta
    theta_rates = (score * block.weight[:, None]).T @ errors.moved
    jack = found.by_block(block) + (errors.by_block[:, :groups] - log_rates) @ by_group
    left_out = np.concatenate([jack @ inverse, errors.by_block], axis=1)
    centred = left_out - left_out.mean(axis=0)
    out = (N_BLOCKS - 1) / N_BLOCKS * (centred.T @ centred)
    out[:p, :p] += inverse @ theta_theta @ inverse
    out[:p, p:] += inverse @ theta_rates
    out[p:, :p] = out[:p, p:].T
    out[p:, p:] += errors.variance
    inflation = max(1.0, float(np.trace(squares @ out[:p, :p])) / p)
    # A parameter held by its prior is as uncertain as the prior; none is more than twice as uncertain as that.
    out[:p, :p] += inverse @ prior @ inverse
    shrink = np.linalg.inv(np.eye(p) + out[:p, :p] @ prior / 4)
    out[:p, :p] = shrink @ out[:p, :p]
    out[:p, :p] = (out[:p, :p] + out[:p, :p].T) / 2
    out[:p, p:] = shrink @ out[:p, p:]
    out[p:, :p] = out[:p, p:].T
    return out, inflation


def draw(
    fit: Fit, log_rates: Floats, spread: Floats, cross: Cross | None, x_levels: Floats, count: int,
    rng: np.random.Generator,
) -> Drawn:  # fmt: skip
    """Draws from a multivariate t around the fit, each with the shifts that meet its rates."""
    groups, p = len(log_rates), len(fit.theta)
    centre = np.concatenate([fit.theta, log_rates] + ([] if cross is None else [cross.log_rate]))
    values, vectors = np.linalg.eigh(spread)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    df = N_BLOCKS - 1
    wider = np.sqrt(df / rng.chisquare(df, (count, 1)))
    drawn = centre + (rng.standard_normal((count, len(centre))) @ root.T) * wider
    theta = drawn[:, :p]
    own = -fit.curve.place(drawn[:, p : p + groups], theta)
    other = None
    if cross is not None:
        other = x_levels[cross.level] - fit.curve.place(drawn[:, p + groups :], theta)
    return Drawn(curve=fit.curve, theta=theta, own=own, cross=other)


_AT_ONCE = 1 << 19


def fpir_draws(drawn: Drawn, gallery: float, threshold: float, shares: Floats, candidates: int = 1) -> Floats:
    """(d, G) P(at least so many non-mated candidates) of each draw, by group of the probe; 1 makes it FPIR.

    Given the probe, candidates of a large gallery are Poisson.
    """

    def some(expected: Floats) -> Floats:
        return -np.expm1(-expected) if candidates == 1 else np.asarray(gammainc(candidates, expected))

    return over_probes(drawn, gallery, threshold, shares, some)


def over_probes(
    drawn: Drawn, gallery: float, threshold: float, shares: Floats, of_expected: Callable[[Floats], Floats]
) -> Floats:
    """(d, G) mean over probes of a function of the expected non-mated candidates, -N log(1 - p)."""
    curve = drawn.curve
    x = float(curve.x(np.array([threshold]))[0])
    out = np.empty(drawn.own.shape)
    few = max(1, _AT_ONCE // (drawn.groups * 61 * (2 if curve.mixture else 1)))
    for first in range(0, len(out), few):
        mine = slice(first, first + few)
        theta = drawn.theta[mine]
        e, log_w = curve.effects(theta, 61, 6.5)

        def none(own: Floats, theta: Floats = theta, e: Floats = e) -> Floats:
            log_p = curve.log_p(x - own[:, :, None] - e[:, None, :], theta)
            return np.asarray(np.log1p(-np.exp(np.minimum(log_p, -1e-12))))

        expected = none(drawn.own[mine])
        if drawn.cross is not None:
            expected = shares[:, None] * expected + (1 - shares)[:, None] * none(drawn.cross[mine])
        out[mine] = np.einsum("dgk,dk->dg", of_expected(-gallery * expected), np.exp(log_w))
    return out
