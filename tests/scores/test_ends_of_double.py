"""Scores and thresholds at the ends of what a double can be: refused with a code, or counted right."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from misid import build_tally, compute_rates
from misid.ground.errors import BadInputError
from misid.scores import check, open_scores
from misid.scores.exact import LARGEST, SMALLEST, range_problem
from tests.scores.test_read_problems import text

Score = Callable[[int, int], float]
PEOPLE = 30


def usual(i: int, j: int) -> float:
    return 0.75 if i == j else 0.25 + (i * 7 + j * 3) % 11 / 64


def scores_in(folder: Path, score: Score, name: str = "score") -> Path:
    rows = (f"p{i},r{j},{int(i == j)},{score(i, j)!r}\n" for i in range(PEOPLE) for j in range(PEOPLE))
    return text(folder, f"probe,reference,mated,{name}\n{''.join(rows)}")


def denormal(i: int, j: int) -> float:
    return 5e-323 if i == j else 5e-324 * (1 + (i * 7 + j * 3) % 9)


def wide(i: int, j: int) -> float:
    return 1.79e308 * (usual(i, j) if (i + j) % 2 or i == j else -usual(i, j))


def one_far(i: int, j: int) -> float:
    return -1.7e308 if (i, j) == (3, 4) else usual(i, j)


@pytest.mark.parametrize("name", ["score", "distance"])
@pytest.mark.parametrize("score, found", [(denormal, "E055"), (wide, "E055"), (one_far, "E050")])
def test_what_cannot_be_counted(tmp_path: Path, score: Score, found: str, name: str) -> None:
    """Warnings are errors in tests: NumPy has nothing to say either."""
    with open_scores(scores_in(tmp_path, score, name)) as scores:
        codes = {p.code for p in check(scores).problems if p.severity == "error"}
        assert found in codes
        with pytest.raises(BadInputError, match="E055 scores-out-of-range"):
            build_tally(scores)


@pytest.mark.parametrize("power", [-1004, -900, 0, 900, 1020])
def test_scales_that_can(tmp_path: Path, power: int) -> None:
    """A power of two changes no count."""
    with open_scores(scores_in(tmp_path, lambda i, j: math.ldexp(usual(i, j), power))) as scores:
        assert not {"E055", "E050"} & {p.code for p in check(scores).problems}
        threshold = math.ldexp(0.3, power)
        rates = compute_rates(build_tally(scores, thresholds=[threshold]), thresholds=[threshold], measures=["fmr"])
    errors = sum(usual(i, j) >= 0.3 for i in range(PEOPLE) for j in range(PEOPLE) if i != j)
    assert {r.errors for r in rates.records if r.measure == "fmr" and r.threshold == threshold} == {errors}


@pytest.mark.parametrize("threshold", [-1.7e308, -1e300, -1.0, 1e-320, 2.0, 1e308, 1.7e308])
def test_thresholds_anywhere(tmp_path: Path, threshold: float) -> None:
    with open_scores(scores_in(tmp_path, usual)) as scores:
        rates = compute_rates(build_tally(scores, thresholds=[threshold]), thresholds=[threshold], measures=["fmr"])
    errors = PEOPLE * (PEOPLE - 1) if threshold < 0.25 else 0
    assert {r.errors for r in rates.records if r.measure == "fmr" and r.threshold == threshold} == {errors}


def test_the_ends() -> None:
    for size in (LARGEST, SMALLEST, 1.0, 0.0):
        assert range_problem(-size, size, polarity="similarity") is None
    assert range_problem(-LARGEST, math.nextafter(LARGEST, math.inf), polarity="similarity") is not None
    found = range_problem(-1e308, -1.0, polarity="distance")
    assert found is not None
    assert found.seen == "from 1.0 to 1e+308"
    assert "divide" in found.remedy
