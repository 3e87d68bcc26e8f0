"""Stages 5 to 7: what the records say, what the policy decides, and what follows, given who was returned.

For each status of the person and each kind of answer, the probability of every outcome is summed over what an officer
can observe. Signals are looked at one after the other, in the order of the rules, only as far as the decision needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from misid.encounter.draws import Draws
from misid.encounter.forms import ScenarioForm
from misid.encounter.policies import MATCH, NO, NOT_CAPTURED, YES, CompiledPolicy
from misid.encounter.population import Relatives
from misid.encounter.rules import MACHINE
from misid.tally.model import Floats

RIGHT, OTHER, RELATIVE, NOBODY, FAILED, UNSCANNED = (
    "right",
    "other",
    "relative",
    "nobody",
    "not captured",
    "not scanned",
)

CLASS_OF: dict[str, str] = {
    "right": RIGHT, "wrong_record": RIGHT, "stranger": OTHER, "another": OTHER, "stranger_kin": RELATIVE,
    "another_kin": RELATIVE, "rightly_nobody": NOBODY, "missed": NOBODY, "not_captured_enrolled": FAILED,
    "not_captured_stranger": FAILED, "not_scanned": UNSCANNED,
}  # fmt: skip
"""State of a scan to what decisions depend on: whether somebody was returned, and who."""

_MATCH = {RIGHT: YES, OTHER: YES, RELATIVE: YES, NOBODY: NO, FAILED: NOT_CAPTURED}

PHOTO = "photo"
"""Not observed, but what reviews depend on: whether the photograph shown is another than the one that matched."""

Known = Mapping[str, str | None]
"""Signal to its value; None: it is not there."""

Says = dict[str, Floats]
"""Value of a signal to its probability, (n,) or (1,)."""

Joint = dict[str, Floats]
"""Outcome to its probability."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What a policy makes of one status and one kind of answer.

    Attributes
    ----------
    outcomes : dict
        Outcome to its probability, record right (or no record opened).
    wrong_record : dict
        The same, a record that the rules look at wrong; only where the right person was returned.
    """

    outcomes: Joint
    wrong_record: Joint


class Decisions:
    """Decisions of one policy for draws of the parameters."""

    def __init__(self, form: ScenarioForm, policy: CompiledPolicy, draws: Draws, kin: Relatives) -> None:
        self.form, self.policy, self.draws, self.kin = form, policy, draws, kin
        self._found: dict[tuple[str, str], Decided] = {}

    def of(self, status: str, answer: str) -> Decided:
        """Probabilities of the outcomes for a status and a class of `CLASS_OF`."""
        key = status, answer
        if key not in self._found:
            self._found[key] = self._decided(status, answer)
        return self._found[key]

    def _decided(self, status: str, answer: str) -> Decided:
        sought = self.form.statuses[status].sought
        opposite = "clear" if sought else "adverse"
        outcomes: Joint = {}
        wrong: Joint = {}
        known: dict[str, str | None] = {}
        if answer != UNSCANNED:
            known[MATCH] = _MATCH[answer]
        if answer not in (RIGHT, OTHER, RELATIVE):
            known.update({signal: None for signal in self.policy.signals if not signal.startswith("sources.")})

        def says(signal: str, before: Known) -> Says:
            return self._says(signal, status, answer, before)

        # Whether a record is wrong is wanted even where the rules would not come to it.
        first = self.policy.records if answer == RIGHT else ()
        for chance, outcome, seen in self._leaves(known, first, says):
            into = wrong if answer == RIGHT and any(seen[record] == opposite for record in first) else outcomes
            into[outcome] = into[outcome] + chance if outcome in into else chance
        return Decided(outcomes=outcomes, wrong_record=wrong)

    def _leaves(
        self,
        known: Known,
        first: Sequence[str],
        says: Callable[[str, Known], Says],
    ) -> Iterator[tuple[Floats, str, Known]]:
        """(probability, outcome, what was seen) of every way to a decision."""
        signal = self._next(known, first)
        if signal is None:
            yield np.ones(1), self._outcome(known), known
            return
        for value, chance in says(signal, known).items():
            if chance.size == 1 and chance[0] == 0:
                continue
            for below, outcome, seen in self._leaves({**known, signal: value}, first, says):
                yield chance * below, outcome, seen

    def _next(self, known: Known, first: Sequence[str]) -> str | None:
        """The signal to look at next; None where the rules decide."""
        wanted = next((signal for signal in first if signal not in known), None)
        if wanted is None:
            for rule in self.policy.rules:
                if any(signal in known and known[signal] not in allowed for signal, allowed in rule.when.items()):
                    continue
                wanted = next((signal for signal in rule.when if signal not in known), None)
                break
        while wanted is not None:
            before = next((each for each in self._depends(wanted) if each not in known), None)
            if before is None:
                break
            wanted = before
        return wanted

    def _outcome(self, known: Known) -> str:
        situation = {signal: value for signal, value in known.items() if value is not None}
        number = self.policy.decide(situation)
        if number is None:
            raise RuntimeError(f"policy {self.policy.name} does not decide {situation}")
        return self.policy.rules[number].then

    def _depends(self, signal: str) -> list[str]:
        """Signals without which another's probabilities are not known."""
        kind, _, name = signal.partition(".")
        if kind == "records" and self.form.records[name].copies is not None:
            return [f"records.{self.form.records[name].copies}"]
        if kind == "reviews":
            review = self.form.reviews[name]
            follows = [f"reviews.{review.follows}"] if review.follows not in (None, MACHINE) else []
            return [*follows, *([PHOTO] if review.other_photo is not None else [])]
        return []

    def _says(self, signal: str, status: str, answer: str, known: Known) -> Says:
        kind, _, name = signal.partition(".")
        if signal == PHOTO:
            other = self.draws["display.other_photo"]
            return {"same": 1 - other, "other": other}
        if kind == "records":
            return self._record(name, status, answer, known)
        if kind == "sources":
            answers, wrong = (self.draws[f"sources.{name}.{key}.{status}"] for key in ("answers", "wrong"))
            truth, opposite = ("adverse", "clear") if self.form.statuses[status].sought else ("clear", "adverse")
            return {truth: answers * (1 - wrong), opposite: answers * wrong, "silent": 1 - answers}
        return self._review(name, answer, known)

    def _record(self, name: str, status: str, answer: str, known: Known) -> Says:
        silent, strangers = self.draws[f"records.{name}.silent"], self.draws[f"records.{name}.stranger_adverse"]
        if answer == RIGHT:
            wrong = self.draws[f"records.{name}.wrong.{status}"]
            adverse = 1 - wrong if self.form.statuses[status].sought else wrong
        elif answer == OTHER:
            adverse = strangers
        else:
            adverse = sum(
                (weight * (self.draws[f"kin.{kind}.adverse"] if self.form.kin[kind].adverse is not None else strangers)
                 for kind, weight in self.kin.weights.items()),
                start=np.zeros(1),
            )  # fmt: skip
        says = {"adverse": (1 - silent) * adverse, "clear": (1 - silent) * (1 - adverse), "silent": silent}
        copies = self.form.records[name].copies
        if copies is not None:
            copied, source = self.draws[f"records.{name}.copied"], known[f"records.{copies}"]
            says = {value: (1 - copied) * chance + copied * (value == source) for value, chance in says.items()}
        return says

    def _review(self, name: str, answer: str, known: Known) -> Says:
        review, of = self.form.reviews[name], f"reviews.{name}"
        other_photo = review.other_photo is not None and known[PHOTO] == "other"
        errors = f"{of}.other_photo" if other_photo else of
        if answer == RIGHT:
            same = 1 - self.draws[f"{errors}.rejects_right"]
        elif answer == RELATIVE and review.accepts_kin is not None and not other_photo:
            same = self.draws[f"{of}.accepts_kin"]
        else:
            same = self.draws[f"{errors}.accepts_wrong"]
        if review.follows is not None:
            told = "same" if review.follows == MACHINE else known[f"reviews.{review.follows}"]
            repeated = self.draws[f"{of}.dependence"]
            same = (1 - repeated) * same + repeated * (told == "same")
        return {"same": same, "different": 1 - same}
