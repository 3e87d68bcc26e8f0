"""Made people, scanned one by one, end as the exact tree says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from misid.encounter.repeats import matched_at_least_once, none_of_several, rate_of_person
from misid.encounter.scenario import Scenario, read_scenario
from misid.encounter.simulate import Simulation, scanned_again, simulate, wrong_candidates
from misid.encounter.tree import Answers, Tree
from tests.encounter.made import everything, fixed, least, made, middle

PEOPLE = 200_000
LIMIT = 4.5
"""Standard errors: with a few hundred leaves compared, one beyond this is seen once in a thousand runs."""


def compare(scenario: Scenario, values: Any, policy: str, seed: int, people: int = PEOPLE) -> None:
    found = simulate(scenario, values, policy, people, seed)
    leaves = Answers(Tree(scenario), values).leaves(scenario.policy(policy))
    assert found.count() == people
    assert {key[0:1] + key[2:] for key in found.counts} <= {key for key, p in leaves.items() if p[0] > 0}
    for (status, state, outcome), chance in leaves.items():
        p = float(chance[0])
        seen = found.count(status=status, state=state, outcome=outcome)
        assert abs(seen - people * p) <= LIMIT * np.sqrt(people * p * (1 - p)) + 1, (status, state, outcome)


@pytest.mark.parametrize("policy", ["held", "careful", "unscanned"])
def test_every_leaf_agrees(policy: str) -> None:
    scenario = made(everything())
    compare(scenario, middle(scenario), policy, seed=1)


def test_every_leaf_agrees_where_a_list_is_shown() -> None:
    # Lists are computed for people who are alike.
    table = everything()
    table["repeated"]["spread_of_people"] = fixed(0)
    table["search"] |= {"fpir": fixed(0.6), "outranked": fixed(0.5)}
    scenario = made(table)
    compare(scenario, middle(scenario), "list", seed=2)


@pytest.mark.parametrize("policy", ["definitive", "review"])
def test_street_stop_agrees(policy: str) -> None:
    scenario = read_scenario("street-stop")
    compare(scenario, scenario.space.draw(1, seed=5), policy, seed=3, people=100_000)


def test_groups_agree() -> None:
    scenario = made(everything())
    values = middle(scenario)
    found = simulate(scenario, values, "held", PEOPLE, seed=4)
    by_group = Answers(Tree(scenario), values).count("stranger", "held", "groups")[:, 0]
    for name, p in zip(scenario.groups, by_group, strict=True):
        seen = found.count(group=name, state="stranger") + found.count(group=name, state="stranger_kin")
        assert abs(seen - PEOPLE * p) <= LIMIT * np.sqrt(PEOPLE * p)


@pytest.mark.parametrize("spread", [0.0, 0.5, 4.0])
def test_errors_fall_on_the_same_people_again(spread: float) -> None:
    table = everything()
    table["repeated"]["spread_of_people"] = fixed(spread)
    scenario = made(table)
    values, people = middle(scenario), 100_000
    cells = Tree(scenario).stages.cells(values)
    once = float(matched_at_least_once(cells, values, 1)[0])
    for scans in (1, 3):
        wanted = float(matched_at_least_once(cells, values, scans)[0])
        seen = scanned_again(scenario, values, scans, people, seed=scans)
        assert abs(seen - wanted) <= LIMIT * np.sqrt(wanted / (0.4 * people))
    # Relatives stay where they are, so even people who are alike otherwise do not make it independent.
    assert wanted < 1 - (1 - once) ** 3


def test_first_scan_is_the_tree() -> None:
    scenario = made(everything())
    values = middle(scenario)
    answers = Answers(Tree(scenario), values)
    strangers = float(answers.count("stranger", "held", "groups").sum())
    enrolled = sum(
        float(answers.cells.statuses[s, 0] * answers.cells.enrolled[s, 0]) for s in range(len(scenario.statuses))
    )
    once = float(matched_at_least_once(answers.cells, values, 1)[0])
    assert once == pytest.approx(strangers / (1 - enrolled), rel=1e-12)


def test_repeats_by_hand() -> None:
    """One face decides everything (c large), or nothing (c = 0)."""
    table = least(prior=0, fpir=0.05)
    for spread, wanted in ((0.0, 1 - 0.95**2), (1.0, 1 - 1 / (1 + 2 * (1 / 0.95 - 1))), (1e6, 0.05)):
        table["repeated"] = {"scans": fixed(2), "spread_of_people": fixed(spread)}
        scenario = made(table)
        found = matched_at_least_once(Tree(scenario).stages.cells(middle(scenario)), middle(scenario), 2)
        assert float(found[0]) == pytest.approx(wanted, rel=1e-4)


def test_rates_of_people_average_to_fpir() -> None:
    c = np.array([0.3, 2.0, 20.0])
    for fpir in (1e-6, 0.01, 0.6):
        a = rate_of_person(np.full(3, fpir), c)
        np.testing.assert_allclose(1 - none_of_several([1], [np.full(3, fpir)], c), fpir, rtol=1e-9)
        generator = np.random.default_rng(1)
        if fpir > 1e-3:
            for each, spread in zip(a, c, strict=True):
                gamma = generator.gamma(1 / spread, spread, 200_000)
                assert np.mean(1 - np.exp(-each * gamma)) == pytest.approx(fpir, rel=0.05)


def test_sampled_candidates_are_those_of_a_brute_force_search() -> None:
    """The best three of 2,000 independent comparisons, by order statistics and by making all of them."""
    generator = np.random.default_rng(7)
    searches, gallery = 4000, 2000
    brute = np.sort(generator.random((searches, gallery)), axis=1)[:, :3] * gallery
    sampled = wrong_candidates(generator, np.zeros(searches), 3)
    for k in range(3):
        both = np.sort(np.concatenate([brute[:, k], sampled[:, k]]))
        one = np.searchsorted(np.sort(brute[:, k]), both, side="right") / searches
        other = np.searchsorted(np.sort(sampled[:, k]), both, side="right") / searches
        # Kolmogorov and Smirnov at 1 in 1,000.
        assert np.abs(one - other).max() < 1.95 * np.sqrt(2 / searches)


def test_equal_seeds_make_equal_people() -> None:
    scenario = made(everything())
    a, b = (Simulation(scenario, middle(scenario), 9).people(100) for _ in range(2))
    np.testing.assert_array_equal(a.rate, b.rate)
    np.testing.assert_array_equal(a.status, b.status)
