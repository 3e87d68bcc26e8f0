"""Measure misid beside other packages: the same scores, the same run, a process for each job.

    python benchmarks/peers.py [--rows 1e5 --rows 1e6] [--rounds 3] [--folder DIR] [--python PEERS/bin/python]

A peer gets its scores as NumPy arrays, read from the same Parquet file by DuckDB; reading counts for both. What
is asked of it: FMR and FNMR over all thresholds, the EER, and FNMR at FMR 1e-4, without intervals, which no peer has
for comparisons that share people. misid gives the same with intervals: counting of all columns, and every rate. A
peer that is not installed in the interpreter named by --python is left out and said so.

To add a job, write a function of the path and put it into `JOBS`.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _scores(path: Path) -> tuple[Any, Any]:
    import duckdb

    found = duckdb.execute(f"SELECT score, mated FROM read_parquet('{path}')").fetchnumpy()
    return found["score"].astype("float64"), found["mated"].astype(bool)


def decode(path: Path) -> None:
    """The physical limit here: every column that the tally reads, decoded and hashed into one number, no more."""
    import duckdb

    columns = ("probe", "reference", "probe_person", "reference_person", "probe_group", "reference_group")
    lengths = ", ".join(f"sum(length({c}))" for c in columns)
    duckdb.execute(f"SELECT {lengths}, sum(score), count(*) FILTER (mated) FROM read_parquet('{path}')").fetchall()


def misid(path: Path) -> None:
    """The whole of misid: open, count, and all rates with intervals."""
    import misid

    with misid.open_scores(path, groups=("group",)) as scores:
        tally = misid.build_tally(scores)
    misid.compute_rates(tally)


def scikit_learn(path: Path) -> None:
    """sklearn.metrics.det_curve."""
    import numpy as np
    from sklearn.metrics import det_curve

    scores, mated = _scores(path)
    fmr, fnmr, _ = det_curve(mated, scores)
    np.argmin(np.abs(fmr - fnmr)), fnmr[np.flatnonzero(fmr <= 1e-4)[0]]


def bob_measure(path: Path) -> None:
    """bob.measure: EER and FNMR at FMR 1e-4."""
    from bob.measure import eer, far_threshold, farfrr

    scores, mated = _scores(path)
    negatives, positives = scores[~mated], scores[mated]
    eer(negatives, positives), farfrr(negatives, positives, far_threshold(negatives, positives, 1e-4))


def pyeer(path: Path) -> None:
    """PyEER: all its statistics."""
    from pyeer.eer_info import get_eer_stats

    scores, mated = _scores(path)
    get_eer_stats(scores[mated], scores[~mated])


JOBS: dict[str, Callable[[Path], None]] = {
    "decode": decode,
    "misid": misid,
    "scikit_learn": scikit_learn,
    "bob_measure": bob_measure,
    "pyeer": pyeer,
}
OURS = ("decode", "misid")


def _measured(job: str, path: Path, python: str) -> dict[str, float] | None:
    interpreter = sys.executable if job in OURS else python
    done = subprocess.run([interpreter, __file__, "--job", job, str(path)], capture_output=True, text=True)
    if "ModuleNotFoundError" in done.stderr:
        print(f"{job}: not installed in {interpreter}", file=sys.stderr)
        return None
    done.check_returncode()
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def exponent(results: dict[int, dict[str, float]], what: str) -> float | None:
    """Growth exponent between the smallest and the largest input: cost goes as rows to this power."""
    if len(results) < 2:
        return None
    low, high = min(results), max(results)
    return math.log(results[high][what] / results[low][what]) / math.log(high / low)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(__file__).resolve().parent / "data")
    parser.add_argument("--python", default=sys.executable, help="interpreter with the peers in it")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    from data import generate

    found: dict[str, dict[int, dict[str, float]]] = {job: {} for job in JOBS}
    for rows in sorted(int(r) for r in options.rows or [1e5, 1e6]):
        path = options.folder / f"comparisons-{rows}.parquet"
        if not path.exists():
            generate(rows, path)
        runs: dict[str, list[dict[str, float]]] = {job: [] for job in JOBS}
        for _ in range(options.rounds):
            for job in JOBS:
                one = _measured(job, path, options.python)
                if one is not None:
                    runs[job].append(one)
        for job, ones in runs.items():
            if ones:
                found[job][rows] = {key: statistics.median(one[key] for one in ones) for key in ones[0]}
    print("| comparisons | job | wall s | processor s | peak MB | wall over misid | peak over misid |")
    print("|---|---|---|---|---|---|---|")
    for rows in sorted({rows for results in found.values() for rows in results}):
        ours = found["misid"][rows]
        for job, results in found.items():
            if rows in results:
                one = results[rows]
                print(
                    f"| {rows:,} | {job} | {one['wall']:.2f} | {one['cpu']:.2f} | {one['peak_mb']:.0f} "
                    f"| {one['wall'] / ours['wall']:.2f} | {one['peak_mb'] / ours['peak_mb']:.2f} |"
                )
    for job, results in found.items():
        if (time_power := exponent(results, "cpu")) is not None:
            print(
                f"{job}: processor time grows as rows^{time_power:.2f}, peak as rows^{exponent(results, 'peak_mb'):.2f}"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        name, source = sys.argv[2], Path(sys.argv[3])
        began = time.perf_counter()
        JOBS[name](source)
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1000
        print(json.dumps({"wall": time.perf_counter() - began, "cpu": cpu, "peak_mb": peak}))
    else:
        main()
