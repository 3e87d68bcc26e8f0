"""The jobs of misid that are timed, each in a process of its own: ``python benchmarks/jobs.py JOB [PATH]``.

To add one, write a function and put it into `JOBS`; what it returns is kept beside what it took.
"""

from __future__ import annotations

import json
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
IDS = ("probe", "reference", "probe_person", "reference_person", "probe_group", "reference_group")

TARGET = 1e-4
"""The FMR at which every package is asked for a threshold and its FNMR."""

Answer = dict[str, float] | None


def nothing() -> None:
    """A bare interpreter with misid's engine in it: what no job over scores can go below."""
    import duckdb

    duckdb.connect().execute("SELECT 1").fetchall()


def decode(path: Path) -> None:
    """The physical limit: every column that a tally reads decoded and summed up into a few numbers, no more."""
    import duckdb

    lengths = ", ".join(f"sum(length({c}))" for c in IDS)
    duckdb.execute(f"SELECT {lengths}, sum(score), count(*) FILTER (mated) FROM read_parquet('{path}')").fetchall()


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


def question(path: Path) -> Answer:
    """What the peers are asked, with limits: FMR and FNMR over all thresholds, EER, threshold at FMR 1e-4."""
    import misid

    with misid.open_scores(path, groups=()) as scores:
        counted = misid.build_tally(scores, targets=[TARGET])
    rates = misid.compute_rates(counted, targets=[TARGET], measures=("fmr", "fnmr", "eer"))
    (eer,) = (rate.estimate for rate in rates.records if rate.measure == "eer")
    fnmr = [rate.estimate for rate in rates.records if rate.measure == "fnmr" and rate.target == TARGET]
    # Too few comparisons for the target: no answer, and no other package should have given one.
    return {"eer": float(eer or "nan"), "fnmr": float(fnmr[0] if fnmr and fnmr[0] is not None else "nan")}


def whole(path: Path) -> None:
    """All of misid: open, fingerprint, tally by groups, and every rate of every kind and group with limits."""
    import misid

    with misid.open_scores(path, groups=("group",)) as scores:
        counted = misid.build_tally(scores, thresholds=[0.3, 0.5])
    misid.compute_rates(counted, thresholds=[0.3, 0.5])


def tally(path: Path) -> None:
    """`misid tally`: open, fingerprint, count by groups, write."""
    import misid

    with misid.open_scores(path, groups=("group",)) as scores:
        counted = misid.build_tally(scores, thresholds=[0.3, 0.5])
    misid.write_tally(counted, path.with_suffix(".tally"), force=True)


def check(path: Path) -> None:
    """`misid check`: open, fingerprint, and look for everything that can be wrong, by groups."""
    import misid

    with misid.open_scores(path, groups=("group",)) as scores:
        misid.check(scores)


def rates(path: Path) -> None:
    """All rates with limits, curves, differentials and calibration, from the written tally."""
    import misid

    misid.compute_rates(misid.read_tally(path.with_suffix(".tally")), thresholds=[0.3, 0.5])


def bandwidth() -> Answer:
    """How fast one core reads memory, and takes a SHA-256: gigabytes a second."""
    import hashlib

    import numpy as np

    values = np.ones(100_000_000, dtype=np.float32)
    best = min(_seconds(values.sum) for _ in range(5))
    part = values[: 1 << 26].tobytes()
    hashing = min(_seconds(lambda: hashlib.sha256(part)) for _ in range(3))
    return {"read_gb_s": values.nbytes / best / 1e9, "sha256_gb_s": len(part) / hashing / 1e9}


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def people(path: Path) -> Answer:
    """Limits of FMR and FNMR at one threshold for a table of a few people with several samples each."""
    import misid

    with misid.open_scores(path, groups=()) as scores:
        counted = misid.build_tally(scores, thresholds=[0.3])
    rates = misid.compute_rates(counted, thresholds=[0.3], targets=[])
    found = {rate.measure: rate for rate in rates.records if rate.threshold == 0.3 and rate.target is None}
    return {f"{name}_{end}": float(getattr(found[name], end)) for name in ("fmr", "fnmr") for end in ("lo", "hi")}


JOBS: dict[str, Callable[..., Answer]] = {
    one.__name__: one
    for one in (
        nothing,
        decode,
        bare_histogram,
        bare_columns,
        question,
        whole,
        check,
        tally,
        rates,
        bandwidth,
        people,
    )
}

if __name__ == "__main__":
    answer = JOBS[sys.argv[1]](*map(Path, sys.argv[2:]))
    if answer is not None:
        print(json.dumps(answer))
