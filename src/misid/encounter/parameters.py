"""A number that a scenario states: its place, what it can be, its range, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from misid.encounter.reading_shapes import PROPORTION, Allowed
from misid.encounter.shapes import Shape
from misid.search.growth import LARGEST_GALLERY

Unit = Literal["proportion", "ratio", "exponent", "images", "people", "scans", "times", "hours", "years", "score"]

UNITS: dict[Unit, Allowed] = {
    "proportion": PROPORTION,
    "ratio": Allowed(lo=0.0, hi=1e9, words="a number from 0 to 1,000,000,000; 1 changes nothing"),
    "exponent": Allowed(lo=0.0, hi=1.0, words="an exponent from 0 to 1", example=0.5),
    "images": Allowed(
        lo=1.0, hi=float(LARGEST_GALLERY), words=f"a number of images from 1 to {LARGEST_GALLERY:,}", example=200e6
    ),
    "people": Allowed(lo=0.0, hi=1e4, words="a number of people from 0 to 10,000"),
    "scans": Allowed(lo=1.0, hi=1e12, words="a number of scans from 1 to 10^12", example=1e5),
    "times": Allowed(lo=0.0, hi=1e9, words="a whole number from 0 to 1,000,000,000", whole=True),
    "hours": Allowed(lo=0.0, hi=1e6, words="hours from 0 to 1,000,000"),
    "years": Allowed(lo=0.0, hi=1e4, words="years from 0 to 10,000"),
    "score": Allowed(lo=-1e12, hi=1e12, words="a number"),
}
"""Every unit, with what a parameter of it can be."""


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A number as a scenario states it.

    Attributes
    ----------
    shape : Shape
        One value (`shapes.Fixed`) or a range and how likely its parts are.
    source : tuple of str
        Evidence ids.
    assumption : str
        What is assumed where the sources do not carry the whole range; "" where nothing is.
    note : str
    """

    shape: Shape
    source: tuple[str, ...] = ()
    assumption: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number of a scenario with its place.

    Attributes
    ----------
    path : str
        Where the scenario states it: ``statuses.citizen.enrolled``.
    title : str
        What it is, in words.
    unit : str
        A key of `UNITS`.
    stated : Stated
    """

    path: str
    title: str
    unit: Unit
    stated: Stated

    @property
    def shape(self) -> Shape:
        return self.stated.shape

    @property
    def is_fixed(self) -> bool:
        return self.stated.shape.is_fixed
