"""Where the scores lie: a histogram that finds its own scale, values that stand apart, and which way scores point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from misid.engine import Engine
from misid.engine.seam import literal
from misid.scores.checks.sql import FINITE, rows
from misid.scores.model import COMPARISONS

N_BINS = 4096
MAX_ZOOMS = 4
LEAST_SPIKE = 5
"""Fewer rows than this with one value are taken for scores."""

FAR = 50.0
"""Ranges of all other scores beyond which a few rows are worth a warning."""

ABSURD = 1_000.0
"""And beyond which no matcher puts a score."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Finite scores in ascending bins that do not overlap, each with the lowest and highest score in it.

    A bin with ``low == high`` holds a single value, and `n` counts it exactly. All arrays are (n_bins,).
    """

    low: Floats
    high: Floats
    n: Ints
    mated: Ints

    def part(self, first: int, last: int) -> Histogram:
        return Histogram(
            low=self.low[first:last], high=self.high[first:last], n=self.n[first:last], mated=self.mated[first:last]
        )

    @property
    def nonmated(self) -> Ints:
        return self.n - self.mated

    @property
    def values(self) -> int | None:
        """How many distinct values there are, where every bin has only one."""
        return len(self.n) if bool(np.all(self.low == self.high)) else None


@dataclass(frozen=True, kw_only=True)
class Spike:
    """Many comparisons with one value at an end of the scale, apart from all others.

    `explained` is how it can be without a failure: ``floor``, ``ceiling`` or None.
    """

    value: float
    n: int
    mated: int
    nearest: float
    explained: str | None


@dataclass(frozen=True, kw_only=True)
class Stray:
    """A few rows far from all others; `ranges` is how far, in ranges of the others."""

    value: float
    n: int
    mated: int
    nearest: float
    ranges: float


# The distance between two ends of the doubles is infinite, and as such further than all others: nothing to warn of.
_FAR_APART = np.errstate(over="ignore", invalid="ignore")


@_FAR_APART
def histogram(engine: Engine, lowest: float, highest: float, *, codes_at: int) -> Histogram:
    """The distribution of the finite scores, zoomed in until its middle is told apart.

    A failure code far away would leave all scores in one bin of equal width; then the bins that hold the
    middle 99 % of what does not stand apart are counted again on a scale of their own. Usually one scan.
    `codes_at` is the end (0 or -1) at which negative numbers of the input stand.
    """
    found = _scan(engine, lowest, highest)
    for _ in range(MAX_ZOOMS):
        first, last = _middle(found)
        inner = found.part(first, last)
        if last - first >= N_BINS // 64 or bool(np.all(inner.low == inner.high)):
            break
        closer = _scan(engine, float(inner.low[0]), float(inner.high[-1]))
        if len(closer.n) <= last - first:
            break
        found = _joined(found.part(0, first), closer, found.part(last, len(found.n)))
    # A code such as -1 beside scores up to 20,000 shares the first bin with the lowest of them.
    if codes_at == 0 and _odd_sign(found.low[0], found.high[0]):
        found = _joined(_scan(engine, float(found.low[0]), float(found.high[0])), found.part(1, len(found.n)))
    if codes_at == -1 and _odd_sign(found.high[-1], found.low[-1]):
        found = _joined(found.part(0, -1), _scan(engine, float(found.low[-1]), float(found.high[-1])))
    return found


def _odd_sign(value: float, nearest: float) -> bool:
    """Whether a whole number has the other sign than the rest of the scale, as -1 among similarities has."""
    return bool(value != nearest and value == math.floor(value) and (value < 0 <= nearest or value > 0 >= nearest))


def _scan(engine: Engine, lowest: float, highest: float) -> Histogram:
    """Bins of equal width over [lowest, highest]; scores outside are left out."""
    # Half the range first: the difference of the two largest doubles is infinite.
    half = highest / 2 - lowest / 2
    scale = min(N_BINS / 2 / half, 1e300) if half > 0 else 0.0
    shifted = f"(CAST(score AS DOUBLE) / 2 - {literal(lowest / 2)})"
    bins = f"CAST(floor({shifted} * {literal(scale)} * 2) AS INTEGER)"
    columns = engine.columns(f"""
        SELECT CAST(min(score) AS DOUBLE) AS low, CAST(max(score) AS DOUBLE) AS high, count(*) AS n,
            count(*) FILTER (WHERE mated) AS mated
        FROM {COMPARISONS} WHERE {FINITE} AND score >= {literal(lowest)} AND score <= {literal(highest)}
        GROUP BY {bins} ORDER BY low""")
    return Histogram(
        low=np.asarray(columns["low"], dtype=np.float64),
        high=np.asarray(columns["high"], dtype=np.float64),
        n=np.asarray(columns["n"], dtype=np.int64),
        mated=np.asarray(columns["mated"], dtype=np.int64),
    )


def _joined(*parts: Histogram) -> Histogram:
    return Histogram(
        low=np.concatenate([p.low for p in parts]),
        high=np.concatenate([p.high for p in parts]),
        n=np.concatenate([p.n for p in parts]),
        mated=np.concatenate([p.mated for p in parts]),
    )


def _middle(found: Histogram) -> tuple[int, int]:
    """[first, last) of the bins with the middle 99 %, single values at the ends that stand apart left out."""
    first, last = 0, len(found.n)
    while last - first > 1 and _stands_apart(found.part(first, last), 0):
        first += 1
    while last - first > 1 and _stands_apart(found.part(first, last), -1):
        last -= 1
    share = np.cumsum(found.n[first:last]) / found.n[first:last].sum()
    start = int(np.searchsorted(share, 0.005, side="right"))
    stop = int(np.searchsorted(share, 0.995, side="left")) + 1
    return first + min(start, last - first - 1), first + max(stop, start + 1)


def _quantile(values: Floats, weights: Ints, share: float) -> float:
    return float(values[min(int(np.searchsorted(np.cumsum(weights), share * weights.sum())), len(values) - 1)])


def _spread(found: Histogram) -> float:
    """Largest distance from the 5 % to the 95 % quantile of all, the mated or the non-mated scores."""
    spreads = [0.0]
    for weights in (found.n, found.mated, found.nonmated):
        if weights.sum() > 0:
            spreads.append(_quantile(found.high, weights, 0.95) - _quantile(found.low, weights, 0.05))
    return max(spreads)


def _stands_apart(found: Histogram, end: int, *, codes_at: int | None = None) -> bool:
    """Whether the bin at this end (0 or -1) is further from the rest than half their spread.

    Three usual steps between neighbouring values are asked for besides, so that the last of a few discrete
    scores does not stand apart by being the last. At the end `codes_at` a whole number that alone has its sign
    stands apart on a scale that is ten times as long, also where its distance is one step.
    """
    rest = found.part(1, len(found.n)) if end == 0 else found.part(0, -1)
    if found.n[end] > rest.n.sum() and found.low[end] < found.high[end]:
        return False  # Most scores are in this bin: the others stand apart from it.
    if len(rest.n) == 1 and rest.low[0] == rest.high[0]:
        return False  # Two values are a scale of two values.
    gap = rest.low[0] - found.high[0] if end == 0 else found.low[-1] - rest.high[-1]
    value, nearest = (found.low[0], rest.low[0]) if end == 0 else (found.high[-1], rest.high[-1])
    single = found.low[end] == found.high[end]
    if end == codes_at and single and _odd_sign(value, nearest) and rest.high[-1] - rest.low[0] >= 10 * abs(value):
        return True
    steps = rest.low[1:] - rest.high[:-1]
    step = float(np.median(steps)) if len(steps) else 0.0
    return bool(gap > 0.5 * _spread(rest) and gap > 3 * step)


@_FAR_APART
def spikes(found: Histogram, *, codes_at: int) -> tuple[list[Spike], list[Stray], Histogram]:
    """Values that stand apart as failure codes do, a few rows far away, and the histogram without the spikes.

    From either end inwards, a bin that stands apart is a spike where it holds one value in `LEAST_SPIKE`
    rows or more, and not more rows than the rest together; other rows that stand apart are scores, and strays where
    they are further from the others than `FAR` times their range.
    """
    first, last, met = 0, len(found.n), []
    passed: list[int] = []
    apart = np.zeros(len(found.n), dtype=bool)
    for end in (0, -1):
        while last - first > 1 and _stands_apart(found.part(first, last), end, codes_at=codes_at):
            at = first if end == 0 else last - 1
            first, last = (first + 1, last) if end == 0 else (first, last - 1)
            rest = found.part(first, last)
            n, mated = int(found.n[at]), int(found.mated[at])
            if found.low[at] == found.high[at] and LEAST_SPIKE <= n <= rest.n.sum():
                nearest = float(rest.low[0] if end == 0 else rest.high[-1])
                value = float(found.low[at])
                met.append(Spike(
                    value=value, n=n, mated=mated, nearest=nearest, explained=_explained(value, n, mated, rest, nearest)
                ))  # fmt: skip
                apart[at] = met[-1].explained is None
            else:
                passed.append(at)
    keep = ~apart
    return (
        met,
        _strays(found, first, last, passed),
        Histogram(low=found.low[keep], high=found.high[keep], n=found.n[keep], mated=found.mated[keep]),
    )


def _strays(found: Histogram, first: int, last: int, passed: list[int]) -> list[Stray]:
    """Of the bins that were passed over, those too far out; what lies beyond one of them is one too.

    From the middle outwards, so that a long tail, each score of which is not so far from the last, is none.
    """
    strays: list[Stray] = []
    low, high = float(found.low[first]), float(found.high[last - 1])
    for end in (0, -1):
        beyond = False
        for at in sorted((p for p in passed if (p < first) == (end == 0)), reverse=end == 0):
            value, nearest = (float(found.high[at]), low) if end == 0 else (float(found.low[at]), high)
            # Halves first: the difference of two large doubles can be infinite.
            gap, span = abs(nearest / 2 - value / 2), high / 2 - low / 2
            ranges = gap / span if span > gap * 1e-300 else math.inf
            if span > 0 and (beyond or ranges > FAR):
                beyond = True
                strays.append(Stray(value=value, n=int(found.n[at]), mated=int(found.mated[at]), nearest=nearest,
                                    ranges=ranges))  # fmt: skip
            elif end == 0:
                low = float(found.low[at])
            else:
                high = float(found.high[at])
    return strays


def _explained(value: float, n: int, mated: int, rest: Histogram, nearest: float) -> str | None:
    """``floor`` or ``ceiling`` where scores themselves can end in a spike.

    A failure does not know who is on the picture, so its spike has the mated share of the test. A scale that
    ends has almost only non-mated comparisons at its lower end, almost only mated ones at its upper end, and
    ends in the neighbourhood of the other scores.
    """
    mated_rest, total_rest = int(rest.mated.sum()), int(rest.n.sum())
    span = _quantile(rest.high, rest.n, 0.999) - _quantile(rest.low, rest.n, 0.001)
    near = abs(value - nearest) <= 3 * span
    share = (mated + mated_rest) / (n + total_rest)
    expected = n * share
    if value < nearest:
        return "floor" if near and expected >= 10 and mated < 0.2 * expected else None
    beyond_chance = mated - expected > 4 * math.sqrt(max(expected * (1 - share), 1e-12))
    # Where most mated comparisons are in the spike it is their score, however far from the others.
    return "ceiling" if beyond_chance and mated > n / 2 and (near or mated > mated_rest) else None


def area(found: Histogram) -> float | None:
    """P(mated score > non-mated score) + P(equal) / 2 from binned counts; None where a side is empty."""
    mated, nonmated = found.mated.astype(np.float64), found.nonmated.astype(np.float64)
    if not mated.sum() or not nonmated.sum():
        return None
    below = np.cumsum(nonmated) - nonmated / 2
    return float((mated * below).sum() / (mated.sum() * nonmated.sum()))


def area_deviation(mated_people: int, nonmated_people: int) -> float:
    """Standard deviation of `area` where scores say nothing, counting people and not comparisons.

    Mann and Whitney's variance, for as many independent observations as there are people on each side.
    """
    return math.sqrt((mated_people + nonmated_people + 1) / (12 * max(mated_people, 1) * max(nonmated_people, 1)))


def constant_samples(engine: Engine, side: str, table: str) -> list[dict[str, Any]]:
    """Values that are the only score of some sample of `LEAST_SPIKE` rows or more: score, samples, n, n_mated.

    `least` is the number of rows of the smallest such sample, the easiest to get by chance.
    """
    return rows(
        engine,
        f"""
        SELECT lowest AS score, count(*) AS samples, CAST(sum(n_scored) AS BIGINT) AS n,
            CAST(sum(n_mated) AS BIGINT) AS n_mated, min(n_scored) AS least
        FROM {table} WHERE lowest = highest AND n_scored >= {LEAST_SPIKE}
        GROUP BY lowest ORDER BY samples DESC, lowest LIMIT 20""",
    )


def rows_with(engine: Engine, values: list[float]) -> dict[float, tuple[int, int]]:
    """How many comparisons, and mated ones, have each of a few values."""
    listed = ", ".join(literal(v) for v in values)
    counted = rows(
        engine,
        f"""
        SELECT CAST(score AS DOUBLE) AS score, count(*) AS n, count(*) FILTER (WHERE mated) AS mated
        FROM {COMPARISONS} WHERE score IN ({listed}) GROUP BY score""",
    )
    return {r["score"]: (r["n"], r["mated"]) for r in counted}
