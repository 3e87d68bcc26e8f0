"""What else holds at a threshold that was chosen for a target: the other rates there, over everybody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from misid.ground.numbers import at_target
from misid.ground.rate import ComparisonRate, Rate
from misid.rates.build import Where, rate_from
from misid.rates.comparisons import NO_MATED, NO_NONMATED
from misid.rates.counts import Counts
from misid.rates.limits import Limits
from misid.rates.points import Point
from misid.rates.searches import fnir_rates, fpir_rates

CHOSEN = (
    "the threshold was chosen for {what} at most {target} on these data; the limits are those at this very threshold, "
    "as if it had been named beforehand"
)


def rates_beside(counts: Counts, limits: Limits, points: Sequence[Point], measures: Collection[str]) -> list[Rate]:
    """FPIR and FNIR at thresholds chosen for FMR, FMR and FNMR at those chosen for FPIR, of the margin.

    As far as they are among `measures`.

    Their `target` is None, for they were not what was asked for.
    """
    known = {p.position for p in points if p.target is None}
    records: list[Rate] = []
    for point in points:
        if point.target is None or point.threshold is None or point.position in known:
            continue
        at = Point(threshold=point.threshold, position=point.position)
        found: list[Rate] = []
        if point.target_of == "fmr":
            if "fpir" in measures:
                found += fpir_rates(counts, limits, 0, [at])
            if "fnir" in measures:
                found += fnir_rates(counts, limits, [at], (None,), labels=(0,))
        elif counts.tally.kind == "comparisons":
            found += _comparisons(counts, limits, at, measures)
        note = CHOSEN.format(what=(point.target_of or "").upper(), target=at_target(point.target))
        records += [replace(rate, warnings=(note, *rate.warnings)) for rate in found]
        known.add(point.position)
    return records


def _comparisons(counts: Counts, limits: Limits, at: Point, measures: Collection[str]) -> list[ComparisonRate]:
    position = np.array([at.position], dtype=np.int64)
    records = []
    if "fmr" in measures:
        fmr = limits.fmr(0, 0, position, counts.nonmated[0][position])[0]
        records.append(rate_from(ComparisonRate, "fmr", Where(), at, fmr, limits.level, NO_NONMATED))
    if "fnmr" in measures:
        fnmr = limits.fnmr(0, position, counts.mated[0][0] - counts.mated[0][position])[0]
        records.append(rate_from(ComparisonRate, "fnmr", Where(), at, fnmr, limits.level, NO_MATED))
    return records
