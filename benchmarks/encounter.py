"""Measure the event tree: a million draws of all inputs through eight groups and six policies; and made people.

    python benchmarks/encounter.py [--draws 1e6] [--people 1e6] [--job tree|people|searches|brute|loop]

Prints what each job took and how many draws, people or searches that were, a line of JSON a job. The scenario is the
street stop, with eight groups in the place of four. Brute force compares one probe with a gallery of 2,000,000 and is
scaled to 200 million; the agent-based loop makes and scans people one at a time in plain Python, by far simpler rules.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--people", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--job", choices=("tree", "people", "searches", "brute", "loop"), help="this one alone")
    options = parser.parse_args()
    scenario = eight_groups()
    tree, space = Tree(scenario), scenario.space
    drawn = {}
    if options.job in (None, "tree"):
        drawn = {path: np.asarray(v[: options.draws]) for path, v in space.draw(options.draws, seed=1).items()}
    queries = [
        Query(measure="wrongly_held", policy=policy.name, group=group)
        for policy in scenario.policies
        for group in (None, *scenario.groups)
    ]
    queries += [Query(measure="found", policy=policy.name) for policy in scenario.policies]

    def draws() -> float:
        tree.evaluate(drawn, queries)
        return float(options.draws)

    values = space.draw(1, seed=1)

    def people() -> float:
        return float(simulate(scenario, values, "definitive", options.people, seed=1).people)

    def searches() -> float:
        generator = np.random.Generator(np.random.SFC64(1))
        for _ in range(0, options.people, BLOCK):
            wrong_candidates(generator, np.zeros(BLOCK), 1)
        return float(options.people)

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

    jobs = {"tree": draws, "people": people, "searches": searches, "brute": brute, "loop": loop}
    for name, work in jobs.items():
        if options.job in (None, name):
            wall, cpu = time.perf_counter(), time.process_time()
            units = work()
            own = {"own": time.perf_counter() - wall, "own_cpu": time.process_time() - cpu, "units": units}
            print(json.dumps(own if options.job else {"job": name} | own), flush=True)


if __name__ == "__main__":
    main()
