"""What is asked of the tree beyond its counts: claims, what drives an outcome, what would have to be true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from misid.encounter import breakeven
from misid.encounter import claims as claiming
from misid.encounter import sensitivity as driving
from misid.encounter.draws import Draws, Space
from misid.encounter.ends import Ends, Model, at_ends
from misid.encounter.forms import BreakEven as BreakEvenForm
from misid.encounter.forms import Claim as ClaimForm
from misid.encounter.forms import Test as TestForm
from misid.encounter.forms import ids
from misid.encounter.inputs import solidity
from misid.encounter.measures import measure_of
from misid.encounter.model import (
    BreakEven,
    BreakPoint,
    Claim,
    ClaimPart,
    Driver,
    Sensitivity,
    Unit,
)
from misid.encounter.numbers import REST
from misid.encounter.parameters import UNITS
from misid.encounter.rules import EACH_GROUP, EACH_STATUS, EVERYBODY
from misid.encounter.scenario import Scenario
from misid.encounter.summary import estimate
from misid.encounter.tree import Query, Tree
from misid.ground.numbers import significant
from misid.tally.model import Floats

POINTS = 512
"""Draws of the other inputs where one is held."""

SCRAMBLES = 8
"""Independent Sobol sets for the limits of sensitivity indices."""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Answers what a scenario asks, on its draws."""

    scenario: Scenario
    tree: Tree
    draws: Draws
    level: float
    seed: int
    space: Space = field(repr=False)

    def queries(self, test: TestForm) -> dict[str, Query]:
        """Slice to the query that a claim or break-even question is about."""
        names: Iterable[str] = [test.of]
        if test.of == EACH_GROUP:
            names = self.scenario.groups
        elif test.of == EACH_STATUS:
            names = self.scenario.statuses
        return {name: self._query(test.measure, test.policy, name) for name in names}

    def _query(self, measure: str, policy: str, of: str) -> Query:
        group = of if of in self.scenario.groups and of != EVERYBODY else None
        status = of if of in self.scenario.statuses else None
        per_person = not measure_of(measure).over
        return Query(measure=measure, policy=policy, group=group, status=status, per_person=per_person)

    def model(self, queries: Sequence[Query]) -> Model:
        """The tree as a function of draws, to measures by name."""

        def run(draws: Draws) -> dict[str, Floats]:
            return {query.name: values for query, values in self.tree.evaluate(draws, queries).items()}

        return run

    def claims(self) -> tuple[Claim, ...]:
        """Every claim of the scenario, part by part."""
        asked = {name: (form, self.queries(form)) for name, form in self.scenario.form.claims.items()}
        queries = list(dict.fromkeys(query for _, parts in asked.values() for query in parts.values()))
        if not queries:
            return ()
        drawn = self.tree.evaluate(self.draws, queries)
        ends: tuple[Ends, ...] | None = None
        found = []
        for name, (form, parts) in asked.items():
            judged = {of: self._part(form, of, drawn[query]) for of, query in parts.items()}
            verdict = claiming.worst(part.verdict for part in judged.values())
            open_parts = [of for of, part in judged.items() if part.verdict == "not decidable"]
            decided_by: tuple[str, ...] = ()
            if verdict == "not decidable":
                if ends is None:
                    ends = at_ends(self.model(queries), self.space, points=POINTS, seed=self.seed, level=self.level)
                test = self._test(form, parts[open_parts[0]].name)
                decided_by = tuple(each.path for each in claiming.deciders(test, ends, self.level))
            found.append(self._claim(name, form, verdict, tuple(judged.values()), decided_by))
        return tuple(found)

    def _claim(
        self, name: str, form: ClaimForm, verdict: claiming.Verdict, parts: tuple[ClaimPart, ...], by: tuple[str, ...]
    ) -> Claim:
        reason = ""
        if verdict == "not decidable":
            reason = "the inputs leave both open" if by else "no single input would decide it"
        return Claim(
            name=name, says=form.says, test=self.test_in_words(form), policy=form.policy, verdict=verdict, parts=parts,
            decided_by=by, sources=ids(form.source), assumption=form.assumption or "", reason=reason,
        )  # fmt: skip

    def _test(self, form: TestForm, name: str) -> claiming.Test:
        return claiming.Test(measure=name, side=form.is_, value=form.value)

    def _part(self, form: ClaimForm, of: str, values: Floats) -> ClaimPart:
        judged = claiming.judge(self._test(form, ""), values, self.level)
        return ClaimPart(
            of=of, title=self.title(of), estimate=estimate(values, unit=self._unit(form.measure), level=self.level),
            share_true=judged.share_true if judged.share_true is not None else 0.0, verdict=judged.verdict,
        )  # fmt: skip

    def title(self, of: str) -> str:
        """A slice in words."""
        return {**self.scenario.groups, **self.scenario.statuses}.get(of, of)

    def _unit(self, measure: str) -> Unit:
        return "hours" if measure_of(measure).hours else "probability"

    def test_in_words(self, form: TestForm) -> str:
        """``the person returned is ... , above 0.999, each group``."""
        one = "" if measure_of(form.measure).over else ", for one person"
        return f"{measure_of(form.measure).title}{one}: {form.is_} {form.value:g}; of {self.title(form.of)}"

    def sensitivity(self) -> dict[str, Sensitivity]:
        """What drives the lead policy's wrongly held and found, and whatever break-even questions are about."""
        lead = self.scenario.form.lead
        asked = [self._query("wrongly_held", lead, EVERYBODY), self._query("found", lead, EVERYBODY)]
        asked += [
            query for form in self.scenario.form.break_even.values() for query in self.queries(form).values()
        ]  # fmt: skip
        queries = list(dict.fromkeys(asked))
        if not self.space.varying:
            return {}
        found = driving.drivers(
            self.model(queries), self.space, points=POINTS, scrambles=SCRAMBLES, seed=self.seed, level=self.level
        )
        return {query.name: self._sensitivity(query, found[query.name]) for query in queries}

    def _sensitivity(self, query: Query, found: driving.Drivers) -> Sensitivity:
        of = query.group or query.status or EVERYBODY
        return Sensitivity(
            measure=query.measure, policy=query.policy, of=of,
            title=f"{measure_of(query.measure).title}; {self.title(of)}", unit=self._unit(query.measure),
            middle=found.median, method=found.method,
            drivers=tuple(self._driver(each) for each in found.drivers), warnings=found.warnings,
            interactions=found.interactions, reason=found.reason,
        )  # fmt: skip

    def _driver(self, each: driving.Driver) -> Driver:
        parameters = self.scenario.parameters
        return Driver(
            paths=each.paths, title="; ".join(parameters[path].title for path in each.paths), first=each.first,
            first_lo=each.first_lo, first_hi=each.first_hi, total=each.total, total_lo=each.total_lo,
            total_hi=each.total_hi, at_lo=each.at_lo, at_hi=each.at_hi, solidity=solidity(parameters[each.end]),
            end=each.end, lo=each.lo, hi=each.hi,
        )  # fmt: skip

    def break_even(self, driven: Mapping[str, Sensitivity]) -> tuple[BreakEven, ...]:
        """Every question of what would have to be true; `driven` orders the inputs."""
        found = []
        for name, form in self.scenario.form.break_even.items():
            for of, query in self.queries(form).items():
                found.append(self._break_even(name, form, of, query, driven[query.name] if driven else None))
        return tuple(found)

    def _break_even(
        self, name: str, form: BreakEvenForm, of: str, query: Query, driven: Sensitivity | None
    ) -> BreakEven:  # fmt: skip
        model = self.model([query])
        wanted = breakeven.Wanted(measure=query.name, side=form.is_, value=form.value, level=self.level)
        values = self.tree.evaluate(self.draws, [query])[query]
        holds = values < form.value if form.is_ == "below" else values > form.value
        order = [path for driver in driven.drivers for path in driver.paths] if driven else []
        paths = form.vary or tuple(order)
        points = breakeven.break_points(
            model, self.space, wanted, self.allowed(), paths=paths, points=POINTS, seed=self.seed
        )
        sure = breakeven.Wanted(
            measure=query.name, side=form.is_, value=form.value, statistic="hi" if form.is_ == "below" else "lo",
            level=self.level,
        )  # fmt: skip
        together = breakeven.together(model, self.space, sure, list(paths), points=POINTS, seed=self.seed)
        return BreakEven(
            name=name, asks=form.asks, measure=form.measure, policy=form.policy, of=of,
            wanted=f"{measure_of(form.measure).title}: {form.is_} {form.value:g}",
            share_true=float(np.mean(holds)), points=tuple(self._point(each) for each in points),
            together=self._together(together),
        )  # fmt: skip

    def allowed(self) -> dict[str, tuple[float, float]]:
        """What each input can be at all, the others being where the scenario has them."""
        found = {path: (UNITS[p.unit].lo, UNITS[p.unit].hi) for path, p in self.scenario.parameters.items()}
        form = self.scenario.form
        tables = {"statuses": form.statuses, "groups": form.groups, "quality": form.quality}
        for table, parts in tables.items():
            most = {
                f"{table}.{name}.share": part.share.shape.ends[1]
                for name, part in parts.items()  # type: ignore[attr-defined]
                if part.share is not None and part.share != REST
            }
            for path, own in most.items():
                found[path] = (0.0, max(1 - (sum(most.values()) - own), own))
        return found

    def _point(self, each: breakeven.BreakPoint) -> BreakPoint:
        parameter = self.scenario.parameters[each.path]
        value = each.values[0] if len(each.values) == 1 else None
        return BreakPoint(
            path=each.path, title=parameter.title, value=value, side=each.side, solidity=solidity(parameter),
            said=_said(each), values=each.values, in_range=each.in_range, best=_known(each.best),
            at_best=_known(each.at_best),
        )  # fmt: skip

    def _together(self, found: breakeven.Together) -> str:
        if not found.values:
            return ""
        parts = [f"{self.scenario.parameters[path].title} {significant(value, 3)}" for path, value in found.values]
        if not found.holds:
            return (
                "not found, even with each input, one after the other, at that end of the middle 95 % of its range "
                "which helps"
            )
        return f"in {100 * (1 + self.level) / 2:g} of 100 draws of the others, with: {'; '.join(parts)}"


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _said(each: breakeven.BreakPoint) -> str:
    values = " and ".join(significant(value, 3) for value in each.values)
    place = "within" if each.in_range else "outside"
    if each.side in ("below", "above"):
        return f"{each.side} {values}, {place} the range stated"
    if each.side in ("within", "outside"):
        return f"{'between' if each.side == 'within' else 'outside of'} {values}"
    words = {
        "always": "at every value that it can have", "never": "at no value that it can have",
        "undefined": "the measure has no value",
    }  # fmt: skip
    return words[each.side]
