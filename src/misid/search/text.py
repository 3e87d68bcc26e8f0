"""Answers as a person reads them. A range over assumptions is called so, and never a confidence interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from misid.ground.numbers import count, denominator, one_in, out_of, percent, significant, threshold_text
from misid.search.model import Answer

RATES = frozenset({"fpir", "fnir", "repeated", "share_of_errors"})
COUNTS = frozenset({"gallery", "people", "searches"})

RECORD_KEYS = (
    "asked", "measure", "gallery", "threshold", "target", "rank", "scans", "group", "estimate", "lo", "hi", "level",
    "limits", "bound", "method", "status", "reason", "needed", "assumptions", "warnings",
)  # fmt: skip
"""Keys of an answer's record, in the order in which the command prints them, after the model's name."""


def answer_text(answer: Answer) -> str:
    """An answer on one line: limits with what they are, the bound, or why there is none and what would suffice.

    Examples
    --------
    >>> answer_text(Answer(asked="FPIR", measure="fpir", lo=0.003, hi=0.0488, level=None, limits="assumptions",
    ...                    reason="nothing prefers one value between the ends"))
    'from 3.0 to 49 in 1,000 (range over assumptions)'
    >>> answer_text(Answer(asked="FNIR", measure="fnir", status="refused", reason="alerts say nothing of misses",
    ...                    needed="searches of people known to be on the list"))
    'refused: alerts say nothing of misses; needed: searches of people known to be on the list'
    """
    if answer.status == "refused":
        bound = "" if answer.bound is None else f"; at any rate {_below(answer)}"
        return f"refused: {answer.reason}; needed: {answer.needed}{bound}"
    if answer.status == "bound":
        said = _below(answer) if answer.bound is not None else _above(answer)
        return f"{said}: {answer.reason}"
    lo, middle, hi, unit = _written(answer)
    if answer.lo == answer.hi:
        return f"{lo}{unit}{_sure(answer)}"
    if middle:
        return f"{middle}{unit} ({_kind(answer)} {lo}–{hi})"
    return f"from {lo} to {hi}{unit} ({_kind(answer)})"


def answers_table(answers: Iterable[tuple[str, Answer]]) -> list[dict[str, str]]:
    """(model, answer) pairs as rows of text."""
    rows = [{"from": name, "asked": answer.asked, "answer": answer_text(answer)} for name, answer in answers]
    return (
        rows if len({row["from"] for row in rows}) > 1 else [{k: row[k] for k in ("asked", "answer")} for row in rows]
    )


def notes(answers: Sequence[Answer]) -> list[str]:
    """What is said once below a table: assumptions, then warnings."""
    assumed = dict.fromkeys(text for answer in answers for text in answer.assumptions)
    warned = dict.fromkeys(text for answer in answers for text in answer.warnings)
    return [*(f"assumed: {text}" for text in assumed), *(f"note: {text}" for text in warned)]


def _kind(answer: Answer) -> str:
    if answer.limits == "assumptions" or answer.level is None:
        return "range over assumptions"
    return f"{percent(answer.level)} for the next site" if answer.limits == "prediction" else percent(answer.level)


def _sure(answer: Answer) -> str:
    return " (as assumed)" if answer.limits == "assumptions" else ""


def _below(answer: Answer) -> str:
    level = "" if answer.level is None else f" ({_kind(answer)})"
    if answer.bound is None:
        return "no bound can be given"
    if answer.measure in RATES:
        return f"below {one_in(answer.bound)}{level}" if answer.bound > 0 else f"0{level}"
    return f"below {_number(answer, answer.bound)}{level}"


def _above(answer: Answer) -> str:
    lowest = answer.lo or 0.0
    text = _own(lowest) if answer.measure in RATES else None
    return f"at least {text or _number(answer, lowest)} ({_kind(answer)})"


def _number(answer: Answer, value: float) -> str:
    if answer.measure == "gallery":
        # Rounded down: a gallery of the number shown holds what was asked.
        step = 10 ** max(0, len(str(int(value))) - 3)
        return f"{int(value) // step * step:,}"
    if answer.measure in COUNTS:
        return count(round(value))
    return threshold_text(value) if answer.measure == "threshold" else significant(value)


def _written(answer: Answer) -> tuple[str, str, str, str]:
    """lo, estimate, hi and the unit; rates of one answer share a denominator."""
    lo, hi = answer.lo or 0.0, answer.hi or 0.0
    if answer.measure not in RATES:
        units = {
            "gallery": " references",
            "people": " people",
            "searches": " searches",
            "wrong_candidates": " a search",
        }
        middle = "" if answer.estimate is None else _number(answer, answer.estimate)
        return _number(answer, lo), middle, _number(answer, hi), units.get(answer.measure, "")
    if answer.estimate is None and 0 < lo < hi / _FAR_APART:
        return _own(lo), "", _own(hi), ""
    size = denominator(lo if lo > 0 and answer.estimate is None else answer.estimate or hi)
    middle = "" if answer.estimate is None else out_of(answer.estimate, size)
    return out_of(lo, size), middle, out_of(hi, size), f" in {size:,}"


_FAR_APART = 300
"""Limits further apart than this have denominators of their own."""


def _own(rate: float) -> str:
    size = denominator(rate)
    return f"{out_of(rate, size)} in {size:,}"
