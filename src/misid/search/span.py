"""A number that is known only to lie between two ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from misid.ground.errors import UsageError
from misid.tally.model import Floats

Shape = Literal["uniform", "triangular", "loguniform"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A range of a parameter, perhaps with a preferred value in it.

    Attributes
    ----------
    lo, hi : float
        The ends; equal where the number is known.
    best : float or None
        Preferred value; None where nothing prefers one, and then no estimate is made from it.
    shape : str
        How `draws` fill the range; the ends of an answer do not depend on it.

    Raises
    ------
    UsageError
        If the ends and the preferred value are not in order, or the shape cannot be drawn from.

    Examples
    --------
    >>> Span.of("0..0.5..1")
    Span(lo=0.0, hi=1.0, best=0.5, shape='uniform')
    >>> Span.of("0.003").is_known
    True
    """

    lo: float
    hi: float
    best: float | None = None
    shape: Shape = "uniform"

    def __post_init__(self) -> None:
        middle = self.lo if self.best is None else self.best
        if not -np.inf < self.lo <= middle <= self.hi < np.inf:
            raise UsageError(f"range {self}: its numbers are not finite and ascending", remedy="LOW..HIGH")
        if self.shape == "triangular" and self.best is None:
            raise UsageError("a triangular range has no preferred value", remedy="LOW..BEST..HIGH")
        if self.shape == "loguniform" and self.lo <= 0:
            raise UsageError(f"range {self}: a logarithmic one starts above 0", remedy="LOW..HIGH with LOW above 0")

    @classmethod
    def exactly(cls, value: float) -> Span:
        """A number that is known."""
        return cls(lo=value, hi=value, best=value)

    @classmethod
    def of(cls, text: str) -> Span:
        """``0.003``, ``0.001..0.03`` or ``0.001..0.003..0.03``; `UsageError` for anything else."""
        try:
            values = [float(part) for part in text.split("..")]
        except ValueError:
            values = []
        if len(values) == 1:
            return cls.exactly(values[0])
        if len(values) == 2:
            return cls(lo=values[0], hi=values[1])
        if len(values) == 3:
            return cls(lo=values[0], best=values[1], hi=values[2])
        raise UsageError(f"{text!r} is not a number or a range", remedy="0.003, 0.001..0.03 or 0.001..0.003..0.03")

    @property
    def is_known(self) -> bool:
        return self.lo == self.hi

    def draws(self, generator: np.random.Generator, size: int) -> Floats:
        """Random values of the range's shape, (size,)."""
        if self.is_known:
            return np.full(size, self.lo)
        if self.shape == "loguniform":
            return np.exp(generator.uniform(np.log(self.lo), np.log(self.hi), size))
        if self.shape == "triangular" and self.best is not None:
            return generator.triangular(self.lo, self.best, self.hi, size)
        return generator.uniform(self.lo, self.hi, size)

    def __str__(self) -> str:
        """As `of` reads it."""
        if self.is_known:
            return f"{self.lo:g}"
        return "..".join(f"{value:g}" for value in (self.lo, self.best, self.hi) if value is not None)
