"""Projection from a tally: exact inside the test, near the truth beyond it, refused where it cannot be."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from misid import read_tally
from misid.ground.errors import UsageError
from misid.search.from_tally import (
    TallyModel,
    TestCounts,
    level_fits,
    model_from_tally,
    model_of,
    project,
    stability,
    tenth_to_whole,
)
from misid.search.from_tally.bound import LEAST_BOUND, upper_bound
from misid.search.from_tally.checks import Misfit, Tenth, astray
from misid.search.from_tally.reach import farthest
from misid.search.from_tally.refusal import widened
from misid.search.from_tally.tails import TAILS
from misid.search.growth import LARGEST_GALLERY
from misid.search.model import SearchModel
from misid.search.text import answer_text
from tests.rates.coverage_study import Normal
from tests.search.projection_study import questions, run_one, summary, threshold_of
from tests.search.simulated import counts, draw_tail


class Grouped(Normal):
    """Two groups, more alike within than between."""

    G = 2

    def draw_subjects(self, rng: np.random.Generator, n: int) -> dict[str, Any]:
        return super().draw_subjects(rng, n) | {"g": (rng.random(n) < 0.4).astype(int)}

    def block(self, rng: np.random.Generator, P: dict[str, Any], R: dict[str, Any]) -> Any:
        return super().block(rng, P, R) + 0.8 * (P["g"][:, None] == R["g"][None, :])


def draw_test(generator: Any, n: int, rng: np.random.Generator) -> TestCounts:
    return counts(draw_tail(generator, n, rng), rng)


@pytest.fixture(scope="module")
def real() -> TallyModel:
    return model_from_tally(read_tally(files("misid") / "examples" / "bssr1-face-c.tally"), draws=60)  # type: ignore[arg-type]


def test_own_gallery_is_what_was_counted(real: TallyModel) -> None:
    at = int(np.flatnonzero(real.test.levels == 0.65)[0])
    counted = (real.test.per_search(at) > 0).mean()
    answer = real.fpir(real.gallery, 0.65)
    assert answer.estimate == pytest.approx(counted, rel=0.02)
    assert answer.lo is not None
    assert answer.hi is not None
    assert answer.lo is not None
    assert answer.estimate is not None
    assert answer.hi is not None
    assert answer.lo < answer.estimate < answer.hi


def test_fpir_does_not_fall_where_counting_ends_and_projecting_begins(real: TallyModel) -> None:
    for threshold in (0.65, 0.7):
        answers = [real.fpir(n, threshold) for n in (real.gallery // 2, real.gallery, real.gallery + 1, 10**5)]
        for one, other in pairwise(answers):
            if one.status == other.status == "ok":
                assert one.estimate <= other.estimate  # type: ignore[operator]
                assert one.lo <= other.lo * (1 + 1e-9)  # type: ignore[operator]


def test_every_answer_says_that_relatives_were_not_seen(real: TallyModel) -> None:
    for gallery, threshold in ((100, 0.65), (10**6, 0.7), (10**9, 0.95)):
        assert any("relatives" in w for w in real.fpir(gallery, threshold).warnings)


def test_far_beyond_the_test_there_is_a_bound_with_its_reason(real: TallyModel) -> None:
    answer = real.fpir(200_000_000, 0.95)
    assert answer.status == "bound"
    assert answer.bound is not None
    assert answer.reason
    assert answer.needed


def test_the_real_tail_is_seen_not_to_fit(real: TallyModel) -> None:
    assert real.misfit is not None
    assert any("leave the counts" in w for w in real.fpir(10**6, 0.7).warnings)


def test_wrong_questions_are_refused_by_name(real: TallyModel) -> None:
    for asked in (lambda: real.fpir(10), lambda: real.fpir(0, 0.7), lambda: real.fpir(10, 0.7, group="x")):
        with pytest.raises(UsageError):
            asked()


def test_fnir_rises_with_the_gallery_only_where_rank_counts(real: TallyModel) -> None:
    model: SearchModel = real
    any_rank = [model.fnir(n, None, 0.6).estimate for n in (10**3, 10**8)]
    first = [model.fnir(n, 1, 0.6).estimate for n in (10**3, 10**8)]
    assert any_rank[0] == any_rank[1]
    assert any_rank[0] <= first[0] < first[1]  # type: ignore[operator]


def test_same_seed_same_answer() -> None:
    test = draw_test(Normal("normal", 0.0), 200, np.random.default_rng(5))
    a, b = (model_of(test, np.random.default_rng(7), draws=40).fpir(10**5, 4.0) for _ in range(2))
    assert a == b


def test_under_a_hundred_people_there_is_no_projection() -> None:
    model = model_of(draw_test(Normal("normal", 0.0), 60, np.random.default_rng(1)), np.random.default_rng(2))
    answer = model.fpir(10**6, 5.0)
    assert (answer.status, answer.reason) == ("bound", "this test had 60 people")


@pytest.mark.parametrize("tail", TAILS, ids=lambda t: t.name)
def test_tails_fall(tail: Any) -> None:
    x = np.linspace(-3, 30, 200)
    for shape in (0.2, 0.6, 1.0, 2.0):
        log_p = tail.log_sf(x, tail.anchor(0.03), tail.slope, shape)
        assert (np.diff(log_p) <= 0).all()
        assert log_p.max() <= 0


@pytest.mark.parametrize("name,bad", [("normal", 0.0), ("mixture", 0.15)])
def test_projection_holds_the_truth(name: str, bad: float) -> None:
    generator = Normal(name, bad)
    generator.lo, generator.hi = -3.0, 20.0  # type: ignore[attr-defined]
    asked = [q for q in questions(generator) if q["N"] == 10**6 and q["rate"] >= 0.1]
    rows = summary([run_one(generator, 200, k, asked) for k in range(4)])
    assert all(row["projected_held"] >= 75 for row in rows)
    assert all(row["bounds_held"] == 100 for row in rows)
    assert all(0.5 < row["projected_ratio"] < 2 for row in rows)


def test_groups_are_kept_apart_and_a_gallery_of_one_group_is_worse_for_it() -> None:
    generator = Grouped("grouped", 0.0)
    test = draw_test(generator, 400, np.random.default_rng(11))
    labels = {"a": (0,), "b": (1,)}
    even = model_of(test, np.random.default_rng(3), labels=labels, draws=60)
    alone = model_of(test, np.random.default_rng(3), labels=labels, draws=60, shares=np.array([1.0, 0.0]))
    assert even.projection is not None
    assert even.projection.grouped
    t = threshold_of(Normal("normal", 0.0), 10**6, 0.1)
    assert alone.limits(10**6, t, group="a")[1] > even.limits(10**6, t, group="a")[1]
    assert alone.limits(10**6, t, group="b")[1] < even.limits(10**6, t, group="b")[1]


def test_bound_falls_with_the_threshold_and_rises_with_the_gallery(real: TallyModel) -> None:
    at = real.tail.at + np.linspace(0, 0.3, 7)
    bounds = [upper_bound(real.tail, 10**6, float(t)) for t in at]
    assert bounds == sorted(bounds, reverse=True)
    assert upper_bound(real.tail, 10**8, float(at[-1])) >= bounds[-1]
    assert upper_bound(real.tail, 10, real.tail.at - 0.1) == 1.0


def test_a_bound_far_beyond_every_score_is_not_zero_and_says_what_it_assumes(real: TallyModel) -> None:
    far = real.fpir(1000, 99.0)
    assert far.status == "bound"
    assert far.bound == LEAST_BOUND
    assert "hazard of scores does not fall" in far.assumptions[0]
    assert "below 1 in 1,000,000,000 (95 %)" in answer_text(far)


def test_checks_are_data(real: TallyModel) -> None:
    assert real.projection is not None
    for fitted in level_fits(real.projection):
        assert fitted.observed.shape == fitted.fitted.shape == fitted.thresholds.shape
    assert len(stability(real.projection, 10**5, 0.7).estimate) == 2
    whole = tenth_to_whole(real.test, np.random.default_rng(1), draws=40)
    assert (whole.lo <= whole.hi).all()
    assert len(whole.observed) >= 3


def test_tenth_of_too_few_is_refused(real: TallyModel) -> None:
    small = replace(real.test, references=np.array([[50.0]]))
    with pytest.raises(UsageError, match="too few"):
        tenth_to_whole(small, np.random.default_rng(1))


def test_a_group_is_seen_as_far_as_its_own_people_carry_it() -> None:
    """By the whole's rule: its people, from the level that its searches exceed among their own group's references."""
    test = draw_test(Grouped("grouped", 0.0), 400, np.random.default_rng(11))
    labels = {"a": (0,), "b": (1,), "both": (0, 1)}
    model = model_of(test, np.random.default_rng(3), labels=labels, draws=60)
    sizes = [model.reach.people_of(labels[name]) for name in ("a", "b", "both")]
    assert sizes[0] + sizes[1] == pytest.approx(sizes[2])
    assert sizes == pytest.approx([*test.searches_in, 400], rel=0.02)
    smaller = min(("a", "b"), key=lambda name: sizes["ab".index(name)])
    found = {name: _end(model, name) for name in ("a", "b")}
    for name, end in found.items():
        members = labels[name]
        assert model.reach.distance(end, members) == pytest.approx(farthest(model.reach.people_of(members)), abs=0.01)
        answer = model.fpir(10**6, end + 0.01, group=name)
        assert answer.status == "bound"
        assert answer.bound is not None
        assert "of this group" in answer.needed
    # The bound for a group is that of everybody over its share: nobody else may have borne it.
    assert found[smaller] < model.thresholds[1]


def _end(model: TallyModel, group: str) -> float:
    low, high = model.reach.start + 1e-6, model.thresholds[1] + 5
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if model.fpir(10**6, middle, group=group).status == "ok" else (low, middle)
    return low


def test_a_group_that_is_not_in_the_gallery_is_held_to_its_comparisons_with_others() -> None:
    test = draw_test(Grouped("grouped", 0.0), 400, np.random.default_rng(11))
    labels = {"a": (0,), "b": (1,)}
    without = model_of(test, np.random.default_rng(3), labels=labels, draws=60, shares=np.array([0.0, 1.0]))
    even = model_of(test, np.random.default_rng(3), labels=labels, draws=60)
    t = _end(even, "a")
    assert even.reach.distance(t, (0,), own=False) > even.reach.distance(t, (0,))
    assert without.fpir(10**6, t, group="a").status == "bound"


def _tenth(observed: float, distance: float = 4.0) -> Tenth:
    at = np.array([1.0])
    return Tenth(
        gallery=500, thresholds=at, distance=distance * at, observed=observed * at, estimate=0.2 * at, lo=0.1 * at,
        hi=0.3 * at,
    )  # fmt: skip


def test_a_failed_hold_out_is_a_gap_for_each_mean_excess() -> None:
    assert astray(_tenth(0.2)) is None
    found = astray(_tenth(0.6))
    assert found is not None
    gap = np.log(np.log1p(-0.6) / np.log1p(-0.3))
    assert (found.worst, found.slope) == pytest.approx((gap, gap / 4))
    below = astray(_tenth(0.05))
    assert below is not None
    assert below.worst == pytest.approx(np.log(np.log1p(-0.1) / np.log1p(-0.05)))


def test_failed_checks_widen_limits_and_then_end_the_estimate() -> None:
    test = draw_test(Normal("normal", 0.0), 300, np.random.default_rng(21))
    model = replace(model_of(test, np.random.default_rng(3), draws=80), misfit=None, astray=None)
    t = float(test.levels[-1]) + 0.3
    for slope in (0.02, 0.2):
        failed = replace(model, astray=Misfit(slope=slope, worst=1.0, threshold=3.0))
        plain, wide = model.fpir(10**6, t), failed.fpir(10**6, t)
        assert any("tenth" in text for text in wide.warnings)
        assert plain.lo is not None
        assert plain.hi is not None
        assert wide.lo is not None
        assert wide.hi is not None
        assert wide.lo < plain.lo < plain.hi < wide.hi
        assert wide.estimate == plain.estimate
        assert np.log1p(-wide.hi) / np.log1p(-plain.hi) == pytest.approx(widened(failed, t))
    hopeless = replace(model, misfit=Misfit(slope=3.0, worst=9.0, threshold=3.0)).fpir(10**6, t)
    assert hopeless.status == "bound"
    assert "leave the fitted curves" in hopeless.reason
    assert hopeless.bound == pytest.approx(upper_bound(model.tail, 10**6, t))


def test_the_hold_out_changes_no_draw() -> None:
    """Its stream is its own: the projection is the one that a test without it would have."""
    test = draw_test(Normal("normal", 0.0), 300, np.random.default_rng(2))
    made = model_of(test, np.random.default_rng(7), draws=40)
    assert made.projection is not None
    assert made.tenth is not None
    alone = project(test, np.random.default_rng(7), draws=40)
    assert (made.projection.fpir(10**6, 4.0) == alone.fpir(10**6, 4.0)).all()


@pytest.mark.parametrize("gallery", [1e12, 10**11 + 1, math.inf, math.nan, 0.5, -3])
def test_galleries_that_cannot_be_are_refused(real: TallyModel, gallery: float) -> None:
    with pytest.raises(UsageError) as caught:
        real.fpir(gallery, 0.7)  # type: ignore[arg-type]
    beyond = gallery > LARGEST_GALLERY
    assert ("E072 gallery-beyond-the-world" in str(caught.value)) == beyond
    assert ("100,000,000,000" in str(caught.value)) == beyond
    assert real.fpir(LARGEST_GALLERY, 0.7).gallery == LARGEST_GALLERY
