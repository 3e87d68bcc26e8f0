"""What is wrong with the scores themselves: not numbers, failure codes nobody declared, the wrong direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.checks import distribution
from misid.scores.checks.distribution import Histogram, Spike, Stray
from misid.scores.checks.polarity import other_polarity
from misid.scores.checks.samples import Facts
from misid.scores.checks.sql import PROBES, SIDES, row
from misid.scores.exact import range_problem
from misid.scores.model import Scores

SIGNIFICANT = 3.0
"""Standard deviations that the area under the curve must be from one half before it says anything."""

CLEAR_AREA = 0.75
"""Above this a small test does not need to be told that its polarity is not proved."""

FEW_VALUES = 256


@dataclass(frozen=True, kw_only=True)
class _Constant:
    value: float
    samples: int
    side: str
    rows: int


def value_problems(scores: Scores, found: Facts, not_failures: Sequence[float]) -> tuple[list[Problem], list[str]]:
    """Problems and notes about the scores of the view."""
    problems = _not_numbers(scores, found)
    notes: list[str] = []
    if not found.finite:
        if not found.failed and found.rows == 0 and scores.kind == "candidates":
            return problems, ["no search returned a candidate"]
        problems.append(problem(
            "E046", where="scores", seen=f"{found.rows:,} rows, none with a score", allowed="comparisons with scores",
            remedy="check which column is the score, and the declared failure codes",
        ))  # fmt: skip
        return problems, notes
    if found.lowest is None or found.highest is None or found.lowest == found.highest:
        if found.finite > 1:
            problems.append(problem(
                "E045", where="scores", seen=f"all are {_text(scores, found.lowest or 0.0)}", count=found.finite,
                allowed="scores that differ", remedy="check which column is the score",
            ))  # fmt: skip
        return problems, notes
    codes_at = 0 if scores.polarity == "similarity" else -1
    whole = distribution.histogram(scores.engine, found.lowest, found.highest, codes_at=codes_at)
    spikes, strays, rest = distribution.spikes(whole, codes_at=codes_at)
    failures, spike_warnings = _spikes(scores, spikes, not_failures)
    stray_problems = _strays(scores, strays, not_failures)
    problems += failures + spike_warnings + stray_problems
    beyond = range_problem(found.lowest, found.highest, polarity=scores.polarity)
    # A value that is no score, said above, is likely what makes the range so large.
    if beyond is not None and not failures and not stray_problems:
        problems.append(beyond)
    problems += _constant_samples(scores, found, [s.value for s in spikes], not_failures)
    problems += _polarity(scores, rest)
    if whole.values is not None and whole.values <= FEW_VALUES and found.finite > 10 * whole.values:
        notes.append(
            f"the scores take only {whole.values:,} different values: rates move in steps, and a threshold for a "
            "target can reach much less than the target"
        )
    return problems, notes


def _on_input_scale(scores: Scores, value: float) -> float:
    # Adding zero makes 0.0 of -0.0.
    return (-value if scores.polarity == "distance" else value) + 0.0


def _text(scores: Scores, value: float) -> str:
    """A score of the view as the input writes it, in the fewest digits that read back as the same number."""
    number = _on_input_scale(scores, value)
    if number == int(number) and abs(number) < 1e15:
        return str(int(number))
    return str(np.float32(number)) if scores.score_type == "FLOAT" else repr(number)


def _not_numbers(scores: Scores, found: Facts) -> list[Problem]:
    problems = []
    if found.nan:
        problems.append(problem(
            "E034", where="scores", seen="NaN", count=found.nan, allowed="a number, or a declared failure",
            remedy="--failure nan (failures=(nan,)) if NaN means that the comparison failed",
        ))  # fmt: skip
    if found.null:
        problems.append(problem(
            "E035", where="scores", seen="an empty score", count=found.null, allowed="a number, or a declared failure",
            remedy="--failure nan (failures=(nan,)) if an empty score means that the comparison failed",
        ))  # fmt: skip
    ends = (("above", found.plus_inf), ("below", found.minus_inf))
    for end, n in ends:
        if n:
            sign = "-" if (end == "below") == (scores.polarity == "similarity") else "+"
            problems.append(problem(
                "W010", where="scores", seen=f"{sign}infinity, counted {end} every threshold", count=n,
                allowed="finite scores", remedy=f"nothing if it is meant so; a failure has to be declared in the input "
                f"as another value, because {sign}infinity is taken as a score",
            ))  # fmt: skip
    return problems


def _spikes(
    scores: Scores, spikes: Sequence[Spike], not_failures: Sequence[float]
) -> tuple[list[Problem], list[Problem]]:
    failures, others = [], []
    for spike in spikes:
        text = _text(scores, spike.value)
        if spike.explained == "ceiling" or _on_input_scale(scores, spike.value) in not_failures:
            continue
        seen = f"{text}, the nearest other score is {_text(scores, spike.nearest)}; {spike.mated:,} of them mated"
        if spike.explained == "floor":
            others.append(problem(
                "W011", where="scores", seen=f"{seen}, fewer than a failure would meet", count=spike.n,
                allowed="a scale that ends so", remedy=f"nothing if {text} is the least similar that the matcher says; "
                f"--failure {text} if it means that the comparison failed",
            ))  # fmt: skip
        else:
            failures.append(_undeclared(text, seen, spike.n, "scores"))
    return failures, others


def _strays(scores: Scores, strays: Sequence[Stray], not_failures: Sequence[float]) -> list[Problem]:
    """Rows so far from all others that something else than a matcher must have written them."""
    found: dict[tuple[bool, bool], list[Stray]] = {}
    for stray in strays:
        if _on_input_scale(scores, stray.value) not in not_failures:
            end = stray.ranges > distribution.ABSURD, stray.value < stray.nearest
            found.setdefault(end, []).append(stray)
    problems = []
    for (absurd, _), of in sorted(found.items(), reverse=True):
        nearest, furthest = (f(of, key=lambda s: s.ranges) for f in (min, max))
        text = _text(scores, nearest.value)
        values = text if nearest is furthest else f"from {text} to {_text(scores, furthest.value)}"
        times = f"{nearest.ranges:,.0f}" if nearest.ranges < 1e6 else "more than a million"
        problems.append(problem(
            "E050" if absurd else "W025", where="scores", count=sum(s.n for s in of),
            seen=f"{values}, the nearest other score is {_text(scores, nearest.nearest)}: {times} times the range of "
            f"all others away; {sum(s.mated for s in of):,} mated",
            allowed="scores of one scale", remedy=f"correct or leave out these rows; --failure {text} if it means that "
            f"the comparison failed, --not-failure {text} if it is a score",
        ))  # fmt: skip
    return problems


def _undeclared(text: str, seen: str, count: int, where: str) -> Problem:
    return problem(
        "E036", where=where, seen=seen, count=count,
        allowed="failure codes that are declared, so that they count as failures and not as low or high scores",
        remedy=f"--failure {text} (failures=({text},)) if it is one, --not-failure {text} if it is a score",
    )  # fmt: skip


def _constant_samples(
    scores: Scores, found: Facts, known: Sequence[float], not_failures: Sequence[float]
) -> list[Problem]:
    """Samples all of whose comparisons have one value, where chance does not make such samples."""
    met: dict[float, list[_Constant]] = {}
    for side, table in SIDES:
        total = row(scores.engine, f"SELECT count(*) AS n FROM {table}")["n"]
        constants = [c for c in distribution.constant_samples(scores.engine, side, table) if c["score"] not in known]
        constants = [c for c in constants if _on_input_scale(scores, c["score"]) not in not_failures]
        if not constants or sum(c["samples"] for c in constants) > total / 2:
            continue
        everywhere = distribution.rows_with(scores.engine, [c["score"] for c in constants])
        for c in constants:
            n, _ = everywhere[c["score"]]
            elsewhere = (n - c["n"]) / max(found.finite - c["n"], 1)
            # At the upper end of a scale many photographs of one person may all reach it.
            if c["n_mated"] <= c["n"] / 2 and total * elsewhere ** c["least"] < 1e-6:
                met.setdefault(c["score"], []).append(
                    _Constant(value=c["score"], samples=c["samples"], side=side, rows=c["n"])
                )
    problems = []
    for value, constants_of in sorted(met.items()):
        text = _text(scores, value)
        of = " and ".join(f"{c.samples:,} {c.side}{'s' if c.samples > 1 else ''}" for c in constants_of)
        problems.append(_undeclared(
            text, f"{text} is the only score of {of}", max(c.rows for c in constants_of), "scores"
        ))  # fmt: skip
    return problems


def _polarity(scores: Scores, rest: Histogram) -> list[Problem]:
    """Whether mated comparisons score higher than non-mated ones, judged by the number of people."""
    area = distribution.area(rest)
    if area is None:
        return []
    people = row(
        scores.engine,
        f"""
        SELECT count(DISTINCT person) FILTER (WHERE n_mated > 0) AS mated,
            count(DISTINCT person) FILTER (WHERE n > n_mated) AS nonmated FROM {PROBES}""",
    )
    deviation = distribution.area_deviation(people["mated"], people["nonmated"])
    seen = (
        f"declared a {scores.polarity}, and a mated comparison is more similar than a non-mated one with "
        f"probability {area:.3f} ({people['mated']:,} and {people['nonmated']:,} people)"
    )
    if area < 0.5 - SIGNIFICANT * deviation:
        return [problem(
            "E037", where="scores", seen=seen, allowed="a probability above one half",
            remedy=f"{other_polarity(scores)}; else check which comparisons are mated",
        )]  # fmt: skip
    if area < min(0.5 + SIGNIFICANT * deviation, CLEAR_AREA):
        return [problem(
            "W012", where="scores", seen=seen, allowed="a probability clearly above one half",
            remedy=f"make sure of the direction; the other one is {other_polarity(scores)}",
        )]  # fmt: skip
    return []
