"""The jobs that are timed, each in a process of its own: ``python benchmarks/jobs.py JOB PATH``."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

HISTOGRAM = """SELECT probe_group, reference_group, mated, CAST(floor(score * 1024) AS BIGINT) AS bin, count(*) AS n
               FROM {source} GROUP BY probe_group, reference_group, mated, bin"""
BY_PROBE = """SELECT probe, probe_person, probe_group, reference_group, mated, count(*) AS n, max(score) AS best
              FROM {source} GROUP BY probe, probe_person, probe_group, reference_group, mated"""
BY_REFERENCE = """SELECT reference, reference_person, reference_group, probe_group, mated, count(*) AS n
                  FROM {source} GROUP BY reference, reference_person, reference_group, probe_group, mated"""


def _bare(path: Path, *statements: str) -> None:
    from misid.engine import DuckDBEngine

    with DuckDBEngine() as engine:
        for index, statement in enumerate(statements):
            engine.keep(f"t{index}", statement.format(source=f"read_parquet('{path}')"))


def bare_histogram(path: Path) -> None:
    """One bare GROUP BY: score bin by pair of groups. No column of ids is read."""
    _bare(path, HISTOGRAM)


def bare_columns(path: Path) -> None:
    """Bare GROUP BYs over all the columns that the tally reads: bins, probes, references."""
    _bare(path, HISTOGRAM, BY_PROBE, BY_REFERENCE)


def tally(path: Path) -> None:
    """`misid tally`: open, count, write."""
    import misid

    with misid.open_scores(path, groups=("group",)) as scores:
        counted = misid.build_tally(scores, thresholds=[0.3, 0.5])
    misid.write_tally(counted, path.with_suffix(".tally"), force=True)


def rates(path: Path) -> None:
    """All rates with limits, curves, differentials and calibration, from the written tally."""
    import misid

    misid.compute_rates(misid.read_tally(path.with_suffix(".tally")), thresholds=[0.3, 0.5])


JOBS: dict[str, Callable[[Path], None]] = {job.__name__: job for job in (bare_histogram, bare_columns, tally, rates)}

if __name__ == "__main__":
    job, path = JOBS[sys.argv[1]], Path(sys.argv[2])
    began = time.perf_counter()
    job(path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - began,
                "cpu": used.ru_utime + used.ru_stime,
                "peak_mb": used.ru_maxrss / 1000,
            }
        )
    )
