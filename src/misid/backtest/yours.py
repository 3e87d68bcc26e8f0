"""Studies of somebody's own deployments: each predicted from those before it, at the same threshold and group."""

from __future__ import annotations

from collections.abc import Sequence

from misid.backtest.model import Conditions, Outcome, Record, Selection, Study
from misid.ground.errors import NotEstimableError
from misid.ground.numbers import threshold_text
from misid.search.deployments import Deployment

SERIES = "yours"
FEWEST = 3
"""Deployments before one that is predicted."""

FIXED = "The rule is the one that misid came with."


def your_records(deployments: Sequence[Deployment]) -> tuple[Record, ...]:
    """Deployments as records, by date; those without a date are left out."""
    dated = sorted((d for d in deployments if d.date), key=lambda d: d.date)
    return tuple(
        Record(
            given=Conditions(
                id=f"{SERIES}-{number}", series=SERIES, start=d.date, end=d.date, what=d.name, searches=d.searches,
                gallery=d.gallery, threshold=d.threshold, group=d.group or "", source=d.source,
            ),
            outcome=Outcome(lo=float(d.false_alerts), hi=float(d.false_alerts)),
        )
        for number, d in enumerate(dated, 1)
    )  # fmt: skip


def your_studies(records: Sequence[Record]) -> tuple[Study, ...]:
    """A study for every threshold and group that has a deployment with `FEWEST` before it.

    Raises
    ------
    NotEstimableError
        If there is none.
    """
    kinds: dict[tuple[float | None, str], list[str]] = {}
    for record in records:
        kinds.setdefault((record.given.threshold, record.given.group), []).append(record.given.start)
    studies = []
    for number, ((threshold, group), dates) in enumerate(kinds.items(), 1):
        if len(dates) <= FEWEST or sum(date < max(dates) for date in dates) < FEWEST:
            continue
        mine = Selection(
            series=SERIES, thresholds=(threshold,), groups=(group,), measure="false_alerts"
        )  # fmt: skip
        of = f", {group}" if group else ""
        at = "threshold not stated" if threshold is None else f"threshold {threshold_text(threshold)}"
        studies.append(
            Study(
                id=f"{SERIES}-{number}", title=f"Your deployments, {at}{of}: false alerts of the next one, by "
                "searches", kind="forward in time", rule="next_unit", ahead=mine, before=(mine,),
                fixed=FIXED, exposure="searches", fewest=FEWEST,
            )
        )  # fmt: skip
    if not studies:
        raise NotEstimableError(
            f"no deployment has {FEWEST} dated ones before it at its threshold",
            remedy=f"a table with {FEWEST + 1} or more, with date_start (2024-07-25), of one threshold",
        )
    return tuple(studies)
