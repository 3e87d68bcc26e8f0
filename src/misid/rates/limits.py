"""From counts at a position to intervals: finds the people sums that belong to a label and a level."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

import numpy as np

from misid.ground.errors import MisidError
from misid.rates.counts import Counts, Rows
from misid.rates.intervals import (
    Interval,
    NonmatedDesign,
    NonmatedMoments,
    SearchDesign,
    SearchMoments,
    TrialDesign,
    TrialMoments,
    fmr_interval,
    fnir_interval,
    fnmr_interval,
    fpir_interval,
)
from misid.tally.model import FNIR_RANKS, Ints


def _trial_parts(rows: Rows, row: int, trials: str) -> tuple[TrialDesign, TrialMoments]:
    design = TrialDesign(
        trials=int(rows.design[trials][row]),
        people=int(rows.design["people"][row]),
        sum_k2=float(rows.design["sum_k2"][row]),
    )
    return design, TrialMoments(**{name: rows.moments[name][row] for name in ("errors", "sum_e2", "sum_ek")})


class Limits:
    """Intervals of the four rates at positions among the edges.

    The spread between people is known at the levels of the tally; a position between two levels takes the
    last level below it, with its own errors. None where the tally has no trials for a label.
    """

    def __init__(self, counts: Counts, level: float) -> None:
        self.counts = counts
        self.level = level
        self._levels: list[int] = counts.level_position.tolist()
        self._pair_at = self._places(counts.pair_rows, ("probe_label", "reference_label"))
        self._mated_at = self._places(counts.mated_rows, ("label",))
        self._search_at = self._places(counts.search_rows, ("label",))
        self._mate_rows: dict[int, Rows] = {}

    @staticmethod
    def _places(rows: Rows, keys: Sequence[str]) -> dict[tuple[int, ...], int]:
        return {key: row for row, key in enumerate(zip(*(rows.design[k].tolist() for k in keys), strict=True))}

    def _all(self, positions: Ints, errors: Ints, interval: Callable[[int, int], Interval]) -> list[Interval | None]:
        """Intervals at the level of each position, of the errors asked for: the level lends the spread only."""
        # Positions are few and this is called for every pair of groups: lists are faster than arrays here.
        found: list[Interval | None] = []
        for position, count in zip(positions.tolist(), errors.tolist(), strict=True):
            one = interval(max(bisect_right(self._levels, position) - 1, 0), count)
            if one.status != "undefined" and one.errors != count:
                raise MisidError(
                    f"limits of {one.errors} errors were made where {count} were counted",
                    remedy="report this as a defect of misid",
                )
            found.append(one)
        return found

    def _nonmated(self, probe: int, reference: int) -> tuple[NonmatedDesign, NonmatedMoments] | None:
        row = self._pair_at.get((probe, reference))
        if row is None:
            return None
        rows = self.counts.pair_rows
        design = NonmatedDesign(**{name: int(v[row]) for name, v in rows.design.items() if not name.endswith("label")})
        moments = NonmatedMoments(
            **{name: rows.moments[name][row] for name in ("exceed", "sum_r2", "sum_c2", "sum_rc", "sum_p2")}
        )
        return design, moments

    def fmr(self, probe: int, reference: int, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FMR of a pair of labels at positions (k,) with these exceedances (k,)."""
        parts = self._nonmated(probe, reference)
        if parts is None:
            return [None] * len(positions)
        design, moments = parts
        return self._all(positions, errors, lambda a, e: fmr_interval(design, moments, a, errors=e, level=self.level))

    def fnmr(self, label: int, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FNMR of a label at positions (k,) with these comparisons below (k,)."""
        row = self._mated_at.get((label,))
        if row is None:
            return [None] * len(positions)
        design, moments = _trial_parts(self.counts.mated_rows, row, "comparisons")
        return self._all(positions, errors, lambda a, e: fnmr_interval(design, moments, a, errors=e, level=self.level))

    def fpir(self, label: int, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FPIR of a label at positions (k,) with these hits (k,)."""
        row = self._search_at.get((label,))
        if row is None:
            return [None] * len(positions)
        rows = self.counts.search_rows
        references = int(rows.moments["references"][row].max(initial=0))
        design = SearchDesign(
            searches=int(rows.design["searches"][row]),
            people=int(rows.design["people"][row]),
            sum_k2=float(rows.design["sum_k2"][row]),
            references=references,
        )
        moments = SearchMoments(**{name: v[row] for name, v in rows.moments.items() if name != "references"})
        # Candidate lists hold no rates per comparison: there, hits alone tell how references differ.
        nonmated = self._nonmated(label, 0) if self.counts.tally.kind == "comparisons" else None
        if nonmated is not None and nonmated[0].comparisons == 0:
            nonmated = None
        return self._all(
            positions,
            errors,
            lambda a, e: fpir_interval(design, moments, a, errors=e, nonmated=nonmated, level=self.level),
        )

    def fnir(self, label: int, rank: int | None, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FNIR of a label at one rank (None: the whole list) at positions (k,) with these misses (k,).

        Only the spread between people is taken from a rank that the tally holds it for, the nearest at or below `rank`
        (misses are more numerous there); the misses are those given.
        """
        held = FNIR_RANKS[-1] if rank is None else max(r for r in FNIR_RANKS if r <= rank)
        if held not in self._mate_rows:
            self._mate_rows[held] = self.counts.mate_rows(held)
        rows = self._mate_rows[held]
        found = np.flatnonzero(rows.design["label"] == label)
        if not len(found):
            return [None] * len(positions)
        design, moments = _trial_parts(rows, int(found[0]), "searches")
        return self._all(positions, errors, lambda a, e: fnir_interval(design, moments, a, errors=e, level=self.level))
