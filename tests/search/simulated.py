"""Simulated tests of any size as the projection reads them: only the tail of the scores is ever drawn.

Of n people compared with each other, a tally keeps about a million comparisons in its tail. For scores that are
sums of a probe's effect, a reference's effect and noise, just these are drawn, exactly: every pair exceeds the start
of the tail with its own probability, so pairs are proposed at the highest rate of a bucket of references and thinned.
For embeddings all cosines are computed, a strip at a time, and those of the tail kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtri_exp

from misid.search.from_tally import TestCounts
from misid.tally.assemble import spectrum_start
from misid.tally.grid import grid_for
from misid.tally.levels import SPARSE_ROWS, TOP_FMR, ladder
from misid.tally.model import N_BLOCKS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DENSE = 1500
"""Up to so many people all scores are drawn."""

_BUCKETS = 24
_STRIP = 1 << 25


@dataclass(frozen=True, kw_only=True)
class Tail:
    """Non-mated comparisons from a score up; `comparisons` were made, from `lowest` to `highest`."""

    probe: Ints
    reference: Ints
    score: Floats
    group: Ints
    lowest: float
    highest: float

    @property
    def comparisons(self) -> int:
        return len(self.group) * (len(self.group) - 1)


def wanted(n: int) -> int:
    """Comparisons that a tally of n people may hold one by one, and a margin."""
    return int(1.15 * min(TOP_FMR * n * (n - 1), SPARSE_ROWS))


def draw_tail(generator: Any, n: int, rng: np.random.Generator) -> Tail:
    """The tail of one test: n people, each searched against all others."""
    people = generator.draw_subjects(rng, n)
    group = np.asarray(people["g"] if "g" in people else np.zeros(n), dtype=np.int64)
    if n <= DENSE:
        scores = np.asarray(generator.block(rng, people, people), dtype=np.float32)
        np.fill_diagonal(scores, np.nan)
        return tail_of(scores, group)
    some = {k: v[: DENSE // 2] if v is not None else None for k, v in people.items()}
    sample = np.asarray(generator.block(np.random.default_rng(n), some, some), dtype=float)
    np.fill_diagonal(sample, np.nan)
    low, high = float(np.nanmin(sample)), float(np.nanmax(sample))
    if "x" in people:
        start = float(np.nanquantile(sample, 1 - 1.2 * wanted(n) / (n * n)))
        probe, reference, score = _embedded(people["x"], people["y"], start)
    elif "a" in people:
        probe, reference, score = _added(generator, people, group, rng, wanted(n))
    else:
        probe, reference, score = _alike(generator, n, rng, wanted(n))
    own = probe == reference
    probe, reference, score = probe[~own], reference[~own], score[~own]
    return Tail(
        probe=probe, reference=reference, score=score, group=group, lowest=low, highest=max(high, float(score.max()))
    )


def tail_of(scores: npt.NDArray[np.float32], group: Ints) -> Tail:
    """The tail of a square of scores, its diagonal NaN."""
    seen = scores[np.isfinite(scores)]
    start = np.partition(seen, len(seen) - wanted(len(group)))[len(seen) - wanted(len(group))]
    with np.errstate(invalid="ignore"):
        probe, reference = np.nonzero(scores >= start)
    return Tail(
        probe=probe, reference=reference, score=scores[probe, reference].astype(float), group=group,
        lowest=float(seen.min()), highest=float(seen.max()),
    )  # fmt: skip


def _embedded(x: npt.NDArray[np.float32], y: npt.NDArray[np.float32], start: float) -> tuple[Ints, Ints, Floats]:
    strip = max(1, _STRIP // len(y))
    parts = []
    for first in range(0, len(x), strip):
        cosines = (x[first : first + strip] @ y.T).ravel()
        place = np.flatnonzero(cosines >= np.float32(start))
        parts.append((first + place // len(y), place % len(y), cosines[place].astype(float)))
    probe, reference, score = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return probe, reference, score


def _alike(generator: Any, n: int, rng: np.random.Generator, want: int) -> tuple[Ints, Ints, Floats]:
    """All comparisons alike: how many exceed is binomial, which ones is a random choice."""
    log_p = np.log(want / (n * n))
    count = int(rng.binomial(n * n, np.exp(log_p)))
    place = np.unique(rng.integers(0, n * n, int(1.01 * count) + 50))
    place = rng.permutation(place)[:count]
    log_u = log_p + np.log(rng.random(len(place)))
    score = -ndtri_exp(log_u) if generator.dist == "gauss" else np.log1p(-np.exp(log_u)) - log_u
    return place // n, place % n, score


def _added(
    generator: Any, people: dict[str, Any], group: Ints, rng: np.random.Generator, want: int
) -> tuple[Ints, Ints, Floats]:
    images = np.asarray(people.get("M", np.ones(len(group), dtype=np.int64)), dtype=np.int64)
    log_sf, inverse = _noise(generator, images)
    a, b, mu = people["a"], people["b"], generator.mu
    # The start of the tail, from a sample of pairs.
    i, j = rng.integers(0, len(a), (2, 200_000))
    place = mu[group[i], group[j]] + a[i] + b[j]
    lo, hi = float(place.min()), float(place.max()) + 40 * generator.sig
    for _ in range(50):
        start = 0.5 * (lo + hi)
        rate = float(np.exp(log_sf(images[j], start - place)).mean())
        lo, hi = (start, hi) if rate > want / len(a) ** 2 else (lo, start)
    parts = []
    for g in range(generator.G):
        for m in np.unique(images):
            mine = np.flatnonzero((group == g) & (images == m))
            mine = mine[np.argsort(b[mine])]
            for bucket in np.array_split(mine, min(_BUCKETS, len(mine))) if len(mine) else []:
                # A pair is proposed at least once with the highest probability of its bucket.
                top = log_sf(np.full(len(a), m), start - mu[group, g] - a - b[bucket[-1]])
                times = rng.poisson(len(bucket) * -np.log1p(-np.exp(np.minimum(top, -1e-12))))
                probe = np.repeat(np.arange(len(a)), times)
                pair = np.unique(probe * len(bucket) + rng.integers(0, len(bucket), len(probe)))
                probe, reference = pair // len(bucket), bucket[pair % len(bucket)]
                own = log_sf(np.full(len(probe), m), start - mu[group[probe], g] - a[probe] - b[reference])
                kept = np.log(rng.random(len(probe))) < own - top[probe]
                probe, reference, own = probe[kept], reference[kept], own[kept]
                e = inverse(m, own + np.log(rng.random(len(own))))
                parts.append((probe, reference, mu[group[probe], g] + a[probe] + b[reference] + e))
    probe, reference, score = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return probe, reference, score


def _noise(generator: Any, images: Ints) -> tuple[Any, Any]:
    """Log tail of the noise by number of images, and its inverse."""
    if not hasattr(generator, "pair"):
        return (
            lambda m, e: log_ndtr(-np.asarray(e) / generator.sig),
            lambda m, log_p: -generator.sig * ndtri_exp(log_p),
        )
    # The best of m images: a part shared by them, and the largest of m own ones.
    own = np.sqrt(generator.sig**2 - generator.pair**2)
    z = np.linspace(-9, 9, 721)
    log_w = -z * z / 2 - np.log(np.exp(-z * z / 2).sum())
    e = np.linspace(-8, 12, 4001)
    below = log_ndtr((e[:, None] - generator.pair * z) / own)
    most = int(images.max())
    table = np.empty((most + 1, len(e)))
    for m in range(1, most + 1):
        table[m] = np.log(np.maximum(-np.expm1(m * below), 1e-300) @ np.exp(log_w))

    def log_sf(m: Ints, at: Floats) -> Floats:
        place = np.clip((np.asarray(at) - e[0]) / (e[1] - e[0]), 0, len(e) - 1.001)
        low = place.astype(np.int64)
        return np.asarray(table[m, low] + (place - low) * (table[m, low + 1] - table[m, low]))

    return log_sf, lambda m, log_p: np.interp(-log_p, -table[m], e)


def counts(tail: Tail, rng: np.random.Generator, *, block: Ints | None = None) -> TestCounts:
    """What `counts_of` reads from the tally of such a test, made without targets."""
    n, group = len(tail.group), tail.group
    groups = int(group.max()) + 1
    grid = grid_for(tail.lowest, tail.highest)
    key = np.floor(tail.score * 2.0**grid.shift).astype(np.int64)
    # The histogram of all scores, what is below the tail in one bin.
    keys, number = np.unique(key[key > key.min()], return_counts=True)
    edges = np.append(keys[0] - 1, keys) * grid.step
    rungs = ladder(edges, np.append(tail.comparisons - number.sum(), number), grid.step)
    levels = rungs.levels[rungs.levels <= grid.highest]
    ordered = np.sort(tail.score)
    first = spectrum_start(len(ordered) - np.searchsorted(ordered, levels), n)
    levels = levels[first:]
    level = np.searchsorted(levels, tail.score, side="right") - 1
    kept = level >= 0
    block = rng.integers(0, N_BLOCKS, n) if block is None else block
    size = np.bincount(group, minlength=groups)
    probe, reference = tail.probe[kept], tail.reference[kept]
    place = ((probe * groups + group[reference]) * N_BLOCKS + block[reference]) * len(levels) + level[kept]
    place, count = np.unique(place, return_counts=True)
    share = np.zeros((N_BLOCKS, groups))
    np.add.at(share, (block, group), 1.0)
    return TestCounts(
        levels=levels,
        lowest=tail.lowest,
        highest=tail.highest,
        group=group,
        references=np.tile(size.astype(float), (groups, 1)) - np.eye(groups),
        search=place // (len(levels) * N_BLOCKS * groups),
        reference_group=place // (len(levels) * N_BLOCKS) % groups,
        block=place // len(levels) % N_BLOCKS,
        level=place % len(levels),
        count=count,
        block_share=share / np.maximum(share.sum(axis=0), 1),
        people=n,
    )
