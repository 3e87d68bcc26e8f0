"""Break-even values against closed forms, with one crossing, several, none, and outside the scenario's range."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.encounter.breakeven import BreakPoint, Wanted, break_points, frontier, together
from misid.encounter.draws import Correlation, Draws, Space
from misid.encounter.shapes import Fixed, LogUniform, Uniform
from misid.ground.errors import UsageError

SHARE = (0.0, 1.0)
ALL = {"fpir": SHARE, "held": SHARE, "scale": (0.0, 1e9)}
SPACE = Space(shapes={"fpir": LogUniform(lo=1e-3, hi=0.1), "held": Uniform(lo=0.2, hi=0.8), "scale": Fixed(value=1.0)})


def product(x: Draws) -> dict[str, np.ndarray]:
    return {"wrong": x["fpir"] * x["held"] * x["scale"]}


def one(wanted: Wanted, path: str, space: Space = SPACE, model: object = product) -> BreakPoint:
    [found] = break_points(model, space, wanted, ALL, paths=[path])  # type: ignore[arg-type]
    return found


def test_the_median_crosses_where_algebra_says() -> None:
    found = one(Wanted(measure="wrong", side="below", value=0.001), "fpir")
    assert found.side == "below"
    # The median of held is 0.5, so the wanted 0.001 is reached at fpir 0.002.
    assert found.values == (pytest.approx(0.002, rel=1e-3),)
    assert found.in_range


def test_the_upper_limit_asks_for_more() -> None:
    found = one(Wanted(measure="wrong", side="below", value=0.001, statistic="hi"), "fpir")
    assert found.values == (pytest.approx(0.001 / (0.2 + 0.6 * 0.975), rel=2e-3),)
    mean = one(Wanted(measure="wrong", side="below", value=0.001, statistic="mean"), "fpir")
    assert mean.values == (pytest.approx(0.002, rel=1e-3),)


def test_a_value_outside_the_range_is_found_and_said_to_be() -> None:
    found = one(Wanted(measure="wrong", side="below", value=1e-6), "fpir")
    assert found.side == "below"
    assert found.values == (pytest.approx(2e-6, rel=1e-3),)
    assert not found.in_range


def test_no_value_can_be_enough_and_every_value_can() -> None:
    never = one(Wanted(measure="wrong", side="above", value=0.5), "held")
    assert (never.side, never.values, never.best) == ("never", (), 1.0)
    assert never.at_best == pytest.approx(0.01, rel=0.01)
    always = one(Wanted(measure="wrong", side="below", value=0.5), "held")
    assert (always.side, always.values) == ("always", ())
    assert always.tried == SHARE


def test_a_fixed_parameter_can_be_asked_about() -> None:
    found = one(Wanted(measure="wrong", side="below", value=0.001), "scale")
    assert found.side == "below"
    # Median of fpir * held: close to 0.01 * 0.5.
    assert found.values[0] == pytest.approx(0.2, rel=0.1)


def test_an_outcome_that_rises_and_falls_has_two_crossings() -> None:
    space = Space(shapes={"fpir": Uniform(lo=0.0, hi=1.0)})
    hill = lambda x: {"wrong": 4 * x["fpir"] * (1 - x["fpir"])}  # noqa: E731
    found = one(Wanted(measure="wrong", side="above", value=0.75), "fpir", space, hill)
    assert found.side == "within"
    assert found.values == (pytest.approx(0.25, rel=1e-3), pytest.approx(0.75, rel=1e-3))
    outside = one(Wanted(measure="wrong", side="below", value=0.75), "fpir", space, hill)
    assert outside.side == "outside"


def test_values_without_an_outcome_are_left_out() -> None:
    model = lambda x: {"wrong": np.where(x["fpir"] > 0.5, np.nan, x["fpir"])}  # noqa: E731
    found = one(Wanted(measure="wrong", side="below", value=0.05), "fpir", model=model)
    assert found.values == (pytest.approx(0.05, rel=1e-3),)
    void = one(Wanted(measure="wrong", side="below", value=0.05), "fpir", model=lambda x: {"wrong": x["fpir"] * np.nan})
    assert void.side == "undefined"


def test_what_is_correlated_moves_along() -> None:
    tied = (Correlation(of=("fpir", "held"), rank=0.9),)
    space = Space(shapes={"fpir": Uniform(lo=0, hi=1), "held": Uniform(lo=0, hi=1)}, correlations=tied)
    apart = Space(shapes=space.shapes)
    wanted = Wanted(measure="wrong", side="below", value=0.09)
    model = lambda x: {"wrong": x["fpir"] * x["held"]}  # noqa: E731
    # Alone, held stays 0.5 in the middle: 0.18. Together, low fpir means low held, so a higher fpir is enough.
    assert one(wanted, "fpir", apart, model).values == (pytest.approx(0.18, rel=0.01),)
    assert one(wanted, "fpir", space, model).values[0] > 0.25


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-4, 0.9), st.floats(0.3, 3), st.sampled_from(["below", "above"]))
def test_a_power_law_is_turned_around(target: float, power: float, side: str) -> None:
    space = Space(shapes={"fpir": Uniform(lo=0.2, hi=0.4)})
    wanted = Wanted(measure="wrong", side=side, value=target)  # type: ignore[arg-type]
    found = one(wanted, "fpir", space, lambda x: {"wrong": x["fpir"] ** power})
    assert found.side == side
    assert found.values == (pytest.approx(target ** (1 / power), rel=1e-3),)


def test_every_range_is_asked_about_by_default_and_unknown_ones_are_refused() -> None:
    wanted = Wanted(measure="wrong", side="below", value=0.001)
    assert [found.path for found in break_points(product, SPACE, wanted, ALL)] == ["fpir", "held"]
    with pytest.raises(UsageError, match="'fpr' is no parameter"):
        break_points(product, SPACE, wanted, ALL, paths=["fpr"])


def test_a_frontier_of_two_is_the_curve_of_their_product() -> None:
    found = frontier(product, SPACE, Wanted(measure="wrong", side="below", value=0.002), ALL, "fpir", "held")
    assert len(found.points) == 7
    for value, point in found.points:
        if 0.002 / value < 1:
            assert point.values == (pytest.approx(0.002 / value, rel=1e-3),)
        else:
            assert point.side == "always"


def test_inputs_are_taken_together_until_they_are_enough() -> None:
    wanted = Wanted(measure="wrong", side="below", value=0.0005, statistic="hi")
    found = together(product, SPACE, wanted, ["held", "fpir"])
    assert found.holds
    assert [path for path, _ in found.values] == ["held", "fpir"]
    assert dict(found.values)["fpir"] == pytest.approx(1e-3 * 100**0.025)
    assert found.at == pytest.approx(1e-3 * 100**0.025 * (0.2 + 0.6 * 0.025), rel=1e-6)
    hopeless = together(product, SPACE, Wanted(measure="wrong", side="below", value=1e-9), ["held", "fpir"])
    assert not hopeless.holds
    assert len(hopeless.values) == 2
    assert math.isfinite(hopeless.at)


def test_inputs_that_do_not_help_and_those_no_longer_needed_are_left_out() -> None:
    space = Space(shapes={name: Uniform(lo=0.1, hi=1.0) for name in ("idle", "small", "large")})
    model = lambda x: {"wrong": x["large"] * (0.9 + 0.1 * x["small"]) + 0 * x["idle"]}  # noqa: E731
    wanted = Wanted(measure="wrong", side="below", value=0.2)
    found = together(model, space, wanted, ["idle", "small", "large"])
    assert [path for path, _ in found.values] == ["large"]
    assert found.holds
    already = together(model, space, Wanted(measure="wrong", side="below", value=2.0), ["large"])
    assert (already.values, already.holds) == ((), True)


def test_a_frontier_of_what_is_no_parameter_is_refused() -> None:
    with pytest.raises(UsageError, match="'x' is no parameter"):
        frontier(product, SPACE, Wanted(measure="wrong", side="below", value=0.1), ALL, "x", "held")
