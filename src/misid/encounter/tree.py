"""The event tree, evaluated exactly for arrays of parameter draws.

Nothing here is random: each probability is a sum over branches. Draws are taken a few thousand at a time, so that memory
does not grow with their number, and on as many threads as there are processors.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from misid.encounter.decisions import CLASS_OF, RIGHT, Decisions
from misid.encounter.draws import Draws
from misid.encounter.measures import ENROLLED, STATES, Leaf, Measure, measure_of
from misid.encounter.model import PER
from misid.encounter.policies import CompiledPolicy
from misid.encounter.population import ONE, Relatives, group_shares, relatives, shares
from misid.encounter.rates import rates_of
from misid.encounter.scenario import Scenario
from misid.encounter.searching import ListReading, Rates, Returned, as_list, best_only, factors
from misid.tally.model import Floats

CHUNK = 4096
"""Draws at a time: what a processor's cache holds."""

RETURNED = ("stranger", "stranger_kin", "rightly_nobody", "right", "another", "another_kin", "missed")


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


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Probabilities of a chunk of draws, before any policy; arrays end in (n,) or (1,).

    Attributes
    ----------
    statuses : (S, n)
    groups : (S, G, n) or (1, G, n)
        Shares of the groups in each status.
    enrolled : (S, n)
    kin : Relatives
    fpir, fnir : (G, Q, n)
        Of captured photographs.
    captured : (Q, n)
        Share of the photographs of each quality that can be searched.
    qualities : (Q, n)
    returned : mapping
        Display to the states that captured photographs end in, (G, n) each, qualities summed over.
    failed : (n,)
        Not captured.
    """

    statuses: Floats
    groups: Floats
    enrolled: Floats
    kin: Relatives
    fpir: Floats
    fnir: Floats
    captured: Floats
    qualities: Floats
    returned: Mapping[str, Mapping[str, Floats]]
    failed: Floats


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
        self.rates = rates_of(scenario) if rates is None else rates
        self.displays = tuple(dict.fromkeys(p.display for p in scenario.policies if p.scan))

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
            Query to (n,) float; (1,) where all parameters are fixed. NaN where the slice has nobody (for one person), or
            nobody is returned (given a match).
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

    def cells(self, draws: Draws) -> Cells:
        """Stages 1 to 4 for all draws given, at once."""
        form = self.form
        statuses = shares("statuses", form.statuses, draws)
        groups = group_shares(list(form.statuses), form.groups, draws)
        enrolled = np.stack(np.broadcast_arrays(*(draws[f"statuses.{name}.enrolled"] for name in form.statuses)))
        kin = relatives(form, draws)
        qualities = shares("quality", form.quality, draws)
        captured = np.stack(np.broadcast_arrays(*(1 - self._failed(name, draws) for name in self._qualities)))
        fpir, fnir = self._rates(draws, statuses, groups)
        weights = qualities * captured
        returned = {display: self._returned(display, fpir, fnir, weights, kin, draws) for display in self.displays}
        return Cells(
            statuses=statuses, groups=groups, enrolled=enrolled, kin=kin, fpir=fpir, fnir=fnir, captured=captured,
            qualities=qualities, returned=returned, failed=1 - weights.sum(axis=0),
        )  # fmt: skip

    @property
    def _qualities(self) -> list[str | None]:
        return list(self.form.quality) or [None]

    def _failed(self, quality: str | None, draws: Draws) -> Floats:
        """Failure to acquire after all photographs: the first fails, and each further one after it."""
        if quality is None or self.form.quality[quality].fta is None:
            return np.zeros(1)
        first = draws[f"quality.{quality}.fta"]
        capture = self.form.capture
        if capture is None or capture.fta_again is None:
            return first
        return first * draws["capture.fta_again"] ** draws["capture.retries"]

    def _rates(self, draws: Draws, statuses: Floats, groups: Floats) -> tuple[Floats, Floats]:
        """FPIR and FNIR by group and quality, (G, Q, n): hazards times factors."""
        form = self.form
        of_group = [factors(group.fpir_factors, draws) for group in form.groups.values()] or [ONE]
        times = np.stack(np.broadcast_arrays(*of_group))
        if form.search.fpir_is_of == "everybody":
            mean = ((statuses[:, None] * groups).sum(axis=0) * times).sum(axis=0)
            times = times / np.where(mean > 0, mean, 1.0)
        base = self.rates.hazard(draws) * times
        fnir_of_group = np.stack(
            np.broadcast_arrays(*([factors(group.fnir_factors, draws) for group in form.groups.values()] or [ONE]))
        )
        fpir, fnir = [], []
        for name in self._qualities:
            quality = None if name is None else form.quality[name]
            hazard = base if quality is None else base * factors(quality.fpir_factors, draws)
            fpir.append(-np.expm1(-hazard))
            m = self.rates.fnir(draws, name)
            more = fnir_of_group if quality is None else fnir_of_group * factors(quality.fnir_factors, draws)
            if more.size > 1 or more.flat[0] != 1:
                with np.errstate(divide="ignore", invalid="ignore"):
                    # As with FPIR, factors multiply -log(1 - m), so that no miss rate passes 1.
                    m = np.where(m < 1, -np.expm1(more * np.log1p(-m)), 1.0)
            fnir.append(m)
        arrays = np.broadcast_arrays(*fpir), np.broadcast_arrays(*fnir)
        return np.stack(arrays[0], axis=1), np.stack(arrays[1], axis=1)

    def _returned(
        self, display: str, fpir: Floats, fnir: Floats, weights: Floats, kin: Relatives, draws: Draws
    ) -> dict[str, Floats]:
        total: dict[str, Floats] = {}
        for q in range(fpir.shape[1]):
            at = self.returned(display, fpir[:, q], fnir[:, q if fnir.shape[1] > 1 else 0], kin, draws)
            for state in RETURNED:
                part = getattr(at, state) * weights[q]
                total[state] = total[state] + part if state in total else part
        return total

    def returned(self, display: str, fpir: Floats, fnir: Floats, kin: Relatives, draws: Draws) -> Returned:
        """Who a captured photograph returns, by display."""
        o = draws["search.outranked"]
        if display == "best":
            return best_only(fpir, fnir, o, kin)
        of = "display.list"
        reading = ListReading(
            length=int(draws[f"{of}.length"][0]), right_when_there=draws[f"{of}.right_when_there"],
            wrong_when_there=draws[f"{of}.wrong_when_there"], wrong_when_absent=draws[f"{of}.wrong_when_absent"],
        )  # fmt: skip
        return as_list(fpir, fnir, o, kin, reading)


class Answers:
    """Answers to queries for one chunk of draws."""

    def __init__(self, tree: Tree, draws: Draws) -> None:
        self.tree, self.draws = tree, draws
        self.cells = tree.cells(draws)
        self._policies = {policy.name: policy for policy in tree.scenario.policies}
        self._decisions: dict[str, Decisions] = {}
        self._counts: dict[tuple[str, str, str], Floats] = {}
        self._statuses = list(tree.form.statuses)
        self._groups = list(tree.scenario.groups)

    @cached_property
    def group_sizes(self) -> Floats:
        """(G, n) share of all people scanned."""
        return (self.cells.statuses[:, None] * self.cells.groups).sum(axis=0)

    def of(self, query: Query) -> Floats:
        """(n,) or (1,)."""
        measure = measure_of(query.measure)
        counted = self._slice(measure.name, query)
        if measure.over:
            under = self._slice(measure.over, query)
            return np.divide(counted, under, out=np.full(np.broadcast(counted, under).shape, np.nan), where=under > 0)
        if not query.per_person:
            return counted * PER
        people = self._slice("people", query)
        return np.divide(counted, people, out=np.full(np.broadcast(counted, people).shape, np.nan), where=people > 0)

    def _slice(self, name: str, query: Query) -> Floats:
        if query.status is not None:
            return self.count(name, query.policy, "statuses")[self._statuses.index(query.status)]
        by_group = self.count(name, query.policy, "groups")
        return by_group.sum(axis=0) if query.group is None else by_group[self._groups.index(query.group)]

    def count(self, name: str, policy: str, by: str) -> Floats:
        """(G, n) or (S, n): probability of a leaf that the measure counts, and of being in the slice."""
        key = name, policy, by
        if key not in self._counts:
            measure, compiled = measure_of(name), self._policies[policy]
            weights = self.weights(measure, compiled)
            self._counts[key] = self._by_group(compiled, weights) if by == "groups" else self._by_status(compiled, weights)
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
        returned = self.cells.returned[policy.display]
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
        enrolled = self.cells.enrolled[s]
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
