"""What a tally would cost, and the SQL it would run, before it is counted."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from misid.scores import Scores

SAMPLE_ROWS = 1_000_000
"""Rows over which the pass over probes is timed."""

PASS_SHARE = 0.27
"""Share of a whole tally's time that this pass takes (docs/benchmarks.md: 7.5 of 27 s at 100 million rows)."""

PASSES = 7
"""Readings of the input in a usual tally; none reads all columns."""

EXPLAINED_ROWS = 10_000


def plan_record(scores: Scores) -> dict[str, Any]:
    """Rows, bytes, groups, expected time and memory of a tally of these scores, as one record."""
    n_scores = scores.score_inputs or len(scores.parts)
    rows = sum(file.rows for file in scores.inputs[:n_scores])
    return {
        "engine": f"{scores.engine.name} {scores.engine.version}",
        "rows": rows,
        "files": len(scores.inputs),
        "bytes": sum(file.n_bytes for file in scores.inputs),
        "readings": PASSES,
        "attributes": ", ".join(scores.attributes) or "none",
        "combinations_of_groups": len(scores.joint),
        "seconds_expected": _seconds(scores, rows),
        "limits": scores.engine.limits,
    }


def _seconds(scores: Scores, rows: int) -> float | None:
    """The pass over probes timed on the first rows, scaled up; None where a sample says nothing of a cluster."""
    from misid.scores.model import COMPARISONS
    from misid.tally import passes

    if scores.engine.name != "duckdb" or scores.kind != "comparisons" or not rows:
        return None
    sample = min(rows, SAMPLE_ROWS)
    select = passes.by_probe(f"(SELECT * FROM {COMPARISONS} LIMIT {sample}) AS sample")
    began = time.perf_counter()
    scores.engine.rows(f"SELECT count(*) FROM ({select}) AS counted")
    return round((time.perf_counter() - began) * rows / sample / PASS_SHARE, 1)


def explained(
    scores: Scores, thresholds: Sequence[float], targets: Sequence[float], *, intersections: bool
) -> tuple[str, ...]:
    """Every statement of a tally in the engine's own dialect, from a rehearsal on the first rows.

    Widths of bins, levels and cuts in them follow from the scores: those of the whole input will be others.
    """
    from misid.scores.model import COMPARISONS
    from misid.tally import build_tally
    from misid.tally.pins import DEFAULT_TARGETS

    engine = scores.engine
    engine.keep("explained", f"SELECT * FROM {COMPARISONS} LIMIT {EXPLAINED_ROWS}")
    engine.view(COMPARISONS, "SELECT * FROM explained")
    rehearsed = build_tally(
        replace(scores, parts=(COMPARISONS,)),
        thresholds=thresholds,
        targets=targets or DEFAULT_TARGETS,
        intersections=intersections,
    )
    return rehearsed.origin.queries
