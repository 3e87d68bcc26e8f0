"""Keeps outcomes apart from whoever predicts them, and gives them out only against a sealed prediction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from misid.backtest.model import COUNTS, Conditions, Outcome, Prediction, Question, Record, Task

_DIGITS = 5
"""Of a number in what is hashed: machines differ in the last bits."""


def sealed(prediction: Prediction) -> str:
    """SHA-256 of a prediction, its numbers to five significant digits.

    Examples
    --------
    >>> said = Prediction(task="a", study="s", asked="x", measure="fpir", before=(), status="ok", lo=0.1, hi=0.2)
    >>> sealed(said)[:12]
    '6f139cc84454'
    """
    text = json.dumps(_rounded(prediction.to_dict()), sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _rounded(value: Any) -> Any:
    if isinstance(value, float | int) and not isinstance(value, bool):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list) else value


@dataclass
class Ledger:
    """Predictions in the order in which they were written down, each with its hash."""

    entries: dict[str, tuple[Prediction, str]] = field(default_factory=dict)

    def write(self, prediction: Prediction) -> str:
        """Write a prediction down; a task is predicted once."""
        if prediction.task in self.entries:
            raise ValueError(f"{prediction.task} was predicted already")
        seal = sealed(prediction)
        self.entries[prediction.task] = (prediction, seal)
        return seal


class Archive:
    """Records whose outcomes are not all to be had.

    `before` gives whole records, but only those that a task may use. `question` gives conditions alone. `outcomes`
    gives what happened, once and for all tasks: it takes the ledger, and from then on nothing can be predicted.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = {record.given.id: record for record in records}
        self._closed = False

    @property
    def conditions(self) -> tuple[Conditions, ...]:
        """Of all records, without their outcomes."""
        return tuple(record.given for record in self._records.values())

    def question(self, task: Task) -> Question:
        """The task without its outcome."""
        ahead = tuple(self._records[id_].given for id_ in task.ahead)
        return Question(id=task.id, study=task.study, title=task.title, ahead=ahead)

    def before(self, task: Task) -> tuple[Record, ...]:
        """The records from before a task.

        Raises
        ------
        ValueError
            If one of them is among those ahead, or, where time orders the study, did not end before they start; or
            outcomes have been read already.
        """
        if self._closed:
            raise ValueError("outcomes have been read: nothing can be predicted any more")
        if set(task.before) & set(task.ahead):
            raise ValueError(f"{task.id}: its own outcome is among the records before it")
        found = tuple(self._records[id_] for id_ in task.before)
        if task.study.order == "date":
            start = min(self._records[id_].given.start for id_ in task.ahead)
            late = [record.given.id for record in found if not is_before(record.given.end, start)]
            if late:
                raise ValueError(f"{task.id}: {late[0]} was not known before {start}")
        return found

    def outcomes(self, tasks: Iterable[Task], ledger: Ledger) -> Mapping[str, Outcome]:
        """What happened, by task: the sum of the counts ahead, the median of the rates.

        Raises
        ------
        ValueError
            If a task has no prediction in the ledger, or one that is not what was sealed.
        """
        self._closed = True
        found = {}
        for task in tasks:
            prediction, seal = ledger.entries[task.id]
            if sealed(prediction) != seal:
                raise ValueError(f"{task.id}: the prediction is not the one that was sealed")
            records = [self._records[id_] for id_ in task.ahead]
            lo, hi = [r.outcome.lo for r in records], [r.outcome.hi for r in records]
            together = sum if records[0].given.measure in COUNTS else median
            found[task.id] = Outcome(lo=float(together(lo)), hi=float(together(hi)))
        return found


def is_before(end: str, start: str) -> bool:
    """Whether what ended at `end` was known at `start`; dates may be as short as a year.

    Examples
    --------
    >>> is_before("2023-04-05", "2023-04-06"), is_before("2023-04", "2023-04-06"), is_before("2022", "2023-01-01")
    (True, False, True)
    """
    return bool(end) and end < start and not start.startswith(end)
