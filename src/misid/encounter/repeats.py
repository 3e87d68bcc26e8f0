"""The same people scanned several times: errors fall on the same people again.

Given a person, false matches come at the rate a Γ, with Γ gamma distributed between people, mean 1 and squared
coefficient of variation c (`spread_of_people`). A search with FPIR F has a = ((1 - F)^-c - 1) / c, so that
E[1 - exp(-a Γ)] = F; for c = 0, a = -log(1 - F). Over k scans the rates add, so P(none) = (1 + c sum a)^(-1/c).
Relatives in the gallery stay where they are: they are reached in the first captured scan or never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import factorial

import numpy as np

from misid.encounter.cells import Cells
from misid.encounter.draws import Draws
from misid.search.growth import hazard
from misid.tally.model import Floats

MOST_SCANS = 50
"""Scans of one person that are summed over exactly."""

_LARGE, _TINY = 30.0, 1e-300


def rate_of_person(fpir: Floats, c: Floats) -> Floats:
    """a: the rate of false matches of the average person, for which the mean over people is FPIR.

    >>> rate_of_person(np.array([0.05]), np.array([0.0])).round(4)
    array([0.0513])
    """
    log_none = hazard(fpir)
    safe = np.where(c > 0, c, 1.0)
    return np.where(c > 0, np.expm1(np.minimum(safe * log_none, 700.0)) / safe, log_none)


def none_of_several(counts: Sequence[int], fpirs: Sequence[Floats], c: Floats) -> Floats:
    """P(no false match) in so many scans at each FPIR: (1 + c sum a)^(-1/c); the product of 1 - FPIR for c = 0.

    >>> none_of_several([2], [np.array([0.05])], np.array([0.0])).round(4)
    array([0.9025])
    """
    hazards = [hazard(fpir) for fpir in fpirs]
    together: Floats = sum((n * h for n, h in zip(counts, hazards, strict=True)), start=np.zeros(1))
    safe = np.where(c > 0, c, 1.0)
    # c a = exp(c h) - 1 is beyond all numbers where c h is large: logs then, with the largest taken out.
    logs = [safe * h for h in hazards]
    largest = np.maximum.reduce(np.broadcast_arrays(*logs))
    total: Floats = sum(
        (n * np.expm1(np.minimum(each, _LARGE)) for n, each in zip(counts, logs, strict=True)), start=np.zeros(1)
    )
    scaled: Floats = sum((n * np.exp(each - largest) for n, each in zip(counts, logs, strict=True)), start=np.zeros(1))
    log = np.where(largest < _LARGE, np.log1p(total), largest + np.log(np.maximum(scaled, _TINY)))
    return np.where(c > 0, np.exp(-log / safe), np.exp(-together))


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
        rates = [*cells.fpir[g], np.zeros(1)]
        inner: Floats = np.zeros(1)
        for counts, ways in _divided(scans, len(weights)):
            chance: Floats = np.full(1, float(ways))
            for count, weight in zip(counts, weights, strict=True):
                chance = chance * weight**count
            inner = inner + chance * none_of_several(counts, rates, c)
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
