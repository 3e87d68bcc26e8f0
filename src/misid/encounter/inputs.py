"""What an assessment was made from: every number with where it comes from and how solid that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from misid.encounter.forms import ids
from misid.encounter.model import Input, Solidity, Used
from misid.encounter.parameters import Parameter
from misid.encounter.scenario import Scenario
from misid.evidence import load

_FIRST_HAND = ("primary", "peer-reviewed")


def solidity(parameter: Parameter) -> Solidity:
    """How solid a number is, by what it names.

    A source and an assumption: proxy. A source alone: measured, if whoever made every number published it and the
    library is sure of what it says; else reported. No source: assumption.
    """
    stated = parameter.stated
    if not stated.source:
        return "assumption"
    if stated.assumption:
        return "proxy"
    facts = [load()[each] for each in stated.source]
    first_hand = all(fact.source.kind in _FIRST_HAND and fact.confidence == "high" for fact in facts)
    return "measured" if first_hand else "reported"


def inputs_of(scenario: Scenario, level: float) -> tuple[Input, ...]:
    """Every number of a scenario, in the order of its tables."""
    return tuple(_input(parameter, scenario, level) for parameter in scenario.parameters.values())


def _input(parameter: Parameter, scenario: Scenario, level: float) -> Input:
    shape, stated = parameter.shape, parameter.stated
    lo, middle, hi = (float(shape.quantile(np.asarray(u))) for u in ((1 - level) / 2, 0.5, (1 + level) / 2))
    return Input(
        path=parameter.path, title=parameter.title, unit=parameter.unit, shape=shape.kind, said=shape.said(),
        middle=middle, lo=lo, hi=hi, sources=stated.source, assumption=stated.assumption, note=stated.note,
        solidity=solidity(parameter), set_by=scenario.document.place(parameter.path).rpartition(": ")[0],
    )  # fmt: skip


def used_facts(scenario: Scenario) -> tuple[tuple[Used, ...], tuple[Mapping[str, Any], ...]]:
    """Facts that the scenario names, in the order in which it does, and the conflicts that they are part of."""
    library = load()
    named = list(dict.fromkeys(_named(scenario)))
    facts = tuple(Used(id=each, fact=library[each].to_dict()) for each in named)
    conflicts = tuple(
        conflict.to_dict() for conflict in library.conflicts if any(each in conflict.facts for each in named)
    )
    return facts, conflicts


def _named(scenario: Scenario) -> Iterable[str]:
    form = scenario.form
    for parameter in scenario.parameters.values():
        yield from parameter.stated.source
    for policy in form.policies.values():
        yield from ids(policy.source)
    for claim in form.claims.values():
        yield from ids(claim.source)
    for correlation in form.correlations:
        yield from ids(correlation.source)
