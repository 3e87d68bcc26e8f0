"""How wrong candidates fall on people: how many a search returns, and who bears the searches that return any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from misid.ground.numbers import percent
from misid.search.from_tally.draws import candidates_of
from misid.search.model import Answer
from misid.search.questions import independent
from misid.tally.model import Floats

if TYPE_CHECKING:
    from misid.search.from_tally.model import TallyModel

ONE_FACE = "what makes a photograph resemble many others is the person's own, and stays with the person"

ONE_FACE_MANY_SCANS = "the estimate: scans of one face share how many people it resembles, and nothing else"


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


def repeated_scans(
    model: TallyModel, scans: int, gallery: int, threshold: float, members: tuple[int, ...], fpir: Answer
) -> Answer:
    """P(at least one false match in so many scans of one person): 1 - exp(-scans * expected candidates) over probes.

    The estimate draws candidates anew for each scan of a face. The lower end is the lower limit of FPIR, as if all
    scans ended alike; the upper end its upper limit, as if every scan were another person's.
    """
    asked = f"at least one false match in {scans:,} scans of one person: {fpir.asked}"
    answer = replace(fpir, asked=asked, measure="repeated", scans=scans)
    if answer.bound is not None:
        return replace(answer, bound=independent(answer.bound, scans))
    if fpir.status != "ok" or fpir.lo is None or fpir.hi is None or scans == 1:
        return answer
    lo, hi = fpir.lo, independent(fpir.hi, scans)
    found = [float(-np.expm1(-scans * e) @ w) for e, w in _searchers(model, gallery, threshold, members)]
    middle = min(max(float(np.median(found)), lo), hi) if found else None
    ends = "scans of one person: from all alike (lower end) to each like another person's (upper end)"
    return replace(
        answer, estimate=middle, lo=lo, hi=hi, level=None, limits="assumptions",
        reason="" if found else "this test was not projected", method="over probes of the person-to-person model",
        assumptions=(
            *fpir.assumptions, ONE_FACE_MANY_SCANS, f"{ends}, both at the {100 * model.level:g} % limits of FPIR"
        ),
    )  # fmt: skip


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
        for expected, weights in candidates_of(member.drawn, gallery, threshold, projection.shares):
            for e, w in zip(expected, weights, strict=True):
                yield e[columns].ravel(), np.outer(searched, w).ravel()


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
