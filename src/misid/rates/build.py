"""Puts an interval, a label pair and an operating point together into a `Rate`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from misid.ground.rate import ALL, ComparisonRate, Rate, SampleRate, SearchRate
from misid.rates.intervals import Interval
from misid.rates.points import Point

R = TypeVar("R", ComparisonRate, SearchRate, SampleRate)


@dataclass(frozen=True, kw_only=True)
class Where:
    """What a rate is of: groups, and for searches rank and gallery."""

    probe_group: str = ALL
    reference_group: str = ALL
    rank: int | None = None
    gallery: int | None = None
    warnings: tuple[str, ...] = ()


def rate_from(
    kind: type[R],
    measure: str,
    where: Where,
    point: Point | None,
    interval: Interval | None,
    level: float,
    nothing: str,
) -> R:
    """A rate with its limits; undefined, for the reason `nothing`, where there is no interval or no trial."""
    bare = _placed(kind, measure, where, point, level)
    if interval is None or interval.status == "undefined":
        return replace(bare, trials=0, people=0, status="undefined", warnings=(nothing, *where.warnings))
    return replace(
        bare,
        estimate=interval.estimate,
        lo=interval.lo,
        hi=interval.hi,
        level=interval.level,
        method=interval.method,
        errors=interval.errors,
        trials=interval.trials,
        people=interval.people,
        effective_people=interval.effective_people,
        status=interval.status,
        warnings=interval.warnings + where.warnings,
    )


def refused(kind: type[R], measure: str, point: Point, level: float, where: Where | None = None) -> R:
    """A rate that the tally cannot give at this point, and why."""
    bare = _placed(kind, measure, where or Where(), point, level)
    return replace(bare, status="refused", warnings=(point.refusal,))


def _placed(kind: type[R], measure: str, where: Where, point: Point | None, level: float) -> R:
    """A rate that says only what it is of."""
    return kind(
        measure=measure,
        probe_group=where.probe_group,
        reference_group=where.reference_group,
        threshold=None if point is None else point.threshold,
        target=None if point is None else point.target,
        rank=where.rank,
        gallery=where.gallery,
        level=level,
    )


def find(records: tuple[Rate, ...] | list[Rate], **wanted: object) -> Rate | None:
    """The first record whose attributes are as wanted, or None."""
    return next((r for r in records if all(getattr(r, k) == v for k, v in wanted.items())), None)
