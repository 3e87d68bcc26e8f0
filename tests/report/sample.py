"""A made-up test of a matcher, with groups, as the report gets it: for tests of the page, not of the numbers.

Limits are plain Wilson limits; the arithmetic of rates has tests of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from misid.ground.errors import Problem
from misid.ground.rate import ALL, ComparisonRate, Rate, SampleRate, SearchRate
from misid.rates.model import Calibration, CalibrationBin, CurvePoint, Differential, HistogramBin, Rates
from misid.report import Report
from misid.search.fan import NAMED, CheckLine, DepthPoint, Fan, FanPoint, FitPoint, TenthPoint, fan_galleries
from misid.search.model import Answer
from misid.tally.model import TABLES, Label, Origin, Tally

THRESHOLDS = (52.0, 58.0, 64.0)
SEXES = ("F", "M")
REGIONS = ("East", "North", "South", "(missing)")
METHOD = "Wilson (sample data)"
Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class SampleCheck:
    problems: tuple[Problem, ...]


def limits(errors: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % limits."""
    z2 = 1.96**2
    p = errors / trials
    middle = (p + z2 / 2 / trials) / (1 + z2 / trials)
    half = (z2 * (p * (1 - p) / trials + z2 / 4 / trials**2)) ** 0.5 / (1 + z2 / trials)
    return (0.0 if errors == 0 else max(0.0, middle - half)), min(1.0, middle + half)


@dataclass(frozen=True)
class MadeTest:
    """Scores of n people, each with one probe and one reference; people after `enrolled` are strangers."""

    scores: Scores
    sex: npt.NDArray[np.int64]
    region: npt.NDArray[np.int64]

    @classmethod
    def make(cls, n: int = 360) -> MadeTest:
        rng = np.random.default_rng(np.random.SeedSequence([7, 2]))
        sex = rng.integers(0, 2, n)
        region = rng.choice(4, n, p=[0.38, 0.35, 0.24, 0.03])
        effect = rng.normal(0, 2.0, n)
        scores = 30 + effect[:, None] + effect[None, :] + rng.normal(0, 6, (n, n))
        scores += 2.5 * ((region[:, None] == region[None, :]) & (region[:, None] == 0))
        scores += 1.5 * (sex[:, None] == sex[None, :])
        np.fill_diagonal(scores, 72 + 3 * effect + rng.normal(0, 7, n) - 2.5 * (sex == 0))
        return cls(np.round(scores, 2), sex, region)

    def members(self, label: Label) -> Mask:
        if not label.attribute:
            return np.ones(len(self.sex), dtype=bool)
        wanted = np.zeros(len(self.sex), dtype=bool)
        for member in label.members:
            wanted |= (self.sex == member // len(REGIONS)) & (self.region == member % len(REGIONS))
        return wanted


def labels() -> tuple[Label, ...]:
    joint = list(itertools.product(range(len(SEXES)), range(len(REGIONS))))
    made = [Label(name=ALL, attribute="", members=tuple(range(len(joint))))]
    for s, sex in enumerate(SEXES):
        made.append(
            Label(name=f"sex={sex}", attribute="sex", members=tuple(i for i, j in enumerate(joint) if j[0] == s))
        )
    for r, region in enumerate(REGIONS):
        members = tuple(i for i, j in enumerate(joint) if j[1] == r)
        made.append(Label(name=f"region={region}", attribute="region", members=members))
    return tuple(made)


def _rate(kind: type[Rate], measure: str, errors: int, trials: int, people: int, **fields: object) -> Rate:
    if trials == 0:
        return kind(measure=measure, errors=0, trials=0, people=people, status="undefined", method=METHOD, **fields)  # type: ignore[arg-type]
    lo, hi = limits(errors, trials)
    few = people < 20
    return kind(
        measure=measure, estimate=None if few else errors / trials, lo=lo, hi=hi, errors=errors, trials=trials,
        people=people, method=METHOD, status="bound" if few or errors == 0 else "ok", effective_people=float(people),
        warnings=(f"{people} people are too few to see their spread: only the limits mean something",) if few else (),
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


class Counter:
    """Counts of one made-up test at a threshold."""

    def __init__(self, made: MadeTest) -> None:
        self.scores = made.scores
        self.n = len(made.sex)
        self.off = ~np.eye(self.n, dtype=bool)
        self.mates = np.diag(made.scores)
        self.strangers = np.where(self.off, made.scores, -np.inf)
        self.best = self.strangers.max(axis=1)
        self.rank = 1 + (self.strangers >= self.mates[:, None]).sum(axis=1)

    def fmr(self, t: float, p: Mask, r: Mask) -> tuple[int, int]:
        pairs = self.off & p[:, None] & r[None, :]
        return int((self.scores[pairs] >= t).sum()), int(pairs.sum())

    def fnmr(self, t: float, p: Mask) -> tuple[int, int]:
        return int((self.mates[p] < t).sum()), int(p.sum())

    def fpir(self, t: float, p: Mask) -> tuple[int, int]:
        return int((self.best[p] >= t).sum()), int(p.sum())

    def fnir(self, t: float, rank: int, p: Mask) -> tuple[int, int]:
        return int(((self.mates < t) | (self.rank > rank))[p].sum()), int(p.sum())

    def threshold_for(self, values: Scores, target: float) -> float | None:
        ordered = np.sort(values)[::-1]
        allowed = int(target * len(ordered))
        return None if allowed < 1 else float(np.nextafter(ordered[allowed], np.inf))


def records(made: MadeTest, groups: tuple[Label, ...]) -> Iterator[Rate]:
    c, n = Counter(made), len(made.sex)
    everyone = np.ones(n, dtype=bool)
    asked: list[tuple[float | None, float | None]] = [(t, None) for t in THRESHOLDS]
    asked += [(c.threshold_for(c.scores[c.off], target), target) for target in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)]
    for t, target in asked:
        shared: dict[str, Any] = {"threshold": t, "target": target}
        if t is None:
            reason = f"a target of {target:g} needs more than 129,240 comparisons"
            for name in ("fmr", "fnmr"):
                yield ComparisonRate(measure=name, target=target, status="refused", warnings=(reason,))
            continue
        for label in groups:
            who = made.members(label)
            k = int(who.sum())
            yield _rate(ComparisonRate, "fmr", *c.fmr(t, who, everyone), k, probe_group=label.name, **shared)
            yield _rate(ComparisonRate, "fnmr", *c.fnmr(t, who), k, probe_group=label.name, **shared)
            if target is None and label.attribute:
                for other in groups:
                    if other.attribute == label.attribute:
                        both = who | made.members(other)
                        counts = c.fmr(t, who, made.members(other))
                        yield _rate(
                            ComparisonRate, "fmr", *counts, int(both.sum()), probe_group=label.name,
                            reference_group=other.name, **shared,
                        )  # fmt: skip
    asked = [(t, None) for t in THRESHOLDS]
    asked += [(c.threshold_for(c.best, target), target) for target in (1e-1, 1e-2, 1e-3)]
    for t, target in asked:
        shared = {"threshold": t, "target": target, "gallery": n - 1}
        if t is None:
            reason = f"a target of {target:g} needs more than {n} searches"
            yield SearchRate(measure="fpir", target=target, gallery=n - 1, status="refused", warnings=(reason,))
            continue
        for label in groups:
            who = made.members(label)
            k = int(who.sum())
            yield _rate(SearchRate, "fpir", *c.fpir(t, who), k, probe_group=label.name, **shared)
            for rank in (1, 10):
                yield _rate(SearchRate, "fnir", *c.fnir(t, rank, who), k, probe_group=label.name, rank=rank, **shared)
        errors, trials = c.fmr(t, everyone, everyone)
        lo, hi = limits(errors, trials)
        yield SearchRate(
            measure="selectivity", estimate=errors / n, lo=lo * (n - 1), hi=hi * (n - 1), errors=errors, trials=n,
            people=n, method=METHOD, **shared,
        )  # fmt: skip
    yield ComparisonRate(
        measure="eer", threshold=49.9, estimate=0.012, lo=0.007, hi=0.021, people=n, method=METHOD, trials=n * n
    )
    yield _rate(SampleRate, "fta", 1, n + 1, n + 1)
    yield SampleRate(measure="fte", status="undefined", trials=0, warnings=("enrolment failures were not declared",))


def curves(made: MadeTest, groups: tuple[Label, ...]) -> Iterator[CurvePoint]:
    c = Counter(made)
    everyone = np.ones(c.n, dtype=bool)
    for label in groups:
        who = made.members(label)
        for t in np.arange(20.0, 90.0, 1.0).tolist():
            got: dict[str, float | None] = {}
            counted = {
                "fmr": c.fmr(t, who, everyone), "fnmr": c.fnmr(t, who),
                "fpir": c.fpir(t, who), "fnir": c.fnir(t, 100, who),
            }  # fmt: skip
            for name, (errors, trials) in counted.items():
                lo, hi = limits(errors, trials)
                got |= {name: errors / trials, f"{name}_lo": lo, f"{name}_hi": hi}
            yield CurvePoint(probe_group=label.name, threshold=t, **got)


def histogram(made: MadeTest) -> Iterator[HistogramBin]:
    c = Counter(made)
    edges = np.arange(0.0, 116.0, 2.0)
    for mated, values in ((False, c.scores[c.off]), (True, c.mates)):
        counts, _ = np.histogram(values, edges)
        for lower, upper, k in zip(edges, edges[1:], counts, strict=False):
            density = float(k) / len(values) / float(upper - lower)
            yield HistogramBin(
                probe_group=ALL, mated=mated, lower=float(lower), upper=float(upper), count=int(k), density=density
            )


def cmc(made: MadeTest) -> Iterator[Rate]:
    c = Counter(made)
    for rank in (1, 2, 3, 5, 10, 20, 50, 100):
        missed = int((c.rank > rank).sum())
        yield _rate(SearchRate, "fnir", missed, c.n, c.n, rank=rank, gallery=c.n - 1)


def differentials() -> tuple[Differential, ...]:
    made: list[Differential] = []

    def add(statistic: str, of: str | None, to: str | None, *values: float | None, p: float | None = None) -> None:
        estimate, plain, lo, hi = values
        made.append(
            Differential(
                measure="fmr", attribute="region", threshold=52.0, level=0.95, method="bootstrap of people",
                statistic=statistic, of=of, to=to, estimate=estimate, plain=plain, lo=lo, hi=hi, adjusted_p=p,
                status="ok" if estimate is not None else "bound",
                warnings=() if estimate is not None else ("no errors seen among 11 people",),
            )
        )  # fmt: skip

    add("max/min", "region=East", "region=South", 2.4, 2.9, 1.3, 4.7)
    add("max/geomean", "region=East", None, 1.6, 1.8, 1.1, 2.4)
    add("ratio", "region=North", "region=South", 1.4, 1.4, 0.8, 2.4, p=0.31)
    add("ratio", "region=East", "region=South", 2.9, 2.9, 1.6, 5.1, p=0.0004)
    add("max/min", None, None, None, None, 1.2, None)
    add("gini", None, None, 0.21, 0.23, 0.08, 0.35)
    add("fdr", None, None, 0.94, 0.93, 0.9, 0.98)
    add("garbe", None, None, 0.22, 0.24, 0.1, 0.4)
    add("ratio", "region=(missing)", "region=South", None, None, None, 12.0)
    return tuple(made)


def calibration(made: MadeTest) -> Calibration:
    c = Counter(made)
    slope, intercept = 0.21, -10.4
    edges = [-float("inf"), *np.arange(20.0, 92.0, 4.0).tolist(), float("inf")]
    strangers, mates = c.scores[c.off], c.mates
    bins, last = [], -9.0
    for lower, upper in itertools.pairwise(edges):
        k = int(((strangers >= lower) & (strangers < upper)).sum())
        m = int(((mates >= lower) & (mates < upper)).sum())
        bound = "0" if m == 0 else ("inf" if k == 0 else "")
        pav = None
        if not bound:
            last = max(last, float(np.log10(m / len(mates) / (k / len(strangers)))))
            pav = last
        middle = 18.0 if lower == -float("inf") else (94.0 if upper == float("inf") else (lower + upper) / 2)
        bins.append(CalibrationBin(lower=lower, upper=upper, mated=m, nonmated=k, log10_lr_pav=pav,
                                   log10_lr_logistic=slope * middle + intercept, bound=bound))  # type: ignore[arg-type]  # fmt: skip
    tippett = []
    for lr in np.arange(-7.0, 8.0, 0.5).tolist():
        score = (lr - intercept) / slope
        tippett.append((lr, float((mates >= score).mean()), float((strangers >= score).mean())))
    ece = []
    for odds in np.arange(-3.0, 3.1, 0.25).tolist():
        prior = 10**odds / (1 + 10**odds)
        nothing = float(-prior * np.log2(prior) - (1 - prior) * np.log2(1 - prior))
        ece.append((odds, 0.055 * nothing + 0.004, 0.04 * nothing, nothing))
    return Calibration(
        status="ok", cllr=0.061, cllr_min=0.039, cllr_logistic=0.058, slope=slope, intercept=intercept,
        bins=tuple(bins), tippett=tuple(tippett), ece=tuple(ece),
        warnings=("likelihood ratios above 10^3 rest on fewer than 10 non-mated comparisons",),
    )  # fmt: skip


def table(**columns: list[int]) -> dict[str, npt.NDArray[np.int64]]:
    return {name: np.array(values, dtype=np.int64) for name, values in columns.items()}


def tally(made: MadeTest, groups: tuple[Label, ...]) -> Tally:
    n = len(made.sex)
    people = [int(made.members(label).sum()) for label in groups]
    index = list(range(len(groups)))
    return Tally(
        kind="comparisons",
        edges=np.array([-np.inf, *np.arange(0.0, 110.0)]),
        thresholds=np.array(THRESHOLDS),
        levels=np.arange(40.0, 80.0),
        spectrum_from=10,
        attributes=("sex", "region"),
        joint=tuple(itertools.product(SEXES, REGIONS)),
        labels=groups,
        tables={name: table(**{column: [] for column in TABLES[name]}) for name in TABLES} | {
            "nonmated_design": table(
                probe_label=index, reference_label=[0] * len(index), comparisons=[p * (n - 1) for p in people],
                probe_people=people, reference_people=[n] * len(index), people=[n] * len(index),
            ),
            "mated_design": table(label=index, comparisons=people, people=people, sum_k2=people),
            "search_design": table(
                label=[*index, *index], mated=[0] * len(index) + [1] * len(index), searches=[p + 1 for p in people] * 2,
                failed=[1] * 2 * len(index), people=people * 2, sum_k2=people * 2, gallery_min=[n - 1] * 2 * len(index),
                gallery_median=[n - 1] * 2 * len(index), gallery_max=[n] * 2 * len(index),
            ),
            "failed": table(probe_group=[0, 0], reference_group=[0, 0], mated=[0, 1], count=[n, 1]),
        },
        people={"probe": n + 1, "reference": n, "any": n + 1, "probes": n + 1, "references": n},
        origin=Origin(
            misid_version="0.1.0", engine="duckdb", engine_version="2.0.0", polarity="similarity", score_type="DOUBLE",
            failure_codes=("-1.0",),
            inputs=({"kind": "csv", "rows": n * (n + 1), "bytes": 5_400_100, "sha256": "ab" * 32},),
            refused=(("sample compared with itself", 3), ("pair present twice", 12)),
            queries=("SELECT probe_group, reference_group, mated, bin, count(*) FROM comparisons GROUP BY ALL",),
            note="Made-up scores",
        ),
        acquisition=(1, n + 1),
        warnings=("region is missing for 11 people: they stand in a row of their own",),
    )  # fmt: skip


def sample_fan(groups: tuple[Label, ...]) -> Fan:
    """A fan with all its parts: counted, projected, and refused from ten million references on."""
    points = []
    for place, label in enumerate(groups):
        for n in fan_galleries(359):
            f = -np.expm1(-2e-4 * (1 + place / 3) * n**0.6)
            known = n < 10_000_000
            width = 1.3 if n <= 359 else 1.3 + np.log10(n / 359)
            points.append(
                FanPoint(
                    group=label.name, threshold=58.0, gallery=n,
                    region="within the test" if n <= 359 else "beyond the test", status="ok" if known else "bound",
                    estimate=float(f) if known else None, lo=float(f / width) if known else None,
                    hi=float(min(1.0, f * width)) if known else None, inner_lo=float(f / width**0.4) if known else None,
                    inner_hi=float(min(1.0, f * width**0.4)) if known else None, bound=None if known else 0.99,
                    naive=float(-np.expm1(-3e-4 * n)) if place == 0 else None, naive_lo=None, naive_hi=None,
                )
            )  # fmt: skip
    why, needed = "with 361 people nothing further is estimated", "a test of about 5,000 people"
    named = tuple(
        Answer(asked=f"FPIR of a search of {n:,} references", measure="fpir", gallery=n, threshold=58.0, lo=0.1, hi=0.9,
               estimate=0.5, method="sample")
        if n < 10_000_000
        else Answer(asked=f"FPIR of a search of {n:,} references", measure="fpir", gallery=n, threshold=58.0,
                    status="bound", bound=0.99, reason=why, needed=needed, method="sample")
        for n in NAMED
    )  # fmt: skip
    return Fan(
        gallery=359, people=361, searches=361, threshold=58.0, level=0.95, inner_level=0.5, points=tuple(points),
        named=named, refused_from=min(p.gallery for p in points if p.status != "ok"), reason=why, needed=needed,
        assumptions=("an assumption",), warnings=("relatives were not in this test",),
        checks=(CheckLine(name="tenth to whole", passed=True, said="held at 3 of 3 thresholds"),
                CheckLine(name="goodness of fit", passed=False, said="counts and curves are 5.0 standard errors apart"),
                CheckLine(name="threshold stability", passed=None, said="there is one set of levels to fit")),
        tenth=tuple(TenthPoint(threshold=50.0 + k, observed=0.5 / (k + 1), estimate=0.4 / (k + 1), lo=0.2 / (k + 1),
                               hi=0.7 / (k + 1)) for k in range(3)),
        fits=tuple(FitPoint(curve="probit-power, raw", per_search=5.0, threshold=50.0 + k, observed=1000.0 / 2**k,
                            fitted=990.0 / 2**k) for k in range(6)),
        depths=(DepthPoint(per_search=5.0, threshold=58.0, estimate=0.5, lo=0.3, hi=0.7),),
    )  # fmt: skip


def sample_check() -> SampleCheck:
    return SampleCheck(
        problems=(
            Problem(code="W021", slug="small-group", severity="warning",
                    where="/home/jane/scores.csv: region=(missing)",
                    seen="11 people", allowed="20 people or more", remedy="misid check /home/jane/scores.csv"),
            Problem(code="E012", slug="pair-twice", severity="error", where="/home/jane/scores.csv", seen="P17, P23",
                    allowed="each pair once", remedy="--drop-repeats", count=12, examples=("P17/P23",)),
        )
    )  # fmt: skip


def sample_rates(made: MadeTest, groups: tuple[Label, ...]) -> Rates:
    return Rates(
        records=tuple(records(made, groups)),
        curves=tuple(curves(made, groups)),
        distributions=tuple(histogram(made)),
        cmc=tuple(cmc(made)),
        differentials=differentials(),
        calibration=calibration(made),
        warnings=("limits count people, not comparisons",),
    )


def sample_report(title: str = "Sample face search, laboratory test") -> Report:
    made, groups = MadeTest.make(), labels()
    return Report(
        rates=sample_rates(made, groups), tally=tally(made, groups), check=sample_check(), title=title,
        generated_with="misid 0.1.0", projection=sample_fan(groups),
    )  # fmt: skip
