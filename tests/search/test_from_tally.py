"""Projection from a tally: exact inside the test, near the truth beyond it, refused where it cannot be."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
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
    stability,
    tenth_to_whole,
)
from misid.search.from_tally.bound import upper_bound
from misid.search.from_tally.tails import TAILS
from misid.search.model import SearchModel
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
    assert answer.lo < answer.estimate < answer.hi


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
