"""The rules that predict: each takes a question and the records before it, and gives a prediction or a refusal.

No rule reads a file or asks an archive: what it may know is what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import fmean
from typing import Any

import numpy as np

from misid.backtest.model import COUNTS, Conditions, Prediction, Question, Record
from misid.backtest.plain import plain_count
from misid.backtest.studies import grouped
from misid.search.ahead import Kept, ValueAhead, count_ahead, value_ahead
from misid.search.deployments import Deployment, DeploymentsModel
from misid.search.published import published_model
from misid.search.span import Span
from misid.search.tradeoff import OperatingPoint
from misid.tally.model import Floats, Ints

Rule = Callable[[Question, Sequence[Record]], Prediction]

HALF_A_UNIT = 0.00005
"""What a rate of 0.0000 stands for in a table of four decimals."""

NO_RATE = 0.99
"""A FNIR from here up says that the algorithm failed at that gallery; it is no rate to learn from."""


@dataclass(frozen=True, kw_only=True)
class Units:
    """Counts, exposure and mean gallery of units before, (k,) each; galleries None where one is not known."""

    count: Ints
    exposure: Floats
    gallery: Floats | None


def next_unit(question: Question, before: Sequence[Record]) -> Prediction:
    """The next unit's count: Poisson counts, log-normal between units (`misid.search.ahead`)."""
    return _counted(question, before, before, None)


def kept_share(question: Question, before: Sequence[Record]) -> Prediction:
    """The next unit's count at a higher threshold: of what the lower one would count, the share that a laboratory kept.

    The laboratory counted at both thresholds in the same searches.
    """
    lab = question.study.options["lab"]
    low, high = question.study.options["from"], question.ahead[0].threshold
    at = {r.given.threshold: r.outcome.lo for r in before if r.given.series == lab and r.given.measure in COUNTS}
    if low not in at or high not in at:
        return _refused(question, before, f"{lab} says nothing of both thresholds", f"its counts at {low} and {high}")
    kept = Kept(kept=int(at[high]), of=int(at[low]))
    field = [r for r in before if r.given.series != lab]
    return _counted(question, before, field, kept)


def no_more(question: Question, before: Sequence[Record]) -> Prediction:
    """A bound of the next unit's count: at a higher threshold no more are counted than at a lower one."""
    units = _units(question, before)
    if isinstance(units, str):
        return _refused(question, before, units, "their exposure")
    ahead = count_ahead(units.count, units.exposure, _exposure(question.study.exposure, question.ahead) or 1.0)
    return _said(
        question, before, status="bound", bound=float(ahead.bound), method="no more than at a lower threshold",
        reason="nothing says how many are left at the higher threshold",
        assumptions=("the threshold ahead is higher than those before", _alike(question, len(units.count))),
    )  # fmt: skip


def deployments(question: Question, before: Sequence[Record]) -> Prediction:
    """What `misid project --deployments` says of the threshold and the group asked for: here, whether it refuses."""
    one = question.ahead[0]
    used = [r for r in before if r.given.searches and r.given.gallery]
    if not used:
        return _refused(question, before, "no search with a known gallery is behind it", "searches of a known gallery")
    if one.gallery is None:
        return _refused(question, before, "the watch list ahead was not published", "its size")
    model = DeploymentsModel(
        deployments=[
            Deployment(
                searches=r.given.searches or 1.0, false_alerts=int(r.outcome.lo), gallery=r.given.gallery or 1,
                threshold=r.given.threshold, group=r.given.group or None,
            )
            for r in used
        ]
    )  # fmt: skip
    answer = model.fpir(one.gallery, one.threshold, group=one.group or None)
    if answer.status != "refused":
        raise ValueError(f"{question.id}: the model answers; predict the count with next_unit")
    return _refused(question, before, answer.reason, answer.needed)


def published(question: Question, before: Sequence[Record]) -> Prediction:
    """What `misid project --published` says of the rate ahead, from a rate published before."""
    one, rates = question.ahead[0], [r for r in before if r.given.measure == question.ahead[0].measure]
    if one.gallery is None or one.threshold is None:
        missing = " and ".join(n for n, v in (("gallery", one.gallery), ("threshold", one.threshold)) if v is None)
        return _refused(question, before, f"the {missing} ahead were not published", f"the {missing}")
    points = [
        OperatingPoint(
            gallery=r.given.gallery, fpir=Span(lo=r.outcome.lo, hi=r.outcome.hi), threshold=r.given.threshold
        )
        for r in rates
        if r.given.gallery is not None
    ]
    if not points:
        return _refused(question, before, "no rate of this engine at a known gallery is published", "one")
    answer = published_model(points).fpir(one.gallery, one.threshold)
    if answer.status == "refused":
        return _refused(question, before, answer.reason, answer.needed)
    return _said(question, before, lo=answer.lo, hi=answer.hi, method=answer.method, assumptions=answer.assumptions)


def one_rate(question: Question, before: Sequence[Record]) -> Prediction:
    """The next site's rate from one published rate whose counts are not: sites differ as the prior says."""
    from misid.search.sites import next_rates

    known = before[-1].outcome.lo
    rates = next_rates(np.array([400]), np.array([400 / known]))
    tail = (1 - 0.95) / 2
    lo, hi = (min(1.0, float(np.quantile(at, share))) for at, share in ((rates.low, tail), (rates.high, 1 - tail)))
    return _said(
        question, before, lo=lo, middle=min(max(float(np.median(rates.middle)), lo), hi), hi=hi,
        method="one rate, log-normal between sites",
        assumptions=(_alike(question, 1), "the rate is taken as if from 400 errors: its counts were not seen"),
    )  # fmt: skip


def next_engine(question: Question, before: Sequence[Record]) -> Prediction:
    """The rate of one more developer's algorithm in a group: logs of the others' rates, normal.

    A developer counts once, with the mean log of its algorithms: they are not independent of each other.
    """
    others = [r for r in before if r.given.group == question.ahead[0].group]
    typical = _by_developer([(r.given.developer, _rate(r)) for r in others])
    return _valued(question, before, value_ahead(typical), f"algorithms of {len(typical)} other developers")


def other_groups(question: Question, before: Sequence[Record]) -> Prediction:
    """Refused: a ratio of groups in one test says nothing of other groups, or of other photographs, in another.

    How ratios differ between tests cannot be read off one of them, as one deployment does not predict the next.
    """
    options, asked = question.study.options, question.ahead[0].group
    have = f"the ratio of {options['of']} to {options['to']} is known from one other test"
    return _refused(
        question, before, f"{have}; the group asked for is {asked}",
        f"a ratio for the group {asked} from two tests or more, to see how ratios differ between tests",
    )  # fmt: skip


def fnir_growth(question: Question, before: Sequence[Record]) -> Prediction:
    """FNIR at a larger gallery, FPIR held: FNIR0 times the growth of other developers' algorithms, their logs normal.

    A developer counts once.
    """
    one = question.ahead[0]
    rates: dict[str, dict[int, float]] = {}
    developer: dict[str, str] = {}
    for r in before:
        rates.setdefault(r.given.engine, {})[r.given.gallery or 0] = r.outcome.lo
        developer[r.given.engine] = r.given.developer
    own = rates.pop(one.engine, {})
    if one.gallery is None or len(own) != 1 or max(own.values()) >= NO_RATE:
        return _refused(question, before, "the algorithm failed at the smaller gallery", "a FNIR there")
    [(smaller, fnir0)] = own.items()
    grown = _by_developer([
        (developer[engine], at[one.gallery] / at[smaller])
        for engine, at in rates.items()
        if {one.gallery, smaller} <= at.keys() and max(at.values()) < NO_RATE and min(at.values()) > 0
    ])  # fmt: skip
    said = f"growth of FNIR of {len(grown)} other developers, from {smaller:,} to {one.gallery:,} references"
    return _valued(question, before, value_ahead(grown).times(fnir0), said)


RULES: dict[str, Rule] = {
    "next_unit": next_unit,
    "kept_share": kept_share,
    "no_more": no_more,
    "deployments": deployments,
    "published": published,
    "one_rate": one_rate,
    "next_engine": next_engine,
    "other_groups": other_groups,
    "fnir_growth": fnir_growth,
}


def _counted(question: Question, before: Sequence[Record], used: Sequence[Record], kept: Kept | None) -> Prediction:
    study = question.study
    units, exposure = _units(question, used), _exposure(study.exposure, question.ahead)
    if isinstance(units, str) or exposure is None:
        missing = units if isinstance(units, str) else f"the {study.exposure} ahead were not published"
        return _refused(question, before, missing, f"{study.exposure} of every unit")
    gallery = _gallery(question.ahead)
    if study.exposure == "searches" and (gallery is None or units.gallery is None):
        where = "ahead" if gallery is None else "before"
        return _refused(question, before, f"the watch list {where} was not published", "its size")
    ratio = None if gallery is None or units.gallery is None else gallery / units.gallery
    ahead = count_ahead(units.count, units.exposure, exposure, ratio=ratio, kept=kept)
    share = 1.0 if kept is None else (kept.kept + 0.5) / (kept.of + 1)
    usual = plain_count(units.count, units.exposure, exposure * share, ratio)
    said = [_alike(question, len(units.count)), f"exposure is {_EXPOSURES[study.exposure]}, and is given"]
    if ratio is not None and not (ratio == 1).all():
        said.append("FPIR grows with the watch list with exponent b in 0..1")
    if kept is not None:
        said.append(f"of {kept.of} false positives {kept.kept} are left at the threshold ahead, in the laboratory")
    how = "Poisson counts, log-normal between units" + (", share kept at the threshold" if kept else "")
    return _said(
        question, before, lo=float(ahead.lo), middle=float(ahead.middle), hi=float(ahead.hi), bound=float(ahead.bound),
        method=how, assumptions=tuple(said), expected=tuple(ahead.expected.tolist()),
        plain=(float(usual.lo), float(usual.hi)), plain_shape=(usual.shape, usual.exposure),
    )  # fmt: skip


_EXPOSURES = {"hours": "hours of operation", "searches": "faces seen or searches", "one": "one unit each"}


def _units(question: Question, records: Sequence[Record]) -> Units | str:
    """The units before a task, or what is missing."""
    by_id = {r.given.id: r for r in records}
    groups = list(grouped([r.given for r in records], question.study.unit_before).values())
    if not groups:
        return "nothing is known from before"
    exposure = [_exposure(question.study.exposure, group) for group in groups]
    if None in exposure:
        return f"the {question.study.exposure} before were not published"
    galleries = [_gallery(group) for group in groups]
    return Units(
        count=np.array([sum(int(by_id[one.id].outcome.hi) for one in group) for group in groups], dtype=np.int64),
        exposure=np.array(exposure, dtype=np.float64),
        gallery=None if None in galleries else np.array(galleries, dtype=np.float64),
    )


def _exposure(kind: str, group: Sequence[Conditions]) -> float | None:
    if kind == "one":
        return 1.0
    values = [getattr(one, kind) for one in group]
    return None if None in values else float(sum(values)) or None


def _gallery(group: Sequence[Conditions]) -> float | None:
    values = [one.gallery for one in group]
    return None if None in values else float(np.mean([float(v or 0) for v in values]))


def _by_developer(values: Sequence[tuple[str, float]]) -> list[float]:
    """One value a developer: the geometric mean of its algorithms'."""
    logs: dict[str, list[float]] = {}
    for developer, value in values:
        logs.setdefault(developer, []).append(log(value))
    return [exp(fmean(each)) for each in logs.values()]


def _rate(record: Record) -> float:
    return max(record.outcome.lo, HALF_A_UNIT)


def _alike(question: Question, units: int) -> str:
    name = "month" if question.study.unit_before == "month" else "one"
    if units > 1:
        return f"the next {name} is like the {units:,} before"
    return "how one differs from the next cannot be seen in one of them, and is taken from the prior"


def _valued(question: Question, before: Sequence[Record], ahead: ValueAhead, of: str) -> Prediction:
    return _said(
        question, before, lo=min(ahead.lo, 1.0), middle=min(ahead.middle, 1.0), hi=min(ahead.hi, 1.0),
        method="Student's t on logs", assumptions=(f"the next is like these: {of}",),
        log_t=(ahead.location, ahead.scale, float(ahead.freedom)),
    )  # fmt: skip


def _refused(question: Question, before: Sequence[Record], reason: str, needed: str) -> Prediction:
    return _said(question, before, status="refused", reason=reason, needed=needed)


def _said(question: Question, before: Sequence[Record], **said: Any) -> Prediction:
    fixed = {"status": "ok", **said}
    return Prediction(
        task=question.id, study=question.study.id, asked=f"{question.study.title}: {question.title}",
        measure=question.ahead[0].measure, before=tuple(r.given.id for r in before), **fixed,
    )  # fmt: skip
