"""Run a job in a process of its own and say what the whole process took, from its start to its end.

Only the standard library is loaded here: a child is born with the peak of memory of its parent.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
Measured = dict[str, float]
"""wall (seconds), cpu (seconds of the processor), peak_mb, and what the job says of itself."""


class NotThereError(Exception):
    """A package that a job needs is not installed."""


def environment() -> dict[str, str]:
    """That of this process, but bytecode may be kept and misid is the one beside this folder."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": str(HERE.parent / "src")}


def run(command: Sequence[str | Path]) -> tuple[Measured, str]:
    """What a command took, and what it printed.

    Raises
    ------
    NotThereError
        It stopped for want of a package.
    """
    began = time.perf_counter()
    child = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
    )
    assert child.stdout is not None
    with child.stdout:
        printed = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        missing = [line for line in printed.splitlines() if "ModuleNotFoundError" in line]
        if missing:
            raise NotThereError(missing[-1])
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{printed}")
    return {"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1000}, printed


def job(python: str | Path, script: str, name: str, *arguments: str | Path) -> Measured:
    """Run job `name` of a script in this folder. A line of JSON that it prints last is added to what it took."""
    took, printed = run([python, HERE / script, name, *arguments])
    lines = printed.strip().splitlines()
    said: dict[str, Any] = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    return took | said


def medians(runs: Sequence[Measured]) -> Measured:
    """The median of each number over several runs of one job, and how many those were."""
    return {name: statistics.median(one[name] for one in runs) for name in runs[0]} | {"rounds": len(runs)}


def interleaved(jobs: Mapping[str, Callable[[], Measured]], rounds: int, *, warm: bool) -> dict[str, Measured | str]:
    """Medians of all jobs, run in turn so that each meets the same conditions; a job that cannot run says why.

    With `warm` a round more than asked for comes first and is thrown away: it fills caches and writes bytecode.
    """
    runs: dict[str, list[Measured]] = {name: [] for name in jobs}
    absent: dict[str, str] = {}
    for turn in range(0 if warm else 1, rounds + 1):
        for name, once in jobs.items():
            if name in absent:
                continue
            try:
                took = once()
            except NotThereError as error:
                absent[name] = str(error)
                continue
            print(
                f"{f'round {turn}' if turn else 'warming'}: {name}: {took['wall']:.2f} s wall, {took['cpu']:.2f} s "
                f"processor, {took['peak_mb']:.0f} MB",
                file=sys.stderr,
            )
            if turn:
                runs[name].append(took)
    return {name: absent[name] if name in absent else medians(runs[name]) for name in jobs}


def exponent(results: Mapping[int, Measured], what: str, *, low: int, high: int) -> float | None:
    """Growth exponent between two sizes of input: cost goes as the number of comparisons to this power."""
    if low not in results or high not in results:
        return None
    return math.log(results[high][what] / results[low][what]) / math.log(high / low)
