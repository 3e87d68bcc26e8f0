"""How often the likelihood ratios and probabilities of a case hold: simulated searches whose truth is known.

    python -m tests.cases.calibration_study --truth TRUTH.PY --minutes 30 --raw RAW.jsonl    # goes on where it stopped
    python -m tests.cases.calibration_study --raw RAW.jsonl --table                          # docs/case-calibration.md

One line of RAW.jsonl is one simulated test of 500 people with the cases that were judged by it. Each case is one
search of a gallery of 100,000 to 200 million by a person who is enrolled or not. It is judged three times: from the
score with the generator's own probabilities (what the formulas are worth), from the score with the test (what they
are worth in use), and from match or no match with the test.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from misid.cases.bounds import empirical_bounds
from misid.cases.known import BOTH
from misid.cases.likelihoods import Likelihoods, match, no_match, scored
from misid.cases.tallied import MatedScores
from misid.search.from_tally import TallyModel, model_of
from misid.search.from_tally.given_probe import given_probe
from misid.search.from_tally.mates import MateCounts
from tests.cases.simulated import Normal, World, expected, kin_scores, mates, world
from tests.search.projection_study import draw_test, truth_generators

ROOT = Path(__file__).resolve().parents[2]
SUMMARY = ROOT / "docs" / "data" / "case-calibration.json"
PAGE = ROOT / "docs" / "case-calibration.md"
SEED = 20261127
PEOPLE = 500
GALLERIES = (10**5, 10**6, 10**7, 2 * 10**8)
FPIR = 0.05
"""Of the threshold, by the truth of each gallery."""
CASES = 1000
DRAWS = 200
PRIORS = (0.05, 0.95)
NONE, WRONG, RIGHT = 0, 1, 2
UNKNOWN = -1.0

COLUMNS = (
    "gallery", "prior", "enrolled", "returned", "oracle_lr", "lr", "lr_lo", "lr_hi", "oracle", "p", "p_lo", "p_hi",
    "match_p", "match_lo", "match_hi", "bounded_oracle", "bounded_match",
)  # fmt: skip
"""`returned` is NONE, WRONG or RIGHT; `lr` is for being enrolled; `p` is that the person returned is right."""


def truth_worlds(path: Path, only: Iterable[str] = ()) -> list[World]:
    """Every generator of a truth file, and the one of this repository."""
    generators = [*truth_generators(path), Normal()]
    module = sys.modules["truth"]
    wide = module.Embedding("c-embed512", d=512, k0=40.0, decay=1.3, ntruth=2000, seed=11)
    generators.insert(3, wide)
    chosen = [g for g in generators if not only or g.name in set(only)]
    return [world(g, np.random.default_rng([SEED, zlib.crc32(g.name.encode())])) for g in chosen]


def tested(generator: Any, rng: np.random.Generator, people: int) -> TallyModel:
    """The search model of a simulated test, mated scores included."""
    counts = draw_test(generator, people, rng)
    middle, spread = mates(generator, rng, generator.draw_subjects(rng, people))
    own = middle + spread * rng.standard_normal(people)
    found = MateCounts(
        group=np.zeros(people, dtype=np.int64), score=np.sort(own), count=np.ones(people, dtype=np.int64), people=people
    )
    pooled = counts.pooled() if counts.n_groups > 1 else counts
    return model_of(pooled, rng, draws=DRAWS, mates=found)


def run_one(w: World, replicate: int, cases: int = CASES, people: int = PEOPLE) -> dict[str, Any]:
    """One simulated test and the cases judged by it, seeded by its name."""
    rng = np.random.default_rng([SEED, zlib.crc32(f"{w.name}|{replicate}".encode())])
    model = tested(w.generator, rng, people)
    rows: list[list[float]] = []
    for gallery in GALLERIES:
        rows += judged(w, model, gallery, cases // len(GALLERIES), rng)
    return {"generator": w.name, "replicate": replicate, "people": people, "rows": rows}


def judged(w: World, model: TallyModel, gallery: int, cases: int, rng: np.random.Generator) -> list[list[float]]:
    """Cases at one gallery, as rows of `COLUMNS`."""
    threshold = w.threshold(gallery, FPIR)
    who = rng.integers(0, len(w), cases)
    prior = rng.uniform(*PRIORS, cases)
    enrolled = rng.random(cases) < prior
    top = w.top(rng, who, gallery)[:, 0]
    relative = kin_scores(w.generator, rng, {k: v[who] for k, v in w.people.items() if k in "ga"}, gallery)
    top = np.maximum(top, relative)
    own = np.where(enrolled, w.mated_scores(rng, who), -np.inf)
    best = np.maximum(top, own)
    returned = np.where(best < threshold, NONE, np.where(own > top, RIGHT, WRONG))
    oracle = _true(w, gallery, threshold, best, returned)
    drawn = _drawn(model, gallery, threshold, best, returned)
    alone = _match_only(model, gallery, threshold, returned)
    at_threshold = [_true(w, gallery, threshold, [threshold], [NONE])[0], expected(w, gallery, threshold)]
    rows = []
    for k in range(cases):
        p, lr, mean = drawn[k].posterior(prior[k]), drawn[k].lr_enrolled(), predictive(drawn[k])
        one = alone[k]
        m = np.full(3, UNKNOWN) if one is None else one.posterior(prior[k])
        o = oracle[k]
        bounds = empirical_bounds(model.test.people, model.test.people)
        plain = at_threshold[int(returned[k] != NONE)].bounded(bounds.lowest, bounds.highest)
        rows.append([
            gallery, prior[k], int(enrolled[k]), int(returned[k]), float(o.lr_enrolled()), float(mean.lr_enrolled()),
            *np.nanquantile(lr, [0.025, 0.975]).tolist(), float(o.posterior(prior[k])),
            float(mean.posterior(prior[k])), *np.nanquantile(p, [0.025, 0.975]).tolist(),
            float(m[0]), float(m.min()), float(m.max()),
            float(o.bounded(bounds.lowest, bounds.highest).posterior(prior[k])), float(plain.posterior(prior[k])),
        ])  # fmt: skip
    return rows


def predictive(drawn: Likelihoods) -> Likelihoods:
    """One likelihood of each kind, the draws averaged: what the test and its uncertainty together say."""
    return _one(*(float(np.nanmean(getattr(drawn, name))) for name in ("right", "wrong", "unenrolled")))


def _true(w: World, gallery: int, threshold: float, best: Any, returned: Any) -> list[Likelihoods]:
    """From the generator's own densities, the person effect integrated out: mates and strangers share it."""
    step = (w.scores[1] - w.scores[0]) * 0.25
    out = []
    for s, what in zip(best, returned, strict=True):
        if what == NONE:
            quiet = np.exp(-w.expected(gallery, threshold))
            missed = w.mated_below(threshold)
            out.append(_one(0.0, float((quiet * missed).mean()), float(quiet.mean())))
            continue
        lam = w.expected(gallery, s)
        slope = (w.expected(gallery, s - step) - w.expected(gallery, s + step)) / (2 * step)
        phi = slope * np.exp(-lam)
        right, wrong = w.mated_density(s) * np.exp(-lam), phi * w.mated_below(s)
        out.append(_one(float(right.mean()), float(wrong.mean()), float(phi.mean())))
    return out


def _one(right: float, wrong: float, unenrolled: float) -> Likelihoods:
    return Likelihoods(
        right=np.asarray(right), wrong=np.asarray(wrong), unenrolled=np.asarray(unenrolled), other=np.zeros(())
    )


def _drawn(model: TallyModel, gallery: int, threshold: float, best: Any, returned: Any) -> list[Likelihoods]:
    """From the test alone, bounded by its size."""
    assert model.projection is not None
    assert model.mates is not None
    scores = np.append(np.where(returned == NONE, threshold, best), threshold)
    each = list(given_probe(model.projection, gallery, scores))
    fpir, top = np.stack([g.fpir() for g in each]), np.stack([g.top_density() for g in each])
    scale = model.projection.members[0].fit.curve.scale.to
    mated = MatedScores(model.mates, (0,), scale, np.random.default_rng(7), len(each))
    bounds = empirical_bounds(model.test.people, model.mates.people)
    out = []
    missed = mated.below(threshold)
    for k, what in enumerate(returned):
        if what == NONE:
            found = no_match(missed=missed, fpir=fpir[:, -1])
        else:
            s = float(scores[k])
            found = scored(density=mated.density(s), below=mated.below(s), fpir=fpir[:, k], top_density=top[:, k])
        held = found.bounded(bounds.lowest, bounds.highest)
        out.append(held)
    return out


def _match_only(model: TallyModel, gallery: int, threshold: float, returned: Any) -> list[Likelihoods | None]:
    """(3,) at the estimate and at the two corners best and worst for the person returned; None without an estimate."""
    model = replace(model, level=BOTH)
    f, m = model.fpir(gallery, threshold), model.fnir(gallery, None, threshold)
    first = model.fnir(gallery, 1, threshold)
    if f.status != "ok" or f.estimate is None or m.estimate is None or first.estimate is None:
        return [None] * len(returned)
    fpir = np.array([f.estimate, f.lo, f.hi], dtype=float)
    missed = np.array([m.estimate, m.lo, m.hi], dtype=float)
    share = 1 - (1 - first.estimate) / (1 - m.estimate) if m.estimate < 1 else 0.0
    outranked = np.array([min(max(share, 0.0), f.estimate), 0.0, fpir[2]])
    bounds = empirical_bounds(model.test.people, model.mates.people if model.mates else None)
    some = match(missed=missed, fpir=fpir, outranked=outranked).bounded(bounds.lowest, bounds.highest)
    none = no_match(missed=missed, fpir=fpir).bounded(bounds.lowest, bounds.highest)
    return [none if what == NONE else some for what in returned]


def study(worlds: Iterable[World], replicates: int, raw: Path, minutes: float) -> None:
    """Tests in turn over generators, so that a study stopped early is short everywhere alike."""
    stop = time.monotonic() + 60 * minutes
    had = {(r["generator"], r["replicate"]) for r in lines(raw)}
    raw.parent.mkdir(parents=True, exist_ok=True)
    worlds = list(worlds)
    with raw.open("a", encoding="utf-8") as file:
        for replicate in range(replicates):
            for w in worlds:
                if (w.name, replicate) in had or time.monotonic() > stop:
                    continue
                file.write(json.dumps(_short(run_one(w, replicate))) + "\n")
                file.flush()
            print(replicate, flush=True)


def lines(raw: Path) -> list[dict[str, Any]]:
    if not raw.exists():
        return []
    return [json.loads(line) for line in raw.read_text(encoding="utf-8").splitlines() if line]


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {k: _short(v) for k, v in value.items()}
    return [_short(v) for v in value] if isinstance(value, list | tuple) else value


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--replicates", type=int, default=10)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if given.table:
        from tests.cases.calibration_tables import write

        write(lines(given.raw), SUMMARY, PAGE)
        return
    study(truth_worlds(given.truth, given.only), given.replicates, given.raw, given.minutes)


if __name__ == "__main__":
    main()
