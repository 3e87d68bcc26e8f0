"""How often limits of differentials hold where groups differ in size and rate, some of them of fewer than 20 people.

python -m tests.rates.mixed_groups --tests 250      # some minutes; docs/coverage.md has what it printed
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from misid.ground.rate import ComparisonRate
from misid.rates.differentials import _cell, _Maker, _ratios, _single
from misid.rates.intervals import fmr_limits
from misid.rates.model import Differential
from tests.rates import coverage_study as study

Missed = dict[str, tuple[float, float]]
"""By statistic: share of tests whose lower limit was above the truth, and whose upper limit was below it."""

REFERENCES = 200
SIZES = (15, 60, 100, 100)
SETTINGS = (
    (SIZES, (1e-2, 1e-2, 1e-2, 1e-2)),
    (SIZES, (4e-2, 1e-2, 1e-2, 5e-3)),
    (SIZES, (2e-3, 1e-2, 2e-2, 1e-2)),
    (SIZES, (4e-3, 1e-3, 1e-3, 5e-4)),
    ((12, 15, 18, 150), (3e-2, 1e-2, 3e-3, 1e-2)),
    ((30, 60, 100, 100), (4e-2, 1e-2, 1e-2, 5e-3)),
)
"""People of each group, and its true FMR: a threshold of its own in one matcher."""


def truths(rates: tuple[float, ...]) -> dict[str, float]:
    x = np.sort(np.array(rates))
    g = len(x)
    return {
        "max/min": x[-1] / x[0],
        "max/geomean": float(x[-1] / np.exp(np.log(x).mean())),
        "gini": float(np.abs(x[:, None] - x).sum() / (2 * g * g * x.mean()) * g / (g - 1)),
    }


def run(generator: str, sizes: tuple[int, ...], rates: tuple[float, ...], tests: int, seed: int = 1) -> Missed:
    made = study.own_generators()[generator]
    ladder = np.array([study.fmr_threshold(made, q) for q in study.LADDER[:17]])
    at = [study.fmr_threshold(made, q) for q in rates]
    rng = np.random.default_rng(seed)
    missed: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for _ in range(tests):
        references = made.draw_subjects(rng, REFERENCES)
        records = []
        for group, (n, threshold) in enumerate(zip(sizes, at, strict=True)):
            scores = made.block(rng, made.draw_subjects(rng, n), references)
            levels = np.unique(np.append(ladder, threshold))
            level = int(np.searchsorted(levels, threshold))
            design, moments, _, _ = study.nonmated(scores, levels, same=False)
            errors = int(moments.exceed[level])
            limits = fmr_limits(design, moments, steps=study.steps(moments.exceed))
            i = limits.interval(level, errors, "two" if errors else "upper")
            records.append(
                ComparisonRate(
                    measure="fmr", probe_group=str(group), threshold=1.0, estimate=i.estimate, lo=i.lo, hi=i.hi,
                    level=0.95, errors=i.errors, trials=i.trials, people=i.people, status=i.status, method=i.method,
                )
            )  # fmt: skip
        found: list[Differential] = []
        make, cell = _Maker("fmr", "group", 1.0, 0.95, (), found), _cell(records, 0.95)
        _single(make, cell, 0.025)
        _ratios(make, cell, str(len(sizes) - 1), 0.025)
        for one in found:
            truth = truths(rates).get(one.statistic) or rates[int(one.of or 0)] / rates[-1]
            name = one.statistic if one.statistic != "ratio" else f"ratio of a group of {sizes[int(one.of or 0)]}"
            lo, hi = one.lo or 0.0, np.inf if one.hi is None else one.hi
            missed[name].append((lo > truth * (1 + 1e-9), hi < truth * (1 - 1e-9)))
    return {name: (float(a), float(b)) for name, v in missed.items() for a, b in [np.mean(v, axis=0)]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=250)
    tests = parser.parse_args().tests
    for generator in ("normal", "mixture"):
        for sizes, rates in SETTINGS:
            shown = {k: f"{100 * a:.1f}, {100 * b:.1f}" for k, (a, b) in run(generator, sizes, rates, tests).items()}
            print(generator, sizes, rates, shown, flush=True)


if __name__ == "__main__":
    main()
