"""From counts at a position to intervals: finds the people sums that belong to a label and a level."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property

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
    fmr_limits,
    fpir_limits,
    trial_limits,
)
from misid.rates.intervals.clustered import TrialsAlone
from misid.rates.intervals.model import Side
from misid.rates.intervals.monotone import Monotone
from misid.tally.model import FNIR_RANKS, Ints

ONE_SIDED = "one-sided, no errors seen"


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
    last level below it, with its own errors. Limits go the way of their rate over all edges (`Monotone`); those of
    two different groups over the levels. None where the tally has no trials for a label.
    """

    def __init__(self, counts: Counts, level: float) -> None:
        self.counts = counts
        self.level = level
        self._both_sides = False
        self._pair_at = self._places(counts.pair_rows, ("probe_label", "reference_label"))
        self._mated_at = self._places(counts.mated_rows, ("label",))
        self._search_at = self._places(counts.search_rows, ("label",))
        self._mate_rows: dict[int, Rows] = {}
        self._mates_kept: dict[tuple[int, int], TrialsAlone | None] = {}
        self._kept: dict[Hashable, Monotone | None] = {}

    def two_sided(self) -> Limits:
        """The same with both limits at one tail also where no error was seen: for what is put together from them.

        Limits made for one are there for the other.
        """
        other = copy(self)
        other._both_sides = True
        return other

    @staticmethod
    def _places(rows: Rows, keys: Sequence[str]) -> dict[tuple[int, ...], int]:
        return {key: row for row, key in enumerate(zip(*(rows.design[k].tolist() for k in keys), strict=True))}

    def _all(self, limits: Monotone | None, positions: Ints, errors: Ints) -> list[Interval | None]:
        """Intervals at the level of each position, of the errors asked for: the level lends the spread only.

        Where no error was seen there is no lower limit to share the level with: the upper one is one-sided.
        """
        if limits is None:
            return [None] * len(positions)
        at = self._level_of(positions)
        sides: list[Side] = ["two" if count or self._both_sides else "upper" for count in errors.tolist()]
        found: list[Interval | None] = []
        for one, count in zip(limits.intervals(at, errors, sides), errors.tolist(), strict=True):
            if one.status != "undefined" and one.errors != count:
                raise MisidError(
                    f"limits of {one.errors} errors were made where {count} were counted",
                    remedy="report this as a defect of misid",
                )
            found.append(replace(one, method=f"{one.method}; {ONE_SIDED}") if one.side == "upper" else one)
        return found

    def _level_of(self, positions: Ints) -> Ints:
        """The last level at or below each position; the first where there is none."""
        return np.maximum(np.searchsorted(self.counts.level_position, positions, side="right") - 1, 0)

    @cached_property
    def _levels(self) -> Ints:
        """The level of every position that can be a threshold."""
        return self._level_of(np.arange(1, self.counts.n_bins))

    def _steps(self, errors: Ints) -> Ints:
        """Every threshold as (level, errors), from errors at each position (n_bins + 1,)."""
        level, errors = self._levels, errors[1 : self.counts.n_bins]
        # Thresholds that differ in neither have the same limits.
        new = (level[1:] != level[:-1]) | (errors[1:] != errors[:-1])
        kept = np.append(np.ones(min(1, len(level)), dtype=bool), new)
        return np.stack([level[kept], errors[kept]], axis=1)

    def _nonmated(self, probe: int, reference: int) -> tuple[NonmatedDesign, NonmatedMoments] | None:
        row = self._pair_at.get((probe, reference))
        if row is None:
            return None
        rows = self.counts.pair_rows
        design = NonmatedDesign(**{name: int(v[row]) for name, v in rows.design.items() if not name.endswith("label")})
        moments = NonmatedMoments(
            **{
                # Their squares would not fit into 64 bits.
                name: rows.moments[name][row].astype(np.float64)
                for name in ("exceed", "sum_r2", "sum_c2", "sum_rc", "sum_p2")
            }
        )
        return design, moments

    def fmr(self, probe: int, reference: int, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FMR of a pair of labels at positions (k,) with these exceedances (k,)."""
        key = "fmr", probe, reference
        if key not in self._kept:
            parts = self._nonmated(probe, reference)
            self._kept[key] = None if parts is None else self._fmr(*parts, probe, reference)
        return self._all(self._kept[key], positions, errors)

    def _fmr(self, design: NonmatedDesign, moments: NonmatedMoments, probe: int, reference: int) -> Monotone:
        steps = self._steps(self.counts.nonmated[probe]) if reference == 0 else None
        return fmr_limits(design, moments, self.level, steps)

    def fnmr(self, label: int, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FNMR of a label at positions (k,) with these comparisons below (k,)."""
        key = "fnmr", label
        if key not in self._kept:
            row = self._mated_at.get((label,))
            self._kept[key] = None
            if row is not None:
                parts = _trial_parts(self.counts.mated_rows, row, "comparisons")
                above = self.counts.mated[label]
                self._kept[key] = trial_limits(*parts, self.level, self._steps(above[0] - above))
        return self._all(self._kept[key], positions, errors)

    def fpir(self, label: int, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FPIR of a label at positions (k,) with these hits (k,)."""
        key = "fpir", label
        if key not in self._kept:
            self._kept[key] = self._fpir(label)
        return self._all(self._kept[key], positions, errors)

    def _fpir(self, label: int) -> Monotone | None:
        row = self._search_at.get((label,))
        if row is None:
            return None
        rows = self.counts.search_rows
        design = SearchDesign(
            searches=int(rows.design["searches"][row]),
            people=int(rows.design["people"][row]),
            sum_k2=float(rows.design["sum_k2"][row]),
            references=int(rows.moments["references"][row].max(initial=0)),
        )
        moments = SearchMoments(**{name: v[row] for name, v in rows.moments.items() if name != "references"})
        # Candidate lists hold no rates per comparison: there, hits alone tell how references differ.
        nonmated = self._nonmated(label, 0) if self.counts.tally.kind == "comparisons" else None
        if nonmated is not None and nonmated[0].comparisons == 0:
            nonmated = None
        return fpir_limits(design, moments, nonmated, self.level, self._steps(self.counts.best[label]))

    def fnir(self, label: int, rank: int | None, positions: Ints, errors: Ints) -> list[Interval | None]:
        """FNIR of a label at one rank (None: the whole list) at positions (k,) with these misses (k,).

        Only the spread between people is taken from a rank that the tally holds it for, the nearest at or below `rank`
        (misses are more numerous there); the misses are those given.
        """
        held = FNIR_RANKS[-1] if rank is None else max(r for r in FNIR_RANKS if r <= rank)
        key = "fnir", label, rank
        if key not in self._kept:
            alone = self._mates(label, held)
            self._kept[key] = None
            if alone is not None:
                steps = self._steps(alone.trials - self.counts.mates_found(rank)[label])
                self._kept[key] = Monotone(alone, steps, self.level)
        return self._all(self._kept[key], positions, errors)

    def _mates(self, label: int, held: int) -> TrialsAlone | None:
        """FNIR of a label at each threshold alone, at a rank that the tally holds the spread for."""
        key = label, held
        if key not in self._mates_kept:
            if held not in self._mate_rows:
                self._mate_rows[held] = self.counts.mate_rows(held)
            rows = self._mate_rows[held]
            found = np.flatnonzero(rows.design["label"] == label)
            alone = TrialsAlone(*_trial_parts(rows, int(found[0]), "searches")) if len(found) else None
            self._mates_kept[key] = alone
        return self._mates_kept[key]
