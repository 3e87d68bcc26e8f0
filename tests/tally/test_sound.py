"""Rows of one name are found in any order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from misid.tally.sound import _twice

rows_of_keys = st.integers(1, 3).flatmap(
    lambda n: st.lists(st.tuples(*[st.integers(-1, 3)] * n), min_size=1, max_size=12)
)


@given(rows=rows_of_keys, ordered=st.booleans(), once=st.booleans())
def test_a_row_that_is_there_twice_is_found(rows: list[tuple[int, ...]], ordered: bool, once: bool) -> None:
    if once:
        rows = list(dict.fromkeys(rows))
    if ordered:
        rows.sort()
    assert _twice([np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]) == (
        len(set(rows)) < len(rows)
    )
