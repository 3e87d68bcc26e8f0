"""Levels: the thresholds at which the counts per person are kept.

They are multiples of one power-of-two step, so that tallies made apart have levels in common.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from misid.tally.model import Floats, Ints

TOP_FMR = 10**-1.25
"""The ladder starts below this FMR: METHODS' smoothing fit reads it from 10**-1.5 down."""

SPARSE_ROWS = 1 << 20
"""Or below this many non-mated comparisons at or above it, whichever is higher up."""

RUNGS = 48
"""Levels between the start of the ladder and the tenth largest non-mated score."""

FEW = 10

SPECTRUM_PER_SEARCH = 32
"""The spectrum covers levels that a search exceeds this many times on average, and those above."""


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Levels on the grid, ascending, and the cut from which single comparisons are looked at."""

    levels: Floats
    cut: float


def ladder(edges: Floats, count: Ints, step: float, *, total: int | None = None, rows: int = SPARSE_ROWS) -> Ladder:
    """Choose the levels from the histogram of non-mated scores.

    Parameters
    ----------
    edges : (n,) float
        Ascending lower edges of equal power-of-two bins, gaps allowed.
    count : (n,) int
        Non-mated comparisons in each.
    step : float
        Width of those bins; rungs are whole multiples of it.
    total : int or None
        Non-mated comparisons made; None: those counted.
    rows : int
        Most comparisons that may lie at or above the lowest level.
    """
    if not count.sum():
        return Ladder(levels=np.empty(0), cut=math.inf)
    at_or_above = np.cumsum(count[::-1])[::-1]
    allowed = min(TOP_FMR * (int(at_or_above[0]) if total is None else total), rows)
    inside = np.flatnonzero(at_or_above <= allowed)
    if not inside.size:
        # Even the highest bin holds too much: scores of a few distinct values. Its own edge is the ladder.
        return Ladder(levels=edges[-1:], cut=float(edges[-1]))
    first = int(inside[0])
    # Everything from the upper edge of the last bin that is too full.
    start = float(edges[first])
    few = np.flatnonzero(at_or_above >= FEW)
    tenth = float(edges[few[-1]]) if few.size else start
    span = max(tenth - start, 0.0)
    step = max(step, 2.0 ** math.ceil(math.log2(span / RUNGS))) if span > 0 else step
    lowest_rung, highest_rung = math.ceil(start / step), math.floor(float(edges[-1]) / step)
    if highest_rung - lowest_rung > 100 * RUNGS:
        # A few scores far out: rungs where the count changes are enough.
        rungs = np.unique(np.ceil(edges[first:] / step))
    else:
        rungs = np.arange(lowest_rung, highest_rung + 2, dtype=np.float64)
    levels = rungs * step
    above = np.append(at_or_above, 0)[np.searchsorted(edges, levels)]
    levels, above = levels[above <= allowed], above[above <= allowed]
    # Far out, a rung that no score tells from the next lower one adds nothing; the first with none above stays.
    # Further in all stay, so that tallies made apart have rungs in common.
    changes = np.append(True, (above[1:] != above[:-1]) | (above[1:] >= FEW))
    levels = levels[changes]
    return Ladder(levels=levels, cut=float(levels[0]) if levels.size else start)
