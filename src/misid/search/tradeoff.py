"""Published operating points, and the trade-off between those of one test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, inf, log

from misid.ground.errors import UsageError
from misid.ground.numbers import threshold_text
from misid.search.growth import checked_gallery
from misid.search.span import Span


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """What somebody published of a test or an engine.

    Attributes
    ----------
    gallery : int
        N0: references.
    fpir : Span
        FPIR0, within [0, 1] and not exactly 0: a published 0 is a rounded number or a bound, so a range.
    fnir : Span or None
        FNIR0, likewise.
    threshold : float or None
        On the engine's scale, where it was published.
    rank : int or None
        R of FNIR0; None: a mate at any rank at or above the threshold counts as found.
    kind : str
        How the threshold was set, such as "for FPIR 0.003 at this gallery".
    group : str or None
        None: everybody in the test.
    capture : str
        Capture condition, such as "posed mugshots".
    source : str
        Where it was published: text, or the id of a record of evidence.
    """

    gallery: int
    fpir: Span
    fnir: Span | None = None
    threshold: float | None = None
    rank: int | None = None
    kind: str = ""
    group: str | None = None
    capture: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        checked_gallery(self.gallery)
        for name, span in (("FPIR0", self.fpir), ("FNIR0", self.fnir)):
            if span is not None and not 0 <= span.lo <= span.hi <= 1:
                raise UsageError(
                    f"{name} is {span}: not within 0 and 1", remedy="a proportion such as 0.003, not 0.3 %"
                )
            if span is not None and span.hi == 0:
                raise UsageError(
                    f"{name} is 0: a published 0 is a rounded number or a bound", remedy=f"a range: {name}=0..0.001"
                )

    def described(self) -> str:
        """The point in words, for the assumptions of an answer."""
        found = [f"FPIR {self.fpir}", "" if self.fnir is None else f"FNIR {self.fnir}"]
        if self.rank is not None:
            found[1] += f" at rank {self.rank}"
        at = "" if self.threshold is None else f", threshold {threshold_text(self.threshold)}"
        kind = f" ({self.kind})" if self.kind else ""
        source = f"source: {self.source}" if self.source else "no source was named"
        return f"published: {' and '.join(filter(None, found))} at {self.gallery:,} references{at}{kind}; {source}"


@dataclass(frozen=True, kw_only=True)
class Read:
    """FNIR read off the trade-off; `below`: at an FPIR below every published one, so that `lo` alone holds."""

    lo: float
    hi: float
    below: bool = False


class Curve:
    """Operating points of one test and group: by FPIR ascending, with FNIR not rising."""

    def __init__(self, points: Sequence[OperatingPoint]) -> None:
        self.first = points[0]
        self.points = tuple(sorted(points, key=lambda point: (point.fpir.hi, point.fpir.lo)))
        self.gallery = self.first.gallery
        self.has_fnir = all(point.fnir is not None for point in points)
        for point in points:
            if (point.gallery, point.rank) != (self.gallery, self.first.rank):
                raise UsageError(
                    f"operating points at {self.gallery:,} and {point.gallery:,} references (ranks {self.first.rank} "
                    f"and {point.rank}) are not of one trade-off",
                    remedy="points of one gallery and one rank; ask of the others separately",
                )
        self._check_order()

    def _check_order(self) -> None:
        for low, high in pairwise(self.points):
            same = low.fpir.hi >= high.fpir.hi or low.fpir.lo > high.fpir.lo
            rises = low.fnir is not None and high.fnir is not None and low.fnir.hi < high.fnir.hi
            if same or rises:
                raise UsageError(
                    f"two operating points contradict each other: FPIR {low.fpir} with FNIR {low.fnir}, and FPIR "
                    f"{high.fpir} with FNIR {high.fnir}",
                    remedy="on a trade-off FNIR falls as FPIR rises; leave one of them out",
                )
        named = [point.threshold for point in self.points if point.threshold is not None]
        if len(named) == len(self.points) and named not in (sorted(named), sorted(named, reverse=True)):
            raise UsageError("FPIR does not fall steadily with the thresholds given", remedy="check T of each point")
        if len(set(named)) < len(named):
            raise UsageError("two operating points have the same threshold", remedy="leave one of them out")

    def at(self, threshold: float) -> OperatingPoint | tuple[str, str]:
        """The point at a threshold, its rates log-linear in the threshold between two published ones."""
        known = sorted((point for point in self.points if point.threshold is not None), key=_threshold)
        needed = f"a published operating point at threshold {threshold_text(threshold)}"
        if not known:
            return "no threshold of the published figures is known", needed
        for point in known:
            if point.threshold == threshold:
                return point
        if not _threshold(known[0]) < threshold < _threshold(known[-1]):
            ends = f"{threshold_text(_threshold(known[0]))} to {threshold_text(_threshold(known[-1]))}"
            return f"the published figures are at thresholds {ends}, and nothing is said beyond", needed
        above = next(index for index, point in enumerate(known) if _threshold(point) > threshold)
        a, b = known[above - 1], known[above]
        share = (threshold - _threshold(a)) / (_threshold(b) - _threshold(a))
        fnir = None if a.fnir is None or b.fnir is None else _between(a.fnir, b.fnir, share)
        kind = "between two published thresholds"
        return replace(a, fpir=_between(a.fpir, b.fpir, share), fnir=fnir, threshold=threshold, kind=kind)

    def fnir_at(self, fpir: float) -> Read:
        """FNIR at an FPIR, straight in logs between points, at the published gallery.

        Above the highest published FPIR nothing but "at most the FNIR there" is known.
        """
        lows = [(point.fpir.lo, _lowest(point)) for point in self.points]
        highs = [(point.fpir.hi, _highest(point)) for point in self.points]
        return Read(
            # The lower curve has the lower rates of both kinds.
            lo=_interpolated(lows, fpir, beyond=0.0),
            hi=_interpolated(highs, fpir, beyond=highs[-1][1]),
            below=fpir < highs[0][0] * (1 - 1e-12),
        )


def _threshold(point: OperatingPoint) -> float:
    return inf if point.threshold is None else point.threshold


def _lowest(point: OperatingPoint) -> float:
    return 0.0 if point.fnir is None else point.fnir.lo


def _highest(point: OperatingPoint) -> float:
    return 1.0 if point.fnir is None else point.fnir.hi


def _interpolated(points: list[tuple[float, float]], x: float, *, beyond: float) -> float:
    """y at x; the first y before the first x, `beyond` past the last."""
    if x <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in pairwise(points):
        if x == x1:
            return y1
        if x0 < x < x1:
            return _log_between(y0, y1, (log(x) - log(x0)) / (log(x1) - log(x0)) if x0 > 0 else 1.0)
    return points[-1][1] if x <= points[-1][0] * (1 + 1e-12) else beyond


def _between(a: Span, b: Span, share: float) -> Span:
    best = None if a.best is None or b.best is None else _log_between(a.best, b.best, share)
    lo, hi = _log_between(a.lo, b.lo, share), _log_between(a.hi, b.hi, share)
    return Span(lo=lo, hi=max(lo, hi), best=None if best is None else min(max(best, lo), hi))


def _log_between(a: float, b: float, share: float) -> float:
    """Straight in logs; 0 has no log, and is taken as nothing known above 0."""
    return 0.0 if a <= 0 or b <= 0 else exp((1 - share) * log(a) + share * log(b))
