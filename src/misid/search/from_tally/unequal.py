"""How wrong candidates fall on people: how many a search returns, and who bears the searches that return any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from misid.ground.numbers import percent
from misid.search.from_tally.counts import Floats
from misid.search.model import Answer

if TYPE_CHECKING:
    from misid.search.from_tally.model import TallyModel
    from misid.search.from_tally.project import Member

ONE_FACE = "what makes a photograph resemble many others is the person's own, and stays with the person"

_NODES, _REACH = 61, 6.5


def expected_candidates(
    model: TallyModel, gallery: int, threshold: float, members: tuple[int, ...], fpir: Answer
) -> Answer:
    """Expected non-mated candidates at or above the threshold per search: N times the mean over probes of p.

    Parameters
    ----------
    model : TallyModel
    gallery : int
    threshold : float
    members : tuple of int
        Groups of the test that search.
    fpir : Answer
        To the same question: where it is no estimate, this is none.
    """
    found = [float(e @ w) for e, w in _searchers(model, gallery, threshold, members)]
    return _from_draws(model, fpir, "wrong_candidates", f"wrong candidates per search: {fpir.asked}", found, ())


def share_of_errors(
    model: TallyModel, share: float, gallery: int, threshold: float, members: tuple[int, ...], fpir: Answer
) -> Answer:
    """The share of all searches that return a wrong person which falls on the unluckiest `share` of people.

    1 - exp(-expected candidates) of each probe is what it is wrongly returned at; probes are put in order of it.
    """
    found = [_top_share(-np.expm1(-e), w, share) for e, w in _searchers(model, gallery, threshold, members)]
    asked = f"share of all false positives that falls on the unluckiest {percent(share)} of people: {fpir.asked}"
    return _from_draws(model, fpir, "share_of_errors", asked, found, (ONE_FACE,))


def _from_draws(
    model: TallyModel, fpir: Answer, measure: str, asked: str, found: list[float], assumptions: tuple[str, ...]
) -> Answer:
    if fpir.status != "ok" or not found:
        return replace(
            fpir, asked=asked, measure=measure, status="refused", estimate=None, lo=None, hi=None, bound=None,
            reason=fpir.reason or "this test was not projected", needed=fpir.needed or "a larger test",
        )  # fmt: skip
    a = (1 - model.level) / 2
    lo, middle, hi = (float(q) for q in np.quantile(found, [a, 0.5, 1 - a]))
    return replace(
        fpir, asked=asked, measure=measure, status="ok", estimate=middle, lo=lo, hi=hi, bound=None, reason="",
        needed="", method="over probes of the person-to-person model", assumptions=(*fpir.assumptions, *assumptions),
    )  # fmt: skip


def _searchers(
    model: TallyModel, gallery: float, threshold: float, members: tuple[int, ...]
) -> Iterator[tuple[Floats, Floats]]:
    """For each draw: expected candidates of every kind of probe, and how often that kind searches; (k,) each."""
    projection = model.projection
    if projection is None:
        return
    columns = [0] if projection.test.n_groups == 1 else list(members)
    searched = projection.searched[columns] / projection.searched[columns].sum()
    for member in projection.members:
        for d in range(len(member.drawn.own)):
            expected, weight = _probes(member, d, gallery, threshold, projection.shares)
            yield expected[columns].ravel(), np.outer(searched, weight).ravel()


def _probes(member: Member, d: int, gallery: float, threshold: float, shares: Floats) -> tuple[Floats, Floats]:
    """(G, k) expected candidates by group and effect of the probe, and the effects' weights (k,)."""
    drawn, curve = member.drawn, member.drawn.curve
    x = float(curve.x(np.array([threshold]))[0])
    effect, log_w = curve.effects(drawn.theta[d], _NODES, _REACH)

    def none_of(start: Floats) -> Floats:
        log_p = curve.log_p(x - start[:, None] - effect, drawn.theta[d])
        return np.asarray(np.log1p(-np.exp(np.minimum(log_p, -1e-12))))

    none = none_of(drawn.own[d])
    if drawn.cross is not None:
        none = shares[:, None] * none + (1 - shares)[:, None] * none_of(drawn.cross[d])
    return -gallery * none, np.exp(log_w)


def _top_share(rate: Floats, weight: Floats, share: float) -> float:
    """Of all of `rate` the part that the highest `share` (by weight) has.

    Examples
    --------
    >>> _top_share(np.array([0.1, 0.1, 0.8]), np.array([0.5, 0.4, 0.1]), 0.1)
    0.4705882352941177
    """
    order = np.argsort(-rate, kind="stable")
    w, r = weight[order] / weight.sum(), rate[order]
    taken = np.clip(share - (np.cumsum(w) - w), 0.0, w)
    total = float(r @ w)
    return float(r @ taken) / total if total > 0 else share
