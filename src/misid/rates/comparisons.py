"""Rates per comparison: FMR by pair of groups, FNMR by group, EER.

Trials are completed comparisons: those with a declared failure code are left out here and counted in FTA
(ISO/IEC 19795-1).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from misid.ground.rate import ComparisonRate
from misid.rates.build import Where, rate_from, refused
from misid.rates.choice import LADDER, at_target, positions_between, target_ladder
from misid.rates.counts import Counts
from misid.rates.intervals import eer_interval
from misid.rates.limits import Limits
from misid.rates.points import Point, as_input, eer_position

NO_NONMATED = "no non-mated comparisons: FMR is not defined"
NO_MATED = "no mated comparisons: FNMR is not defined"
CENSORED = (
    "candidate lists leave out the comparisons below their end, so rates per comparison are not known; "
    "FPIR and FNIR are"
)
MAX_PAIR_RATES = 10_000
"""With more pairs of groups times thresholds, rates of two different groups are given at audited thresholds only."""


def label_pairs(counts: Counts) -> list[tuple[int, int]]:
    """Pairs of labels that are reported: with the margin on either side, or of one attribute."""
    labels = counts.tally.labels
    return [
        (p, r)
        for p, probe in enumerate(labels)
        for r, reference in enumerate(labels)
        if p == 0 or r == 0 or probe.attribute == reference.attribute
    ]


def too_many_pairs(counts: Counts, points: Sequence[Point]) -> bool:
    """Whether rates of pairs of different groups are left to the thresholds under audit."""
    return len(label_pairs(counts)) * len(points) > MAX_PAIR_RATES


def comparison_rates(
    counts: Counts, limits: Limits, points: Sequence[Point], measures: Collection[str]
) -> list[ComparisonRate]:
    """FMR and FNMR, as far as they are among `measures`, at the points that are thresholds or targets of FMR.

    FMR of every reported pair of groups (past `MAX_PAIR_RATES`, pairs of different groups at thresholds under audit
    only), FNMR of every group. At a threshold chosen for a target, the limits of
    FNMR include that the threshold was chosen on the same data.
    """
    records: list[ComparisonRate] = []
    wanted = [measure for measure in ("fmr", "fnmr") if measure in measures]
    asked = [p for p in points if p.target_of != "fpir"]
    if counts.tally.kind == "candidates":
        for point in asked:
            for measure in wanted:
                records.append(
                    ComparisonRate(
                        measure=measure,
                        threshold=point.threshold,
                        target=point.target,
                        level=limits.level,
                        status="censored",
                        warnings=(CENSORED,),
                    )
                )
        return records
    found = [p for p in asked if p.threshold is not None]
    for point in asked:
        if "fmr" in wanted and (point.threshold is None or "nonmated" in point.inexact):
            records.append(refused(ComparisonRate, "fmr", point, limits.level))
        if "fnmr" in wanted and (point.threshold is None or "mated" in point.inexact):
            records.append(refused(ComparisonRate, "fnmr", point, limits.level))
    if "fmr" in wanted:
        records += _fmr(counts, limits, [p for p in found if "nonmated" not in p.inexact])
    if "fnmr" in wanted:
        records += _fnmr(counts, limits, [p for p in found if "mated" not in p.inexact])
    return records


def _fmr(counts: Counts, limits: Limits, points: Sequence[Point]) -> list[ComparisonRate]:
    labels = counts.tally.labels
    positions = np.array([p.position for p in points], dtype=np.int64)
    errors = counts.nonmated_pairs(positions)
    records = []
    pairs = label_pairs(counts)
    audited = np.array([p.target is None for p in points], dtype=bool)
    many = too_many_pairs(counts, points)
    for probe, reference in pairs:
        where = Where(probe_group=labels[probe].name, reference_group=labels[reference].name)
        here = np.ones_like(audited)
        if many and 0 != probe != reference != 0:
            here = audited
        intervals = limits.fmr(probe, reference, positions[here], errors[here, probe, reference])
        for point, interval in zip((p for p, h in zip(points, here, strict=True) if h), intervals, strict=True):
            records.append(rate_from(ComparisonRate, "fmr", where, point, interval, limits.level, NO_NONMATED))
    return records


def _fnmr(counts: Counts, limits: Limits, points: Sequence[Point]) -> list[ComparisonRate]:
    positions = np.array([p.position for p in points], dtype=np.int64)
    ladders = {p.position: target_ladder(counts, limits, p) for p in points if p.target is not None}
    records = []
    for index, label in enumerate(counts.tally.labels):
        where = Where(probe_group=label.name)
        below = counts.mated[index, 0] - counts.mated[index]
        intervals = limits.fnmr(index, positions, below[positions])
        for point, interval in zip(points, intervals, strict=True):
            chosen = interval
            ladder = ladders.get(point.position) if point.target is not None else None
            if ladder is not None and interval is not None and interval.trials:
                at, falling = ladder
                chosen = at_target(point, at, falling, below[at] / below[-1], interval)
            records.append(rate_from(ComparisonRate, "fnmr", where, point, chosen, limits.level, NO_MATED))
    return records


def eer_rates(counts: Counts, limits: Limits) -> list[ComparisonRate]:
    """EER of every label at its own threshold: (FMR + FNMR) / 2 at the edge where the two are nearest to equal."""
    records: list[ComparisonRate] = []
    tally = counts.tally
    if tally.kind == "candidates":
        return [ComparisonRate(measure="eer", level=limits.level, status="censored", warnings=(CENSORED,))]
    for index, label in enumerate(tally.labels):
        where = Where(probe_group=label.name)
        above, mated = counts.nonmated[index], counts.mated[index]
        position = eer_position(above, mated)
        if position is None:
            nothing = NO_MATED if mated[0] == 0 else NO_NONMATED
            records.append(rate_from(ComparisonRate, "eer", where, None, None, limits.level, nothing))
            continue
        point = Point(threshold=as_input(tally, float(tally.edges[position])), position=position)
        fmr, fnmr = above[position] / above[0], (mated[0] - mated[position]) / mated[0]
        at = positions_between(above, max(float(fmr), float(fnmr)) * float(above[0]), position, LADDER, 8.0)
        both_sides = limits.two_sided()
        falling = both_sides.fmr(index, 0, at, above[at])
        rising = both_sides.fnmr(index, at, mated[0] - mated[at])
        crossed = eer_interval(
            tuple(i for i in falling if i is not None), tuple(i for i in rising if i is not None), level=limits.level
        )
        estimate = float(fmr + fnmr) / 2
        if crossed.status == "undefined":
            # FNMR is above FMR at the first edge already: only that the two cross somewhere below is known.
            crossed = replace(crossed, estimate=estimate, lo=0.0, hi=1.0, status="bound")
        here = rate_from(ComparisonRate, "eer", where, point, crossed, limits.level, NO_MATED)
        chosen = falling[int(np.flatnonzero(at == position)[0])]
        records.append(
            replace(
                here,
                estimate=estimate,
                lo=None if here.lo is None else min(here.lo, estimate),
                hi=None if here.hi is None else max(here.hi, estimate),
                errors=None,
                trials=int(above[0] + mated[0]),
                people=here.people if chosen is None else chosen.people,
            )
        )
    return records
