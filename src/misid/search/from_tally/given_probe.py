"""Non-mated candidates given the probe: what one search's scores say together, and what scans of one face share.

Given its effect, a probe's non-mated candidates in a large gallery are a Poisson process. `fpir_draws` integrates the
effect out of one question; here it is integrated out of several about the same probe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from misid.search.from_tally.counts import Floats
from misid.search.from_tally.draws import Drawn
from misid.search.from_tally.project import Projection

_STEP = 1e-3
"""Of the scale's unit, to each side, for densities."""
_NODES, _REACH = 81, 7.0


@dataclass(frozen=True, kw_only=True)
class GivenProbe:
    """One draw of the curves, at the kinds of probes that it takes there to be.

    Attributes
    ----------
    weight : (k,) float
        Of each kind of probe; sum 1.
    expected : (k, S) float
        Expected number of non-mated candidates at or above each score.
    intensity : (k, S) float
        Its density at each score.
    """

    weight: Floats
    expected: Floats
    intensity: Floats

    def fpir(self) -> Floats:
        """(S,) FPIR at each score."""
        return np.asarray(self.weight @ -np.expm1(-self.expected))

    def top_density(self) -> Floats:
        """(S,) density of the highest non-mated score."""
        with np.errstate(divide="ignore"):
            return np.asarray(self.weight @ np.exp(np.log(self.intensity) - self.expected))

    def alike(self, at: int = 0) -> float:
        """Correlation of false matches over scans of one person at a score: (E[F^2] - E[F]^2) / (E[F] (1 - E[F]))."""
        f = -np.expm1(-self.expected[:, at])
        mean, square = float(self.weight @ f), float(self.weight @ f**2)
        return max(0.0, (square - mean**2) / (mean * (1 - mean))) if 0 < mean < 1 else 0.0

    def log_list(self, scores: Sequence[int], lowest: int) -> float:
        """log E[exp(-expected at `lowest`) prod intensity over `scores`], both as places among the scores."""
        with np.errstate(divide="ignore"):
            logs = np.log(self.weight) - self.expected[:, lowest] + np.log(self.intensity[:, list(scores)]).sum(axis=1)
        top = float(logs.max())
        return top + float(np.log(np.exp(logs - top).sum())) if np.isfinite(top) else -np.inf


def given_probe(
    projection: Projection, gallery: float, scores: Floats, members: Sequence[int] | None = None
) -> Iterator[GivenProbe]:
    """Every draw of a projection at a gallery and some scores, for probes of some groups (None: all)."""
    groups = list(range(projection.test.n_groups)) if members is None or not projection.grouped else list(members)
    of_group = projection.searched[groups] / projection.searched[groups].sum()
    for member in projection.members:
        for d in range(len(member.drawn.theta)):
            yield _one(member.drawn, d, gallery, scores, projection.shares, groups, of_group)


def _one(
    drawn: Drawn, d: int, gallery: float, scores: Floats, shares: Floats, groups: list[int], of_group: Floats
) -> GivenProbe:
    curve = drawn.curve
    effects, log_w = curve.effects(drawn.theta[d], _NODES, _REACH)
    # Densities are per unit of the score: the scale may be another.
    step = np.maximum(np.abs(scores), 1e-6) * 1e-6
    slope = (curve.x(scores + step) - curve.x(scores - step)) / (2 * step)
    x = curve.x(scores)
    places = np.stack([x, x - _STEP, x + _STEP])
    expected = np.stack([_expected(drawn, d, gallery, places, shares, g, effects) for g in groups])
    weight = (of_group[:, None] * np.exp(log_w)).reshape(-1)
    flat = expected.reshape(-1, *expected.shape[2:])
    intensity = np.maximum((flat[:, 1] - flat[:, 2]) / (2 * _STEP) * slope, 0.0)
    return GivenProbe(weight=weight / weight.sum(), expected=flat[:, 0], intensity=intensity)


def _expected(
    drawn: Drawn, d: int, gallery: float, places: Floats, shares: Floats, group: int, effects: Floats
) -> Floats:
    """(effects, 3, S) candidates of a probe of a group."""
    moved = places - effects[:, None, None]
    own = drawn.curve.log_p(moved - drawn.own[d, group], drawn.theta[d])
    none = np.log1p(-np.exp(np.minimum(own, -1e-12)))
    if drawn.cross is not None:
        other = drawn.curve.log_p(moved - drawn.cross[d, group], drawn.theta[d])
        none = shares[group] * none + (1 - shares[group]) * np.log1p(-np.exp(np.minimum(other, -1e-12)))
    return np.asarray(-gallery * none)
