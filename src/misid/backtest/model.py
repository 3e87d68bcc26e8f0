"""What a back-test is made of: records, studies, tasks, predictions, scores.

A record's conditions (when, where, how many hours, which threshold) and its outcome are two objects. What predicts is
given the conditions of the task and whole records from before it; the outcome of the task is in neither.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Status = Literal["ok", "bound", "refused"]

MEASURES = ("false_alerts", "fpir", "fnir", "fmr")
COUNTS = frozenset({"false_alerts"})


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Everything of a record but its outcome. None or "": not published, or not seen.

    Attributes
    ----------
    id, series : str
    start, end : str
        ISO 8601, as exact as known; an outcome is known from its `end`.
    what, engine, group : str
        ``group`` "": everybody.
    hours, searches : float or None
        Exposure.
    gallery : int or None
    threshold : float or None
    measure : str
        ``false_alerts`` (a count), ``fpir``, ``fnir``, ``fmr``.
    source : str
        Id of a source.
    where, note : str
    """

    id: str
    series: str
    start: str
    end: str
    what: str = ""
    engine: str = ""
    hours: float | None = None
    searches: float | None = None
    gallery: int | None = None
    threshold: float | None = None
    group: str = ""
    measure: str = "false_alerts"
    source: str = ""
    where: str = ""
    note: str = ""

    @property
    def developer(self) -> str:
        """Who made the engine: its name without the number of the algorithm.

        >>> Conditions(id="a", series="s", start="", end="", engine="cloudwalk-mt_001").developer
        'cloudwalk-mt'
        """
        return re.split(r"[-_]\d", self.engine)[0]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was seen: a number, or a range where the source gives one."""

    lo: float
    hi: float

    @property
    def is_one(self) -> bool:
        return self.lo == self.hi


@dataclass(frozen=True, kw_only=True)
class Record:
    """Conditions with their outcome."""

    given: Conditions
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which records: every field that is given must fit.

    Attributes
    ----------
    series : str
    thresholds : tuple or None
        Holding None: where it is not stated.
    groups : tuple of str or None
    measure, engine : str or None
    start, end : str
        Records that start on or after `start`, and end on or before `end`.
    gallery : int or None
    """

    series: str
    thresholds: tuple[float | None, ...] | None = None
    groups: tuple[str, ...] | None = None
    measure: str | None = None
    start: str = ""
    end: str = ""
    gallery: int | None = None


@dataclass(frozen=True, kw_only=True)
class Study:
    """A question asked of many records by one rule, declared before it is answered.

    Attributes
    ----------
    id, title, kind : str
    rule : str
        Which of `misid.backtest.rules.RULES` predicts.
    ahead, before : selections
        What is predicted, and from what.
    unit : str
        What is one task: ``record``, ``month``, or ``all`` of `ahead` together.
    before_unit : str
        What is one unit before it; "": the same, and records where all is one task.
    order : str
        ``date``: before is what ended before the task starts. ``listed``: what stands earlier in its table.
        ``held out``: another part of one publication; the part predicted is not later, only unseen by the rule.
    apart : str
        ``developer``: nothing of the developer of the algorithm ahead is among what is before, but what is `given`.
    given : selections
        What is known of the algorithm ahead itself, such as its rate at another gallery.
    exposure : str
        ``hours``, ``searches``, or ``one`` (a unit is a unit).
    fewest : int
        Units before the task without which there is none.
    fixed : str
        What of the outcomes had been seen when the rule was fixed.
    blind : bool
        The rule was fixed and sealed before its outcomes were read by whoever wrote it.
    options : mapping
        Of the rule.
    reasons : mapping of task id to str
        What is known of why a prediction failed: written after the outcome.
    """

    id: str
    title: str
    kind: str
    rule: str
    ahead: Selection
    before: tuple[Selection, ...]
    fixed: str
    blind: bool = False
    unit: Literal["record", "month", "all"] = "record"
    before_unit: Literal["", "record", "month"] = ""
    order: Literal["date", "listed", "held out"] = "date"
    apart: Literal["", "developer"] = ""
    given: tuple[Selection, ...] = ()
    exposure: Literal["hours", "searches", "one"] = "one"
    fewest: int = 1
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def unit_before(self) -> str:
        """What is one unit before the task."""
        return self.before_unit or ("record" if self.unit == "all" else self.unit)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One question with one outcome: ids of the records ahead, and of those before."""

    id: str
    study: Study
    title: str
    ahead: tuple[str, ...]
    before: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a rule is given of a task: conditions of the records ahead, and nothing of their outcomes."""

    id: str
    study: Study
    title: str
    ahead: tuple[Conditions, ...]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What is said of a task before its outcome is read.

    Attributes
    ----------
    task, study, asked, measure : str
    before : tuple of str
        Ids of the records that it was made from.
    status : str
        ``ok``: two-sided limits; ``bound``: `bound` from above; ``refused``.
    lo, middle, hi, bound : float or None
    level : float
    method, reason, needed : str
    assumptions : tuple of str
    expected : tuple of float or None
        Of a count: equally likely Poisson means. With them every count has a probability.
    log_t : tuple of float or None
        Of a rate: location, scale and degrees of freedom of the t distribution of its log.
    plain : tuple of float or None
        Limits of what is usually done (`misid.backtest.plain`), to be shown beside.
    plain_shape : (shape, exposure) or None
        Of the usual prediction of a count: negative binomial, so many events in so much exposure, in units of the
        task's own.
    """

    task: str
    study: str
    asked: str
    measure: str
    before: tuple[str, ...]
    status: Status
    lo: float | None = None
    middle: float | None = None
    hi: float | None = None
    bound: float | None = None
    level: float = 0.95
    method: str = ""
    reason: str = ""
    needed: str = ""
    assumptions: tuple[str, ...] = ()
    expected: tuple[float, ...] | None = None
    log_t: tuple[float, float, float] | None = None
    plain: tuple[float, float] | None = None
    plain_shape: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.status == "ok" and (self.lo is None or self.hi is None):
            raise ValueError(f"{self.task}: an interval without its ends")
        if self.status == "bound" and self.bound is None:
            raise ValueError(f"{self.task}: a bound without its value")
        if self.status == "refused" and not (self.reason and self.needed):
            raise ValueError(f"{self.task}: a refusal says why, and what would suffice")

    def to_dict(self) -> dict[str, Any]:
        """A plain record in the order of the fields."""
        made = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in made.items()}


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A prediction beside what happened.

    Attributes
    ----------
    prediction : Prediction
    sha256 : str
        Of the prediction, recorded before the outcome was read.
    outcome : Outcome
    held : bool or None
        Inside the limits, or at or below the bound; None for a refusal.
    width : float or None
        hi / lo; of a count (hi + 1/2) / (lo + 1/2), since 0 is a count.
    log_score : float or None
        Natural log of the probability of the count, or of the density of the log of the rate; None where only limits
        were predicted, or the outcome is a range.
    plain_held : bool or None
        The same for what is usually done.
    plain_log_score : float or None
    reason : str
        Why it failed, where known.
    """

    prediction: Prediction
    sha256: str
    outcome: Outcome
    held: bool | None
    width: float | None
    log_score: float | None
    plain_held: bool | None = None
    plain_log_score: float | None = None
    reason: str = ""
