"""How long the projection of a large tally takes: 64 groups, 100,000 searches, 1,000 draws.

    python benchmarks/projection.py

Prints seconds of the fit and of a question about everybody and every group. The counts are simulated: sums of a
probe's effect, a group's shift and Gaussian noise, of as many comparisons as a tally keeps one by one.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from scipy.special import log_ndtr, ndtri_exp

from misid.search.from_tally import TestCounts, model_of
from misid.tally.levels import RUNGS
from misid.tally.model import N_BLOCKS

ROWS = 1 << 20


def large_test(searches: int, groups: int, rng: np.random.Generator) -> TestCounts:
    """The spectrum of a test of so many people with each other, about `ROWS` comparisons in its tail."""
    group = rng.integers(0, groups, searches)
    size = np.bincount(group, minlength=groups).astype(float)
    effect = 0.35 * rng.standard_normal(searches)
    shift = 0.3 * rng.standard_normal(groups)
    # Each search's exceedances within its group, and of others, who score lower.

    def expected(start: float) -> tuple[np.ndarray, np.ndarray]:
        own = size[group] * np.exp(log_ndtr(effect + shift[group] - start))
        return own, (searches - size[group]) * np.exp(log_ndtr(effect - 0.8 - start))

    low, high = 0.0, 8.0
    for _ in range(40):
        start = 2.0**-8 * round(2**8 * (low + high) / 2)
        low, high = (start, high) if sum(e.sum() for e in expected(start)) > ROWS else (low, start)
    own, cross = (rng.poisson(e) for e in expected(start))
    search = np.concatenate([np.repeat(np.arange(searches), own), np.repeat(np.arange(searches), cross)])
    inside = np.arange(len(search)) < own.sum()
    loc = effect[search] + np.where(inside, shift[group[search]], -0.8)
    score = loc - ndtri_exp(log_ndtr(loc - start) + np.log(rng.random(len(search))))
    step = 2.0 ** np.ceil(np.log2((np.sort(score)[-10] - start) / RUNGS))
    levels = start + step * np.arange(int((score.max() - start) / step) + 1)
    other = rng.integers(0, groups, len(search))
    reference = np.where(inside, group[search], np.where(other == group[search], (other + 1) % groups, other))
    columns = [search, reference, rng.integers(0, N_BLOCKS, len(search)), ((score - start) // step).astype(np.int64)]
    rows, count = np.unique(np.stack(columns), axis=1, return_counts=True)
    return TestCounts(
        levels=levels, lowest=-5.0, highest=9.0, group=group,
        references=np.tile(size, (groups, 1)) - np.eye(groups), search=rows[0], reference_group=rows[1], block=rows[2],
        level=rows[3], count=count, block_share=np.full((N_BLOCKS, groups), 1 / N_BLOCKS), people=searches,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--searches", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=64)
    parser.add_argument("--draws", type=int, default=1000)
    given = parser.parse_args()
    rng = np.random.default_rng(7)
    test = large_test(given.searches, given.groups, rng)
    labels = {str(g): (g,) for g in range(given.groups)}
    began, used = time.perf_counter(), time.process_time()
    model = model_of(test, rng, labels=labels, draws=given.draws)
    fitted, fit_used = time.perf_counter(), time.process_time()
    # Beyond what was counted, and not so far that a group of its people is refused.
    threshold = float(test.levels[-1]) + 0.05
    answers = [model.fpir(200_000_000, threshold, group=group) for group in (None, *labels)]
    done, all_used = time.perf_counter(), time.process_time()
    print(json.dumps({
        "searches": given.searches, "groups": given.groups, "draws": given.draws, "rows": len(test.count),
        "fit_s": round(fitted - began, 2), "questions": len(answers), "questions_s": round(done - fitted, 2),
        "total_s": round(done - began, 2), "cpu_s": round(all_used - used, 2),
        "fit_cpu_s": round(fit_used - used, 2), "answered": sum(a.status == "ok" for a in answers),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
