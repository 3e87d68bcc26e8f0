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

NODES = 61
MIXTURE_GAIN = 5.0
"""Penalised log likelihood that a second kind of probe must add."""

_STEP = 1e-3
_ROUNDS = 25
_PLACES = np.linspace(-10.0, 25.0, 71)
_PLACE_NODES = 33

SINGLE_PRIOR = (np.log(0.5), 1.2)
"""Mean and sd of the log spread of effects, in mean excesses."""


def normal_nodes(count: int = NODES, reach: float = 5.0) -> tuple[Floats, Floats]:
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
        return self.tail.log_sf(x, self.anchor, float(np.exp(theta[0])), float(np.exp(theta[1])))

    def effects(self, theta: Floats, count: int = NODES, reach: float = 5.0) -> tuple[Floats, Floats]:
        """Probe effects and their log weights."""
        z, log_w = normal_nodes(count, reach)
        first = np.exp(theta[2]) * z
        if not self.mixture:
            return first, log_w
        share = 1 / (1 + np.exp(-np.clip(theta[3], -15.0, 15.0)))
        second = theta[4] + np.exp(theta[5]) * z
        return np.concatenate([first, second]), np.concatenate([np.log1p(-share) + log_w, np.log(share) + log_w])

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
        """log E[p] over probes at each x."""
        e, log_w = self.effects(theta, _PLACE_NODES)
        p = np.exp(self.log_p(x[..., None] - e, theta)) @ np.exp(log_w)
        return np.asarray(np.log(np.maximum(p, 1e-300)))

    def place(self, log_rate: Floats, theta: Floats) -> Floats:
        """x at which the mean over probes has each log rate."""
        return np.asarray(np.interp(-log_rate, -self.mean_log_p(_PLACES, theta), _PLACES))


@dataclass(frozen=True, kw_only=True)
class Fit:
    curve: Curve
    theta: Floats
    log_likelihood: float
    """Penalised."""
    gradients: Floats
    """(n, p) of the searches it was made of."""


def curve_of(test: TestCounts, block: FitBlock, scale: Scale, tail: Tail, *, mixture: bool = False) -> Curve:
    """The curve to fit to a block on a scale."""
    u = scale.to(test.levels)
    reached = block.counts.sum(axis=0)
    zero = float(u[block.levels[0]])
    spread = u[block.levels] - zero
    # Mean excess: a comparison lies, on average, about half a step beyond the level it reached.
    ahead = np.append(np.diff(spread), spread[-1] / max(len(spread) - 1, 1) if len(spread) > 1 else 1.0)
    unit = float(reached @ (spread + ahead / 2) / max(reached.sum(), 1.0))
    rate = float(reached.sum() / max(block.references.sum(), 1.0))
    return Curve(
        scale=scale, tail=tail, zero=zero, unit=unit if unit > 0 else 1.0, anchor=tail.anchor(max(rate, 1e-12)),
        mixture=mixture,
    )  # fmt: skip


def log_likelihoods(curve: Curve, block: FitBlock, x: Floats, log_rates: Floats, theta: Floats) -> Floats:
    """(n,) log likelihood of each search, up to a constant; x (L,) are the levels of the block."""
    e, log_w = curve.effects(theta)
    shift = -curve.place(log_rates, theta)
    out = np.empty(len(block.group))
    edges = np.searchsorted(block.group, np.arange(len(log_rates) + 1))
    above = block.counts.sum(axis=1)
    for g in range(len(log_rates)):
        mine = slice(int(edges[g]), int(edges[g + 1]))
        if edges[g] == edges[g + 1]:
            continue
        log_p = curve.log_p(x[:, None] - shift[g] - e, theta)
        log_p = np.minimum(log_p, -1e-9)
        cells = log_p.copy()
        cells[:-1] += np.log(-np.expm1(np.minimum(log_p[1:] - log_p[:-1], -1e-12)))
        none = np.log(-np.expm1(log_p[0]))
        cells = np.maximum(cells, -1e4)
        inner = block.counts[mine] @ cells + np.outer(block.references[mine] - above[mine], none) + log_w
        top = inner.max(axis=1)
        out[mine] = top + np.log(np.exp(inner - top[:, None]).sum(axis=1))
    return out


def gradients(
    curve: Curve, block: FitBlock, x: Floats, log_rates: Floats, theta: Floats, *, quick: bool = False
) -> Floats:
    """(n, p) derivatives of the log likelihoods, the groups' rates held; `quick`: from one side."""
    columns = []
    base = log_likelihoods(curve, block, x, log_rates, theta) if quick else None
    for k in range(len(theta)):
        step = np.zeros(len(theta))
        step[k] = _STEP
        up = log_likelihoods(curve, block, x, log_rates, theta + step)
        if base is not None:
            columns.append((up - base) / _STEP)
            continue
        columns.append((up - log_likelihoods(curve, block, x, log_rates, theta - step)) / (2 * _STEP))
    return np.stack(columns, axis=1)


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
    theta = curve.start() if start is None else start
    best = float(log_likelihoods(curve, block, x, log_rates, theta).sum()) - curve.penalty(theta)
    damp = 0.0
    g = gradients(curve, block, x, log_rates, theta)
    for _ in range(rounds):
        score = g.sum(axis=0) - penalty_gradient(curve, theta)
        information = g.T @ g + penalty_curvature(curve, theta)
        diagonal = np.diag(np.diag(information))
        gained = 0.0
        for _ in range(8):
            step = np.linalg.solve(information + damp * diagonal, score)
            trial = theta + np.clip(step, -0.7, 0.7)
            value = float(log_likelihoods(curve, block, x, log_rates, trial).sum()) - curve.penalty(trial)
            if value > best:
                gained, best, theta = value - best, value, trial
                damp /= 4
                break
            damp = max(4 * damp, 0.1)
        g = gradients(curve, block, x, log_rates, theta)
        if gained < 0.005:
            break
    return Fit(curve=curve, theta=theta, log_likelihood=best, gradients=g)
