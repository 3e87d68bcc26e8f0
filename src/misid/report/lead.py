"""Which operating point the page opens with, and what stands at each of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from misid.ground.rate import ALL, Rate
from misid.rates.model import Rates
from misid.rates.points import as_similarity
from misid.tally.model import Tally


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """The rates over everybody at one threshold, as indices into ``rates.records``.

    `asked` lists the targets this threshold was sought for, as (measure, target).
    """

    threshold: float
    asked: tuple[tuple[str, float], ...]
    fmr: int | None
    fnmr: int | None
    fpir: int | None
    fnir: int | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The operating point shown first, all of them, and why this one was taken."""

    lead: int | None
    """Index into `points`; None where there is no rate per search or comparison at any threshold."""
    points: tuple[OperatingPoint, ...]
    named: tuple[float, ...]
    """Thresholds named for the test, on the scale of the input."""
    rule: str


def is_margin(rate: Rate) -> bool:
    """Over everybody, on both sides."""
    return rate.probe_group == ALL and rate.reference_group == ALL


def lead_of(rates: Rates, tally: Tally) -> Answer:
    """The operating points of a test, thresholds ascending, and the one to open with."""
    points = _points(rates)
    # Rates carry thresholds as the user wrote them; a tally as a similarity, of the scores' own type.
    audited = {float(t) for t in tally.thresholds}
    named = tuple(p.threshold for p in points if as_similarity(tally, p.threshold) in audited)
    lead, rule = _chosen(points, named, rates.records)
    return Answer(lead=lead, points=points, named=named, rule=rule)


def _chosen(
    points: tuple[OperatingPoint, ...], named: tuple[float, ...], records: Sequence[Rate]
) -> tuple[int | None, str]:
    searched = [i for i, p in enumerate(points) if p.fpir is not None]
    audited = [i for i in searched if points[i].threshold in named]
    sought = {target: i for i in searched for measure, target in points[i].asked if measure == "fpir"}
    if len(audited) == 1:
        return audited[0], "the threshold named for this test"
    seen = [i for i in audited if records[points[i].fpir or 0].errors]
    if seen:
        return seen[-1], "of the thresholds named for this test, the highest at which a wrong person was returned"
    if audited:
        return audited[0], "the lowest of the thresholds named for this test"
    if sought:
        # The largest target stands on the most errors: the answer that this test knows best.
        return sought[
            max(sought)
        ], "none was named for this test, so the page opens with the one for the highest FPIR asked for"
    if searched:
        return searched[-1], "the highest threshold at which searches were counted"
    if points:
        return len(points) - 1, "the highest threshold; no search could be counted"
    return None, "no threshold carries a rate"


def _points(rates: Rates) -> tuple[OperatingPoint, ...]:
    found: dict[float, dict[str, int]] = {}
    asked: dict[float, list[tuple[str, float]]] = {}
    for index, rate in enumerate(rates.records):
        if rate.threshold is None or not is_margin(rate) or rate.measure not in ("fmr", "fnmr", "fpir", "fnir"):
            continue
        place = found.setdefault(rate.threshold, {})
        better = rate.measure not in place or _rank(rate) < _rank(rates.records[place[rate.measure]])
        if better:
            place[rate.measure] = index
        # The falling rate is the one a target is set for; the rising one only repeats it.
        if rate.target is not None and rate.measure in ("fmr", "fpir"):
            asked.setdefault(rate.threshold, []).append((rate.measure, rate.target))
    return tuple(
        OperatingPoint(
            threshold=threshold,
            asked=tuple(sorted(set(asked.get(threshold, ())))),
            **{name: found[threshold].get(name) for name in ("fmr", "fnmr", "fpir", "fnir")},
        )
        for threshold in sorted(found)
    )


def _rank(rate: Rate) -> int:
    return rate.rank or 0
