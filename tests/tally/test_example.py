"""The tally that ships is the one that the published scores give, and carries its origin."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from misid.scores import open_scores
from misid.tally import build_tally, read_tally
from misid.tally.model import TABLES

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "bssr1" / "face-c.csv"

NOTE = (
    "NIST Biometric Scores Set Release 1 (BSSR1), set 1, face matcher C: 517 people photographed twice, one photograph "
    "enrolled, the other searched; posed photographs; one reference gave -1 against everybody and is counted as a "
    "failure to enrol. Published by the US National Institute of Standards and Technology; work of the US government."
)
THRESHOLDS = (0.55, 0.6, 0.65, 0.7)


def shipped() -> Path:
    return Path(str(files("misid") / "examples" / "bssr1-face-c.tally"))


def test_origin_is_named() -> None:
    tally = read_tally(shipped())
    assert tally.origin.note == NOTE
    assert tally.origin.inputs[0]["rows"] == 517 * 517
    assert tally.enrolment == (1, 517)
    assert tally.acquisition == (0, 517)


@pytest.mark.skipif(not SHARED.exists(), reason=f"the published scores are not at {SHARED}")
def test_it_is_what_the_scores_give() -> None:
    with open_scores(SHARED, failures=[-1.0]) as scores:
        made = build_tally(scores, thresholds=THRESHOLDS, note=NOTE)
    tally = read_tally(shipped())
    for name in TABLES:
        for column in TABLES[name]:
            np.testing.assert_array_equal(
                made.tables[name][column], tally.tables[name][column], err_msg=f"{name}.{column}"
            )
    np.testing.assert_array_equal(made.edges, tally.edges)
    assert made.origin.inputs == tally.origin.inputs


@pytest.mark.skipif(not SHARED.exists(), reason=f"the published scores are not at {SHARED}")
def test_counts_equal_an_independent_computation() -> None:
    """Read with NumPy alone, counted with NumPy alone, to the last comparison."""
    matrix = np.loadtxt(SHARED, delimiter=",", skiprows=1, usecols=range(1, 518))
    same = np.eye(517, dtype=bool)
    done = matrix != -1
    assert (~done).sum() == 517
    assert (~done).all(axis=0).sum() == 1
    tally = read_tally(shipped())
    counts, moments, levels = tally.tables["counts"], tally.tables["nonmated_moments"], tally.levels
    for edge in [*tally.edges[1::25], *THRESHOLDS]:
        above = counts["bin"] >= np.searchsorted(tally.edges, edge)
        for mated, cells in ((0, ~same), (1, same)):
            mine = above & (counts["mated"] == mated)
            assert counts["count"][mine].sum() == (matrix[cells & done] >= edge).sum()
    for index in range(len(levels)):
        exceed = (matrix >= levels[index]) & ~same & done
        row = int(
            np.flatnonzero(
                (moments["probe_label"] == 0) & (moments["reference_label"] == 0) & (moments["level"] == index)
            )[0]
        )
        assert moments["exceed"][row] == exceed.sum()
        assert moments["sum_r2"][row] == (exceed.sum(axis=1) ** 2).sum()
        assert moments["sum_c2"][row] == (exceed.sum(axis=0) ** 2).sum()
        assert moments["sum_rc"][row] == (exceed.sum(axis=1) * exceed.sum(axis=0)).sum()
        assert moments["sum_p2"][row] == exceed.sum() + 2 * (exceed & exceed.T).sum() // 2
    best = np.where(~same & done, matrix, -np.inf).max(axis=1)
    for edge in THRESHOLDS:
        table = tally.tables["best_nonmated"]
        assert table["count"][table["bin"] >= np.searchsorted(tally.edges, edge)].sum() == (best >= edge).sum()


if __name__ == "__main__":
    from misid.tally import write_tally

    with open_scores(SHARED, failures=[-1.0]) as scores:
        write_tally(build_tally(scores, thresholds=THRESHOLDS, note=NOTE), shipped(), force=True)
