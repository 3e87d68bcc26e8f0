"""Simulated searches of galleries of any size, by people of generators whose truth is known.

A generator (a truth file's, or `Normal` below) gives people, comparison scores and the exact chance that a stranger's
score reaches a threshold, given the person. From the last a search of N is drawn without N comparisons: the expected
number of strangers at or above the k-th best is a sum of k exponentials.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr, ndtri

from misid.cases.likelihoods import Likelihoods

Floats = npt.NDArray[np.float64]


class Normal:
    """s = a_i + e: strangers' scores with a person effect; mated scores about 6. Needs no truth file."""

    name = "person effect, normal"
    G, w = 1, np.ones(1)

    def __init__(self, spread: float = 0.4) -> None:
        self.spread = spread

    def draw_subjects(self, rng: np.random.Generator, n: int) -> dict[str, Any]:
        return {"g": np.zeros(n, dtype=int), "a": self.spread * rng.standard_normal(n)}

    def block(self, rng: np.random.Generator, probes: dict[str, Any], references: dict[str, Any]) -> Floats:
        strangers: Floats = rng.standard_normal((len(probes["g"]), len(references["g"]))) + probes["a"][:, None]
        return strangers

    def cond_logp(self, g: Floats, a: Floats, t: float) -> Floats:
        return log_ndtr(a - t)[:, None]


@dataclass
class World:
    """A generator with people, each with the log of the expected strangers at or above every score, for one reference.

    Attributes
    ----------
    scores : (S,) float
        Ascending.
    log_rate : (n, S) float
    mated : (n,) float
        Mean mated score of each.
    spread : float
        Its standard deviation; 0 where `mated` is the one score that there is.
    """

    generator: Any
    people: dict[str, Any] = field(repr=False)
    scores: Floats
    log_rate: Floats = field(repr=False)
    mated: Floats = field(repr=False)
    spread: float = 0.0

    @property
    def name(self) -> str:
        return str(self.generator.name)

    def __len__(self) -> int:
        return len(self.mated)

    def expected(self, gallery: float, score: float, *, kin: bool = False) -> Floats:
        """(n,) strangers at or above a score; with `kin`, minus the log of P(no stranger and no relative is)."""
        k = int(np.clip(np.searchsorted(self.scores, score), 1, len(self.scores) - 1))
        share = (score - self.scores[k - 1]) / (self.scores[k] - self.scores[k - 1])
        strangers = gallery * np.exp((1 - share) * self.log_rate[:, k - 1] + share * self.log_rate[:, k])
        if kin and hasattr(self.generator, "kin_factor"):
            strangers = strangers - np.log(
                self.generator.kin_factor(gallery, self.people["g"], self.people["a"], score)
            )
        return np.asarray(strangers)

    def fpir(self, gallery: float, score: float) -> float:
        return float(-np.expm1(-self.expected(gallery, score)).mean())

    def mated_scores(self, rng: np.random.Generator, who: npt.NDArray[np.int64]) -> Floats:
        """A mated score of each of some people."""
        return np.asarray(self.mated[who] + self.spread * rng.standard_normal(len(who)))

    def mated_density(self, score: float) -> Floats:
        """(n,) density at a score; by a kernel over all people where each has one score."""
        width = self.spread or _silverman(self.mated)
        z = (score - self.mated) / width
        density = np.exp(-z * z / 2) / (width * np.sqrt(2 * np.pi))
        return density if self.spread else np.full(len(self), density.mean())

    def mated_below(self, score: float) -> Floats:
        """(n,) P(the mated score is below a score)."""
        if self.spread:
            return np.asarray(ndtr((score - self.mated) / self.spread))
        return np.full(len(self), (self.mated < score).mean())

    def threshold(self, gallery: float, fpir: float) -> float:
        lo, hi = float(self.scores[0]), float(self.scores[-1])
        for _ in range(60):
            middle = (lo + hi) / 2
            lo, hi = (middle, hi) if self.fpir(gallery, middle) > fpir else (lo, middle)
        return (lo + hi) / 2

    def top(self, rng: np.random.Generator, who: npt.NDArray[np.int64], gallery: float, k: int = 1) -> Floats:
        """(len(who), k) scores of the best k strangers, descending: exact for one, a Poisson process for more."""
        total = np.cumsum(rng.standard_exponential((len(who), k)), axis=1)
        out = np.empty((len(who), k))
        for row, person in enumerate(who):
            out[row] = np.interp(np.log(total[row] / gallery), self.log_rate[person][::-1], self.scores[::-1])
        return out


def _silverman(x: Floats) -> float:
    quarter, three = np.quantile(x, [0.25, 0.75])
    return float(0.9 * min(x.std(), (three - quarter) / 1.349) * len(x) ** -0.2)


def world(generator: Any, rng: np.random.Generator, n: int = 3000) -> World:
    """People of a generator with their exact tails on a grid of scores."""
    if hasattr(generator, "truth_probes"):
        people = generator.truth_probes()
        scores = np.arange(0.28, 0.965, 0.01)
        at = [generator.logp_at(float(s)) for s in scores]
    else:
        people = generator.draw_subjects(rng, n)
        low, high, step = (2.0, 36.0, 0.05) if getattr(generator, "dist", "") == "logit" else (1.5, 11.0, 0.05)
        scores = np.arange(low, high, step)
        if hasattr(generator, "logsf"):
            at = [np.broadcast_to(np.asarray(generator.logsf(float(s))), (n, 1)) for s in scores]
        else:
            at = [generator.cond_logp(people["g"], people["a"], float(s)) for s in scores]
    w = np.asarray(generator.w)
    rates = [np.log(np.maximum(-np.log1p(-np.exp(np.minimum(p, -1e-12))) @ w, 1e-300)) for p in at]
    # A tail that cancelled to nothing stays below its neighbours.
    log_rate = np.minimum.accumulate(np.stack(rates, axis=1), axis=1) - 1e-9 * np.arange(len(scores))
    mated, spread = mates(generator, rng, people)
    return World(generator=generator, people=people, scores=scores, log_rate=log_rate, mated=mated, spread=spread)


def mates(generator: Any, rng: np.random.Generator, people: dict[str, Any]) -> tuple[Floats, float]:
    """Mean and standard deviation of each person's mated score; 0 where the mean is the score itself."""
    n = len(people["g"])
    if "x" in people:
        # An old enrolment photograph: with the sample as it is the two kinds of scores would never meet.
        noise = rng.standard_normal(people["y"].shape) * np.sqrt(generator.var)
        old = people["y"] + noise
        old /= np.linalg.norm(old, axis=1)[:, None]
        return np.asarray((people["x"] * old).sum(axis=1), dtype=np.float64), 0.0
    if hasattr(generator, "quality"):
        middle, spread = generator.mated
        shift = np.array([q[3] for q in generator.quality])[people["q"]]
        return middle + shift, float(np.hypot(spread, generator.tau_m))
    if getattr(generator, "dist", "") == "logit":
        return np.full(n, 20.0), 3.0
    return np.full(n, 6.0), 1.2


def kin_scores(generator: Any, rng: np.random.Generator, people: dict[str, Any], gallery: float) -> Floats:
    """(n,) best score of an enrolled relative or twin of each person; -inf where there is none."""
    n = len(people["g"])
    if not hasattr(generator, "kin_factor"):
        return np.full(n, -np.inf)
    chance = min(1.0, gallery / generator.pop)
    middle = generator.mu[people["g"], people["g"]] + people["a"]
    number = rng.poisson(generator.kappa * chance, n)
    best = np.full(n, -np.inf)
    some = number > 0
    # The best of k normals by inversion.
    u = rng.random(int(some.sum())) ** (1 / number[some])
    best[some] = generator.kin[0] + generator.kin[1] * ndtri(u)
    twin = rng.random(n) < generator.twin * chance
    best[twin] = np.maximum(best[twin], generator.tw[0] + generator.tw[1] * rng.standard_normal(int(twin.sum())))
    return np.asarray(middle + best)


def expected(w: World, gallery: float, threshold: float) -> Likelihoods:
    """T, W and F by integrals over the mated score, for the people of a world."""
    f = -np.expm1(-w.expected(gallery, threshold))
    if not w.spread:
        lam = np.array([w.expected(gallery, max(float(s), threshold)) for s in w.mated])
        found = w.mated[:, None] >= threshold
        quiet = np.exp(-lam)
        right = np.where(found, quiet, 0.0).mean()
        some = np.where(w.mated >= threshold, 1.0, f.mean()).mean()
        return _of(right, some - right, f.mean())
    s = np.linspace(threshold, float(w.mated.max() + 8 * w.spread), 1500)
    step = s[1] - s[0]
    inside = np.stack([w.mated_density(float(x)) * np.exp(-w.expected(gallery, float(x))) for x in s], axis=1)
    right = (inside.sum(axis=1) - (inside[:, 0] + inside[:, -1]) / 2) * step
    some = 1 - (1 - f) * w.mated_below(threshold)
    return _of(right.mean(), (some - right).mean(), f.mean())


def _of(right: float, wrong: float, unenrolled: float) -> Likelihoods:
    return Likelihoods(
        right=np.asarray(right), wrong=np.asarray(wrong), unenrolled=np.asarray(unenrolled), other=np.zeros(())
    )
