"""Measure everything in one run: misid, the physical limits, and other packages on the same files.

    python benchmarks/run.py [--rows 1e5 --rows 1e6 --rows 1e7] [--large] [--huge]
                             [--rounds 3] [--folder DIR] [--python PEERS/bin/python] [--only JOB ...] [--write]

Every job runs in a process of its own, jobs in turn round by round; the median of each is kept. `--large` adds 1e8
comparisons, without the one package that would take more memory than most machines have; `--huge` adds 1e9 (13 GB of
disk), for misid and the limits alone. `--python` names an interpreter with the other packages in it (and DuckDB, to
read the file with); what it lacks is left out and said so. `--write` keeps the figures in benchmarks/results.json
and puts the tables and the plot into docs/; `--pages` does only that, from the figures kept.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measure import HERE, Measured, interleaved, job, run
from page import write_pages

RESULTS = HERE / "results.json"
LARGE, HUGE = 10**8, 10**9
PEOPLE = (50, 100, 200)
"""People with three samples each, for the package whose cost grows with their cube."""

OURS = ("decode", "bare_histogram", "bare_columns", "question", "whole", "check", "tally", "rates")
THEIRS = ("scikit_learn", "bob_measure", "pyeer", "pyllr")
TOO_LARGE = ("pyeer",)
"""Left out at 1e8: 1.9 GB and 20 s at 1e7 in proportion are 19 GB and more than three minutes."""

Once = Callable[[], Measured]


def made(folder: Path, name: str, how: str) -> Path:
    """A generated file, made by `how` in a process of its own unless it is there."""
    path = folder / name
    if not path.exists():
        print(f"generating {path}", file=sys.stderr)
        partial_file = path.with_suffix(".part")
        call = f"import sys; sys.path.insert(0, {str(HERE)!r}); from pathlib import Path; import data; data.{how}"
        subprocess.run([sys.executable, "-c", call.format(f"Path({str(partial_file)!r})")], check=True)
        partial_file.replace(path)
    return path


def of_scores(path: Path, python: str, rows: int) -> dict[str, Once]:
    """Jobs over one file of comparisons."""
    jobs: dict[str, Once] = {name: partial(job, sys.executable, "jobs.py", name, path) for name in OURS}
    if rows < HUGE:
        theirs = [name for name in THEIRS if rows < LARGE or name not in TOO_LARGE]
        jobs |= {name: partial(job, python, "peers.py", name, path) for name in theirs}
    return jobs


def of_people(path: Path, python: str) -> dict[str, Once]:
    return {
        "people": partial(job, sys.executable, "jobs.py", "people", path),
        "awslabs": partial(job, python, "peers.py", "awslabs", path),
    }


def of_commands(tally: Path) -> dict[str, Once]:
    """Jobs that do not depend on the number of comparisons."""

    def command(*arguments: str | Path) -> Measured:
        with tempfile.TemporaryDirectory() as folder:
            return run([sys.executable, "-m", "misid", *(str(a).format(folder=folder) for a in arguments)])[0]

    return {
        "interpreter": lambda: run([sys.executable, "-c", "pass"])[0],
        "help": lambda: command("--help"),
        "engine": partial(job, sys.executable, "jobs.py", "nothing"),
        "report": lambda: command("report", tally, "--output", "{folder}/report"),
        "assess": lambda: command("assess", "street-stop", "--output", "{folder}/assessed"),
        "projection": lambda: job(sys.executable, "projection.py", "--draws", "1000"),
        "encounter_tree": partial(job, sys.executable, "encounter.py", "--job", "tree"),
        "encounter_people": partial(job, sys.executable, "encounter.py", "--job", "people"),
        "encounter_searches": partial(job, sys.executable, "encounter.py", "--job", "searches"),
        "bandwidth": partial(job, sys.executable, "jobs.py", "bandwidth"),
    }


def conditions(python: str) -> dict[str, Any]:
    """What must be known of a run to read its figures."""
    done = subprocess.run([python, HERE / "peers.py", "versions"], capture_output=True, text=True, check=False)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("duckdb", "numpy", "scipy")},
        "peers": json.loads(done.stdout) if done.returncode == 0 else {},
        "load": [os.getloadavg()[0]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, action="append", help="comparisons; 1e5, 1e6 and 1e7 unless given")
    parser.add_argument("--large", action="store_true", help="1e8 too")
    parser.add_argument("--huge", action="store_true", help="1e9 too, for misid alone")
    parser.add_argument("--rounds", type=int, default=3, help="of 1e7 comparisons and more there is one")
    parser.add_argument("--folder", type=Path, default=HERE / "data")
    parser.add_argument("--python", default=sys.executable, help="interpreter with the other packages in it")
    parser.add_argument("--only", action="append", help="these jobs; the figures kept stay for all others")
    parser.add_argument("--skip", choices=("scores", "people", "commands"), action="append", default=[])
    parser.add_argument("--write", action="store_true", help="keep the figures, write tables and plot into docs/")
    parser.add_argument("--pages", action="store_true", help="only write tables and plot, from the figures kept")
    options = parser.parse_args()
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if options.pages:
        write_pages(kept)
        return
    if options.large and not (options.only or options.skip or options.rows):
        kept = {}  # Everything is measured again.
    options.folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {
        "conditions": conditions(options.python),
        "scores": kept.get("scores", {}),
        "people": kept.get("people", {}),
        "commands": kept.get("commands", {}),
    }
    # Figures kept were taken under a load of their own.
    found["conditions"]["load"] += kept.get("conditions", {}).get("load", [])

    def measured(jobs: dict[str, Once], rounds: int, *, warm: bool = True) -> dict[str, Measured | str]:
        wanted = {name: once for name, once in jobs.items() if not options.only or name in options.only}
        result = interleaved(wanted, rounds, warm=warm)
        found["conditions"]["load"].append(os.getloadavg()[0])
        return result

    sizes = sorted(int(r) for r in options.rows or (1e5, 1e6, 1e7)) + [LARGE] * options.large + [HUGE] * options.huge
    if "scores" not in options.skip:
        for rows in sizes:
            path = made(options.folder, f"comparisons-{rows}.parquet", f"generate({rows}, {{}})")
            jobs = of_scores(path, options.python, rows)
            # A larger file finds the same bytecode; to read it twice only to warm up would take too long.
            rounds = 1 if rows >= 10**7 else options.rounds
            found["scores"].setdefault(str(rows), {}).update(measured(jobs, rounds, warm=rows < 10**7))
    if "people" not in options.skip:
        for n in PEOPLE:
            path = made(options.folder, f"people-{n}.parquet", f"generate_people({n}, {{}})")
            found["people"].setdefault(str(n), {}).update(measured(of_people(path, options.python), options.rounds))
    if "commands" not in options.skip:
        tally = options.folder / f"comparisons-{sizes[0]}.tally"
        found["commands"].update(measured(of_commands(tally), options.rounds))
    found["scores"] = dict(sorted(found["scores"].items(), key=lambda size: int(size[0])))
    print(json.dumps(found, indent=1))
    if options.write:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
        write_pages(found)


if __name__ == "__main__":
    main()
