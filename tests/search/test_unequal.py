"""Questions about single people, relatives, and engines that normalise: bounds, closed forms, simulated truth."""

from __future__ import annotations

import importlib.util
import math
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from misid import read_tally
from misid.ground.errors import UsageError
from misid.rates.intervals import people_interval
from misid.search.ask import project
from misid.search.from_tally import (
    Counted,
    Kin,
    Relatives,
    TallyModel,
    grown_answer,
    growth_between,
    kin_from_evidence,
    model_of,
)
from misid.search.from_tally.reach import farthest
from misid.search.growth import grown_fpir
from misid.search.model import Answer, KnowsCandidates, KnowsRepeats, KnowsThresholds
from misid.search.questions import independent, largest_gallery, threshold_for
from misid.search.span import Span
from tests.rates.coverage_study import Normal
from tests.search.simulated import counts, draw_tail


def _model(bad: float) -> TallyModel:
    rng = np.random.default_rng(31)
    return model_of(counts(draw_tail(Normal("normal", bad), 300, rng), rng), rng, draws=60)


@pytest.fixture(scope="module")
def mixed() -> TallyModel:
    return _model(0.15)


T = 4.2
TRUTH = Path(__file__).resolve().parents[3] / "shared" / "truth" / "truth.py"


def test_it_knows_what_others_only_bound(mixed: TallyModel) -> None:
    for knows in (KnowsCandidates, KnowsRepeats, KnowsThresholds):
        assert isinstance(mixed, knows)


def test_candidates_are_at_least_false_positives(mixed: TallyModel) -> None:
    fpir, found = mixed.fpir(10**5, T), mixed.wrong_candidates(10**5, T)
    assert fpir.estimate is not None
    assert found.estimate is not None
    # Jensen: probes differ, so candidates crowd on few searches.
    assert found.estimate >= -math.log1p(-fpir.estimate) * (1 - 1e-9)
    assert mixed.wrong_candidates(2 * 10**5, T).estimate == pytest.approx(2 * found.estimate, rel=1e-6)


def test_scans_of_one_person_lie_between_all_alike_and_all_apart(mixed: TallyModel) -> None:
    one = mixed.fpir(10**5, T)
    last = one.estimate or 0.0
    for scans in (2, 5, 50):
        answer = mixed.repeated(scans, 10**5, T)
        assert answer.estimate is not None
        assert last < answer.estimate < independent(one.estimate or 0.0, scans)
        assert answer.lo == one.lo
        last = answer.estimate


def test_errors_crowd_on_few_where_probes_differ(mixed: TallyModel) -> None:
    few, many = (mixed.unequal(s, 10**5, 5.2).estimate or 0.0 for s in (0.01, 0.1))
    assert 0.01 < few < many < 1
    # One in seven of these is a bad probe; of the others all are alike but for a normal spread.
    assert many > 1.2 * (_model(0.0).unequal(0.1, 10**5, 5.2).estimate or 1.0)


def test_what_is_refused_of_fpir_is_refused_of_all(mixed: TallyModel) -> None:
    far = mixed.thresholds[1] + 3
    assert mixed.fpir(10**5, far).status == "bound"
    assert mixed.wrong_candidates(10**5, far).status == "refused"
    assert mixed.repeated(3, 10**5, far).status == "bound"
    assert mixed.unequal(0.01, 10**5, far).status == "refused"


def test_wrong_questions_are_refused_by_name(mixed: TallyModel) -> None:
    for asked in (
        lambda: mixed.repeated(0, 10, T),
        lambda: mixed.unequal(1.0, 10, T),
        lambda: mixed.wrong_candidates(10),
    ):
        with pytest.raises(UsageError):
            asked()


def test_threshold_and_gallery_are_each_others_inverse(mixed: TallyModel) -> None:
    threshold, fnir = threshold_for(mixed, 0.1, 10**5)
    assert threshold.estimate is not None
    assert fnir.status == "refused"
    assert mixed.fpir(10**5, threshold.estimate).estimate == pytest.approx(0.1, rel=0.01)
    gallery = largest_gallery(mixed, 0.1, threshold.estimate)
    assert gallery.estimate == pytest.approx(10**5, rel=0.02)


def test_reach_grows_with_the_people() -> None:
    assert farthest(100) < farthest(500) < farthest(5000)


def test_answers_end_where_the_test_does_not_reach(mixed: TallyModel) -> None:
    end = mixed.thresholds[1]
    assert mixed.fpir(10**6, end - 1e-6).status == "ok"
    answer = mixed.fpir(10**6, end + 1e-3)
    assert answer.status == "bound"
    assert "mean excesses" in answer.reason
    assert "people" in answer.needed


TWINS = Relatives(name="twins", number=Span.exactly(0.006), match=Span.exactly(0.8), at_most_one=True, source="test")
SIBLINGS = Relatives(name="siblings", number=Span.exactly(2.0), match=Span.of("0.01..0.02..0.05"), source="test")


@given(st.floats(1, 1e12), st.floats(1, 1e10))
def test_kin_by_hand(people: float, population: float) -> None:
    c = min(1.0, people / population)
    lo, middle, hi = Kin(population=population, relatives=(TWINS, SIBLINGS)).match(people)
    assert middle == pytest.approx(1 - (1 - 0.006 * 0.8 * c) * math.exp(-2 * 0.02 * c))
    assert lo <= middle <= hi  # type: ignore[operator]


def test_kin_are_a_floor_that_no_threshold_removes(mixed: TallyModel) -> None:
    kin = Kin(population=10**6, relatives=(TWINS,))
    with_kin = replace(mixed, kin=kin)
    plain, answer = mixed.fpir(10**6, T), with_kin.fpir(10**6, T)
    assert answer.estimate == pytest.approx(1 - (1 - (plain.estimate or 0)) * (1 - 0.0048))
    assert not any("relatives and twins" in w for w in answer.warnings)
    assert any("twins" in a for a in answer.assumptions)
    assert any("relatives and twins" in w for w in plain.warnings)
    far = with_kin.fpir(10**6, mixed.thresholds[1] + 3)
    assert (far.bound or 0) >= 0.0048


def test_kin_from_evidence_give_a_range_and_no_estimate(mixed: TallyModel) -> None:
    kin = kin_from_evidence(330_000_000)
    assert kin.match(10**9)[1] is None
    model = replace(mixed, kin=kin)
    answer = model.fpir(10**6, T)
    assert (answer.status, answer.estimate, answer.limits, answer.level) == ("ok", None, "assumptions", None)
    assert answer.reason
    assert any("other kinds are not counted" in text for text in answer.assumptions)
    alone = model.without_kin()
    assert alone is not None
    assert alone.fpir(10**6, T) == mixed.fpir(10**6, T)
    assert replace(mixed, kin=Kin(population=10**6, relatives=(TWINS,))).without_kin() is None
    assert mixed.without_kin() is None
    with pytest.raises(UsageError):
        model_of(mixed.test, np.random.default_rng(1), kin=kin, kin_in_test=True)


def test_what_was_measured_of_twins_is_of_its_own_threshold() -> None:
    """At a stricter threshold they reach it as often at most, at a laxer one at least."""
    twins = kin_from_evidence(330e6).relatives[0]
    assert twins.at_fmr == 1e-4
    stricter, there, laxer, unsure = (
        twins.at(Span(lo=lo, hi=hi)).match for lo, hi in ((1e-9, 1e-6), (1e-4, 1e-4), (1e-3, 1e-2), (1e-6, 1e-2))
    )
    assert (stricter.lo, stricter.hi) == (0.0, twins.match.hi)
    assert there == twins.match
    assert (laxer.lo, laxer.hi) == (twins.match.lo, 1.0)
    assert (unsure.lo, unsure.hi) == (0.0, 1.0)


def test_fmr_of_a_threshold_lies_between_those_of_the_levels_around_it(mixed: TallyModel) -> None:
    levels, made = mixed.test.levels, float(mixed.test.comparisons.sum())
    at = len(levels) // 2
    counted = mixed.test.exceed_at[at] / made
    assert mixed.fmr(float(levels[at])) == Span(lo=counted, hi=counted)
    between = mixed.fmr(float(levels[at] + levels[at + 1]) / 2)
    assert between.lo < between.hi == counted
    assert mixed.fmr(float(levels[0]) - 1).hi == 1.0
    assert mixed.fmr(float(levels[-1]) + 1).lo == 0.0


class _Family(Normal):
    """Strangers as in `Normal`; one identical twin in 200 people and four siblings, closer to the probe."""

    population = 10**4
    twins, siblings = (0.005, 5.0), (4.0, 2.5)

    def fpir_with(self, gallery: int, threshold: float) -> float:
        c = min(1.0, gallery / self.population)
        reach = [float(ndtr(shift - threshold)) for _, shift in (self.twins, self.siblings)]
        none = (1 - self.twins[0] * c * reach[0]) * math.exp(-self.siblings[0] * c * reach[1])
        return 1 - (1 - self.fpir(gallery, threshold)) * none


def test_no_interval_leaves_the_truth_of_relatives_out_and_does_not_say_why() -> None:
    """Over galleries and thresholds: what excludes the truth says that relatives were not in the test."""
    family, left_out = _Family("normal", 0.0), 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        model = model_of(counts(draw_tail(family, 300, rng), rng), rng, draws=60)
        known = replace(model, kin=Kin(population=family.population, relatives=(
            Relatives(name="twins", number=Span.exactly(0.005), match=Span.of("0.2..0.9..1"), at_most_one=True,
                      source="known"),
            Relatives(name="siblings", number=Span.of("2..4..8"), match=Span.of("0..0.01..0.2"), source="known"),
        )))  # fmt: skip
        by_evidence = replace(model, kin=kin_from_evidence(family.population, siblings=Span(lo=0.0, hi=4.0)))
        for gallery in (10**4, 10**6):
            for threshold in (3.9, 4.3, 4.7, 5.1):
                truth = family.fpir_with(gallery, threshold)
                plain = model.fpir(gallery, threshold)
                assert any("relatives and twins" in text for text in plain.warnings)
                left_out += not _holds(plain, truth)
                for told in (known, by_evidence):
                    answer = told.fpir(gallery, threshold)
                    assert _holds(answer, truth), (seed, gallery, threshold, truth, answer)
                    assert not any("relatives and twins" in text for text in answer.warnings)
    # Without relatives some do, or this would test nothing.
    assert left_out


def _holds(answer: Answer, truth: float) -> bool:
    if answer.status == "ok":
        return bool(answer.lo <= truth <= answer.hi)  # type: ignore[operator]
    return answer.bound is not None and truth <= answer.bound


def test_a_population_adds_relatives() -> None:
    tally = read_tally(files("misid") / "examples" / "bssr1-face-c.tally")  # type: ignore[arg-type]
    [plain] = [a for a in project(tally, 10_000, thresholds=0.7, draws=20).answers if a.measure == "fpir"]
    kin, alone = (
        a for a in project(tally, 10_000, thresholds=0.7, draws=20, population=20_000).answers if a.measure == "fpir"
    )
    assert kin.hi is not None
    assert plain.hi is not None
    assert kin.hi > plain.hi
    assert any("mz-rate" in text for text in kin.assumptions)
    assert alone == replace(plain, asked=f"{plain.asked}, strangers alone")
    with pytest.raises(UsageError):
        project(tally, 10_000, thresholds=0.7, draws=20, population=20_000, kin_in_test=True)


@pytest.mark.parametrize(
    "about",
    [{"number": Span.exactly(1.5), "at_most_one": True}, {"match": Span.exactly(1.5)}, {"number": Span.exactly(-1)}],
)
def test_impossible_kin(about: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        replace(SIBLINGS, **about)
    with pytest.raises(UsageError):
        Kin(population=0, relatives=())


@given(st.floats(1e-4, 0.5), st.floats(0, 1))
def test_growth_is_seen_between_two_galleries(fpir: float, b: float) -> None:
    small = Counted(gallery=500, estimate=fpir, lo=fpir, hi=fpir)
    grown = grown_fpir(fpir, 10.0, b)
    found = growth_between(small, Counted(gallery=5000, estimate=grown, lo=grown, hi=grown))
    assert found.best == pytest.approx(b, abs=1e-6)


def test_without_a_second_gallery_both_laws_are_shown() -> None:
    large = Counted(gallery=1000, estimate=0.01, lo=0.005, hi=0.02)
    answer = grown_answer(large, None, 10**6, 0.5)
    assert (answer.estimate, answer.lo, answer.limits) == (None, 0.005, "assumptions")
    assert answer.hi == pytest.approx(1 - 0.98**1000)


def test_an_engine_that_normalises_is_seen_to_hold_its_fpir() -> None:
    """Scores in units of the spread of the next best of the list: FPIR hardly grows with the gallery."""
    rng = np.random.default_rng(2)

    def best(gallery: int, searches: int = 3000) -> Any:
        top = -np.sort(-rng.standard_normal((searches, gallery)), axis=1)[:, :40]
        rest = top[:, 4:]
        return (top[:, 0] - rest.mean(axis=1)) / rest.std(axis=1)

    small, large = best(500), best(2000)
    t = float(np.quantile(large, 0.95))

    def counted(scores: Any, gallery: int) -> Counted:
        f, half = float((scores >= t).mean()), 1.96 * math.sqrt(0.05 * 0.95 / len(scores))
        return Counted(gallery=gallery, estimate=f, lo=f - half, hi=f + half)

    answer = grown_answer(counted(large, 2000), counted(small, 500), 20_000, t)
    truth = float((best(20_000, 400) >= t).mean())
    assert answer.hi is not None
    assert answer.lo is not None
    assert answer.lo < truth < answer.hi
    assert answer.hi < grown_fpir(0.05, 10.0, 1.0)


@pytest.mark.slow
@pytest.mark.skipif(not TRUTH.exists(), reason="shared/truth/truth.py is not here")
def test_ranges_of_a_normalising_engine_hold_its_truth() -> None:
    """60 tests of 2,000 searches at 500 and 5,000 references, asked at 1e6, 2e8 and 1.2e9, FPIR .001 to .5."""
    spec = importlib.util.spec_from_file_location("truth", TRUTH)
    assert spec is not None
    assert spec.loader is not None
    truth = importlib.util.module_from_spec(spec)
    sys.modules["truth"] = truth
    spec.loader.exec_module(truth)
    engine, rng, held = truth.TopNorm(), np.random.default_rng(5), []
    thresholds = [float(np.quantile(engine.top(2 * 10**8), 1 - rate)) for rate in (0.001, 0.01, 0.1, 0.5)]
    for _ in range(60):
        best = {gallery: engine.searches(rng, 2000, gallery)[1][:, 0] for gallery in (500, 5000)}
        for t in thresholds:
            small, large = (_counted(scores >= t, gallery) for gallery, scores in best.items())
            for gallery in (10**6, 2 * 10**8, 1_200_000_000):
                for given_small in (small, None):
                    answer = grown_answer(large, given_small, gallery, t)
                    assert answer.lo is not None
                    assert answer.hi is not None
                    held.append(answer.lo <= engine.fpir(gallery, t) <= answer.hi)
    assert np.mean(held) >= 0.95


def _counted(positive: Any, gallery: int) -> Counted:
    found = people_interval(int(positive.sum()), len(positive))
    assert found.hi is not None
    return Counted(gallery=gallery, estimate=float(positive.mean()), lo=found.lo or 0.0, hi=found.hi)
