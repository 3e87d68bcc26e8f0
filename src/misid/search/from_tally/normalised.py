"""Engines whose scores move with the gallery: FPIR at larger ones from candidate lists of two sizes, or from both laws.

A tally of comparisons says how FPIR grows only if a comparison's score depends on its two samples alone. Some engines
normalise scores by the best of each list, and hold FPIR nearly whatever the gallery. Two tallies of the same engine
with galleries of two sizes show it: with F1 at N1 and F2 at N2,

    b = log(log(1 - F2) / log(1 - F1)) / log(N2 / N1),

b = 1 where scores do not move, 0 where FPIR is held. Growth of such engines slows as galleries grow (of a simulated one
that normalises by ranks 5 to 40, b fell from 0.26 between 500 and 5,000 references to 0.02 beyond a million), so
beyond the larger gallery b is anything from 0 to the one seen. With one tally it is anything from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, inf, log, log1p

from misid.ground.errors import NotEstimableError, UsageError
from misid.rates import compute_rates
from misid.rates.points import as_input
from misid.search.asked import asked_text, given_threshold
from misid.search.growth import FLAT_TO_LINEAR, checked_gallery, grown_fpir
from misid.search.model import Answer
from misid.search.span import Span
from misid.tally.model import Tally

SLOWS = "beyond the larger of the two galleries FPIR grows no faster, in proportion, than between them"
UNSEEN = "by how much growth slows beyond the larger gallery was not seen"
EITHER = "how FPIR grows with the gallery is not known of this engine: from not at all to linearly"


@dataclass(frozen=True, kw_only=True)
class Counted:
    """FPIR as counted at one gallery, with its limits."""

    gallery: int
    estimate: float
    lo: float
    hi: float

    def __post_init__(self) -> None:
        checked_gallery(self.gallery)
        if not 0 <= self.lo <= self.estimate <= self.hi <= 1:
            raise UsageError(
                f"FPIR {self.estimate:g} within {self.lo:g}..{self.hi:g}", remedy="0 <= lower <= estimate <= upper <= 1"
            )


def growth_between(small: Counted, large: Counted) -> Span:
    """The exponent b of FPIR between two galleries, within [0, 1]; its limits as squares of each count's own.

    Examples
    --------
    >>> held = growth_between(Counted(gallery=500, estimate=0.02, lo=0.015, hi=0.027),
    ...                       Counted(gallery=5000, estimate=0.021, lo=0.016, hi=0.028))
    >>> held.lo, round(held.best, 2), round(held.hi, 2)
    (0.0, 0.02, 0.2)
    """
    if large.gallery <= small.gallery:
        raise UsageError(
            f"galleries of {small.gallery:,} and {large.gallery:,}", remedy="give the smaller first, the larger second"
        )
    ratio = log(large.gallery / small.gallery)
    if small.estimate in (0.0, 1.0) or large.estimate in (0.0, 1.0):
        return FLAT_TO_LINEAR
    a, b = ([_loglog(v) for v in (c.lo, c.estimate, c.hi)] for c in (small, large))
    best = b[1] - a[1]
    lo, hi = best - hypot(b[1] - b[0], a[2] - a[1]), best + hypot(b[2] - b[1], a[1] - a[0])
    lo, best, hi = (min(1.0, max(0.0, value / ratio)) for value in (lo, best, hi))
    return Span(lo=lo, best=best, hi=hi)


def _loglog(rate: float) -> float:
    return -inf if rate <= 0 else inf if rate >= 1 else log(-log1p(-rate))


def counted_at(tally: Tally, threshold: float, *, group: str | None = None, level: float = 0.95) -> Counted:
    """FPIR of a tally at a threshold (a similarity, as the tally holds scores), at its own gallery.

    Raises
    ------
    NotEstimableError
        No search of the group counts towards FPIR, or the threshold is below what the lists hold.
    """
    threshold = as_input(tally, threshold)
    rates = compute_rates(tally, thresholds=[threshold], targets=(), level=level, curves=False, measures=["fpir"])
    name = tally.labels[0].name if group is None else group
    found = [r for r in rates.records if r.threshold == threshold and r.probe_group == name]
    if not found or found[0].estimate is None or found[0].lo is None or found[0].hi is None:
        why = "; ".join(found[0].warnings) or found[0].status if found else "no such group or threshold"
        raise NotEstimableError(
            f"FPIR at threshold {threshold:g}, {name}: {why}", remedy="give a threshold the tally was made for"
        )
    design = tally.tables["search_design"]
    mine = (design["mated"] == 0) & (design["label"] == [label.name for label in tally.labels].index(name))
    gallery = tally.gallery or int(design["gallery_median"][mine].max())
    return Counted(gallery=gallery, estimate=found[0].estimate, lo=found[0].lo, hi=found[0].hi)


@dataclass(frozen=True, kw_only=True)
class NormalisedModel:
    """FPIR at other galleries of an engine whose scores may move with the gallery; part of a `SearchModel`.

    Attributes
    ----------
    large : Tally
        Of the larger gallery, or the only one.
    small : Tally or None
        Of the same engine and like people, with a smaller gallery. None: b is anything from 0 to 1.
    """

    large: Tally
    small: Tally | None = None
    level: float = 0.95

    def fpir(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """FPIR(N, t): from the least to the most that the growth seen, or both laws, allow."""
        threshold = given_threshold(threshold)
        gallery = checked_gallery(gallery)
        large = counted_at(self.large, threshold, group=group, level=self.level)
        small = None if self.small is None else counted_at(self.small, threshold, group=group, level=self.level)
        return grown_answer(large, small, gallery, threshold, group)

    def fnir(
        self, gallery: int, rank: int | None = None, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        """Refused: at a fixed threshold the mate's score moves with the gallery too, and nothing says by how much."""
        gallery = checked_gallery(gallery)
        return Answer(
            asked=asked_text("FNIR", gallery, threshold, group, rank), measure="fnir", gallery=gallery,
            threshold=threshold, rank=rank, group=group, level=None, limits="assumptions", status="refused",
            reason="scores of mates move with the gallery too, and by how much was not seen",
            needed="mated searches of a gallery of that size",
        )  # fmt: skip


def grown_answer(
    large: Counted, small: Counted | None, gallery: int, threshold: float, group: str | None = None
) -> Answer:
    """The answer from counts at one or two galleries."""
    most = 1.0 if small is None else growth_between(small, large).hi
    ratio = gallery / large.gallery
    ends = [grown_fpir(f, ratio, b) for f in (large.lo, large.hi) for b in (0.0, most)]
    return Answer(
        asked=asked_text("FPIR", gallery, threshold, group), measure="fpir", gallery=gallery,
        threshold=threshold, group=group, lo=min(ends), hi=max(ends), level=None, limits="assumptions",
        method="growth between two galleries" if small else "counted FPIR and both growth laws",
        reason=EITHER if small is None else UNSEEN, assumptions=(EITHER if small is None else SLOWS,),
    )  # fmt: skip
