"""FMR: comparisons of n people with each other are not n(n-1) independent trials."""

from __future__ import annotations

from misid.rates.intervals.model import Interval, NonmatedDesign, NonmatedMoments, Side


def fmr_interval(
    design: NonmatedDesign,
    moments: NonmatedMoments,
    at: int,
    *,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FMR with limits that know who was compared with whom (NBX-max).

    Parameters
    ----------
    at : int
        Level the rate is wanted at; for a threshold between levels the last level below it.
    errors : int, optional
        Exceedances at the threshold itself, where it is not a level; default ``moments.exceed[at]``.
    """
    raise NotImplementedError
