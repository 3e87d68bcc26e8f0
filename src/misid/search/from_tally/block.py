"""The comparisons one fit is made of: counts per search between levels, and the rates it must meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from misid.search.from_tally.counts import Floats, Ints, TestCounts
from misid.tally.model import N_BLOCKS

FEWEST_AT_TOP = 10
"""Pooled exceedances of the highest level of a fit."""

MOST_LEVELS = 12

MOST_SAID = 80.0
"""Exceedances of one search beyond which its likelihood is tempered, so that no single probe decides."""

MOST_ROWS = 1500
"""Up to so many searches each is a row of its own."""

FEWEST_ALIKE = 12
MOST_PARTS = 6
"""Searches that exceeded alike are put apart by how high, in parts of at least so many."""

FEW_IN_GROUP = 10
"""A group with fewer exceedances of the lowest level takes the rate of all groups together."""


@dataclass(frozen=True, kw_only=True)
class FitBlock:
    """Counts of searches in the cells of a fit; rows are sorted by group.

    A row stands for `weight` searches of one group that exceeded about alike, by their means: 50,000 searches
    differ in far fewer ways than they are.

    Attributes
    ----------
    levels : (L,) int
        Indices into the test's levels, ascending.
    counts : (n, L) float
        References whose highest of these levels is the column's.
    references : (n,) float
        References compared with.
    group : (n,) int
    weight : (n,) float
        Searches.
    row : (searches,) int
        Row of each search of the test.
    by_block : (N_BLOCKS, n, L) float
        `counts` split by block of the reference.
    block_references : (N_BLOCKS, n) float
    """

    levels: Ints
    counts: Floats
    references: Floats
    group: Ints
    weight: Floats
    row: Ints
    by_block: Floats
    block_references: Floats
    scatter: Floats | None
    """(n, L, L) sums over the searches of a row of products of their distances from the row; None: one search a row."""

    @cached_property
    def reached(self) -> Floats:
        """(n,) references at or above the lowest level, a search."""
        return np.asarray(self.counts.sum(axis=1))

    @cached_property
    def said(self) -> Floats:
        """(n,) power to which a search's likelihood is taken: what so many exceedances say of a probe is enough."""
        return np.asarray(np.minimum(1.0, MOST_SAID / np.maximum(self.reached, 1.0)))

    @cached_property
    def total(self) -> Floats:
        """(L,) comparisons of all searches in each cell."""
        return np.asarray(self.weight @ self.counts)

    def exceed(self, groups: int, without: int | None = None) -> Floats:
        """(G,) comparisons at or above the lowest level, by group of the probe; perhaps without one block."""
        reached = self.reached if without is None else self.reached - self.by_block[without].sum(axis=1)
        return _sums(self.group, self.weight * reached, groups)

    def rates(self, groups: int, without: int | None = None) -> Floats:
        """(G,) rate at the lowest level by group, of all groups where a group has few; perhaps without one block."""
        exceed = self.exceed(groups, without)
        references = self.references if without is None else self.references - self.block_references[without]
        made = _sums(self.group, self.weight * references, groups)
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


def same_group_block(test: TestCounts, per_search: float) -> FitBlock:
    """Comparisons within groups, from the level that a search exceeds `per_search` times on average."""
    own = np.einsum("bggl->l", test.exceed)
    levels = choose_levels(own, per_search * test.searches)
    column = np.searchsorted(levels, test.level, side="right") - 1
    kept = (column >= 0) & (test.reference_group == test.group[test.search])
    search, column, count, block = test.search[kept], column[kept], test.count[kept], test.block[kept]
    reached = _sums(search, count, test.searches)
    height = _sums(search, count * column, test.searches)
    row = alike(test.group, reached, height, exact=test.searches <= MOST_ROWS)
    n, width = int(row.max()) + 1, len(levels)
    weight = np.bincount(row, minlength=n).astype(np.float64)
    place = (block * n + row[search]) * width + column
    by_block = _sums(place, count, N_BLOCKS * n * width).reshape(N_BLOCKS, n, width) / weight[:, None]
    counts, scatter = by_block.sum(axis=0), None
    if n < test.searches:
        left = _sums(search * width + column, count, test.searches * width).reshape(-1, width) - counts[row]
        order = np.argsort(row, kind="stable")
        starts = np.searchsorted(row[order], np.arange(n))
        scatter = np.empty((n, width, width))
        for a in range(width):
            for b in range(a, width):
                scatter[:, a, b] = scatter[:, b, a] = np.add.reduceat((left[:, a] * left[:, b])[order], starts)
    group = np.empty(n, dtype=np.int64)
    group[row] = test.group
    references = np.diag(test.references)[group]
    return FitBlock(
        levels=levels, counts=counts, references=references, group=group, weight=weight, row=row,
        by_block=by_block, block_references=test.block_share[:, group] * references, scatter=scatter,
    )  # fmt: skip


def alike(group: Ints, reached: Floats, height: Floats, *, exact: bool) -> Ints:
    """(searches,) row that each search is put into; rows ascend with the group.

    Together are searches of one group that reached the lowest level about as often, to half a standard deviation of
    a Poisson count, and as high.
    """
    if exact:
        row = np.empty(len(group), dtype=np.int64)
        row[np.argsort(group, kind="stable")] = np.arange(len(group))
        return row
    often = np.floor(4 * np.sqrt(reached)).astype(np.int64)
    mean = height / np.maximum(reached, 1.0)
    order = np.lexsort((mean, often, group))
    key = group[order] * (int(often.max()) + 1) + often[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    sizes = np.diff(np.append(starts, len(key)))
    within = np.arange(len(key)) - np.repeat(starts, sizes)
    parts = np.clip(sizes // FEWEST_ALIKE, 1, MOST_PARTS)
    part = within * np.repeat(parts, sizes) // np.repeat(sizes, sizes)
    first = np.cumsum(parts) - parts
    row = np.empty(len(group), dtype=np.int64)
    row[order] = np.repeat(first, sizes) + part
    return row


def _sums(place: Ints, value: Floats | Ints, size: int) -> Floats:
    return np.bincount(place, weights=value, minlength=size).astype(np.float64)
