"""Thresholds that were chosen on the same data: where else the choice might have fallen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from misid.ground.numbers import at_target as at_target_text
from misid.rates.counts import Counts
from misid.rates.intervals import Interval, interval_at_target, threshold_interval
from misid.rates.limits import Limits
from misid.rates.points import Point
from misid.tally.model import Floats, Ints

LADDER = 33
"""Thresholds around a chosen one at which limits are looked at."""

FIXED = (
    "limits at this very threshold, as if it had been named beforehand: no threshold of this test is known to have a "
    "rate as low as {target}, so how far the choice could have moved is not known either"
)


def at_target(point: Point, at: Ints, falling: Sequence[Interval], estimates: Floats, plain: Interval) -> Interval:
    """The interval at the chosen threshold, as wide as the choice of the threshold makes it.

    `falling` are intervals of the rate that has the target, `estimates` the other rate, both at positions `at`; `plain`
    is the interval of the other rate at the chosen one, and the answer where the choice has no upper end.
    """
    if point.target is None:
        return plain
    # Away from the chosen threshold only the estimates count.
    rising = [replace(plain, estimate=float(e)) for e in estimates]
    chosen = int(np.flatnonzero(at == point.position)[0])
    rising[chosen] = plain
    wide = interval_at_target(chosen, point.target, falling, rising, level=plain.level)
    if wide.status == "bound" and plain.status == "ok":
        # The choice could have fallen anywhere above; what is known of this threshold is still worth having.
        return replace(plain, warnings=(*plain.warnings, FIXED.format(target=at_target_text(point.target))))
    return wide


def target_ladder(counts: Counts, limits: Limits, point: Point) -> tuple[Ints, tuple[Interval, ...]]:
    """Positions around a threshold chosen for a target, with the margin's FMR (FPIR) there.

    A factor of 30 either way holds the limits of any test with a handful of errors; where it does not, the
    ends of the scale are looked at.
    """
    target = point.target or 0.0
    limits = limits.two_sided()
    if point.target_of == "fpir":
        above = counts.best[0]
        trials = float(counts.search_rows.design["searches"][counts.search_rows.design["label"] == 0][0])
        at = positions_between(above, target * trials, point.position, LADDER, 30.0)
        intervals = limits.fpir(0, at, above[at])
    else:
        above = counts.nonmated[0]
        at = positions_between(above, target * float(above[0]), point.position, LADDER, 30.0)
        intervals = limits.fmr(0, 0, at, above[at])
    falling = [i for i in intervals if i is not None]
    # What counts are the thresholds around those at which the rate or one of its limits meets the target.
    lo, hi, estimate = (_values(falling, name) for name in ("lo", "hi", "estimate"))
    met = [*threshold_interval(lo, hi, target), threshold_interval(estimate, estimate, target)[1]]
    around = np.array([len(at) - 1.0 if m is None else m for m in met])
    chosen = float(np.flatnonzero(at == point.position)[0])
    kept = np.unique([0, len(at) - 1, chosen, *np.floor(around), *np.ceil(around)]).astype(np.int64)
    return at[kept], tuple(falling[k] for k in kept.tolist())


def _values(intervals: Sequence[Interval], name: str) -> Floats:
    return np.array([getattr(i, name) for i in intervals], dtype=np.float64)


def positions_between(above: Ints, count: float, chosen: int, n: int, factor: float) -> Ints:
    """Edges where `above` falls from ``count * factor`` to ``count / factor``, about `n`.

    The first and the last edge, `chosen` and its neighbours are always among them.
    """
    last = len(above) - 2
    falling = -above.astype(np.float64)
    wanted = -np.geomspace(max(count, 0.5) * factor, max(count, 0.5) / factor, n)
    inside = np.clip(np.searchsorted(falling, wanted, side="left"), 1, last)
    beside = np.clip([chosen - 1, chosen, chosen + 1], 1, last)
    return np.unique(np.concatenate([[1, last], beside, inside]))
