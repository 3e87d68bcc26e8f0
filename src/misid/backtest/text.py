"""Predictions and scores as a person reads them, and as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from misid.backtest.model import COUNTS, Prediction, Scored
from misid.backtest.run import Result, Summary
from misid.ground.numbers import count, significant

PREDICTION_KEYS = (
    "task", "study", "asked", "measure", "status", "lo", "middle", "hi", "bound", "level", "method", "reason", "needed",
    "assumptions", "plain", "expected", "log_t", "plain_shape", "before",
)  # fmt: skip
"""Keys of a prediction's record; every one of them is hashed."""


def prediction_record(prediction: Prediction, sha256: str) -> dict[str, Any]:
    """All that was said before the outcome was read."""
    made = prediction.to_dict()
    return {**{key: made[key] for key in PREDICTION_KEYS}, "sha256": sha256}


def scored_record(scored: Scored) -> dict[str, Any]:
    """A prediction and its score."""
    outcome = scored.outcome
    return {
        **prediction_record(scored.prediction, scored.sha256),
        "outcome": outcome.lo if outcome.is_one else None, "outcome_lo": outcome.lo, "outcome_hi": outcome.hi,
        "held": scored.held, "width": scored.width, "log_score": scored.log_score, "plain_held": scored.plain_held,
        "plain_log_score": scored.plain_log_score, "failure": scored.reason,
    }  # fmt: skip


def number_text(measure: str, value: float) -> str:
    """A count with all its digits, a rate with two significant ones.

    Examples
    --------
    >>> number_text("false_alerts", 1130.0), number_text("fpir", 0.0034)
    ('1,130', '0.0034')
    """
    return count(round(value)) if measure in COUNTS else significant(value)


def said_text(prediction: Prediction) -> str:
    """What was predicted, on one line.

    Examples
    --------
    >>> said_text(Prediction(task="a", study="s", asked="x", measure="fpir", before=(), status="ok", lo=0.1, hi=0.2))
    '0.10 to 0.20'
    """
    if prediction.status == "refused":
        return f"refused: {prediction.reason}"
    if prediction.status == "bound":
        return f"at most {number_text(prediction.measure, prediction.bound or 0.0)}"
    return " to ".join(number_text(prediction.measure, end or 0.0) for end in (prediction.lo, prediction.hi))


def outcome_text(scored: Scored) -> str:
    """What happened."""
    ends = dict.fromkeys((scored.outcome.lo, scored.outcome.hi))
    return " to ".join(number_text(scored.prediction.measure, end) for end in ends)


def held_text(scored: Scored) -> str:
    """Whether it held."""
    return {None: "refused", True: "held", False: "FAILED"}[scored.held]


def task_row(scored: Scored) -> dict[str, Any]:
    """A task on one line of a table."""
    return {
        "task": scored.prediction.task,
        "predicted": said_text(scored.prediction),
        "happened": outcome_text(scored),
        "": held_text(scored),
        "width": None if scored.width is None else significant(scored.width),
        "log score": None if scored.log_score is None else f"{scored.log_score:.2f}",
        "sealed": scored.sha256[:12],
    }


def summary_row(name: str, summary: Summary) -> dict[str, Any]:
    """A study, or several, on one line of a table."""
    scores = (summary.log_score, summary.plain_log_score)
    return {
        "study": name,
        "tasks": summary.tasks,
        "95 % intervals": summary.intervals,
        "held": summary.held,
        "share": None if summary.coverage is None else f"{summary.coverage:.2f}",
        "median hi/lo": None if summary.width is None else significant(summary.width),
        "bounds held": f"{summary.bounds_held} of {summary.bounds}" if summary.bounds else None,
        "refused": summary.refused or None,
        "usual held": f"{summary.plain_held} of {summary.plain_given}" if summary.plain_given else None,
        "log score": None if scores[0] is None else f"{scores[0]:.2f}",
        "usual log score": None if scores[1] is None else f"{scores[1]:.2f}",
    }


def summary_rows(result: Result) -> list[dict[str, Any]]:
    """Studies, then all of them."""
    rows = [summary_row(study.id, result.of(study)) for study in result.studies]
    return [*rows, summary_row("all", result.summary)]


def failures(result: Result) -> Sequence[Scored]:
    """Predictions that did not hold."""
    return [scored for scored in result.all if scored.held is False]
