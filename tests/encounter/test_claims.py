"""Claims: what supports, what contradicts, what cannot be decided, and what would decide it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.encounter.claims import Test, deciders, judge, verdict, worst
from misid.encounter.draws import Space
from misid.encounter.ends import at_ends
from misid.encounter.shapes import LogUniform, Uniform

DEFINITIVE = Test(measure="right", side="above", value=0.999)


@given(st.lists(st.floats(0, 1), min_size=20, max_size=200), st.floats(0.01, 0.99), st.sampled_from(["above", "below"]))
def test_limits_on_one_side_and_the_verdict_say_the_same(values: list[float], value: float, side: str) -> None:
    found = judge(Test(measure="right", side=side, value=value), np.array(values))  # type: ignore[arg-type]
    assert found.lo is not None
    assert found.hi is not None
    lower, higher = ("supported", "contradicted") if side == "above" else ("contradicted", "supported")
    if found.lo > value:
        assert found.verdict in (lower, "not decidable")
    if found.hi < value:
        assert found.verdict in (higher, "not decidable")
    if found.verdict != "not decidable" and min(abs(found.lo - value), abs(found.hi - value)) > 0.2:
        assert (found.lo > value) == (found.verdict == lower)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50), st.floats(0, 1))
def test_a_claim_and_its_opposite_are_never_both_supported(values: list[float], value: float) -> None:
    above, below = (judge(Test(measure="x", side=side, value=value), np.array(values)) for side in ("above", "below"))
    assert {above.verdict, below.verdict} != {"supported"}


def test_what_has_no_value_decides_nothing() -> None:
    found = judge(DEFINITIVE, np.full(8, np.nan))
    assert (found.verdict, found.share_true, found.value) == ("not decidable", None, None)
    assert "never happens" in found.reason


def test_draws_without_a_value_are_left_out_and_counted() -> None:
    found = judge(DEFINITIVE, np.array([np.nan] * 10 + [0.9] * 90))
    assert (found.verdict, found.share_true, found.without_value) == ("contradicted", 0.0, 10)
    assert "10 of 100 draws" in found.reason


def test_a_fixed_outcome_is_decided() -> None:
    assert judge(DEFINITIVE, np.array([0.9999])).verdict == "supported"
    assert judge(DEFINITIVE, np.array([0.999])).verdict == "contradicted"


def test_verdict_turns_at_the_level() -> None:
    assert [verdict(share, 0.9) for share in (0.05, 0.06, 0.94, 0.95)] == [
        "contradicted", "not decidable", "not decidable", "supported",
    ]  # fmt: skip


def test_one_group_is_enough_to_contradict() -> None:
    assert worst(["supported", "supported"]) == "supported"
    assert worst(["not decidable", "contradicted", "supported"]) == "contradicted"
    assert worst([]) == "not decidable"


SPACE = Space(
    shapes={"fpir": LogUniform(lo=1e-5, hi=1e-1), "prior": Uniform(lo=0.4, hi=0.6), "idle": Uniform(lo=0, hi=1)}
)


def test_the_input_that_decides_is_named() -> None:
    model = lambda x: {"right": x["prior"] / (x["prior"] + (1 - x["prior"]) * x["fpir"]) + 0 * x["idle"]}  # noqa: E731
    drawn = SPACE.draw(1024, seed=1)
    assert judge(DEFINITIVE, model(drawn)["right"]).verdict == "not decidable"
    found = deciders(DEFINITIVE, at_ends(model, SPACE))
    assert [each.path for each in found] == ["fpir"]
    assert found[0].decides == ("supported", "contradicted")
    assert (found[0].share_at_lo, found[0].share_at_hi) == (1.0, 0.0)


def test_inputs_that_only_bear_on_a_claim_are_named_where_none_decides() -> None:
    model = lambda x: {"right": 0.5 * x["a"] + 0.5 * x["b"]}  # noqa: E731
    space = Space(shapes={"a": Uniform(lo=0, hi=1), "b": Uniform(lo=0, hi=1)})
    found = deciders(Test(measure="right", side="above", value=0.5), at_ends(model, space), level=0.9)
    assert {each.path: each.decides for each in found} == dict.fromkeys("ab", ("contradicted", "supported"))
    weak = lambda x: {"right": x["a"] + x["b"] + x["c"] + x["d"]}  # noqa: E731
    four = Space(shapes={name: Uniform(lo=0, hi=1) for name in "abcd"})
    found = deciders(Test(measure="right", side="above", value=2.0), at_ends(weak, four))
    assert len(found) == 4
    assert all(each.decides == () for each in found)
    assert all(each.share_at_hi - each.share_at_lo == pytest.approx(0.6, abs=0.25) for each in found)


def test_a_value_that_never_is_decides_nothing() -> None:
    model = lambda x: {"right": x["fpir"] * np.nan}  # noqa: E731
    assert deciders(DEFINITIVE, at_ends(model, SPACE, points=16)) == ()
