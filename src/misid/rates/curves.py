"""What the report draws: rates against threshold (DET, FPIR and FNIR) and score distributions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from misid.rates.counts import Counts
from misid.rates.intervals import Interval
from misid.rates.limits import Limits
from misid.rates.model import CurvePoint, HistogramBin
from misid.rates.points import Point, as_input
from misid.tally.model import Ints

POINTS = 80
"""Thresholds of a curve, about."""

HISTOGRAM_BINS = 64

CURVED = {"fmr", "fnmr", "fpir", "fnir"}
"""Measures of which curves are drawn."""

MAX_CURVES = 12
"""Groups of an attribute that are drawn."""

Triple = tuple[float | None, float | None, float | None]
NOTHING: Triple = (None, None, None)


def curve_positions(counts: Counts, points: Sequence[Point]) -> Ints:
    """Edges a curve is drawn at: even in the logarithm of the errors of every kind, plus the points asked for.

    A curve passes through every point of the report that has a threshold of its own.
    """
    last = counts.n_bins - 1
    asked = [p.position for p in points if p.threshold is not None and 1 <= p.position <= last]
    chosen = [np.array(asked, dtype=np.int64)]
    kinds = [counts.best[0]]
    if counts.tally.kind == "comparisons":
        kinds = [counts.nonmated[0], counts.mated[0, 0] - counts.mated[0]]
    for many in kinds:
        falling = -many if many[0] >= many[-1] else many
        most = int(np.abs(falling).max())
        if most == 0:
            continue
        steps = np.unique(np.geomspace(1, most, POINTS // 2).round().astype(np.int64))
        wanted = -steps if many[0] >= many[-1] else steps
        chosen.append(np.searchsorted(falling, wanted, side="left"))
    positions = np.unique(np.clip(np.concatenate(chosen), 1, max(last, 1)))
    if counts.tally.kind == "candidates" and counts.tally.return_threshold is not None:
        # Below the return threshold lists show nothing.
        floor = np.searchsorted(counts.tally.edges, counts.tally.return_threshold, side="left")
        positions = positions[positions >= floor]
    return positions[positions <= last]


def drawn_labels(counts: Counts) -> list[int]:
    """The margin and, of each attribute, the groups with most searches: more curves than these cannot be told apart."""
    tally = counts.tally
    rows = tally.tables["search_design"]
    searches = np.zeros(len(tally.labels), dtype=np.int64)
    np.maximum.at(searches, rows["label"], rows["searches"])
    drawn = [0]
    for attribute in dict.fromkeys(label.attribute for label in tally.labels[1:]):
        mine = [i for i, label in enumerate(tally.labels) if i and label.attribute == attribute]
        drawn += sorted(sorted(mine, key=lambda i: -searches[i])[:MAX_CURVES])
    return drawn


def curve_points(
    counts: Counts, limits: Limits, points: Sequence[Point], measures: Collection[str]
) -> tuple[CurvePoint, ...]:
    """Rates with pointwise limits of the drawn labels at the same ascending thresholds of the input.

    Those of `measures` that have curves; () if none has.
    """
    drawn = CURVED & {*measures}
    if not drawn:
        return ()
    tally = counts.tally
    positions = curve_positions(counts, points)
    thresholds = [as_input(tally, float(e)) for e in tally.edges[positions]]
    design = tally.tables["search_design"]
    curve = []
    for index in drawn_labels(counts):
        label = tally.labels[index]
        fmr = fnmr = fpir = fnir = [NOTHING] * len(positions)
        if tally.kind == "comparisons" and "fmr" in drawn:
            fmr = _triples(limits.fmr(index, 0, positions, counts.nonmated[index][positions]))
        if tally.kind == "comparisons" and "fnmr" in drawn:
            fnmr = _triples(limits.fnmr(index, positions, counts.mated[index, 0] - counts.mated[index][positions]))
        if "fpir" in drawn:
            fpir = _triples(limits.fpir(index, positions, counts.best[index][positions]))
        if "fnir" in drawn:
            mated = int(design["searches"][(design["label"] == index) & (design["mated"] == 1)].sum())
            found = counts.mates_found(None)[index]
            fnir = _triples(limits.fnir(index, None, positions, mated - found[positions]))
        for at, threshold in enumerate(thresholds):
            curve.append(_point(label.name, threshold, fmr[at], fnmr[at], fpir[at], fnir[at]))
    return tuple(curve)


def _triples(intervals: Sequence[Interval | None]) -> list[Triple]:
    return [NOTHING if i is None else (i.estimate, i.lo, i.hi) for i in intervals]


def histograms(counts: Counts) -> tuple[HistogramBin, ...]:
    """Coarse distributions of mated and non-mated scores by label; () for candidate lists.

    Bins are runs of the tally's own bins, about a `HISTOGRAM_BINS`-th of the range of the scores wide.
    An open end bin is drawn as wide as a coarse bin; no comparison is left out.
    """
    tally = counts.tally
    if tally.kind == "candidates":
        return ()
    used = np.flatnonzero((np.diff(-counts.nonmated[0]) > 0) | (np.diff(-counts.mated[0]) > 0))
    if not len(used):
        return ()
    first, last = int(used[0]), int(used[-1]) + 1
    inner = np.arange(max(first, 1), min(last, counts.n_bins - 1) + 1)
    finite = tally.edges[inner]
    grid = np.linspace(finite[0], finite[-1], HISTOGRAM_BINS + 1)
    inside = inner[np.clip(np.searchsorted(finite, grid), 0, len(inner) - 1)]
    cuts = np.unique(np.concatenate([[first], inside, [last]]))
    edges = np.append(tally.edges, np.inf)[cuts]
    width = float(grid[1] - grid[0]) or 1.0
    edges[0] = edges[1] - width if np.isinf(edges[0]) else edges[0]
    edges[-1] = edges[-2] + width if np.isinf(edges[-1]) else edges[-1]
    bins = []
    for index, label in enumerate(tally.labels):
        for mated, above in ((False, counts.nonmated[index]), (True, counts.mated[index])):
            if above[0] == 0:
                continue
            for at, count in enumerate(-np.diff(above[cuts])):
                lower, upper = sorted((as_input(tally, float(edges[at])), as_input(tally, float(edges[at + 1]))))
                share = float(count) / float(above[0])
                bins.append(
                    HistogramBin(
                        probe_group=label.name,
                        mated=mated,
                        lower=lower,
                        upper=upper,
                        count=int(count),
                        density=share / (upper - lower),
                    )
                )
    return tuple(bins)


def _point(group: str, threshold: float, fmr: Triple, fnmr: Triple, fpir: Triple, fnir: Triple) -> CurvePoint:
    names = ("fmr", "fnmr", "fpir", "fnir")
    values = {
        f"{name}{limit}": value
        for name, triple in zip(names, (fmr, fnmr, fpir, fnir), strict=True)
        for limit, value in zip(("", "_lo", "_hi"), triple, strict=True)
    }
    return CurvePoint(probe_group=group, threshold=threshold, **values)
