"""Draws of all parameters: the shapes come out, the correlations come out, and the same bytes come out again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from misid.encounter.draws import Correlation, Space, power_of_two
from misid.encounter.shapes import Counts, Fixed, LogUniform, Pert, Shape, Uniform
from misid.ground.errors import UsageError

SHAPES: dict[str, Shape] = {
    "search.fpir": LogUniform(lo=1e-3, hi=0.03),
    "search.growth": Uniform(lo=0.0, hi=1.0),
    "people.enrolled": Pert(lo=0.3, mode=0.5, hi=0.9),
    "record.wrong": Counts(k=3, n=1000),
    "scans": Fixed(value=100_000.0),
}
SPACE = Space(shapes=SHAPES)
TIED = Space(
    shapes=SHAPES,
    correlations=(
        Correlation(of=("search.fpir", "search.growth"), rank=-0.7),
        Correlation(of=("people.enrolled", "search.growth"), rank=0.4),
    ),
)


@pytest.mark.parametrize("space", [SPACE, TIED], ids=["independent", "correlated"])
def test_every_parameter_has_its_shape(space: Space) -> None:
    draws = space.draw(2**14, seed=7)
    at = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    for path in space.varying:
        shape = SHAPES[path]
        assert draws[path].mean() == pytest.approx(shape.mean, rel=2e-3)
        np.testing.assert_allclose(shape.cdf(np.quantile(draws[path], at)), at, atol=3e-3)
    assert draws["scans"].tolist() == [100_000.0]


def test_rank_correlations_are_those_asked_for() -> None:
    draws = TIED.draw(2**14, seed=3)
    for correlation in TIED.correlations:
        a, b = (draws[path] for path in correlation.of)
        assert spearmanr(a, b).statistic == pytest.approx(correlation.rank, abs=0.01)
    assert spearmanr(draws["record.wrong"], draws["search.fpir"]).statistic == pytest.approx(0, abs=0.01)


def test_equal_seeds_give_equal_bytes_and_others_others() -> None:
    one, again, other = (TIED.draw(4096, seed=seed) for seed in (5, 5, 6))
    for path in TIED.varying:
        assert one[path].tobytes() == again[path].tobytes()
        assert one[path].tobytes() != other[path].tobytes()


def test_the_order_of_the_file_does_not_matter() -> None:
    turned = Space(shapes=dict(reversed(SHAPES.items())))
    assert turned.draw(256, seed=1)["search.fpir"].tobytes() == SPACE.draw(256, seed=1)["search.fpir"].tobytes()


def test_fixing_one_parameter_leaves_the_draws_of_the_others() -> None:
    fixed = SPACE.holding("search.growth", Fixed(value=1.0)).draw(1024, seed=2)
    free = SPACE.draw(1024, seed=2)
    assert fixed["search.fpir"].tobytes() == free["search.fpir"].tobytes()
    assert fixed["search.growth"].tolist() == [1.0]


def test_blocks_are_the_draws() -> None:
    whole = TIED.draw(4096, seed=9)
    blocks = list(TIED.blocks(4096, seed=9, block=512))
    assert len(blocks) == 8
    for path in TIED.varying:
        np.testing.assert_allclose(np.concatenate([block[path] for block in blocks]), whole[path], rtol=1e-12)


def test_a_mean_over_sobol_draws_is_nearer_than_one_over_random_draws() -> None:
    def error(values: np.ndarray) -> float:
        return float(abs(values.mean() - SHAPES["search.growth"].mean * SHAPES["people.enrolled"].mean))

    sobol = [SPACE.draw(1024, seed=seed) for seed in range(20)]
    random = [SPACE.through(np.random.default_rng(seed).random((1024, 4))) for seed in range(20)]
    errors = [
        np.mean([error(draws["search.growth"] * draws["people.enrolled"]) for draws in several])
        for several in (sobol, random)
    ]
    assert errors[0] < errors[1] / 10


def test_what_is_correlated_with_a_given_value_moves_with_it() -> None:
    # Of two normal scores with correlation r, given one is v the other is normal about r v with variance 1 - r².
    space = Space(
        shapes={"a": Uniform(lo=0, hi=1), "b": Uniform(lo=0, hi=1)},
        correlations=(Correlation(of=("a", "b"), rank=0.6),),
    )
    from scipy.special import ndtri

    r = space.correlations[0].normal
    drawn = space.through(space.points(2**14, 1), {"a": 0.9})
    scores = ndtri(drawn["b"])
    assert drawn["a"].tolist() == [0.9]
    assert scores.mean() == pytest.approx(r * ndtri(0.9), abs=0.005)
    assert scores.var() == pytest.approx(1 - r**2, rel=0.01)


def test_factors_are_independent_sets() -> None:
    assert SPACE.factors == (("people.enrolled",), ("record.wrong",), ("search.fpir",), ("search.growth",))
    assert TIED.factors == (("people.enrolled", "search.fpir", "search.growth"), ("record.wrong",))


@pytest.mark.parametrize(
    ("correlations", "seen"),
    [
        ([("search.fpir", "search.grwth", 0.5)], "'search.grwth', which is no parameter"),
        ([("search.fpir", "scans", 0.5)], "'scans', which is fixed"),
        ([("search.fpir", "search.fpir", 0.5)], "'search.fpir' twice"),
        ([("search.fpir", "search.growth", 1.0)], "correlation[0].rank: 1"),
        ([("search.fpir", "search.growth", float("nan"))], "correlation[0].rank: nan"),
        ([("search.fpir", "search.growth", 0.1), ("search.growth", "search.fpir", 0.2)], "which an earlier one has"),
        (
            [("search.fpir", "search.growth", 0.9), ("search.fpir", "people.enrolled", 0.9),
             ("search.growth", "people.enrolled", -0.9)],
            "cannot all hold at once",
        ),
    ],
)  # fmt: skip
def test_correlations_that_cannot_be_are_refused(correlations: list[tuple[str, str, float]], seen: str) -> None:
    space = Space(shapes=SHAPES, correlations=tuple(Correlation(of=(a, b), rank=r) for a, b, r in correlations))
    [problem] = space.problems().problems
    assert problem.code == "E092"
    assert seen in str(problem)


def test_good_correlations_have_no_problem() -> None:
    assert TIED.problems().problems == []


def test_draws_are_rounded_up_to_a_power_of_two() -> None:
    assert power_of_two(1000) == len(SPACE.draw(1000, seed=1)["search.fpir"]) == 1024
    with pytest.raises(UsageError, match="0 draws"):
        SPACE.draw(0, seed=1)


def test_a_scenario_without_ranges_has_one_draw_of_each() -> None:
    assert Space(shapes={"a": Fixed(value=2.0)}).draw(8, seed=1)["a"].tolist() == [2.0]
