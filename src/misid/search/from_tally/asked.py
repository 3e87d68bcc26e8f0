"""What a tally is asked: a threshold is needed, and the question in one clause."""

from __future__ import annotations

from typing import Literal

from misid.ground.errors import UsageError


def given_threshold(threshold: float | None) -> float:
    """The threshold of a search, or `UsageError` where there is none."""
    if threshold is None:
        raise UsageError("a tally answers at a threshold", remedy="give the threshold of the search")
    return threshold


def asked_text(
    measure: Literal["FPIR", "FNIR"], gallery: int, threshold: float | None, group: str | None, rank: int | None = None
) -> str:
    """What was asked, in words; `rank` is of FNIR, None any.

    Examples
    --------
    >>> asked_text("FPIR", 200_000_000, 0.5, "F")
    'FPIR of a search of 200,000,000 references at threshold 0.5, probes of F'
    """
    at = "" if threshold is None else f" at threshold {threshold:g}"
    place = "" if measure == "FPIR" else ", any rank" if rank is None else f", rank {rank}"
    of = "" if group is None else f", probes of {group}"
    return f"{measure} of a search of {gallery:,} references{at}{place}{of}"
