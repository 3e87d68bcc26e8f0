"""What the projection reads of a test: who exceeded what, per search, reference group and block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from misid.ground.errors import NotEstimableError, UsageError
from misid.tally.model import N_BLOCKS, NO_BIN, Tally

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class TestCounts:
    """The spectrum of a test, as arrays.

    Attributes
    ----------
    levels : (L,) float
        Ascending scores; a comparison reached a level if its score is at or above it.
    lowest, highest : float
        Range of the scores seen, mated ones included: it decides which scales are possible.
    group : (n,) int
        Group of each search's probe; searches that reached no level are among them.
    references : (G, H) float
        Mean number of non-mated comparisons that a search of group g makes with references of group h.
    search, reference_group, block, level, count : (rows,) int
        Non-mated comparisons whose highest level reached is `level`.
    block_share : (N_BLOCKS, H) float
        Share of the references of group h that are in the block.
    people : int
        People behind the smaller side of the test.
    images_per_person : float
        References per enrolled person.
    """

    __test__ = False

    levels: Floats
    lowest: float
    highest: float
    group: Ints
    references: Floats
    search: Ints
    reference_group: Ints
    block: Ints
    level: Ints
    count: Ints
    block_share: Floats
    people: int
    images_per_person: float = 1.0

    def __post_init__(self) -> None:
        n, groups = len(self.group), len(self.references)
        if self.references.shape != (groups, groups):
            raise UsageError("references must be square", remedy="give one row and one column a group")
        if len(self.search) and (self.search.max() >= n or self.level.max() >= len(self.levels)):
            raise UsageError("a row names a search or a level that is not there", remedy="give every search its group")

    @property
    def searches(self) -> int:
        return len(self.group)

    @property
    def n_groups(self) -> int:
        return len(self.references)

    @cached_property
    def searches_in(self) -> Floats:
        """(G,) searches by group of the probe."""
        return np.bincount(self.group, minlength=self.n_groups).astype(float)

    @cached_property
    def comparisons(self) -> Floats:
        """(G, H) non-mated comparisons."""
        return self.references * self.searches_in[:, None]

    @cached_property
    def exceed(self) -> Floats:
        """(N_BLOCKS, G, H, L) comparisons at or above each level, by block of the reference."""
        g, levels = self.n_groups, len(self.levels)
        place = ((self.block * g + self.group[self.search]) * g + self.reference_group) * levels + self.level
        reached = np.bincount(place, weights=self.count, minlength=N_BLOCKS * g * g * levels)
        return np.asarray(np.cumsum(reached.reshape(N_BLOCKS, g, g, levels)[..., ::-1], axis=-1)[..., ::-1])

    @cached_property
    def exceed_at(self) -> Floats:
        """(L,) comparisons at or above each level."""
        return np.asarray(self.exceed.sum(axis=(0, 1, 2)))

    def per_search(self, level: int) -> Ints:
        """(n,) references at or above a level, search by search."""
        rows = self.level >= level
        found = np.bincount(self.search[rows], weights=self.count[rows], minlength=self.searches)
        return np.asarray(found, dtype=np.int64)

    def pooled(self) -> TestCounts:
        """The same test with its groups put together."""
        total = float(self.comparisons.sum())
        m = total / max(self.searches, 1)
        share = self.block_share @ self.comparisons.sum(axis=0) / total if total else self.block_share.mean(axis=1)
        zero = np.zeros(self.searches, dtype=np.int64)
        return TestCounts(
            levels=self.levels,
            lowest=self.lowest,
            highest=self.highest,
            group=zero,
            references=np.array([[m]]),
            search=self.search,
            reference_group=np.zeros(len(self.search), dtype=np.int64),
            block=self.block,
            level=self.level,
            count=self.count,
            block_share=share[:, None],
            people=self.people,
            images_per_person=self.images_per_person,
        )


def counts_of(tally: Tally) -> TestCounts:
    """The spectrum of a tally, ready for projection.

    Raises
    ------
    NotEstimableError
        The tally has no search that counts towards FPIR, has all references in one block, or was made from
        candidate lists, whose ends hide how many references exceed a level.

    Examples
    --------
    >>> from importlib.resources import files
    >>> from misid import read_tally
    >>> test = counts_of(read_tally(files("misid") / "examples" / "bssr1-face-c.tally"))
    >>> test.searches, test.n_groups, int(test.references[0, 0])
    (517, 1, 515)
    """
    if tally.kind != "comparisons":
        raise NotEstimableError(
            "candidate lists end before the tail of all comparisons is seen",
            remedy="make the tally from all comparisons of the test",
        )
    if tally.in_one_block:
        raise NotEstimableError(
            "all references of this test are in one block, so how far others would differ cannot be told",
            remedy="a tally of more people, or of scores with more digits; one of a single person cannot be projected",
        )
    design, rows, blocks = (tally.tables[name] for name in ("spectrum_design", "spectrum", "blocks"))
    groups = len(tally.joint)
    references = np.zeros((groups, groups))
    per_search = design["comparisons"] / np.maximum(design["searches"], 1)
    references[design["probe_group"], design["reference_group"]] = per_search
    searches_in = np.zeros(groups, dtype=np.int64)
    searches_in[design["probe_group"]] = design["searches"]
    seen = int(rows["search"].max(initial=-1)) + 1
    group = np.full(seen, -1, dtype=np.int64)
    group[rows["search"]] = rows["probe_group"]
    # After a merge numbers may have gaps: searches without a row reached no level anyway.
    numbers = np.flatnonzero(group >= 0)
    renumbered = np.full(seen, -1, dtype=np.int64)
    renumbered[numbers] = np.arange(len(numbers))
    group = group[numbers]
    silent = np.maximum(searches_in - np.bincount(group, minlength=groups), 0)
    group = np.concatenate([group, np.repeat(np.arange(groups), silent)])
    if not len(group) or not len(tally.levels):
        raise NotEstimableError(
            "no search of this test counts towards FPIR", remedy="add searches of people who are not enrolled"
        )
    share = np.zeros((N_BLOCKS, groups))
    share[blocks["block"], blocks["reference_group"]] = blocks["references"]
    enrolled, images = int(blocks["people"].sum()), int(blocks["references"].sum())
    bins = tally.tables["counts"]["bin"]
    bins = bins[bins != NO_BIN]
    low, high = (float(tally.edges[b]) for b in (bins.min(), bins.max()))
    first = tally.spectrum_from
    searching = tally.tables["search_design"]
    counted = (searching["mated"] == 0) & (searching["label"] == 0)
    return TestCounts(
        levels=tally.levels[first:],
        lowest=low,
        highest=high,
        group=group,
        references=references,
        search=renumbered[rows["search"]],
        reference_group=rows["reference_group"],
        block=rows["block"],
        level=rows["level"] - first,
        count=rows["count"],
        block_share=share / np.maximum(share.sum(axis=0), 1),
        people=min(int(searching["people"][counted].sum()), enrolled),
        images_per_person=images / max(enrolled, 1),
    )
