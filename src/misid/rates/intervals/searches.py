"""FPIR at the test's own gallery: all searches of a test meet the same references."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from misid.ground.errors import UsageError
from misid.rates.intervals.alone import TOO_FEW, Alone, Thresholds
from misid.rates.intervals.limits import binomial_lower, binomial_upper, shared_binomial_lower, shared_binomial_upper
from misid.rates.intervals.model import (
    FEW_PEOPLE,
    Floats,
    Interval,
    Ints,
    NonmatedDesign,
    NonmatedMoments,
    SearchDesign,
    SearchMoments,
    Side,
    check_level,
)
from misid.rates.intervals.monotone import Monotone, Step
from misid.rates.intervals.nonmated import pair_repetition, reference_variation
from misid.rates.intervals.spread import DEFAULT_SLOPE, MIN_EXCEEDANCES, few_people_factor, fitted_slopes, smooth_c

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
    steps: Iterable[Step] | Ints | None = None,
) -> Monotone:
    """Limits of FPIR of a label at many thresholds: `fpir_interval`, with thresholds between levels in `steps`."""
    steps = enumerate(moments.hits.astype(int).tolist()) if steps is None else steps
    return Monotone(_Searches(design, moments, nonmated), steps, level)


class _Searches(Alone):
    """FPIR of each threshold alone."""

    method = METHOD
    rising = False

    def __init__(
        self,
        design: SearchDesign,
        moments: SearchMoments,
        nonmated: tuple[NonmatedDesign, NonmatedMoments] | None,
    ) -> None:
        people = min(design.people, design.references)
        few = people < FEW_PEOPLE
        super().__init__(
            trials=design.searches if design.references else 0,
            people=design.people,
            n_levels=len(moments.hits),
            few=few,
            warnings=(TOO_FEW.format(people=people),) if few else (),
        )
        self._whole = design.sum_k2 / max(design.searches, 1)
        self._hits = np.asarray(moments.hits, dtype=float)
        if self.trials:
            parts = variance_parts(design, moments)
            self._repeated = _design_effect(design, moments, parts, nonmated)
            self._shared = _shared_variation(design, moments, parts, nonmated)
        self._factor = few_people_factor(people) if people > 1 else np.inf

    def variation(self, at: Ints, errors: Ints) -> Floats:
        """c: variance of the effect on the hazard that all searches share."""
        if np.isinf(self._factor):
            return np.full(len(at), np.inf)
        exact = errors == self._hits[at]
        return np.where(exact, *(c[at] for c in self._shared)) * self._factor

    def thresholds(self, at: Ints, errors: Ints) -> Thresholds:
        # As for FNMR: no hit says nothing of how a person's searches go together, so the bound counts people.
        together = np.where(errors == 0, np.maximum(self._repeated[at], self._whole), self._repeated[at])
        return Thresholds(errors=errors, trials=self.trials / together, shared=self.variation(at, errors))

    def lower(self, of: Thresholds, tail: Floats) -> Floats:
        return shared_binomial_lower(of.errors / self.trials * of.trials, of.trials, of.shared, tail)

    def upper(self, of: Thresholds, tail: Floats) -> Floats:
        return shared_binomial_upper(of.errors / self.trials * of.trials, of.trials, of.shared, tail)

    def most_lower(self, of: Thresholds, tail: Floats) -> Floats:
        return binomial_lower(of.errors / self.trials * of.trials, of.trials, tail)

    def least_upper(self, of: Thresholds, tail: Floats) -> Floats:
        return binomial_upper(of.errors / self.trials * of.trials, of.trials, tail)

    def log_variance(self, of: Thresholds) -> Floats:
        rate, some = of.errors / self.trials, of.errors > 0
        hazard = -np.log1p(-np.minimum(rate, 1 - 0.5 / self.trials))
        slope = np.divide(hazard * np.exp(-hazard), rate, out=np.full(len(rate), np.nan), where=some)
        by_chance = np.divide(1 - rate, rate * of.trials, out=np.full(len(rate), np.nan), where=some)
        return np.asarray(by_chance + of.shared * slope**2)

    def effective_people(self, of: Thresholds, tail: Floats, hi: Floats) -> Floats:
        rate, effective = of.errors / self.trials, of.trials.copy()
        some = (of.errors > 0) & (of.errors < self.trials)
        effective[some] = (1 - rate[some]) / rate[some] / self.log_variance(of)[some]
        none = (of.errors == 0) & (hi < 1)
        effective[none] = np.log(tail[none]) / np.log1p(-hi[none])
        return np.asarray(np.minimum(float(self.people), effective))


def _design_effect(
    design: SearchDesign,
    moments: SearchMoments,
    parts: _Parts,
    nonmated: tuple[NonmatedDesign, NonmatedMoments] | None,
) -> Floats:
    """Searches that come together at each level, as a factor >= 1; rare hits show it badly, so lower thresholds count.

    (n_levels,).
    """
    k = design.searches
    binomial = k * parts.rate * (1 - parts.rate)
    seen = np.where(binomial > 0, parts.own / np.where(binomial > 0, binomial, 1.0), 1.0)
    hits = np.asarray(moments.hits)
    fewer = np.minimum(hits, k - hits)
    found = np.maximum(1.0, np.where(fewer >= 2, seen, 1.0))
    # As hits become rare this tends to what exceedances of one pair of people do.
    last = np.maximum.accumulate(np.where(fewer >= MIN_EXCEEDANCES, np.arange(len(hits)), -1))
    otherwise = design.sum_k2 / k if nonmated is None else 1.0
    below = np.where(last >= 0, seen[last], otherwise)
    if nonmated is not None:
        below = np.maximum(below, np.where(2 * hits < k, pair_repetition(*nonmated), 1.0))
    return np.where(fewer < MIN_EXCEEDANCES, np.maximum(found, below), found)


def _shared_variation(
    design: SearchDesign,
    moments: SearchMoments,
    parts: _Parts,
    nonmated: tuple[NonmatedDesign, NonmatedMoments] | None,
) -> tuple[Floats, Floats]:
    """c: variance of the shared effect on the hazard, the larger of direct and smooth; (n_levels,).

    At each level; then between it and the next, where it is no smaller than at either.
    """
    k, m = design.searches, design.references
    alone = np.asarray(moments.sum_d, dtype=float)
    among_alone = np.where(alone >= 2, parts.shared / np.maximum(alone, 1.0) ** 2, 0.0)
    rate = np.asarray(moments.exceed, dtype=float) / (k * m)
    slope = np.full(len(rate), np.nan)
    if nonmated is not None:
        made, seen = nonmated
        compared = np.asarray(seen.exceed, dtype=float) / max(made.comparisons, 1)
        slope = fitted_slopes(reference_variation(made, seen) / m, compared, seen.exceed, m).at(compared)
    slope = np.where(np.isnan(slope), fitted_slopes(among_alone, rate, alone, m).at(rate), slope)
    slope = np.where(np.isnan(slope), DEFAULT_SLOPE / 2, slope)
    f = parts.rate
    with np.errstate(divide="ignore", invalid="ignore"):
        # A hazard effect moves FPIR through the hits that hang on one reference alone.
        lever = (alone / k / (-np.log1p(-f) * (1 - f))) ** 2

    def with_smooth(smooth: Floats, level: Ints) -> Floats:
        common = np.maximum(among_alone[level], smooth) * lever[level]
        return np.where(f[level] == 0, smooth, np.where(f[level] < 1, common, 0.0))

    here = np.arange(len(f))
    after = np.minimum(here + 1, len(f) - 1)
    at_level, between = (smooth_c(slope, np.maximum(rate[i], 1 / (k * m)), m) for i in (here, after))
    return with_smooth(at_level, here), np.maximum(with_smooth(between, here), with_smooth(between, after))


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
