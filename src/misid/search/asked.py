"""What a search model is asked: the question in one clause, and a threshold where one is needed."""

from __future__ import annotations

from typing import Literal

from misid.ground.errors import UsageError
from misid.ground.numbers import threshold_text


def given_threshold(threshold: float | None) -> float:
    """The threshold of a search, or `UsageError` where there is none."""
    if threshold is None:
        raise UsageError("a tally answers at a threshold", remedy="give the threshold of the search")
    return threshold


def asked_text(
    measure: Literal["FPIR", "FNIR"],
    gallery: int,
    threshold: float | None = None,
    group: str | None = None,
    rank: int | None = None,
) -> str:
    """What was asked, in words; `rank` is of FNIR, None any.

    Examples
    --------
    >>> asked_text("FPIR", 200_000_000, 0.5, "F")
    'FPIR of a search of 200,000,000 references at threshold 0.5, probes of F'
    >>> asked_text("FNIR", 12_000_000, rank=1)
    'FNIR of a search of 12,000,000 references, rank 1'
    """
    at = "" if threshold is None else f" at threshold {threshold_text(threshold)}"
    place = "" if measure == "FPIR" else ", any rank" if rank is None else f", rank {rank}"
    return f"{measure} of a search of {gallery:,} references{at}{place}{of_probes(group)}"


def of_probes(group: str | None) -> str:
    """Whose searches a question is about, as its last clause; "" for everybody's."""
    return "" if group is None else f", probes of {group}"
