"""FPIR at the test's own gallery: all searches of a test meet the same references."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from misid.rates.intervals.model import Interval, SearchDesign, SearchMoments, Side


def fpir_interval(
    design: SearchDesign,
    moments: SearchMoments,
    at: int,
    *,
    errors: int | None = None,
    level: float = 0.95,
    side: Side = "two",
) -> Interval:
    """FPIR at the test's own gallery, for new searches of another gallery of this size.

    `at` as in `fmr_interval`; `errors` are hits: searches with a candidate at or above the threshold.
    """
    raise NotImplementedError


def rarefied_fpir(exceedances: npt.NDArray[np.int64], searches: npt.NDArray[np.int64], gallery: int, size: int) -> float:
    """FPIR at a gallery of `size` <= `gallery`: exact rarefaction (Hurlbert) from the spectrum.

    Parameters
    ----------
    exceedances : (k,) int
        Number of references at or above the threshold (0 included).
    searches : (k,) int
        Searches that have it.
    """
    raise NotImplementedError
