"""Formulas against full searches: every comparison made for small galleries, order statistics up to ten million.

What is expected comes from integrals over people and scores; what is seen comes from searches. Both share nothing but
the generator.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misid.cases.likelihoods import listed, match
from tests.cases.simulated import Normal, World, expected, kin_scores, world

TRUTH = Path(__file__).resolve().parents[3] / "shared" / "truth" / "truth.py"
SEED = 20261127
PRIOR = 0.5
FAR = 4.0
"""Standard errors beyond which chance is not the reason; a few dozen are looked at."""


def brute(w: World, gallery: int, who: Any, rng: np.random.Generator) -> Any:
    """The best stranger of each search, every comparison made; a gallery of its own for every 100 searches."""
    best = []
    for start in range(0, len(who), 100):
        part = who[start : start + 100]
        probes = {k: v[part] for k, v in w.people.items() if hasattr(v, "__len__")}
        references = w.generator.draw_subjects(rng, gallery)
        best.append(np.asarray(w.generator.block(rng, probes, references)).max(axis=1))
    return np.concatenate(best)


def off(w: World, gallery: int, n: int, rng: np.random.Generator, *, comparisons: bool) -> dict[str, float]:
    """How many standard errors off each expectation is, in n searches."""
    threshold = w.threshold(gallery, 0.1)
    want = expected(w, gallery, threshold)
    who = rng.integers(0, len(w), n)
    top = brute(w, gallery, who, rng) if comparisons else w.top(rng, who, gallery)[:, 0]
    enrolled = rng.random(n) < PRIOR
    own = np.where(enrolled, w.mated_scores(rng, who), -np.inf)
    returned = np.maximum(top, own) >= threshold
    right = returned & (own > top)

    def away(hits: Any, p: float) -> float:
        return float((hits.sum() - len(hits) * p) / np.sqrt(max(len(hits) * p * (1 - p), 1e-9)))

    return {
        "right": away(right[enrolled], float(want.right)),
        "wrong": away((returned & ~right)[enrolled], float(want.wrong)),
        "unenrolled": away(returned[~enrolled], float(want.unenrolled)),
        "posterior": away(right[returned], float(want.posterior(PRIOR))),
    }


def test_every_comparison_made() -> None:
    rng = np.random.default_rng(SEED)
    found = off(world(Normal(), rng), 1000, 8000, rng, comparisons=True)
    assert max(map(abs, found.values())) < FAR, found


@pytest.mark.parametrize("gallery", [10**5, 10**7])
def test_order_statistics(gallery: int) -> None:
    rng = np.random.default_rng(SEED + gallery)
    found = off(world(Normal(), rng), gallery, 20_000, rng, comparisons=False)
    assert max(map(abs, found.values())) < FAR, found


def test_list_is_calibrated_and_without_the_person_effect_is_not() -> None:
    """With the effect of the face integrated out the probabilities of lists hold; with iid strangers they do not."""
    rng = np.random.default_rng(SEED)
    w = world(Normal(spread=0.7), rng, 1500)
    gallery, prior, n, most = 10**6, 0.3, 12_000, 6
    threshold = w.threshold(gallery, 0.35)
    # Mates that look like good strangers, so that a list leaves room for doubt.
    w.mated = np.full(len(w), threshold + 0.6)
    who = rng.integers(0, len(w), n)
    strangers = w.top(rng, who, gallery, most)
    enrolled = rng.random(n) < prior
    own = np.where(enrolled, w.mated_scores(rng, who), -np.inf)
    p: dict[str, list[Any]] = {"effect": [], "iid": []}
    seen = []
    step = 0.01
    lam_t, iid_t = w.expected(gallery, threshold), np.array([w.expected(gallery, threshold).mean()])
    for k in range(n):
        scores = np.append(strangers[k][strangers[k] >= threshold], own[k] if own[k] >= threshold else [])
        if not 2 <= len(scores) < most:
            continue
        scores = np.sort(scores)[::-1]
        seen.append(bool(own[k] == scores[0]))
        density = np.array([w.mated_density(float(s)).mean() for s in scores])
        below = np.asarray(w.mated_below(threshold).mean())
        for name, base in (("effect", lam_t), ("iid", iid_t)):
            rate = []
            for s in scores:
                low, high = w.expected(gallery, float(s) - step), w.expected(gallery, float(s) + step)
                rate.append(
                    (low - high) / (2 * step) if name == "effect" else np.array([(low - high).mean() / (2 * step)])
                )
            logs = np.log(np.maximum(np.stack(rate), 1e-300))
            whole = np.log(np.exp(-base + logs.sum(axis=0)).mean())
            without = [np.log(np.exp(-base + logs.sum(axis=0) - logs[j]).mean()) for j in range(len(scores))]
            made = listed(
                named=0, density=density, below=below, log_without=np.array(without), log_with=np.asarray(whole)
            )
            p[name].append(float(made.posterior(prior)))
    y = np.array(seen, dtype=float)

    def worst(given: list[float]) -> float:
        q = np.array(given)
        bins = np.digitize(q, np.quantile(q, [0.2, 0.4, 0.6, 0.8]))
        return max(
            float(abs((y[bins == b] - q[bins == b]).sum()) / np.sqrt((q[bins == b] * (1 - q[bins == b])).sum()))
            for b in range(5)
        )

    assert len(y) > 1000
    assert worst(p["effect"]) < FAR
    assert worst(p["iid"]) > 2 * FAR


@pytest.mark.slow
@pytest.mark.skipif(not TRUTH.exists(), reason="shared/truth/truth.py is not here")
def test_every_generator_of_the_truth_file() -> None:
    from tests.cases.calibration_study import truth_worlds

    rng = np.random.default_rng(SEED)
    bad = {}
    for w in truth_worlds(TRUTH):
        for gallery, n, comparisons in ((1000, 4000, True), (10**5, 20_000, False), (10**7, 20_000, False)):
            found = off(w, gallery, n, rng, comparisons=comparisons)
            if max(map(abs, found.values())) >= FAR:
                bad[w.name, gallery] = found
    assert not bad


@pytest.mark.slow
@pytest.mark.skipif(not TRUTH.exists(), reason="shared/truth/truth.py is not here")
def test_relatives_of_the_truth_file_are_a_floor() -> None:
    """With the chance of an enrolled relative above the threshold given, the posterior holds; without it does not."""
    from misid.cases.scans import Person, alone, scans
    from tests.cases.calibration_study import truth_worlds

    [w] = truth_worlds(TRUTH, ["d-kin-multi"])
    rng = np.random.default_rng(SEED)
    gallery, n = 330_000_000, 200_000
    threshold = w.threshold(gallery, 0.001)
    who = rng.integers(0, len(w), n)
    people = {k: v[who] for k, v in w.people.items() if k in "ga"}
    relative = kin_scores(w.generator, rng, people, gallery)
    top = np.maximum(w.top(rng, who, gallery)[:, 0], relative)
    enrolled = rng.random(n) < PRIOR
    own = np.where(enrolled, w.mated_scores(rng, who), -np.inf)
    returned = np.maximum(top, own) >= threshold
    right = returned & (own > top)
    strangers = expected(w, gallery, threshold)
    missed, fpir = float(w.mated_below(threshold).mean()), float(strangers.unenrolled)
    outranked = np.asarray(1 - float(strangers.right) / (1 - missed))
    kin = float((relative >= threshold).mean())
    first = float(((relative > own) & (relative >= threshold) & (own >= threshold)).sum())
    first /= max(float(((relative >= threshold) & (own >= threshold)).sum()), 1.0)
    who_is = Person(
        **{**vars(alone()), "twin": np.asarray(kin), "twin_found": np.ones(()), "twin_first": np.asarray(first)}
    )
    rates: dict[str, Any] = {"missed": np.asarray(missed), "fpir": np.asarray(fpir), "outranked": outranked}
    told = float(scans([0], person=who_is, **rates).posterior(PRIOR))
    silent = float(scans([0], person=alone(), **rates).posterior(PRIOR))
    se = np.sqrt(told * (1 - told) / returned.sum())
    seen = right.sum() / returned.sum()
    assert abs(seen - told) < FAR * se
    assert silent - seen > FAR * se


@pytest.mark.slow
@pytest.mark.skipif(not TRUTH.exists(), reason="shared/truth/truth.py is not here")
def test_engine_that_normalises_its_scores() -> None:
    """Its scores move with the gallery; what is known at this gallery and threshold is enough for match or no match."""
    from tests.search.projection_study import truth_generators

    truth_generators(TRUTH)
    import sys

    engine = sys.modules["truth"].TopNorm()
    rng = np.random.default_rng(SEED)
    gallery, n = 10**6, 20_000
    threshold = 5.0
    raw, candidates = engine.searches(rng, n, gallery)
    ranked = raw[:, engine.r1 - 1 : engine.r2]
    own = (6.0 + 1.2 * rng.standard_normal(n) - ranked.mean(axis=1)) / ranked.std(axis=1)
    enrolled = rng.random(n) < PRIOR
    top = (raw[:, 0] - ranked.mean(axis=1)) / ranked.std(axis=1)
    returned = np.maximum(top, np.where(enrolled, own, -np.inf)) >= threshold
    right = returned & enrolled & (own > top)
    fpir = float(engine.fpir(gallery, threshold))
    missed = float((own < threshold).mean())
    outranked = float(((top > own) & (own >= threshold)).sum() / (own >= threshold).sum())
    found = match(missed=np.asarray(missed), fpir=np.asarray(fpir), outranked=np.asarray(outranked))
    p = float(found.posterior(PRIOR))
    assert candidates.shape[0] == n
    assert abs(right.sum() / returned.sum() - p) < FAR * np.sqrt(p * (1 - p) / returned.sum()) + 0.002
