"""Selectivity of candidate lists, whose candidates share a probe: limits from the spectrum of searches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from misid.ground.rate import SearchRate
from misid.rates.counts import Counts
from misid.tally.model import N_BLOCKS, Ints

HIDDEN = "candidate lists end above this threshold or rank: some searches may hold what they do not show; bounds only"
METHOD = "searches and blocks of references, log-normal"
FEW = "no candidates: see FPIR for a bound on searches that return any"
UNBLOCKED = "all references are in one block: no limits, for how far other references would differ cannot be told"
COARSE = "the spectrum of searches does not reach down to this threshold: no limits"


def listed_selectivity(counts: Counts, base: SearchRate, label: int, level: int, *, hidden: bool) -> SearchRate:
    """Non-mated candidates at or above a level per search, with limits where the spectrum has them.

    The variance is that between searches plus that between the random blocks of references (delete-one-block
    jackknife): both searches and references would be others in another test.
    """
    if hidden:
        # What the lists show is a part of what there is: the lower limit of the part is one of the whole.
        shown = listed_selectivity(counts, base, label, level, hidden=False)
        warnings = (HIDDEN, *(w for w in shown.warnings if w != FEW))
        return replace(
            shown, estimate=None, lo=shown.lo or 0.0, hi=None, status="censored", errors=None, warnings=warnings
        )
    errors, searches = base.errors or 0, base.trials or 1
    estimate = errors / searches
    if level < counts.tally.spectrum_from:
        return replace(base, estimate=estimate, warnings=(COARSE, *base.warnings))
    if errors and counts.tally.in_one_block:
        return replace(base, estimate=estimate, warnings=(UNBLOCKED, *base.warnings))
    by_search, by_block = _spread(counts, label, level)
    if by_search.sum() != errors or errors == 0:
        few = FEW if errors == 0 else COARSE
        return replace(base, estimate=estimate, status="bound" if errors == 0 else "ok", warnings=(few, *base.warnings))
    between_searches = float((by_search**2).sum() - errors**2 / searches) * searches / max(searches - 1, 1)
    without = (errors - by_block) * N_BLOCKS / (N_BLOCKS - 1)
    between_blocks = float(((without - errors) ** 2).sum()) * (N_BLOCKS - 1) / N_BLOCKS
    wide = float(-ndtri((1 - base.level) / 2) * np.sqrt(between_searches + between_blocks) / errors)
    return replace(
        base, estimate=estimate, lo=estimate * float(np.exp(-wide)), hi=estimate * float(np.exp(wide)), method=METHOD
    )


def _spread(counts: Counts, label: int, level: int) -> tuple[Ints, Ints]:
    """Candidates at or above a level of each search that has any, and of each block of references."""
    rows = counts.tally.tables["spectrum"]
    mine = (rows["level"] >= level) & (counts.membership[label][rows["probe_group"]] > 0)
    _, search = np.unique(rows["search"][mine], return_inverse=True)
    by_search = np.bincount(search, weights=rows["count"][mine])
    by_block = np.bincount(rows["block"][mine], weights=rows["count"][mine], minlength=N_BLOCKS)
    return np.rint(by_search).astype(np.int64), np.rint(by_block).astype(np.int64)
