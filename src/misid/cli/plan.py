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

    `fixed` is what does not grow with the rows: sums over people, at most, for MANY_PEOPLE and more of them.
    """

    least: float
    fixed: float
    most: float


COUNTING = Cost(least=3.0, fixed=2.5, most=6.0)
CHECKING = Cost(least=2.0, fixed=1.0, most=7.0)
"""Around what was measured: 1e5 to 1e8 generated comparisons, docs/benchmarks.md ("What the plan says")."""

START = (0.5, 1.5)
"""Seconds of any tally: to load, open, write and end. Of 1,600 comparisons it takes 0.8 processor seconds in all."""

CROWDING_SECONDS = 0.1
"""Processor time over which it is seen how busy the machine is; threads take turns of some milliseconds."""

MANY_PEOPLE = 40_000
"""Probes and references together: so many were in the tests that `fixed` was drawn around."""

FILE_SECONDS = {"parquet": (0.0005, 0.003), "text": (0.005, 0.015)}
"""Seconds a file, whatever is in it: 1.3 to 2.3 ms measured (Parquet, 1,000 to 10,000 files), 9 ms (500 of CSV)."""

MEMORY_FIXED = (130, 220)
"""MB of a process that has counted 1,600 to 100,000 comparisons, with room below and above."""

MEMORY_ROW = 120e-6
"""MB a row and at most, until the engine's own limit is reached, from which on it spills: 113 bytes measured where
every person is in two comparisons; where people are in hundreds, a few."""

MEMORY_CELL = 200e-6
"""MB a cell of the tally, pair of groups by bin: 190 bytes measured with 300 combinations of groups."""

BINS = 2_000
"""Bins that a pair of groups may well have scores in."""

MEMORY_LEAST = 40
"""MB that the engine takes for a million comparisons; it may do with them for 100 million."""

MEMORY_FILE = {"parquet": 0.02, "text": 0.4}
"""MB a file and at most, in the engine: 0.01 measured (10,000 of Parquet), 0.3 (500 of CSV, each read into a table)."""


def plan_record(scores: Scores, *, checked: bool) -> dict[str, Any]:
    """Rows, bytes, groups, expected time and memory of a tally of these scores, as one record.

    `checked` says whether the scores are checked before they are counted.
    """
    from misid.engine import DuckDBEngine, SparkEngine
    from misid.scores.model import joint_label

    engine = scores.engine
    rows = sum(file.rows for file in scores.inputs[: scores.score_inputs])
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
        record |= _memory(engine, scores, rows) | _seconds(scores, rows, checked)
    elif isinstance(engine, SparkEngine):
        record["spill_directory"] = engine.spill_directory
    return record


def _memory(engine: DuckDBEngine, scores: Scores, rows: int) -> dict[str, Any]:
    """Peak memory of the process, and where the engine spills what does not fit."""
    ((limit, spill),) = engine.rows(
        "SELECT CAST(current_setting('memory_limit') AS VARCHAR), CAST(current_setting('temp_directory') AS VARCHAR)"
    )
    from misid.engine.seam import megabytes

    limit_mb = megabytes(limit) * 1024**2 / 1e6
    row_mb = min(limit_mb, MEMORY_ROW * rows)
    engine_mb = min(limit_mb, row_mb + sum(MEMORY_FILE.get(file.kind, 0.0) for file in scores.inputs))
    cells = min(rows, BINS * len(scores.joint) ** 2)
    return {
        "memory_mb_from": round(MEMORY_FIXED[0] + min(row_mb, MEMORY_LEAST)),
        "memory_mb_to": round(MEMORY_FIXED[1] + engine_mb + MEMORY_CELL * cells),
        "memory_basis": f"the engine's limit ({limit_mb:,.0f} MB, --memory), or {MEMORY_ROW * 1e6:.0f} bytes a row and "
        f"some kB a file if that is less; {MEMORY_FIXED[0]} to {MEMORY_FIXED[1]} MB for the rest of the process, and "
        f"{MEMORY_CELL * cells:,.0f} MB for up to {cells:,} cells (pairs of groups by bins)",
        "spill_directory": spill,
        "spill_free_bytes": shutil.disk_usage(engine.scratch).free,
    }


def _seconds(scores: Scores, rows: int, checked: bool) -> dict[str, Any]:
    """The pass over probes, timed on the first rows and scaled up, times what a tally takes of such passes.

    And what does not grow with rows: start-up, people, files.
    """
    from misid.scores.model import COMPARISONS
    from misid.tally import passes

    if scores.kind != "comparisons" or not rows:
        return {"seconds_basis": "not known: no study of candidate lists"}
    sample = min(rows, SAMPLE_ROWS)
    first = f"(SELECT * FROM {COMPARISONS} LIMIT {sample}) AS sample"
    ((people,),) = scores.engine.rows(f"SELECT count(DISTINCT probe) + count(DISTINCT reference) FROM {first}")
    share = min(people * rows / sample / MANY_PEOPLE, 1.0)
    select = f"SELECT count(*) FROM ({passes.by_probe(first)}) AS t"
    # The first time also reads what stays in memory afterwards.
    scores.engine.rows(select)
    clock = time.perf_counter()
    scores.engine.rows(select)
    one_pass = (time.perf_counter() - clock) * rows / sample
    crowding = _crowding()
    costs = (COUNTING, CHECKING) if checked else (COUNTING,)
    least = sum(cost.least for cost in costs)
    most = sum(cost.most for cost in costs)
    files = [FILE_SECONDS.get(file.kind, (0.0, 0.0)) for file in scores.inputs]
    at_least = START[0] + sum(low for low, _ in files)
    at_most = START[1] + sum(high for _, high in files) + share * sum(cost.fixed for cost in costs)
    return {
        "seconds_from": round(at_least + least * one_pass, 1),
        "seconds_to": round(crowding * at_most + most * one_pass, 1),
        "seconds_basis": f"one pass timed on {sample:,} rows, with the machine as busy as it is now, and scaled up; "
        f"{'checking and counting take' if checked else 'counting takes'} {least:.0f} to {most:.0f} times that, and "
        f"{at_least:.1f} to {at_most:.1f} s for start-up, people and files on a machine with nothing else to do"
        + (f", {crowding:.1f} times as long on this one now" if crowding >= 1.5 else ""),
    }


def _crowding() -> float:
    """How much longer than its processor time a thread's work takes now: it waits where the machine is busy."""
    clock, work = time.perf_counter(), time.process_time()
    while time.process_time() - work < CROWDING_SECONDS:
        pass
    return max((time.perf_counter() - clock) / (time.process_time() - work), 1.0)


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
