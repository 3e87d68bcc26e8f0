"""From a test's counts to draws of FPIR at any gallery: which scales, which curves, how many draws of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from misid.search.from_tally.block import FitBlock, same_group_block
from misid.search.from_tally.counts import Floats, Ints, TestCounts
from misid.search.from_tally.draws import Cross, Drawn, covariance, cross_rates, draw, fpir_draws
from misid.search.from_tally.fit import MIXTURE_GAIN, Fit, curve_of, fit
from misid.search.from_tally.tails import TAILS, Scale, Tail, possible_scales

PER_SEARCH = (5.0, 20.0)
"""Exceedances per search of the lowest level, without groups: two depths, so that the tail's bend shows."""

GROUP_SHARE = 0.03
"""Share of a group's own references that its searches exceed at the lowest level, with groups."""

FEWEST_IN_GROUP = 40
"""References of its own group that a search meets on average, below which groups are put together."""

MOST_SEARCHES = 4000
"""Searches that the curves are fitted to, drawn at random from a test of more; rates are of all searches."""

KEPT = 4.0
"""Scales within so many units of penalised log likelihood of the best are kept."""


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

    def fpir(self, gallery: float, threshold: float, candidates: int = 1) -> Floats:
        """(draws, G) FPIR by group of the probe; or P(at least so many non-mated candidates)."""
        found = [fpir_draws(m.drawn, gallery, threshold, self.shares, candidates) for m in self.members]
        return np.concatenate(found)


def scale_weights(fits: dict[Scale, float]) -> dict[Scale, float]:
    """Weights of scales from their penalised log likelihoods and priors; those far behind get none."""
    value = np.array([ll + scale.prior for scale, ll in fits.items()])
    gap = value - value.max()
    weight = np.where(gap >= -KEPT, np.exp(gap), 0.0)
    return dict(zip(fits, (weight / weight.sum()).tolist(), strict=True))


def worth_grouping(test: TestCounts) -> bool:
    """Whether groups are large enough that their searches can be looked at apart."""
    own = float(test.searches_in @ np.diag(test.references)) / max(test.searches, 1)
    return test.n_groups > 1 and own >= FEWEST_IN_GROUP


def project(
    test: TestCounts,
    rng: np.random.Generator,
    *,
    shares: Floats | None = None,
    draws: int = 1000,
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
        depths: tuple[float, ...] = (GROUP_SHARE * own,)
        cross: Cross | None = cross_rates(test, mix)
    else:
        test, mix, depths, cross = test.pooled(), np.ones(1), PER_SEARCH, None
    picked = np.arange(test.searches)
    if test.searches > MOST_SEARCHES:
        picked = np.sort(rng.choice(test.searches, MOST_SEARCHES, replace=False))
    picked = picked[np.argsort(test.group[picked], kind="stable")]
    members = []
    for depth in depths:
        members += _members(test, depth, cross, picked, draws / len(depths), rng)
    searched = test.searches_in / test.searches
    return Projection(test=test, shares=mix, grouped=grouped, members=tuple(members), searched=searched)


def _members(
    test: TestCounts, depth: float, cross: Cross | None, picked: Ints, draws: float, rng: np.random.Generator
) -> list[Member]:
    part = same_group_block(test, depth, picked)
    whole = part if len(picked) == test.searches else same_group_block(test, depth)
    log_rates = np.log(whole.rates(test.n_groups))
    members = []
    for tail in TAILS:
        fits: dict[Scale, Fit] = {}
        for scale in possible_scales(test.lowest, test.highest):
            fits[scale] = _fitted(test, part, whole, scale, tail, log_rates, mixture=False)
        weights = scale_weights({scale: f.log_likelihood for scale, f in fits.items()})
        for scale, weight in weights.items():
            count = round(draws / len(TAILS) * weight)
            if count < 1:
                continue
            best = fits[scale]
            two = _fitted(test, part, whole, scale, tail, log_rates, mixture=True)
            if two.log_likelihood > best.log_likelihood + MIXTURE_GAIN:
                best = two
            x_levels = best.curve.x(test.levels)
            x = x_levels[part.levels]
            spread = covariance(best, part, x, log_rates, test.searches, cross, picked)
            drawn = draw(best, log_rates, spread, cross, x_levels, count, rng)
            members.append(
                Member(fit=best, per_search=depth, weight=weight, drawn=drawn, block=whole, log_rates=log_rates)
            )
    return members


def _fitted(
    test: TestCounts, part: FitBlock, whole: FitBlock, scale: Scale, tail: Tail, log_rates: Floats, *, mixture: bool
) -> Fit:
    """Fit to the searches picked; levels and units are those of all."""
    curve = curve_of(test, whole, scale, tail, mixture=mixture)
    return fit(curve, part, curve.x(test.levels[whole.levels]), log_rates)
