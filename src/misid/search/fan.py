"""FPIR from the test's own gallery to all that are talked about: the projection figure, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from misid.ground.numbers import threshold_text
from misid.search.ask import Scale, tally_model
from misid.search.checked import CheckData, check_data, lines_of
from misid.search.model import DRAWS, Answer
from misid.search.text import answer_text
from misid.tally.model import Tally

if TYPE_CHECKING:
    from misid.search.from_tally import TallyModel

LARGEST = 1_200_000_000
"""Images in the largest gallery that anybody has reported (evidence: mf-gallery-1200m)."""

NAMED = (1_000_000, 200_000_000, LARGEST)
"""Galleries that a table shows; 200 million is what manuals of the case that started misid say (mf-gallery-200m)."""

INNER = 0.5
POINTS = 25

Region = Literal["within the test", "beyond the test"]


@dataclass(frozen=True, kw_only=True)
class FanPoint:
    """FPIR at one gallery, by group of the probe; rates in [0, 1].

    `inner_lo` and `inner_hi` are the limits that hold half of what the outer ones do not rule out (`INNER`). `bound`
    stands where the estimate is refused. `naive` and its limits are 1 - (1 - FMR)^N, for everybody only.
    """

    group: str
    threshold: float
    gallery: int
    region: Region
    status: str
    estimate: float | None
    lo: float | None
    hi: float | None
    inner_lo: float | None
    inner_hi: float | None
    bound: float | None
    naive: float | None
    naive_lo: float | None
    naive_hi: float | None


@dataclass(frozen=True, kw_only=True)
class TenthPoint:
    """FPIR at the test's own gallery: counted, and predicted from a tenth of its references."""

    threshold: float
    observed: float
    estimate: float
    lo: float
    hi: float


@dataclass(frozen=True, kw_only=True)
class FitPoint:
    """Comparisons within groups at or above a level: counted, and by one fitted curve."""

    curve: str
    per_search: float
    threshold: float
    observed: float
    fitted: float


@dataclass(frozen=True, kw_only=True)
class DepthPoint:
    """FPIR at a million references by the depth of the levels that were fitted."""

    per_search: float
    threshold: float
    estimate: float
    lo: float
    hi: float


@dataclass(frozen=True, kw_only=True)
class CheckLine:
    """A check of the model in a line."""

    name: str
    passed: bool | None
    said: str


@dataclass(frozen=True, kw_only=True)
class Fan:
    """What a test says of FPIR at larger galleries.

    Attributes
    ----------
    gallery, people, searches : int
        References that a search of the test met; people; searches.
    threshold : float
        On the scale of the input.
    level, inner_level : float
        Of the limits.
    points : tuple of FanPoint
        By group, galleries ascending; "all" is everybody.
    named : tuple of Answer
        FPIR at `NAMED`, for everybody.
    refused_from : int or None
        The first gallery at which the estimate for everybody is refused.
    reason, needed : str
        Why it is, and what would suffice.
    assumptions, warnings : tuple of str
    checks, tenth, fits, depths
    """

    gallery: int
    people: int
    searches: int
    threshold: float
    level: float
    inner_level: float
    points: tuple[FanPoint, ...]
    named: tuple[Answer, ...]
    refused_from: int | None
    reason: str
    needed: str
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    checks: tuple[CheckLine, ...]
    tenth: tuple[TenthPoint, ...]
    fits: tuple[FitPoint, ...]
    depths: tuple[DepthPoint, ...]

    def __repr__(self) -> str:
        said = [f"  {answer.asked}: {answer_text(answer)}" for answer in self.named]
        return "\n".join([f"Fan at threshold {threshold_text(self.threshold)}", *said])


def fan_of(
    tally: Tally,
    threshold: float,
    *,
    groups: Sequence[str] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    level: float = 0.95,
    stage: Callable[[str], None] = lambda _: None,
) -> Fan:
    """Project a tally to galleries from its own to `LARGEST`, and check the model.

    Parameters
    ----------
    tally : Tally
        Of all comparisons of a test.
    threshold : float
        On the scale of the input.
    groups : sequence of str, optional
        Groups of the tally to show beside everybody; default all.
    draws, seed : int
        Of the fitted parameters.
    level : float
    stage : callable
        Told what is being done.

    Raises
    ------
    NotEstimableError
        Candidate lists, or no search that counts towards FPIR.
    """
    stage("fitting the search model")
    model = tally_model(tally, draws=draws, seed=seed, level=level)
    stage("checking it")
    data = check_data(model)
    stage("projecting")
    return fan(model, Scale(tally=tally), threshold, data, groups=groups)


def fan(
    model: TallyModel, scale: Scale, threshold: float, data: CheckData, *, groups: Sequence[str] | None = None
) -> Fan:  # fmt: skip
    """The fan of a model that is made already, with its checks."""
    t = scale.into(threshold) or 0.0
    shown = tuple(model.labels) if groups is None else tuple(groups)
    points = [
        point for group in (None, *shown) for point in _points(model, threshold, t, group, fan_galleries(model.gallery))
    ]
    named = tuple(scale.out(model.fpir(n, t)) for n in NAMED)
    refused = [p for p in points if p.group == EVERYBODY and p.status != "ok"]
    first = min((p.gallery for p in refused), default=None)
    why = None if first is None else model.fpir(first, t)
    said = [*named, *([] if why is None else [why])]
    return Fan(
        gallery=model.gallery, people=model.test.people, searches=model.test.searches, threshold=threshold,
        level=model.level, inner_level=INNER, points=tuple(points), named=named, refused_from=first,
        reason="" if why is None else why.reason, needed="" if why is None else why.needed,
        assumptions=_once(text for answer in said for text in answer.assumptions),
        warnings=_once(text for answer in said for text in answer.warnings),
        checks=tuple(CheckLine(name=c.name, passed=c.passed, said=c.said) for c in lines_of(data)),
        tenth=_tenth(data, scale), fits=_fits(data, scale), depths=_depths(data, scale),
    )  # fmt: skip


EVERYBODY = "all"


def fan_galleries(own: int, points: int = POINTS) -> list[int]:
    """Galleries from a tenth of the test's own to `LARGEST`, even in logs, with its own and the named ones among them.

    Examples
    --------
    >>> fan_galleries(500, 6)
    [50, 500, 1496, 44777, 1000000, 1339975, 40099504, 200000000, 1200000000]
    """
    beyond = np.geomspace(max(own // 10, 1), LARGEST, points).round().astype(int).tolist()
    own_and_less = [own] if own <= LARGEST else []
    return sorted({*(n for n in beyond if n != own), *own_and_less, *(n for n in NAMED if n > own)})


def _points(
    model: TallyModel, threshold: float, t: float, group: str | None, galleries: Iterable[int]
) -> list[FanPoint]:
    narrower = replace(model, level=INNER)
    found = []
    for n in galleries:
        answer = model.fpir(n, t, group=group)
        known = answer.status == "ok"
        inner = narrower.fpir(n, t, group=group) if known else None
        naive = model.naive(n, t) if group is None else (None, None, None)
        found.append(
            FanPoint(
                group=group or EVERYBODY, threshold=threshold, gallery=n,
                region="within the test" if n <= model.gallery else "beyond the test", status=answer.status,
                estimate=answer.estimate, lo=answer.lo if known else None, hi=answer.hi if known else None,
                inner_lo=None if inner is None else inner.lo, inner_hi=None if inner is None else inner.hi,
                bound=None if known else answer.bound, naive=naive[0], naive_lo=naive[1], naive_hi=naive[2],
            )
        )  # fmt: skip
    return found


def _tenth(data: CheckData, scale: Scale) -> tuple[TenthPoint, ...]:
    if data.tenth is None:
        return ()
    rows = zip(
        data.tenth.thresholds, data.tenth.observed, data.tenth.estimate, data.tenth.lo, data.tenth.hi, strict=True
    )  # fmt: skip
    return tuple(
        TenthPoint(threshold=scale.shown(float(t)), observed=float(o), estimate=float(e), lo=float(lo), hi=float(hi))
        for t, o, e, lo, hi in rows
    )


def _fits(data: CheckData, scale: Scale) -> tuple[FitPoint, ...]:
    return tuple(
        FitPoint(
            curve=one.curve,
            per_search=one.per_search,
            threshold=scale.shown(float(t)),
            observed=float(o),
            fitted=float(f),
        )
        for one in data.fits
        for t, o, f in zip(one.thresholds, one.observed, one.fitted, strict=True)
    )


def _depths(data: CheckData, scale: Scale) -> tuple[DepthPoint, ...]:
    found, t = data.stability, data.threshold
    if found is None or t is None:
        return ()
    rows = zip(found.per_search, found.estimate, found.lo, found.hi, strict=True)
    return tuple(
        DepthPoint(per_search=depth, threshold=scale.shown(t), estimate=e, lo=lo, hi=hi) for depth, e, lo, hi in rows
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
