"""Stage 3, the search: its rates through the search model, and who is returned.

Formulas are in docs/encounter.md. F: a wrong person who is no relative is at or above the threshold (FPIR of the cell);
K: a relative is; m: the mate is not (FNIR of the cell).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import gammaincc

from misid.encounter.draws import Draws
from misid.encounter.forms import PublishedSearch, ScenarioForm
from misid.encounter.population import Relatives
from misid.search.growth import grown_fnirs, grown_hazard, hazard
from misid.tally.model import Floats

LONG_LIST = 20
"""Longest list for which Poisson sums are made term by term, which is quicker than the library."""


class Rates(Protocol):
    """What a search model says, for draws of the parameters."""

    def hazard(self, draws: Draws) -> Floats:
        """-log(1 - FPIR) at the gallery, (G, n) or (1, n), before the factors of groups and qualities."""
        ...

    def fnir(self, draws: Draws, quality: str | None) -> Floats:
        """FNIR at the gallery of photographs of a quality, (G, n) or (1, n), before the factors."""
        ...


@dataclass(frozen=True)
class StatedRates:
    """``model = "stated"``: the scenario's own numbers, at its own gallery."""

    form: ScenarioForm

    def hazard(self, draws: Draws) -> Floats:
        return hazard(draws["search.fpir"])[None]

    def fnir(self, draws: Draws, quality: str | None) -> Floats:
        return draws[fnir_path(self.form, quality)][None]


@dataclass(frozen=True)
class PublishedRates:
    """``model = "published"``: an operating point at another gallery, grown to this one."""

    form: ScenarioForm
    search: PublishedSearch

    def hazard(self, draws: Draws) -> Floats:
        ratio, b = self.grown(draws)
        return grown_hazard(draws["search.fpir"], ratio, b)[None]

    def fnir(self, draws: Draws, quality: str | None) -> Floats:
        ratio, b = self.grown(draws)
        return grown_fnirs(draws[fnir_path(self.form, quality)], ratio, draws["search.fnir_growth"], b)[None]

    def grown(self, draws: Draws) -> tuple[Floats, Floats]:
        """The gallery as a multiple of the tested one, and the exponent with which FPIR grows."""
        count = draws["search.images_that_count"] if self.search.images_that_count is not None else np.ones(1)
        ratio = draws["search.gallery"] * count / draws["search.tested_gallery"]
        return ratio, np.zeros(1) if self.search.hold == "fpir" else draws["search.growth"]


def fnir_path(form: ScenarioForm, quality: str | None) -> str:
    """Where the scenario states FNIR of a quality."""
    if quality is not None and form.quality[quality].fnir is not None:
        return f"quality.{quality}.fnir"
    return "search.fnir"


def factors(names: Sequence[str], draws: Draws) -> Floats:
    """Product of the factors, (n,)."""
    product = np.ones(1)
    for name in names:
        product = product * draws[f"factors.{name}.times"]
    return product


@dataclass(frozen=True, kw_only=True)
class Returned:
    """Who a search of a captured photograph returns; arrays (G, n), in each of two cases summing to 1.

    Attributes
    ----------
    stranger, stranger_kin, rightly_nobody : array
        Somebody not in the gallery: another person, a relative, nobody.
    right, another, another_kin, missed : array
        Somebody in the gallery: the right person, another, a relative, nobody.
    """

    stranger: Floats
    stranger_kin: Floats
    rightly_nobody: Floats
    right: Floats
    another: Floats
    another_kin: Floats
    missed: Floats


def best_only(F: Floats, m: Floats, o: Floats, kin: Relatives) -> Returned:
    """The best candidate is shown; T = (1 - m)(1 - K o_K)(1 - F o), and so on.

    Parameters
    ----------
    F, m : (G, n) float
    o : (n,) float
        P(the wrong person is above the mate | both at or above the threshold); `kin.first` where it is a relative.
    """
    K, above = kin.reached, 1 - m
    relative_first = K * kin.first
    other_first = (1 - relative_first) * F * o
    none = (1 - F) * (1 - K)
    return Returned(
        stranger=F * (1 - K),
        stranger_kin=np.broadcast_to(K, np.broadcast_shapes(K.shape, F.shape)),
        rightly_nobody=none,
        right=above * (1 - relative_first) * (1 - F * o),
        another=m * F * (1 - K) + above * other_first,
        another_kin=m * K + above * relative_first,
        missed=m * none,
    )


@dataclass(frozen=True, kw_only=True)
class ListReading:
    """What an officer makes of a list; arrays (n,)."""

    length: int
    right_when_there: Floats
    wrong_when_there: Floats
    wrong_when_absent: Floats


def as_list(F: Floats, m: Floats, o: Floats, kin: Relatives, reading: ListReading) -> Returned:
    """A list of the best R candidates at or above the threshold is shown, and an officer takes one of them or nobody.

    The mate is in it unless it is below the threshold or R wrong people are above it. Wrong people above the mate: a
    relative with probability K o_K, others Poisson with mean -log(1 - F o), so that R = 1 is `best_only`.
    """
    K, above = kin.reached, 1 - m
    relative_first = K * kin.first
    pushed_out = above * (1 - relative_first) * _at_least(reading.length, F * o)
    pushed_out_by_kin = above * relative_first * _at_least(reading.length - 1, F * o)
    there = above - pushed_out - pushed_out_by_kin
    wrong = 1 - (1 - F) * (1 - K)
    # Of wrong people, a relative who is in the list is the one taken; one who is below the mate in a full list is not.
    absent_kin, absent_other = m * K + pushed_out_by_kin, m * F * (1 - K) + pushed_out
    picks, takes = reading.wrong_when_there, reading.wrong_when_absent
    right = there * reading.right_when_there
    another, another_kin = there * F * (1 - K) * picks + absent_other * takes, there * K * picks + absent_kin * takes
    return Returned(
        stranger=F * (1 - K) * takes,
        stranger_kin=np.broadcast_to(K * takes, F.shape),
        rightly_nobody=1 - wrong * takes,
        right=right,
        another=another,
        another_kin=another_kin,
        missed=1 - right - another - another_kin,
    )


def _at_least(count: int, chance_of_one: Floats) -> Floats:
    """P(Poisson >= count), the mean such that P(Poisson >= 1) is `chance_of_one`."""
    if count <= 0:
        return np.ones_like(chance_of_one)
    if count == 1:
        return chance_of_one
    mean = hazard(chance_of_one)
    if count > LONG_LIST:
        return 1 - np.asarray(gammaincc(count, mean))
    term = 1 - chance_of_one
    below = term.copy()
    for k in range(1, count):
        term = term * mean / k
        below += term
    return np.maximum(1 - below, 0.0)
