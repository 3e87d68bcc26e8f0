"""What the tables of a scenario mean together: every name is known and used, shares add up, nothing lacks a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from misid.encounter.forms import Form, Part, Records, Review, ScenarioForm, Test, ids
from misid.encounter.measures import MEASURES
from misid.encounter.numbers import REST
from misid.encounter.parameters import Parameter, Stated
from misid.encounter.policies import YES, CompiledPolicy, compile_policy
from misid.encounter.reading_shapes import shown
from misid.evidence import load
from misid.ground.codes import problem
from misid.ground.errors import Findings
from misid.ground.numbers import significant

MACHINE = "machine"
EVERYBODY, EACH_GROUP, EACH_STATUS = "everybody", "each group", "each status"
_TOLERANCE = 1e-9


def check(
    form: ScenarioForm, parameters: Mapping[str, Parameter], found: Findings
) -> tuple[CompiledPolicy, ...]:  # fmt: skip
    """The policies of a scenario; all that is wrong is added to `found`, its `where` a dotted path."""
    _Checks(form, found).all(parameters)
    policies = _policies(form, found)
    if len(policies) == len(form.policies):
        _check_used(form, policies, found)
    for name, test in [*_named("claims", form.claims), *_named("break_even", form.break_even)]:
        _check_test(form, name, test, {policy.name: policy for policy in policies}, parameters, found)
    return policies


def _named(table: str, forms: Mapping[str, Test]) -> list[tuple[str, Test]]:
    return [(f"{table}.{name}", form) for name, form in forms.items()]


class _Checks:
    """Checks of one scenario; each adds to the same findings."""

    def __init__(self, form: ScenarioForm, found: Findings) -> None:
        self.form, self.found = form, found

    def all(self, parameters: Mapping[str, Parameter]) -> None:
        form = self.form
        self.shares("statuses", form.statuses)
        if form.groups:
            self.shares("groups", form.groups)
            self.shares_in_statuses()
        if form.quality:
            self.shares("quality", form.quality)
        self.factors()
        self.capture()
        self.misses()
        self.kin()
        self.display()
        for name, records in form.records.items():
            self.statuses(f"records.{name}.wrong", records.wrong)
            self.copies(name, records)
        for name, source in form.sources.items():
            self.statuses(f"sources.{name}.answers", source.answers)
            self.statuses(f"sources.{name}.wrong", source.wrong)
        for name, review in form.reviews.items():
            self.review(name, review)
        self.search()
        self.sourced()
        self.known_ids(parameters)

    def say(self, code: str, where: str, seen: str, allowed: str, remedy: str) -> None:
        self.found.add(problem(code, where=where, seen=seen, allowed=allowed, remedy=remedy))

    def shares(self, table: str, parts: Mapping[str, Part]) -> None:
        """Absolute shares, shares of what is left, and one rest."""
        rest = [name for name, part in parts.items() if part.share == REST]
        left = [name for name, part in parts.items() if part.share_of_rest is not None]
        for name, part in parts.items():
            given = (part.share is not None) + (part.share_of_rest is not None)
            if given != 1:
                seen = "neither share nor share_of_rest" if not given else "both share and share_of_rest"
                self.say("E089", f"{table}.{name}", seen, "one of them", 'share = "rest" for what the others leave')
        absolute = {name: part.share for name, part in parts.items() if isinstance(part.share, Stated)}
        if len(rest) > 1:
            self.say("E089", f"{table}.{rest[1]}.share", f'a second "rest" beside {rest[0]}', "one", "give it a share")
        self.add_up(table, absolute, exactly=not rest)
        if not rest and left:
            self.say("E089", f"{table}.{left[0]}.share_of_rest", 'nobody has share = "rest"',
                     'one part with share = "rest"', f'share = "rest" for {list(parts)[-1]}')  # fmt: skip

    def add_up(self, where: str, shares: Mapping[str, Stated], *, exactly: bool) -> None:
        """At most 1 together, whatever is drawn; exactly 1 where nobody takes the rest."""
        most = sum(stated.shape.ends[1] for stated in shares.values())
        listed = " + ".join(f"{name} {stated.shape.ends[1]:g}" for name, stated in shares.items())
        if most > 1 + _TOLERANCE:
            self.say("E089", where, f"shares that can be {most:.6g} together ({listed})", "at most 1 together",
                     "lower an upper end, or say share_of_rest for all but the first")  # fmt: skip
        elif exactly and not all(stated.shape.is_fixed for stated in shares.values()):
            self.say("E089", where, 'ranges, and no share is "rest"', 'one share = "rest"', 'share = "rest" for one')
        elif exactly and abs(most - 1) > _TOLERANCE:
            self.say("E089", where, f"shares that are {most:.9g} together ({listed})", "1 together",
                     'correct them, or share = "rest" for one')  # fmt: skip

    def shares_in_statuses(self) -> None:
        groups = self.form.groups
        named = dict.fromkeys(status for group in groups.values() for status in group.share_of)
        for status in named:
            given = {name: group.share_of[status] for name, group in groups.items() if status in group.share_of}
            if status not in self.form.statuses:
                for name in given:
                    self.unknown(f"groups.{name}.share_of.{status}", status, self.form.statuses)
                continue
            rest = [name for name, group in groups.items() if group.share == REST]
            missing = [name for name in groups if name not in given and name not in rest]
            for name in missing:
                self.say("E083", f"groups.{name}.share_of", f"no {status}, which other groups have",
                         "a share in it for every group, but the one that is the rest",
                         f"give groups.{name}.share_of.{status}")  # fmt: skip
            for name in [name for name in rest if name in given]:
                self.say("E089", f"groups.{name}.share_of.{status}", f"{name} is the rest", "no share of its own",
                         "leave it out")  # fmt: skip
            self.add_up(f"groups: share_of.{status}", given, exactly=not rest)

    def unknown(self, where: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        near = get_close_matches(name, known, n=1)
        allowed = ", ".join(known) or "nothing: the scenario has none"
        remedy = near[0] if near else "correct the name, or add it"
        self.say("E087", where, f"{shown(name)}, which the scenario does not have", allowed, remedy)

    def unused(self, where: str, why: str) -> None:
        self.say("E088", where, f"never used: {why}", "what something uses", "leave it out, or use it")

    def factors(self) -> None:
        used = set()
        for table, parts in (("groups", self.form.groups), ("quality", self.form.quality)):
            for name, part in parts.items():
                for key in ("fpir_factors", "fnir_factors"):
                    named: Sequence[str] = getattr(part, key)
                    for factor in named:
                        if factor not in self.form.factors:
                            self.unknown(f"{table}.{name}.{key}", factor, self.form.factors)
                    if len(set(named)) < len(named):
                        self.say(
                            "E084", f"{table}.{name}.{key}", shown(list(named)), "each factor once", "leave one out"
                        )
                    used |= set(named)
        for name in self.form.factors.keys() - used:
            self.unused(f"factors.{name}", "no group and no quality names it")

    def capture(self) -> None:
        capture = self.form.capture
        if capture is None:
            return
        again = capture.retries.shape.ends[0] > 0
        if again and capture.fta_again is None:
            self.say("E083", "capture", "retries without fta_again", "both", "give fta_again, or no retries")
        if not again and capture.fta_again is not None:
            self.unused("capture.fta_again", "retries is 0")
        if not any(quality.fta for quality in self.form.quality.values()):
            self.unused("capture", "no quality has fta")

    def misses(self) -> None:
        """Every photograph has an FNIR from somewhere."""
        fnir, has_own = self.form.search.fnir, self.form.search.model == "tally"
        without = [name for name, quality in self.form.quality.items() if quality.fnir is None]
        if fnir is None and not has_own:
            needed = [f"quality.{name}" for name in without] if self.form.quality else ["search"]
            for where in needed:
                self.say(
                    "E083", where, "no fnir", "fnir of every quality, or search.fnir for all", f"give {where}.fnir"
                )
        if fnir is not None and self.form.quality and not without:
            self.unused("search.fnir", "every quality has its own")

    def kin(self) -> None:
        for name, kin in self.form.kin.items():
            if kin.adverse is not None and not self.form.records:
                self.unused(f"kin.{name}.adverse", "the scenario has no records")

    def display(self) -> None:
        display = self.form.display
        if display is None:
            return
        shown_other = any(review.other_photo for review in self.form.reviews.values())
        if display.other_photo is not None and not shown_other:
            self.unused("display.other_photo", "no review has other_photo")
        if display.other_photo is None and display.list_ is None:
            self.unused("display", "it is empty")
        if display.list_ is not None:
            shares = {
                "right_when_there": display.list_.right_when_there,
                "wrong_when_there": display.list_.wrong_when_there,
            }
            self.add_up("display.list", shares, exactly=False)

    def statuses(self, where: str, given: Mapping[str, Stated]) -> None:
        """A number for every status, and for nothing else."""
        for name in given.keys() - self.form.statuses.keys():
            self.unknown(f"{where}.{name}", name, self.form.statuses)
        for name in self.form.statuses.keys() - given.keys():
            self.say("E083", where, f"no {name}", "a number for every status", f"give {where}.{name}")

    def copies(self, name: str, records: Records) -> None:
        where = f"records.{name}"
        earlier = _before(self.form.records, name)
        if records.copies is not None and records.copies not in earlier:
            self.unknown(f"{where}.copies", records.copies, earlier)
        if (records.copies is None) != (records.copied is None):
            lacking = "copied" if records.copied is None else "copies"
            self.say("E083", where, f"no {lacking}", "copies and copied together", f"give {lacking}, or leave both out")

    def review(self, name: str, review: Review) -> None:
        where = f"reviews.{name}"
        known = [MACHINE, *_before(self.form.reviews, name)]
        if review.follows is not None and review.follows not in known:
            self.unknown(f"{where}.follows", review.follows, known)
        if (review.follows is None) != (review.dependence is None):
            lacking = "dependence" if review.dependence is None else "follows"
            self.say("E083", where, f"no {lacking}", "follows and dependence together", f"give {lacking}, or neither")
        if review.accepts_kin is not None and not self.form.kin:
            self.unused(f"{where}.accepts_kin", "the scenario has no kin")
        other = self.form.display.other_photo if self.form.display else None
        if review.other_photo is not None and other is None:
            self.unused(f"{where}.other_photo", "display.other_photo is not given")

    def search(self) -> None:
        search, groups = self.form.search, self.form.groups
        tally = search.model == "tally"
        labelled = [name for name, group in groups.items() if group.tally_group is not None]
        for name in labelled if not tally else ():
            self.unused(f"groups.{name}.tally_group", "search.model is no tally")
        if tally and labelled:
            for name in groups.keys() - set(labelled):
                allowed, remedy = "one for every group, or none", f"give groups.{name}.tally_group"
                self.say("E083", f"groups.{name}", "no tally_group, which other groups have", allowed, remedy)
        if search.model in ("tally", "deployments") and not search.gallery.shape.is_fixed:
            self.say("E084", "search.gallery", "a range", f"one number, where search.model is {search.model}",
                     "give one value, and assess each gallery on its own")  # fmt: skip

    def sourced(self) -> None:
        """Tables of words that must say where they come from."""
        for name, policy in self.form.policies.items():
            self.has_source(f"policies.{name}", ids(policy.source), policy.assumption)
        for name, claim in self.form.claims.items():
            self.has_source(f"claims.{name}", ids(claim.source), claim.assumption)
        for number, correlation in enumerate(self.form.correlations):
            self.has_source(f"correlations[{number}]", ids(correlation.source), correlation.assumption)

    def has_source(self, where: str, source: tuple[str, ...], assumption: str | None) -> None:
        if not source and assumption is None:
            self.say("E085", where, "neither source nor assumption", "one of them, or both",
                     'source = "an evidence id" or assumption = "who says so, or why"')  # fmt: skip
        self.ids(f"{where}.source", source)

    def known_ids(self, parameters: Mapping[str, Parameter]) -> None:
        for path, parameter in parameters.items():
            self.ids(f"{path}.source", parameter.stated.source)

    def ids(self, where: str, source: tuple[str, ...]) -> None:
        library = load()
        for each in source:
            if each in library:
                continue
            other = [record.id for record in library.records]
            near = get_close_matches(each, [fact.id for fact in library], n=1)
            seen = f"{each}, which is no fact that can be relied on" if each in other else shown(each)
            self.say("E086", where, seen, "an id of the evidence library", near[0] if near else "misid evidence list")


def _before(table: Mapping[str, object], name: str) -> list[str]:
    names = list(table)
    return names[: names.index(name)]


def _policies(form: ScenarioForm, found: Findings) -> tuple[CompiledPolicy, ...]:
    there = {
        f"{kind}.{name}": table
        for kind in ("records", "sources", "reviews")
        for name, table in getattr(form, kind).items()
    }
    compiled = [compile_policy(name, policy, there, form.outcomes, found) for name, policy in form.policies.items()]
    policies = tuple(policy for policy in compiled if policy is not None)
    if form.lead not in form.policies:
        near = get_close_matches(form.lead, form.policies, n=1)
        found.add(
            problem("E087", where="lead", seen=f"{shown(form.lead)}, which the scenario does not have",
                    allowed=", ".join(form.policies), remedy=near[0] if near else "name a policy")
        )  # fmt: skip
    for policy in policies if form.falls_on == "returned" else ():
        _check_falls_on_somebody(form, policy, found)
    return policies


def _check_falls_on_somebody(form: ScenarioForm, policy: CompiledPolicy, found: Findings) -> None:
    """Where decisions fall on the person returned, nobody can be held when nobody is returned."""
    for situation in policy.situations():
        number = policy.decide(situation)
        if number is not None and form.outcomes[policy.rules[number].then].held and situation.get("match") != YES:
            found.add(
                problem("E094", where=f"policies.{policy.name}.rules[{number}]",
                        seen="somebody is held though nobody is returned",
                        allowed='with falls_on = "returned": held only where match = "yes"',
                        remedy='match = "yes" in its when')
            )  # fmt: skip
            return


def _check_used(form: ScenarioForm, policies: Sequence[CompiledPolicy], found: Findings) -> None:
    """Every outcome, record, source, review and the list has a policy that uses it."""

    def unused(where: str) -> None:
        found.add(problem("E088", where=where, seen="never used: no policy names it", allowed="what something uses",
                          remedy="leave it out, or use it in a rule"))  # fmt: skip

    decided = {rule.then for policy in policies for rule in policy.rules}
    for name in form.outcomes.keys() - decided:
        unused(f"outcomes.{name}")
    signals = {signal for policy in policies for signal in policy.signals}
    followed = {f"records.{r.copies}" for name, r in form.records.items() if f"records.{name}" in signals and r.copies}
    followed |= {
        f"reviews.{r.follows}" for name, r in form.reviews.items() if f"reviews.{name}" in signals and r.follows
    }
    tables: dict[str, Mapping[str, Form]] = {"records": form.records, "sources": form.sources, "reviews": form.reviews}
    for kind, table in tables.items():
        for name in table:
            if f"{kind}.{name}" not in signals | followed:
                unused(f"{kind}.{name}")
    lists = any(policy.scan and policy.display == "list" for policy in policies)
    has_list = form.display is not None and form.display.list_ is not None
    if has_list and not lists:
        unused("display.list")
    if lists and not has_list:
        name = next(policy.name for policy in policies if policy.scan and policy.display == "list")
        found.add(problem("E083", where=f"policies.{name}.display", seen="list, and the scenario has no display.list",
                          allowed="best, or list with a table display.list", remedy="add [display.list]"))  # fmt: skip


def _check_test(
    form: ScenarioForm, where: str, test: Test, policies: Mapping[str, CompiledPolicy],
    parameters: Mapping[str, Parameter], found: Findings,
) -> None:  # fmt: skip
    def unknown(key: str, value: str, known: Iterable[str]) -> None:
        listed = list(known)
        near = get_close_matches(value, listed, n=1)
        found.add(problem("E087", where=f"{where}.{key}", seen=shown(value), allowed=", ".join(listed),
                          remedy=near[0] if near else "correct the name"))  # fmt: skip

    measure = MEASURES.get(test.measure)
    if measure is None:
        unknown("measure", test.measure, MEASURES)
    if test.policy not in form.policies:
        unknown("policy", test.policy, form.policies)
    slices = [EVERYBODY, EACH_GROUP, EACH_STATUS, *form.groups, *form.statuses]
    if test.of not in slices:
        unknown("of", test.of, slices)
    elif test.of in form.groups and test.of in form.statuses:
        found.add(problem("E087", where=f"{where}.of", seen=f"{shown(test.of)}, a group and a status",
                          allowed="a name that only one has", remedy="rename one of them"))  # fmt: skip
    if measure is not None and measure.unit in ("people", "probability") and not 0 <= test.value <= 1:
        allowed, remedy = "a proportion from 0 to 1, for one person", "0.0001 for 1 in 10,000"
        seen = significant(test.value, 6)
        found.add(problem("E091", where=f"{where}.value", seen=seen, allowed=allowed, remedy=remedy))
    policy = policies.get(test.policy)
    if policy is not None and measure is not None:
        why = ""
        if measure.over and not policy.scan:
            why = "a policy that scans nobody has no match"
        elif test.measure == "right_record_given_match" and not policy.records:
            why = f"{policy.name} opens no record"
        if why:
            found.add(problem("E087", where=f"{where}.measure", seen=f"{test.measure}: {why}",
                              allowed="a measure that the policy has", remedy="another policy or measure"))  # fmt: skip
    varied = getattr(test, "vary", ())
    for path in varied:
        if path not in parameters:
            unknown("vary", path, parameters)
        elif parameters[path].is_fixed:
            found.add(problem("E087", where=f"{where}.vary", seen=f"{path}, which is fixed", allowed="paths of ranges",
                              remedy="give it a range, or leave it out"))  # fmt: skip
