"""Groups whose tails fall faster or slower than the common one: a stretch of each, as far as its counts bear one out.

Curves give groups one tail and shift it. The mean excess of a group over the lowest level is counted too; if the
curve's is e and the group's is e', the group's scores beyond that level are stretched by k = e / e'. Most of what
single groups show is chance, so log k is shrunk towards 0 by the share of its spread that chance does not explain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misid.search.from_tally.block import FitBlock
from misid.search.from_tally.counts import Floats, TestCounts
from misid.search.from_tally.fit import Fit
from misid.search.from_tally.jackknife import left_out_variance
from misid.tally.model import N_BLOCKS

ENOUGH = 50
"""Exceedances of a group within itself below which it has the common tail."""


DRIFT = 0.03
"""Standard deviation of how far scores stray from any curve, as a share of the way from the level that searches exceed
once: for all groups together, and again for each. Up to that level a test shows how its probes differ; beyond it,
no curve is the truth, however large the test. It is what embeddings show."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Normal distribution of log k by group, (G,) each."""

    mean: Floats
    sd: Floats

    def draw(self, count: int, rng: np.random.Generator) -> Floats:
        """(count, G) factors of score."""
        return np.asarray(np.exp(self.mean + self.sd * rng.standard_normal((count, len(self.mean)))))


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """Where scores of draws lie on the curve, given x: stretched from the lowest level, drifting from a higher one.

    Attributes
    ----------
    once : float
        x of the level that searches exceed once on average.
    stretch, drift : (d, G) float
    common : (d, 1) float
        Drift of all groups, that of comparisons with other groups too.
    """

    once: float
    stretch: Floats
    drift: Floats
    common: Floats

    def own(self, x: float, mine: slice) -> Floats:
        """(few, G) of comparisons within groups."""
        ahead = max(x - self.once, 0.0)
        return np.asarray(x * self.stretch[mine] + ahead * (self.drift[mine] + self.common[mine]))

    def cross(self, x: float, mine: slice) -> Floats:
        """(few, 1) of comparisons with other groups."""
        return np.asarray(x + max(x - self.once, 0.0) * self.common[mine])

    def at(self, x: Floats, draw: int, group: int | None) -> Floats:
        """Of one draw, in the shape of x: of comparisons within a group, or (None) with other groups."""
        ahead, common = np.maximum(x - self.once, 0.0), self.common[draw, 0]
        if group is None:
            return np.asarray(x + ahead * common)
        return np.asarray(x * self.stretch[draw, group] + ahead * (self.drift[draw, group] + common))


def beyond_of(once: float, stretch: Stretch, count: int, rng: np.random.Generator) -> Beyond:
    """Draws of stretch and drift."""
    groups = len(stretch.mean)
    return Beyond(
        once=once,
        stretch=stretch.draw(count, rng),
        drift=DRIFT * rng.standard_normal((count, groups)),
        common=DRIFT * rng.standard_normal((count, 1)),
    )


@dataclass(frozen=True, kw_only=True)
class Excess:
    """Counted within groups at the levels of a fit, whole and with a part left out."""

    whole: Floats
    """(G, L)"""
    left: Floats
    """(2, N_BLOCKS, G, L): without a block of references, without a fold of searches."""


def excess_of(test: TestCounts, block: FitBlock) -> Excess:
    """Comparisons within groups at or above the levels of a fit."""
    by_block = np.einsum("bggl->bgl", test.exceed)[..., block.levels]
    own = test.reference_group == test.group[test.search]
    column = np.searchsorted(block.levels, test.level[own], side="right") - 1
    kept, search = column >= 0, test.search[own]
    groups, width = test.n_groups, len(block.levels)
    place = ((search % N_BLOCKS) * groups + test.group[search]) * width + column
    reached = np.bincount(place[kept], weights=test.count[own][kept], minlength=N_BLOCKS * groups * width)
    by_fold = np.cumsum(reached.reshape(N_BLOCKS, groups, width)[..., ::-1], axis=-1)[..., ::-1]
    whole = by_block.sum(axis=0)
    return Excess(whole=whole, left=np.stack([whole - by_block, whole - by_fold]))


def once_at(excess: Excess, x: Floats, searches: int) -> float:
    """x at which a search exceeds once on average, between levels by a straight line in the log of the count."""
    count = np.log(np.maximum(excess.whole.sum(axis=0), 0.5))
    return float(np.interp(-np.log(searches), -count, x))


def stretch_of(excess: Excess, fit: Fit, x: Floats, log_rates: Floats) -> Stretch:
    """How far each group's mean excess leaves the curve's; x (L,) are the levels of the fit."""
    start = fit.curve.place(log_rates, fit.theta)
    fitted = np.exp(fit.curve.mean_log_p(x + start[:, None], fit.theta))

    def mean(above: Floats) -> Floats:
        area = ((above[..., 1:] + above[..., :-1]) / 2 * np.diff(x)).sum(axis=-1)
        return np.asarray(np.log(np.maximum(area, 1e-300) / np.maximum(above[..., 0], 1e-300)))

    log_k = mean(fitted) - mean(excess.whole)
    left = mean(fitted) - mean(excess.left)
    variance = left_out_variance(left)
    used = (excess.whole[:, 0] >= ENOUGH) & (variance > 0)
    if len(x) < 3 or used.sum() < 2:
        return Stretch(mean=np.zeros(len(log_k)), sd=np.zeros(len(log_k)))
    weight = 1 / variance[used]
    between = max(0.0, float((log_k[used] ** 2 * weight).sum() - used.sum()) / float(weight.sum()))
    share = np.where(used, between / (between + variance), 0.0)
    log_k = np.where(used, log_k, 0.0)
    return Stretch(mean=share * log_k, sd=np.sqrt(between * (1 - share)))
