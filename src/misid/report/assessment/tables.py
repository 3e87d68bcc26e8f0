"""Every table and figure of an assessment as CSV, with all digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from misid.encounter.model import Assessment, Estimate, Outcomes
from misid.report.figures.base import Figure
from misid.report.tables import CsvTable

_NUMBERS = ("value", "lo", "hi", "chance_lo", "chance_hi", "mean", "middle")
_MEASURES = tuple(f.name for f in fields(Outcomes) if f.type == "Estimate")


def tables_of(a: Assessment, figures: Sequence[Figure]) -> tuple[CsvTable, ...]:
    """The tables of the document, then the data of each figure."""
    made = [
        _table(
            "policies",
            "Policies",
            ({"policy": p.name, "lead": p.name == a.lead, **_measures(p.everybody)} for p in a.policies),
        ),
        _table("statuses", "By what the people are", _slices(a, "by_status")),
        _table("groups", "By demographic group", _slices(a, "by_group")),
        _table(
            "ways",
            "Ways of being wrong",
            (
                {
                    "policy": p.name,
                    "status": o.status,
                    "group": o.group,
                    "way": w.name,
                    **_flat("happens", w.happens),
                    **_flat("wrongly_held", w.wrongly_held),
                }
                for p in a.policies
                for o in (p.everybody, *p.by_status, *p.by_group)
                for w in o.ways
            ),
        ),
        _table(
            "answers",
            "What scans answer, and what follows",
            (
                {"policy": p.name, "kind": kind, "name": s.name, "title": s.title, **_flat("people", s.people)}
                for p in a.policies
                for kind in ("answers", "outcomes")
                for s in getattr(p.everybody, kind)
            ),
        ),
        _table(
            "trees",
            "The event trees",
            (
                {
                    "policy": t.policy,
                    "depth": depth,
                    "stage": b.stage,
                    "name": b.name,
                    "title": b.title,
                    "wrong": b.wrong,
                    "of_parent": b.of_parent,
                    **_flat("people", b.people),
                }
                for t in a.trees
                for depth, b in t.root.walk()
            ),
        ),
        _table("differences", "Differences between policies", (_record(d) for d in a.differences)),
        _table("search", "One search", (_record(s) for s in a.search)),
        _table("projection", "FPIR over the gallery", (_record(p) for p in a.projection)),
        _table("repeated", "The same people scanned again", (_record(r) for r in a.repeated)),
        _table("inputs", "Inputs", (_record(i) for i in a.inputs)),
        _table(
            "facts",
            "Published numbers used",
            ({key: _cell(value) for key, value in used.fact.items() if key != "given"} for used in a.facts),
        ),
    ]
    for place, claim in enumerate(a.claims, start=1):
        made.append(
            _table(
                f"claim-{place}",
                f"Claim: {claim.says}",
                ({"claim": claim.name, "verdict_over_all": claim.verdict, **_record(part)} for part in claim.parts),
            )
        )
    for place, item in enumerate(a.sensitivity, start=1):
        made.append(
            _table(
                f"sensitivity-{place}",
                f"What moves: {item.title}",
                ({"measure": item.measure, "policy": item.policy, "of": item.of, **_record(d)} for d in item.drivers),
            )
        )
    for place, even in enumerate(a.break_even, start=1):
        made.append(_table(f"break-even-{place}", even.asks, ({"name": even.name, **_record(p)} for p in even.points)))
    return (
        *made,
        *(
            CsvTable(file=f.file, title=f.title, columns=f.columns, rows=tuple(_cells(row) for row in f.rows))
            for f in figures
        ),
    )


def _table(name: str, title: str, rows: Iterable[Mapping[str, Any]]) -> CsvTable:
    kept = [_cells(row) for row in rows]
    columns = tuple(dict.fromkeys(key for row in kept for key in row)) or ("nothing",)
    return CsvTable(
        file=f"tables/{name}.csv",
        title=title,
        columns=columns,
        rows=tuple({key: row.get(key) for key in columns} for row in kept),
    )


def _slices(a: Assessment, kind: str) -> Iterable[dict[str, Any]]:
    for policy in a.policies:
        for outcomes in getattr(policy, kind):
            per = {f"{key}_per_scanned": value for key, value in outcomes.per_scanned.items()}
            flat = {key: value for name, e in per.items() for key, value in _flat(name, e).items()}
            yield {
                "policy": policy.name,
                "name": outcomes.status or outcomes.group,
                "title": outcomes.title,
                **_measures(outcomes),
                **flat,
            }


def _measures(outcomes: Outcomes) -> dict[str, Any]:
    return {key: value for name in _MEASURES for key, value in _flat(name, getattr(outcomes, name)).items()}


def _flat(name: str, estimate: Estimate) -> dict[str, Any]:
    return {
        name: estimate.value,
        **{f"{name}_{key}": getattr(estimate, key) for key in _NUMBERS[1:]},
        f"{name}_reason": estimate.reason,
    }


def _record(value: Any) -> dict[str, Any]:
    """A dataclass as a row, estimates in it spread over columns."""
    row: dict[str, Any] = {}
    for field in fields(value):
        item = getattr(value, field.name)
        if isinstance(item, Estimate):
            row |= _flat(field.name, item)
        elif not is_dataclass(item):
            row[field.name] = item
    return row


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _cell(value) for key, value in row.items()}


def _cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else value
