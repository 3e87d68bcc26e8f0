"""FNIR at other galleries: mates that miss the threshold, and mates that others outrank."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from misid.ground.errors import UsageError
from misid.rates.intervals import people_interval
from misid.search.asked import asked_text, given_threshold
from misid.search.from_tally.counts import Floats, Ints
from misid.search.from_tally.images import at_ends
from misid.search.from_tally.project import Projection
from misid.search.from_tally.refusal import too_small
from misid.search.growth import checked_gallery
from misid.search.model import Answer
from misid.tally.model import NO_BIN, Tally

if TYPE_CHECKING:
    from misid.search.from_tally.model import TallyModel

SCORES = 16
"""Mate scores above the threshold at which the projection is asked: averages over equal shares of mates."""


@dataclass(frozen=True, kw_only=True)
class MateCounts:
    """Best mated scores of the searches, by group of the probe.

    Attributes
    ----------
    group : (k,) int
    score : (k,) float
        Lower edge of the score's bin; -inf where the mate was not returned.
    count : (k,) int
        Searches.
    people : int
        People among them.
    """

    group: Ints
    score: Floats
    count: Ints
    people: int

    def searches(self, members: tuple[int, ...]) -> int:
        return int(self.count[np.isin(self.group, members)].sum())


def mates_of(tally: Tally) -> MateCounts:
    """The mated searches of a tally."""
    rows, design = tally.tables["mates"], tally.tables["search_design"]
    score = np.where(rows["bin"] == NO_BIN, -np.inf, tally.edges[rows["bin"]])
    people = design["people"][(design["mated"] == 1) & (design["label"] == 0)]
    return MateCounts(group=rows["probe_group"], score=score, count=rows["count"], people=int(people.sum()))


def fnir_answer(
    model: TallyModel, gallery: int, rank: int | None, threshold: float | None, group: str | None
) -> Answer:
    """What `TallyModel.fnir` answers."""
    at_least = given_threshold(threshold)
    gallery = checked_gallery(gallery)
    if rank is not None and rank < 1:
        raise UsageError(f"rank {rank}", remedy="rank 1 or more; None for any rank")
    members = model.members(group)
    asked = asked_text("FNIR", gallery, at_least, group, rank)
    answer = Answer(
        asked=asked, measure="fnir", gallery=gallery, threshold=at_least, rank=rank, group=group,
        level=model.level, status="refused", reason="this test had no mated searches",
        needed="searches by people who are enrolled", warnings=model.warnings(),
    )  # fmt: skip
    mates = model.mates
    if mates is None or not mates.searches(members):
        return answer
    reason, needed = too_small(model, group) if rank is not None else ("", "")
    if reason:
        return replace(answer, reason=reason, needed=needed)
    method = "mates below the threshold, counted"
    if rank is not None:
        method += "; candidates above the mate, projected"

    def at(strangers: int) -> Answer:
        estimate, lo, hi = fnir_limits(mates, model.projection, strangers, rank, at_least, members, model.level)
        return replace(answer, status="ok", reason="", needed="", estimate=estimate, lo=lo, hi=hi, method=method)

    return (
        at(gallery) if model.images is None or rank is None else at_ends(model.images.at(at_least), gallery, asked, at)
    )


def fnir_limits(
    mates: MateCounts,
    projection: Projection | None,
    gallery: int,
    rank: int | None,
    threshold: float,
    members: tuple[int, ...],
    level: float,
) -> tuple[float, float, float]:
    """FNIR(N, R, t) with limits: the counted part's exact limits and the projected part's draws, added as squares.

    A mate in the bin that a threshold divides counts as below it only if its whole bin is.
    """
    mine = np.isin(mates.group, members)
    score, count = mates.score[mine], mates.count[mine]
    total = int(count.sum())
    missed = int(count[score < threshold].sum())
    searched = min(total, mates.people)
    counted = people_interval(missed, total, people=searched, level=level)
    base, lo, hi = missed / total, counted.lo or 0.0, counted.hi if counted.hi is not None else 1.0
    if rank is None or projection is None or missed == total:
        return base, min(lo, base), max(hi, base)
    above = score >= threshold
    order = np.argsort(score[above])
    score, count = score[above][order], count[above][order]
    # Equal shares of the mates; each stands for its lowest score, which errs towards being outranked.
    where = np.searchsorted(np.cumsum(count), np.arange(SCORES) / SCORES * count.sum(), side="right")
    columns = [0] if projection.test.n_groups == 1 else list(members)
    weight = projection.searched[columns]
    outranked = np.mean(
        [projection.fpir(gallery, float(score[k]), rank)[:, columns] @ weight / weight.sum() for k in where], axis=0
    )
    a = (1 - level) / 2
    low, middle, high = (float(q) * (1 - base) for q in np.quantile(outranked, [a, 0.5, 1 - a]))
    estimate = base + middle
    return (
        estimate,
        max(0.0, estimate - float(np.hypot(base - min(lo, base), middle - low))),
        min(1.0, estimate + float(np.hypot(max(hi, base) - base, high - middle))),
    )
