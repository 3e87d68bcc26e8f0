"""How rates per search grow with the gallery, where no test says it: laws with a free exponent in a range."""

from __future__ import annotations

from math import expm1, isnan, log, log1p

import numpy as np

from misid.ground.codes import note
from misid.ground.errors import UsageError
from misid.search.span import Span
from misid.tally.model import Floats

FLAT_TO_LINEAR = Span(lo=0.0, hi=1.0)
"""The exponent b of FPIR: 0, the engine holds FPIR whatever the gallery; 1, comparisons are independent."""

FNIR_TESTED = (1.6e6, 12e6)
"""The two galleries at which NIST gives FNIR of the same algorithms, mugshots, at FPIR held at 0.003."""

_LARGER = log(FNIR_TESTED[1] / FNIR_TESTED[0])

FNIR_EXPONENT = Span(lo=log(1.75) / _LARGER, best=log(2.18) / _LARGER, hi=log(2.63) / _LARGER)
"""The exponent a of FNIR at held FPIR: between these two galleries FNIR grew 2.18 times for the median algorithm and
1.75 to 2.63 times for eight in ten (NIST FRTE 1:N)."""


def grown_fpir(fpir: float, ratio: float, b: float) -> float:
    """``1 - (1 - fpir) ** (ratio ** b)``: FPIR at a gallery `ratio` times as large.

    Parameters
    ----------
    fpir : float
        In [0, 1], at the gallery it was measured on.
    ratio : float
        Above 0.
    b : float
        In [0, 1]. It cannot be above 1: of a gallery's parts at least one holds the wrong candidate, so FPIR at
        a fixed threshold grows at most linearly with the gallery.

    Examples
    --------
    >>> [round(grown_fpir(0.003, 2e8 / 12e6, b), 3) for b in (0, 0.5, 1)]
    [0.003, 0.012, 0.049]
    """
    times = float(ratio**b)
    if times == 1 or fpir in (0.0, 1.0):
        return fpir
    return -expm1(times * log1p(-fpir))


def grown_fnir(fnir: float, ratio: float, a: float) -> float:
    """``min(1, fnir * ratio ** a)``: FNIR at a gallery `ratio` times as large.

    >>> round(grown_fnir(0.001, 12 / 1.6, FNIR_EXPONENT.best), 5)
    0.00218
    """
    return min(1.0, fnir * float(ratio**a))


SURE = 1e3
"""A hazard at which nothing is left to chance: exp(-1000) is 0."""


def hazard(fpir: Floats) -> Floats:
    """``-log(1 - fpir)``, any dimensions: what factors multiply and galleries add. FPIR is ``-expm1(-hazard)``."""
    with np.errstate(divide="ignore"):
        return np.minimum(-np.log1p(-np.asarray(fpir, dtype=np.float64)), SURE)


def grown_hazard(fpir: Floats, ratio: Floats, b: Floats) -> Floats:
    """`grown_fpir` for arrays that broadcast, as a hazard.

    >>> (-np.expm1(-grown_hazard(np.array(0.003), np.array(2e8 / 12e6), np.array([0, 0.5, 1])))).round(3)
    array([0.003, 0.012, 0.049])
    """
    return np.minimum(hazard(fpir) * np.power(ratio, b), SURE)


def grown_fnirs(fnir: Floats, ratio: Floats, a: Floats, b: Floats) -> Floats:
    """`grown_fnir` for arrays that broadcast, at a threshold that is kept: with exponent a (1 - b)."""
    return np.minimum(fnir * np.power(ratio, a * (1 - b)), 1.0)


def checked_growth(growth: Span) -> Span:
    """A range of b within [0, 1], or `UsageError`."""
    if growth.lo < 0 or growth.hi > 1:
        raise UsageError(
            f"growth exponent {growth} is not within 0..1",
            remedy="0 is an engine that holds FPIR whatever the gallery, 1 is independent comparisons: 0..1",
        )
    return growth


LARGEST_GALLERY = 10**11
"""References: twelve images of each of the 8.2 billion people alive (United Nations, World Population Prospects 2024).
Nobody can be wrongly returned who does not exist, and no test can be led on to people who do not."""


def checked_gallery(gallery: float, option: str = "") -> int:
    """A whole number of references, from 1 to `LARGEST_GALLERY`, or `UsageError` that names the option.

    Examples
    --------
    >>> checked_gallery(2e8)
    200000000
    """
    named = f"{option}: " if option else ""
    if gallery > LARGEST_GALLERY:
        text = f"{gallery:.3g} references; at most {LARGEST_GALLERY:,} are answered, twelve images of everybody alive"
        raise UsageError(
            note("E072", f"{named}a gallery of {text}"), remedy="the number of images enrolled, such as 200000000"
        )
    if isnan(gallery) or gallery < 1 or gallery != int(gallery):
        raise UsageError(
            f"{named}a gallery of {gallery:g} references", remedy="whole numbers from 1 up, such as 200000000 or 2e8"
        )
    return int(gallery)
