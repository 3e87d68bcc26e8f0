"""The same people scanned several times: errors fall on the same people again.

Given a person, false matches come at the rate a Γ, with Γ gamma distributed between people, mean 1 and squared
coefficient of variation c (`spread_of_people`). A search with FPIR F has a = ((1 - F)^-c - 1) / c, so that
E[1 - exp(-a Γ)] = F; for c = 0, a = -log(1 - F). Over k scans the rates add, so P(none) = (1 + c sum a)^(-1/c).
Relatives in the gallery stay where they are: they are reached in the first captured scan or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial

import numpy as np

from misid.encounter.cells import Cells
from misid.encounter.draws import Draws
from misid.search.growth import hazard
from misid.tally.model import Floats

MOST_SCANS = 50
"""Scans of one person that are summed over exactly."""


def rate_of_person(fpir: Floats, c: Floats) -> Floats:
    """a: the rate of false matches of the average person, for which the mean over people is FPIR.

    >>> rate_of_person(np.array([0.05]), np.array([0.0])).round(4)
    array([0.0513])
    """
    log_none = hazard(fpir)
    safe = np.where(c > 0, c, 1.0)
    return np.where(c > 0, np.expm1(np.minimum(safe * log_none, 700.0)) / safe, log_none)


def none_of_several(total: Floats, c: Floats) -> Floats:
    """P(no false match), rates of all scans added: (1 + c total)^(-1/c), exp(-total) for c = 0."""
    safe = np.where(c > 0, c, 1.0)
    return np.where(c > 0, np.exp(-np.log1p(safe * total) / safe), np.exp(-total))


def matched_at_least_once(cells: Cells, draws: Draws, scans: int) -> Floats:
    """P(somebody not in the gallery is matched at least once in so many scans), (n,), over all groups.

    Parameters
    ----------
    cells : Cells
        Of the same draws.
    scans : int
        1 to `MOST_SCANS`. Qualities are drawn anew for each scan.
    """
    c = draws["repeated.spread_of_people"]
    shares = ((cells.statuses * (1 - cells.enrolled))[:, None] * cells.groups).sum(axis=0)
    shares = shares / np.where(shares.sum(axis=0) > 0, shares.sum(axis=0), 1.0)
    weights = [*(cells.qualities * cells.captured), cells.failed]
    none: Floats = np.zeros(1)
    for g in range(cells.fpir.shape[0]):
        rates = [*(rate_of_person(cells.fpir[g, q], c) for q in range(cells.fpir.shape[1])), np.zeros(1)]
        inner: Floats = np.zeros(1)
        for counts, ways in _divided(scans, len(weights)):
            chance: Floats = np.full(1, float(ways))
            total: Floats = np.zeros(1)
            for count, weight, rate in zip(counts, weights, rates, strict=True):
                chance = chance * weight**count
                total = total + count * rate
            inner = inner + chance * none_of_several(total, c)
        none = none + shares[g] * inner
    K = cells.kin.reached
    return 1 - ((1 - K) * none + K * cells.failed**scans)


def _divided(scans: int, kinds: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """Every way to divide scans among kinds, with the number of orders."""

    def rest(left: int, of: int) -> Iterator[tuple[int, ...]]:
        if of == 1:
            yield (left,)
            return
        for first in range(left + 1):
            for below in rest(left - first, of - 1):
                yield (first, *below)

    for counts in rest(scans, kinds):
        ways = factorial(scans)
        for count in counts:
            ways //= factorial(count)
        yield counts, ways
