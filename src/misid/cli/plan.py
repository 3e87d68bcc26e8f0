"""What a tally would cost, and the SQL it would run, before it is counted."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from misid.engine import DuckDBEngine
    from misid.scores import Scores

SAMPLE_ROWS = 1_000_000
"""Rows over which the pass over probes is timed."""

PASSES = 7
"""Readings of the input in a usual tally; none reads all columns."""

EXPLAINED_ROWS = 10_000


@dataclass(frozen=True)
class Cost:
    """What is counted or checked, in passes over probes: seconds from ``least * pass`` to ``fixed + most * pass``.

    `fixed` is what does not grow with the rows: start-up, and sums over people.
    """

    least: float
    fixed: float
    most: float


COUNTING = Cost(least=3.0, fixed=4.0, most=6.0)
CHECKING = Cost(least=3.0, fixed=1.0, most=7.0)
"""Around what was measured: 1e5 to 1e8 generated comparisons, docs/benchmarks.md ("What the plan says")."""

MEMORY_FIXED = (170, 220)
"""MB of a process that has counted 100,000 comparisons, with room below and above."""

MEMORY_ROW = 60e-6
"""MB a row and at most, until the engine's own limit is reached, from which on it spills."""


def plan_record(scores: Scores, *, checked: bool) -> dict[str, Any]:
    """Rows, bytes, groups, expected time and memory of a tally of these scores, as one record.

    `checked` says whether the scores are checked before they are counted.
    """
    from misid.engine import DuckDBEngine, SparkEngine
    from misid.scores.model import joint_label

    engine = scores.engine
    n_scores = scores.score_inputs or len(scores.parts)
    rows = sum(file.rows for file in scores.inputs[:n_scores])
    record = {
        "engine": f"{engine.name} {engine.version}",
        "rows": rows,
        "files": len(scores.inputs),
        "bytes": sum(file.n_bytes for file in scores.inputs),
        "readings": PASSES,
        "attributes": list(scores.attributes),
        "groups": [joint_label(values) for values in scores.joint] if scores.attributes else [],
        "seconds_from": None,
        "seconds_to": None,
        "seconds_basis": "not known: a sample says nothing of a cluster",
        "memory_mb_from": None,
        "memory_mb_to": None,
        "memory_basis": "counts alone come to this process; the engine takes what it is given",
        "limits": engine.limits,
        "spill_directory": None,
        "spill_free_bytes": None,
    }
    if isinstance(engine, DuckDBEngine):
        record |= _memory(engine, rows) | _seconds(scores, rows, checked)
    elif isinstance(engine, SparkEngine):
        record["spill_directory"] = engine.spill_directory
    return record


def _memory(engine: DuckDBEngine, rows: int) -> dict[str, Any]:
    """Peak memory of the process, and where the engine spills what does not fit."""
    ((limit, spill),) = engine.rows(
        "SELECT CAST(current_setting('memory_limit') AS VARCHAR), CAST(current_setting('temp_directory') AS VARCHAR)"
    )
    from misid.engine.seam import megabytes

    limit_mb = megabytes(limit) * 1024**2 / 1e6
    engine_mb = min(limit_mb, MEMORY_ROW * rows)
    return {
        "memory_mb_from": round(MEMORY_FIXED[0] + engine_mb / 4),
        "memory_mb_to": round(MEMORY_FIXED[1] + engine_mb),
        "memory_basis": f"the engine's limit ({limit_mb:,.0f} MB, --memory), or {MEMORY_ROW * 1e6:.0f} bytes a row if "
        f"less; and {MEMORY_FIXED[0]} to {MEMORY_FIXED[1]} MB for the rest of the process",
        "spill_directory": spill,
        "spill_free_bytes": shutil.disk_usage(engine.scratch).free,
    }


def _seconds(scores: Scores, rows: int, checked: bool) -> dict[str, Any]:
    """The pass over probes, timed on the first rows and scaled up, times what a tally takes of such passes."""
    from misid.scores.model import COMPARISONS
    from misid.tally import passes

    if scores.kind != "comparisons" or not rows:
        return {"seconds_basis": "not known: no study of candidate lists"}
    sample = min(rows, SAMPLE_ROWS)
    select = f"SELECT count(*) FROM ({passes.by_probe(f'(SELECT * FROM {COMPARISONS} LIMIT {sample}) AS sample')}) AS t"
    # The first time also reads what stays in memory afterwards.
    scores.engine.rows(select)
    clock, work = time.perf_counter(), time.process_time()
    scores.engine.rows(select)
    clock, work = time.perf_counter() - clock, time.process_time() - work
    one_pass = clock * rows / sample
    # What does not grow with rows waits for a busy machine as much as the sample did.
    crowding = max(clock / work, 1.0) if work else 1.0
    costs = (COUNTING, CHECKING) if checked else (COUNTING,)
    least = sum(cost.least for cost in costs)
    most = sum(cost.most for cost in costs)
    return {
        "seconds_from": round(least * one_pass, 1),
        "seconds_to": round(crowding * sum(cost.fixed for cost in costs) + most * one_pass, 1),
        "seconds_basis": f"one pass timed on {sample:,} rows, with the machine as busy as it is now, and scaled up; "
        f"{'checking and counting take' if checked else 'counting takes'} {least:.0f} to {most:.0f} times that",
    }


def explained(
    scores: Scores,
    thresholds: Sequence[float],
    targets: Sequence[float],
    *,
    intersections: bool,
    min_people: int | None = None,
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
        min_people=min_people,
    )
    return rehearsed.origin.queries
