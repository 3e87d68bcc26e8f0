"""Rates per search at the test's own gallery: FPIR, FNIR, CMC, selectivity.

A search whose probe failed stays in the denominator: with a mate in the gallery it is a miss, without
one it returns nothing. FPIR is over searches with the mate left out (full-score tests) or by people not in
the gallery (candidate lists).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from misid.ground.rate import SearchRate
from misid.rates.build import Where, rate_from, refused
from misid.rates.choice import at_target, target_ladder
from misid.rates.counts import Counts
from misid.rates.intervals import Interval
from misid.rates.limits import Limits
from misid.rates.points import Point
from misid.rates.selectivity import HIDDEN, listed_selectivity
from misid.tally.model import Floats

NO_NONMATED = "no searches without the mate: FPIR is not defined"
NO_MATED = "no mated searches: FNIR is not defined"

CMC_RANKS = (*range(1, 21), 30, 40, 50, 70, 100)


def search_rates(
    counts: Counts, limits: Limits, points: Sequence[Point], ranks: Sequence[int], measures: Collection[str]
) -> list[SearchRate]:
    """FPIR, selectivity and FNIR by group, as far as they are among `measures`.

    At the points that are thresholds or targets of FPIR.
    """
    records: list[SearchRate] = []
    asked = [p for p in points if p.target_of != "fmr"]
    for point in asked:
        if point.threshold is None or "nonmated" in point.inexact:
            if "fpir" in measures:
                records.append(refused(SearchRate, "fpir", point, limits.level))
            if "selectivity" in measures and point.target is None:
                records.append(refused(SearchRate, "selectivity", point, limits.level))
        if "fnir" in measures and (point.threshold is None or "mated" in point.inexact):
            records.append(refused(SearchRate, "fnir", point, limits.level))
    found = [p for p in asked if p.threshold is not None]
    exact = [p for p in found if "nonmated" not in p.inexact]
    for index, label in enumerate(counts.tally.labels):
        if "fpir" in measures:
            records += fpir_rates(counts, limits, index, exact)
        if "selectivity" in measures:
            records += _selectivity(counts, limits, index, exact, _where(counts, index, 0, label.name))
    if "fnir" in measures:
        records += fnir_rates(counts, limits, [p for p in found if "mated" not in p.inexact], (*ranks, None))
    return records


def fpir_rates(counts: Counts, limits: Limits, index: int, points: Sequence[Point]) -> list[SearchRate]:
    """FPIR of one label at points."""
    records = []
    positions = np.array([p.position for p in points], dtype=np.int64)
    where = _where(counts, index, 0, counts.tally.labels[index].name)
    for point, interval in zip(points, limits.fpir(index, positions, counts.best[index][positions]), strict=True):
        hidden = _hidden(counts, point.position, None, index, 0)
        rate = rate_from(SearchRate, "fpir", where, point, interval, limits.level, NO_NONMATED)
        if hidden and rate.status != "undefined":
            most = limits.fpir(index, np.array([point.position]), np.array([(rate.errors or 0) + hidden]))
            rate = _censored(rate, rate.lo, None if most[0] is None else most[0].hi)
        records.append(rate)
    return records


def fnir_rates(
    counts: Counts,
    limits: Limits,
    points: Sequence[Point],
    ranks: Sequence[int | None],
    *,
    labels: Sequence[int] | None = None,
) -> list[SearchRate]:
    """FNIR of `labels` (None: all) at ranks (None: the whole list) and points.

    At a threshold chosen for a target, the limits include that it was chosen on the same data.
    """
    records = []
    ladders = {p.position: target_ladder(counts, limits, p) for p in points if p.target is not None}
    positions = np.array([p.position for p in points], dtype=np.int64)
    for rank in ranks:
        found = counts.mates_found(rank)
        for index in range(counts.n_labels) if labels is None else labels:
            where = replace(_where(counts, index, 1, counts.tally.labels[index].name), rank=rank)
            searches = _searches(counts, index, 1)
            misses = searches - found[index][positions]
            intervals = limits.fnir(index, rank, positions, misses)
            intervals = [
                at_target(p, *ladders[p.position], (searches - found[index][ladders[p.position][0]]) / searches, i)
                if p.target is not None and i is not None and i.status != "undefined"
                else i
                for p, i in zip(points, intervals, strict=True)
            ]
            for point, interval in zip(points, intervals, strict=True):
                records.append(_fnir(counts, limits, index, point.position, interval, where, point))
    return records


def _fnir(
    counts: Counts,
    limits: Limits,
    label: int,
    position: int,
    interval: Interval | None,
    where: Where,
    point: Point | None,
) -> SearchRate:
    """FNIR, or bounds where candidate lists hide whether the mate would have been found."""
    rate = rate_from(SearchRate, "fnir", where, point, interval, limits.level, NO_MATED)
    unseen = _hidden(counts, position, where.rank, label, 1)
    if not unseen or rate.status == "undefined":
        return rate
    seen = np.array([max(0, (rate.errors or 0) - unseen)])
    least = limits.fnir(label, where.rank, np.array([position]), seen)[0]
    return _censored(rate, None if least is None else least.lo, rate.hi)


def cmc_rates(counts: Counts, limits: Limits, ranks: Sequence[int]) -> list[SearchRate]:
    """Identification rate at rank R without a threshold, 1 - FNIR(N, R, -inf), by group; `errors` are misses."""
    records = []
    bottom = np.zeros(1, dtype=np.int64)
    for rank in ranks:
        for index, label in enumerate(counts.tally.labels):
            where = replace(_where(counts, index, 1, label.name), rank=rank)
            misses = _searches(counts, index, 1) - int(counts.mate_ranks[index, rank])
            interval = limits.fnir(index, rank, bottom, np.array([misses]))[0]
            rate = _fnir(counts, limits, index, 0, interval, where, None)
            found = int(counts.mate_ranks[index, rank])
            records.append(
                replace(
                    rate,
                    measure="cmc",
                    estimate=None if rate.estimate is None else found / (rate.trials or 1),
                    lo=None if rate.hi is None else 1.0 - rate.hi,
                    hi=None if rate.lo is None else 1.0 - rate.lo,
                )
            )
    return records


def cmc_ranks(counts: Counts) -> tuple[int, ...]:
    """Ranks at which a CMC curve is drawn: as far as the lists and the gallery go."""
    return tuple(r for r in CMC_RANKS if r <= last_rank(counts))


def last_rank(counts: Counts) -> int:
    """The last rank that a mate can have: the length of the lists, else of the largest gallery.

    A rate at a later one would be that at the list's end, and look as if it had been measured.
    """
    design = counts.mate_rows(1).design
    return max(counts.tally.list_length or int(design["gallery_max"].max(initial=0)), 1)


def _searches(counts: Counts, label: int, mated: int) -> int:
    rows = counts.tally.tables["search_design"]
    return int(rows["searches"][(rows["label"] == label) & (rows["mated"] == mated)].sum())


def _where(counts: Counts, label: int, mated: int, name: str) -> Where:
    rows = counts.tally.tables["search_design"]
    mine = np.flatnonzero((rows["label"] == label) & (rows["mated"] == mated))
    if not len(mine):
        return Where(probe_group=name)
    least, middle, most = (int(rows[f"gallery_{c}"][mine[0]]) for c in ("min", "median", "max"))
    warnings = () if least == most else (f"galleries differ between searches: {least:,} to {most:,} references",)
    return Where(probe_group=name, gallery=middle, warnings=warnings)


def _hidden(counts: Counts, position: int, rank: int | None, label: int, mated: int) -> int:
    """Searches of a label that may hide a candidate at or above a position (and rank); 0 where all is known."""
    tally = counts.tally
    if tally.kind != "candidates":
        return 0
    beyond = bool(mated and rank is not None and tally.list_length is not None and rank > tally.list_length)
    floor = -1
    if tally.return_threshold is not None:
        floor = int(np.searchsorted(tally.edges, tally.return_threshold, side="left"))
    # A full list shows all of its ranks: only the return threshold, or a rank past the end, hides anything.
    if not beyond and position >= floor:
        return 0
    rows = tally.tables["mates"] if mated else tally.tables["best_nonmated"]
    nothing = rows["bin"] == -1
    by_group = np.bincount(rows["probe_group"][nothing], weights=rows["count"][nothing], minlength=counts.n_joint)
    empty = round(float(counts.membership[label] @ by_group)) - (0 if mated else _failed(counts, label))
    return min(max(empty, 0), int(counts.censored_above(position, bool(mated))[label]))


def _failed(counts: Counts, label: int) -> int:
    rows = counts.tally.tables["search_design"]
    return int(rows["failed"][(rows["label"] == label) & (rows["mated"] == 0)].sum())


def _censored(rate: SearchRate, lo: float | None, hi: float | None) -> SearchRate:
    return replace(
        rate, estimate=None, lo=lo, hi=hi, errors=None, effective_people=None, status="censored",
        warnings=(HIDDEN, *rate.warnings),
    )  # fmt: skip


def _selectivity(counts: Counts, limits: Limits, index: int, points: Sequence[Point], where: Where) -> list[SearchRate]:
    """Wrong candidates at or above the threshold per search; full-score tests: FMR times comparisons per search."""
    records = []
    searches = _searches(counts, index, 0)
    positions = np.array([p.position for p in points], dtype=np.int64)
    if counts.tally.kind == "comparisons":
        made = int(counts.nonmated[index, 0])
        intervals = limits.fmr(index, 0, positions, counts.nonmated[index][positions])
        for point, interval in zip(points, intervals, strict=True):
            rate = rate_from(SearchRate, "selectivity", where, point, interval, limits.level, NO_NONMATED)
            records.append(rate if rate.status == "undefined" else _scaled(rate, made / max(searches, 1), searches))
        return records
    rows = counts.search_rows
    mine = np.flatnonzero(rows.design["label"] == index)
    if not len(mine) or not searches:
        return [rate_from(SearchRate, "selectivity", where, p, None, limits.level, NO_NONMATED) for p in points]
    for point in points:
        base = SearchRate(
            measure="selectivity", probe_group=where.probe_group, gallery=where.gallery, threshold=point.threshold,
            target=point.target, level=limits.level, trials=searches, people=int(rows.design["people"][mine[0]]),
            warnings=where.warnings,
        )  # fmt: skip
        records.append(_at_level_or_between(counts, base, rows.moments["exceed"][mine[0]], index, point.position))
    return records


def _at_level_or_between(counts: Counts, base: SearchRate, exceed: Floats, label: int, position: int) -> SearchRate:
    """Selectivity at a level; between two levels only that it is between theirs, for it falls with the threshold."""

    def at(level: int) -> SearchRate:
        hidden = bool(counts.censored_above(int(counts.level_position[level]), mated=False)[label])
        return listed_selectivity(counts, replace(base, errors=int(exceed[level])), label, level, hidden=hidden)

    here = np.flatnonzero(counts.level_position == position)
    if len(here):
        return at(int(here[0]))
    next_up = int(np.searchsorted(counts.level_position, position))
    below = at(next_up - 1) if next_up else None
    above = at(next_up) if next_up < len(counts.level_position) else None
    hi = None if below is None else below.hi
    if below is None or hi is None:
        why = (
            "candidates are counted at the levels of the tally only, and no level at or below this threshold has limits"
        )
        return replace(base, status="refused", warnings=(*base.warnings, why))
    lo = 0.0 if above is None or above.lo is None else above.lo
    between = "between two levels of the tally: the lower limit of the one above and the upper limit of the one below"
    return replace(
        base,
        lo=min(lo, hi),
        hi=hi,
        errors=None,
        status="bound",
        method=below.method,
        warnings=(*base.warnings, between),
    )


def _scaled(rate: SearchRate, factor: float, searches: int) -> SearchRate:
    return replace(
        rate,
        estimate=None if rate.estimate is None else rate.estimate * factor,
        lo=None if rate.lo is None else rate.lo * factor,
        hi=None if rate.hi is None else rate.hi * factor,
        trials=searches,
    )
