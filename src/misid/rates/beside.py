"""What else holds at a threshold that was chosen for a target: the other rates there, over everybody."""

from __future__ import annotations

from collections.abc import Sequence
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


def rates_beside(counts: Counts, limits: Limits, points: Sequence[Point]) -> list[Rate]:
    """FPIR and FNIR at thresholds chosen for FMR, FMR and FNMR at those chosen for FPIR, of the margin.

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
            found += fpir_rates(counts, limits, 0, [at])
            found += fnir_rates(counts, limits, [at], (None,), labels=(0,))
        elif counts.tally.kind == "comparisons":
            found += _comparisons(counts, limits, at)
        note = CHOSEN.format(what=(point.target_of or "").upper(), target=at_target(point.target))
        records += [replace(rate, warnings=(note, *rate.warnings)) for rate in found]
        known.add(point.position)
    return records


def _comparisons(counts: Counts, limits: Limits, at: Point) -> list[ComparisonRate]:
    position = np.array([at.position], dtype=np.int64)
    above, mated = counts.nonmated[0][position], counts.mated[0][0] - counts.mated[0][position]
    fmr, fnmr = limits.fmr(0, 0, position, above)[0], limits.fnmr(0, position, mated)[0]
    return [
        rate_from(ComparisonRate, "fmr", Where(), at, fmr, limits.level, NO_NONMATED),
        rate_from(ComparisonRate, "fnmr", Where(), at, fnmr, limits.level, NO_MATED),
    ]
