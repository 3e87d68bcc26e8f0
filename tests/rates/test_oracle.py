"""The oracle against numbers counted by hand on a test of two people and a stranger."""

from __future__ import annotations

import numpy as np

from tests.oracle import assert_same, canonical, oracle_tally

# Probes a1, a2 (person a), b1 (person b), c1 (not enrolled); references of a and b.
ROWS = [
    ("a1", "ra", "a", "a", 0.9), ("a1", "rb", "a", "b", 0.4),
    ("a2", "ra", "a", "a", 0.3), ("a2", "rb", "a", "b", 0.6),
    ("b1", "ra", "b", "a", 0.6), ("b1", "rb", "b", "b", np.nan),
    ("c1", "ra", "c", "a", 0.5), ("c1", "rb", "c", "b", 0.6),
]  # fmt: skip
COLUMNS = [list(column) for column in zip(*ROWS, strict=True)]


def test_every_table_by_hand() -> None:
    rows = canonical(oracle_tally(*COLUMNS, edges=[-np.inf, 0.5, 0.6], levels=[0.5, 0.6]))
    assert rows["counts"] == [(0, 0, 0, 0, 1), (0, 0, 0, 1, 1), (0, 0, 0, 2, 3), (0, 0, 1, 0, 1), (0, 0, 1, 2, 1)]
    assert rows["failed"] == [(0, 0, 1, 1)]
    # As probe: a 2, b 1, c 2; as reference: a 2, b 3; between a and b 3, a and c 1, b and c 1.
    assert rows["nonmated_design"] == [(0, 0, 5, 3, 2, 3, 9, 13, 2 * 2 + 1 * 3, 11)]
    # At 0.6: a2-rb, b1-ra, c1-rb. As probe one each; as reference a 1, b 2; pairs ab 2, bc 1.
    assert (0, 0, 1, 3, 3, 5, 3, 5, 5, 8) in rows["nonmated_moments"]
    assert rows["mated_design"] == [(0, 2, 1, 4)]
    assert rows["mated_moments"] == [(0, 0, 1, 1, 2), (0, 1, 1, 1, 2)]
    assert rows["search_design"] == [(0, 0, 4, 0, 3, 6, 1, 1, 2), (0, 1, 3, 0, 2, 5, 1, 2, 2)]
    assert rows["best_nonmated"] == [(0, 0, 1), (0, 2, 3)]
    # At 0.5: hits a2, b1, c1; alone: a2 meets b, b1 meets a, c1 meets both.
    assert (0, 0, 3, 4, 3, 2 + 1 + 1, 2, 2, 2**2, 2, 2 + 1, 2) in rows["search_moments"]
    assert (0, 1, 3, 3, 3, 4, 1 + 4, 3, 2**2 + 1, 1 + 2, 2 + 2, 2) in rows["search_moments"]
    assert rows["mates"] == [(0, 1, 2, 1), (0, 2, 0, 1), (0, 101, -1, 1)]
    assert (0, 0, 1, 2, 2, 3) in rows["mate_moments"]
    assert rows["blocks"] == [(0, 0, 1, 1), (1, 0, 1, 1)]
    assert rows["spectrum"] == [[(0, 0, 0, 0, 1), (0, 0, 1, 1, 1)], [(0, 0, 0, 1, 1)], [(0, 0, 1, 1, 1)]]
    assert rows["spectrum_design"] == [(0, 0, 4, 5)]


def test_candidate_lists_are_censored_below_their_end() -> None:
    keep = [i for i, score in enumerate(COLUMNS[4]) if score >= 0.5]
    tally = oracle_tally(
        *[[column[i] for i in keep] for column in COLUMNS],
        edges=[-np.inf, 0.5, 0.6],
        searches={
            "probe": ["a1", "b1", "c1", "d1"],
            "probe_person": ["a", "b", "c", "d"],
            "probe_group": [0, 0, 0, 0],
            "mated": [True, True, False, False],
            "failed": [False, False, False, True],
        },
        list_length=2,
        return_threshold=0.5,
        gallery=(2, 2),
    )
    rows = canonical(tally)
    # c1's list is full and has the whole gallery: it hides nothing, as the failed search of d1 hides nothing.
    assert rows["censoring"] == [(0, 0, -1, 2), (0, 1, 1, 2)]
    assert rows["search_design"] == [(0, 0, 2, 1, 2, 2, 2, 2, 2), (0, 1, 2, 0, 2, 2, 2, 2, 2)]
    assert rows["best_nonmated"] == [(0, -1, 1), (0, 2, 1)]
    assert rows["mates"] == [(0, 1, 2, 1), (0, 101, -1, 1)]
    assert_same(tally, tally)
