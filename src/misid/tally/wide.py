"""Sums of squares of comparisons, which need more than 64 bits where a test has 1e12 of them.

They stay whole numbers: Python's own, in an array of objects, where 64 bits do not hold them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from misid.tally.model import Ints

WIDE = {"nonmated_design": ("sum_r2", "sum_c2", "sum_rc", "sum_p2")}
"""The columns of a tally that may be so large."""

FITS = 1 << 62
"""Below this a number and one as large again fit into 64 bits."""


def sum_of_products(one: str, other: str) -> str:
    """SQL for a sum of products of two whole numbers, exact in 38 digits and brought back as text.

    Engines have no whole number of 128 bits in common, and NumPy has none.
    """
    return f"CAST(sum(CAST({one} AS DECIMAL(19, 0)) * CAST({other} AS DECIMAL(19, 0))) AS VARCHAR)"


def whole(values: Sequence[Any] | npt.NDArray[Any]) -> Ints:
    """Whole numbers (text, floats without a fraction, any integers) in 64 bits, or as objects where some are larger.

    Examples
    --------
    >>> whole(["3", "4"]).dtype, whole(["3", "99999999999999999999"]).tolist()
    (dtype('int64'), [3, 99999999999999999999])
    >>> whole(np.array([1e20, 2.0])).tolist()
    [100000000000000000000, 2]
    """  # fmt: skip
    given = np.asarray(values)
    if given.dtype.kind in "iu" and given.dtype != np.uint64:
        return given.astype(np.int64)
    if given.dtype.kind == "f" and np.all(np.abs(given) < FITS):
        return given.astype(np.int64)
    listed = [int(value) for value in given.ravel().tolist()]
    kind: Any = np.int64 if all(abs(value) < FITS for value in listed) else object
    return np.array(listed, dtype=kind).reshape(given.shape)
