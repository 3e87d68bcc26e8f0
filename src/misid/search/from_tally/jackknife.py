"""Variance from leaving parts of a test out: a block of references at a time, and a fold of searches at a time."""

from __future__ import annotations

import numpy as np

from misid.search.from_tally.counts import Floats
from misid.tally.model import N_BLOCKS


def left_out_variance(left_out: Floats) -> Floats:
    """Jackknife variance, summed over ways to leave out; values (ways, N_BLOCKS, ...) to variances (...).

    Examples
    --------
    >>> one_way = np.zeros((1, N_BLOCKS))
    >>> one_way[0, 0] = 20.0
    >>> round(float(left_out_variance(one_way)), 6)
    361.0
    """
    centred = left_out - left_out.mean(axis=1, keepdims=True)
    return np.asarray((N_BLOCKS - 1) / N_BLOCKS * (centred**2).sum(axis=(0, 1)))
