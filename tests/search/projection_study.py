"""How often projections hold: simulated tests whose true FPIR at any gallery is known, with the naive binomial beside.

    python -m tests.search.projection_study --truth TRUTH.PY --minutes 20    # goes on where it stopped
    python -m tests.search.projection_study --table                          # docs/projection-study.md

`--truth` names a file with generators with exact FPIR(N, t). One line of docs/data/projection.jsonl is one
simulated test with all its questions. Lines that are there are not made again; runs with other `--sizes`
and `--only` can share the work, each with its own `--results`, joined afterwards. The test suite runs a part with
a generator that needs no such file.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import log_ndtr

from misid.search.from_tally import model_of
from misid.search.from_tally.bound import upper_bound
from misid.search.from_tally.kin import Kin, Relatives
from misid.search.span import Span
from tests.search.simulated import counts, draw_tail

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "data" / "projection.jsonl"
PAGE = ROOT / "docs" / "projection-study.md"
SEED = 20261123
GALLERIES = (10**6, 2 * 10**8, 1_200_000_000)
RATES = (0.001, 0.01, 0.1, 0.5)
GROUP_CELLS = ((10**6, 0.1), (2 * 10**8, 0.1))
DRAWS = 300
REPLICATES = {500: 100, 5000: 60, 50_000: 20}
"""Tests by people in them."""


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
    """Those of a truth file whose FPIR is a function of N and threshold."""
    spec = importlib.util.spec_from_file_location("truth", path)
    assert spec is not None
    assert spec.loader is not None
    truth: Any = importlib.util.module_from_spec(spec)
    sys.modules["truth"] = truth
    spec.loader.exec_module(truth)
    exact = truth.cone_logp
    # Where the exact tail cancels to nothing, the probe points away from the group: it adds nothing either.
    truth.cone_logp = lambda *a: np.nan_to_num(exact(*a), nan=-200.0)
    return list(truth.all_generators())


def questions(generator: Any) -> list[dict[str, Any]]:
    """Thresholds at which FPIR of strangers is a given one, with FPIR of each group, and with relatives, there."""
    out = []
    for gallery in GALLERIES:
        for rate in RATES:
            threshold = threshold_of(generator, gallery, rate)
            asked: dict[str, Any] = {"N": gallery, "rate": rate, "t": threshold}
            if (gallery, rate) in GROUP_CELLS and getattr(generator, "G", 1) > 1:
                asked["groups"] = np.asarray(true_fpir(generator, gallery, threshold, by_group=True)).tolist()
            if hasattr(generator, "kin_factor"):
                asked["kin"] = float(generator.fpir(gallery, threshold, kin=True))
            out.append(asked)
    return out


def kin_of(generator: Any, threshold: float) -> Kin:
    """The relatives that a generator has, each number known to a factor of two upwards and downwards only."""
    weight, group, effect = generator.probe_nodes(121)
    centre = generator.mu[group, group] + effect

    def known(value: float) -> Span:
        return Span(lo=value / 2, best=value, hi=min(1.0, 2 * value))

    kinds = []
    for name, number, (shift, sd) in (("twins", generator.twin, generator.tw), ("kin", generator.kappa, generator.kin)):
        match = float(weight @ np.exp(log_ndtr(-(threshold - centre - shift) / sd)))
        kinds.append(
            Relatives(
                name=name, number=Span.exactly(number), match=known(match), at_most_one=name == "twins", source="known"
            )
        )
    return Kin(population=generator.pop, relatives=tuple(kinds))


def run_one(generator: Any, n: int, replicate: int, asked: list[dict[str, Any]]) -> dict[str, Any]:
    """One simulated test and its answers, seeded by its name.

    A cell is N, rate, group ("" for everybody, "kin" for everybody with relatives), truth, status, limits and
    estimate given, limits and median whether given or not, bound, and the naive estimate and its limits.
    """
    rng = np.random.default_rng([SEED, zlib.crc32(f"{generator.name}|{n}|{replicate}".encode())])
    test = counts(draw_tail(generator, n, rng), rng)
    labels = {str(g): (g,) for g in range(test.n_groups)} if test.n_groups > 1 else {}
    model = model_of(test, rng, labels=labels, draws=DRAWS)
    cells = []
    for q in asked:
        who = [("", q["rate"])] + [(str(g), truth) for g, truth in enumerate(q.get("groups", []))]
        for name, truth in who:
            group = name or None
            if group is not None and group not in labels:
                continue
            a = model.fpir(int(q["N"]), q["t"], group=group)
            found = model.limits(q["N"], q["t"], group=group)
            upper = upper_bound(model.tail, q["N"], q["t"])
            naive = model.naive(q["N"], q["t"]) if group is None else ()
            cells.append([q["N"], q["rate"], name, truth, a.status, a.lo, a.estimate, a.hi, *found, upper, *naive])
        if "kin" in q:
            a = replace(model, kin=kin_of(generator, q["t"])).fpir(int(q["N"]), q["t"])
            upper = 1.0 if a.bound is None else a.bound
            cells.append([q["N"], q["rate"], "kin", q["kin"], a.status, a.lo, a.estimate, a.hi, 0, 0, 1, upper])
    return {"generator": generator.name, "n": n, "replicate": replicate, "cells": cells}


def done(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def study(
    generators: Iterable[Any], replicates: Mapping[int, int], path: Path, minutes: float, out: Any = sys.stdout
) -> None:
    """Tests in turn over sizes and generators, so that a study stopped early is short everywhere alike.

    `replicates` is how many tests of each size are wanted.
    """
    stop = time.monotonic() + 60 * minutes
    had = {(r["generator"], r["n"], r["replicate"]) for r in done(path)}
    generators = list(generators)
    asked: dict[str, list[dict[str, Any]]] = {}
    wanted = sorted((k / total, n, k) for n, total in replicates.items() for k in range(total))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        for _, n, replicate in wanted:
            for generator in generators:
                if (generator.name, n, replicate) in had or time.monotonic() > stop:
                    continue
                if generator.name not in asked:
                    asked[generator.name] = questions(generator)
                line = run_one(generator, n, replicate, asked[generator.name])
                file.write(json.dumps(_short(line)) + "\n")
                file.flush()
            print(n, replicate, file=out, flush=True)


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    return [_short(v) for v in value] if isinstance(value, (list, tuple)) else value


def summary(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a cell: shares in per cent, the median of estimate over truth, the median of log10(hi/lo)."""
    cells: dict[tuple[Any, ...], list[list[Any]]] = defaultdict(list)
    for line in lines:
        for cell in line["cells"]:
            cells[line["generator"], line["n"], cell[2], cell[0], cell[1]].append(cell)
    rows = []
    for key, found in sorted(cells.items()):
        given = [c for c in found if c[4] == "ok"]
        everybody = key[2] in ("", "kin")
        rows.append({
            "generator": key[0], "n": key[1], "group": key[2], "N": key[3], "rate": key[4],
            "truth": found[0][3], "tests": len(found), "given": len(given),
            "held": _percent([c[5] <= c[3] <= c[7] for c in given]),
            "ratio": float(np.median([c[6] / c[3] for c in given])) if given else None,
            "decades": float(np.median([np.log10(c[7] / max(c[5], 1e-30)) for c in given])) if given else None,
            "projected_held": _percent([c[8] <= c[3] <= c[10] for c in found]),
            "projected_ratio": float(np.median([c[9] / c[3] for c in found])),
            "projected_decades": float(np.median([np.log10(c[10] / max(c[8], 1e-30)) for c in found])),
            "bounds_held": _percent([c[11] >= c[3] * (1 - 1e-4) for c in found]) if everybody else None,
            "naive_held": _percent([c[13] <= c[3] <= c[14] for c in found]) if key[2] == "" else None,
            "naive_ratio": float(np.median([c[12] / c[3] for c in found])) if key[2] == "" else None,
        })  # fmt: skip
    return rows


def _percent(held: list[bool]) -> float | None:
    return 100 * float(np.mean(held)) if held else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--replicates", type=int, help="tests of each size; by default 100, 60 and 20")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(REPLICATES))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    if given.table:
        from tests.search.projection_tables import page

        PAGE.write_text(page(summary(done(given.results))), encoding="utf-8")
        return
    generators = [g for g in truth_generators(given.truth) if not given.only or g.name in given.only]
    replicates = {n: given.replicates or REPLICATES.get(n, 20) for n in given.sizes}
    study(generators, replicates, given.results, given.minutes)


if __name__ == "__main__":
    main()
