"""FNMR, FNIR, FTA, FTE: trials come in bundles by person."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from misid.ground.errors import UsageError
from misid.rates.intervals.alone import Alone, Thresholds
from misid.rates.intervals.limits import binomial_lower, binomial_upper
from misid.rates.intervals.model import FEW_PEOPLE, Floats, Interval, Ints, Side, TrialDesign, TrialMoments, check_level
from misid.rates.intervals.monotone import Monotone, Step
from misid.rates.intervals.spread import MIN_EXCEEDANCES

METHOD = "Clopper-Pearson on effective trials, clustered by person"


def person_correlation(design: TrialDesign, moments: TrialMoments) -> Floats:
    """Share of the way from independent trials (0) to people who fail always or never (1); (n_levels,)."""
    k, n = design.trials, design.people
    whole = design.sum_k2 / k
    if whole <= 1 or n < 2:
        return np.ones(len(moments.errors))
    f = np.asarray(moments.errors, dtype=float) / k
    spread = (moments.sum_e2 - 2 * f * moments.sum_ek + f * f * design.sum_k2) * n / (n - 1)
    binomial = np.where((f > 0) & (f < 1), k * f * (1 - f), 1.0)
    rho = (spread / binomial - 1) / (whole - 1)
    return np.where((f > 0) & (f < 1), np.clip(rho, 0.0, 1.0), 1.0)


class TrialsAlone(Alone):
    """FNMR, FNIR, FTA or FTE of each threshold alone."""

    method = METHOD
    rising = True

    def __init__(self, design: TrialDesign, moments: TrialMoments) -> None:
        super().__init__(trials=design.trials, people=design.people, n_levels=len(moments.errors), few=False)
        self._design, self._moments = design, moments

    @cached_property
    def _seen(self) -> Floats:
        """Correlation at each level, -inf where there are no errors or nothing else; (n_levels,)."""
        errors = np.asarray(self._moments.errors)
        some = (errors > 0) & (errors < self.trials)
        return np.where(some, person_correlation(self._design, self._moments), -np.inf)

    @cached_property
    def _smooth(self) -> tuple[Floats, Floats]:
        """Errors, or the rest where that is rarer, at levels with enough of either: ascending, (q,).

        And the mean correlation of the four levels from each on, (q + 1,): NaN where there is none.
        """
        errors = np.asarray(self._moments.errors, dtype=float)
        rarer = np.minimum(errors, self.trials - errors)
        enough = np.flatnonzero(rarer >= MIN_EXCEEDANCES)
        enough = enough[np.argsort(rarer[enough], kind="stable")]
        rho = person_correlation(self._design, self._moments)
        weight = np.append(np.sqrt(rarer[enough]), np.zeros(4))
        of_four = sliding_window_view(weight, 4).sum(axis=1)
        total = sliding_window_view(weight * np.append(rho[enough], np.zeros(4)), 4).sum(axis=1)
        return rarer[enough], np.divide(total, of_four, out=np.full(len(total), np.nan), where=of_four > 0)

    def correlation(self, at: Ints, errors: Ints) -> Floats:
        """The larger of the correlation at the level and of that where errors are commoner; 1 if neither is known."""
        if self.people < FEW_PEOPLE:
            # Among few people their likeness cannot be seen: then it is taken as complete, which no data contradict.
            return np.ones(len(at))
        own = np.minimum(errors, self.trials - errors)
        rarer, means = self._smooth
        smooth = means[np.searchsorted(rarer, own, side="right")]
        # Between two levels it is no smaller than at either.
        exact = errors == np.asarray(self._moments.errors)[at]
        beside = np.where(exact, at, np.minimum(at + 1, self.n_levels - 1))
        seen = np.maximum(self._seen[at], self._seen[beside])
        seen_alone = np.where((seen >= 0) & (own >= MIN_EXCEEDANCES), seen, 1.0)
        return np.where(own == 0, 1.0, np.where(np.isnan(smooth), seen_alone, np.maximum(smooth, seen)))

    def thresholds(self, at: Ints, errors: Ints) -> Thresholds:
        design_effect = 1 + self.correlation(at, errors) * (self._design.sum_k2 / self.trials - 1)
        return Thresholds(errors=errors, trials=self.trials / design_effect, shared=np.zeros(len(at)))

    def lower(self, of: Thresholds, tail: Floats) -> Floats:
        return binomial_lower(of.errors / self.trials * of.trials, of.trials, tail)

    def upper(self, of: Thresholds, tail: Floats) -> Floats:
        return binomial_upper(of.errors / self.trials * of.trials, of.trials, tail)

    def log_variance(self, of: Thresholds) -> Floats:
        rate = of.errors / self.trials
        unknown = np.full(len(rate), np.nan)
        return np.asarray(np.divide(1 - rate, rate * of.trials, out=unknown, where=of.errors > 0))

    def effective_people(self, of: Thresholds, tail: Floats, hi: Floats) -> Floats:
        return np.asarray(np.minimum(float(self.people), of.trials))


def trial_limits(
    design: TrialDesign, moments: TrialMoments, level: float = 0.95, steps: Iterable[Step] | Ints | None = None
) -> Monotone:
    """Limits of FNMR or FNIR of a label at many thresholds, with thresholds between levels in `steps`."""
    steps = enumerate(moments.errors.astype(int).tolist()) if steps is None else steps
    return Monotone(TrialsAlone(design, moments), steps, level)


def _one(design: TrialDesign, moments: TrialMoments, at: int, errors: int | None, level: float, side: Side) -> Interval:
    check_level(level, side)
    errors = int(moments.errors[at]) if errors is None else errors
    return trial_limits(design, moments, level).interval(at, errors, side)


def fnmr_interval(
    design: TrialDesign,
    moments: TrialMoments,
    at: int,
    *,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FNMR with limits on people.

    Parameters
    ----------
    at : int
        Level the rate is wanted at; for a threshold between levels the last level below it.
    errors : int, optional
        Mated comparisons with score < the threshold itself, where it is not a level.

    Raises
    ------
    UsageError
        Level or side not allowed.

    Notes
    -----
    Clopper-Pearson limits of the effective number of trials (Korn and Graubard 1998): trials over
    ``1 + rho (sum k^2 / sum k - 1)``. With one trial a person that is Clopper-Pearson itself; with no errors seen
    rho is 1, so that the bound counts people. The upper limit is the least one of this and of all higher
    thresholds, the lower limit the largest one of this and of all lower ones.

    Examples
    --------
    >>> import numpy as np
    >>> none = TrialMoments(errors=np.array([0]), sum_e2=np.array([0]), sum_ek=np.array([0]))
    >>> i = fnmr_interval(TrialDesign(trials=1000, people=100, sum_k2=10000), none, 0, side="upper")
    >>> i.status, round(i.hi, 4)
    ('bound', 0.0295)
    """
    return _one(design, moments, at, errors, level, side)


def fnir_interval(
    design: TrialDesign,
    moments: TrialMoments,
    at: int,
    *,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FNIR at one rank (`moments` are of that rank), limits on people; as `fnmr_interval`."""
    return _one(design, moments, at, errors, level, side)


def people_interval(
    failed: int, presented: int, *, people: int | None = None, level: float = 0.95, side: Side = "two"
) -> Interval:
    """FTA, FTE: Clopper-Pearson on samples, or on people where several samples of one may fail together.

    Parameters
    ----------
    failed, presented : int
        Samples.
    people : int, optional
        People who presented them; fewer people than samples widens the limits to those of so many trials.

    Examples
    --------
    >>> i = people_interval(3, 200)
    >>> round(i.lo, 4), round(i.hi, 4)
    (0.0031, 0.0432)
    """
    if not 0 <= failed <= presented:
        raise UsageError(f"{failed} failed of {presented} presented", remedy="give 0 <= failed <= presented")
    n = presented if people is None else people
    bundle = presented / n if n else 0.0
    together = np.array([failed * bundle])
    one = TrialMoments(errors=np.array([failed]), sum_e2=together, sum_ek=together)
    return _one(TrialDesign(trials=presented, people=n, sum_k2=presented * bundle), one, 0, failed, level, side)
