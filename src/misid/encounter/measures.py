"""What is counted at the leaves of the tree, by name.

A scan ends in one state; a decision adds whether somebody is held. Every count is a sum over leaves, so it adds up over
groups, statuses, answers and outcomes. `MEASURES` are the names that claims, break-even questions and results use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from misid.encounter.model import ANSWERS, WAYS, Unit

STATES: dict[str, str] = {
    "right": "right",
    "wrong_record": "wrong_record",
    "stranger": "stranger",
    "stranger_kin": "stranger",
    "another": "another",
    "another_kin": "another",
    "rightly_nobody": "rightly_nobody",
    "missed": "missed",
    "not_captured_enrolled": "not_captured",
    "not_captured_stranger": "not_captured",
    "not_scanned": "not_scanned",
}
"""Every state that a scan can end in, and its answer (`model.ANSWERS`)."""

ENROLLED = {"right", "wrong_record", "another", "another_kin", "missed", "not_captured_enrolled"}
MATCHED = {"right", "wrong_record", "stranger", "another"}
"""Answers with somebody returned."""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """Where a scan can end: its state, whether the person is sought, and what is decided."""

    state: str
    sought: bool
    held: bool
    outcome: str
    falls_on: str

    @property
    def answer(self) -> str:
        return STATES[self.state]

    @property
    def wrongly_held(self) -> bool:
        """Held, and the person it falls on is not sought: scanned, or returned in the place of somebody else."""
        if not self.held:
            return False
        return not self.sought or (self.falls_on == "returned" and self.answer in ("stranger", "another"))

    @property
    def found(self) -> bool:
        """A sought person is held, and it is that person."""
        return self.held and self.sought and not self.wrongly_held

    @property
    def wrong_use(self) -> bool:
        return not self.sought and self.answer in ("right", "rightly_nobody")

    def way(self, name: str) -> bool:
        """Whether it is one of the four ways of being wrong (`model.WAYS`)."""
        return self.wrong_use if name == "wrong_use" else self.answer == name


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A count over leaves, or a ratio of two counts.

    Attributes
    ----------
    name, title : str
    unit : str
        Of `misid.encounter.model.Estimate`.
    counts : callable
        Whether a leaf is counted.
    hours : bool
        Leaves count with their hours.
    over : str
        A ratio: the measure below the line.
    """

    name: str
    title: str
    unit: Unit
    counts: Callable[[Leaf], bool]
    hours: bool = False
    over: str = ""


def _people(name: str, title: str, counts: Callable[[Leaf], bool]) -> Measure:
    return Measure(name=name, title=title, unit="people", counts=counts)


def _ratio(name: str, title: str, counts: Callable[[Leaf], bool]) -> Measure:
    return Measure(name=name, title=title, unit="probability", counts=counts, over="matched")


def _way(name: str) -> Callable[[Leaf], bool]:
    return lambda leaf: leaf.way(name)


def _held_by(name: str) -> Callable[[Leaf], bool]:
    return lambda leaf: leaf.wrongly_held and leaf.way(name)


def _answer(name: str) -> Callable[[Leaf], bool]:
    return lambda leaf: leaf.answer == name


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        _people("people", "people", lambda leaf: True),
        _people("matched", "somebody is returned", lambda leaf: leaf.answer in MATCHED),
        _people("kin_matched", "a relative is returned", lambda leaf: leaf.state in ("stranger_kin", "another_kin")),
        *(_people(name, title, _way(name)) for name, title in WAYS.items()),
        _people("wrongly_held", "wrongly held", lambda leaf: leaf.wrongly_held),
        *(_people(f"wrongly_held_{name}", f"wrongly held: {title}", _held_by(name)) for name, title in WAYS.items()),
        _people(
            "held_without_match", "wrongly held, though nobody was returned as they should have been",
            lambda leaf: leaf.wrongly_held and leaf.answer in ("missed", "not_captured", "not_scanned"),
        ),
        _people("found", "sought and held", lambda leaf: leaf.found),
        _people(
            "found_by_error", "sought and held, under another name or a wrong record",
            lambda leaf: leaf.found and leaf.answer in ("stranger", "another", "wrong_record"),
        ),
        _people("not_found", "sought and let go", lambda leaf: leaf.sought and not leaf.found),
        Measure(
            name="hours_wrongly_held", title="hours of people wrongly held", unit="hours", hours=True,
            counts=lambda leaf: leaf.wrongly_held,
        ),
        Measure(
            name="hours_of_others", title="hours of people who are neither sought nor held", unit="hours", hours=True,
            counts=lambda leaf: not leaf.sought and not leaf.held,
        ),
        Measure(
            name="images_kept", title="photographs kept", unit="images",
            counts=lambda leaf: leaf.answer not in ("not_captured", "not_scanned"),
        ),
        *(_people(f"answer_{name}", title, _answer(name)) for name, title in ANSWERS.items()),
        _ratio(
            "right_given_match", "the person returned is the person scanned",
            lambda leaf: leaf.answer in ("right", "wrong_record"),
        ),
        _ratio(
            "right_record_given_match", "the person returned is the person scanned, and the record is right",
            lambda leaf: leaf.answer == "right",
        ),
    )
}  # fmt: skip

OUTCOME = "outcome_"
"""Before the name of an outcome of the scenario: people with that outcome."""


def measure_of(name: str) -> Measure:
    """A measure by its name; KeyError where there is none.

    >>> measure_of("wrongly_held").unit, measure_of("outcome_held").title
    ('people', 'held')
    """
    if name.startswith(OUTCOME):
        outcome = name.removeprefix(OUTCOME)
        return _people(name, outcome, lambda leaf: leaf.outcome == outcome)
    return MEASURES[name]
