"""Questions that any search model answers, from its FPIR and FNIR alone where it knows no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

from misid.ground.errors import UsageError
from misid.ground.numbers import percent
from misid.search.asked import of_probes
from misid.search.growth import LARGEST_GALLERY, checked_gallery, grown_fpir
from misid.search.model import Answer, KnowsCandidates, KnowsRepeats, KnowsThresholds, KnowsUnequal, SearchModel

_HALVINGS = 30
_LOOKS = 24
"""Thresholds that are looked at before the one sought is closed in on."""


@runtime_checkable
class KnowsTradeOff(Protocol):
    """A search model that knows what FNIR a wanted FPIR costs, with or without naming the threshold."""

    def fnir_for(self, target: float, gallery: int, *, group: str | None = None) -> Answer:
        """FNIR(N) at the threshold at which FPIR(N) is the target."""
        ...


def threshold_for(
    model: SearchModel, target: float, gallery: int, *, rank: int | None = None, group: str | None = None
) -> tuple[Answer, Answer]:
    """The threshold at which FPIR at N is at most `target`, and the FNIR that it costs.

    Parameters
    ----------
    model : SearchModel
    target : float
        FPIR wanted, between 0 and 1.
    gallery : int
        N, references.
    rank : int, optional
        R, for FNIR.
    group : str, optional

    Returns
    -------
    (threshold, fnir) : tuple of Answer
        The threshold's limits are where the limits of FPIR reach the target: at the stricter of the two even FPIR's
        upper limit is at most the target. FNIR's limits are those at both. Refused where the model knows
        no thresholds, or the target is not reached at those it knows.
    """
    _checked_target(target)
    gallery = checked_gallery(gallery)
    asked = f"threshold for FPIR {target:g} at {gallery:,} references{of_probes(group)}"
    threshold = Answer(
        asked=asked, measure="threshold", gallery=gallery, target=target, group=group, level=None, status="refused",
        limits="assumptions", reason="the figures at hand do not say how FPIR changes with the threshold",
        needed="operating points at two or more thresholds, or a tally", method="where FPIR is the target",
    )  # fmt: skip
    strict: float | None = None
    loose: float | None = None
    if isinstance(model, KnowsThresholds):
        threshold, loose, strict = _sought(model, model.thresholds, threshold, target, gallery, group)
    if isinstance(model, KnowsTradeOff):
        return threshold, model.fnir_for(target, gallery, group=group)
    if strict is None or loose is None:
        why = f"no threshold for it: {threshold.reason}" if threshold.reason else "no threshold for it"
        about = {"asked": f"FNIR at the {asked}", "measure": "fnir", "rank": rank, "status": "refused"}
        return threshold, replace(threshold, **about, reason=why, estimate=None, lo=None, hi=None, bound=None)  # type: ignore[arg-type]
    low = model.fnir(gallery, rank, loose, group=group)
    high = model.fnir(gallery, rank, strict, group=group)
    middle = high if threshold.estimate is None else model.fnir(gallery, rank, threshold.estimate, group=group)
    ends = [end for end in (low.lo, middle.lo, high.lo, low.hi, middle.hi, high.hi) if end is not None]
    if "refused" in (low.status, middle.status, high.status) or not ends:
        return threshold, replace(middle, target=target)
    return threshold, replace(
        middle, asked=f"FNIR at the {asked}", target=target, threshold=threshold.estimate, lo=min(ends), hi=max(ends)
    )


def _sought(
    model: SearchModel, thresholds: tuple[float, float], answer: Answer, target: float, gallery: int, group: str | None
) -> tuple[Answer, float | None, float | None]:
    """The threshold's answer; and the thresholds at which FPIR's lower and upper limits reach the target."""
    most, least = thresholds
    level, limits = None, "assumptions"

    seen: dict[float, Answer] = {}

    def value(name: str) -> Callable[[float], float | None]:
        def at(threshold: float) -> float | None:
            if threshold not in seen:
                seen[threshold] = model.fpir(gallery, threshold, group=group)
            found = seen[threshold]
            nonlocal level, limits
            level, limits = found.level, found.limits
            return {"lo": found.lo, "estimate": found.estimate, "hi": found.hi, "bound": found.bound}[name]

        return at

    found = {name: _crossing(value(name), target, most, least) for name in ("lo", "estimate", "hi", "bound")}
    # The bound is for thresholds beyond those at which FPIR has limits: it is looser, but it may be all there is.
    strict, loose = found["hi"] if found["hi"] is not None else found["bound"], found["lo"]
    common = {"level": level, "limits": limits}
    if strict is None:
        why = f"FPIR's upper limit is not seen to fall to {target:g} at any threshold from {most:g} to {least:g}"
        needed = "figures at stricter thresholds, or from a larger test"
        return replace(answer, **common, reason=why, needed=needed), loose, strict  # type: ignore[arg-type]
    if loose is None or found["hi"] is None:
        why = "from there on FPIR is below the target; nearer to what the figures are from, it cannot be said"
        said = {"status": "bound", "bound": strict, "reason": why, "needed": "a larger test"}
        return replace(answer, **common, **said), loose, strict  # type: ignore[arg-type]
    lo, hi = sorted((loose, strict))
    estimate = found["estimate"]
    estimate = None if estimate is None else min(max(estimate, lo), hi)
    if estimate is None and lo == hi:
        estimate = lo
    reason = "" if estimate is not None else "the search model gives no estimate of FPIR, only its limits"
    done = replace(answer, **common, status="ok", estimate=estimate, lo=lo, hi=hi, reason=reason, needed="")  # type: ignore[arg-type]
    return done, loose, strict


def _crossing(fpir: Callable[[float], float | None], target: float, most: float, least: float) -> float | None:
    """The threshold nearest to `most` at which FPIR is at most the target, to nine digits; None where none is.

    FPIR may be unknown (None) on either side of a range in which it is known.
    """
    steps = [most + (least - most) * k / _LOOKS for k in range(_LOOKS + 1)]
    last = None
    for step in steps:
        found = fpir(step)
        if found is not None and found <= target:
            return step if last is None else _bisected(fpir, target, last, step)
        last = step
    return None


def _bisected(fpir: Callable[[float], float | None], target: float, above: float, enough: float) -> float:
    """Between a threshold at which FPIR is above the target, or not known, and one at which it is not above it."""
    for _ in range(_HALVINGS):
        middle = (above + enough) / 2
        found = fpir(middle)
        if found is not None and found <= target:
            enough = middle
        else:
            above = middle
    return enough


def largest_gallery(
    model: SearchModel, target: float, threshold: float | None = None, *, group: str | None = None
) -> Answer:
    """The largest gallery at which FPIR is at most `target`.

    Returns
    -------
    Answer
        `lo`: even FPIR's upper limit holds the target there. `hi`: its lower limit does. ``bound`` with `lo` alone
        where the limits allow that no gallery is too large (`LARGEST_GALLERY` was tried).
    """
    _checked_target(target)
    at = "" if threshold is None else f" at threshold {threshold:g}"
    asked = f"largest gallery at which FPIR is at most {target:g}{at}{of_probes(group)}"
    smallest = model.fpir(1, threshold, group=group)
    base = replace(
        smallest, asked=asked, measure="gallery", gallery=None, target=target, bound=None, estimate=None, lo=None,
        hi=None, status="refused", needed=smallest.needed or "figures of a smaller FPIR",
        reason=smallest.reason or "FPIR is above it at any gallery",
        # They are of a gallery of one.
        warnings=(),
    )  # fmt: skip
    if smallest.status == "refused":
        return base

    def largest(name: str) -> int | None:
        def too_high(gallery: int) -> bool:
            found = model.fpir(gallery, threshold, group=group)
            value = {"lo": found.lo, "estimate": found.estimate, "hi": found.hi}[name]
            value = found.bound if value is None and name == "hi" else value
            return value is None or value > target

        if too_high(1):
            return 0
        if not too_high(LARGEST_GALLERY):
            return None
        low, high = 1, LARGEST_GALLERY
        while high - low > max(1, low // 10**6):
            middle = round((low * high) ** 0.5) if high > 4 * low else (low + high) // 2
            low, high = (low, middle) if too_high(middle) else (middle, high)
        return low

    lo, hi = largest("hi"), largest("lo")
    estimate = largest("estimate") if smallest.estimate is not None else None
    if hi == 0:
        return base
    if lo is None:
        why = f"even FPIR's upper limit stays at or below {target:g} up to {LARGEST_GALLERY:,} references"
        return replace(base, status="bound", lo=float(LARGEST_GALLERY), reason=why)
    if hi is None and lo == 0:
        why = "the limits of FPIR allow both that it is above it at any gallery and that no gallery is too large"
        return replace(base, reason=why, needed="figures of more searches")
    if hi is None:
        why = "the limits of FPIR allow that no gallery is too large"
        return replace(base, status="bound", lo=float(lo), reason=why)
    middle = None if estimate is None else float(min(max(estimate, lo), hi))
    reason = "" if middle is not None else "FPIR has limits and no estimate"
    return replace(base, status="ok", estimate=middle, lo=float(lo), hi=float(hi), reason=reason, needed="")


def wrong_candidates(
    model: SearchModel, gallery: int, threshold: float | None = None, *, group: str | None = None,
    list_length: int | None = None,
) -> Answer:  # fmt: skip
    """Expected wrong candidates per search by somebody who is not in the gallery.

    A model that knows answers itself. Else FPIR bounds it: at least FPIR, since a false positive is one candidate or
    more; at least ``-log(1 - FPIR)`` where, given the probe, candidates come independently (Jensen), which is not
    assumed; at most FPIR times the length of the list.
    """
    if isinstance(model, KnowsCandidates):
        return model.wrong_candidates(gallery, threshold, group=group)
    fpir = model.fpir(gallery, threshold, group=group)
    why = "FPIR says how many searches return somebody wrong, not how many people each returns"
    asked = f"wrong candidates per search: {fpir.asked}"
    base = replace(fpir, asked=asked, measure="wrong_candidates", estimate=None, reason=fpir.reason or why)
    if fpir.status == "refused" or fpir.lo is None:
        return base
    if list_length is None or fpir.hi is None:
        needed = "the length of the candidate list, or a tally of candidates"
        if fpir.lo == 0:
            return replace(base, status="refused", lo=None, hi=None, bound=None, reason=why, needed=needed)
        return replace(base, status="bound", hi=None, bound=None, reason=why, needed=needed)
    return replace(
        base, hi=fpir.hi * list_length, bound=None if fpir.bound is None else fpir.bound * list_length,
        reason=fpir.reason if fpir.status == "bound" else why,
        assumptions=(*fpir.assumptions, f"a list holds at most {list_length:,} candidates"),
    )  # fmt: skip


def repeated(
    model: SearchModel, scans: int, gallery: int, threshold: float | None = None, *, group: str | None = None
) -> Answer:
    """P(at least one false match in so many scans of one person who is not in the gallery).

    A model that knows how far scans of a person share their fate answers itself. Else two extremes are given: from
    FPIR (the face decides: all scans end alike) to ``1 - (1 - FPIR)^scans`` (each scan is a new draw).

    Examples
    --------
    >>> from misid.search.published import published_model
    >>> from misid.search.span import Span
    >>> from misid.search.tradeoff import OperatingPoint
    >>> model = published_model([OperatingPoint(gallery=1000, fpir=Span.exactly(0.05))])
    >>> answer = repeated(model, 2, 1000)
    >>> round(answer.lo, 4), round(answer.hi, 4), answer.limits
    (0.05, 0.0975, 'assumptions')
    """
    if scans < 1 or scans != int(scans):
        raise UsageError(f"{scans} scans", remedy="whole numbers from 1 up")
    if isinstance(model, KnowsRepeats):
        return model.repeated(scans, gallery, threshold, group=group)
    fpir = model.fpir(gallery, threshold, group=group)
    asked = f"at least one false match in {scans:,} scans of one person: {fpir.asked}"
    base = replace(fpir, asked=asked, measure="repeated", scans=scans)
    if fpir.status == "refused" or fpir.lo is None or fpir.hi is None or scans == 1:
        return base
    how = "scans of one person: from all alike (lower end) to each on its own (upper end)"
    limits = "" if fpir.level is None else f"both ends at the {100 * fpir.level:g} % limits of FPIR"
    bound = None if fpir.bound is None else independent(fpir.bound, scans)
    return replace(
        base, estimate=None, hi=independent(fpir.hi, scans), level=None, limits="assumptions", bound=bound,
        reason=fpir.reason if fpir.status == "bound" else "how far scans of one person share their fate is not known",
        assumptions=(*fpir.assumptions, how, *([limits] if limits else [])),
    )  # fmt: skip


def unequal(
    model: SearchModel, share: float, gallery: int, threshold: float | None = None, *, group: str | None = None
) -> Answer:
    """The share of all false positives that falls on the unluckiest `share` of people.

    FPIR alone does not say it: a model that knows how people differ answers, others refuse.

    Examples
    --------
    >>> from misid.search.published import published_model
    >>> from misid.search.span import Span
    >>> from misid.search.tradeoff import OperatingPoint
    >>> model = published_model([OperatingPoint(gallery=1000, fpir=Span.exactly(0.05))])
    >>> unequal(model, 0.01, 1000).status
    'refused'
    """
    if not 0 < share < 1:
        raise UsageError(f"a share of {share:g} of people is not between 0 and 1", remedy="0.01, not 1 %")
    if isinstance(model, KnowsUnequal):
        return model.unequal(share, gallery, threshold, group=group)
    fpir = model.fpir(gallery, threshold, group=group)
    return replace(
        fpir,
        asked=f"share of all false positives that falls on the unluckiest {percent(share)} of people: {fpir.asked}",
        measure="share_of_errors", status="refused", estimate=None, lo=None, hi=None, bound=None,
        reason="FPIR says how often somebody is wrongly returned, not who", needed="a tally",
    )  # fmt: skip


def independent(fpir: float, scans: int) -> float:
    """``1 - (1 - fpir)^scans``."""
    return grown_fpir(fpir, scans, 1.0)


def _checked_target(target: float) -> None:
    if not 0 < target < 1:
        raise UsageError(
            f"an FPIR of {target:g} is not between 0 and 1", remedy="a proportion such as 0.001, not 0.1 %"
        )
