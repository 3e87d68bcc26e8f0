"""How often the limits hold: simulated tests whose true rates are known, with the naive limits beside.

    python -m tests.rates.coverage_study --truth TRUTH.PY --resume    # about half an hour on one core
    python -m tests.rates.coverage_study --table                    # tables of docs/coverage.md from the results

`--truth` names a file with generators: classes with ``draw_subjects``, ``block``, ``fmr``, ``fpir``, ``fnmr`` and
``mated_scores``. Without it the two generators below are used, which need nothing else; the test suite runs a small
part of the study with them. One line of docs/data/coverage.jsonl is one cell. Runs that are there already are
not computed again with ``--resume``; seeds are derived from a run's name, so that order does not matter.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from misid.rates.intervals import (
    Interval,
    NonmatedDesign,
    NonmatedMoments,
    SearchDesign,
    SearchMoments,
    TrialDesign,
    TrialMoments,
    eer_interval,
    fmr_limits,
    fpir_limits,
    interval_at_target,
    trial_limits,
)
from misid.rates.intervals.limits import binomial_limits
from misid.rates.intervals.model import Side
from misid.rates.intervals.monotone import Step

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "data" / "coverage.jsonl"
PAGE = ROOT / "docs" / "coverage.md"
SEED = 20261123
TARGETS = (1e-2, 1e-3, 1e-4, 1e-5)
LADDER = tuple(10 ** -(1 + 0.25 * k) for k in range(21))
"""Rates at whose thresholds sums over people are kept: quarter decades from 0.1 to 1e-6."""
EXPECTED = (1, 2, 3, 3.2, 3.5, 4, 4.5, 5, 6, 8, 10, 14, 20)
"""Expected exceedances (true FMR times comparisons) at which bounds after no error at all are tried."""
COUNTED = 50
"""Errors up to which thresholds between two levels count too, as all edges of a tally do in `misid.rates.limits`."""
SIDES: tuple[Side, Side] = ("two", "upper")

Scores = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


class Normal:
    """Score = a_i + b_j + e_ij, all normal; a and b of one person correlated; a share of the probes is bad.

    Bad probes have higher and more scattered non-mated scores, and lower mated ones.
    """

    def __init__(self, name: str, bad: float, shift: float = 0.9) -> None:
        self.name, self.bad, self.shift = name, bad, shift
        self.sd_a, self.sd_b, self.sd_e, self.rho = 0.3, 0.3, 0.9, 0.7
        self.bad_sd, self.mated_shift = 0.6, -1.5
        self.mated = (5.0, 0.6, 1.0)

    def draw_subjects(self, rng: np.random.Generator, n: int) -> dict[str, Any]:
        z, own = rng.standard_normal((2, n))
        q = rng.random(n) < self.bad
        return {
            "q": q,
            "a": np.where(q, self.shift + self.bad_sd * z, self.sd_a * z),
            "b": self.sd_b * (self.rho * z + np.sqrt(1 - self.rho**2) * own),
        }

    def block(self, rng: np.random.Generator, P: dict[str, Any], R: dict[str, Any]) -> Scores:
        e = rng.standard_normal((len(P["a"]), len(R["b"])), dtype=np.float32) * np.float32(self.sd_e)
        return np.asarray(e + P["a"].astype(np.float32)[:, None] + R["b"].astype(np.float32)[None, :])

    def _over_probes(self, value: Callable[[Any], Any]) -> float:
        z = np.linspace(-7, 7, 281)
        w = np.exp(-z * z / 2) / np.exp(-z * z / 2).sum()
        good, bad = value(self.sd_a * z), value(self.shift + self.bad_sd * z)
        return float(w @ ((1 - self.bad) * good + self.bad * bad))

    def fmr(self, t: float) -> float:
        return self._over_probes(lambda a: ndtr((a - t) / np.hypot(self.sd_b, self.sd_e)))

    def fpir(self, N: int, t: float) -> float:
        return self._over_probes(lambda a: -np.expm1(N * np.log1p(-ndtr((a - t) / np.hypot(self.sd_b, self.sd_e)))))

    def fnmr(self, t: float) -> float:
        mean, between, within = self.mated
        sd = np.hypot(between, within)
        return float((1 - self.bad) * ndtr((t - mean) / sd) + self.bad * ndtr((t - mean - self.mated_shift) / sd))

    def mated_scores(self, rng: np.random.Generator, P: dict[str, Any], k: int = 1) -> npt.NDArray[np.float64]:
        mean, between, within = self.mated
        n = len(P["a"])
        person = mean + self.mated_shift * P["q"][:, None] + between * rng.standard_normal((n, 1))
        return np.asarray(person + within * rng.standard_normal((n, k)))


def own_generators() -> dict[str, Any]:
    return {"normal": Normal("normal", 0.0), "mixture": Normal("mixture", 0.15), "rare": RARE}


RARE = Normal("rare", 0.02, shift=1.5)
"""Two in a hundred probes make nearly all errors: beyond what 100 people can show."""


def reference_generators(path: Path) -> dict[str, Any]:
    """Those of a truth file, with mated scores near enough to the non-mated ones to make errors."""
    spec = importlib.util.spec_from_file_location("truth", path)
    assert spec is not None
    assert spec.loader is not None
    truth = importlib.util.module_from_spec(spec)
    sys.modules["truth"] = truth
    spec.loader.exec_module(truth)
    quality = truth.quality_gen()
    quality.mated = (5.0, 1.0)
    return {
        "independent": truth.IID("gauss"),
        "additive": truth.Additive(mated=(5.0, 1.0)),
        "embedding": truth.Embedding(),
        "quality": quality,
        "rare": RARE,
    }


def threshold(rate: Callable[[float], float], target: float, lo: float, hi: float) -> float:
    for _ in range(60):
        mid = (lo + hi) / 2
        lo, hi = (mid, hi) if rate(mid) > target else (lo, mid)
    return (lo + hi) / 2


def fmr_threshold(generator: Any, target: float) -> float:
    # Cosines: their exact FMR is slow outside this range and not needed there.
    lo, hi = (0.2, 0.62) if type(generator).__name__ == "Embedding" else (-5.0, 20.0)
    return threshold(generator.fmr, target, lo, hi)


@numba.njit(cache=True)
def _sums(scores: Scores, levels: npt.NDArray[np.float64], same: bool, probes_each: int) -> Any:
    """R, C, D by person and level; squares over pairs of people of exceedances and of lone hits."""
    n_probes, m = scores.shape
    n, k = n_probes // probes_each, levels.size
    R, C, A, D = (np.zeros((n, k), np.int64), np.zeros((m, k), np.int64),
                  np.zeros((n, k), np.int64), np.zeros((m, k), np.int64))  # fmt: skip
    pairs, lone = np.zeros(k, np.int64), np.zeros(k, np.int64)
    first, second, who = (np.full(n_probes, -1, np.int64), np.full(n_probes, -1, np.int64),
                          np.full(n_probes, -1, np.int64))  # fmt: skip
    here = np.zeros(k, np.int64)
    for i in range(n):
        for j in range(m):
            if same and i == j:
                continue
            touched = False
            for p in range(i * probes_each, (i + 1) * probes_each):
                s = scores[p, j]
                if s >= levels[0]:
                    a = np.searchsorted(levels, s, side="right") - 1
                    if not touched:
                        here[:] = 0
                        touched = True
                    here[a] += 1
                    R[i, a] += 1
                    C[j, a] += 1
                    if a > first[p] or (a == first[p] and s > scores[p, who[p]]):
                        first[p], second[p], who[p] = a, first[p], j
                    elif a > second[p]:
                        second[p] = a
            if touched and same and scores[j, i] >= levels[0]:
                if j < i:
                    continue  # the pair was counted from its other side
                here[np.searchsorted(levels, scores[j, i], side="right") - 1] += 1
            if touched:
                total = 0
                for a in range(k - 1, -1, -1):
                    total += here[a]
                    pairs[a] += total * total
    for a in range(k - 2, -1, -1):
        R[:, a] += R[:, a + 1]
        C[:, a] += C[:, a + 1]
    for p in range(n_probes):
        i, j = p // probes_each, who[p]
        for a in range(first[p] + 1):
            A[i, a] += 1
            if a > second[p]:
                D[j, a] += 1
                lone[a] += 1
                for o in range(i * probes_each, (i + 1) * probes_each):
                    if o != p and who[o] == j and second[o] < a <= first[o]:
                        lone[a] += 1
                if same and who[j] == i and second[j] < a <= first[j]:
                    lone[a] += 1
    return R, C, A, D, pairs, lone


def _design(scores: Scores, *, same: bool, probes_each: int) -> NonmatedDesign:
    n_probes, m = scores.shape
    n = n_probes // probes_each
    people = {"probe_people": n, "reference_people": m, "people": n if same else n + m}
    if np.isfinite(scores).all():
        k = probes_each
        made = n * (n - 1) if same else n_probes * m
        return NonmatedDesign(
            comparisons=made, **people, sum_r2=made * (n - 1) if same else made * m * k,
            sum_c2=made * (n - 1) if same else made * n_probes, sum_rc=made * (n - 1) if same else 0,
            sum_p2=2 * made if same else made * k,
        )  # fmt: skip
    if same:
        raise NotImplementedError("gaps are simulated between two sets of people only")
    between = np.isfinite(scores).reshape(n, probes_each, m).sum(1).astype(np.int64)
    r, c = between.sum(1), between.sum(0)
    return NonmatedDesign(
        comparisons=int(r.sum()), **people, sum_r2=int(r @ r), sum_c2=int(c @ c), sum_rc=0,
        sum_p2=int((between**2).sum()),
    )  # fmt: skip


def nonmated(
    scores: Scores, levels: npt.NDArray[np.float64], *, same: bool, probes_each: int = 1
) -> tuple[NonmatedDesign, NonmatedMoments, SearchDesign, SearchMoments]:
    """What a tally of this score matrix holds; comparisons that were not made are -inf."""
    n_probes, m = scores.shape
    n = n_probes // probes_each
    R, C, A, D, pairs, lone = _sums(scores, np.asarray(levels, np.float64), same, probes_each)
    design = _design(scores, same=same, probes_each=probes_each)
    zero = np.zeros(len(levels))
    moments = NonmatedMoments(
        exceed=R.sum(0), sum_r2=(R * R).sum(0), sum_c2=(C * C).sum(0),
        sum_rc=(R * C).sum(0) if same else zero, sum_p2=pairs,
    )  # fmt: skip
    searches = SearchMoments(
        hits=A.sum(0), exceed=R.sum(0), sum_a2=(A * A).sum(0), sum_ak=probes_each * A.sum(0), sum_d2=(D * D).sum(0),
        sum_d=D.sum(0), sum_ad=(A * D).sum(0) if same else zero, sum_kd=D.sum(0) if same else zero, sum_q2=lone,
    )  # fmt: skip
    return design, moments, SearchDesign(searches=n_probes, people=n, sum_k2=n * probes_each**2, references=m), searches


def _only(moments: Any, kept: npt.NDArray[np.bool_]) -> Any:
    """The moments at some of their levels."""
    return replace(moments, **{k: v[kept] for k, v in vars(moments).items() if v is not None})


def mated(scores: npt.NDArray[np.float64], levels: npt.NDArray[np.float64]) -> tuple[TrialDesign, TrialMoments]:
    """The same for mated scores, (people, trials of each)."""
    n, k = scores.shape
    e = np.stack([(scores < t).sum(1) for t in levels], 1)
    return (
        TrialDesign(trials=n * k, people=n, sum_k2=n * k * k),
        TrialMoments(errors=e.sum(0), sum_e2=(e * e).sum(0), sum_ek=k * e.sum(0)),
    )


def steps(errors: npt.NDArray[Any]) -> list[Step]:
    """The levels and, between them, every number of errors up to `COUNTED`: scores are continuous, so all occur."""
    e = [int(x) for x in errors]
    found = list(enumerate(e))
    for k, (a, b) in enumerate(zip(e, [*e[1:], 0 if e[0] >= e[-1] else e[-1]], strict=True)):
        found += [(k, count) for count in range(min(a, b), min(max(a, b), COUNTED + 1))]
    return found


@dataclass(frozen=True, kw_only=True)
class Run:
    """One simulation; every replicate feeds several cells."""

    study: str
    generator: str
    layout: str
    people: int
    replicates: int
    each: int = 1
    """Mated comparisons a person (FNMR), or people on the reference side where that is another number."""

    @property
    def key(self) -> str:
        return f"{self.study}/{self.generator}/{self.layout}/{self.people}/{self.each}"

    def rng(self) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence([SEED, zlib.crc32(self.key.encode())]))


class Cell:
    """Counts of what held, for one true rate."""

    def __init__(self, truth: float, at: float | None = None) -> None:
        self.truth, self.at, self.rows = truth, at, list[tuple[float, ...]]()

    def add(self, ours: Interval, upper: Interval, naive: tuple[float, float], naive_upper: float) -> None:
        assert ours.lo is not None
        assert ours.hi is not None
        assert upper.hi is not None
        t, zero = self.truth, ours.errors == 0
        width = (ours.hi - ours.lo) / max(naive[1] - naive[0], 1e-300)
        self.rows.append((
            ours.lo <= t <= ours.hi, t < ours.lo, t > ours.hi, naive[0] <= t <= naive[1], t > upper.hi,
            zero and t > upper.hi, zero and t > naive_upper, width, float(ours.errors or 0), ours.status == "bound",
        ))  # fmt: skip

    def add_zero(self, upper: Interval | None, naive_upper: float) -> None:
        """Only whether a bound after no error at all failed; None where there were errors."""
        nan = float("nan")
        failed = upper is not None and upper.hi is not None and self.truth > upper.hi
        naive = upper is not None and self.truth > naive_upper
        width = nan if upper is None or upper.hi is None else upper.hi / naive_upper
        self.rows.append((nan, nan, nan, nan, nan, failed, naive, width, nan, upper is not None))

    def record(self, run: Run, measure: str) -> dict[str, Any]:
        a = np.array(self.rows, dtype=float)
        share = [None if np.isnan(x) else round(float(x), 5) for x in a[:, :7].mean(0)]
        width = a[np.isfinite(a[:, 7]), 7]
        return {
            "run": run.key, "study": run.study, "generator": run.generator, "layout": run.layout, "people": run.people,
            "each": run.each, "measure": measure, "at": self.at, "truth": float(f"{self.truth:.6g}"),
            "replicates": len(a), "covered": share[0], "truth_below": share[1], "truth_above": share[2],
            "naive_covered": share[3], "upper_failed": share[4], "zero_failed": share[5],
            "zero_failed_naive": share[6], "width_to_naive": round(float(np.median(width)), 3) if len(width) else None,
            "errors": None if np.isnan(a[:, 8]).any() else float(np.median(a[:, 8])),
            "bound_only": round(float(a[:, 9].mean()), 4),
        }  # fmt: skip


def _draw(run: Run, generator: Any, rng: np.random.Generator) -> tuple[Scores, dict[str, Any], bool, int]:
    """A score matrix in the layout of the run."""
    probes = generator.draw_subjects(rng, run.people)
    if run.layout == "same":
        return generator.block(rng, probes, probes), probes, True, 1
    references = generator.draw_subjects(rng, run.each if run.study == "few" else run.people)
    if run.layout == "two probes":
        twice = {k: np.repeat(v, 2, axis=0) for k, v in probes.items()}
        return generator.block(rng, twice, references), probes, False, 2
    scores = generator.block(rng, probes, references)
    if run.layout == "ragged":
        u, v = rng.uniform(0.1, 1, len(scores)), rng.uniform(0.1, 1, scores.shape[1])
        scores = np.where(rng.random(scores.shape) < np.outer(u, v), scores, np.float32(-np.inf))
    return scores, probes, False, 1


def run_nonmated(run: Run, generator: Any) -> list[dict[str, Any]]:
    """FMR and FPIR at four true FMRs (study "rates", "few"), or where few exceedances are expected ("zero")."""
    same = run.layout == "same"
    n = run.people
    references = n - 1 if same else (run.each if run.study == "few" else n)
    searches = n * (2 if run.layout == "two probes" else 1)
    points = TARGETS if run.study != "zero" else tuple(x / (searches * references) for x in EXPECTED)
    at = [fmr_threshold(generator, q) for q in points]
    ladder = [fmr_threshold(generator, q) for q in LADDER]
    levels = np.unique(np.array([*at, *ladder]))
    places = np.searchsorted(levels, at)
    fmr = {int(i): Cell(generator.fmr(t), q) for i, t, q in zip(places, at, points, strict=True)}
    fpir = {int(i): Cell(generator.fpir(references, t), q) for i, t, q in zip(places, at, points, strict=True)}
    rng = run.rng()
    for _ in range(run.replicates):
        scores, _, same, each = _draw(run, generator, rng)
        if run.study == "rungs":
            # Levels that the test itself sets, evenly in score from a common one to its tenth largest.
            tail = np.sort(scores[~np.eye(n, dtype=bool)] if same else scores.ravel())
            own = np.linspace(tail[-round(tail.size * 10**-1.25)], tail[-10], 48)
            levels = np.unique(np.array([*at, *own]))
            moved = np.searchsorted(levels, at)
            fmr = {int(i): c for i, c in zip(moved, fmr.values(), strict=True)}
            fpir = {int(i): c for i, c in zip(moved, fpir.values(), strict=True)}
        design, moments, search_design, search_moments = nonmated(scores, levels, same=same, probes_each=each)
        trials, exceed, hits = design.comparisons, moments.exceed, search_moments.hits
        where = {i: i for i in fmr}
        if run.study == "rungs":
            # The thresholds themselves are not levels: only their errors are known.
            kept = np.isin(levels, own)
            moments, search_moments = _only(moments, kept), _only(search_moments, kept)
            where = {i: max(0, int(np.searchsorted(levels[kept], levels[i], side="right")) - 1) for i in fmr}
        by_pair = fmr_limits(design, moments, steps=steps(moments.exceed))
        by_search = fpir_limits(search_design, search_moments, (design, moments), steps=steps(search_moments.hits))
        for i, cell in fmr.items():
            t = int(exceed[i])
            if run.study == "zero":
                bound = by_pair.interval(i, 0, "upper") if t == 0 else None
                cell.add_zero(bound, binomial_limits(0, trials, 0.05)[1])
                continue
            two, one = (by_pair.interval(where[i], t, side) for side in SIDES)
            cell.add(two, one, binomial_limits(t, trials, 0.025), binomial_limits(t, trials, 0.05)[1])
        if run.layout == "ragged":
            continue
        for i, cell in fpir.items():
            x = int(hits[i])
            if run.study == "zero":
                bound = by_search.interval(i, 0, "upper") if x == 0 else None
                cell.add_zero(bound, binomial_limits(0, searches, 0.05)[1])
                continue
            two, one = (by_search.interval(where[i], x, side) for side in SIDES)
            cell.add(two, one, binomial_limits(x, searches, 0.025), binomial_limits(x, searches, 0.05)[1])
    lines = [c.record(run, "FMR") for c in fmr.values()]
    return lines + ([] if run.layout == "ragged" else [c.record(run, "FPIR") for c in fpir.values()])


def run_mated(run: Run, generator: Any) -> list[dict[str, Any]]:
    """FNMR of 0.1 to 0.001, `each` comparisons a person."""
    rates = [10 ** -(0.5 + 0.25 * k) for k in range(11)]
    levels = np.array(sorted(threshold(lambda t: -generator.fnmr(t), -q, -10, 15) for q in rates))
    cells = {i: Cell(generator.fnmr(levels[i]), generator.fnmr(levels[i])) for i in (8, 4, 0)}
    rng = run.rng()
    for _ in range(run.replicates):
        people = generator.draw_subjects(rng, run.people)
        design, moments = mated(generator.mated_scores(rng, people, run.each), levels)
        for i, cell in cells.items():
            e = int(moments.errors[i])
            limits = trial_limits(design, moments, steps=steps(moments.errors))
            cell.add(limits.interval(i, e, "two"), limits.interval(i, e, "upper"),
                     binomial_limits(e, design.trials, 0.025), binomial_limits(e, design.trials, 0.05)[1])  # fmt: skip
    return [c.record(run, "FNMR") for c in cells.values()]


def run_chosen(run: Run, generator: Any) -> list[dict[str, Any]]:
    """EER, and FNMR at the threshold of a target FMR; naive: the limits at the chosen threshold as if given."""
    levels = np.linspace(1.0, 8.0, 113)
    at = {q: fmr_threshold(generator, q) for q in (1e-2, 1e-3, 1e-4)}
    cells = {q: Cell(generator.fnmr(t), q) for q, t in at.items()}
    crossing = threshold(lambda t: generator.fmr(t) - generator.fnmr(t), 0.0, -5, 20)
    eer = Cell(generator.fmr(crossing))
    rng = run.rng()
    for _ in range(run.replicates):
        scores, probes, same, _ = _draw(run, generator, rng)
        design, moments, _, _ = nonmated(scores, levels, same=same)
        mated_design, mated_moments = mated(generator.mated_scores(rng, probes, run.each), levels)
        falling, rising = (
            fmr_limits(design, moments, steps=steps(moments.exceed)),
            trial_limits(mated_design, mated_moments, steps=steps(mated_moments.errors)),
        )
        f = [falling.interval(i, int(moments.exceed[i]), "two") for i in range(len(levels))]
        g = [rising.interval(i, int(mated_moments.errors[i]), "two") for i in range(len(levels))]
        e = eer_interval(f, g)
        near = g[int(np.argmin([abs((x.estimate or 0) - (y.estimate or 0)) for x, y in zip(f, g, strict=True)]))]
        eer.add(e, e, (near.lo or 0.0, near.hi or 1.0), 1.0)
        for q, cell in cells.items():
            chosen = next(i for i, x in enumerate(f) if (x.estimate or 0.0) <= q)
            own = g[chosen]
            cell.add(interval_at_target(chosen, q, f, g), interval_at_target(chosen, q, f, g, side="upper"),
                     (own.lo or 0.0, own.hi or 1.0), own.hi or 1.0)  # fmt: skip
    return [eer.record(run, "EER")] + [c.record(run, "FNMR at FMR") for c in cells.values()]


RUNNERS = {
    "rates": run_nonmated,
    "stress": run_nonmated,
    "rungs": run_nonmated,
    "zero": run_nonmated,
    "few": run_nonmated,
    "fnmr": run_mated,
    "chosen": run_chosen,
}


def all_runs(names: Iterable[str]) -> list[Run]:
    names = [x for x in names if x != "rare"]
    shares = [x for x in names if x != "independent"]
    trials = [x for x in names if x in ("additive", "quality", "normal", "mixture")]
    sizes = {100: 1000, 500: 1000, 2000: 600}
    two = ("same", "bip")

    def run(study: str, generator: str, layout: str, people: int, replicates: int, each: int = 1) -> Run:
        return Run(study=study, generator=generator, layout=layout, people=people, replicates=replicates, each=each)

    runs = [run("rates", g, lay, n, r) for n, r in sizes.items() for g in names for lay in two]
    runs += [run("fnmr", g, "mated", n, r, k) for n, r in sizes.items() for g in trials for k in (1, 2, 5)]
    runs += [run("zero", g, lay, n, 3000 if n == 100 else 1500) for n in (100, 500) for g in names for lay in two]
    runs += [run("rates", g, lay, n, sizes[n]) for n in (100, 500) for g in trials for lay in ("two probes", "ragged")]
    runs += [run("rungs", g, lay, n, sizes[n]) for n in (100, 500) for g in trials for lay in two]
    runs += [run("stress", "rare", lay, n, 600) for n in (100, 500) for lay in two]
    runs += [run("few", g, "bip", n, 1000, 500) for n in (5, 10, 19, 30, 50, 75) for g in shares]
    runs += [run("chosen", g, lay, n, r, k) for n, r in {100: 400, 500: 400, 2000: 200}.items() for g in trials
             for lay in two for k in (1, 4)]  # fmt: skip
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--truth", type=Path, help="file with the generators")
    parser.add_argument("--resume", action="store_true", help="keep the runs that are in the results")
    parser.add_argument("--only", default="", help="runs whose name contains this")
    parser.add_argument("--table", action="store_true", help="write the tables of the page and stop")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    if options.table:
        from tests.rates.coverage_tables import write_tables

        write_tables(options.results, PAGE)
        return
    generators = reference_generators(options.truth) if options.truth else own_generators()
    options.results.parent.mkdir(parents=True, exist_ok=True)
    done = set()
    if options.resume and options.results.exists():
        done = {json.loads(line)["run"] for line in options.results.read_text().splitlines()}
    with options.results.open("a" if options.resume else "w") as file:
        for run in all_runs(generators):
            if run.key in done or options.only not in run.key:
                continue
            began = time.monotonic()
            lines = RUNNERS[run.study](run, generators[run.generator])
            file.writelines(json.dumps(line) + "\n" for line in lines)
            file.flush()
            worst = min((line["covered"] for line in lines if line["covered"] is not None), default=float("nan"))
            print(f"{run.key}: worst coverage {worst:.3f}, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
