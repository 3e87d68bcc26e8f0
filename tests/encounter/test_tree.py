"""The event tree: closed forms, stages switched off, laws."""

from __future__ import annotations

from math import exp, expm1, log1p
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.encounter.measures import MEASURES, OUTCOME
from misid.encounter.model import ANSWERS, WAYS
from misid.encounter.reading import shipped
from misid.encounter.scenario import read_scenario
from misid.encounter.tree import CHUNK, Answers, Query, Tree
from tests.encounter.made import ask, between, everything, fixed, least, made, middle

EXACT = 1e-12
proportions = st.floats(0.0, 1.0)


def close(found: float, wanted: float) -> None:
    assert found == pytest.approx(wanted, rel=EXACT, abs=EXACT)


@given(prior=proportions, fpir=proportions, fnir=proportions, outranked=proportions)
@settings(max_examples=30, deadline=None)
def test_one_group_without_kin_is_the_textbook(prior: float, fpir: float, fnir: float, outranked: float) -> None:
    """P(right | returned) = pi T / (pi (T + W) + (1 - pi) F)."""
    table = least(prior, fpir, fnir, outranked)
    T = (1 - fnir) * (1 - fpir * outranked)
    W = fpir * (fnir + (1 - fnir) * outranked)
    returned = prior * (T + W) + (1 - prior) * fpir
    close(ask(table, "matched"), returned)
    close(ask(table, "wrongly_held"), returned)
    close(ask(table, "stranger"), (1 - prior) * fpir)
    close(ask(table, "another"), prior * W)
    close(ask(table, "answer_missed"), prior * fnir * (1 - fpir))
    if returned > 1e-9:
        close(ask(table, "right_given_match"), prior * T / returned)


def test_usual_formula_for_a_positive_result() -> None:
    """Sensitivity .9, specificity .95, 3 in 10 enrolled, nobody outranked."""
    close(ask(least(), "right_given_match"), 0.27 / (0.27 + 0.0015 + 0.035))


def test_published_rates_grow_as_the_search_model_says() -> None:
    table = least()
    table["search"] = {
        "model": "published", "gallery": fixed(2e8), "tested_gallery": fixed(12e6), "fpir": fixed(0.003),
        "fnir": fixed(0.0007), "growth": fixed(0.5), "fnir_growth": fixed(0.4), "hold": "threshold",
        "outranked": fixed(0), "fpir_is_of": "everybody",
    }  # fmt: skip
    table["statuses"]["person"]["enrolled"] = fixed(0)
    ratio = 2e8 / 12e6
    close(ask(table, "stranger"), -expm1(ratio**0.5 * log1p(-0.003)))
    table["statuses"]["person"]["enrolled"] = fixed(1)
    close(ask(table, "answer_missed") + ask(table, "another"), 0.0007 * ratio ** (0.4 * 0.5))
    table["search"]["hold"] = "fpir"
    close(ask(table, "answer_missed") + ask(table, "another"), 0.0007 * ratio**0.4)
    table["search"]["images_that_count"] = fixed(0.25)
    close(ask(table, "answer_missed") + ask(table, "another"), 0.0007 * (ratio / 4) ** 0.4)


def test_relatives_are_a_floor_that_no_threshold_removes() -> None:
    table = least(prior=0, fpir=0)
    table["kin"] = {"twin": {"title": "t", "share": fixed(0.006), "enrolled": fixed(0.5), "match": fixed(0.9)}}
    close(ask(table, "stranger"), 0.006 * 0.5 * 0.9)
    close(ask(table, "kin_matched"), 0.006 * 0.5 * 0.9)
    table["search"]["fpir"] = fixed(0.01)
    close(ask(table, "stranger"), 1 - (1 - 0.0027) * 0.99)
    table["kin"]["twin"]["number"] = fixed(3)
    close(ask(table, "kin_matched"), 0.006 * (1 - (1 - 0.45) ** 3))


def test_capture_fails_and_is_tried_again() -> None:
    table = least()
    table["quality"] = {"only": {"title": "q", "share": "rest", "fta": fixed(0.2)}}
    close(ask(table, "answer_not_captured"), 0.2)
    close(ask(table, "images_kept"), 0.8)
    table["capture"] = {"retries": fixed(2), "fta_again": fixed(0.5)}
    close(ask(table, "answer_not_captured"), 0.2 * 0.5**2)


def test_factors_multiply_the_hazard_about_their_mean() -> None:
    table = least(prior=0, fpir=0.05)
    table["groups"] = {
        "a": {"title": "a", "share": fixed(0.25)},
        "b": {"title": "b", "share": "rest", "fpir_factors": ["more"]},
    }
    table["factors"] = {"more": {"title": "m", "times": fixed(3)}}
    hazard = -log1p(-0.05)
    for name, times in (("a", 1 / 2.5), ("b", 3 / 2.5)):
        close(ask(table, "stranger", group=name, per_person=True), -expm1(-hazard * times))
    table["search"]["fpir_is_of"] = "reference"
    close(ask(table, "stranger", group="a", per_person=True), 0.05)
    close(ask(table, "stranger", group="b", per_person=True), -expm1(-3 * hazard))


def test_a_list_of_one_read_without_error_is_the_best_candidate() -> None:
    table = everything()
    table["display"]["list"] = {
        "length": fixed(1), "right_when_there": fixed(1), "wrong_when_there": fixed(0), "wrong_when_absent": fixed(1),
    }  # fmt: skip
    table["policies"]["list"]["rules"] = table["policies"]["held"]["rules"]
    for measure in MEASURES:
        close(ask(table, measure, "list"), ask(table, measure, "held"))


def test_a_longer_list_loses_the_right_person_less_often() -> None:
    table = everything()
    table["kin"] = {}
    del table["reviews"]["first"]["accepts_kin"]
    table["quality"], table["factors"], table["groups"] = {}, {}, {}
    del table["capture"]
    table["search"] |= {"fpir": fixed(0.9), "fnir": fixed(0), "outranked": fixed(0.5)}
    table["display"]["list"] |= {"right_when_there": fixed(1), "wrong_when_there": fixed(0)}
    mean = -log1p(-0.45)
    for length, lost in ((1, 0.45), (2, 1 - exp(-mean) * (1 + mean)), (3, 1 - exp(-mean) * (1 + mean + mean**2 / 2))):
        table["display"]["list"]["length"] = fixed(length)
        right = ask(table, "answer_right", "list") + ask(table, "wrong_record", "list")
        enrolled = 0.5 * 0.4 + 0.5 * 0.6 * 0.7 + 0.5 * 0.4 * 0.6
        close(right, enrolled * (1 - lost))
    table["display"]["list"]["length"] = fixed(25)
    close(ask(table, "answer_right", "list") + ask(table, "wrong_record", "list"), enrolled)


def without(path: str, value: Any) -> dict[str, Any]:
    """The whole scenario with one number set."""
    table = everything()
    *parents, last = path.split(".")
    holder: Any = table
    for parent in parents:
        holder = holder[parent]
    holder[last] = value
    return table


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Every measure of every policy that both have is the same."""
    a, b = made(one), made(other)
    policies = [name for name in one["policies"] if name in other["policies"]]
    queries = [Query(measure=measure, policy=policy) for measure in MEASURES for policy in policies]
    first, second = Tree(a).evaluate(middle(a), queries), Tree(b).evaluate(middle(b), queries)
    for query in queries:
        np.testing.assert_allclose(first[query], second[query], rtol=EXACT, atol=1e-9, err_msg=query.name)


def test_kin_switched_off() -> None:
    none = everything()
    for kin in none["kin"].values():
        kin["share"] = fixed(0)
    gone = everything()
    gone["kin"] = {}
    del gone["reviews"]["first"]["accepts_kin"]
    same(none, gone)


def test_capture_switched_off() -> None:
    none = everything()
    for quality in none["quality"].values():
        quality["fta"] = fixed(0)
    gone = everything()
    del gone["capture"]
    for quality in gone["quality"].values():
        del quality["fta"]
    same(none, gone)


def test_quality_switched_off() -> None:
    """Two classes that do not differ are one."""
    alike = everything()
    alike["factors"]["poor"]["times"] = fixed(1)
    for quality in alike["quality"].values():
        quality |= {"fta": fixed(0.05), "fnir": fixed(0.05)}
    gone = everything()
    del gone["factors"]["poor"]
    gone["quality"] = {"good": {**gone["quality"]["good"], "share": "rest"}}
    same(alike, gone)


def test_groups_switched_off() -> None:
    alike = everything()
    alike["factors"]["more"]["times"] = alike["factors"]["worse"]["times"] = fixed(1)
    gone = everything()
    del gone["factors"]["more"], gone["factors"]["worse"]
    gone["groups"] = {}
    same(alike, gone)


def test_other_photograph_switched_off() -> None:
    none = without("display.other_photo", fixed(0))
    gone = everything()
    del gone["display"]["other_photo"], gone["reviews"]["first"]["other_photo"]
    same(none, gone)


def test_copied_record_switched_off() -> None:
    gone = everything()
    del gone["records"]["other"]["copied"], gone["records"]["other"]["copies"]
    same(without("records.other.copied", fixed(0)), gone)


def test_review_told_nothing_switched_off() -> None:
    gone = everything()
    del gone["reviews"]["second"]["follows"], gone["reviews"]["second"]["dependence"]
    for table in (gone, none := without("reviews.second.dependence", fixed(0))):
        # The first review is then followed by nobody.
        rules = table["policies"]["careful"]["rules"]
        rules[1]["when"]["reviews"]["first"] = "different"
    same(none, gone)


def test_records_switched_off() -> None:
    """Records that are never silent and never wrong, and adverse for every stranger, say what a match alone says."""
    table = least()
    table["statuses"]["person"]["sought"] = True
    plain = {measure: ask(table, measure) for measure in ("found", "not_found", "wrongly_held")}
    table["records"] = {
        "r": {"title": "r", "silent": fixed(0), "stranger_adverse": fixed(1), "wrong": {"person": fixed(0)}}
    }
    table["policies"]["held"]["rules"][0]["when"]["records"] = {"r": "adverse"}
    for measure, value in plain.items():
        close(ask(table, measure), value)


def test_probabilities_sum_to_one_for_every_policy() -> None:
    for name in shipped():
        scenario = read_scenario(name)
        answers = Answers(Tree(scenario), scenario.space.draw(64, seed=3))
        for policy in scenario.policies:
            leaves = answers.leaves(policy)
            assert min(float(np.min(chance)) for chance in leaves.values()) >= 0
            np.testing.assert_allclose(sum(leaves.values()), 1.0, rtol=EXACT)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_counts_add_up(seed: int) -> None:
    """Over groups, statuses, answers, outcomes, and ways of being wrong."""
    scenario = made(everything())
    generator = np.random.default_rng(seed)
    draws = {
        path: generator.random(3) if parameter.unit == "proportion" and "share" not in path else np.atleast_1d(
            parameter.shape.quantile(np.asarray(0.5)))
        for path, parameter in scenario.parameters.items()
    }  # fmt: skip
    draws["display.list.right_when_there"], draws["display.list.wrong_when_there"] = np.full(1, 0.5), np.full(1, 0.4)
    answers = Answers(Tree(scenario), draws)
    for policy in scenario.form.policies:

        def of(measure: str, policy: str = policy, **at: Any) -> Any:
            return answers.of(Query(measure=measure, policy=policy, **at))

        for measure in ("matched", "wrongly_held", "found", "hours_of_others", "people"):
            everybody = of(measure)
            np.testing.assert_allclose(sum(of(measure, group=g) for g in scenario.groups), everybody, rtol=1e-10)
            np.testing.assert_allclose(sum(of(measure, status=s) for s in scenario.statuses), everybody, rtol=1e-10)
        np.testing.assert_allclose(sum(of(f"answer_{name}") for name in ANSWERS), 100_000, rtol=1e-10)
        np.testing.assert_allclose(sum(of(f"{OUTCOME}{name}") for name in scenario.form.outcomes), 100_000, rtol=1e-10)
        held = sum(of(f"wrongly_held_{way}") for way in WAYS) + of("held_without_match")
        np.testing.assert_allclose(held, of("wrongly_held"), rtol=1e-10, atol=1e-9)
        np.testing.assert_allclose(of("found") + of("not_found"), of("people", status="sought"), rtol=1e-10)


def test_four_ways_are_what_they_are_called() -> None:
    """By hand: prior .3, FPIR .05, FNIR .1, nobody outranked; a record wrong for 1 in 10."""
    table = least()
    table["records"] = {
        "r": {"title": "r", "silent": fixed(0), "stranger_adverse": fixed(0.5), "wrong": {"person": fixed(0.1)}}
    }
    table["policies"]["held"]["rules"][0]["when"]["records"] = {"r": "adverse"}
    close(ask(table, "stranger"), 0.7 * 0.05)
    close(ask(table, "another"), 0.3 * 0.1 * 0.05)
    close(ask(table, "wrong_record"), 0.3 * 0.9 * 0.1)
    close(ask(table, "wrong_use"), 0.3 * 0.9 * 0.9 + 0.7 * 0.95)
    close(ask(table, "wrongly_held_stranger"), 0.7 * 0.05 * 0.5)
    close(ask(table, "wrongly_held_wrong_record"), 0.3 * 0.9 * 0.1)
    close(ask(table, "hours_wrongly_held"), 10 * (0.7 * 0.05 * 0.5 + 0.0015 * 0.5 + 0.027))
    close(ask(table, "right_record_given_match"), 0.243 / (0.27 + 0.0015 + 0.035))


def test_decision_that_falls_on_the_person_returned() -> None:
    table = least()
    table["falls_on"] = "returned"
    table["statuses"]["person"]["sought"] = True
    close(ask(table, "wrongly_held"), 0.7 * 0.05 + 0.0015)
    close(ask(table, "found"), 0.27)
    close(ask(table, "not_found"), 1 - 0.27)


def test_review_that_only_repeats_the_machine_changes_nothing() -> None:
    table = least()
    table["reviews"] = {
        "r": {
            "title": "r", "accepts_wrong": fixed(0.1), "rejects_right": fixed(0.2), "follows": "machine",
            "dependence": fixed(1),
        }
    }  # fmt: skip
    table["policies"]["held"]["rules"][0]["when"]["reviews"] = {"r": "same"}
    close(ask(table, "wrongly_held"), ask(least(), "wrongly_held"))
    table["reviews"]["r"]["dependence"] = fixed(0.25)
    wrong, right = 0.25 + 0.75 * 0.1, 0.25 + 0.75 * 0.8
    close(ask(table, "wrongly_held"), 0.0365 * wrong + 0.27 * right)


def test_nobody_returned_has_no_share_that_is_right() -> None:
    assert np.isnan(ask(least(prior=0, fpir=0), "right_given_match"))
    table = everything()
    table["statuses"]["guest"]["share_of_rest"] = fixed(0)
    assert np.isnan(ask(table, "matched", status="guest", per_person=True))


def test_draws_do_not_depend_on_their_company() -> None:
    """More draws than one chunk holds, in any order of the threads."""
    table = least()
    table["search"]["fpir"] = between(0, 0.1)
    scenario = made(table)
    tree, draws = Tree(scenario), scenario.space.draw(4 * CHUNK, seed=1)
    query = Query(measure="wrongly_held", policy="held")
    found = tree.evaluate(draws, [query])[query]
    F = draws["search.fpir"]
    np.testing.assert_allclose(found / 100_000, 0.3 * (0.9 + 0.1 * F) + 0.7 * F, rtol=EXACT)


@given(lo=st.floats(0.0, 0.5), more=st.floats(0.0, 0.5))
@settings(max_examples=15, deadline=None)
def test_more_false_positives_hold_more_people(lo: float, more: float) -> None:
    assert ask(least(fpir=lo + more), "wrongly_held") >= ask(least(fpir=lo), "wrongly_held") - EXACT
