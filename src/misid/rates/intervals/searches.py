"""FPIR at the test's own gallery: all searches of a test meet the same references."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from misid.ground.errors import UsageError
from misid.rates.intervals.limits import shared_binomial_limits
from misid.rates.intervals.model import (
    FEW_PEOPLE,
    Floats,
    Interval,
    NonmatedDesign,
    NonmatedMoments,
    SearchDesign,
    SearchMoments,
    Side,
    check_level,
)
from misid.rates.intervals.monotone import Monotone, Step
from misid.rates.intervals.nonmated import pair_repetition, reference_variation
from misid.rates.intervals.spread import DEFAULT_SLOPE, MIN_EXCEEDANCES, few_people_factor, smooth_c, smooth_slope

METHOD = "gamma-binomial, searches sharing the gallery"


@dataclass(frozen=True)
class _Parts:
    """Variance of the number of hits, in two parts; all (n_levels,)."""

    rate: Floats
    own: Floats
    """What searches add that share nothing but their person (and reciprocal pairs): variance of hits."""
    shared: Floats
    """What the references add, that all searches meet: variance of hits, >= 0."""


def variance_parts(design: SearchDesign, moments: SearchMoments) -> _Parts:
    """First-order (delete-one) variance of the number of hits over people and over references.

    A person k adds A_k - F K_k as one who searches and D_k - mean D as one who is found: D_k hits would vanish
    without k. Squares summed over people count each hit with one reference twice, hence minus `sum_q2`.
    """
    m = moments
    k, n = design.searches, design.people
    hits = np.asarray(m.hits, dtype=float)
    f = hits / k
    own = m.sum_a2 - 2 * f * m.sum_ak + f * f * design.sum_k2
    if n > 1:
        own = own * n / (n - 1)
    alone = np.asarray(m.sum_d, dtype=float)
    repeats = m.sum_a2 / np.maximum(hits, 1)
    if m.sum_q2 is not None:
        pairs = np.asarray(m.sum_q2, dtype=float)
    else:
        pairs = alone * repeats
        if m.reciprocity is not None:
            pairs = pairs * np.maximum(m.reciprocity, 1)
    reciprocal = np.maximum(0.0, pairs - alone * repeats)
    found = m.sum_d2 - alone**2 / max(design.references, 1)
    both = 2 * (m.sum_ad - f * m.sum_kd)
    total = own + found + both - pairs
    own = own + reciprocal
    return _Parts(f, own, np.maximum(0.0, total - own))


def fpir_interval(
    design: SearchDesign,
    moments: SearchMoments,
    at: int,
    *,
    nonmated: tuple[NonmatedDesign, NonmatedMoments] | None = None,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FPIR at the test's own gallery: for searches by other people of another gallery of this size.

    Parameters
    ----------
    at : int
        Level the rate is wanted at; for a threshold between levels the last level below it.
    nonmated : pair of design and moments, optional
        Of the comparisons these searches made, at the same levels: common exceedances tell better than rare hits how
        references differ. Without it (candidate lists) hits alone must.
    errors : int, optional
        Hits at the threshold itself, where it is not a level: searches with a candidate at or above it.

    Notes
    -----
    Hits are binomial given an effect on the hazard that all searches share (a gallery with more or fewer people
    who resemble many): gamma, with variance c from the delete-one-reference influence, or from its fit over lower
    thresholds if that is larger. Searches of one person, and reciprocal hits, reduce the effective searches.

    As for FMR, the upper limit is the least one of this and of all lower thresholds, the lower limit the largest one
    of this and of all higher ones.
    """
    check_level(level, side)
    errors = int(moments.hits[at]) if errors is None else errors
    return fpir_limits(design, moments, nonmated, level).interval(at, errors, side)


def fpir_limits(
    design: SearchDesign,
    moments: SearchMoments,
    nonmated: tuple[NonmatedDesign, NonmatedMoments] | None = None,
    level: float = 0.95,
    steps: Iterable[Step] | None = None,
) -> Monotone:
    """Limits of FPIR of a label at many thresholds: `fpir_interval`, with thresholds between levels in `steps`."""
    steps = enumerate(moments.hits.astype(int).tolist()) if steps is None else steps
    return Monotone(lambda at, x, side: _alone(design, moments, nonmated, at, x, level, side), steps, rising=False)


def _alone(
    design: SearchDesign,
    moments: SearchMoments,
    nonmated: tuple[NonmatedDesign, NonmatedMoments] | None,
    at: int,
    x: int,
    level: float,
    side: Side,
) -> Interval:
    """FPIR with limits of one threshold alone."""
    tail = check_level(level, side)
    k = design.searches
    if k == 0 or design.references == 0:
        return Interval(estimate=None, lo=None, hi=None, level=level, side=side, method=METHOD, errors=0, trials=0,
                        people=0, effective_people=None, log_variance=None, status="undefined")  # fmt: skip
    f = x / k
    parts = variance_parts(design, moments)
    deff = _design_effect(design, moments, parts, at, x, nonmated)
    c = _shared_variation(design, moments, parts, at, x == moments.hits[at], nonmated)
    people = min(design.people, design.references)
    few = people < FEW_PEOPLE
    c = c * few_people_factor(people) if people > 1 else np.inf
    trials = k / deff
    lo, hi = (0.0, 1.0) if np.isinf(c) else shared_binomial_limits(f * trials, trials, c, tail)
    ok = x > 0 and not few
    log_variance = None
    if x:
        hazard = -np.log1p(-min(f, 1 - 0.5 / k))
        slope = hazard * np.exp(-hazard) / f
        log_variance = float((1 - f) / (f * trials) + c * slope**2)
    effective = trials
    if log_variance and 0 < f < 1:
        effective = (1 - f) / f / log_variance
    elif x == 0 and hi < 1:
        effective = np.log(tail) / np.log1p(-hi)
    return Interval(
        estimate=f,
        lo=lo if ok and side == "two" else 0.0,
        hi=hi,
        level=level,
        side=side,
        method=METHOD,
        errors=x,
        trials=k,
        people=design.people,
        effective_people=min(float(design.people), float(effective)),
        log_variance=log_variance,
        status="ok" if ok else "bound",
        warnings=(f"{people} people on a side are too few to know how people differ: a bound only",) if few else (),
    )


def _design_effect(
    design: SearchDesign,
    moments: SearchMoments,
    parts: _Parts,
    at: int,
    x: int,
    nonmated: tuple[NonmatedDesign, NonmatedMoments] | None,
) -> float:
    """Searches that come together, as a factor >= 1; rare hits show it badly, so lower thresholds count too."""
    k = design.searches
    binomial = k * parts.rate * (1 - parts.rate)
    seen = np.where(binomial > 0, parts.own / np.where(binomial > 0, binomial, 1.0), 1.0)
    hits = np.asarray(moments.hits)
    fewer = np.minimum(hits, k - hits)
    found = [1.0]
    if x == 0:
        # As for FNMR: no hit says nothing of how a person's searches go together, so the bound counts people.
        found.append(design.sum_k2 / k)
    if fewer[at] >= 2:
        found.append(float(seen[at]))
    if fewer[at] < MIN_EXCEEDANCES:
        # As hits become rare this tends to what exceedances of one pair of people do.
        enough = np.flatnonzero(fewer[: at + 1] >= MIN_EXCEEDANCES)
        if len(enough):
            found.append(float(seen[enough[-1]]))
        elif nonmated is None:
            found.append(design.sum_k2 / k)
        if nonmated is not None and 2 * hits[at] < k:
            found.append(pair_repetition(*nonmated, at))
    return max(found)


def _shared_variation(
    design: SearchDesign,
    moments: SearchMoments,
    parts: _Parts,
    at: int,
    exact: bool,
    nonmated: tuple[NonmatedDesign, NonmatedMoments] | None,
) -> float:
    """c: variance of the shared effect on the hazard, the larger of direct and smooth."""
    k, m = design.searches, design.references
    alone = np.asarray(moments.sum_d, dtype=float)
    among_alone = np.where(alone >= 2, parts.shared / np.maximum(alone, 1.0) ** 2, 0.0)
    around = [at] if exact or at + 1 == len(alone) else [at, at + 1]
    slope = None
    if nonmated is not None:
        made, seen = nonmated
        rate = np.asarray(seen.exceed, dtype=float) / max(made.comparisons, 1)
        slope = smooth_slope(reference_variation(made, seen) / m, rate, seen.exceed, m, float(rate[at]))
    rate = np.asarray(moments.exceed, dtype=float) / (k * m)
    if slope is None:
        slope = smooth_slope(among_alone, rate, alone, m, float(rate[at]))
    if slope is None:
        slope = DEFAULT_SLOPE / 2
    smooth = smooth_c(slope, max(float(rate[around[-1]]), 1 / (k * m)), m)
    best = 0.0
    for i in around:
        f = parts.rate[i]
        if f == 0:
            best = max(best, smooth)
        elif f < 1:
            # A hazard effect moves FPIR through the hits that hang on one reference alone.
            lever = (alone[i] / k / (-np.log1p(-f) * (1 - f))) ** 2
            best = max(best, max(float(among_alone[i]), smooth) * float(lever))
    return best


def rarefied_fpir(
    exceedances: npt.NDArray[np.int64], searches: npt.NDArray[np.int64], gallery: int, size: int
) -> float:
    """FPIR at a gallery of `size` <= `gallery`: exact rarefaction from the spectrum.

    Given its probe, a search's references are exchangeable: with k of m at or above the threshold, a random
    sub-gallery of N holds none of them with probability C(m-k, N) / C(m, N) (Hurlbert 1971, for species).

    Parameters
    ----------
    exceedances : (k,) int
        Number of references at or above the threshold, 0 included.
    searches : (k,) int
        Searches that have it.
    gallery, size : int
        m and N; 0 <= N <= m.

    Raises
    ------
    UsageError
        `size` above `gallery`: that needs a model, not counting; or exceedances outside 0 ... gallery.

    Examples
    --------
    >>> rarefied_fpir(np.array([0, 1, 3]), np.array([90, 9, 1]), 100, 10)
    0.0117...
    """
    k = np.asarray(exceedances, dtype=np.int64)
    w = np.asarray(searches, dtype=float)
    if not 0 <= size <= gallery:
        raise UsageError(f"gallery of {size} from one of {gallery}", remedy="ask for at most the test's own gallery")
    if len(k) and (k.min() < 0 or k.max() > gallery):
        raise UsageError(f"{int(k.max())} of {gallery} references exceed", remedy="give counts from 0 to the gallery")
    if w.sum() <= 0:
        raise UsageError("no searches", remedy="give the number of searches beside each count")
    # C(m-k, N) / C(m, N) is the product over the k references of the chance that each is left out. Differences of
    # log factorials would lose the digits of a small FPIR from a large gallery.
    out = np.arange(min(int(k.max()), gallery - size), dtype=float)
    log_none = np.concatenate([[0.0], np.cumsum(np.log1p(-size / (gallery - out)))])
    some = np.where(k <= gallery - size, -np.expm1(log_none[np.minimum(k, gallery - size)]), 1.0)
    return float(w @ some / w.sum())
