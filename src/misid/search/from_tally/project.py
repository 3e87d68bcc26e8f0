"""From a test's counts to draws of FPIR at any gallery: which scales, which curves, how many draws of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from misid.search.from_tally.block import FitBlock, same_group_block
from misid.search.from_tally.counts import Floats, TestCounts
from misid.search.from_tally.draws import Cross, Drawn, covariance, cross_rates, draw, fpir_draws, rate_errors
from misid.search.from_tally.fit import MIXTURE_GAIN, Fit, curve_of, fit
from misid.search.from_tally.stretch import excess_of, once_at, stretch_of
from misid.search.from_tally.tails import TAILS, Scale, possible_scales
from misid.search.model import DRAWS

PER_SEARCH = (5.0, 20.0)
"""Exceedances per search of the lowest level, without groups: two depths, so that the tail's bend shows."""

GROUP_SHARE = 0.03
"""Share of a group's own references that its searches exceed at the lowest level, with groups."""

MOST_PER_SEARCH = 20.0
"""But no more often than this on average: more shows the body of the scores and not their tail."""

FEWEST_IN_GROUP = 40
"""References of its own group that a search meets on average, below which groups are put together."""

REMEMBERED = 64
"""Questions whose answers are kept."""

KEPT = 4.0
"""Curves within so many units of (tempered) penalised log likelihood of the best are kept."""

TEMPERED = 2000
"""Searches up to which the likelihood weighs curves in full; that of more counts as that of so many, for no
curve is the truth, and what fits the test best need not lead on best."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One curve that the answer is pooled from."""

    fit: Fit
    per_search: float
    weight: float
    drawn: Drawn
    block: FitBlock
    log_rates: Floats


@dataclass(frozen=True, kw_only=True)
class Projection:
    """Fitted curves with their draws; ask `fpir` for (N, t).

    Attributes
    ----------
    test : TestCounts
        As fitted: groups may have been put together.
    shares : (H,) float
        Composition of the gallery.
    grouped : bool
    members : tuple of Member
    """

    test: TestCounts
    shares: Floats
    grouped: bool
    members: tuple[Member, ...]
    searched: Floats = field(repr=False)
    """(G,) share of searches by group."""
    answered: dict[tuple[float, float, int], Floats] = field(default_factory=dict, repr=False, compare=False)
    """The last questions."""

    def fpir(self, gallery: float, threshold: float, candidates: int = 1) -> Floats:
        """(draws, G) FPIR by group of the probe; or P(at least so many non-mated candidates)."""
        asked = (float(gallery), float(threshold), candidates)
        if asked not in self.answered:
            # The groups of one question are asked one after the other, and whoever seeks a threshold asks again.
            if len(self.answered) >= REMEMBERED:
                self.answered.clear()
            found = [fpir_draws(m.drawn, gallery, threshold, self.shares, candidates) for m in self.members]
            self.answered[asked] = np.concatenate(found)
        return self.answered[asked]


def curve_weights(value: Floats, tempered: float) -> Floats:
    """Weights of curves from penalised log likelihood plus log prior, divided by a number; those far behind get none.

    Examples
    --------
    >>> curve_weights(np.array([-100.0, -101.0, -130.0]), 2.0).round(2)
    array([0.62, 0.38, 0.  ])
    """
    gap = (value - value.max()) / tempered
    weight = np.where(gap >= -KEPT, np.exp(gap), 0.0)
    return np.asarray(weight / weight.sum())


def worth_grouping(test: TestCounts) -> bool:
    """Whether groups are large enough that their searches can be looked at apart."""
    own = float(test.searches_in @ np.diag(test.references)) / max(test.searches, 1)
    return test.n_groups > 1 and own >= FEWEST_IN_GROUP


def project(
    test: TestCounts,
    rng: np.random.Generator,
    *,
    shares: Floats | None = None,
    draws: int = DRAWS,
    grouped: bool | None = None,
) -> Projection:
    """Fit the curves and draw from them.

    Parameters
    ----------
    shares : (H,) float, optional
        Composition of the gallery; None: as in the test's own.
    draws : int
        Of all curves together.
    grouped : bool, optional
        None: groups are kept apart where they are large enough.

    Notes
    -----
    Curves: two tail families, on every scale that the likelihood keeps, for one set of levels (with groups) or two
    (without). A second kind of probe is added where it gains `MIXTURE_GAIN`.
    """
    if grouped is None:
        grouped = worth_grouping(test)
    if grouped:
        mix = test.comparisons.sum(axis=0) / test.comparisons.sum() if shares is None else shares
        own = float(test.searches_in @ np.diag(test.references)) / test.searches
        depths: tuple[float, ...] = (min(GROUP_SHARE * own, MOST_PER_SEARCH),)
        cross: Cross | None = cross_rates(test, mix)
    else:
        test, mix, depths, cross = test.pooled(), np.ones(1), PER_SEARCH, None
    members = []
    for depth in depths:
        members += _members(test, depth, cross, draws / len(depths), rng)
    searched = test.searches_in / test.searches
    return Projection(test=test, shares=mix, grouped=grouped, members=tuple(members), searched=searched)


def _members(
    test: TestCounts, depth: float, cross: Cross | None, draws: float, rng: np.random.Generator
) -> list[Member]:
    block = same_group_block(test, depth)
    log_rates = np.log(block.rates(test.n_groups))
    fits: list[tuple[Scale, Fit]] = []
    for scale in possible_scales(test.lowest, test.highest):
        fits += [(scale, found) for found in _fitted(test, block, scale, log_rates)]
    errors = rate_errors(block, log_rates, cross)
    value = np.array([f.log_likelihood + f.curve.tail.prior + scale.prior for scale, f in fits])
    best = fits[int(value.argmax())][1]
    _, inflation = covariance(best, block, best.curve.x(test.levels[block.levels]), log_rates, errors)
    weights = curve_weights(value, max(inflation, test.searches / TEMPERED))
    excess = excess_of(test, block)
    members = []
    for (_, found), weight in zip(fits, weights.tolist(), strict=True):
        count = round(draws * weight)
        if count < 1:
            continue
        x_levels = found.curve.x(test.levels)
        spread, _ = covariance(found, block, x_levels[block.levels], log_rates, errors)
        x = x_levels[block.levels]
        stretch = stretch_of(excess, found, x, log_rates)
        drawn = draw(found, log_rates, spread, cross, x_levels, once_at(excess, x, test.searches), stretch, count, rng)
        members.append(
            Member(fit=found, per_search=depth, weight=weight, drawn=drawn, block=block, log_rates=log_rates)
        )
    return members


def _fitted(test: TestCounts, block: FitBlock, scale: Scale, log_rates: Floats) -> list[Fit]:
    """Every tail on a scale, with one kind of probes or two where that gains enough."""
    curves = [curve_of(test, block, scale, tail) for tail in TAILS]
    x = curves[0].x(test.levels[block.levels])
    one = [fit(curve, block, x, log_rates) for curve in curves]
    lead = max(one, key=lambda f: f.log_likelihood)
    two = fit(replace(lead.curve, mixture=True), block, x, log_rates)
    if two.log_likelihood <= lead.log_likelihood + MIXTURE_GAIN:
        return one
    # What kinds of probes there are hardly depends on the tail: the others start from there.
    out = []
    for single in one:
        curve, start = replace(single.curve, mixture=True), np.concatenate([single.theta[:2], two.theta[2:]])
        both = two if single is lead else fit(curve, block, x, log_rates, start)
        out.append(both if both.log_likelihood > single.log_likelihood + MIXTURE_GAIN else single)
    return out
