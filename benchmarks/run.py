"""Measure, side by side in one run: the tally beside bare GROUP BYs, rates from the tally, the start.

    python benchmarks/run.py [--rows 1e7] [--rounds 3] [--folder DIR] [--write]

Each job runs in a process of its own, jobs interleaved round by round; the median of each is kept. `--write`
puts the table into docs/benchmarks.md. Ratios hold within one run only.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
from data import generate
from jobs import JOBS
from startup import cpu_seconds

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"

WHAT = {
    "bare_histogram": "bare `GROUP BY` of score bins by pair of groups; reads no ids",
    "bare_columns": "bare `GROUP BY`s over all columns: score bins, probes, references",
    "tally": "the whole `misid` tally: open, fingerprint, count, write",
    "rates": "all rates with limits, curves, calibration, from that tally",
}


def measured(rows: int, rounds: int, folder: Path) -> dict[str, dict[str, float]]:
    """Median wall and processor seconds and peak megabytes of every job."""
    path = folder / f"comparisons-{rows}.parquet"
    if not path.exists():
        print(f"generating {rows:,} comparisons in {path}", file=sys.stderr)
        partial = path.with_suffix(".part")
        generate(rows, partial)
        partial.replace(path)
    runs: dict[str, list[dict[str, float]]] = {job: [] for job in JOBS}
    for turn in range(rounds):
        for job in JOBS:
            print(f"round {turn + 1} of {rounds}: {job}", file=sys.stderr)
            done = subprocess.run(
                [sys.executable, str(HERE / "jobs.py"), job, str(path)], stdout=subprocess.PIPE, text=True, check=True
            )
            runs[job].append(json.loads(done.stdout))
    return {job: {key: statistics.median(r[key] for r in found) for key in found[0]} for job, found in runs.items()}


def started(runs: int = 15) -> tuple[float, float]:
    """Processor seconds of a bare interpreter and of ``misid --help``."""
    return (
        statistics.median(cpu_seconds("-c", "pass", runs=runs)),
        statistics.median(cpu_seconds("-m", "misid", "--help", runs=runs)),
    )


def table(results: dict[int, dict[str, dict[str, float]]], start: tuple[float, float]) -> str:
    """The results in Markdown."""
    lines = [
        "| comparisons | job | wall s | processor s | peak MB | processor time over bare columns |",
        "|---|---|---|---|---|---|",
    ]
    for rows, jobs in results.items():
        for job, found in jobs.items():
            ratio = found["cpu"] / jobs["bare_columns"]["cpu"]
            lines.append(
                f"| {rows:,} | {WHAT[job]} | {found['wall']:.1f} | {found['cpu']:.1f} | {found['peak_mb']:.0f} "
                f"| {ratio:.2f} |"
            )
    bare, helped = start
    lines += [
        "",
        f"`misid --help` takes {helped - bare:.3f} s of processor time more than a bare interpreter ({bare:.3f} s).",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HERE / "data")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    results = {int(r): measured(int(r), options.rounds, options.folder) for r in options.rows or [1e7]}
    text = table(results, started())
    print(text)
    if options.write:
        versions = f"CPython {platform.python_version()}, DuckDB {duckdb.__version__}, NumPy {np.__version__}"
        machine = (
            f"Measured with `python benchmarks/run.py` on {os.cpu_count()} cores ({platform.machine()}, "
            f"{platform.system()}), {versions}; median of {options.rounds} interleaved rounds, load "
            f"{os.getloadavg()[0]:.1f} when it ended. Compare within this page only."
        )
        before, mark, rest = PAGE.read_text().partition("<!-- measured -->\n")
        _, end, after = rest.partition("<!-- end -->")
        PAGE.write_text(f"{before}{mark}{machine}\n\n{text}\n{end}{after}")


if __name__ == "__main__":
    main()
