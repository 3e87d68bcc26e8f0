"""What the model says of data it can be held to: counts per level, other levels, and the whole from a tenth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from misid.ground.errors import UsageError
from misid.rates.intervals import rarefied_fpir
from misid.search.from_tally.counts import Floats, TestCounts
from misid.search.from_tally.project import Member, Projection, project
from misid.search.growth import hazard
from misid.tally.model import N_BLOCKS

TENTH = 2
"""Blocks of references that make the tenth."""


@dataclass(frozen=True, kw_only=True)
class LevelFit:
    """Comparisons at or above each level of one fit, within groups: seen and fitted; all (L,)."""

    curve: str
    per_search: float
    thresholds: Floats
    observed: Floats
    fitted: Floats

    @property
    def worst(self) -> float:
        """Largest |log(observed / fitted)| over levels, in standard errors of independent comparisons."""
        gap = np.log(np.maximum(self.observed, 0.5) / self.fitted) * np.sqrt(np.maximum(self.observed, 1.0))
        return float(np.abs(gap).max())


@dataclass(frozen=True, kw_only=True)
class Stability:
    """FPIR by the level that fits start from; limits of the draws of each."""

    per_search: tuple[float, ...]
    estimate: tuple[float, ...]
    lo: tuple[float, ...]
    hi: tuple[float, ...]

    @property
    def agrees(self) -> bool:
        """Every estimate lies within the limits of every other."""
        return all(lo <= e <= hi for e in self.estimate for lo, hi in zip(self.lo, self.hi, strict=True))


@dataclass(frozen=True, kw_only=True)
class Tenth:
    """FPIR at the test's whole gallery, predicted from a tenth of the references, beside what was counted; (k,)."""

    gallery: int
    thresholds: Floats
    distance: Floats
    """Mean excesses of the thresholds beyond the lowest level that was fitted."""
    observed: Floats
    estimate: Floats
    lo: Floats
    hi: Floats

    @property
    def agrees(self) -> bool:
        """Every count lies within the predicted limits."""
        return bool(((self.lo <= self.observed) & (self.observed <= self.hi)).all())


MISFIT = 4.0
"""Standard errors between seen and fitted counts from which the curve is held not to fit; people, not comparisons,
make counts vary, so that fewer would condemn good fits."""


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """How far counts leave curves, as |log(seen / fitted)| of rate or hazard for each mean excess of score."""

    slope: float
    worst: float
    threshold: float


def misfit(projection: Projection) -> Misfit | None:
    """The level at which the curves fail most, None where they fit."""
    found = None
    for member, level_fit in zip(projection.members, level_fits(projection), strict=True):
        gap = np.log(np.maximum(level_fit.observed, 0.5) / level_fit.fitted)
        error = gap * np.sqrt(np.minimum(np.maximum(level_fit.observed, 1.0), 4 * projection.test.searches))
        at = int(np.abs(error).argmax())
        if abs(error[at]) < MISFIT or (found is not None and abs(error[at]) <= found.worst):
            continue
        distance = max(float(member.fit.curve.x(level_fit.thresholds[at : at + 1])[0]), 1.0)
        found = Misfit(
            slope=float(np.abs(gap[at])) / distance,
            worst=float(abs(error[at])),
            threshold=float(level_fit.thresholds[at]),
        )
    return found


def astray(tenth: Tenth) -> Misfit | None:
    """Where a count lies farthest outside what the tenth predicts, None where every one lies inside."""
    if tenth.agrees:
        return None
    seen, lo, hi = (np.log(hazard(f)) for f in (tenth.observed, np.maximum(tenth.lo, 1e-12), tenth.hi))
    gap = np.maximum(lo - seen, seen - hi)
    slope = gap / np.maximum(tenth.distance, 1.0)
    at = int(slope.argmax())
    return Misfit(slope=float(slope[at]), worst=float(gap[at]), threshold=float(tenth.thresholds[at]))


def level_fits(projection: Projection) -> tuple[LevelFit, ...]:
    """Goodness of fit of every curve."""
    return tuple(_level_fit(projection, member) for member in projection.members)


def _level_fit(projection: Projection, member: Member) -> LevelFit:
    curve, theta, block = member.fit.curve, member.fit.theta, member.block
    thresholds = projection.test.levels[block.levels]
    made = np.bincount(block.group, weights=block.weight * block.references, minlength=projection.test.n_groups)
    start = curve.place(member.log_rates, theta)
    rate = np.exp(curve.mean_log_p(curve.x(thresholds)[:, None] + start, theta))
    return LevelFit(
        curve=f"{curve.tail.name}, {curve.scale.name}" + (", two kinds of probes" if curve.mixture else ""),
        per_search=member.per_search,
        thresholds=thresholds,
        observed=np.cumsum(block.total[::-1])[::-1],
        fitted=rate @ made,
    )


def stability(projection: Projection, gallery: float, threshold: float) -> Stability:
    """FPIR(N, t) by the depth of the levels fitted; one entry where there is one depth."""
    depths = sorted({m.per_search for m in projection.members})
    quantiles = []
    for depth in depths:
        part = replace(projection, members=tuple(m for m in projection.members if m.per_search == depth), answered={})
        quantiles.append(np.quantile(part.fpir(gallery, threshold) @ projection.searched, [0.025, 0.5, 0.975]))
    lo, middle, hi = (tuple(float(q[k]) for q in quantiles) for k in range(3))
    return Stability(per_search=tuple(depths), estimate=middle, lo=lo, hi=hi)


def tenth_to_whole(test: TestCounts, rng: np.random.Generator, *, draws: int = 200) -> Tenth:
    """Fit to a random tenth of the references and predict FPIR at all of them.

    Groups are put together: a tenth of a group is too few. Levels: those with a FPIR from 0.05 to 0.6.

    Raises
    ------
    UsageError
        A tenth of the references is fewer than 20.
    """
    whole = test.pooled()
    gallery = int(whole.references[0, 0] + 1e-9)
    blocks = np.sort(rng.choice(N_BLOCKS, TENTH, replace=False))
    share = float(whole.block_share[blocks, 0].sum())
    if share * gallery < 20:
        raise UsageError(f"a tenth of {gallery} references is too few to fit", remedy="use a test of 200 or more")
    rows = np.isin(whole.block, blocks)
    # The tenth's references are dealt into blocks anew, so that the jackknife has blocks to leave out. Rows are
    # dealt by search: references cannot be told apart in a tally.
    dealt = (whole.search[rows] * 7 + whole.level[rows]) % N_BLOCKS
    tenth = replace(
        whole,
        references=whole.references * share,
        search=whole.search[rows],
        reference_group=whole.reference_group[rows],
        block=dealt,
        level=whole.level[rows],
        count=whole.count[rows],
        block_share=np.full((N_BLOCKS, 1), 1 / N_BLOCKS),
    )
    fitted = project(tenth, rng, draws=draws, grouped=False)
    found: list[tuple[float, ...]] = []
    last = 1.0
    for at in range(len(whole.levels)):
        values, searches = np.unique(np.minimum(whole.per_search(at), gallery), return_counts=True)
        observed = rarefied_fpir(values, searches, gallery, gallery)
        if not 0.05 <= observed <= 0.6 or observed > 0.7 * last:
            continue
        last = observed
        drawn = fitted.fpir(gallery, float(whole.levels[at]))[:, 0]
        # The whole's own count is a draw too.
        noise = np.sqrt(observed * (1 - observed) / whole.searches)
        seen = np.clip(drawn + rng.standard_normal(len(drawn)) * noise, 0.0, 1.0)
        x = float(fitted.members[0].fit.curve.x(whole.levels[at : at + 1])[0])
        found.append((float(whole.levels[at]), x, observed, *np.quantile(seen, [0.5, 0.025, 0.975]).tolist()))
    columns = np.array(found).reshape(-1, 6).T
    return Tenth(
        gallery=gallery, thresholds=columns[0], distance=columns[1], observed=columns[2], estimate=columns[3],
        lo=columns[4], hi=columns[5],
    )  # fmt: skip
