"""FNMR, FNIR, FTA, FTE: trials come in bundles by person."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from misid.ground.errors import UsageError
from misid.rates.intervals.limits import binomial_limits
from misid.rates.intervals.model import FEW_PEOPLE, Floats, Interval, Side, TrialDesign, TrialMoments, check_level
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


def _correlation_at(design: TrialDesign, moments: TrialMoments, at: int, errors: int, exact: bool) -> float:
    """The larger of the correlation seen at the level and of that where errors are commoner; 1 if neither is known."""
    rho = person_correlation(design, moments)
    rarer = np.minimum(moments.errors, design.trials - np.asarray(moments.errors))
    own = min(errors, design.trials - errors)
    if own == 0:
        return 1.0
    known = np.flatnonzero((rarer >= MIN_EXCEEDANCES) & (rarer > own))
    near = known[np.argsort(rarer[known])[:4]]
    smooth = float(np.average(rho[near], weights=np.sqrt(rarer[near]))) if len(near) else None
    around = [at] if exact or at + 1 >= len(rho) else [at, at + 1]
    seen = [float(rho[i]) for i in around if 0 < moments.errors[i] < design.trials]
    if smooth is None:
        return max(seen) if seen and own >= MIN_EXCEEDANCES else 1.0
    return max([smooth, *seen])


def trial_limits(
    design: TrialDesign, moments: TrialMoments, level: float = 0.95, steps: Iterable[Step] | None = None
) -> Monotone:
    """Limits of FNMR or FNIR of a label at many thresholds, with thresholds between levels in `steps`."""
    steps = enumerate(moments.errors.astype(int).tolist()) if steps is None else steps
    return Monotone(lambda at, e, side: _alone(design, moments, at, e, level, side), steps, rising=True)


def _clustered(
    design: TrialDesign, moments: TrialMoments, at: int, errors: int | None, level: float, side: Side
) -> Interval:
    check_level(level, side)
    errors = int(moments.errors[at]) if errors is None else errors
    return trial_limits(design, moments, level).interval(at, errors, side)


def _alone(design: TrialDesign, moments: TrialMoments, at: int, e: int, level: float, side: Side) -> Interval:
    """Limits of one threshold alone."""
    tail = check_level(level, side)
    k, n = design.trials, design.people
    if k == 0:
        return Interval(estimate=None, lo=None, hi=None, level=level, side=side, method=METHOD, errors=0, trials=0,
                        people=0, effective_people=None, log_variance=None, status="undefined")  # fmt: skip
    whole = design.sum_k2 / k
    # Among few people their likeness cannot be seen: then it is taken as complete, which no data contradict.
    rho = 1.0 if n < FEW_PEOPLE else _correlation_at(design, moments, at, e, e == moments.errors[at])
    deff = 1 + rho * (whole - 1)
    f = e / k
    trials = k / deff
    lo, hi = binomial_limits(f * trials, trials, tail)
    ok = e > 0
    return Interval(
        estimate=f,
        lo=lo if ok and side == "two" else 0.0,
        hi=hi,
        level=level,
        side=side,
        method=METHOD,
        errors=e,
        trials=k,
        people=n,
        effective_people=min(float(n), trials),
        log_variance=(1 - f) / (f * trials) if e else None,
        status="ok" if ok else "bound",
    )


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
    return _clustered(design, moments, at, errors, level, side)


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
    return _clustered(design, moments, at, errors, level, side)


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
    return _clustered(TrialDesign(trials=presented, people=n, sum_k2=presented * bundle), one, 0, failed, level, side)
