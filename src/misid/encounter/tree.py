"""The event tree, evaluated exactly for arrays of parameter draws.

Nothing here is random: each probability is a sum over branches. Draws are taken a few thousand at a time, so that
memory does not grow with their number, and on as many threads as there are processors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from misid.encounter.cells import Stages
from misid.encounter.decisions import CLASS_OF, RIGHT, Decisions
from misid.encounter.draws import Draws
from misid.encounter.measures import ENROLLED, STATES, Leaf, Measure, measure_of
from misid.encounter.model import PER
from misid.encounter.policies import CompiledPolicy
from misid.encounter.population import ONE
from misid.encounter.rates import rates_of
from misid.encounter.scenario import Scenario
from misid.encounter.searching import Rates
from misid.tally.model import Floats

CHUNK = 4096
"""Draws at a time: what a processor's cache holds."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """One number of the tree, asked for all draws.

    Attributes
    ----------
    measure : str
        Of `misid.encounter.measures`, or ``outcome_NAME``.
    policy : str
    group, status : str or None
        At most one; None: everybody.
    per_person : bool
        For one person of the slice, in [0, 1] (hours: of one person), instead of people of the slice among `PER`.
    """

    measure: str
    policy: str
    group: str | None = None
    status: str | None = None
    per_person: bool = False

    @property
    def name(self) -> str:
        """As text, for a table of measures."""
        return "/".join([self.policy, self.measure, self.group or self.status or "everybody"])


class Tree:
    """The tree of a scenario.

    Examples
    --------
    >>> from misid.encounter.scenario import read_scenario
    >>> scenario = read_scenario("street-stop")
    >>> tree = Tree(scenario)
    >>> draws = scenario.space.draw(1024, seed=1)
    >>> query = Query(measure="wrongly_held", policy="two-sources")
    >>> tree.evaluate(draws, [query])[query].shape
    (1024,)
    """

    def __init__(self, scenario: Scenario, rates: Rates | None = None) -> None:
        self.scenario = scenario
        self.form = scenario.form
        self.stages = Stages(scenario.form, rates_of(scenario) if rates is None else rates)

    def evaluate(self, draws: Draws, queries: Sequence[Query]) -> dict[Query, Floats]:
        """Every query for every draw.

        Parameters
        ----------
        draws : mapping
            Path of each parameter to (n,) float, or (1,) where it is fixed.
        queries : sequence of Query

        Returns
        -------
        dict
            Query to (n,) float; (1,) where all parameters are fixed. NaN where the slice has nobody (for one person),
            or nobody is returned (given a match).
        """
        n = max((values.size for values in draws.values()), default=1)
        found = {query: np.empty(n) for query in queries}
        starts = range(0, n, CHUNK)

        def fill(start: int) -> None:
            part = {p: v if v.size == 1 else v[start : start + CHUNK] for p, v in draws.items()}
            answers = Answers(self, part)
            for query, values in found.items():
                values[start : start + CHUNK] = answers.of(query)

        workers = min(len(starts), os.cpu_count() or 1)
        if workers < 2:
            for start in starts:
                fill(start)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(fill, starts))
        return found


def share(part: Floats, whole: Floats) -> Floats:
    """part / whole; NaN where the whole is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


class Answers:
    """Answers to queries for one chunk of draws."""

    def __init__(self, tree: Tree, draws: Draws) -> None:
        self.tree, self.draws = tree, draws
        self.cells = tree.stages.cells(draws)
        self._policies = {policy.name: policy for policy in tree.scenario.policies}
        self._returned: dict[str, dict[str, Floats]] = {}
        self._decisions: dict[str, Decisions] = {}
        self._counts: dict[tuple[str, str, str], Floats] = {}
        self._statuses = list(tree.form.statuses)
        self._groups = list(tree.scenario.groups)

    def of(self, query: Query) -> Floats:
        """(n,) or (1,)."""
        measure = measure_of(query.measure)
        counted = self._slice(measure.name, query)
        if measure.over:
            under = self._slice(measure.over, query)
            return share(counted, under)
        return share(counted, self._slice("people", query)) if query.per_person else counted * PER

    def _slice(self, name: str, query: Query) -> Floats:
        if query.status is not None:
            return np.asarray(self.count(name, query.policy, "statuses")[self._statuses.index(query.status)])
        by_group = self.count(name, query.policy, "groups")
        sliced: Floats = by_group.sum(axis=0) if query.group is None else by_group[self._groups.index(query.group)]
        return sliced

    def count(self, name: str, policy: str, by: str) -> Floats:
        """(G, n) or (S, n): probability of a leaf that the measure counts, and of being in the slice."""
        key = name, policy, by
        if key not in self._counts:
            measure, compiled = measure_of(name), self._policies[policy]
            weights = self.weights(measure, compiled)
            self._counts[key] = (
                self._by_group(compiled, weights) if by == "groups" else self._by_status(compiled, weights)
            )
        return self._counts[key]

    def decisions(self, policy: CompiledPolicy) -> Decisions:
        if policy.name not in self._decisions:
            self._decisions[policy.name] = Decisions(self.tree.form, policy, self.draws, self.cells.kin)
        return self._decisions[policy.name]

    def states(self, policy: CompiledPolicy) -> Iterator[tuple[str, Floats]]:
        """(state, (G, n) or (1, 1) or (1, n) probability given the status of enrolment) under a policy."""
        if not policy.scan:
            yield "not_scanned", np.ones((1, 1))
            return
        if policy.display not in self._returned:
            self._returned[policy.display] = self.tree.stages.states(policy.display, self.cells, self.draws)
        returned = self._returned[policy.display]
        for state in STATES:
            if state == "not_scanned":
                continue
            if state.startswith("not_captured"):
                yield state, self.cells.failed[None]
            else:
                yield state, returned["right" if state == "wrong_record" else state]

    def in_status(self, state: str, s: int) -> Floats:
        """Share of a status that is enrolled, or is not, as the state has it."""
        if state == "not_scanned":
            return ONE
        enrolled: Floats = self.cells.enrolled[s]
        return enrolled if state in ENROLLED else 1 - enrolled

    def weights(self, measure: Measure, policy: CompiledPolicy) -> dict[tuple[int, str], Floats]:
        """(status, state) to the measure's mean over what follows; left out where it is 0."""
        form, decisions = self.tree.form, self.decisions(policy)
        found: dict[tuple[int, str], Floats] = {}
        states = [state for state, _ in self.states(policy)]
        for s, (name, status) in enumerate(form.statuses.items()):
            for state in states:
                decided = decisions.of(name, CLASS_OF[state])
                joint = decided.wrong_record if state == "wrong_record" else decided.outcomes
                counted = {
                    outcome: chance
                    for outcome, chance in joint.items()
                    if measure.counts(
                        Leaf(state=state, sought=status.sought, held=form.outcomes[outcome].held, outcome=outcome,
                             falls_on=form.falls_on)
                    )
                }  # fmt: skip
                if measure.hours:
                    counted = {o: chance * self.draws[f"outcomes.{o}.hours"] for o, chance in counted.items()}
                elif len(counted) == len(joint) and CLASS_OF[state] != RIGHT:
                    counted = {"": ONE} if counted else {}
                if counted:
                    found[s, state] = sum(list(counted.values())[1:], start=next(iter(counted.values())))
        return found

    def leaves(self, policy: CompiledPolicy) -> dict[tuple[str, str, str], Floats]:
        """(status, state, outcome) to its probability, (n,), over all groups; they sum to 1."""
        found: dict[tuple[str, str, str], Floats] = {}
        for s, status in enumerate(self._statuses):
            for state, chance in self.states(policy):
                over_groups = (self.cells.groups * chance).sum(axis=1)
                mean = over_groups[s if len(over_groups) > 1 else 0]
                there = self.cells.statuses[s] * self.in_status(state, s) * mean
                decided = self.decisions(policy).of(status, CLASS_OF[state])
                for outcome, each in (decided.wrong_record if state == "wrong_record" else decided.outcomes).items():
                    found[status, state, outcome] = there * each
        return found

    def _by_group(self, policy: CompiledPolicy, weights: Mapping[tuple[int, str], Floats]) -> Floats:
        cells, statuses = self.cells, range(len(self._statuses))
        together = cells.groups.shape[0] == 1
        total: Floats = np.zeros((len(self._groups), 1))
        for state, chance in self.states(policy):
            parts = [(s, cells.statuses[s] * self.in_status(state, s) * weights[s, state])
                     for s in statuses if (s, state) in weights]  # fmt: skip
            if not parts:
                continue
            if together:
                total = total + chance * sum((part for _, part in parts[1:]), start=parts[0][1])
            else:
                total = total + chance * sum(cells.groups[s] * part for s, part in parts)
        return total * cells.groups[0] if together else total

    def _by_status(self, policy: CompiledPolicy, weights: Mapping[tuple[int, str], Floats]) -> Floats:
        cells = self.cells
        rows: list[Floats] = [np.zeros(1) for _ in self._statuses]
        for state, chance in self.states(policy):
            over_groups = (cells.groups * chance).sum(axis=1)
            for s in range(len(rows)):
                if (s, state) in weights:
                    mean = over_groups[s if len(over_groups) > 1 else 0]
                    rows[s] = rows[s] + cells.statuses[s] * self.in_status(state, s) * mean * weights[s, state]
        return np.stack(np.broadcast_arrays(*rows))
