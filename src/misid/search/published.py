"""A search model from published operating points and a growth law that is itself a range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Literal

import numpy as np

from misid.ground.errors import UsageError
from misid.ground.numbers import significant
from misid.search.asked import asked_text, of_probes
from misid.search.growth import (
    FLAT_TO_LINEAR,
    FNIR_EXPONENT,
    FNIR_TESTED,
    checked_gallery,
    checked_growth,
    grown_fnir,
    grown_fpir,
)
from misid.search.model import Answer
from misid.search.span import Span
from misid.search.tradeoff import Curve, OperatingPoint
from misid.tally.model import Floats

Hold = Literal["threshold", "fpir"]

METHOD = "published operating point and growth law"
NO_KIN = "relatives of the people searched: the published figure does not say whether any were in its gallery"
SAME_THRESHOLD = "the operator's threshold is the published test's"
_STEPS = 41


@dataclass(frozen=True, kw_only=True)
class PublishedModel:
    """Rates at any gallery from operating points that somebody published. Answers are ranges over assumptions.

    FPIR(N) = 1 - (1 - FPIR0)^((N / N0)^b), with b anywhere in `growth`. What is held while the gallery grows:

    - ``threshold`` (default): the operator keeps the published test's threshold. FPIR grows. FNIR stays where FPIR
      grows linearly (scores do not move with the gallery) and grows as with held FPIR where FPIR stays;
      in between, with exponent a (1 - b).
    - ``fpir``: the threshold is set anew for each gallery. FPIR stays, FNIR(N) = FNIR0 (N / N0)^a with a from NIST's
      two gallery sizes.

    Attributes
    ----------
    points : sequence of OperatingPoint
        All of one gallery and one rank. The first of a group is the one in use; the others show the trade-off.
    growth : Span
        b, within [0, 1].
    fnir_exponent : Span
        a.
    hold : str
    """

    points: Sequence[OperatingPoint]
    growth: Span = FLAT_TO_LINEAR
    fnir_exponent: Span = FNIR_EXPONENT
    hold: Hold = "threshold"
    _curves: dict[str | None, Curve] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        checked_growth(self.growth)
        if not self.points:
            raise UsageError("no operating point is given", remedy="N0=12000000,FPIR0=0.003,FNIR0=0.0007")
        for group in dict.fromkeys(point.group for point in self.points):
            self._curves[group] = Curve([point for point in self.points if point.group == group])

    def fpir(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """FPIR(N, t): the lowest and the highest that the assumptions allow.

        Parameters
        ----------
        gallery : int
            N, references.
        threshold : float, optional
            On the published scale; needs points that name theirs.
        group : str, optional
            A group for which points were given.

        Examples
        --------
        >>> from misid.search.tradeoff import OperatingPoint
        >>> point = OperatingPoint(gallery=12_000_000, fpir=Span.exactly(0.003))
        >>> answer = PublishedModel(points=[point]).fpir(200_000_000)
        >>> answer.estimate, round(answer.lo, 3), round(answer.hi, 3), answer.limits
        (None, 0.003, 0.049, 'assumptions')
        """
        gallery = checked_gallery(gallery)
        asked = asked_text("FPIR", gallery, threshold, group)
        point = self._point(threshold, group)
        if isinstance(point, tuple):
            return _refusal(asked, "fpir", gallery, threshold, None, group, *point)
        growth = Span.exactly(0.0) if self.hold == "fpir" else self.growth
        ratio = gallery / point.gallery
        ends = [grown_fpir(p, ratio, b) for p, b in product(_ends(point.fpir), _ends(growth))]
        best = None
        if point.fpir.best is not None and growth.best is not None:
            best = grown_fpir(point.fpir.best, ratio, growth.best)
        return self._range(asked, "fpir", point, gallery, threshold, None, ends, best)

    def fnir(
        self, gallery: int, rank: int | None = None, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        """FNIR(N, R, t): the lowest and the highest that the assumptions allow, see the class.

        A rank other than the published one is answered with the bound that follows from it.
        """
        gallery = checked_gallery(gallery)
        asked = asked_text("FNIR", gallery, threshold, group, rank)
        point = self._point(threshold, group)
        if isinstance(point, tuple):
            return _refusal(asked, "fnir", gallery, threshold, rank, group, *point)
        if point.fnir is None:
            why = "the published operating point gives no FNIR", "a published FNIR at this operating point"
            return _refusal(asked, "fnir", gallery, threshold, rank, group, *why)
        held = self.hold == "fpir"
        ratio = gallery / point.gallery
        exponents = [a * (1 - (0 if held else b)) for a, b in product(_ends(self.fnir_exponent), _ends(self.growth))]
        ends = [grown_fnir(m, ratio, a) for m, a in product(_ends(point.fnir), exponents)]
        best, b_best = None, 0.0 if held else self.growth.best
        if point.fnir.best is not None and self.fnir_exponent.best is not None and b_best is not None:
            best = grown_fnir(point.fnir.best, ratio, self.fnir_exponent.best * (1 - b_best))
        answer = self._range(asked, "fnir", point, gallery, threshold, rank, ends, best)
        return answer if rank is None or rank == point.rank else _other_rank(answer, rank, point.rank)

    def fnir_for(self, target: float, gallery: int, *, group: str | None = None) -> Answer:
        """The FNIR that a wanted FPIR at N costs, along the published trade-off (log-log between points).

        For each b the FPIR at N0 that grows to the target is found, the FNIR there is read off, and grown to N.
        Where that FPIR is below every published one, FNIR is only bounded from below.
        """
        gallery = checked_gallery(gallery)
        asked = f"FNIR at the threshold that gives FPIR {target:g} at {gallery:,} references{of_probes(group)}"
        curve = self._curves.get(group)
        why: tuple[str, str] | None = None
        if curve is None:
            why = self._no_group(group)
        elif len(curve.points) < 2 or not curve.has_fnir:
            why = (
                "one published operating point shows no trade-off of FPIR against FNIR",
                "two or more published pairs of FPIR and FNIR at one gallery",
            )
        if curve is None or why is not None:
            return _refusal(asked, "fnir", gallery, None, None, group, *(why or ("", "")), target=target)
        ratio = gallery / curve.gallery
        found = []
        steps = 1 if self.growth.is_known else _STEPS
        for b in np.linspace(self.growth.lo, self.growth.hi, steps).tolist():
            there = curve.fnir_at(grown_fpir(target, 1 / ratio, b))
            found += [
                (grown_fnir(there.lo, ratio, a * (1 - b)), grown_fnir(there.hi, ratio, a * (1 - b)), there.below)
                for a in _ends(self.fnir_exponent)
            ]
        lo, hi = min(low for low, _, _ in found), max(high for _, high, _ in found)
        assumptions = (
            *(point.described() for point in curve.points),
            *(said for said in self._assumptions(curve.first)[1:] if said != SAME_THRESHOLD),
            "between published points the trade-off is straight in logs",
        )
        about: dict[str, Any] = {
            "asked": asked, "measure": "fnir", "gallery": gallery, "target": target, "group": group, "level": None,
            "limits": "assumptions", "method": f"{METHOD}, trade-off", "assumptions": assumptions,
            "warnings": self._warnings(curve.points[0], gallery, fnir=True),
        }  # fmt: skip
        lowest, highest = curve.points[0].fpir, curve.points[-1].fpir
        if not any(below for *_, below in found):
            return Answer(
                **about, estimate=lo if lo == hi else None, lo=lo, hi=hi, reason="" if lo == hi else NO_PREFERENCE
            )
        return Answer(
            **about, lo=lo, status="bound",
            reason=f"the wanted FPIR may need one at {curve.gallery:,} references that is lower than any published "
            f"there ({lowest} to {highest})",
            needed=f"a published FNIR at FPIR {grown_fpir(target, 1 / ratio, self.growth.hi):.2g} and "
            f"{curve.gallery:,} references",
        )  # fmt: skip

    def fpir_draws(
        self, gallery: int, generator: np.random.Generator, size: int, *, group: str | None = None
    ) -> Floats:
        """FPIR(N) for random values of the assumptions in their shapes, (size,); for a model that needs draws.

        Raises
        ------
        UsageError
            If no point of the group was given.
        """
        point = self._point(None, group)
        if isinstance(point, tuple):
            raise UsageError(point[0], remedy=point[1])
        fpir = point.fpir.draws(generator, size)
        b = np.zeros(size) if self.hold == "fpir" else self.growth.draws(generator, size)
        with np.errstate(divide="ignore"):
            return np.asarray(-np.expm1((checked_gallery(gallery) / point.gallery) ** b * np.log1p(-fpir)))

    def _point(self, threshold: float | None, group: str | None) -> OperatingPoint | tuple[str, str]:
        curve = self._curves.get(group)
        if curve is None:
            return self._no_group(group)
        return curve.first if threshold is None else curve.at(threshold)

    def _no_group(self, group: str | None) -> tuple[str, str]:
        given = ", ".join("everybody" if known is None else known for known in self._curves)
        return f"operating points are given for {given} only", f"a published operating point for {group or 'everybody'}"

    def _range(
        self, asked: str, measure: str, point: OperatingPoint, gallery: int, threshold: float | None, rank: int | None,
        ends: list[float], best: float | None,
    ) -> Answer:  # fmt: skip
        lo, hi = min([*ends, *_given(best)]), max([*ends, *_given(best)])
        best = lo if lo == hi else best
        return Answer(
            asked=asked, measure=measure, gallery=gallery, threshold=threshold, rank=rank, group=point.group,
            estimate=best, lo=lo, hi=hi, level=None,
            limits="assumptions", method=METHOD, reason="" if best is not None else NO_PREFERENCE,
            assumptions=self._assumptions(point, measure),
            warnings=self._warnings(point, gallery, fnir=measure == "fnir"),
        )  # fmt: skip

    def _assumptions(self, point: OperatingPoint, measure: str = "fnir") -> tuple[str, ...]:
        said = [point.described()]
        if self.hold == "threshold":
            said.append(SAME_THRESHOLD)
            said.append(f"FPIR grows with the gallery with exponent b in {self.growth} (0: not at all, 1: linearly)")
        else:
            said.append("the threshold is set anew for each gallery so that FPIR stays what was published")
        if measure == "fnir":
            a = Span(lo=round(self.fnir_exponent.lo, 3), hi=round(self.fnir_exponent.hi, 3))
            times = "a (1 − b)" if self.hold == "threshold" else "a"
            said.append(f"FNIR grows with the gallery with exponent {times}, a in {a}")
        said.append(f"photographs are taken as in the published test: {point.capture or 'it is not said how'}")
        return (*said, NO_KIN)

    def _warnings(self, point: OperatingPoint, gallery: int, *, fnir: bool) -> tuple[str, ...]:
        said = []
        if gallery > point.gallery:
            times = significant(gallery / point.gallery)
            said.append(f"the gallery is {times} times the one that the published figure is from")
        if fnir and gallery > FNIR_TESTED[1]:
            said.append(f"growth of FNIR was measured up to {FNIR_TESTED[1]:,.0f} references only")
        return tuple(said)


class ThresholdedModel(PublishedModel):
    """Published operating points that name their thresholds, so that others between them can be asked for."""

    @property
    def thresholds(self) -> tuple[float, float]:
        """The thresholds of the published points, from the highest FPIR to the lowest."""
        curve = next(iter(self._curves.values()))
        highest, lowest = curve.points[-1].threshold, curve.points[0].threshold
        if highest is None or lowest is None:
            raise UsageError("an operating point names no threshold", remedy="T=..., in every point")
        return highest, lowest


NO_PREFERENCE = "nothing prefers one value between the ends"


def published_model(
    points: Sequence[OperatingPoint], *, growth: Span = FLAT_TO_LINEAR, hold: Hold = "threshold"
) -> PublishedModel:
    """A search model from published operating points; one that knows thresholds where two or more points name them.

    Raises
    ------
    UsageError
        If points of one group contradict each other, or the growth exponent is not within [0, 1].
    """
    named = len(points) > 1 and all(point.threshold is not None for point in points)
    return (ThresholdedModel if named else PublishedModel)(points=tuple(points), growth=growth, hold=hold)


def _ends(span: Span) -> tuple[float, ...]:
    return (span.lo,) if span.is_known else (span.lo, span.hi)


def _given(value: float | None) -> list[float]:
    return [] if value is None else [value]


def _refusal(
    asked: str, measure: str, gallery: int, threshold: float | None, rank: int | None, group: str | None, reason: str,
    needed: str, target: float | None = None,
) -> Answer:  # fmt: skip
    return Answer(
        asked=asked, measure=measure, gallery=gallery, threshold=threshold, target=target, rank=rank, group=group,
        level=None, limits="assumptions", method=METHOD, status="refused", reason=reason, needed=needed,
    )  # fmt: skip


def _other_rank(answer: Answer, rank: int, published: int | None) -> Answer:
    """FNIR never rises with the rank: what another rank's says of this one."""
    at = "any rank" if published is None else f"rank {published}"
    said: dict[str, Any] = {"status": "bound", "estimate": None, "reason": f"the published FNIR is at {at}",
            "needed": f"a published FNIR at rank {rank}"}  # fmt: skip
    if published is None or rank < published:
        return replace(answer, **said, hi=None)
    return replace(answer, **said, lo=None, bound=answer.hi)
