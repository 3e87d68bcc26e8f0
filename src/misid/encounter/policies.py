"""Policies as rules over what an officer observes: the first that fits decides, and every situation is covered.

What is observed: whether somebody was returned (``match``), what the record of whoever was returned says
(``records.NAME``), what other evidence about the person says (``sources.NAME``), and what somebody who compared the
faces says (``reviews.NAME``). Records and reviews are there only where somebody was returned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from misid.encounter.forms import Policy, When
from misid.encounter.reading_shapes import shown
from misid.ground.codes import problem
from misid.ground.errors import Findings

MATCH = "match"
YES, NO, NOT_CAPTURED = "yes", "no", "not captured"
MATCHES = (YES, NO, NOT_CAPTURED)
SAYS = ("adverse", "clear", "silent")
REVIEWS = ("same", "different")
MOST_SITUATIONS = 100_000

Situation = Mapping[str, str]
"""Signal to value; signals that are not there are left out."""


@dataclass(frozen=True, kw_only=True)
class CompiledRule:
    """A rule as a set of allowed values for each signal that it looks at."""

    when: Mapping[str, frozenset[str]] = field(hash=False)
    then: str

    def fits(self, situation: Situation) -> bool:
        """Whether every signal it looks at is there, with an allowed value."""
        return all(situation.get(signal) in allowed for signal, allowed in self.when.items())


@dataclass(frozen=True, kw_only=True)
class CompiledPolicy:
    """A policy whose rules are known to cover every situation.

    Attributes
    ----------
    name : str
    scan : bool
    display : str
    rules : tuple of CompiledRule
    signals : tuple of str
        Those that the rules look at, ``match`` left out.
    """

    name: str
    scan: bool
    display: str
    rules: tuple[CompiledRule, ...]
    signals: tuple[str, ...]

    @property
    def records(self) -> tuple[str, ...]:
        """Record systems that the rules look at."""
        return tuple(signal for signal in self.signals if signal.startswith("records."))

    def situations(self) -> Iterator[dict[str, str]]:
        """Every situation that the rules can meet."""
        evidence = [signal for signal in self.signals if signal.startswith("sources.")]
        others = [signal for signal in self.signals if not signal.startswith("sources.")]
        for match in MATCHES if self.scan else (None,):
            there = [*evidence, *(others if match == YES else [])]
            for values in product(*(values_of(signal) for signal in there)):
                base = {} if match is None else {MATCH: match}
                yield {**base, **dict(zip(there, values, strict=True))}

    def decide(self, situation: Situation) -> int | None:
        """The number of the first rule that fits; None where none does."""
        return next((number for number, rule in enumerate(self.rules) if rule.fits(situation)), None)


def values_of(signal: str) -> tuple[str, ...]:
    """The values that a signal can have.

    >>> values_of("reviews.officer")
    ('same', 'different')
    """
    if signal == MATCH:
        return MATCHES
    return REVIEWS if signal.startswith("reviews.") else SAYS


def looked_at(when: When) -> dict[str, tuple[str, ...]]:
    """Signal to the values that a rule names."""
    named = {} if when.match is None else {MATCH: when.match}
    for kind in ("records", "sources", "reviews"):
        named.update({f"{kind}.{name}": values for name, values in getattr(when, kind).items()})
    return {signal: (values,) if isinstance(values, str) else values for signal, values in named.items()}


def compile_policy(
    name: str, policy: Policy, there: Mapping[str, object], outcomes: Mapping[str, object], found: Findings
) -> CompiledPolicy | None:
    """The policy, or None with what is wrong added to `found`; `where` starts at ``policies``.

    Parameters
    ----------
    there : mapping
        Signals of the scenario: ``records.status``, ...
    outcomes : mapping
        Outcomes of the scenario.
    """
    before = len(found.problems)
    rules = []
    for number, rule in enumerate(policy.rules):
        where = f"policies.{name}.rules[{number}]"
        when = looked_at(rule.when)
        if rule.then not in outcomes:
            _say(found, "E087", f"{where}.then", shown(rule.then), ", ".join(outcomes), "name an outcome")
        for signal, values in when.items():
            _check_signal(signal, values, policy, there, f"{where}.when", found)
        rules.append(CompiledRule(when={s: frozenset(v) for s, v in when.items()}, then=rule.then))
    if len(found.problems) > before:
        return None
    signals = dict.fromkeys(s for rule in rules for s in rule.when if s != MATCH)
    compiled = CompiledPolicy(
        name=name, scan=policy.scan, display=policy.display, rules=tuple(rules), signals=tuple(signals)
    )
    _check_total(compiled, found)
    return compiled if len(found.problems) == before else None


def _check_signal(
    signal: str, values: tuple[str, ...], policy: Policy, there: Mapping[str, object], where: str, found: Findings
) -> None:
    if signal != MATCH and signal not in there:
        known = ", ".join(each for each in there if each.startswith(signal.partition(".")[0])) or "none"
        _say(found, "E087", f"{where}.{signal}", "which the scenario does not have", f"signals that it has: {known}",
             f"correct the name, or add a table [{signal}]")  # fmt: skip
        return
    if not policy.scan and not signal.startswith("sources."):
        _say(found, "E094", f"{where}.{signal}", "a signal that needs a scan, under a policy with scan = false",
             "sources only", "leave it out, or scan = true")  # fmt: skip
    unknown = [value for value in values if value not in values_of(signal)]
    if unknown or len(set(values)) < len(values):
        seen = shown(unknown[0]) if unknown else "one value twice"
        _say(found, "E094", f"{where}.{signal}", seen, ", ".join(values_of(signal)), "correct the value")


def _check_total(policy: CompiledPolicy, found: Findings) -> None:
    size = 1
    for signal in policy.signals:
        size *= len(values_of(signal))
    where = f"policies.{policy.name}.rules"
    if size > MOST_SITUATIONS:
        _say(found, "E094", where, f"{size:,} situations", f"at most {MOST_SITUATIONS:,}", "look at fewer signals")
        return
    decided: set[int] = set()
    uncovered = []
    for situation in policy.situations():
        number = policy.decide(situation)
        if number is None:
            uncovered.append(", ".join(f"{signal}: {value}" for signal, value in situation.items()) or "everything")
        else:
            decided.add(number)
    if uncovered:
        found.add(
            problem(
                "E094", where=where, seen=f"no rule for {uncovered[0]}", allowed="a rule for every situation",
                remedy='end with a rule that always fits: { then = "OUTCOME" }', count=len(uncovered),
                examples=tuple(uncovered[1:5]),
            )
        )  # fmt: skip
    for number in sorted(set(range(len(policy.rules))) - decided):
        _say(found, "E095", f"{where}[{number}]", "a rule that never decides: those before it take every situation",
             "rules that can decide", "move it up, or leave it out")  # fmt: skip


def _say(found: Findings, code: str, where: str, seen: str, allowed: str, remedy: str) -> None:
    found.add(problem(code, where=where, seen=seen, allowed=allowed, remedy=remedy))
