"""How often projections hold: simulated tests whose true FPIR at any gallery is known, with the naive binomial beside.

    python -m tests.search.projection_study --truth TRUTH.PY --minutes 20    # goes on where it stopped
    python -m tests.search.projection_study --table                          # docs/projection-study.md

`--truth` names a file with generators with exact FPIR(N, t). One line of docs/data/projection.jsonl is one
simulated test with all its questions. The test suite runs a small part with a generator that needs no such file.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from misid.search.from_tally import TestCounts, model_of
from misid.search.from_tally.bound import upper_bound
from misid.tally.levels import RUNGS, SPECTRUM_PER_SEARCH, TOP_FMR
from misid.tally.model import N_BLOCKS

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "data" / "projection.jsonl"
PAGE = ROOT / "docs" / "projection-study.md"
SEED = 20261123
GALLERIES = (10**6, 2 * 10**8, 1_200_000_000)
RATES = (0.001, 0.01, 0.1, 0.5)
GROUP_CELL = (2 * 10**8, 0.1)
DRAWS = 300


def spectrum(
    scores: npt.NDArray[np.float64], group: npt.NDArray[np.int64], rng: np.random.Generator, bounded: bool = False
) -> TestCounts:
    """Counts of a full cross of n people with themselves, on levels as a tally has them.

    The diagonal of `scores` is NaN. `bounded`: cosines, in [-1, 1].
    """
    groups, n = int(group.max()) + 1, len(group)
    ordered = np.sort(scores[np.isfinite(scores)])
    allowed = int(min(TOP_FMR * len(ordered), SPECTRUM_PER_SEARCH * n))
    low, high = ordered[-allowed], ordered[-10]
    step = 2.0 ** np.ceil(np.log2((high - low) / RUNGS))
    levels = np.arange(np.ceil(low / step), np.floor(ordered[-1] / step) + 2) * step
    above = len(ordered) - np.searchsorted(ordered, levels)
    levels = levels[np.append(True, above[1:] != above[:-1])]
    with np.errstate(invalid="ignore"):
        probe, reference = np.nonzero(scores >= levels[0])
    level = np.searchsorted(levels, scores[probe, reference], side="right") - 1
    block = rng.integers(0, N_BLOCKS, n)
    rows, count = np.unique(np.stack([probe, group[reference], block[reference], level]), axis=1, return_counts=True)
    size = np.bincount(group, minlength=groups)
    share = np.zeros((N_BLOCKS, groups))
    np.add.at(share, (block, group), 1.0)
    return TestCounts(
        levels=levels,
        lowest=float(ordered[0]),
        highest=1.0 if bounded else float(max(ordered[-1] + 1, 2.0)),
        group=group,
        references=np.tile(size.astype(float), (groups, 1)) - np.eye(groups),
        search=rows[0],
        reference_group=rows[1],
        block=rows[2],
        level=rows[3],
        count=count,
        block_share=share / share.sum(axis=0),
        people=n,
    )


def draw_test(generator: Any, n: int, rng: np.random.Generator) -> TestCounts:
    """One simulated test: n people, each searched against all others."""
    people = generator.draw_subjects(rng, n)
    scores = np.asarray(generator.block(rng, people, people), dtype=float)
    np.fill_diagonal(scores, np.nan)
    group = np.asarray(people["g"] if "g" in people else np.zeros(n), dtype=np.int64)
    return spectrum(scores, group, rng, bounded=hasattr(generator, "deff"))


def true_fpir(generator: Any, gallery: float, threshold: float, **extra: Any) -> Any:
    """Without relatives: the test has none, and every answer says so."""
    if hasattr(generator, "kin_factor"):
        extra["kin"] = False
    return generator.fpir(gallery, threshold, **extra)


def threshold_of(generator: Any, gallery: float, rate: float) -> float:
    """Threshold at which the truth is `rate`, by bisection."""
    lo, hi = getattr(generator, "lo", -3.0), getattr(generator, "hi", 20.0)
    for _ in range(45):
        middle = 0.5 * (lo + hi)
        lo, hi = (middle, hi) if true_fpir(generator, gallery, middle) > rate else (lo, middle)
    return float(0.5 * (lo + hi))


def truth_generators(path: Path) -> list[Any]:
    """Those of a truth file whose FPIR is a function of N and threshold; 3,000 probes for the truth of embeddings."""
    spec = importlib.util.spec_from_file_location("truth", path)
    assert spec is not None
    assert spec.loader is not None
    truth = importlib.util.module_from_spec(spec)
    sys.modules["truth"] = truth
    spec.loader.exec_module(truth)
    exact = truth.cone_logp
    # Where the exact tail cancels to nothing, the probe points away from the group: it adds nothing either.
    truth.cone_logp = lambda *a: np.nan_to_num(exact(*a), nan=-200.0)
    return [
        truth.Additive(), truth.quality_gen(), truth.Embedding(ntruth=3000), truth.Kin(), truth.IID("gauss"),
        truth.IID("logit"),
    ]  # fmt: skip


def questions(generator: Any) -> list[dict[str, Any]]:
    out = []
    for gallery in GALLERIES:
        for rate in RATES:
            threshold = threshold_of(generator, gallery, rate)
            asked: dict[str, Any] = {"N": gallery, "rate": rate, "t": threshold}
            if (gallery, rate) == GROUP_CELL and getattr(generator, "G", 1) > 1:
                asked["groups"] = np.asarray(true_fpir(generator, gallery, threshold, by_group=True)).tolist()
            out.append(asked)
    return out


def run_one(generator: Any, n: int, replicate: int, asked: list[dict[str, Any]]) -> dict[str, Any]:
    """One simulated test and its answers, seeded by its name."""
    rng = np.random.default_rng([SEED, zlib.crc32(f"{generator.name}|{n}|{replicate}".encode())])
    test = draw_test(generator, n, rng)
    labels = {str(g): (g,) for g in range(test.n_groups)} if test.n_groups > 1 else {}
    model = model_of(test, rng, labels=labels, draws=DRAWS)
    cells = []
    for q in asked:
        questions_ = [(None, q["rate"])] + [(str(g), truth) for g, truth in enumerate(q.get("groups", []))]
        for group, truth in questions_:
            if group is not None and group not in labels:
                continue
            a = model.fpir(int(q["N"]), q["t"], group=group)
            naive = model.naive(q["N"], q["t"]) if group is None else None
            cells.append({
                "N": q["N"], "rate": q["rate"], "group": group, "truth": truth, "naive": naive,
                "answer": [a.status, a.estimate, a.lo, a.hi, a.bound],
                "projected": model.limits(q["N"], q["t"], group=group),
                "upper": upper_bound(model.tail, q["N"], q["t"]),
            })  # fmt: skip
    return {"generator": generator.name, "n": n, "replicate": replicate, "cells": cells}


def done(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def study(
    generators: Iterable[Any], sizes: Iterable[int], replicates: int, path: Path, minutes: float, out: Any = sys.stdout
) -> None:
    """Replicates in turn over generators, so that a study stopped early is short everywhere alike."""
    stop = time.monotonic() + 60 * minutes
    had = {(r["generator"], r["n"], r["replicate"]) for r in done(path)}
    generators = list(generators)
    asked = {g.name: questions(g) for g in generators}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for n in sizes:
            for replicate in range(replicates):
                for generator in generators:
                    if (generator.name, n, replicate) in had or time.monotonic() > stop:
                        continue
                    line = run_one(generator, n, replicate, asked[generator.name])
                    file.write(json.dumps(_short(line)) + "\n")
                    file.flush()
                print(n, replicate, file=out, flush=True)


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    return [_short(v) for v in value] if isinstance(value, (list, tuple)) else value


def summary(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a cell: shares in per cent, the median of estimate over truth, the median of log10(hi/lo)."""
    cells: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        for cell in line["cells"]:
            cells[line["generator"], line["n"], cell["N"], cell["rate"], cell["group"]].append(cell)
    rows = []
    for key, found in sorted(cells.items(), key=lambda item: [str(type(k)) + f"{k:>15}" for k in map(str, item[0])]):
        given = [(c["answer"], c["truth"]) for c in found if c["answer"][0] == "ok"]
        bounds = [(c["upper"], c["truth"]) for c in found if c["group"] is None]
        projected = [(c["projected"], c["truth"]) for c in found]
        naive = [(c["naive"], c["truth"]) for c in found if c["naive"]]
        rows.append({
            "generator": key[0], "n": key[1], "N": key[2], "rate": key[3], "group": key[4], "tests": len(found),
            "given": len(given),
            "held": _percent([a[2] <= truth <= a[3] for a, truth in given]),
            "ratio": float(np.median([a[1] / truth for a, truth in given])) if given else None,
            "decades": float(np.median([np.log10(a[3] / a[2]) for a, _ in given])) if given else None,
            "projected_held": _percent([a[0] <= truth <= a[2] for a, truth in projected]),
            "projected_ratio": float(np.median([a[1] / truth for a, truth in projected])),
            "projected_decades": float(np.median([np.log10(a[2] / max(a[0], 1e-30)) for a, _ in projected])),
            "bounds_held": _percent([b >= truth * (1 - 1e-4) for b, truth in bounds]),
            "naive_held": _percent([v[1] <= truth <= v[2] for v, truth in naive]),
            "naive_ratio": float(np.median([v[0] / truth for v, truth in naive])) if naive else None,
        })  # fmt: skip
    return rows


def _percent(held: list[bool]) -> float | None:
    return 100 * float(np.mean(held)) if held else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--replicates", type=int, default=60)
    parser.add_argument("--sizes", type=int, nargs="+", default=[500])
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    if given.table:
        from tests.search.projection_tables import page

        PAGE.write_text(page(summary(done(given.results))), encoding="utf-8")
        return
    generators = [g for g in truth_generators(given.truth) if not given.only or g.name in given.only]
    study(generators, given.sizes, given.replicates, given.results, given.minutes)


if __name__ == "__main__":
    main()
