"""The event tree with a number of people on each of its branches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from misid.encounter.forms import ScenarioForm
from misid.encounter.measures import ENROLLED, Leaf
from misid.encounter.model import PER, Branch, Estimate
from misid.tally.model import Floats

Leaves = Mapping[tuple[str, str, str], Floats]
"""(status, state, outcome) to its probability, (n,)."""

_SEARCHED = {
    "right": "the right person is returned",
    "stranger": "another person is returned",
    "stranger_kin": "a relative is returned",
    "another": "another person is returned",
    "another_kin": "a relative is returned",
    "rightly_nobody": "nobody is returned",
    "missed": "nobody is returned",
}


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A branch on the way to a leaf."""

    stage: str
    name: str
    title: str
    wrong: bool = False


def event_tree(form: ScenarioForm, leaves: Leaves, said: Callable[[Floats], Estimate]) -> Branch:
    """The tree of one policy; branches that nobody takes in any draw are left out.

    Parameters
    ----------
    leaves : mapping
        As `tree.Answers.leaves` gives them.
    said : callable
        Draws of a number of people to its `Estimate`.
    """
    ways = [(_way(form, *key), chance) for key, chance in leaves.items() if np.any(chance > 0)]
    return _branch(_Step(stage="everybody", name="everybody", title="everybody"), ways, None, said)


def _way(form: ScenarioForm, status: str, state: str, outcome: str) -> list[_Step]:
    """The branches from the root to a leaf."""
    leaf = Leaf(
        state=state, sought=form.statuses[status].sought, held=form.outcomes[outcome].held, outcome=outcome,
        falls_on=form.falls_on,
    )  # fmt: skip
    steps = [_Step(stage="status", name=status, title=form.statuses[status].title)]
    if state != "not_scanned":
        enrolled = state in ENROLLED
        steps.append(
            _Step(stage="enrolled", name="enrolled", title="in the gallery")
            if enrolled
            else _Step(stage="enrolled", name="not-enrolled", title="not in the gallery")
        )
        if leaf.answer == "not_captured":
            steps.append(_Step(stage="capture", name="not-captured", title="no photograph that can be searched"))
        else:
            name = "right" if state == "wrong_record" else state
            wrong = leaf.answer in ("stranger", "another")
            steps.append(_Step(stage="search", name=name.replace("_", "-"), title=_SEARCHED[name], wrong=wrong))
    if state == "wrong_record":
        steps.append(_Step(stage="record", name="record-wrong", title="the record is wrong", wrong=True))
    elif state == "right" and form.records:
        steps.append(_Step(stage="record", name="record-not-wrong", title="no record opened is wrong"))
    return [*steps, _Step(stage="outcome", name=outcome, title=form.outcomes[outcome].title, wrong=leaf.wrongly_held)]


def _branch(
    step: _Step, ways: list[tuple[list[_Step], Floats]], parent: float | None, said: Callable[[Floats], Estimate]
) -> Branch:
    total: Floats = np.sum(np.broadcast_arrays(*(chance for _, chance in ways)), axis=0)
    mean = float(total.mean())
    below: dict[_Step, list[tuple[list[_Step], Floats]]] = {}
    for steps, chance in ways:
        if steps:
            below.setdefault(steps[0], []).append((steps[1:], chance))
    return Branch(
        stage=step.stage, name=step.name, title=step.title, people=said(total * PER),
        of_parent=mean / parent if parent else None, wrong=step.wrong,
        children=tuple(_branch(child, parts, mean, said) for child, parts in below.items()),
    )  # fmt: skip
