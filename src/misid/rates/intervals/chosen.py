"""Rates at a threshold that was chosen on the same data: the choice is uncertain too."""

from __future__ import annotations

from misid.rates.intervals.model import Floats, Interval, Side


def threshold_interval(limits_lo: Floats, limits_hi: Floats, target: float) -> tuple[int, int]:
    """Indices (first, last) of the thresholds at which the true falling rate may be `target`.

    `limits_lo`, `limits_hi` are the limits of FMR (or FPIR) at ascending thresholds, (k,). ``first`` is the
    last index whose lower limit still exceeds the target (or 0), ``last`` the first whose upper limit is below (or k-1).
    """
    raise NotImplementedError


def interval_at_target(
    chosen: int,
    target: float,
    falling: tuple[Interval, ...],
    rising: tuple[Interval, ...],
    *,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FNMR (FNIR) at the threshold where FMR (FPIR) is `target`, the choice of the threshold included.

    `falling` and `rising` hold the intervals of both rates at the same ascending thresholds; `chosen` is the
    index of the threshold that the test chose.
    """
    raise NotImplementedError


def eer_interval(falling: tuple[Interval, ...], rising: tuple[Interval, ...], *, level: float = 0.95) -> Interval:
    """EER: where the falling FMR and the rising FNMR cross, from intervals at the same ascending thresholds."""
    raise NotImplementedError
