"""How far a test can see: the rule of refusal, from distances that hardly vary between tests of one kind.

A rule that looks at the estimate, or at its limits, lets through the estimates that happen to be high. So the rule
looks at how far the threshold lies beyond the test: in mean excesses over the level that searches exceed `AT` times
on average, which thousands of comparisons say to a per cent or two.

A group is held to the same rule, as the test that it is: its own people, and the level that its searches exceed among
references of their own group at the same rate. Far from the test comparisons within the group decide its FPIR, and how
its tail leaves the common one its own people alone can say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    level: float
    """That the searches of everybody exceed `AT` times, on the scale."""
    unit: float
    start: float
    """The test's lowest level, a score."""
    u: Floats = field(repr=False)
    """(L,) the test's levels on the scale."""
    exceed: Floats = field(repr=False)
    """(2, G, L) comparisons of a group at or above each level: with its own references [0], with all [1]."""
    wanted: Floats = field(repr=False)
    """(2, G) how many of them are at or above the level that distances of the group are measured from."""
    people: Floats = field(repr=False)
    """(G,) people of a group on its smaller side."""

    def distance(self, threshold: float, members: tuple[int, ...] | None = None, *, own: bool = True) -> float:
        """Mean excesses from the level of everybody, or of the searches of these groups, to a threshold.

        Parameters
        ----------
        own : bool
            The level that searches of the groups exceed within their own group; False: among all references, for
            galleries in which their own group is not.
        """
        level = self.level
        if members is not None:
            mine, which = list(members), 0 if own else 1
            level = _level(self.u, self.exceed[which, mine].sum(axis=0), float(self.wanted[which, mine].sum()))
        return (float(self.scale.to(np.array([threshold]))[0]) - level) / self.unit

    def people_of(self, members: tuple[int, ...]) -> float:
        """People of these groups."""
        return float(self.people[list(members)].sum())

    def end(self, people: float) -> float:
        """The threshold farthest from the test that so many people let see."""
        wanted = self.level + self.unit * farthest(people)
        low, high = self.start, self.start + 1.0
        while float(self.scale.to(np.array([high]))[0]) < wanted and high - self.start < 1e12:
            high = self.start + 2 * (high - self.start)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if float(self.scale.to(np.array([middle]))[0]) < wanted else (low, middle)
        return low


def reach_of(test: TestCounts) -> Reach:
    """Where distances of a test are measured from, and their unit."""
    scale = possible_scales(test.lowest, test.highest)[0]
    u = scale.to(test.levels)
    whole = test.exceed_at
    everybody = _level(u, whole, AT * test.searches)
    own, among_all = np.einsum("bggl->gl", test.exceed), test.exceed.sum(axis=(0, 2))
    share = np.diag(test.references) / np.maximum(test.references.sum(axis=1), 1e-300)
    wanted = AT * test.searches_in * np.stack([share, np.ones(test.n_groups)])
    searching = test.people * test.searches_in / test.searches
    enrolled = (np.diag(test.references) + 1) / test.images_per_person
    # Mean excess over the level: the area below the counts beyond it.
    fine = np.concatenate([[everybody], u[u > everybody]])
    count = np.interp(fine, u, whole)
    area = float(np.sum((count[1:] + count[:-1]) / 2 * np.diff(fine)))
    unit = area / max(float(count[0]), 1.0)
    return Reach(
        scale=scale, level=everybody, unit=unit if unit > 0 else 1.0, start=float(test.levels[0]), u=u,
        exceed=np.stack([own, among_all]), wanted=wanted, people=np.minimum(searching, enrolled),
    )  # fmt: skip


def _level(u: Floats, exceed: Floats, wanted: float) -> float:
    """Score that so many comparisons reach, between levels by a straight line in their log; the lowest if fewer do."""
    at = int(np.searchsorted(-exceed, -wanted, side="left"))
    if at == 0 or at >= len(u):
        return float(u[0])
    high, low = np.log(max(exceed[at - 1], 0.5)), np.log(max(exceed[at], 0.5))
    share = 0.0 if high <= low else (high - np.log(max(wanted, 0.5))) / (high - low)
    return float(u[at - 1] + share * (u[at] - u[at - 1]))
