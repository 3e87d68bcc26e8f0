"""How far a test can see: the rule of refusal, from distances that hardly vary between tests of one kind.

A rule that looks at the estimate, or at its limits, lets through the estimates that happen to be high. So the rule
looks at how far the threshold lies beyond the test: in mean excesses over the level that searches exceed `AT` times
on average, which thousands of comparisons say to a per cent or two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misid.search.from_tally.counts import Floats, TestCounts
from misid.search.from_tally.tails import Scale, possible_scales

AT = 20.0
"""Exceedances per search of the level that distances are measured from."""

FARTHEST = 11.0
"""Mean excesses beyond that level at which a test of `PEOPLE` people is at its end: from there on it is refused."""

PEOPLE = 500


def farthest(people: float) -> float:
    """Mean excesses beyond its level that a test of so many people can see.

    The error of log FPIR grows with the square of the distance, by the error of the tail's bend, which falls with the
    square root of the number of people: as far again needs sixteen times the people.

    Examples
    --------
    >>> farthest(500), farthest(8000)
    (11.0, 22.0)
    """
    return float(FARTHEST * (people / PEOPLE) ** 0.25)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Level and mean excess that distances are measured in; on a scale chosen by the range of scores alone."""

    scale: Scale
    levels: tuple[float, ...]
    """For everybody, then for each group of the test: the level that their searches exceed `AT` times."""
    unit: float

    def distance(self, threshold: float, members: tuple[int, ...] | None = None) -> float:
        """Mean excesses from the level of everybody, or of these groups, to a threshold."""
        levels = self.levels[:1] if members is None else [self.levels[1 + g] for g in members]
        return (float(self.scale.to(np.array([threshold]))[0]) - max(levels)) / self.unit


def reach_of(test: TestCounts) -> Reach:
    """Where distances of a test are measured from, and their unit."""
    scale = possible_scales(test.lowest, test.highest)[0]
    u = scale.to(test.levels)
    exceed, whole = test.exceed.sum(axis=(0, 2)), test.exceed_at
    everybody = _level(u, whole, AT * test.searches)
    groups = [_level(u, e, AT * n) for e, n in zip(exceed, test.searches_in, strict=True)]
    # Mean excess over the level: the area below the counts beyond it.
    fine = np.concatenate([[everybody], u[u > everybody]])
    count = np.interp(fine, u, whole)
    area = float(np.sum((count[1:] + count[:-1]) / 2 * np.diff(fine)))
    unit = area / max(float(count[0]), 1.0)
    return Reach(scale=scale, levels=(everybody, *groups), unit=unit if unit > 0 else 1.0)


def _level(u: Floats, exceed: Floats, wanted: float) -> float:
    """Score that so many comparisons reach, between levels by a straight line in their log; the lowest if fewer do."""
    at = int(np.searchsorted(-exceed, -wanted, side="left"))
    if at == 0 or at >= len(u):
        return float(u[0])
    high, low = np.log(max(exceed[at - 1], 0.5)), np.log(max(exceed[at], 0.5))
    share = 0.0 if high <= low else (high - np.log(max(wanted, 0.5))) / (high - low)
    return float(u[at - 1] + share * (u[at] - u[at - 1]))
