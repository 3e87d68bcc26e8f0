"""Parts: the input files one by one, or many small ones together, for what is done part by part."""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST_PARTS = 32
"""So many files are a part each; of more, small ones are put together."""

PART_ROWS = 10_000_000
"""A part need not have more: a pass over so many takes about a second, and no more is lost with a killed run."""


def files_of_parts(rows: Sequence[int]) -> tuple[int, ...]:
    """How many files, in their order, each part is made of.

    A part costs each pass a statement, a file and its sum, some milliseconds: a file of a few rows is not worth them.

    Examples
    --------
    >>> files_of_parts([10, 20, 30])
    (1, 1, 1)
    >>> len(files_of_parts([100] * 10_000)), len(files_of_parts([100_000_000] * 10_000))
    (32, 10000)
    """
    if len(rows) <= MOST_PARTS:
        return (1,) * len(rows)
    enough = min(PART_ROWS, math.ceil(sum(rows) / MOST_PARTS))
    sizes, in_part = [0], 0
    for n in rows:
        if in_part and in_part >= enough:
            sizes.append(0)
            in_part = 0
        sizes[-1] += 1
        in_part += n
    return tuple(sizes)
