"""How unequal rates are between demographic groups (ISO/IEC 19795-10, NIST).

==============  ==============================================================================
max/min         largest rate over smallest
max/geomean     largest rate over the geometric mean of all
gini            Gini coefficient with g / (g - 1): 0 all equal, 1 all errors in one group
fdr             1 - (A + B) / 2; A, B: largest difference of FMR, of FNMR between two groups
garbe           (Gini of FMR + Gini of FNMR) / 2
ratio           a group's rate over the named group's
==============  ==============================================================================

Measures: ``fmr`` (probes of the group against all references), ``fmr_within`` (probe and reference of one
group), ``fnmr``, ``fpir``, ``fnir`` (whole list), and ``fmr_within+fnmr`` for fdr and garbe.
Sources: de Freitas Pereira and Marcel (2022) for FDR; Howard et al. (2022) for GARBE; both with alpha 1/2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import log

import numpy as np
from scipy.special import gammaincinv, ndtri

from misid.ground.rate import ALL, MISSING, Rate
from misid.rates.model import Differential
from misid.rates.spread import (
    Groups,
    Spread,
    gini,
    gini_spread,
    holm,
    largest_difference,
    log_ratio,
    max_over_geomean,
    max_over_min,
    normal_draws,
    weighted,
)
from misid.tally.model import Floats, Tally

MIN_PEOPLE = 10
ALPHA = 0.5
"""Weight of FMR beside FNMR in fdr and garbe."""

METHOD = "simultaneous over groups; estimate corrected by the bias in draws around limited-translation rates"
RATIO_METHOD = "limits of both rates put together on the log scale; p adjusted by Holm over the groups"
BOUNDED = (
    "a group shows no errors, or has too few people, and enters by its limits only; the highest group is that of the "
    "highest rate counted"
)

_Statistic = Callable[[Groups, float], Spread]


@dataclass(frozen=True)
class _Cell:
    """The groups of one attribute at one threshold: those with an estimate, and those with a bound.

    A bounded group has shown no errors, or has too few people; then `lows` is what its own count of errors says by
    itself (0 without errors) and `seen` its rate as counted.
    """

    names: tuple[str, ...]
    groups: Groups
    bounded: tuple[str, ...]
    bounds: tuple[float, ...]
    lows: tuple[float, ...] = ()
    seen: tuple[float, ...] = ()


def differentials(
    tally: Tally, records: Sequence[Rate], *, level: float, reference: str | None
) -> tuple[Differential, ...]:
    """Every statistic of every attribute at every threshold and target of `records`.

    Groups of fewer than ten people and people whose group is not known are left out, with a warning. A group without
    errors is known by its upper limit only: a ratio over it has a lower limit and no estimate. One of too few people
    is known by both of its limits.
    """
    tail = (1 - level) / 2
    people = _people(tally)
    found: list[Differential] = []
    by_point: dict[tuple[str, float | None, float | None], dict[str, Rate]] = {}
    for rate in records:
        measure = _measure(rate)
        if measure is not None and rate.probe_group != ALL:
            by_point.setdefault((measure, rate.threshold, rate.target), {})[rate.probe_group] = rate
    attributes = dict.fromkeys(label.attribute for label in tally.labels[1:])
    for attribute in attributes:
        labels = [label.name for label in tally.labels[1:] if label.attribute == attribute]
        unknown = [name for name in labels if MISSING in name]
        few = [name for name in labels if name not in unknown and people.get(name, 0) < MIN_PEOPLE]
        kept = [name for name in labels if name not in unknown and name not in few]
        notes = []
        if few:
            notes.append(f"left out, fewer than {MIN_PEOPLE} people: {', '.join(few)}")
        if unknown:
            notes.append(f"left out, group not known: {', '.join(unknown)}")
        if len(kept) < 2:
            continue
        to = reference if reference in kept else max(kept, key=lambda name: people.get(name, 0))
        cells: dict[tuple[str, float | None, float | None], _Cell] = {}
        for point, rates in by_point.items():
            cell = _cell([rates[name] for name in kept if name in rates], level)
            if len(cell.names) + len(cell.bounded) < 2:
                continue
            cells[point] = cell
            made = _Maker(point[0], attribute, point[1], level, tuple(notes), found)
            _single(made, cell, tail)
            _ratios(made, cell, to, tail)
        for (measure, threshold, target), cell in cells.items():
            other = cells.get(("fnmr", threshold, target))
            if measure == "fmr_within" and other is not None:
                _double(_Maker("fmr_within+fnmr", attribute, threshold, level, tuple(notes), found), cell, other, tail)
    return tuple(found)


def _measure(rate: Rate) -> str | None:
    if rate.status in ("undefined", "refused", "censored") or rate.hi is None:
        return None
    if rate.measure == "fmr":
        return {ALL: "fmr", rate.probe_group: "fmr_within"}.get(rate.reference_group)
    if rate.measure in ("fnmr", "fpir") or (rate.measure == "fnir" and rate.rank is None):
        return rate.measure
    return None


def _people(tally: Tally) -> dict[str, int]:
    """People of each label who were searched or compared as probes."""
    counts = dict.fromkeys((label.name for label in tally.labels), 0)
    for table, key, column in (
        ("search_design", "label", "people"),
        ("mated_design", "label", "people"),
        ("nonmated_design", "probe_label", "probe_people"),
    ):
        rows = tally.tables[table]
        for index, value in zip(rows[key].tolist(), rows[column].tolist(), strict=True):
            name = tally.labels[index].name
            counts[name] = max(counts[name], value)
    return counts


def _cell(rates: Sequence[Rate], level: float) -> _Cell:
    z = float(ndtri((1 + level) / 2))
    tail = (1 - level) / 2
    sure = [r for r in rates if r.status == "ok" and r.estimate and r.lo and r.hi]
    unsure = [r for r in rates if r not in sure]
    x = np.log([r.estimate or 1.0 for r in sure])
    # The limit of a rate without errors is one-sided at `level`; here every limit stands at the same tail.
    farther = log(tail) / log(2 * tail)
    return _Cell(
        names=tuple(r.probe_group for r in sure),
        groups=Groups(
            x=x,
            # A rate of 1 has no room above it; a hair keeps weights finite.
            below=np.maximum((x - np.log([r.lo or 1.0 for r in sure])) / z, 1e-9),
            above=np.maximum((np.log([r.hi or 1.0 for r in sure]) - x) / z, 1e-9),
        ),
        bounded=tuple(r.probe_group for r in unsure),
        bounds=tuple(float(r.hi or 1.0) if r.estimate else min(1.0, float(r.hi or 1.0) * farther) for r in unsure),
        lows=tuple(_own_low(r, tail) for r in unsure),
        seen=tuple(float(r.estimate or 0.0) for r in unsure),
    )


def _own_low(rate: Rate, tail: float) -> float:
    """Lower limit of a rate of too few people: as far below its estimate as the upper limit is above, on the log scale.

    The upper limit is wide enough for few people; at least the Poisson limit of the errors is gone below, too.
    """
    if not rate.estimate or not rate.hi or not rate.errors:
        return 0.0
    return rate.estimate * min(rate.estimate / rate.hi, float(gammaincinv(rate.errors, tail)) / rate.errors)


@dataclass(frozen=True)
class _Maker:
    measure: str
    attribute: str
    threshold: float | None
    level: float
    notes: tuple[str, ...]
    found: list[Differential]

    def __call__(
        self,
        statistic: str,
        spread: tuple[float | None, float | None, float | None, float | None],
        *,
        of: str | None = None,
        to: str | None = None,
        method: str = METHOD,
        p: float | None = None,
        bounded: bool = False,
    ) -> None:
        estimate, plain, lo, hi = spread
        self.found.append(
            Differential(
                measure=self.measure,
                attribute=self.attribute,
                statistic=statistic,
                of=of,
                to=to,
                threshold=self.threshold,
                estimate=estimate,
                plain=plain,
                lo=lo,
                hi=hi,
                level=self.level,
                method=method,
                adjusted_p=p,
                status="bound" if bounded else "ok",
                warnings=(*self.notes, *((BOUNDED,) if bounded else ())),
            )
        )


def _single(made: _Maker, cell: _Cell, tail: float) -> None:
    """max/min, max/geomean and gini of one rate."""
    if cell.bounded:
        most, lows = _bounded_ratios(cell, tail)
        made("max/min", (None, None, lows[0], None), of=most, bounded=True)
        made("max/geomean", (None, None, lows[1], None), of=most, bounded=True)
        made("gini", (None, None, 0.0, _most(gini, [cell], tail)), bounded=True)
        return
    of = cell.names[int(cell.groups.x.argmax())]
    least = cell.names[int(cell.groups.x.argmin())]
    made("max/min", _exp(max_over_min(cell.groups, tail)), of=of, to=least)
    made("max/geomean", _exp(max_over_geomean(cell.groups, tail)), of=of)
    made("gini", _plain(gini_spread(cell.groups, tail)))


def _double(made: _Maker, fmr: _Cell, fnmr: _Cell, tail: float) -> None:
    """fdr and garbe, of FMR and FNMR together."""
    if fmr.bounded or fnmr.bounded:
        apart_at_most = _most(lambda rates: np.ptp(rates, axis=-1), [fmr, fnmr], tail)
        made("fdr", (None, None, 1 - apart_at_most, 1.0), bounded=True)
        made("garbe", (None, None, 0.0, _most(gini, [fmr, fnmr], tail)), bounded=True)
        return
    apart = weighted(largest_difference(fmr.groups, tail), largest_difference(fnmr.groups, tail), ALPHA)
    made("fdr", (1 - apart.estimate, 1 - apart.plain, 1 - apart.hi, 1 - apart.lo))
    made("garbe", _plain(weighted(gini_spread(fmr.groups, tail), gini_spread(fnmr.groups, tail), ALPHA)))


def _ratios(made: _Maker, cell: _Cell, to: str, tail: float) -> None:
    """Every other group's rate over that of `to`."""
    bounds = dict(zip(cell.bounded, cell.bounds, strict=True))
    lows = dict(zip(cell.bounded, cell.lows, strict=True))
    at = {name: i for i, name in enumerate(cell.names)}
    if to not in at and to not in bounds:
        return
    tested = [name for name in cell.names if name != to and to in at]
    ratios = {name: log_ratio(cell.groups, at[name], at[to], tail) for name in tested}
    adjusted = dict(zip(tested, holm([ratios[name][3] for name in tested]), strict=True))
    limits = {
        name: (float(np.exp(cell.groups.x[i] + ndtri(tail) * cell.groups.below[i])),
               float(np.exp(cell.groups.x[i] - ndtri(tail) * cell.groups.above[i])))
        for name, i in at.items()
    }  # fmt: skip
    limits |= {name: (lows[name], bounds[name]) for name in bounds}
    for name in (*cell.names, *cell.bounded):
        if name == to:
            continue
        if name in ratios:
            value, lo, hi, _ = ratios[name]
            ratio = float(np.exp(value))
            made("ratio", (ratio, ratio, float(np.exp(lo)), float(np.exp(hi))), of=name, to=to,
                 method=RATIO_METHOD, p=adjusted[name])  # fmt: skip
        else:
            low = limits[name][0] / limits[to][1] if limits[name][0] else None
            high = limits[name][1] / limits[to][0] if limits[to][0] else None
            made("ratio", (None, None, low, high), of=name, to=to, method=RATIO_METHOD, bounded=True)


def _bounded_ratios(cell: _Cell, tail: float) -> tuple[str | None, tuple[float, float]]:
    """Lower limits of max/min and max/geomean where some groups are known by limits only, and the highest as counted.

    Every group enters with the errors it showed: those of few people by their own lower limit.
    """
    g = len(cell.names) + len(cell.bounded)
    names = (*cell.names, *cell.bounded)
    rates = np.concatenate([cell.groups.rate, cell.seen])
    if not rates.any():
        return None, (1.0, 1.0)
    wider = float(ndtri(tail / g) / ndtri(tail))
    low, high, high_alone = np.empty(g), np.empty(g), np.empty(g)
    n = len(cell.names)
    low[:n] = cell.groups.x + ndtri(tail / g) * cell.groups.below
    high[:n] = cell.groups.x - ndtri(tail / g) * cell.groups.above
    high_alone[:n] = cell.groups.x - ndtri(tail) * cell.groups.above
    for i, (seen, lowest, bound) in enumerate(zip(cell.seen, cell.lows, cell.bounds, strict=True), start=n):
        low[i] = log(seen) - wider * (log(seen) - log(lowest)) if lowest > 0 else -np.inf
        # Without errors a limit moves with the log of its tail.
        further = wider * (log(bound) - log(seen)) + log(seen) if seen else log(bound * log(tail / g) / log(tail))
        high[i], high_alone[i] = further, log(bound)
    apart = ~np.eye(g, dtype=bool)
    over_min = float((low[:, None] - high)[apart].max())
    if n > 1:
        over_min = max(over_min, max_over_min(cell.groups, tail).lo)
    # The largest group is in the mean too, at its own lower limit.
    over_mean = max(
        float(low[i] - (high_alone.sum() - high_alone[i] + low[i]) / g) for i in np.flatnonzero(low > -np.inf)
    )
    return names[int(rates.argmax())], (float(np.exp(max(0.0, over_min))), float(np.exp(max(0.0, over_mean))))


MAX_CORNERS = 8
"""With more bounded groups than this the upper limit of a statistic is 1: corners of their limits are too many."""


def _most(statistic: Callable[[Floats], Floats], cells: Sequence[_Cell], tail: float) -> float:
    """Upper limit of a statistic of unequal rates, the mean over `cells`, where some rates are known by limits only.

    A rate with a bound may be anywhere within its limits, so the largest value over their corners is taken (gini
    and the largest difference are quasi-convex in every rate); the others are drawn. That groups are equal is never
    excluded: a group without errors may have the rate of any other.
    """
    total: Floats = np.zeros(1)
    for cell in cells:
        if len(cell.bounded) > MAX_CORNERS:
            return 1.0
        sure = np.minimum(np.exp(cell.groups.x + cell.groups.error * normal_draws(len(cell.names))), 1.0)
        most: Floats = np.zeros(len(sure))
        rates = np.empty((len(sure), len(cell.names) + len(cell.bounded)))
        rates[:, : len(cell.names)] = sure
        for corner in product(*zip(cell.lows, cell.bounds, strict=True)):
            rates[:, len(cell.names) :] = corner
            if not rates.any():
                continue
            most = np.maximum(most, statistic(rates))
        total = total + most / len(cells)
    return float(np.clip(np.quantile(total, 1 - tail), 0.0, 1.0))


def _exp(s: Spread) -> tuple[float, float, float, float]:
    return (float(np.exp(s.estimate)), float(np.exp(s.plain)), float(np.exp(s.lo)), float(np.exp(s.hi)))


def _plain(s: Spread) -> tuple[float, float, float, float]:
    return (s.estimate, s.plain, s.lo, s.hi)
