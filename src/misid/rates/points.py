"""Operating points: the thresholds at which rates are given, as positions among the edges of a tally.

A threshold under audit is an edge of the tally. Where a stored tally is asked for another one, the
counts are still exact when the bin that holds it is empty; otherwise the point is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from misid.ground.errors import UsageError
from misid.ground.given import numbers_given
from misid.ground.numbers import at_target
from misid.rates.counts import Counts
from misid.tally.model import MAX_RANK, Ints, Tally

TargetOf = Literal["fmr", "fpir"]


@dataclass(frozen=True, kw_only=True)
class Point:
    """A threshold under audit, or one chosen for a target.

    Attributes
    ----------
    threshold : float or None
        On the scale of the input; None where no threshold reaches the target.
    position : int
        Scores at or above the threshold are those at or above ``edges[position]``.
    target, target_of
        The rate that the threshold was chosen for.
    inexact : frozenset of str
        Which counts the threshold would split: ``nonmated``, ``mated``.
    refusal : str
        Why there is no threshold, or why its counts are not exact.
    """

    threshold: float | None
    position: int = 0
    target: float | None = None
    target_of: TargetOf | None = None
    inexact: frozenset[str] = field(default_factory=frozenset)
    refusal: str = ""


def as_input(tally: Tally, similarity: float) -> float:
    """A similarity of the tally on the scale of the input (a distance is the negated similarity)."""
    return 0.0 - similarity if tally.origin.polarity == "distance" else similarity


def as_similarity(tally: Tally, threshold: float) -> float:
    """A threshold on the scale of the input as the tally holds scores: a similarity, of the scores' own type."""
    value = 0.0 - threshold if tally.origin.polarity == "distance" else threshold
    return float(np.float32(value)) if tally.origin.score_type == "FLOAT" else value


def checked_thresholds(thresholds: Sequence[float]) -> tuple[float, ...]:
    """Finite thresholds, or `UsageError`."""
    given = numbers_given("thresholds", thresholds)
    for threshold in given:
        if not math.isfinite(threshold):
            raise UsageError(
                f"threshold is {threshold}; allowed: finite numbers on the scale of the scores",
                remedy="leave it out, or give a number",
            )
    return given


def checked_targets(targets: Sequence[float]) -> tuple[float, ...]:
    """Targets between 0 and 1, largest first, or `UsageError`."""
    given = numbers_given("targets", targets)
    for target in given:
        if not 0.0 < target < 1.0:
            raise UsageError(
                f"target is {target}; allowed: between 0 and 1, both excluded",
                remedy="give a proportion such as 1e-3, not a percentage",
            )
    return tuple(sorted(set(given), reverse=True))


def checked_ranks(ranks: Sequence[int]) -> tuple[int, ...]:
    """Ascending ranks that the tally can tell apart, or `UsageError`."""
    given = numbers_given("ranks", ranks)
    for rank in given:
        if not rank.is_integer() or not 1 <= rank <= MAX_RANK:
            raise UsageError(
                f"rank is {rank:g}; allowed: whole numbers from 1 to {MAX_RANK}", remedy="give --rank 1,20"
            )
    return tuple(sorted({int(r) for r in given}))


def point_at(counts: Counts, threshold: float) -> Point:
    """The point of a threshold given on the scale of the input."""
    tally = counts.tally
    similarity = as_similarity(tally, threshold)
    position = int(np.searchsorted(tally.edges, similarity, side="left"))
    if position < counts.n_bins and tally.edges[position] == similarity:
        return Point(threshold=threshold, position=position)
    below = position - 1
    split = {
        name
        for name, above in (("nonmated", counts.nonmated[0]), ("mated", counts.mated[0]))
        if above[below] != above[position]
    }
    near = [as_input(tally, float(e)) for e in tally.edges[max(below, 1) : position + 1]]
    return Point(
        threshold=threshold,
        position=position,
        inexact=frozenset(split),
        refusal=(
            f"threshold {threshold!r} is not an edge of this tally, and its bin holds scores; the nearest edges are "
            f"{' and '.join(repr(e) for e in sorted(near))}; for exact counts make the tally again with "
            f"`misid tally --threshold {threshold!r}`"
            if split
            else ""
        ),
    )


def point_for_target(counts: Counts, target: float, of: TargetOf) -> Point | None:
    """The lowest edge at which the margin's FMR (FPIR) is at most `target`; None where there are no trials.

    Conservative: the rate achieved is at or below the target, never the nearest one. Refused where a single
    error would already be more than the target.
    """
    if of == "fmr":
        above, trials, what = counts.nonmated[0], int(counts.nonmated[0, 0]), "non-mated comparisons"
    else:
        design = counts.search_rows.design
        margin = design["label"] == 0
        if not margin.any():
            return None
        above, trials, what = counts.best[0], int(design["searches"][margin][0]), "non-mated searches"
    if trials == 0:
        return None
    if target < 1 / trials:
        needed = math.ceil(1 / target - 1e-6)
        return Point(
            threshold=None,
            target=target,
            target_of=of,
            refusal=(
                f"{of.upper()} of at most {at_target(target)} cannot be seen in {trials:,} {what}: "
                f"one error is already more; at least {needed:,} would be needed"
            ),
        )
    first = 1
    if counts.tally.kind == "candidates" and counts.tally.return_threshold is not None:
        first = max(first, int(np.searchsorted(counts.tally.edges, counts.tally.return_threshold, side="left")))
    reached = np.flatnonzero(above[first : counts.n_bins] / trials <= target)
    if not len(reached):
        return Point(
            threshold=None,
            target=target,
            target_of=of,
            refusal=(
                f"no edge of this tally is above enough scores for {of.upper()} of at most {at_target(target)}; "
                f"make it again with `misid tally --target {target:g}`"
            ),
        )
    position = first + int(reached[0])
    threshold = as_input(counts.tally, float(counts.tally.edges[position]))
    return Point(threshold=threshold, position=position, target=target, target_of=of)


def eer_position(nonmated: Ints, mated: Ints) -> int | None:
    """Edge at which FMR and FNMR of one label are nearest to equal; None without trials of both kinds.

    `nonmated`, `mated`: comparisons at or above each position, (n_bins + 1,). The edge with the smallest
    max(FMR, FNMR); of several, the one where the two differ least; of these, the lowest.
    """
    if nonmated[0] == 0 or mated[0] == 0 or len(nonmated) < 3:
        return None
    fmr = nonmated[1:-1] / nonmated[0]
    fnmr = (mated[0] - mated[1:-1]) / mated[0]
    worst = np.maximum(fmr, fnmr)
    ties = np.flatnonzero(worst == worst.min())
    return 1 + int(ties[np.argmin(np.abs(fmr - fnmr)[ties])])
