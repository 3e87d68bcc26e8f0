"""The search model of a scenario, as rates for draws of its parameters."""

from __future__ import annotations

from misid.encounter.forms import PublishedSearch
from misid.encounter.scenario import Scenario
from misid.encounter.searching import PublishedRates, Rates, StatedRates


def rates_of(scenario: Scenario) -> Rates:
    """What the scenario's search model says."""
    search = scenario.form.search
    if isinstance(search, PublishedSearch):
        return PublishedRates(scenario.form, search)
    return StatedRates(scenario.form)
