"""Counts of a tally, accumulated from the top, by label.

A position ``k`` stands for "at or above ``edges[k]``"; ``k = n_bins`` for "above every bin".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from misid.ground.errors import MisidError
from misid.tally.model import MAX_RANK, NO_BIN, Floats, Ints, Table, Tally


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of a design table with the moments that belong to them: design (m,), moments (m, n_levels)."""

    design: dict[str, Ints]
    moments: dict[str, Floats]

    def __len__(self) -> int:
        return len(next(iter(self.design.values())))


def _from_top(counts: Floats) -> Ints:
    """Counts per bin (..., n_bins) to counts at or above each position (..., n_bins + 1)."""
    above = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1))
    above[..., :-1] = np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]
    return np.rint(above).astype(np.int64)


class Counts:
    """Everything that rates are made of, as arrays; nothing is copied before it is asked for."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._found: dict[int | None, Ints] = {}
        self.n_bins = len(tally.edges)
        self.n_joint = len(tally.joint)
        self.n_labels = len(tally.labels)
        self.membership = np.zeros((self.n_labels, self.n_joint))
        for row, label in enumerate(tally.labels):
            self.membership[row, list(label.members)] = 1.0
        self.level_position = np.searchsorted(tally.edges, tally.levels)
        if len(tally.levels) and not np.array_equal(
            tally.edges[np.minimum(self.level_position, self.n_bins - 1)], tally.levels
        ):
            raise MisidError("a level of the tally is not one of its edges", remedy="make the tally again")

    def _binned(self, group: Ints, bins: Ints, count: Ints) -> Ints:
        """Counts by label at or above each position, (n_labels, n_bins + 1)."""
        flat = np.bincount(group * self.n_bins + bins, weights=count, minlength=self.n_joint * self.n_bins)
        return _from_top(self.membership @ flat.reshape(self.n_joint, self.n_bins))

    @cached_property
    def _mated_rows(self) -> tuple[Table, Table]:
        counts = self.tally.tables["counts"]
        mated = counts["mated"] == 1
        return {c: v[~mated] for c, v in counts.items()}, {c: v[mated] for c, v in counts.items()}

    @cached_property
    def nonmated(self) -> Ints:
        """Non-mated comparisons at or above each position, by label of the probe, (n_labels, n_bins + 1)."""
        rows = self._mated_rows[0]
        return self._binned(rows["probe_group"], rows["bin"], rows["count"])

    @cached_property
    def mated(self) -> Ints:
        """Mated comparisons at or above each position, by label, (n_labels, n_bins + 1)."""
        rows = self._mated_rows[1]
        return self._binned(rows["probe_group"], rows["bin"], rows["count"])

    @cached_property
    def best(self) -> Ints:
        """Searches with a non-mated candidate at or above each position, (n_labels, n_bins + 1)."""
        rows = self.tally.tables["best_nonmated"]
        returned = rows["bin"] != NO_BIN
        return self._binned(*(rows[c][returned] for c in ("probe_group", "bin", "count")))

    def mates_found(self, rank: int | None) -> Ints:
        """Mated searches with the mate among the first `rank` (None: anywhere) at or above each position."""
        if rank not in self._found:
            rows = self.tally.tables["mates"]
            found = rows["bin"] != NO_BIN
            if rank is not None:
                found &= rows["rank"] <= rank
            self._found[rank] = self._binned(*(rows[c][found] for c in ("probe_group", "bin", "count")))
        return self._found[rank]

    @cached_property
    def mate_ranks(self) -> Ints:
        """Mated searches with the mate among the first R, whatever its score: (n_labels, MAX_RANK + 1), index R."""
        rows = self.tally.tables["mates"]
        found = (rows["bin"] != NO_BIN) & (rows["rank"] <= MAX_RANK)
        flat = np.bincount(
            rows["probe_group"][found] * (MAX_RANK + 1) + rows["rank"][found],
            weights=rows["count"][found],
            minlength=self.n_joint * (MAX_RANK + 1),
        )
        by_label = self.membership @ flat.reshape(self.n_joint, MAX_RANK + 1)
        return np.rint(np.cumsum(by_label, axis=1)).astype(np.int64)

    def nonmated_pairs(self, positions: Ints) -> Ints:
        """Non-mated comparisons at or above some positions by pair of labels, (k, n_labels, n_labels)."""
        rows = self._mated_rows[0]
        order = np.argsort(positions, kind="stable")
        passed = np.searchsorted(positions[order], rows["bin"], side="right")
        width = len(positions) + 1
        cell = rows["probe_group"] * self.n_joint + rows["reference_group"]
        flat = np.bincount(cell * width + passed, weights=rows["count"], minlength=self.n_joint**2 * width)
        by_joint = flat.reshape(self.n_joint, self.n_joint, width)
        above = np.cumsum(by_joint[..., ::-1], axis=-1)[..., ::-1][..., 1:]
        pairs = np.empty((len(positions), self.n_labels, self.n_labels), dtype=np.int64)
        pairs[order] = np.rint(self.membership @ np.moveaxis(above, -1, 0) @ self.membership.T)
        return pairs

    def failed_comparisons(self, mated: bool) -> Ints:
        """Comparisons with a failure code, by label of the probe, (n_labels,)."""
        rows = self.tally.tables["failed"]
        kind = rows["mated"] == int(mated)
        flat = np.bincount(rows["probe_group"][kind], weights=rows["count"][kind], minlength=self.n_joint)
        return np.rint(self.membership @ flat).astype(np.int64)

    def censored_above(self, position: int, mated: bool) -> Ints:
        """Searches whose list may hide a candidate at or above a position, by label, (n_labels,)."""
        rows = self.tally.tables["censoring"]
        end = rows["bin"]
        # A list that ends inside the bin hides part of it, unless it ends exactly at the bin's lower edge.
        hides = (rows["mated"] == int(mated)) & (end != NO_BIN) & (end >= position)
        if self.tally.return_threshold is not None:
            at_edge = np.searchsorted(self.tally.edges, self.tally.return_threshold, side="right") - 1
            if self.tally.edges[at_edge] == self.tally.return_threshold:
                hides &= (end != position) | (end != at_edge)
        flat = np.bincount(rows["probe_group"][hides], weights=rows["count"][hides], minlength=self.n_joint)
        return np.rint(self.membership @ flat).astype(np.int64)

    # Designs with their moments. Rows are found by label; a moment that is not there is 0.

    def _rows(self, design: str, moments: str, keys: tuple[str, ...], keep: dict[str, int] | None = None) -> Rows:
        keep = keep or {}
        d, m = self.tally.tables[design], self.tally.tables[moments]
        wanted = np.ones(len(d[keys[0]]), dtype=bool)
        for column, value in keep.items():
            if column in d:
                wanted &= d[column] == value
        d = {c: v[wanted] for c, v in d.items()}
        sizes = (self.n_labels,) * len(keys)
        place = np.full(int(np.prod(sizes)), -1, dtype=np.int64)
        place[np.ravel_multi_index(tuple(d[c] for c in keys), sizes)] = np.arange(len(d[keys[0]]))
        chosen = np.ones(len(m[keys[0]]), dtype=bool)
        for column, value in keep.items():
            if column in m:
                chosen &= m[column] == value
        at = place[np.ravel_multi_index(tuple(m[c][chosen] for c in keys), sizes)]
        if (at < 0).any():
            raise MisidError(f"{moments} has a row without its row in {design}", remedy="make the tally again")
        dense: dict[str, Floats] = {}
        for column in m:
            if column in (*keys, "level", *keep):
                continue
            dense[column] = np.zeros((len(d[keys[0]]), len(self.tally.levels)))
            dense[column][at, m["level"][chosen]] = m[column][chosen]
        return Rows(design=d, moments=dense)

    @cached_property
    def pair_rows(self) -> Rows:
        """``nonmated_design`` with ``nonmated_moments``."""
        return self._rows("nonmated_design", "nonmated_moments", ("probe_label", "reference_label"))

    @cached_property
    def mated_rows(self) -> Rows:
        """``mated_design`` with ``mated_moments``."""
        return self._rows("mated_design", "mated_moments", ("label",))

    @cached_property
    def search_rows(self) -> Rows:
        """``search_design`` of the searches that count towards FPIR, with ``search_moments``."""
        return self._rows("search_design", "search_moments", ("label",), {"mated": 0})

    def mate_rows(self, rank: int) -> Rows:
        """``search_design`` of mated searches, with ``mate_moments`` of one rank."""
        return self._rows("search_design", "mate_moments", ("label",), {"mated": 1, "rank": rank})
