"""Commands killed at random moments, over and over, and what was left behind.

    python -m tests.faults.kills --kills 500    # a quarter of an hour; goes on from docs/data/kills.jsonl
    python -m tests.faults.kills --kills 60 --job assess   # so many of one command

Runs are forks of a process that has loaded everything, so that kills fall into the work and not into the loading.
One chain is one piece of work: the same command is started, killed with SIGKILL at a random moment, started again on
what the killed one left, and so on; then it runs undisturbed. After every kill the inputs must be what they were, and
the output must be absent, the old one, or the whole new one, byte for byte; after the last run it must be the new one,
and nothing of the killed runs may be in the way. One line of the results is one chain.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from misid.cases.ready import ready_path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "data" / "kills.jsonl"
SEED = 20261127
CHAIN = 5
"""Kills before a run is left alone."""

PEOPLE = 60
PARTS = 4


@dataclass(frozen=True)
class Job:
    """A command in a directory of its own, and the files that are its output."""

    name: str
    arguments: tuple[str, ...]
    output: str
    older: tuple[str, ...] = ()
    """What makes the older output that is there to be replaced (--force)."""


_ASSESS = ("assess", "scenario.toml", "-o", "out", "--quiet", "--draws", "64")
_CASE = ("case", "case.toml", "-o", "out", "--quiet")

JOBS = (
    Job("tally", ("tally", "scores", "-o", "out.tally", "--quiet"), "out.tally"),
    Job("tally --force", ("tally", "scores", "-o", "out.tally", "--quiet", "--force"), "out.tally",
        older=("tally", "scores/1.csv", "-o", "out.tally", "--quiet")),
    Job("merge", ("merge", "a.tally", "b.tally", "-o", "out.tally", "--quiet"), "out.tally"),
    Job("report", ("report", "a.tally", "-o", "out", "--quiet"), "out"),
    Job("report --force", ("report", "a.tally", "-o", "out", "--quiet", "--force"), "out",
        older=("report", "b.tally", "-o", "out", "--quiet")),
    Job("assess", _ASSESS, "out"),
    Job("assess --force", (*_ASSESS, "--force"), "out", older=(*_ASSESS, "--seed", "7")),
    Job("case", _CASE, "out"),
    Job("case --force", (*_CASE, "--force"), "out", older=(*_CASE, "--paper", "a4")),
)  # fmt: skip

ORDER = ("tally", "merge", "tally --force", "report", "tally", "report --force", "assess", "case", "assess --force",
         "case --force")  # fmt: skip
"""Of chains. Tallies are the long runs."""

INPUTS = ("scores", "a.tally", "b.tally", "scenario.toml", "case.toml")


LOADED = (
    "duckdb", "altair", "vl_convert", "jinja2", "scipy.special", "misid.tally", "misid.rates", "misid.report",
    "misid.scores.check", "misid.cli.tally", "misid.cli.merge", "misid.cli.report", "misid.cli.assess",
    "misid.cli.case", "misid.encounter.assess", "misid.report.assessment", "misid.cases", "misid.report.case",
    "misid.report.bundle", "rocrate.rocrate", "typst",
)  # fmt: skip


def preload() -> None:
    """Import all that the commands load; nothing is started, so that a fork is as good as a new process."""
    for name in LOADED:
        import_module(name)


def started(arguments: tuple[str, ...], folder: Path) -> int:
    """Run a command in a process of its own; its number."""
    process = os.fork()
    if process:
        return process
    status = 70
    try:
        os.setsid()
        os.chdir(folder)
        log = os.open(folder.parent / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        from misid.cli.main import run as run_command

        status = run_command(arguments)
    finally:
        os._exit(status)


def run(arguments: tuple[str, ...], folder: Path) -> float:
    began = time.monotonic()
    _, status = os.waitpid(started(arguments, folder), 0)
    if status:
        raise RuntimeError(f"{arguments} ended with {status}: {(folder.parent / 'log').read_text()}")
    return time.monotonic() - began


def digest(path: Path) -> dict[str, str]:
    """SHA-256 of a file, or of every file in a directory, by name; {} where there is none."""
    if path.is_file():
        return {"": hashlib.sha256(path.read_bytes()).hexdigest()}
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else []
    return {str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def prepare(folder: Path) -> None:
    """The inputs of all jobs: scores in several files, two tallies, a scenario, a case."""
    rng = np.random.default_rng(SEED)
    score = rng.normal(size=(PEOPLE, PEOPLE)) + 0.5 * rng.normal(size=(PEOPLE, 1)) + 4 * np.eye(PEOPLE)
    header = "probe,reference,probe_person,reference_person,score\n"
    (folder / "scores").mkdir(parents=True)
    for part in range(PARTS):
        rows = [f"p{i},r{j},{i},{j},{score[i, j]:.5f}\n" for i in range(part, PEOPLE, PARTS) for j in range(PEOPLE)]
        (folder / "scores" / f"{part}.csv").write_text(header + "".join(rows), encoding="utf-8")
    shutil.copy(ROOT / "tests" / "encounter" / "small.toml", folder / "scenario.toml")
    shutil.copy(ready_path("single-match"), folder / "case.toml")
    for name, parts in (("a", "0"), ("b", "1")):
        run(("tally", f"scores/{parts}.csv", "-o", f"{name}.tally", "--quiet"), folder)


def killed(arguments: tuple[str, ...], folder: Path, moment: Callable[[float], bool]) -> bool:
    """Start a command and kill it as soon as `moment` of its running time says so; whether it was still running."""
    process = started(arguments, folder)
    began = time.monotonic()
    ended = 0
    while not ended and not moment(time.monotonic() - began):
        time.sleep(0.0005)
        ended, _ = os.waitpid(process, os.WNOHANG)
    if ended:
        return False
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return os.WIFSIGNALED(status)


def moments(rng: random.Random, took: float, folder: Path) -> Iterator[Callable[[float], bool]]:
    """Random moments: most anywhere in the run, some as soon as a file that is being written shows itself."""
    while True:
        if rng.random() < 0.25:
            delay = rng.uniform(0, 0.02)
            seen: list[float] = []

            def shown(now: float, delay: float = delay, seen: list[float] = seen) -> bool:
                if not seen and any(folder.glob(".*.part*")):
                    seen.append(now)
                return bool(seen) and now >= seen[0] + delay

            yield shown
        else:
            at = rng.uniform(0.0, 1.05) * took
            yield lambda now, at=at: now >= at  # type: ignore[misc]


@dataclass(frozen=True)
class Known:
    """What is known of a job before it is killed."""

    start: Path
    """A directory with the inputs, and the older output where there is one."""
    whole: dict[str, str]
    old: dict[str, str]
    took: float


def known_of(job: Job, inputs: Path, folder: Path) -> Known:
    """Run a job undisturbed in a directory of its own, and make the one that its chains start from."""
    shutil.copytree(inputs, folder / "whole")
    took = run(job.arguments, folder / "whole")
    shutil.copytree(inputs, folder / "start")
    if job.older:
        run(job.older, folder / "start")
    return Known(folder / "start", digest(folder / "whole" / job.output), digest(folder / "start" / job.output), took)


def chain(job: Job, number: int, known: Known) -> dict[str, object]:
    """Kill a job `CHAIN` times on what it left, then let it end; the counts of what was found."""
    rng = random.Random(f"{SEED}/{job.name}/{number}")
    found = {"kills": 0, "ended first": 0, "nothing written": 0, "old one kept": 0, "new one whole": 0, "mixed": 0,
             "lost": 0}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="misid-kills-") as scratch:
        folder = Path(scratch) / "work"
        shutil.copytree(known.start, folder)
        untouched = {name: digest(folder / name) for name in INPUTS}
        whole, old = known.whole, known.old
        for moment, _ in zip(moments(rng, known.took, folder), range(CHAIN), strict=False):
            running = killed(job.arguments, folder, moment)
            found["kills" if running else "ended first"] += 1
            state = digest(folder / job.output)
            if {name: digest(folder / name) for name in untouched} != untouched:
                found["lost"] += 1
            elif state == whole:
                found["new one whole"] += running
                if not job.older:
                    # It is done: the same work again from the start.
                    target = folder / job.output
                    (shutil.rmtree if target.is_dir() else Path.unlink)(target)
            elif not state:
                found["nothing written" if not job.older else "lost"] += running
            elif state == old:
                found["old one kept"] += running
            elif job.older and all(state.get(k) in (old.get(k), whole.get(k)) for k in {*state, *old, *whole}):
                found["mixed"] += 1
            else:
                found["lost"] += 1
        run(job.arguments, folder)
        if digest(folder / job.output) != whole:
            found["lost"] += 1
        left = sorted(p.name for p in folder.iterdir() if p.name not in (*untouched, job.output))
    return {"job": job.name, "chain": number, **found, "left": len(left), "left_names": sorted({n[:12] for n in left})}


def study(kills: int, results: Path, *, only: str | None = None, say: Callable[[str], None] = print) -> None:
    """Run chains in turn over all jobs, or of one, until so many kills of them are in the results."""
    preload()
    lines = [json.loads(x) for x in results.read_text("utf-8").splitlines()] if results.exists() else []
    made = sum(line["kills"] for line in lines if only in (None, line["job"]))
    order = ORDER if only is None else (only,)
    known: dict[str, Known] = {}
    with tempfile.TemporaryDirectory(prefix="misid-kills-") as scratch:
        inputs = Path(scratch) / "inputs"
        prepare(inputs)
        with results.open("a", encoding="utf-8") as file:
            number = len(lines)
            while made < kills:
                job = {job.name: job for job in JOBS}[order[number % len(order)]]
                if job.name not in known:
                    known[job.name] = known_of(job, inputs, Path(scratch) / f"job-{len(known)}")
                line = chain(job, number, known[job.name])
                file.write(json.dumps(line) + "\n")
                file.flush()
                made += int(line["kills"])  # type: ignore[call-overload]
                number += 1
                say(f"{made} kills; {line}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--job", choices=[job.name for job in JOBS], help="this command alone")
    options = parser.parse_args()
    study(options.kills, options.results, only=options.job)


if __name__ == "__main__":
    main()
