"""The comparisons one fit is made of: counts per search between levels, and the rates it must meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misid.search.from_tally.counts import Floats, Ints, TestCounts
from misid.tally.model import N_BLOCKS

FEWEST_AT_TOP = 10
"""Pooled exceedances of the highest level of a fit."""

MOST_LEVELS = 12

FEW_IN_GROUP = 10
"""A group with fewer exceedances of the lowest level takes the rate of all groups together."""


@dataclass(frozen=True, kw_only=True)
class FitBlock:
    """Counts of searches in the cells of a fit; searches are sorted by group.

    Attributes
    ----------
    levels : (L,) int
        Indices into the test's levels, ascending.
    counts : (n, L) float
        References whose highest of these levels is the column's.
    references : (n,) float
        References compared with.
    group : (n,) int
    by_block : (N_BLOCKS, n, L) float
        `counts` split by block of the reference; left out where the block is only for fitting.
    block_references : (N_BLOCKS, n) float
    """

    levels: Ints
    counts: Floats
    references: Floats
    group: Ints
    by_block: Floats | None
    block_references: Floats | None

    def without(self, block: int) -> FitBlock:
        """The same searches without the references of one block."""
        assert self.by_block is not None
        assert self.block_references is not None
        return FitBlock(
            levels=self.levels,
            counts=self.counts - self.by_block[block],
            references=self.references - self.block_references[block],
            group=self.group,
            by_block=None,
            block_references=None,
        )

    def rates(self, groups: int) -> Floats:
        """(G,) rate at the lowest level by group, of all groups where a group has few."""
        exceed = np.bincount(self.group, weights=self.counts.sum(axis=1), minlength=groups)
        made = np.bincount(self.group, weights=self.references, minlength=groups)
        pooled = max(exceed.sum(), 0.5) / max(made.sum(), 1.0)
        enough = exceed >= FEW_IN_GROUP
        return np.asarray(np.where(enough, exceed / np.maximum(made, 1.0), pooled))


def choose_levels(exceed_at: Floats, at_most: float) -> Ints:
    """Indices of levels, ascending: the lowest that at most so many comparisons reach, then about half each time.

    Examples
    --------
    >>> choose_levels(np.array([4000., 2000, 900, 500, 260, 130, 60, 31, 14, 3]), 1000)
    array([2, 3, 4, 5, 6, 7, 8])
    """
    allowed = np.flatnonzero((exceed_at <= at_most) & (exceed_at >= FEWEST_AT_TOP))
    if not len(allowed):
        enough = np.flatnonzero(exceed_at >= FEWEST_AT_TOP)
        return enough[-1:] if len(enough) else np.zeros(1, dtype=np.int64)
    chosen = [int(allowed[0])]
    for at in allowed[1:]:
        if exceed_at[at] <= exceed_at[chosen[-1]] / 1.7:
            chosen.append(int(at))
    return np.array(chosen[:MOST_LEVELS], dtype=np.int64)


def same_group_block(test: TestCounts, per_search: float, searches: Ints | None = None) -> FitBlock:
    """Comparisons within groups, from the level that a search exceeds `per_search` times on average.

    Parameters
    ----------
    searches : (k,) int, optional
        Only these searches, with their counts by block.
    """
    own = np.einsum("bggl->l", test.exceed)
    levels = choose_levels(own, per_search * test.searches)
    picked = np.arange(test.searches) if searches is None else searches
    picked = picked[np.argsort(test.group[picked], kind="stable")]
    place = np.full(test.searches, -1, dtype=np.int64)
    place[picked] = np.arange(len(picked))
    column = np.searchsorted(levels, test.level, side="right") - 1
    rows = (column >= 0) & (test.reference_group == test.group[test.search]) & (place[test.search] >= 0)
    n, width = len(picked), len(levels)
    cell = place[test.search[rows]] * width + column[rows]
    counts = _sums(cell, test.count[rows], n * width).reshape(n, width)
    group = test.group[picked]
    references = np.diag(test.references)[group]
    by_block = shares = None
    if searches is not None:
        cell = test.block[rows] * (n * width) + cell
        by_block = _sums(cell, test.count[rows], N_BLOCKS * n * width).reshape(N_BLOCKS, n, width)
        shares = test.block_share[:, group] * references
    return FitBlock(
        levels=levels, counts=counts, references=references, group=group, by_block=by_block, block_references=shares
    )


def _sums(place: Ints, count: Ints, size: int) -> Floats:
    return np.bincount(place, weights=count, minlength=size).astype(np.float64)
