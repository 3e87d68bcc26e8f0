"""FPIR up to the test's own gallery: exact rarefaction of its spectrum, with limits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from misid.rates.intervals import rarefied_fpir
from misid.search.from_tally.counts import Ints, TestCounts
from misid.search.from_tally.jackknife import left_out_variance
from misid.tally.model import N_BLOCKS


def rarefied_with_limits(
    test: TestCounts, at: int, size: int, members: tuple[int, ...], level: float = 0.95
) -> tuple[float, float, float] | None:
    """Exact FPIR at a gallery within the test's, at one of its levels; None where no search has an exceedance.

    Limits: jackknife over blocks of references and folds of searches, each at the same size of gallery where what is
    left allows it and in proportion where not.
    """
    chosen = np.isin(test.group, members)
    met = int(np.floor(test.references.sum(axis=1)[list(members)].min() + 1e-9))
    k = np.minimum(test.per_search(at), met)

    def rate(counts: Ints, mine: npt.NDArray[np.bool_], gallery: int, wanted: int) -> float:
        values, searches = np.unique(np.minimum(counts[mine], gallery), return_counts=True)
        return rarefied_fpir(values, searches, gallery, wanted)

    estimate = rate(k, chosen, met, size)
    if not 0 < estimate < 1:
        return None

    def loglog(f: float) -> float:
        return float(np.log(-np.log1p(-min(max(f, 1e-12), 1 - 1e-12))))

    shares = test.block_share @ test.comparisons.sum(axis=0) / test.comparisons.sum()
    small = min(size, int(0.85 * met))
    by_block, by_fold = np.zeros(N_BLOCKS), np.zeros(N_BLOCKS)
    rows = test.level >= at
    for b in range(N_BLOCKS):
        mine = rows & (test.block == b)
        lost = np.bincount(test.search[mine], weights=test.count[mine], minlength=test.searches).astype(np.int64)
        left = max(round(met * (1 - shares[b])), small, 1)
        by_block[b] = loglog(rate(k - lost, chosen, left, small))
        kept = chosen & (np.arange(len(k)) % N_BLOCKS != b)
        by_fold[b] = loglog(rate(k, kept, met, size)) if kept.any() else loglog(estimate)
    spread = float(np.sqrt(left_out_variance(np.stack([by_block, by_fold]))))
    half = float(stdtrit(N_BLOCKS - 1, 0.5 + level / 2)) * spread
    middle = loglog(estimate)
    lo, hi = (float(-np.expm1(-np.exp(middle + s * half))) for s in (-1, 1))
    return estimate, min(lo, estimate), max(hi, estimate)
