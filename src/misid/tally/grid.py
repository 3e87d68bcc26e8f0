"""The grid of bins: steps that are powers of two, so that every engine counts alike and grids nest.

``floor(score * 2**k)`` is exact in binary arithmetic, whatever the engine; an offset, or a step such
as 1/10000, is not and moves scores across edges (measured: 174 to 6,945 in five million).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from misid.engine.seam import literal
from misid.tally.model import Floats, Ints

BASE_BITS = 10
"""The range of the scores is cut into 2**9 to 2**10 bins."""

FINE_BITS = 3
"""Bins above the cut are 2**3 times finer."""

CENTRAL_BINS = 64
"""Bins that the middle of the non-mated scores must span, or the grid is refined."""

MAX_BITS = 40

MOST_SHIFT = 1020 - FINE_BITS
"""The finest step, and one over it, are doubles; `misid.scores.exact.SMALLEST` leaves thousands of such steps."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Bins of width ``2**-shift`` below `cut`, ``2**-(shift + FINE_BITS)`` from there on.

    `shift` may be negative. `cut` is a multiple of the coarse step (or -inf: fine everywhere, or +inf:
    coarse everywhere). Scores are clamped to [`lowest`, `highest`] first, so that infinities fall into
    the end bins. `specials` are further edges, ascending: a bin that holds one is split there.
    """

    shift: int
    lowest: float
    highest: float
    clamped: bool = True
    """Whether there may be infinities; without them the clamp is left out of the SQL."""
    cut: float = math.inf
    specials: tuple[float, ...] = ()

    @property
    def step(self) -> float:
        return math.ldexp(1.0, -self.shift)

    def bin_of(self, score: float) -> float:
        """Where the coarse bin of a score starts; the lowest one takes all below."""
        return math.floor(max(score, self.lowest) / self.step) * self.step

    def key(self, score: str = "score") -> str:
        """SQL for the bin number of `score` on the fine grid (the lower edge over the fine step)."""
        inside = f"CAST({score} AS DOUBLE)"
        if self.clamped:
            inside = f"least(greatest({inside}, {literal(self.lowest)}), {literal(self.highest)})"
        fine_factor = 1 << FINE_BITS
        coarse = f"CAST(floor({inside} * {literal(math.ldexp(1.0, self.shift))}) AS BIGINT) * {fine_factor}"
        fine = f"CAST(floor({inside} * {literal(math.ldexp(1.0, self.shift + FINE_BITS))}) AS BIGINT)"
        if self.cut == math.inf:
            return coarse
        if self.cut == -math.inf:
            return fine
        return f"CASE WHEN {score} >= {literal(self.cut)} THEN {fine} ELSE {coarse} END"

    def part(self, score: str = "score") -> str:
        """SQL for how many of the specials are at or below `score`: which side of a split it is on."""
        if not self.specials:
            return "0"
        return " + ".join(f"CASE WHEN {score} >= {literal(t)} THEN 1 ELSE 0 END" for t in self.specials)

    def starts(self, key: Ints) -> Floats:
        """Where the bins with these keys start. The bin of what was clamped from below has no start: -inf."""
        start = np.ldexp(key.astype(np.float64), -(self.shift + FINE_BITS))
        return np.where(start <= self.lowest, -np.inf, start)

    def lower_edges(self, key: Ints, part: Ints) -> Floats:
        """Lower edges of the pieces of bins with these keys and parts, in the shape of `key`."""
        specials = np.concatenate([[-np.inf], np.asarray(self.specials, dtype=np.float64)])
        edges: Floats = np.maximum(self.starts(key), specials[part])
        return edges

    def edges(self, key: Ints, part: Ints) -> Floats:
        """Every edge needed to hold bins with these keys and parts: both ends of each, specials, -inf."""
        start = np.ldexp(key.astype(np.float64), -(self.shift + FINE_BITS))
        end = start + np.where(start >= self.cut, math.ldexp(1.0, -FINE_BITS), 1.0) * self.step
        # The bin of what was clamped from above has no end.
        ends = end[end <= self.highest]
        return np.unique(np.concatenate([[-np.inf], self.lower_edges(key, part), ends, self.specials]))


def grid_for(lowest: float, highest: float, *, bits: int = BASE_BITS, clamped: bool = True) -> Grid:
    """The coarse grid over finite scores from `lowest` to `highest`; one bin to spare at each end."""
    span = highest - lowest
    if not span > 0.0:
        span = max(abs(highest), 1.0) * 2.0**-20
    shift = bits - math.ceil(math.log2(span))
    # A double holds 53 bits: a finer grid than that at this distance from zero does not exist.
    largest = max(abs(lowest), abs(highest), math.ldexp(1.0, -1000))
    shift = min(shift, 50 - math.ceil(math.log2(largest)), MOST_SHIFT)
    step = math.ldexp(1.0, -shift)
    # Whole steps: the grid is published, and the lowest and the highest score are somebody's.
    return Grid(
        shift=shift,
        lowest=(math.floor(lowest / step) - 1) * step,
        highest=(math.floor(highest / step) + 1) * step,
        clamped=clamped,
    )


def too_coarse(lower: Ints | Floats, count: Ints) -> int:
    """Bits by which a grid must be refined so that the middle of these scores spans `CENTRAL_BINS`.

    `lower` are ascending keys of equal bins, `count` the non-mated comparisons in them. A few scores far out must
    not leave all others in one bin.
    """
    below = np.cumsum(count) / max(int(count.sum()), 1)
    middle = lower[np.searchsorted(below, 0.999)] - lower[np.searchsorted(below, 0.1)]
    if middle >= CENTRAL_BINS:
        return 0
    return math.ceil(math.log2(CENTRAL_BINS / max(middle, 1.0)))
