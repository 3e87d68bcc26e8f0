"""Measure the event tree: a million draws of all inputs through eight groups and six policies; and made people.

    python benchmarks/encounter.py [--draws 1e6] [--people 1e6]

Prints wall and processor seconds and the peak of memory, one line a job. The scenario is the street stop, with eight
groups in the place of four. Brute force compares one probe with a gallery of 2,000,000 and is scaled to 200 million;
the agent-based loop makes and scans people one at a time in plain Python, by far simpler rules.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from misid.encounter.scenario import Scenario, read_scenario
from misid.encounter.simulate import BLOCK, simulate, wrong_candidates
from misid.encounter.tree import Query, Tree

GALLERY = 200_000_000


def eight_groups() -> Scenario:
    """The street stop with eight groups, by region, sex and age, and six policies."""
    lines = ['extends = "street-stop"', 'remove = ["groups", "policies.no-scan"]']
    lines += ["[factors.age]", 'title = "older"', 'times = { lo = 1, hi = 5, shape = "log-uniform", assumption = "b" }']
    names = [(region, sex, age) for region in ("", "region") for sex in ("", "women") for age in ("", "age")]
    for number, parts in enumerate(names):
        factors = ", ".join(f'"{part}"' for part in parts if part)
        share = '"rest"' if number == 7 else '{ value = 0.125, assumption = "b" }'
        lines += [f"[groups.g{number}]", f'title = "group {number}"', f"share = {share}", f"fpir_factors = [{factors}]"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "eight.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return read_scenario(path)


def timed(name: str, work: Callable[[], float]) -> None:
    """Run a job that gives the number of units it did, and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    units = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    rate = f"{units / cpu:14,.0f} a second"
    print(f"{name:46} {wall:8.2f} s wall {cpu:8.3f} s processor {rate} {peak:7,.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--people", type=lambda text: int(float(text)), default=1_000_000)
    options = parser.parse_args()
    scenario = eight_groups()
    tree, space = Tree(scenario), scenario.space
    drawn = {path: np.asarray(v[: options.draws]) for path, v in space.draw(options.draws, seed=1).items()}
    queries = [
        Query(measure="wrongly_held", policy=policy.name, group=group)
        for policy in scenario.policies
        for group in (None, *scenario.groups)
    ]
    queries += [Query(measure="found", policy=policy.name) for policy in scenario.policies]

    def draws() -> float:
        tree.evaluate(drawn, queries)
        return options.draws

    values = space.draw(1, seed=1)

    def people() -> float:
        return simulate(scenario, values, "definitive", options.people, seed=1).people

    def searches() -> float:
        generator = np.random.Generator(np.random.SFC64(1))
        for _ in range(0, options.people, BLOCK):
            wrong_candidates(generator, np.zeros(BLOCK), 1)
        return options.people

    def brute() -> float:
        generator = np.random.default_rng(1)
        (generator.random(2_000_000, dtype=np.float32) > 0.5).any()
        return 2_000_000 / GALLERY

    def loop() -> float:
        random.seed(1)
        for _ in range(100_000):
            enrolled = random.random() < 0.5
            found = random.expovariate(1) < 0.01
            mate = enrolled and random.random() > 0.05
            held = (mate or found) and random.random() < 0.1
            held and random.random()
        return 100_000

    timed(f"tree, {options.draws:,} draws, 8 groups, 6 policies", draws)
    timed("people made, scanned and decided on", people)
    timed("searches of 200,000,000 by order statistics", searches)
    timed("searches of 200,000,000 by brute force", brute)
    timed("agent-based loop in plain Python, toy rules", loop)


if __name__ == "__main__":
    main()
