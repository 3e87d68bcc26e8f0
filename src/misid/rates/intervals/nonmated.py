"""FMR: comparisons of n people with each other are not n(n-1) independent trials."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from misid.rates.intervals.alone import TOO_FEW, Alone, Thresholds
from misid.rates.intervals.limits import (
    binomial_upper,
    gamma_poisson_lower,
    gamma_poisson_lower_at,
    gamma_poisson_upper,
)
from misid.rates.intervals.model import (
    FEW_PEOPLE,
    Bools,
    Floats,
    Interval,
    Ints,
    NonmatedDesign,
    NonmatedMoments,
    Side,
    check_level,
)
from misid.rates.intervals.monotone import Monotone, Step
from misid.rates.intervals.spread import DEFAULT_SLOPE, MIN_EXCEEDANCES, few_people_factor, fitted_slopes, smooth_c

METHOD = "negative binomial, clustered by person and by pair of people [NBX-max]"
NOT_FITTED = "too few exceedances to see how people differ: taken as in a mixture of good and bad probes"


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


def _square_of_rate(design: NonmatedDesign, moments: NonmatedMoments) -> tuple[Floats, Floats, Bools]:
    """Exceedances, FMR squared, and whether that is known, at every level; FMR squared is 1 where it is not.

    Pairs of exceedances that share nobody estimate it without bias.
    """
    m = moments
    t = np.asarray(m.exceed, dtype=float)
    pairs = shared_people(design)
    disjoint = t**2 - (m.sum_r2 + m.sum_c2 + 2 * m.sum_rc) + m.sum_p2
    usable = (t >= 2) & (disjoint > 0) & (pairs > 0)
    return t, np.where(usable, disjoint / max(pairs, 1.0), 1.0), usable


def person_variation(design: NonmatedDesign, moments: NonmatedMoments) -> Floats:
    """c at every level: squared coefficient of variation that people put into FMR; (n_levels,), >= 0.

    The variance of FMR is what `_square_of_rate` leaves of the square of the rate counted. What a pair of people adds
    by itself (`sum_p2` / T^2) is taken off.
    """
    t, square, usable = _square_of_rate(design, moments)
    c = (t / design.comparisons) ** 2 / square - 1 - moments.sum_p2 / np.maximum(t, 1) ** 2
    return np.where(usable, np.maximum(c, 0.0), 0.0)


def reference_variation(design: NonmatedDesign, moments: NonmatedMoments) -> Floats:
    """Relative variance between references of what they add to FMR, (n_levels,), >= 0; times 1 / references it is c.

    Where the same people search, what they add as probes goes with what they add as references and counts too.
    """
    m = moments
    t, square, usable = _square_of_rate(design, moments)
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


def pair_repetition(design: NonmatedDesign, moments: NonmatedMoments) -> Floats:
    """phi at every level: exceedances that come together because one pair of people was compared more than once.

    Rare exceedances show it badly, and it falls as they become rarer, so the last level with enough of
    them counts too. Where no level has enough the design says the most that it can be.
    """
    t = np.asarray(moments.exceed, dtype=float)
    own = np.divide(moments.sum_p2, t, out=np.ones(len(t)), where=t > 0)
    last = np.maximum.accumulate(np.where(t >= MIN_EXCEEDANCES, np.arange(len(t)), -1))
    return np.asarray(np.maximum(own, np.where(last >= 0, own[last], design.sum_p2 / design.comparisons)))


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
    design: NonmatedDesign, moments: NonmatedMoments, level: float = 0.95, steps: Iterable[Step] | Ints | None = None
) -> Monotone:
    """Limits of FMR of two labels at many thresholds: `fmr_interval`, with thresholds between levels in `steps`."""
    steps = enumerate(moments.exceed.astype(int).tolist()) if steps is None else steps
    return Monotone(_Nonmated(design, moments), steps, level)


class _Nonmated(Alone):
    """FMR of each threshold alone."""

    method = METHOD
    rising = False

    def __init__(self, design: NonmatedDesign, moments: NonmatedMoments) -> None:
        side_people = min(design.probe_people, design.reference_people)
        few = side_people < FEW_PEOPLE
        super().__init__(trials=design.comparisons, people=design.people, n_levels=len(moments.exceed), few=few)
        self._side_people = side_people
        self._exceed = np.asarray(moments.exceed, dtype=float)
        if self.trials:
            self._seen = person_variation(design, moments)
            self._phi = pair_repetition(design, moments)
            self._whole = design_people(design)
            self._slopes = fitted_slopes(self._seen, self._exceed / self.trials, self._exceed, self._whole)
            if not len(self._slopes.rates):
                self.warnings += (NOT_FITTED,)
        if few:
            self.warnings += (TOO_FEW.format(people=side_people),)

    def variation(self, at: Ints, errors: Ints) -> Floats:
        """c: squared coefficient of variation that people put into FMR, the larger of direct and smooth."""
        if self._side_people < 2:
            return np.full(len(at), np.inf)
        rate = errors / self.trials
        # Between two levels the spread is no smaller than at either.
        exact = errors == self._exceed[at]
        beside = np.where(exact, at, np.minimum(at + 1, self.n_levels - 1))
        direct = np.where(errors >= 2, np.maximum(self._seen[at], self._seen[beside]), 0.0)
        slope = self._slopes.at(rate)
        slope = np.where(np.isnan(slope), DEFAULT_SLOPE, slope)
        c = np.maximum(direct, smooth_c(slope, np.maximum(rate, 1 / self.trials), self._whole))
        # Student's correction: 1/c equal people would spread FMR that much, so it is known as from so many.
        # With few exceedances the larger of two estimates is above the truth more than enough already.
        c = c * np.where(errors >= MIN_EXCEEDANCES, 1 + 2 * np.minimum(c, 0.15), 1.0)
        return c * few_people_factor(self._side_people)

    def thresholds(self, at: Ints, errors: Ints) -> Thresholds:
        return Thresholds(errors=errors, trials=self.trials / self._phi[at], shared=self.variation(at, errors))

    def lower(self, of: Thresholds, tail: Floats) -> Floats:
        return gamma_poisson_lower(of.errors / self.trials * of.trials, of.trials, of.shared, tail)

    def upper(self, of: Thresholds, tail: Floats) -> Floats:
        rate = of.errors / self.trials
        upper = gamma_poisson_upper(rate * of.trials, of.trials, of.shared, tail)
        # However people differ: no worse than if each of them matched everybody or nobody.
        return np.minimum(upper, binomial_upper(rate * self._side_people, self._side_people, tail))

    def most_lower(self, of: Thresholds, tail: Floats) -> Floats:
        return gamma_poisson_lower_at(of.errors / self.trials * of.trials, of.trials, of.shared, tail)

    def log_variance(self, of: Thresholds) -> Floats:
        unknown = np.full(len(of.errors), np.nan)
        by_chance = np.divide(1.0, of.errors / self.trials * of.trials, out=unknown, where=of.errors > 0)
        return np.asarray(of.shared + by_chance)

    def effective_people(self, of: Thresholds, tail: Floats, hi: Floats) -> Floats:
        rate = of.errors / self.trials
        odds = np.divide(1 - rate, rate, out=np.full(len(rate), np.nan), where=(rate > 0) & (rate < 1))
        independent = odds / self.log_variance(of)
        none = (of.errors == 0) & (hi < 1)
        independent[none] = gamma_poisson_upper(0, 1, 0, tail[none]) / hi[none]
        return np.asarray(self.people * np.minimum(1.0, np.sqrt(independent / self.trials)))
