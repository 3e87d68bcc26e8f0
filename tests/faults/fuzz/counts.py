"""The table of docs/faults.md: how many inputs each reader had, all runs together.

python -m tests.faults.fuzz.counts
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from tests.faults.fuzz.targets import READERS, RESULTS, TARGETS


def inputs(results: Path = RESULTS) -> Counter[str]:
    """Inputs of each target, all runs added."""
    made: Counter[str] = Counter()
    for line in results.read_text("utf-8").splitlines():
        run = json.loads(line)
        made[run["target"]] += run["inputs"]
    return made


def table(results: Path = RESULTS) -> list[str]:
    """Lines of the table: one a target, and before those of a reader their sum."""
    made = inputs(results)
    lines = ["| reader, and what it was fed | target | inputs |", "| --- | --- | --- |"]
    for reader, names in READERS.items():
        lines.append(f"| **{reader}** | | **{sum(made[name] for name in names):,}** |")
        lines += [f"| {TARGETS[name].what} | `{name}` | {made[name]:,} |" for name in names]
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
