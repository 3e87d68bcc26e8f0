"""FNMR, FNIR, FTA, FTE: trials come in bundles by person."""

from __future__ import annotations

from misid.rates.intervals.model import Interval, Side, TrialDesign, TrialMoments


def fnmr_interval(
    design: TrialDesign,
    moments: TrialMoments,
    at: int,
    *,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FNMR with limits on people. `at`, `errors` as in `fmr_interval` (errors: comparisons below the threshold)."""
    raise NotImplementedError


def fnir_interval(
    design: TrialDesign,
    moments: TrialMoments,
    at: int,
    *,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FNIR at one rank (`moments` are of that rank), limits on people."""
    raise NotImplementedError


def people_interval(failed: int, presented: int, *, people: int | None = None, level: float = 0.95) -> Interval:
    """FTA, FTE: Clopper-Pearson on samples; `people` if fewer than samples (then failures may come in bundles)."""
    raise NotImplementedError
