"""Every table and figure of a case as CSV, with all digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from misid.cases.model import CaseResult, Range
from misid.report.figures.base import Figure
from misid.report.tables import CsvTable

_PROBABILITIES = ("right", "other", "enrolled", "neither", "record")


def tables_of(result: CaseResult, figures: Sequence[Figure]) -> tuple[CsvTable, ...]:
    """The tables of the document, then the data of each figure."""
    made = (
        _table("inputs", "Every number that went in", (
            {**asdict(g), "source": "; ".join(g.source)} for g in result.inputs
        )),
        _table("priors", "What follows at each prior", (
            {"prior": p.prior, **{k: v for name in _PROBABILITIES for k, v in _flat(name, getattr(p, name)).items()}}
            for p in result.priors
        )),
        _table("changes", "What would change it", (
            {"kind": c.kind, "title": c.title, "path": c.path, "value": c.value, **_flat("lr", c.lr),
             **_flat("probability", c.probability)}
            for c in result.changes
        )),
        _table("ratios", "Likelihood ratios", (
            {"of": name, "first": r.first, "second": r.second, **_flat("lr", r.lr), "method": r.method}
            for name in ("search", "enrolled", "whole", "suspicion") if (r := getattr(result, name)) is not None
        )),
    )  # fmt: skip
    return (
        *(t for t in made if t.columns),
        *(CsvTable(file=f.file, title=f.title, columns=f.columns, rows=f.rows) for f in figures),
    )


def _table(name: str, title: str, rows: Iterable[Mapping[str, Any]]) -> CsvTable:
    found = tuple(dict(row) for row in rows)
    return CsvTable(file=f"tables/{name}.csv", title=title, columns=tuple(found[0]) if found else (), rows=found)


def _flat(name: str, r: Range | None) -> dict[str, float | None]:
    if r is None:
        return {f"{name}_lo": None, f"{name}_hi": None, f"{name}_estimate": None}
    return {f"{name}_lo": r.lo, f"{name}_hi": r.hi, f"{name}_estimate": r.estimate}
