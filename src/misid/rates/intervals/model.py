"""What an interval kernel is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from misid.ground.errors import UsageError
from misid.ground.rate import Status

Side = Literal["two", "upper"]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FEW_PEOPLE = 20
"""Below this many people on a side their spread cannot be estimated: only a bound is given."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """An estimate with its limits; the numerical half of a `misid.ground.rate.Rate`.

    Attributes
    ----------
    estimate : float or None
        errors / trials; None where there are no trials.
    lo, hi : float or None
        In [0, 1]. With ``side="upper"`` lo is 0 and hi the one-sided bound at `level`.
    errors, trials : int or None
        None for EER, which has no count of its own.
    people : int
        People behind the trials.
    effective_people : float or None
        People that independent trials would have needed to tell as much as this threshold tells by itself.
    log_variance : float or None
        Variance of the log of the estimate (delta method, all sources together); None at zero errors.
    status : str
        ``ok``, ``bound`` (no errors, or fewer than 20 people on a side: the limits mean something, the
        estimate does not) or ``undefined`` (no trials).
    """

    estimate: float | None
    lo: float | None
    hi: float | None
    level: float
    side: Side
    method: str
    errors: int | None
    trials: int | None
    people: int
    effective_people: float | None
    log_variance: float | None
    status: Status
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NonmatedDesign:
    """A row of the tally's ``nonmated_design``: who was compared with whom, and how often."""

    comparisons: int
    probe_people: int
    reference_people: int
    people: int
    sum_r2: float
    sum_c2: float
    sum_rc: float
    sum_p2: float


@dataclass(frozen=True, kw_only=True)
class NonmatedMoments:
    """The rows of ``nonmated_moments`` of one pair of labels: every field (n_levels,), levels ascending."""

    exceed: Floats
    sum_r2: Floats
    sum_c2: Floats
    sum_rc: Floats
    sum_p2: Floats


@dataclass(frozen=True, kw_only=True)
class TrialDesign:
    """Trials that come in bundles by person: ``mated_design``, or the mated row of ``search_design``."""

    trials: int
    people: int
    sum_k2: float


@dataclass(frozen=True, kw_only=True)
class TrialMoments:
    """``mated_moments`` or, at one rank, ``mate_moments``: every field (n_levels,), levels ascending."""

    errors: Floats
    sum_e2: Floats
    sum_ek: Floats


@dataclass(frozen=True, kw_only=True)
class SearchDesign:
    """The non-mated row of ``search_design``; `references` people searched (``search_moments``)."""

    searches: int
    people: int
    sum_k2: float
    references: int


@dataclass(frozen=True, kw_only=True)
class SearchMoments:
    """The rows of ``search_moments`` of one label: every field (n_levels,), levels ascending.

    `sum_q2` is the sum over unordered pairs of people of (d_ij + d_ji)^2, where d_ij counts the searches
    by i in which j is the only person at or above the level. None where a tally does not hold it; then
    hits are taken to be as reciprocal as exceedances are, if `reciprocity` is given, else not at all.
    """

    hits: Floats
    exceed: Floats
    sum_a2: Floats
    sum_ak: Floats
    sum_d2: Floats
    sum_d: Floats
    sum_ad: Floats
    sum_kd: Floats
    sum_q2: Floats | None = None
    reciprocity: Floats | None = None
    """sum_p2 / exceed of the non-mated moments at the same levels."""


def check_level(level: float, side: str) -> float:
    """Probability left out on each open side."""
    if not 0.5 <= level < 1:
        raise UsageError(f"level is {level}; allowed: 0.5 to below 1", remedy="give level=0.95 for 95 % limits")
    if side not in ("two", "upper"):
        raise UsageError(f"side is {side!r}; allowed: 'two', 'upper'", remedy="give side='two'")
    return (1 - level) / 2 if side == "two" else 1 - level
