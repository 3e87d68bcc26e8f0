"""No likelihood ratio beyond what the size of the test supports, and the words in use for one."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from misid.ground.errors import UsageError

RULE = (
    "No likelihood ratio is stated above the one that the test itself would give if one more of its non-mated people "
    "had been returned as this person was, nor below the one if one more of its mated people had been missed "
    "(empirical bounds, Vergeer and others 2016)"
)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The lowest and the highest LR that a test supports; `reason` says by what."""

    lowest: float
    highest: float
    reason: str


def empirical_bounds(nonmated: float | None, mated: float | None) -> Bounds:
    """Bounds of the LR of any result of a search, from the people of the test.

    Parameters
    ----------
    nonmated, mated : float or None
        People searched who were not, and who were, in the test's gallery. None: not known; no bound from that side.

    Notes
    -----
    An LR system is of use at prior odds 1/x only if P(miss) + x P(false) < 1 at the decision "LR above x". With one
    misleading result added on either side, P(false) is at least 1/(n + 1) and P(found) at most m/(m + 1), so that
    x < (m/(m+1)) / (1/(n+1)). The lower bound is its mirror image.

    Examples
    --------
    >>> bounds = empirical_bounds(499, 500)
    >>> round(bounds.highest, 1), round(bounds.lowest, 4)
    (499.0, 0.002)
    """
    for name, people in (("nonmated", nonmated), ("mated", mated)):
        if people is not None and not people >= 1:
            raise UsageError(f"{name} people: {people:g}", remedy="1 or more, or None where it is not known")
    found = 1.0 if mated is None else mated / (mated + 1)
    quiet = 1.0 if nonmated is None else nonmated / (nonmated + 1)
    highest = inf if nonmated is None else found * (nonmated + 1)
    lowest = 0.0 if mated is None else 1 / ((mated + 1) * quiet)
    parts = [
        f"{people:,.0f} {name} people in the test"
        for name, people in (("non-mated", nonmated), ("mated", mated))
        if people is not None
    ]
    return Bounds(
        lowest=min(lowest, 1.0), highest=max(highest, 1.0), reason=" and ".join(parts) or "no test size known"
    )


@dataclass(frozen=True, kw_only=True)
class Verbal:
    """The word in use for a likelihood ratio, and which of the two statements it is for."""

    word: str
    favours: str
    """"first", "second", or "neither"."""


ENFSI = (
    (1e6, "extremely strong support"), (1e4, "very strong support"), (1e3, "strong support"),
    (1e2, "moderately strong support"), (1e1, "moderate support"), (2.0, "weak support"),
)  # fmt: skip
"""Lowest LR of each step of the scale printed as an example in the ENFSI guideline for evaluative reporting (2015)."""

ENFSI_SOURCE = (
    "ENFSI Guideline for Evaluative Reporting in Forensic Science, version 3.0 (2015), the verbal scale given there as "
    "an example; an LR from 1 to 2 has no word on it"
)


def verbal(lr: float) -> Verbal:
    """The step of ENFSI's example scale that an LR is on; below 1, that of 1/LR for the other statement.

    Examples
    --------
    >>> verbal(333.0).word, verbal(0.02).word, verbal(0.02).favours, verbal(1.5).word
    ('moderately strong support', 'moderate support', 'second', 'no support either way')
    """
    if not lr >= 0:
        raise UsageError(f"an LR of {lr}", remedy="0 or more")
    size = lr if lr >= 1 else inf if lr == 0 else 1 / lr
    for lowest, word in ENFSI:
        # 1e-9: 1 / 0.1 must not fall to the step below through its binary rounding.
        if size >= lowest * (1 - 1e-9):
            return Verbal(word=word, favours="first" if lr >= 1 else "second")
    return Verbal(word="no support either way", favours="neither")
