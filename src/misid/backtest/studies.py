"""From declared studies to tasks: which records are ahead, which before. Only conditions are read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from misid.backtest.archive import is_before
from misid.backtest.model import Conditions, Selection, Study, Task


def selected(selection: Selection, conditions: Sequence[Conditions]) -> list[Conditions]:
    """The conditions that a selection takes, in their order."""
    return [one for one in conditions if _fits(selection, one)]


def _fits(selection: Selection, one: Conditions) -> bool:
    return (
        one.series == selection.series
        and (selection.thresholds is None or one.threshold in selection.thresholds)
        and (selection.groups is None or one.group in selection.groups)
        and (selection.measure is None or one.measure == selection.measure)
        and (selection.gallery is None or one.gallery == selection.gallery)
        and (not selection.start or one.start >= selection.start)
        and (not selection.end or one.end <= selection.end or one.end.startswith(selection.end))
    )


def tasks_of(study: Study, conditions: Sequence[Conditions]) -> tuple[Task, ...]:
    """The tasks of a study; those with fewer units before them than its rule needs are none.

    Parameters
    ----------
    study : Study
    conditions : sequence of Conditions
        Of all records.
    """
    ahead = selected(study.ahead, conditions)
    pool = list({one.id: one for selection in study.before for one in selected(selection, conditions)}.values())
    tasks = []
    for name, group in grouped(ahead, study.unit).items():
        mine = {one.id for one in group}
        before = [one for one in pool if one.id not in mine and _known(study, one, group, conditions)]
        if len(grouped(before, study.unit_before)) < study.fewest:
            continue
        id_ = study.id if study.unit == "all" else f"{study.id}.{name}"
        tasks.append(
            Task(
                id=id_, study=study, title=_title(study, name, group),
                ahead=tuple(one.id for one in group), before=tuple(one.id for one in before),
            )
        )  # fmt: skip
    return tuple(tasks)


def grouped(records: Sequence[Conditions], unit: str) -> dict[str, list[Conditions]]:
    """Records by what is one unit, in order of first appearance."""
    found: dict[str, list[Conditions]] = defaultdict(list)
    for one in records:
        found[{"record": one.id, "month": f"{one.series}-{one.start[:7]}", "all": "all"}[unit]].append(one)
    return dict(found)


def _known(study: Study, one: Conditions, ahead: Sequence[Conditions], conditions: Sequence[Conditions]) -> bool:
    if study.order == "held out":
        first = ahead[0]
        if not study.apart or one.developer != first.developer:
            return True
        return one.engine == first.engine and any(_fits(given, one) for given in study.given)
    if study.order == "listed":
        places = {other.id: place for place, other in enumerate(conditions)}
        return places[one.id] < min(places[other.id] for other in ahead)
    return is_before(one.end, min(other.start for other in ahead))


def _title(study: Study, name: str, group: Sequence[Conditions]) -> str:
    first = group[0]
    if study.unit == "month":
        return first.start[:7]
    if study.unit == "all":
        return f"{first.start} to {group[-1].end}" if first.start and first.start != group[-1].end else first.what
    said = ", ".join(filter(None, (first.what or first.engine, first.group)))
    return said or name
