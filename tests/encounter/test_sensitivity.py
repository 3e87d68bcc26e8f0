"""Sobol indices against closed forms and SciPy; what is said where there is nothing to say."""

from __future__ import annotations

import math
import time
from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import sobol_indices, uniform

from misid.encounter.draws import Correlation, Draws, Space
from misid.encounter.sensitivity import Drivers, drivers
from misid.encounter.shapes import Fixed, LogUniform, Uniform
from misid.ground.errors import UsageError
from misid.tally.model import Floats

UNIT = Uniform(lo=0.0, hi=1.0)
ANGLE = Uniform(lo=-math.pi, hi=math.pi)
THREE = Space(shapes={"x1": ANGLE, "x2": ANGLE, "x3": ANGLE})


def ishigami(x: Draws, a: float = 7.0, b: float = 0.1) -> dict[str, np.ndarray]:
    return {"y": np.sin(x["x1"]) + a * np.sin(x["x2"]) ** 2 + b * x["x3"] ** 4 * np.sin(x["x1"])}


def ishigami_indices(a: float = 7.0, b: float = 0.1) -> dict[str, tuple[float, float]]:
    """Ishigami and Homma 1990."""
    v1 = 0.5 * (1 + b * math.pi**4 / 5) ** 2
    v2 = a**2 / 8
    v13 = b**2 * math.pi**8 * 8 / 225
    v = v1 + v2 + v13
    return {"x1": (v1 / v, (v1 + v13) / v), "x2": (v2 / v, v2 / v), "x3": (0.0, v13 / v)}


def by_path(found: Drivers) -> dict[str, tuple[float, float]]:
    return {driver.paths[0]: (driver.first, driver.total) for driver in found.drivers}


def test_ishigami() -> None:
    found = drivers(ishigami, THREE, points=1024, seed=1)["y"]
    assert found.status == "ok"
    for path, indices in ishigami_indices().items():
        assert by_path(found)[path] == pytest.approx(indices, abs=0.01)
    assert [driver.paths[0] for driver in found.drivers] == ["x1", "x2", "x3"]
    assert found.interactions == pytest.approx(ishigami_indices()["x3"][1], abs=0.01)
    # 16 scrambles of A, B and three mixtures; the middle and both ends of three ranges; 64 draws of a first trial.
    assert found.evaluations == 1024 * (16 * 5 + 7) + 2 * 64 * 4


def test_limits_hold_the_truth_as_often_as_they_say() -> None:
    truth = ishigami_indices()
    held, seen = 0, 0
    for seed in range(40):
        for driver in drivers(ishigami, THREE, points=128, scrambles=8, seed=seed)["y"].drivers:
            first, total = truth[driver.paths[0]]
            held += (driver.first_lo <= first <= driver.first_hi) + (driver.total_lo <= total <= driver.total_hi)
            seen += 2
    # 240 limits, six of each run together: 95 % within four standard errors of 40 independent runs.
    assert 0.85 < held / seen <= 1


def test_linear_model_with_unequal_ranges() -> None:
    space = Space(shapes={"a": UNIT, "b": Uniform(lo=5, hi=9), "c": Uniform(lo=-1, hi=1)})
    found = drivers(lambda x: {"y": 2 * x["a"] - x["b"] + 0.5 * x["c"]}, space, seed=2)["y"]
    parts = {"a": 4 * 1, "b": 16, "c": 0.25 * 4}
    for path, part in parts.items():
        assert by_path(found)[path] == pytest.approx((part / 21, part / 21), abs=0.005)
    assert found.variance == pytest.approx(21 / 12, rel=0.01)


def test_agrees_with_scipy_on_independent_inputs() -> None:
    space = Space(shapes={"a": UNIT, "b": UNIT, "c": UNIT})

    def product(x: Floats) -> Floats:
        return np.asarray(x[0] * (1 + x[1]) ** 2 + x[2] * x[0])

    theirs = sobol_indices(func=product, n=2**13, dists=[cast("Any", uniform())] * 3, rng=np.random.default_rng(1))
    found = drivers(lambda x: {"y": product(np.array([x["a"], x["b"], x["c"]]))}, space, points=1024, seed=3)["y"]
    for index, path in enumerate("abc"):
        ours = by_path(found)[path]
        assert ours == pytest.approx((theirs.first_order[index], theirs.total_order[index]), abs=0.01)


def test_correlated_inputs_are_one_factor_with_its_exact_share() -> None:
    # y = a + b + c, a and b with correlation r: the pair's share is (2 + 2 r) / (3 + 2 r) of unit variances.
    tied = (Correlation(of=("a", "b"), rank=0.6),)
    space = Space(shapes={"a": UNIT, "b": UNIT, "c": UNIT}, correlations=tied)
    found = drivers(lambda x: {"y": x["a"] + x["b"] + x["c"]}, space, points=1024, seed=4)["y"]
    assert [driver.paths for driver in found.drivers] == [("a", "b"), ("c",)]
    # The rank correlation of two uniforms is their correlation.
    share = (2 + 2 * 0.6) / (3 + 2 * 0.6)
    assert (found.drivers[0].first, found.drivers[0].total) == pytest.approx((share, share), abs=0.005)


def test_bars_are_medians_at_the_ends() -> None:
    space = Space(shapes={"a": UNIT, "b": Uniform(lo=-1, hi=1), "n": Fixed(value=10.0)})
    found = drivers(lambda x: {"y": x["n"] * (4 * x["a"] + x["b"])}, space, seed=5)["y"]
    bar = found.drivers[0]
    assert (bar.end, bar.lo, bar.hi) == ("a", pytest.approx(0.025), pytest.approx(0.975))
    assert (bar.at_lo, bar.at_hi) == (pytest.approx(1.0, abs=0.05), pytest.approx(39.0, abs=0.05))


def test_several_outcomes_share_their_evaluations() -> None:
    calls: list[int] = []

    def model(x: Draws) -> dict[str, np.ndarray]:
        calls.append(len(x["x1"]))
        return {**ishigami(x), "one": x["x1"], "none": np.array([3.0]), "void": np.where(x["x2"] > 3, np.nan, 1.0)}

    found = drivers(model, THREE, points=64, scrambles=4, measures=("y", "one", "none", "void"))
    assert sum(calls) == found["y"].evaluations
    assert by_path(found["one"])["x1"] == pytest.approx((1, 1), abs=0.05)


def test_what_does_not_vary_and_what_has_no_value_are_said() -> None:
    model = lambda x: {"none": 0 * x["x1"] + 0.1, "void": np.where(x["x2"] > 3, np.nan, 1.0)}  # noqa: E731
    found = drivers(model, THREE, points=64, scrambles=4)
    assert (found["none"].status, found["none"].drivers, found["none"].median) == ("constant", (), pytest.approx(0.1))
    assert "nothing drives it" in found["none"].reason
    assert (found["void"].status, found["void"].variance) == ("undefined", None)
    assert "no value" in found["void"].reason


def test_inputs_that_move_nothing_cost_nothing_and_have_no_share() -> None:
    space = Space(shapes={"a": UNIT, "b": UNIT, **{f"idle{i}": UNIT for i in range(20)}})
    found = drivers(lambda x: {"y": x["a"] + x["b"]}, space)["y"]
    assert found.evaluations < 256 * (16 * 4 + 10) + 2 * 64 * 23
    assert by_path(found)["idle7"] == (0.0, 0.0)
    assert len(found.drivers) == 22


def test_a_space_without_ranges_has_no_drivers() -> None:
    found = drivers(lambda x: {"y": x["a"] * 2}, Space(shapes={"a": Fixed(value=1.0)}), points=8, scrambles=2)["y"]
    assert (found.status, found.median) == ("constant", 2.0)


def test_few_points_are_said_to_be_too_few() -> None:
    space = Space(shapes={name: LogUniform(lo=1e-4, hi=1.0) for name in "abcde"})
    found = drivers(lambda x: {"y": np.asarray(math.prod(x.values()))}, space, points=8, scrambles=3)["y"]
    assert "more points are needed" in found.warnings[0]
    with pytest.raises(UsageError, match="1 scrambles"):
        drivers(ishigami, THREE, scrambles=1)


def test_equal_seeds_give_equal_results() -> None:
    one, again, other = (drivers(ishigami, THREE, points=64, scrambles=4, seed=seed)["y"] for seed in (1, 1, 2))
    assert one == again != other


def test_thirty_inputs_take_no_time_beside_the_model() -> None:
    space = Space(shapes={f"x{i:02}": UNIT for i in range(30)})
    before = time.process_time()
    drivers(lambda x: {"y": np.asarray(sum(x.values()))}, space)
    assert time.process_time() - before < 10
