"""From studies to scores: predict every task, seal, and only then read what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from misid.backtest.archive import Archive, Ledger
from misid.backtest.model import COUNTS, Outcome, Prediction, Record, Scored, Study, Task
from misid.backtest.plain import plain_log_probability
from misid.backtest.rules import RULES
from misid.backtest.studies import tasks_of
from misid.search.ahead import ValueAhead, log_probability


@dataclass(frozen=True, kw_only=True)
class Summary:
    """How predictions fared.

    Attributes
    ----------
    tasks, intervals, held, bounds, bounds_held, refused : int
    coverage : float or None
        Of the two-sided intervals given; None where none was.
    width : float or None
        Median of hi / lo.
    plain_held, plain_given : int
        Of what is usually done, where it was made.
    log_score, plain_log_score : float or None
        Mean, where both were made.
    """

    tasks: int
    intervals: int
    held: int
    bounds: int
    bounds_held: int
    refused: int
    width: float | None
    plain_held: int
    plain_given: int
    log_score: float | None
    plain_log_score: float | None

    @property
    def coverage(self) -> float | None:
        return None if not self.intervals else self.held / self.intervals


def summary_of(scored: Sequence[Scored]) -> Summary:
    """How some predictions fared."""
    intervals = [s for s in scored if s.prediction.status == "ok"]
    bounds = [s for s in scored if s.prediction.status == "bound"]
    widths = [s.width for s in intervals if s.width is not None]
    plain = [s for s in scored if s.plain_held is not None]
    both = [
        (s.log_score, s.plain_log_score) for s in scored if s.log_score is not None and s.plain_log_score is not None
    ]
    return Summary(
        tasks=len(scored), intervals=len(intervals), held=sum(bool(s.held) for s in intervals), bounds=len(bounds),
        bounds_held=sum(bool(s.held) for s in bounds), refused=len(scored) - len(intervals) - len(bounds),
        width=median(widths) if widths else None, plain_given=len(plain),
        plain_held=sum(bool(s.plain_held) for s in plain),
        log_score=sum(a for a, _ in both) / len(both) if both else None,
        plain_log_score=sum(b for _, b in both) / len(both) if both else None,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Result:
    """Scores by study, in the order of the studies."""

    studies: tuple[Study, ...]
    scored: Mapping[str, tuple[Scored, ...]]

    @property
    def all(self) -> tuple[Scored, ...]:
        """Every score."""
        return tuple(one for scores in self.scored.values() for one in scores)

    @property
    def summary(self) -> Summary:
        """Over all tasks."""
        return summary_of(self.all)

    def of(self, study: Study) -> Summary:
        """Over the tasks of one study."""
        return summary_of(self.scored[study.id])

    @property
    def mean_coverage(self) -> float | None:
        """Mean over studies of the share of intervals that held: each study counts once, however many its tasks."""
        shares = [c for study in self.studies if (c := self.of(study).coverage) is not None]
        return sum(shares) / len(shares) if shares else None


def predicted(
    archive: Archive, studies: Sequence[Study], stage: Callable[[str], None] = lambda _: None
) -> tuple[tuple[Task, ...], Ledger]:
    """Every task with its prediction, sealed. No outcome of any task is read."""
    ledger, tasks = Ledger(), []
    for study in studies:
        stage(f"predicting: {study.id}")
        for task in tasks_of(study, archive.conditions):
            ledger.write(RULES[study.rule](archive.question(task), archive.before(task)))
            tasks.append(task)
    return tuple(tasks), ledger


def backtest(
    records: Sequence[Record], studies: Sequence[Study], stage: Callable[[str], None] = lambda _: None
) -> Result:
    """Predict, seal, read, score.

    Parameters
    ----------
    records : sequence of Record
    studies : sequence of Study
    stage : callable
        Told what is being done.
    """
    archive = Archive(records)
    tasks, ledger = predicted(archive, studies, stage)
    stage("scoring")
    outcomes = archive.outcomes(tasks, ledger)
    scored: dict[str, list[Scored]] = {study.id: [] for study in studies}
    for task in tasks:
        prediction, seal = ledger.entries[task.id]
        scored[task.study.id].append(score(prediction, seal, outcomes[task.id], task.study.reasons.get(task.id, "")))
    kept = tuple(study for study in studies if scored[study.id])
    return Result(studies=kept, scored={study.id: tuple(scored[study.id]) for study in kept})


def score(prediction: Prediction, seal: str, outcome: Outcome, reason: str = "") -> Scored:
    """A prediction beside what happened.

    An outcome that is known to be in a range is inside limits if all of the range is.
    """
    counts = prediction.measure in COUNTS
    held: bool | None = None
    width = None
    if prediction.status == "ok" and prediction.lo is not None and prediction.hi is not None:
        held = prediction.lo <= outcome.lo and outcome.hi <= prediction.hi
        some = 0.5 if counts else 0.0
        width = (prediction.hi + some) / (prediction.lo + some)
    elif prediction.bound is not None and prediction.status == "bound":
        held = outcome.hi <= prediction.bound
    plain_held = None
    if prediction.plain is not None:
        plain_held = prediction.plain[0] <= outcome.lo and outcome.hi <= prediction.plain[1]
    return Scored(
        prediction=prediction, sha256=seal, outcome=outcome, held=held, width=width,
        log_score=_log_score(prediction, outcome), plain_held=plain_held,
        plain_log_score=None if prediction.plain_shape is None or outcome.lo != outcome.hi
        else plain_log_probability(*prediction.plain_shape, int(outcome.lo)),
        reason=reason if held is False else "",
    )  # fmt: skip


def _log_score(prediction: Prediction, outcome: Outcome) -> float | None:
    if not outcome.is_one:
        return None
    if prediction.expected is not None:
        return log_probability(np.array(prediction.expected), int(outcome.lo))
    if prediction.log_t is not None and outcome.lo > 0:
        location, scale, freedom = prediction.log_t
        ahead = ValueAhead(lo=0.0, middle=0.0, hi=0.0, location=location, scale=scale, freedom=int(freedom))
        return ahead.log_density(outcome.lo)
    return None
