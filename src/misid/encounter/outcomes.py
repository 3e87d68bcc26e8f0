"""Policies, groups and statuses as results: every number of `model.Outcomes`, from the same draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from misid.encounter.branches import event_tree
from misid.encounter.draws import Draws
from misid.encounter.forms import ids
from misid.encounter.measures import measure_of
from misid.encounter.model import (
    ANSWERS,
    WAYS,
    Branch,
    Difference,
    Estimate,
    Outcomes,
    PolicyResult,
    Share,
    Unit,
    Way,
)
from misid.encounter.model import (
    Tree as TreeResult,
)
from misid.encounter.policies import CompiledPolicy
from misid.encounter.scenario import Scenario
from misid.encounter.summary import estimate
from misid.encounter.tree import Answers, Query, Tree
from misid.encounter.words import rules_in_words
from misid.tally.model import Floats

_COUNTS = (
    "matched", "wrongly_held", "held_without_match", "found", "found_by_error", "not_found", "hours_wrongly_held",
    "hours_of_others", "images_kept",
)  # fmt: skip
_RATIOS = ("right_given_match", "right_record_given_match")

PER_SCANNED = (
    "matched", *WAYS, "wrongly_held", *(f"wrongly_held_{way}" for way in WAYS), "held_without_match", "found",
    "hours_wrongly_held", "hours_of_others",
)  # fmt: skip
"""Measures that `Outcomes.per_scanned` has for one person of the slice."""

Slice = tuple[str | None, str | None]
"""A group, a status, or neither."""

Numbers = Mapping[Query, Floats]

COMPARED = ("wrongly_held", "found", "hours_wrongly_held")


@dataclass(frozen=True, kw_only=True)
class Slices:
    """Makes results of draws.

    Attributes
    ----------
    scenario : Scenario
    tree : Tree
    draws : mapping
    middle : mapping
        Every parameter at its median, (1,) each.
    level : float
    seed : int
    """

    scenario: Scenario
    tree: Tree
    draws: Draws
    middle: Draws
    level: float
    seed: int

    def policy(self, policy: CompiledPolicy) -> PolicyResult:
        """One policy, for everybody, by group and by status."""
        form = self.scenario.form.policies[policy.name]
        slices: list[Slice] = [
            (None, None),
            *((name, None) for name in self.scenario.groups),
            *((None, name) for name in self.scenario.statuses),
        ]
        queries = [
            Query(measure=name, policy=policy.name, group=group, status=status)
            for group, status in slices
            for name in self._measures()
        ]
        drawn = self.tree.evaluate(self.draws, queries)
        middle = self.tree.evaluate(self.middle, queries)
        results = [self._outcomes(policy, at, drawn, middle) for at in slices]
        groups = len(self.scenario.groups)
        return PolicyResult(
            name=policy.name, title=form.title, about=form.about or "",
            rules=rules_in_words(self.scenario.form, policy), scans=policy.scan,
            display=policy.display if policy.scan else "", sources=ids(form.source),
            assumption=form.assumption or "", everybody=results[0], by_group=tuple(results[1 : 1 + groups]),
            by_status=tuple(results[1 + groups :]),
        )  # fmt: skip

    def _measures(self) -> list[str]:
        outcomes = [f"outcome_{name}" for name in self.scenario.form.outcomes]
        answers = [f"answer_{name}" for name in ANSWERS]
        names = ["people", *_COUNTS, *PER_SCANNED, *_RATIOS, *answers, *outcomes]
        return list(dict.fromkeys(names))

    def _outcomes(self, policy: CompiledPolicy, at: Slice, drawn: Numbers, middle: Numbers) -> Outcomes:
        group, status = at

        def draws_of(name: str) -> tuple[Floats, float]:
            query = Query(measure=name, policy=policy.name, group=group, status=status)
            return drawn[query], float(middle[query][0])

        def said(name: str) -> Estimate:
            values, at_middle = draws_of(name)
            unit: Unit = measure_of(name).unit
            return self.said(values, unit, at_middle)

        def ratio(name: str) -> Estimate:
            values, at_middle = draws_of(name)
            reason = "the policy scans nobody" if not policy.scan else "nobody is returned"
            if name == "right_record_given_match" and policy.scan and not policy.records:
                reason, values = "the policy opens no record", np.full(1, np.nan)
            return estimate(values, unit="probability", level=self.level, middle=at_middle, reason=reason)

        def one_person(name: str) -> Estimate:
            (values, at_middle), (people, middle_people) = draws_of(name), draws_of("people")
            with np.errstate(divide="ignore", invalid="ignore"):
                each = np.where(people > 0, values / people, np.nan)
            unit: Unit = "hours" if measure_of(name).hours else "probability"
            middle_of_one = at_middle / middle_people if middle_people > 0 else None
            return estimate(each, unit=unit, level=self.level, middle=middle_of_one, reason="nobody is in this slice")

        title = "everybody"
        if group is not None:
            title = self.scenario.groups[group]
        elif status is not None:
            title = self.scenario.statuses[status]
        return Outcomes(
            group=group, status=status, title=title, scanned=said("people"),
            **{name: said(name) for name in _COUNTS},
            **{name: ratio(name) for name in _RATIOS},
            ways=tuple(
                Way(name=name, title=words, happens=said(name), wrongly_held=said(f"wrongly_held_{name}"))
                for name, words in WAYS.items()
            ),
            answers=tuple(
                Share(name=name, title=words, people=said(f"answer_{name}")) for name, words in ANSWERS.items()
            ),
            outcomes=tuple(
                Share(name=name, title=outcome.title, people=said(f"outcome_{name}"))
                for name, outcome in self.scenario.form.outcomes.items()
            ),
            per_scanned={name: one_person(name) for name in PER_SCANNED},
        )  # fmt: skip

    def said(self, values: Floats, unit: Unit, middle: float | None = None) -> Estimate:
        """Draws of a number as what is said of it."""
        return estimate(values, unit=unit, level=self.level, middle=middle, seed=self.seed)

    def branches(self, policy: CompiledPolicy) -> TreeResult:
        """The event tree of a policy, on the same draws."""
        leaves = Answers(self.tree, self.draws).leaves(policy)
        root: Branch = event_tree(self.scenario.form, leaves, lambda values: self.said(values, "people"))
        return TreeResult(policy=policy.name, root=root)

    def difference(self, policy: CompiledPolicy, lead: CompiledPolicy, name: str) -> Difference:
        """A policy against the lead one, draw for draw."""
        measure = measure_of(name)
        queries = [Query(measure=name, policy=each.name) for each in (policy, lead)]
        drawn, middle = self.tree.evaluate(self.draws, queries), self.tree.evaluate(self.middle, queries)
        one, other = (drawn[query] for query in queries)
        at_one, at_other = (float(middle[query][0]) for query in queries)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(other > 0, one / other, np.nan)
        return Difference(
            policy=policy.name, than=lead.name, measure=name, title=measure.title,
            difference=estimate(one - other, unit=measure.unit, level=self.level, middle=at_one - at_other),
            ratio=estimate(
                ratio, unit="ratio", level=self.level, middle=at_one / at_other if at_other > 0 else None,
                reason=f"{lead.name} has none",
            ),
            fewer=float(np.mean(one < other)),
        )  # fmt: skip
