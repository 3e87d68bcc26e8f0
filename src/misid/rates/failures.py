"""Failures to acquire and to enrol, and the rates that include them (ISO/IEC 19795-1).

FAR = FMR (1 - FTA); FRR = FTA + FNMR (1 - FTA); GFAR and GFRR put failures to enrol before both:
GFAR = (1 - FTE) FAR; GFRR = FTE + (1 - FTE) FRR.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from misid.ground.rate import ALL, ComparisonRate, SampleRate
from misid.rates.build import Where, rate_from
from misid.rates.counts import Counts
from misid.rates.intervals import Interval, people_interval
from misid.rates.limits import ONE_SIDED

NO_FTA = "no failure code and no count of failed probes was declared: FTA is not known"
NO_GROUPS = "the declared count of failed probes is not by group: FTA of a group is not known"
NO_FTE = "no count of enrolment attempts and failures was declared: FTE is not known"
PARTS = {
    "far": ("fmr", "fta"),
    "frr": ("fnmr", "fta"),
    "gfar": ("fmr", "fta", "fte"),
    "gfrr": ("fnmr", "fta", "fte"),
}
"""Rates that each of these is put together from."""

_Formula = Callable[[float, float], float]

CORNERS = "limits of its parts, put together at their worst"


def failure_rates(counts: Counts, level: float) -> list[SampleRate]:
    """FTA by group of the probe, and FTE.

    A probe (a reference) has failed when all of its comparisons carry a declared failure code, unless counts were
    declared apart. By group: from the searches, where they tell the same as the count over everybody.
    """
    tally = counts.tally
    records: list[SampleRate] = []
    rows = tally.tables["search_design"]
    for index, label in enumerate(tally.labels):
        where = Where(probe_group=label.name)
        # Mated and non-mated searches are mostly the same probes: the table with more of them is taken.
        mine = np.flatnonzero(rows["label"] == index)
        widest = int(mine[np.argmax(rows["searches"][mine])]) if len(mine) else None
        searched = None
        if tally.kind == "candidates" and len(mine):
            # A search of candidate lists is mated or not, never both.
            searched = tuple(int(rows[c][mine].sum()) for c in ("failed", "searches", "people"))
        elif widest is not None:
            searched = tuple(int(rows[c][widest]) for c in ("failed", "searches", "people"))
        if index == 0:
            by_group = searched is not None and searched[:2] == tally.acquisition
            if tally.acquisition is not None and not by_group:
                searched = (*tally.acquisition, min(tally.people["probe"], tally.acquisition[1]))
        if tally.acquisition is None or searched is None or searched[1] == 0 or not (by_group or index == 0):
            nothing = NO_FTA if tally.acquisition is None else NO_GROUPS
            records.append(rate_from(SampleRate, "fta", where, None, None, level, nothing))
            continue
        interval = _people(searched[0], searched[1], searched[2], level)
        records.append(rate_from(SampleRate, "fta", where, None, interval, level, NO_FTA))
    enrolled = None
    if tally.enrolment is not None and tally.enrolment[1]:
        failed, presented = tally.enrolment
        people = min(presented, tally.people.get("reference", presented) + failed)
        enrolled = _people(failed, presented, people, level)
    records.append(rate_from(SampleRate, "fte", Where(), None, enrolled, level, NO_FTE))
    return records


def _people(failed: int, presented: int, people: int, level: float) -> Interval:
    """FTA or FTE; without a failure its bound is one-sided."""
    if failed:
        return people_interval(failed, presented, people=people, level=level)
    bound = people_interval(failed, presented, people=people, level=level, side="upper")
    return replace(bound, method=f"{bound.method}; {ONE_SIDED}")


def isolated_failures(counts: Counts, level: float) -> dict[str, Interval]:
    """Mated comparisons that failed though neither the probe nor (for the margin) the reference did, by group.

    As a share of these and the completed ones. Limits count people: the failures of one may go together.
    """
    tally = counts.tally
    if tally.kind == "candidates":
        return {}
    found: dict[str, Interval] = {}
    failed = counts.failed_comparisons(mated=True)
    searches, mated = tally.tables["search_design"], tally.tables["mated_design"]
    for index, label in enumerate(tally.labels):
        mine = (searches["label"] == index) & (searches["mated"] == 1)
        explained = int(searches["failed"][mine].sum())
        if index == 0 and tally.enrolment is not None:
            explained += tally.enrolment[0]
        alone = max(0, int(failed[index]) - explained)
        completed = int(counts.mated[index, 0])
        if alone == 0:
            continue
        people = max(int(mated["people"][mated["label"] == index].sum()), int(searches["people"][mine].sum()))
        trials = completed + alone
        found[label.name] = people_interval(alone, trials, people=min(people, trials), level=level)
    return found


def with_failures(
    comparisons: Sequence[ComparisonRate],
    samples: Sequence[SampleRate],
    isolated: Mapping[str, Interval] | None = None,
) -> list[ComparisonRate]:
    """FAR, FRR by group of the probe, and GFAR, GFRR where FTE is known; none where FTA is not.

    `isolated` failures of mated comparisons (`isolated_failures`) are a stage between FTA and FNMR: the attempt of a
    person whose comparison failed is rejected.
    """
    fta = {r.probe_group: r for r in samples if r.measure == "fta" and r.estimate is not None}
    fte = next((r for r in samples if r.measure == "fte" and r.estimate is not None), None)
    records: list[ComparisonRate] = []
    for rate in comparisons:
        acquired = fta.get(rate.probe_group)
        if acquired is None or rate.estimate is None or rate.reference_group != ALL:
            continue
        if rate.measure == "fmr":
            first = _put(rate, acquired, "far", lambda e, f: e * (1 - f), falling=True)
            records.append(first)
            if fte is not None:
                records.append(_put(first, fte, "gfar", lambda e, f: e * (1 - f), falling=True))
        elif rate.measure == "fnmr":
            alone = (isolated or {}).get(rate.probe_group)
            lost = acquired if alone is None else _also(acquired, alone)
            first = _put(rate, lost, "frr", lambda e, f: f + e * (1 - f), falling=False)
            records.append(first)
            if fte is not None:
                records.append(_put(first, fte, "gfrr", lambda e, f: f + e * (1 - f), falling=False))
    return records


def _also(failure: SampleRate, further: Interval) -> SampleRate:
    """Failures of two stages as one: f + (1 - f) g, limits at the corners."""

    def both(f: float | None, g: float | None) -> float:
        return (f or 0.0) + (1 - (f or 0.0)) * (g or 0.0)

    return replace(
        failure,
        estimate=both(failure.estimate, further.estimate),
        lo=both(failure.lo, further.lo),
        hi=1.0 if failure.hi is None else both(failure.hi, further.hi),
    )


def _put(
    rate: ComparisonRate, failure: SampleRate, measure: str, formula: _Formula, *, falling: bool
) -> ComparisonRate:
    """Both put together; limits at the corners (`falling`: the result falls as failures rise)."""
    f = (failure.estimate, failure.lo, failure.hi)
    e = (rate.estimate, rate.lo, rate.hi)
    if None in f or None in e:
        return replace(rate, measure=measure, estimate=None, lo=None, hi=None, status="undefined", errors=None)
    low, high = (f[2], f[1]) if falling else (f[1], f[2])
    estimate = formula(e[0] or 0.0, f[0] or 0.0)
    # A rate is a bound for want of errors or of people. Failures seen are errors; people they do not make.
    status = rate.status
    if status == "bound" and rate.estimate == 0 and estimate > 0:
        status = "ok"
    return replace(
        rate,
        measure=measure,
        status=status,
        estimate=estimate,
        lo=formula(e[1] or 0.0, low or 0.0),
        hi=formula(e[2] or 0.0, high or 0.0),
        method=rate.method if rate.method.endswith(CORNERS) else f"{rate.method}; {CORNERS}",
        errors=None,
        trials=None,
        effective_people=None,
    )
