"""Rules of policies as sentences."""

from __future__ import annotations

import re

import pytest

from misid.encounter.ready import ready
from misid.encounter.scenario import Scenario
from misid.encounter.words import rules_in_words
from tests.encounter.made import everything, least, made


def said(scenario: Scenario, policy: str) -> tuple[str, ...]:
    return rules_in_words(scenario.form, scenario.policy(policy))


def test_every_kind_of_observation_has_its_words() -> None:
    scenario = made(everything())
    assert said(scenario, "held") == (
        "If the search returns somebody, and there is evidence against the person from status: held.",
        "If the search returns nobody, or no photograph can be searched: asked.",
        "In every other case: free.",
    )
    assert said(scenario, "careful")[:3] == (
        "If there is evidence for the person from a document: free.",
        "If the search returns somebody, and second, and finds two different people: asked.",
        "If there is evidence against the person from other, and there is evidence against the person or nothing "
        "usable from status: held.",
    )
    assert said(scenario, "list")[0] == (
        "If somebody on the list is taken for the person, and there is evidence against the person or nothing usable "
        "from status: held."
    )


def test_two_sources_that_say_the_same_are_named_together() -> None:
    table = everything()
    table["policies"]["held"]["rules"][0]["when"]["sources"] = {"document": "adverse"}
    assert said(made(table), "held")[0] == (
        "If the search returns somebody, and there is evidence against the person from status, and from a document: "
        "held."
    )


def test_a_rule_that_stands_alone_is_not_another_case() -> None:
    table = least()
    table["policies"]["held"]["rules"] = [{"then": "held"}]
    del table["outcomes"]["free"]
    assert said(made(table), "held") == ("In every case: held.",)


@pytest.mark.parametrize("scenario", list(ready()), ids=lambda scenario: scenario.name)
def test_no_rule_of_a_shipped_scenario_reads_like_code(scenario: Scenario) -> None:
    for policy in scenario.policies:
        for rule in rules_in_words(scenario.form, policy):
            assert rule[0].isupper()
            assert rule.endswith(".")
            assert rule.count(":") == 1
            assert not re.search(r"\b(adverse|clear|silent|match: |records\.|sources\.|reviews\.)", rule), rule
