"""FMR: comparisons of n people with each other are not n(n-1) independent trials."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

import numpy as np

from misid.rates.intervals.limits import binomial_limits, gamma_poisson_limits
from misid.rates.intervals.model import (
    FEW_PEOPLE,
    Floats,
    Interval,
    NonmatedDesign,
    NonmatedMoments,
    Side,
    check_level,
)
from misid.rates.intervals.monotone import Monotone, Step
from misid.rates.intervals.spread import DEFAULT_SLOPE, MIN_EXCEEDANCES, few_people_factor, smooth_c, smooth_slope

METHOD = "NBX-max"


def shared_people(design: NonmatedDesign) -> float:
    """Pairs of comparisons that share nobody, of the design.

    With n people in all ordered pairs n(n-1)(n-2)(n-3); with n probes and m other references n(n-1)m(m-1).
    """
    d = design
    return d.comparisons**2 - (d.sum_r2 + d.sum_c2 + 2 * d.sum_rc) + d.sum_p2


def design_people(design: NonmatedDesign) -> float:
    """n such that the design shares people like all ordered pairs of n people: 4 M^2 / sum of S_i^2."""
    d = design
    return 4 * d.comparisons**2 / (d.sum_r2 + d.sum_c2 + 2 * d.sum_rc)


def person_variation(design: NonmatedDesign, moments: NonmatedMoments) -> Floats:
    """c at every level: squared coefficient of variation that people put into FMR; (n_levels,), >= 0.

    Pairs of exceedances that share nobody estimate FMR squared without bias; the variance of FMR is the rest.
    What a pair of people adds by itself (`sum_p2` / T^2) is taken off.
    """
    m = moments
    t = np.asarray(m.exceed, dtype=float)
    pairs = shared_people(design)
    disjoint = t**2 - (m.sum_r2 + m.sum_c2 + 2 * m.sum_rc) + m.sum_p2
    usable = (t >= 2) & (disjoint > 0) & (pairs > 0)
    square = np.where(usable, disjoint / max(pairs, 1.0), 1.0)
    c = (t / design.comparisons) ** 2 / square - 1 - m.sum_p2 / np.maximum(t, 1) ** 2
    return np.where(usable, np.maximum(c, 0.0), 0.0)


def reference_variation(design: NonmatedDesign, moments: NonmatedMoments) -> Floats:
    """Relative variance between references of what they add to FMR, (n_levels,), >= 0; times 1 / references it is c.

    Where the same people search, what they add as probes goes with what they add as references and counts too.
    """
    m = moments
    t = np.asarray(m.exceed, dtype=float)
    pairs = shared_people(design)
    disjoint = t**2 - (m.sum_r2 + m.sum_c2 + 2 * m.sum_rc) + m.sum_p2
    usable = (t >= 2) & (disjoint > 0) & (pairs > 0)
    square = np.where(usable, disjoint / max(pairs, 1.0), 1.0)
    # Pairs of comparisons with one reference and two probes; then with a person once as probe, once as reference.
    reciprocal = np.maximum(m.sum_p2 - t, 0.0)
    as_reference = (m.sum_c2 - t) / max(design.sum_c2 - design.comparisons, 1.0)
    found = as_reference / square - 1
    if design.sum_rc > 0:
        made = max(design.sum_rc - max(design.sum_p2 - design.comparisons, 0.0), 1.0)
        both = (m.sum_rc - reciprocal) / made / square - 1
        overlap = design.sum_rc / design.sum_c2
        found = found + 2 * overlap * both
    return np.where(usable, np.maximum(found, 0.0), 0.0)


def pair_repetition(design: NonmatedDesign, moments: NonmatedMoments, at: int) -> float:
    """phi: exceedances that come together because one pair of people was compared more than once.

    Rare exceedances show it badly, and it falls as they become rarer, so the last level with enough of
    them counts too. Where no level has enough the design says the most that it can be.
    """
    t = np.asarray(moments.exceed, dtype=float)
    own = float(moments.sum_p2[at] / t[at]) if t[at] > 0 else 1.0
    enough = np.flatnonzero(t[: at + 1] >= MIN_EXCEEDANCES)
    if len(enough):
        return max(own, float(moments.sum_p2[enough[-1]] / t[enough[-1]]))
    return max(own, design.sum_p2 / design.comparisons)


def fmr_interval(
    design: NonmatedDesign,
    moments: NonmatedMoments,
    at: int,
    *,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FMR with limits that know who was compared with whom (NBX-max), falling as the threshold rises.

    Parameters
    ----------
    design, moments
        Of one pair of labels; any layout, ragged ones too.
    at : int
        Level the rate is wanted at; for a threshold between levels the last level below it.
    errors : int, optional
        Comparisons with score >= the threshold itself, where it is not a level; default ``moments.exceed[at]``.
    level : float
        Nominal coverage, in [0.5, 1).
    side : "two" or "upper"
        With "upper", `lo` is 0 and `hi` alone holds at `level`: the rule of three when nothing exceeds.

    Raises
    ------
    UsageError
        Level or side not allowed.

    Notes
    -----
    Exceedances over phi, the exceedances a pair of people brings at once, are taken as negative binomial with size
    1/c. c is the larger of its direct estimate and of a fit over lower thresholds, where exceedances are
    common: people differ more the rarer the error is, and a direct estimate from few is often 0.

    Limits made so at each threshold alone can rise with it where few exceedances are left. The upper limit is
    therefore the least one of this and of all lower thresholds, the lower limit the largest of this and of all higher.

    Examples
    --------
    A hundred people, all ordered pairs, no exceedance at the upper level:

    >>> import numpy as np
    >>> full = NonmatedDesign(comparisons=9900, probe_people=100, reference_people=100, people=100,
    ...                       sum_r2=980100, sum_c2=980100, sum_rc=980100, sum_p2=19800)
    >>> seen = NonmatedMoments(exceed=np.array([100., 0]), sum_r2=np.array([200., 0]),
    ...     sum_c2=np.array([200., 0]), sum_rc=np.array([100., 0]), sum_p2=np.array([102., 0]))
    >>> i = fmr_interval(full, seen, 1, side="upper")
    >>> i.status, i.errors, f"{i.hi:.1e}"
    ('bound', 0, '3.1e-04')
    """
    check_level(level, side)
    errors = int(moments.exceed[at]) if errors is None else errors
    return fmr_limits(design, moments, level).interval(at, errors, side)


def fmr_limits(
    design: NonmatedDesign, moments: NonmatedMoments, level: float = 0.95, steps: Iterable[Step] | None = None
) -> Monotone:
    """Limits of FMR of two labels at many thresholds: `fmr_interval`, with thresholds between levels in `steps`."""
    steps = enumerate(moments.exceed.astype(int).tolist()) if steps is None else steps
    return Monotone(lambda at, t, side: _alone(design, moments, at, t, level, side), steps, rising=False)


def _alone(design: NonmatedDesign, moments: NonmatedMoments, at: int, t: int, level: float, side: Side) -> Interval:
    """FMR with limits of one threshold alone."""
    tail = check_level(level, side)
    m = design.comparisons
    if m == 0:
        return Interval(estimate=None, lo=None, hi=None, level=level, side=side, method=METHOD, errors=0, trials=0,
                        people=0, effective_people=None, log_variance=None, status="undefined")  # fmt: skip
    warnings: list[str] = []
    estimate = t / m
    c_all = person_variation(design, moments)
    # Between two levels the spread is no smaller than at either.
    last = at if t == moments.exceed[at] or at + 1 == len(c_all) else at + 1
    c_direct = float(c_all[at : last + 1].max()) if t >= 2 else 0.0
    phi = pair_repetition(design, moments, at)
    n = design_people(design)
    rates = np.asarray(moments.exceed, dtype=float) / m
    slope = smooth_slope(c_all, rates, moments.exceed, n, estimate)
    if slope is None:
        slope = DEFAULT_SLOPE
        warnings.append("too few exceedances to see how people differ: taken as in a mixture of good and bad probes")
    c = max(c_direct, smooth_c(slope, max(estimate, 1 / m), n))
    if t >= MIN_EXCEEDANCES:
        # Student's correction: 1/c equal people would spread FMR that much, so it is known as from so many.
        # With few exceedances the larger of two estimates is above the truth more than enough already.
        c *= 1 + 2 * min(c, 0.15)
    side_people = min(design.probe_people, design.reference_people)
    c = c * few_people_factor(side_people) if side_people > 1 else np.inf
    few = side_people < FEW_PEOPLE
    if few:
        warnings.append(f"{side_people} people on a side are too few to know how people differ: a bound only")
    lo, hi = gamma_poisson_limits(t / phi, m / phi, c, tail) if np.isfinite(c) else (0.0, 1.0)
    # However people differ: no worse than if each of them matched everybody or nobody.
    hi = min(hi, binomial_limits(estimate * side_people, side_people, tail)[1])
    ok = t > 0 and not few
    log_variance = c + phi / t if t else None
    independent = (1 - estimate) / estimate / log_variance if log_variance and estimate < 1 else None
    if t == 0 and hi < 1:
        independent = gamma_poisson_limits(0, 1, 0, tail)[1] / hi
    return Interval(
        estimate=estimate,
        lo=lo if ok and side == "two" else 0.0,
        hi=hi,
        level=level,
        side=side,
        method=METHOD,
        errors=t,
        trials=m,
        people=design.people,
        effective_people=None if independent is None else design.people * min(1.0, sqrt(independent / m)),
        log_variance=log_variance,
        status="ok" if ok else "bound",
        warnings=tuple(warnings),
    )
