"""Shapes of a parameter that is not known: how likely each value between two ends is taken to be.

A shape is its quantile function: the value below which a share `u` of the draws lies. Everything else (draws,
break-even, the ends of a tornado's bars) follows from it. Formulas are in docs/uncertainty.md.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar, Literal, cast

import numpy as np
from scipy.special import betainc, betaincinv, betaln, expit, log_ndtr, ndtr, ndtri

from misid.ground.numbers import significant
from misid.tally.model import Floats

_Z95 = float(ndtri(0.975))
PERT_WEIGHT = 4.0
"""How many times an end the likeliest value of a PERT shape counts in its mean."""

_NODES = np.linspace(-9.0, 9.0, 1801)
"""Places, in normal scores, between which `Shape.draw` interpolates the quantiles of beta shapes."""
_STEEP = 0.1
"""Parameter of a beta shape below which its quantiles are too steep to interpolate."""


@dataclass(frozen=True, kw_only=True)
class Shape(ABC):
    """A range of a parameter with a shape.

    Attributes
    ----------
    kind : str
        The word that scenario files use.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value it can take."""

    @property
    @abstractmethod
    def mean(self) -> float: ...

    @abstractmethod
    def quantile(self, u: Floats) -> Floats:
        """The value below which a share u of the draws lies; u in [0, 1], any dimensions."""

    @abstractmethod
    def cdf(self, x: Floats) -> Floats:
        """The share of draws at or below x."""

    @abstractmethod
    def said(self) -> str:
        """The shape in words, such as ``0.001 to 0.03, uniform``."""

    @property
    def is_fixed(self) -> bool:
        lo, hi = self.ends
        return lo == hi

    def draw(self, u: Floats) -> Floats:
        """As `quantile`, and as fast as many draws need: within a relative 1e-9 of it."""
        return self.quantile(u)

    def problems(self) -> dict[str, str]:
        """What is wrong with its numbers: the number's name to what is allowed."""
        return {
            name: "a finite number"
            for name, value in self.to_dict().items()
            if isinstance(value, float) and not math.isfinite(value)
        }

    def to_dict(self) -> dict[str, Any]:
        """The shape as scenario files say it; numbers that were not given are left out."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"shape": self.kind, **{name: value for name, value in given.items() if value is not None}}


@dataclass(frozen=True, kw_only=True)
class Fixed(Shape):
    """One value, taken to be known.

    >>> Fixed(value=0.003).quantile(np.array([0.1, 0.9]))
    array([0.003, 0.003])
    """

    kind = "fixed"
    value: float

    @property
    def ends(self) -> tuple[float, float]:
        return self.value, self.value

    @property
    def mean(self) -> float:
        return self.value

    def quantile(self, u: Floats) -> Floats:
        return np.full(np.shape(u), self.value)

    def cdf(self, x: Floats) -> Floats:
        return np.where(np.asarray(x) >= self.value, 1.0, 0.0)

    def said(self) -> str:
        return _number(self.value)


@dataclass(frozen=True, kw_only=True)
class _Between(Shape):
    """A shape with two stated ends."""

    lo: float
    hi: float

    @property
    def ends(self) -> tuple[float, float]:
        return self.lo, self.hi

    def problems(self) -> dict[str, str]:
        found = super().problems()
        if not found and self.lo > self.hi:
            found["lo"] = f"at most hi = {_number(self.hi)}"
        elif not found and self.lo == self.hi:
            found["lo"] = f"below hi = {_number(self.hi)}; a value that is known is fixed"
        return found

    def said(self) -> str:
        return f"{_number(self.lo)} to {_number(self.hi)}, {self.kind}"


@dataclass(frozen=True, kw_only=True)
class Uniform(_Between):
    """Every value between the ends alike.

    >>> Uniform(lo=0.0, hi=0.5).quantile(np.array([0.0, 0.5, 1.0]))
    array([0.  , 0.25, 0.5 ])
    """

    kind = "uniform"

    @property
    def mean(self) -> float:
        return (self.lo + self.hi) / 2

    def quantile(self, u: Floats) -> Floats:
        return np.clip(self.lo + (self.hi - self.lo) * np.asarray(u), self.lo, self.hi)

    def cdf(self, x: Floats) -> Floats:
        return np.clip((np.asarray(x) - self.lo) / (self.hi - self.lo), 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class LogUniform(_Between):
    """Every order of magnitude between the ends alike.

    >>> LogUniform(lo=0.001, hi=0.1).quantile(np.array([0.0, 0.5, 1.0]))
    array([0.001, 0.01 , 0.1  ])
    """

    kind = "log-uniform"

    @property
    def _width(self) -> float:
        return math.log(self.hi) - math.log(self.lo)

    @property
    def mean(self) -> float:
        return (self.hi - self.lo) / self._width

    def quantile(self, u: Floats) -> Floats:
        return np.clip(np.exp(math.log(self.lo) + self._width * np.asarray(u)), self.lo, self.hi)

    def cdf(self, x: Floats) -> Floats:
        return np.clip((np.log(np.maximum(x, self.lo)) - math.log(self.lo)) / self._width, 0.0, 1.0)

    def problems(self) -> dict[str, str]:
        found = super().problems()
        if "lo" not in found and self.lo <= 0:
            found["lo"] = "above 0; nothing has a logarithm at 0"
        return found


@dataclass(frozen=True, kw_only=True)
class _BetaLike(Shape):
    """A beta distribution, stretched between two ends."""

    @property
    @abstractmethod
    def alpha_beta(self) -> tuple[float, float]: ...

    @property
    def ends(self) -> tuple[float, float]:
        return 0.0, 1.0

    @property
    def mean(self) -> float:
        (a, b), (lo, hi) = self.alpha_beta, self.ends
        return lo + (hi - lo) * a / (a + b)

    def quantile(self, u: Floats) -> Floats:
        (a, b), (lo, hi) = self.alpha_beta, self.ends
        # SciPy's inverse is NaN this near to 0, where no draw comes.
        share = np.where(np.asarray(u) < 1e-100, 0.0, u)
        return np.clip(lo + (hi - lo) * betaincinv(a, b, share), lo, hi)

    def cdf(self, x: Floats) -> Floats:
        (a, b), (lo, hi) = self.alpha_beta, self.ends
        return np.asarray(betainc(a, b, np.clip((np.asarray(x, dtype=np.float64) - lo) / (hi - lo), 0.0, 1.0)))

    def draw(self, u: Floats) -> Floats:
        # The inverse of the incomplete beta function takes a microsecond a value; log-odds of the quantile over
        # normal scores are smooth, so that a cubic through 1,801 of them is as good.
        (a, b), (lo, hi) = self.alpha_beta, self.ends
        if min(a, b) < _STEEP:
            return self.quantile(u)
        odds = _log_odds(a, b)(np.clip(ndtri(u), _NODES[0], _NODES[-1]))
        return np.clip(lo + (hi - lo) * expit(odds), lo, hi)


@lru_cache(maxsize=1024)
def _log_odds(a: float, b: float) -> Callable[[Floats], Floats]:
    """Log-odds of the quantiles of beta(a, b) as a function of normal scores."""
    from scipy.interpolate import CubicSpline

    below, above = _log_quantile(a, b), _log_quantile(b, a)[::-1]
    return cast(Callable[[Floats], Floats], CubicSpline(_NODES, below - above))


def _log_quantile(a: float, b: float) -> Floats:
    """log of the quantiles of beta(a, b) at the nodes; by the leading term where they are too small to divide."""
    quantile = betaincinv(a, b, ndtr(_NODES))
    leading = (log_ndtr(_NODES) + math.log(a) + betaln(a, b)) / a
    with np.errstate(divide="ignore"):
        return np.where(quantile > 1e-280, np.log(quantile), leading)


@dataclass(frozen=True, kw_only=True)
class Beta(_BetaLike):
    """A beta distribution: a proportion of about alpha / (alpha + beta), the surer the larger both.

    >>> round(Beta(alpha=2, beta=6).mean, 3)
    0.25
    """

    kind = "beta"
    alpha: float
    beta: float

    @property
    def alpha_beta(self) -> tuple[float, float]:
        return self.alpha, self.beta

    def problems(self) -> dict[str, str]:
        found = super().problems()
        return {**found, **{n: "above 0" for n, v in (("alpha", self.alpha), ("beta", self.beta)) if v <= 0}}

    def said(self) -> str:
        return f"beta with alpha {_number(self.alpha)} and beta {_number(self.beta)}"


@dataclass(frozen=True, kw_only=True)
class Pert(_BetaLike):
    """A likeliest value between two ends, as planners state it: its mean is (lo + 4 mode + hi) / 6.

    >>> Pert(lo=0.0, mode=0.1, hi=0.5).mean
    0.15
    """

    kind = "pert"
    lo: float
    mode: float
    hi: float

    @property
    def alpha_beta(self) -> tuple[float, float]:
        place = (self.mode - self.lo) / (self.hi - self.lo)
        return 1 + PERT_WEIGHT * place, 1 + PERT_WEIGHT * (1 - place)

    @property
    def ends(self) -> tuple[float, float]:
        return self.lo, self.hi

    @property
    def mean(self) -> float:
        return (self.lo + PERT_WEIGHT * self.mode + self.hi) / (2 + PERT_WEIGHT)

    def problems(self) -> dict[str, str]:
        found = super().problems()
        if not found and self.lo > self.hi:
            found["lo"] = f"at most hi = {_number(self.hi)}"
        elif not found and self.lo == self.hi:
            found["lo"] = f"below hi = {_number(self.hi)}; a value that is known is fixed"
        elif not found and not self.lo <= self.mode <= self.hi:
            found["mode"] = f"from lo = {_number(self.lo)} to hi = {_number(self.hi)}"
        return found

    def said(self) -> str:
        return f"{_number(self.lo)} to {_number(self.hi)}, most likely {_number(self.mode)}"


Prior = Literal["jeffreys", "uniform"]
PRIORS: dict[Prior, float] = {"jeffreys": 0.5, "uniform": 1.0}
"""What is added to successes and to failures before the first is seen."""


@dataclass(frozen=True, kw_only=True)
class Counts(_BetaLike):
    """What k in n say of a proportion: its exact posterior, beta(k + 1/2, n - k + 1/2) under Jeffreys' prior.

    Limits from it are those of Jeffreys' interval; nothing seen (k = 0) leaves values up to about 2 / n.

    >>> Counts(k=0, n=1000).quantile(np.array(0.975)).round(5)
    np.float64(0.00251)
    """

    kind = "counts"
    k: int
    n: int
    prior: Prior = "jeffreys"

    @property
    def alpha_beta(self) -> tuple[float, float]:
        added = PRIORS[self.prior]
        return self.k + added, self.n - self.k + added

    def problems(self) -> dict[str, str]:
        found = super().problems()
        if self.n < 1:
            found["n"] = "1 or more"
        if not 0 <= self.k <= max(self.n, 0):
            found["k"] = f"from 0 to n = {self.n:,}"
        return found

    def said(self) -> str:
        return f"what {self.k:,} in {self.n:,} say"


@dataclass(frozen=True, kw_only=True)
class Lognormal(Shape):
    """About `median`, and in 95 of 100 draws within `factor` times more or less; cut at `lo` and `hi` where given.

    >>> Lognormal(median=0.01, factor=10).quantile(np.array([0.025, 0.5, 0.975])).round(6)
    array([0.001, 0.01 , 0.1  ])
    """

    kind = "lognormal"
    median: float
    factor: float
    lo: float | None = None
    hi: float | None = None

    @property
    def _sigma(self) -> float:
        return math.log(self.factor) / _Z95

    @property
    def ends(self) -> tuple[float, float]:
        return 0.0 if self.lo is None else self.lo, math.inf if self.hi is None else self.hi

    def _score(self, x: float) -> float:
        if x <= 0:
            return -math.inf
        return math.inf if math.isinf(x) else math.log(x / self.median) / self._sigma

    @property
    def _cut(self) -> tuple[float, float]:
        """Shares of the uncut distribution below the two ends."""
        return float(ndtr(self._score(self.ends[0]))), float(ndtr(self._score(self.ends[1])))

    @property
    def mean(self) -> float:
        lo, hi = (self._score(end) for end in self.ends)
        below, above = self._cut
        kept = float(ndtr(hi - self._sigma) - ndtr(lo - self._sigma)) / (above - below)
        return self.median * math.exp(self._sigma**2 / 2) * kept

    def quantile(self, u: Floats) -> Floats:
        below, above = self._cut
        score = ndtri(below + (above - below) * np.asarray(u))
        return np.clip(self.median * np.exp(self._sigma * score), *self.ends)

    def cdf(self, x: Floats) -> Floats:
        below, above = self._cut
        with np.errstate(divide="ignore"):
            score = np.log(np.maximum(x, 0.0) / self.median) / self._sigma
        return np.clip((ndtr(score) - below) / (above - below), 0.0, 1.0)

    def problems(self) -> dict[str, str]:
        found = super().problems()
        if "median" not in found and self.median <= 0:
            found["median"] = "above 0"
        if "factor" not in found and self.factor <= 1:
            found["factor"] = "above 1: how many times more or less 95 of 100 draws may be"
        lo, hi = self.ends
        if lo < 0:
            found["lo"] = "0 or more"
        elif not found and lo >= hi:
            found["lo"] = f"below hi = {_number(hi)}"
        elif not found and not lo <= self.median <= hi:
            found["median"] = f"from lo = {_number(lo)} to hi = {_number(hi)}"
        return found

    def said(self) -> str:
        lo, hi = _number(self.median / self.factor), _number(self.median * self.factor)
        cut = [f"{word} {_number(end)}" for word, end in (("from", self.lo), ("up to", self.hi)) if end is not None]
        return f"about {_number(self.median)}, 95 in 100 from {lo} to {hi}" + (f"; {', '.join(cut)}" if cut else "")


SHAPES: dict[str, type[Shape]] = {
    shape.kind: shape for shape in (Fixed, Uniform, LogUniform, Beta, Pert, Counts, Lognormal)
}
"""Every shape by the word that scenario files use."""


def _number(value: float) -> str:
    """A number of a scenario: all its digits where they are few, and never an exponent.

    >>> _number(0.003), _number(1e-6), _number(2e8), _number(0.123456789)
    ('0.003', '0.000001', '200,000,000', '0.123')
    """
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    text = repr(float(value))
    if "e" in text:
        return f"{value:.12f}".rstrip("0") if 1e-9 <= abs(value) < 1 else significant(value, 3)
    return text if len(text) <= 9 else significant(value, 3)
