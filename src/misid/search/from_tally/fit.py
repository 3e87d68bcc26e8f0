"""Penalised maximum likelihood of tail and person-to-person spread, from counts per search.

p(s | probe) = exp(-H((u(s) - u0) / mean excess - shift of the group - effect of the probe)), u0 the lowest level of the
fit on the scale tried. The shift of a group is not a free parameter: it is what makes the group's mean rate at u0 the
one that was counted. That leaves slope and shape of H and the spread of the effects, however many groups there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misid.search.from_tally.block import FitBlock
from misid.search.from_tally.counts import Floats, TestCounts
from misid.search.from_tally.tails import Scale, Tail

REACH = 5.0
"""Standard deviations of the probe effect that nodes reach."""

NODES = 75
"""Close enough for effects as well known as `MOST_SAID` exceedances make them."""

MIXTURE_GAIN = 5.0
"""Penalised log likelihood that a second kind of probe must add."""

_STEP = 1e-3
_ROUNDS = 40
_ENOUGH = 0.003
_PLACES = np.linspace(-10.0, 25.0, 71)
_PLACE_NODES = 33

SINGLE_PRIOR = (np.log(0.5), 1.2)
"""Mean and sd of the log spread of effects, in mean excesses."""


def normal_nodes(count: int, reach: float = REACH) -> tuple[Floats, Floats]:
    """Nodes and log weights of a trapezoid rule for a standard normal effect."""
    z = np.linspace(-reach, reach, count)
    log_w = -z * z / 2
    return z, np.asarray(log_w - np.log(np.exp(log_w).sum()))


@dataclass(frozen=True, kw_only=True)
class Curve:
    """What is fitted: one scale, one tail family, one or two kinds of probes, from one set of levels.

    `theta` is (log slope, log shape, log spread) and, for a mixture, (logit share, shift, log spread) of the second
    kind of probe.
    """

    scale: Scale
    tail: Tail
    zero: float
    """The lowest level on the scale."""
    unit: float
    """Mean excess over it."""
    anchor: float
    mixture: bool

    def x(self, scores: Floats) -> Floats:
        """Scores in mean excesses beyond the lowest level."""
        return np.asarray((self.scale.to(scores) - self.zero) / self.unit)

    def log_p(self, x: Floats, theta: Floats) -> Floats:
        """log p at each x of one theta; or, of thetas (d, p), at x (d, ...)."""
        slope, shape = np.exp(theta[..., 0]), np.exp(theta[..., 1])
        extra = (1,) * (np.ndim(x) - theta.ndim + 1)
        return self.tail.log_sf(x, self.anchor, slope.reshape(slope.shape + extra), shape.reshape(shape.shape + extra))

    def effects(self, theta: Floats, count: int = NODES, reach: float = REACH) -> tuple[Floats, Floats]:
        """Probe effects and their log weights, (k,); of thetas (d, p) both (d, k)."""
        z, log_w = normal_nodes(count, reach)
        first = np.exp(theta[..., 2:3]) * z
        if not self.mixture:
            return first, np.broadcast_to(log_w, first.shape)
        share = np.clip(theta[..., 3:4], -15.0, 15.0)
        second = theta[..., 4:5] + np.exp(theta[..., 5:6]) * z
        most, some = -np.logaddexp(0.0, share), -np.logaddexp(0.0, -share)
        return np.concatenate([first, second], axis=-1), np.concatenate([most + log_w, some + log_w], axis=-1)

    def start(self) -> Floats:
        simple = [np.log(self.tail.slope), np.log(self.tail.shape), np.log(0.5)]
        return np.array([*simple, -2.0, 1.5, np.log(0.7)] if self.mixture else simple)

    def penalty(self, theta: Floats) -> float:
        """Minus log prior."""
        terms = [
            (theta[0] - np.log(self.tail.slope)) / 1.5,
            (np.exp(theta[1]) - self.tail.shape) / self.tail.shape_sd,
            (theta[2] - SINGLE_PRIOR[0]) / SINGLE_PRIOR[1],
        ]
        if self.mixture:
            terms += [(theta[3] + 2) / 1.0, (theta[4] - 1) / 1.5, (theta[5] - np.log(0.5)) / 0.8]
        return float(np.square(terms).sum() / 2)

    def mean_log_p(self, x: Floats, theta: Floats) -> Floats:
        """log E[p] over probes at each x; of thetas (d, p) at the same x, (d, ...)."""
        e, log_w = self.effects(theta, _PLACE_NODES)
        e = e.reshape(theta.shape[:-1] + (1,) * np.ndim(x) + e.shape[-1:])
        p = np.exp(self.log_p(x[..., None] - e, theta)) @ np.exp(log_w)[..., None]
        return np.asarray(np.log(np.maximum(p[..., 0], 1e-300)))

    def place(self, log_rate: Floats, theta: Floats) -> Floats:
        """x at which the mean over probes has each log rate; of thetas (d, p) and rates (d, G), (d, G)."""
        means = self.mean_log_p(_PLACES, theta)
        if theta.ndim == 1:
            return np.interp(-log_rate, -means, _PLACES)
        return np.stack([np.interp(-rate, -mean, _PLACES) for rate, mean in zip(log_rate, means, strict=True)])


@dataclass(frozen=True, kw_only=True)
class Fit:
    curve: Curve
    theta: Floats
    log_likelihood: float
    """Penalised."""


def curve_of(test: TestCounts, block: FitBlock, scale: Scale, tail: Tail, *, mixture: bool = False) -> Curve:
    """The curve to fit to a block on a scale."""
    u = scale.to(test.levels)
    reached = block.total
    zero = float(u[block.levels[0]])
    spread = u[block.levels] - zero
    # Mean excess: a comparison lies, on average, about half a step beyond the level it reached.
    ahead = np.append(np.diff(spread), spread[-1] / max(len(spread) - 1, 1) if len(spread) > 1 else 1.0)
    unit = float(reached @ (spread + ahead / 2) / max(reached.sum(), 1.0))
    rate = float(reached.sum() / max(block.weight @ block.references, 1.0))
    return Curve(
        scale=scale, tail=tail, zero=zero, unit=unit if unit > 0 else 1.0, anchor=tail.anchor(max(rate, 1e-12)),
        mixture=mixture,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Log probabilities of cells of one theta, by group and node of the probe effect."""

    inside: Floats
    """(G, L, k)"""
    none: Floats
    """(G, k)"""
    log_w: Floats
    """(k,)"""


def cells_of(curve: Curve, x: Floats, log_rates: Floats, theta: Floats) -> Cells:
    """Cells between the levels at x (L,), of groups with these rates at the lowest."""
    e, log_w = curve.effects(theta)
    start = curve.place(log_rates, theta)
    log_p = np.minimum(curve.log_p(x[:, None] + start[:, None, None] - e, theta), -1e-9)
    inside = log_p.copy()
    inside[:, :-1] += np.log(-np.expm1(np.minimum(log_p[:, 1:] - log_p[:, :-1], -1e-12)))
    return Cells(inside=np.maximum(inside, -1e4), none=np.log(-np.expm1(log_p[:, 0])), log_w=log_w)


def _groups(block: FitBlock, groups: int) -> list[tuple[int, slice]]:
    edges = np.searchsorted(block.group, np.arange(groups + 1)).tolist()
    return [(g, slice(edges[g], edges[g + 1])) for g in range(groups) if edges[g] < edges[g + 1]]


def log_likelihoods(curve: Curve, block: FitBlock, x: Floats, log_rates: Floats, theta: Floats) -> Floats:
    """(n,) log likelihood of a search of each row, up to a constant; x (L,) are the levels of the block."""
    cells, out = cells_of(curve, x, log_rates, theta), np.empty(len(block.group))
    for g, mine in _groups(block, len(log_rates)):
        inner = _inner(block, mine, cells.inside[g], cells.none[g]) + cells.log_w
        top = inner.max(axis=1)
        out[mine] = top + np.log(np.exp(inner - top[:, None]).sum(axis=1))
    return out


def _inner(block: FitBlock, mine: slice, inside: Floats, none: Floats) -> Floats:
    rest = block.references[mine] - block.reached[mine]
    return np.asarray((block.counts[mine] @ inside + rest[:, None] * none) * block.said[mine, None])


@dataclass(frozen=True, kw_only=True)
class Slopes:
    """Derivatives of the log likelihood of a search of each row, the groups' rates held."""

    theta: Floats
    """(n, p)"""
    counts: Floats
    """(n, L, p): change of `theta` for a reference more in a cell, and one less below all."""
    references: Floats
    """(n, p): change of `theta` for a reference more below all levels."""

    def squares(self, block: FitBlock) -> Floats:
        """(p, p) sum of products over all searches, also of what they leave their rows by."""
        out = (self.theta * block.weight[:, None]).T @ self.theta
        if block.scatter is not None:
            out += np.einsum("nap,nab,nbq->pq", self.counts, block.scatter, self.counts, optimize=True)
        return np.asarray(out)

    def reached(self, block: FitBlock) -> Floats:
        """(n, p) sums over the searches of a row of `theta` times what their exceedances leave the row's by."""
        if block.scatter is None:
            return np.zeros_like(self.theta)
        return np.asarray(np.einsum("nap,na->np", self.counts, block.scatter.sum(axis=2), optimize=True))

    def by_block(self, block: FitBlock) -> Floats:
        """(N_BLOCKS, p) change of the sum of `theta` when a block of references is left out."""
        gone = np.einsum("bna,nap->bp", block.by_block * block.weight[:, None], self.counts, optimize=True)
        return np.asarray(-gone - (block.block_references * block.weight) @ self.references)


def slopes(curve: Curve, block: FitBlock, x: Floats, log_rates: Floats, theta: Floats) -> Slopes:
    """First derivatives by theta, and how they change with the counts.

    Cells are differentiated by small steps; searches only weigh them by what they say of the probe's effect.
    """
    cells = cells_of(curve, x, log_rates, theta)
    steps = _STEP * np.eye(len(theta))
    around = [(cells_of(curve, x, log_rates, theta + h), cells_of(curve, x, log_rates, theta - h)) for h in steps]
    n, width = block.counts.shape
    out = np.empty((n, len(theta)))
    by_count, by_reference = np.empty((n, width, len(theta))), np.empty((n, len(theta)))
    for g, mine in _groups(block, len(log_rates)):
        inner = _inner(block, mine, cells.inside[g], cells.none[g]) + cells.log_w
        weight = np.exp(inner - inner.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        rise, none = cells.inside[g] - cells.none[g], cells.none[g]
        mean_rise, mean_none = weight @ rise.T, weight @ none
        for k, (up, down) in enumerate(around):
            inside = (up.inside[g] - down.inside[g]) / (2 * _STEP)
            below = (up.none[g] - down.none[g]) / (2 * _STEP)
            change = _inner(block, mine, inside, below) + (up.log_w - down.log_w) / (2 * _STEP)
            part = weight * change
            out[mine, k] = part.sum(axis=1)
            by_count[mine, :, k] = weight @ (inside - below).T + part @ rise.T - out[mine, k, None] * mean_rise
            by_reference[mine, k] = weight @ below + part @ none - out[mine, k] * mean_none
        by_count[mine] *= block.said[mine, None, None]
        by_reference[mine] *= block.said[mine, None]
    return Slopes(theta=out, counts=by_count, references=by_reference)


def penalty_gradient(curve: Curve, theta: Floats) -> Floats:
    out = np.empty(len(theta))
    for k in range(len(theta)):
        step = np.zeros(len(theta))
        step[k] = _STEP
        out[k] = (curve.penalty(theta + step) - curve.penalty(theta - step)) / (2 * _STEP)
    return out


def penalty_curvature(curve: Curve, theta: Floats) -> Floats:
    """(p, p) second derivatives of the penalty, kept positive."""
    d = np.array(
        [
            (curve.penalty(theta + h) - 2 * curve.penalty(theta) + curve.penalty(theta - h)) / 1e-4
            for h in 1e-2 * np.eye(len(theta))
        ]
    )
    return np.diag(np.maximum(d, 1e-3))


def fit(
    curve: Curve, block: FitBlock, x: Floats, log_rates: Floats, start: Floats | None = None, rounds: int = _ROUNDS
) -> Fit:
    """Maximise the penalised likelihood by scoring steps, damped where they do not climb."""

    def value_at(theta: Floats) -> float:
        return float(block.weight @ log_likelihoods(curve, block, x, log_rates, theta)) - curve.penalty(theta)

    theta = curve.start() if start is None else start
    best, damp = value_at(theta), 0.0
    for _ in range(rounds):
        found = slopes(curve, block, x, log_rates, theta)
        score = block.weight @ found.theta - penalty_gradient(curve, theta)
        information = found.squares(block) + penalty_curvature(curve, theta)
        diagonal = np.diag(np.diag(information))
        gained = 0.0
        for _ in range(8):
            step = np.linalg.solve(information + damp * diagonal, score)
            trial = theta + np.clip(step, -0.7, 0.7)
            value = value_at(trial)
            if value > best:
                gained, best, theta = value - best, value, trial
                damp /= 4
                break
            damp = max(4 * damp, 0.1)
        if gained < _ENOUGH:
            break
    return Fit(curve=curve, theta=theta, log_likelihood=best)
