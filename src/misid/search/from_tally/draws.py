"""How sure the fitted curves are: probes by their influence, references by a jackknife over blocks of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

from misid.search.from_tally.block import FEW_IN_GROUP, FitBlock
from misid.search.from_tally.counts import Floats, Ints, TestCounts
from misid.search.from_tally.fit import Curve, Fit, gradients, penalty_curvature, penalty_gradient
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


def _one_step(
    fit: Fit, block: FitBlock, x: Floats, log_rates: Floats, information: Floats, groups: int
) -> tuple[Floats, Floats]:
    """(N_BLOCKS, p) parameters and (N_BLOCKS, G) log rates without each block of references."""
    curve, theta = fit.curve, fit.theta
    whole = gradients(curve, block, x, log_rates, theta, quick=True).sum(axis=0)
    residual = whole - penalty_gradient(curve, theta)
    thetas, rates = np.empty((N_BLOCKS, len(theta))), np.empty((N_BLOCKS, groups))
    base = np.log(block.rates(groups))
    for b in range(N_BLOCKS):
        fewer = block.without(b)
        change = np.log(fewer.rates(groups)) - base
        rates[b] = log_rates + change
        score = gradients(curve, fewer, x, rates[b], theta, quick=True).sum(axis=0)
        score -= penalty_gradient(curve, theta)
        thetas[b] = theta + np.linalg.solve(information, score - residual)
    return thetas, rates


def covariance(
    fit: Fit, block: FitBlock, x: Floats, log_rates: Floats, searches: int, cross: Cross | None, picked: Ints
) -> Floats:
    """Covariance of (theta, log rates of groups, log cross rates), from probes plus from references."""
    curve, theta, groups = fit.curve, fit.theta, len(log_rates)
    p, n = len(theta), len(block.group)
    scale = searches / n
    g = gradients(curve, block, x, log_rates, theta)
    prior = penalty_curvature(curve, theta)
    information = g.T @ g + prior
    # Scores of the whole change with the groups' rates: a search moves those too.
    turned = (gradients(curve, block, x, log_rates + _STEP, theta) - g) / _STEP
    by_group = np.zeros((groups, p))
    np.add.at(by_group, block.group, turned)
    reached = block.counts.sum(axis=1)
    exceed = np.bincount(block.group, weights=reached, minlength=groups)
    many = exceed >= FEW_IN_GROUP
    rate = np.exp(log_rates)
    moved = np.zeros((n, groups))
    excess = reached - block.references * rate[block.group]
    moved[np.arange(n), block.group] = excess / np.maximum(exceed[block.group], 1.0)
    if not many.all():
        moved[:, ~many] = ((reached - block.references * rate[~many][0]) / max(exceed.sum(), 1.0))[:, None]
    theta_influence = np.linalg.solve(information, (g + moved @ by_group).T).T
    # Rates are those of all searches, curves of the ones picked.
    fewer = np.sqrt(1 / scale)
    parts = [theta_influence, moved * fewer]
    thetas, rates = _one_step(fit, block, x, log_rates, information, groups)
    jack = [thetas, rates]
    if cross is not None:
        parts.append(cross.influence[picked] * np.sqrt(scale))
        jack.append(cross.by_block)
    influence, left_out = np.concatenate(parts, axis=1), np.concatenate(jack, axis=1)
    from_probes = influence.T @ influence
    centred = left_out - left_out.mean(axis=0)
    from_references = (N_BLOCKS - 1) / N_BLOCKS * (centred.T @ centred)
    out = from_probes + from_references
    inverse = np.linalg.inv(information)
    # A parameter held by its prior is as uncertain as the prior.
    out[:p, :p] += inverse @ prior @ inverse
    return np.asarray(out)


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
    own = np.empty((count, groups))
    other = None if cross is None else np.empty((count, groups))
    for d in range(count):
        own[d] = -fit.curve.place(drawn[d, p : p + groups], theta[d])
        if cross is not None and other is not None:
            other[d] = x_levels[cross.level] - fit.curve.place(drawn[d, p + groups :], theta[d])
    return Drawn(curve=fit.curve, theta=theta, own=own, cross=other)


def fpir_draws(drawn: Drawn, gallery: float, threshold: float, shares: Floats, candidates: int = 1) -> Floats:
    """(d, G) P(at least so many non-mated candidates) of each draw, by group of the probe; 1 makes it FPIR.

    Given the probe, candidates of a large gallery are Poisson.
    """
    count, groups = drawn.own.shape
    x = float(drawn.curve.x(np.array([threshold]))[0])
    out = np.empty((count, groups))
    for d in range(count):
        e, log_w = drawn.curve.effects(drawn.theta[d], 81, 7.0)
        log_p = drawn.curve.log_p(x - drawn.own[d][:, None] - e, drawn.theta[d])
        none = np.log1p(-np.exp(np.minimum(log_p, -1e-12)))
        if drawn.cross is not None:
            log_x = drawn.curve.log_p(x - drawn.cross[d][:, None] - e, drawn.theta[d])
            with_others = np.log1p(-np.exp(np.minimum(log_x, -1e-12)))
            none = shares[:, None] * none + (1 - shares)[:, None] * with_others
        expected = -gallery * none
        some = -np.expm1(-expected) if candidates == 1 else gammainc(candidates, expected)
        out[d] = some @ np.exp(log_w)
    return out
