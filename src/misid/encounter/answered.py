"""A search model's answers as rates for draws: its limits become a range, in which one input says where.

An answer has an estimate and limits. On the scale log(-log(1 - rate)) they are taken as the median and the limits of
two half normals. A range over assumptions has no middle: every order of magnitude in it is taken as alike. A bound
alone is refused, or, where the scenario says so, taken as a range from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from misid.encounter.draws import Draws
from misid.encounter.forms import ScenarioForm
from misid.encounter.parameters import Parameter, Stated
from misid.encounter.searching import fnir_path
from misid.encounter.shapes import Uniform
from misid.ground.errors import NotEstimableError
from misid.search.growth import hazard
from misid.search.model import Answer
from misid.tally.model import Floats

FPIR_DRAW, FNIR_DRAW = "search.fpir-draw", "search.fnir-draw"


def hidden(form: ScenarioForm) -> list[Parameter]:
    """Inputs that no file states: where in its limits the search model's answer lies."""
    if form.search.model not in ("tally", "deployments"):
        return []
    name = f"search.{form.search.model}"
    stated = Stated(
        shape=Uniform(lo=0.0, hi=1.0), assumption="everything within the search model's limits, as they say how likely"
    )
    found = [Parameter(path=FPIR_DRAW, title=f"what {name} leaves open of FPIR", unit="proportion", stated=stated)]
    if uses_own_fnir(form):
        title = f"what {name} leaves open of FNIR"
        found.append(Parameter(path=FNIR_DRAW, title=title, unit="proportion", stated=stated))
    return found


def uses_own_fnir(form: ScenarioForm) -> bool:
    """Whether some photographs take their FNIR from the tally."""
    if form.search.model != "tally" or form.search.fnir is not None:
        return False
    return not form.quality or any(quality.fnir is None for quality in form.quality.values())


@dataclass(frozen=True, kw_only=True)
class AnsweredRates:
    """Rates from answers: one for each group, or one for all.

    Attributes
    ----------
    form : ScenarioForm
    fpir, fnir : sequence of Answer
        G of them, or one; `fnir` is empty where the scenario states every FNIR.
    bound_as_range : bool
    """

    form: ScenarioForm
    fpir: Sequence[Answer]
    fnir: Sequence[Answer]
    bound_as_range: bool

    def __post_init__(self) -> None:
        refused = [text for answer in (*self.fpir, *self.fnir) if (text := self._refused(answer))]
        if refused:
            needed = next(answer.needed for answer in (*self.fpir, *self.fnir) if self._refused(answer))
            raise NotEstimableError(
                "; ".join(dict.fromkeys(refused)),
                remedy=f"{needed}; or bound_as_range = true, to take everything up to the bound as alike",
            )

    def _refused(self, answer: Answer) -> str:
        if answer.lo is not None and answer.hi is not None:
            return ""
        if self.bound_as_range and answer.bound is not None:
            return ""
        bound = "" if answer.bound is None else f", and is below {answer.bound:.2g}"
        return f"{answer.asked}: no estimate, because {answer.reason}{bound}"

    def hazard(self, draws: Draws) -> Floats:
        return np.stack([hazard(rate_at(answer, draws[FPIR_DRAW])) for answer in self.fpir])

    def _own(self, draws: Draws) -> Floats:
        """(G, n) or (1, n) FNIR of the search model itself."""
        return np.stack([rate_at(answer, draws[FNIR_DRAW]) for answer in self.fnir])

    def missed(self, draws: Draws, quality: str | None) -> Floats:
        path = fnir_path(self.form, quality)
        return draws[path][None] if path in draws else self._own(draws)


def rate_at(answer: Answer, u: Floats) -> Floats:
    """The rate below which a share u of what an answer leaves open lies, (n,).

    Examples
    --------
    >>> answer = Answer(asked="FPIR", measure="fpir", estimate=0.01, lo=0.001, hi=0.05)
    >>> rate_at(answer, np.array([0.025, 0.5, 0.975])).round(4)
    array([0.001, 0.01 , 0.05 ])
    """
    if answer.lo is None or answer.hi is None:
        return np.asarray(u * (answer.bound or 0.0))
    if answer.hi == answer.lo:
        return np.full(np.shape(u), answer.lo)
    if answer.lo <= 0:
        # No logarithm: evenly from 0 to the middle, from there to the upper limit, and on to twice that.
        middle = answer.hi / 2 if answer.estimate is None else answer.estimate
        shares = [0.0, 0.5, (1 + (answer.level or 0.95)) / 2, 1.0]
        return np.interp(u, shares, [0.0, middle, answer.hi, min(2 * answer.hi, 1.0)])
    lo, hi = (_loglog(value) for value in (answer.lo, answer.hi))
    if answer.limits == "assumptions" and answer.estimate is None:
        return _rate(lo + (hi - lo) * u)
    middle = (lo + hi) / 2 if answer.estimate is None else _loglog(answer.estimate)
    z95 = float(ndtri((1 + (answer.level or 0.95)) / 2))
    z = ndtri(np.clip(u, 1e-12, 1 - 1e-12))
    return _rate(middle + np.where(z < 0, (middle - lo) / z95, (hi - middle) / z95) * z)


def _loglog(rate: float) -> float:
    return float(np.log(-np.log1p(-min(rate, 1 - 1e-15))))


def _rate(loglog: Floats) -> Floats:
    return np.asarray(-np.expm1(-np.exp(np.minimum(loglog, 6.0))))
