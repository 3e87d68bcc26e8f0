"""The same tree, person by person: made people, made searches, made decisions. It is there to check the exact tree.

A search of a gallery of N need not be made comparison by comparison. The wrong candidates' places in the gallery's
order are those of exponential spacings G_1 < G_2 < ...: the k-th best of N has p = G_k / N, so it is at or above the
threshold where G_k is at most the search's hazard, -log(1 - FPIR). That takes the time of a few numbers, whatever N is.

Nothing here is shared with `encounter.tree` but the rates of the search model: who is sampled how is written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from misid.encounter.cells import Stages
from misid.encounter.draws import Draws
from misid.encounter.forms import ScenarioForm
from misid.encounter.policies import NO, NOT_CAPTURED, YES, CompiledPolicy
from misid.encounter.rates import rates_of
from misid.encounter.repeats import rate_of_person
from misid.encounter.rules import MACHINE
from misid.encounter.scenario import Scenario
from misid.search.growth import hazard
from misid.tally.model import Floats, Ints

Flags = npt.NDArray[np.bool_]
NONE, RIGHT, OTHER, RELATIVE = 0, 1, 2, 3
"""Who is returned."""

BLOCK = 2**18
"""People at a time."""


@dataclass(frozen=True, kw_only=True)
class People:
    """Made people; arrays (n,) of indices and flags.

    Attributes
    ----------
    status, group : int
    enrolled : bool
    relative : int
        The kind of a relative who is in the gallery and reaches the threshold in every search; -1: none.
    rate : float
        Γ: how often the person is matched falsely, as a multiple of the mean.
    """

    status: Ints
    group: Ints
    enrolled: Flags
    relative: Ints
    rate: Floats


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """What scanning them once gave.

    Attributes
    ----------
    captured : bool
    returned : int
        `NONE`, `RIGHT`, `OTHER`, `RELATIVE`.
    """

    captured: Flags
    returned: Ints


def wrong_candidates(generator: np.random.Generator, hazards: Floats, length: int) -> Floats:
    """The best wrong candidates of searches, as exponential spacings.

    Parameters
    ----------
    hazards : (n,) float
        Only for their number; a candidate is at or above the threshold where its place is at most the hazard.
    length : int
        Candidates of each search.

    Returns
    -------
    (n, length) float
        G_1 < G_2 < ...: N times the chance that one comparison scores as high.
    """
    return np.cumsum(generator.standard_exponential((len(hazards), length)), axis=1)


class Simulation:
    """A scenario with every number fixed, person by person.

    Parameters
    ----------
    scenario : Scenario
    values : mapping
        Every parameter, (1,) each: one draw.
    seed : int
    """

    def __init__(self, scenario: Scenario, values: Draws, seed: int) -> None:
        self.scenario, self.form = scenario, scenario.form
        self.values = {path: float(np.atleast_1d(value)[0]) for path, value in values.items()}
        self.generator = np.random.Generator(np.random.SFC64(seed))
        cells = Stages(self.form, rates_of(scenario)).cells(values)
        self.fpir, self.fnir = cells.fpir[..., 0], cells.fnir[..., 0]
        self.statuses, self.groups = cells.statuses[:, 0], cells.groups[..., 0]
        self.qualities, self.captured = cells.qualities[:, 0], cells.captured[:, 0]

    def people(self, n: int) -> People:
        """Make n people."""
        form, make = self.form, self.generator
        status = self._pick(self.statuses, n)
        if len(self.groups) == 1:
            group = self._pick(self.groups[0], n)
        else:
            group = np.zeros(n, dtype=np.int64)
            for s in range(len(self.statuses)):
                mine = status == s
                group[mine] = self._pick(self.groups[s], int(mine.sum()))
        share = np.array([self.values[f"statuses.{name}.enrolled"] for name in form.statuses])
        return People(
            status=status, group=group, enrolled=make.random(n) < share[status], relative=self._relatives(n),
            rate=self._rates(n),
        )  # fmt: skip

    def _pick(self, shares: Floats, n: int) -> Ints:
        edges = np.cumsum(shares / shares.sum())[:-1]
        return np.searchsorted(edges, self.generator.random(n), side="right").astype(np.int64)

    def _rates(self, n: int) -> Floats:
        c = self.values.get("repeated.spread_of_people", 0.0)
        return self.generator.gamma(1 / c, c, n) if c > 0 else np.ones(n)

    def _relatives(self, n: int) -> Ints:
        """The kind of the relative who would be returned; of several kinds, one in proportion to their chances."""
        reached, chances = [], []
        for name, kin in self.form.kin.items():
            of = f"kin.{name}"
            number = 1.0 if kin.number is None else self.values[f"{of}.number"]
            one = self.values[f"{of}.enrolled"] * self.values[f"{of}.match"]
            has = self.generator.random(n) < self.values[f"{of}.share"]
            found = self.generator.random(n) < 1 - (1 - one) ** number
            reached.append(has & found)
            chances.append(self.values[f"{of}.share"] * (1 - (1 - one) ** number))
        kind = np.full(n, -1, dtype=np.int64)
        if reached:
            anybody = np.logical_or.reduce(reached)
            total = sum(chances)
            if total > 0:
                kind[anybody] = self._pick(np.array(chances), int(anybody.sum()))
        return kind

    def scan(self, people: People, display: str) -> Scanned:
        """Photograph and search everybody once."""
        make, n = self.generator, len(people.status)
        quality = self._pick(self.qualities, n)
        captured = make.random(n) < self.captured[quality]
        spread = np.full(1, self.values.get("repeated.spread_of_people", 0.0))
        hazards = rate_of_person(self.fpir[people.group, quality], spread) * people.rate
        length = self._length(display)
        places = wrong_candidates(make, hazards, length)
        wrong = places <= hazards[:, None]
        mate = people.enrolled & (make.random(n) >= self.fnir[people.group, quality])
        # The place at which a mate above the threshold lies: a wrong person is above it with probability F o.
        mate_at = hazard(-np.expm1(-hazards) * self.values["search.outranked"])
        others_above = (places <= mate_at[:, None]).sum(axis=1)
        relative = people.relative >= 0
        relative_above = relative & (make.random(n) < self._relative_first())
        above = others_above + relative_above
        if display == "best":
            returned = self._best(mate, above, relative, relative_above, wrong[:, 0])
        else:
            there = mate & (above < length)
            # In a list that others fill above the mate, a relative below the mate is not.
            returned = self._taken(there, relative & (there | ~mate | relative_above), wrong[:, 0])
        return Scanned(captured=captured, returned=np.where(captured, returned, NONE))

    def _length(self, display: str) -> int:
        return 1 if display == "best" else int(self.values["display.list.length"])

    def _relative_first(self) -> float:
        """P(the relative is above the mate), the mean over kinds."""
        weights, firsts = [], []
        for name, kin in self.form.kin.items():
            of = f"kin.{name}"
            number = 1.0 if kin.number is None else self.values[f"{of}.number"]
            one = self.values[f"{of}.enrolled"] * self.values[f"{of}.match"]
            weights.append(self.values[f"{of}.share"] * (1 - (1 - one) ** number))
            firsts.append(self.values[f"{of}.outranked" if kin.outranked is not None else "search.outranked"])
        return float(np.average(firsts, weights=weights)) if sum(weights) > 0 else 0.0

    @staticmethod
    def _best(mate: Flags, above: Ints, relative: Flags, relative_above: Flags, wrong: Flags) -> Ints:
        return np.select(
            [mate & (above == 0), mate & relative_above, mate, relative, wrong],
            [RIGHT, RELATIVE, OTHER, RELATIVE, OTHER],
            NONE,
        )

    def _taken(self, there: Flags, relative: Flags, wrong: Flags) -> Ints:
        """Whom an officer takes from a list."""
        chance = self.generator.random(len(there))
        of = "display.list"
        right, pick, absent = (
            self.values[f"{of}.{key}"] for key in ("right_when_there", "wrong_when_there", "wrong_when_absent")
        )
        somebody_wrong = relative | wrong
        takes_right = there & (chance < right)
        takes_wrong = somebody_wrong & np.where(there, (chance >= right) & (chance < right + pick), chance < absent)
        # A relative who is in the list is the one taken, where a wrong person is.
        return np.where(takes_right, RIGHT, np.where(takes_wrong, np.where(relative, RELATIVE, OTHER), NONE))

    def decide(self, policy: CompiledPolicy, people: People, scanned: Scanned | None) -> tuple[Ints, Flags]:
        """(number of the rule that decides, whether a record that the rules look at is wrong)."""
        n = len(people.status)
        signals: dict[str, npt.NDArray[np.str_]] = {}
        for signal in policy.signals:
            if signal.startswith("sources."):
                signals[signal] = self._source(signal.partition(".")[2], people)
        wrong = np.zeros(n, dtype=bool)
        if scanned is not None:
            signals["match"] = np.where(scanned.captured, np.where(scanned.returned == NONE, NO, YES), NOT_CAPTURED)
            returned = scanned.returned
            sought = np.array([status.sought for status in self.form.statuses.values()])[people.status]
            said = self._records(people, returned, sought)
            for signal in policy.records:
                signals[signal] = np.where(returned == NONE, "", said[signal.partition(".")[2]])
                opposite = np.where(sought, "clear", "adverse")
                wrong |= (returned == RIGHT) & (signals[signal] == opposite)
            reviews = self._reviews(returned)
            for signal in policy.signals:
                if signal.startswith("reviews."):
                    signals[signal] = np.where(returned == NONE, "", reviews[signal.partition(".")[2]])
        decided = np.full(n, -1, dtype=np.int64)
        for number, rule in enumerate(policy.rules):
            fits = decided < 0
            for signal, allowed in rule.when.items():
                fits &= np.isin(signals[signal], list(allowed))
            decided[fits] = number
        return decided, wrong

    def _source(self, name: str, people: People) -> npt.NDArray[np.str_]:
        answers, wrong, truth = [], [], []
        for status, form in self.form.statuses.items():
            answers.append(self.values[f"sources.{name}.answers.{status}"])
            wrong.append(self.values[f"sources.{name}.wrong.{status}"])
            truth.append(form.sought)
        adverse = np.array(truth)[people.status] ^ (self._chance(people) < np.array(wrong)[people.status])
        speaks = self._chance(people) < np.array(answers)[people.status]
        return np.where(speaks, np.where(adverse, "adverse", "clear"), "silent")

    def _chance(self, people: People) -> Floats:
        return self.generator.random(len(people.status))

    def _records(self, people: People, returned: Ints, sought: Flags) -> Mapping[str, npt.NDArray[np.str_]]:
        said: dict[str, npt.NDArray[np.str_]] = {}
        for name, records in self.form.records.items():
            of = f"records.{name}"
            wrong = np.array([self.values[f"{of}.wrong.{status}"] for status in self.form.statuses])[people.status]
            stranger = self.values[f"{of}.stranger_adverse"]
            of_kind = [
                stranger if kin.adverse is None else self.values[f"kin.{kind}.adverse"]
                for kind, kin in self.form.kin.items()
            ] or [stranger]
            relative = np.array(of_kind)[np.maximum(people.relative, 0)]
            of_right = np.where(sought, 1 - wrong, wrong)
            chance = np.select([returned == RIGHT, returned == RELATIVE], [of_right, relative], stranger)
            adverse = self._chance(people) < chance
            own = np.where(
                self._chance(people) < self.values[f"{of}.silent"], "silent", np.where(adverse, "adverse", "clear")
            )
            if records.copies is not None:
                repeats = self._chance(people) < self.values[f"{of}.copied"]
                own = np.where(repeats, said[records.copies], own)
            said[name] = own
        return said

    def _reviews(self, returned: Ints) -> Mapping[str, npt.NDArray[np.str_]]:
        said: dict[str, npt.NDArray[np.str_]] = {}
        n = len(returned)
        other_photo = self.generator.random(n) < self.values.get("display.other_photo", 0.0)
        for name, review in self.form.reviews.items():
            of = f"reviews.{name}"
            wrong, right = self.values[f"{of}.accepts_wrong"], self.values[f"{of}.rejects_right"]
            kin = wrong if review.accepts_kin is None else self.values[f"{of}.accepts_kin"]
            accepts = np.select([returned == RIGHT, returned == RELATIVE], [1 - right, kin], wrong)
            if review.other_photo is not None:
                wrong, right = (self.values[f"{of}.other_photo.{key}"] for key in ("accepts_wrong", "rejects_right"))
                accepts = np.where(other_photo, np.where(returned == RIGHT, 1 - right, wrong), accepts)
            own = np.where(self.generator.random(n) < accepts, "same", "different")
            if review.follows is not None:
                told = np.full(n, "same") if review.follows == MACHINE else said[review.follows]
                own = np.where(self.generator.random(n) < self.values[f"{of}.dependence"], told, own)
            said[name] = own
        return said


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What made people came to, under one policy.

    Attributes
    ----------
    people : int
    counts : mapping
        (status, group, state, outcome) to a number of people.
    """

    people: int
    counts: Mapping[tuple[str, str, str, str], int]

    def count(self, **of: str) -> int:
        """People with a status, group, state or outcome."""
        keys = ("status", "group", "state", "outcome")
        return sum(
            number
            for key, number in self.counts.items()
            if all(of.get(name, value) == value for name, value in zip(keys, key, strict=True))
        )


def simulate(scenario: Scenario, values: Draws, policy: str, people: int, seed: int) -> Simulated:
    """Scan so many made people once, under a policy.

    Examples
    --------
    >>> from misid.encounter.scenario import read_scenario
    >>> scenario = read_scenario("street-stop")
    >>> made = simulate(scenario, scenario.space.draw(1, seed=1), "definitive", 1000, seed=1)
    >>> made.count()
    1000
    """
    simulation = Simulation(scenario, values, seed)
    compiled = scenario.policy(policy)
    counts: dict[tuple[str, str, str, str], int] = {}
    for start in range(0, people, BLOCK):
        made = simulation.people(min(BLOCK, people - start))
        scanned = simulation.scan(made, compiled.display) if compiled.scan else None
        rule, wrong = simulation.decide(compiled, made, scanned)
        _count(scenario.form, scenario, compiled, made, scanned, rule, wrong, counts)
    return Simulated(people=people, counts=counts)


STATES = (
    "right", "wrong_record", "stranger", "stranger_kin", "another", "another_kin", "rightly_nobody", "missed",
    "not_captured_enrolled", "not_captured_stranger", "not_scanned",
)  # fmt: skip


def _state(made: People, scanned: Scanned | None, wrong: Flags) -> Ints:
    """Index into `STATES`."""
    if scanned is None:
        return np.full(len(made.status), STATES.index("not_scanned"))
    enrolled, returned = made.enrolled, scanned.returned
    failed = ~scanned.captured
    return np.select(
        [failed & enrolled, failed, (returned == RIGHT) & wrong, returned == RIGHT, (returned == OTHER) & enrolled,
         returned == OTHER, (returned == RELATIVE) & enrolled, returned == RELATIVE, enrolled],
        [STATES.index(name) for name in (
            "not_captured_enrolled", "not_captured_stranger", "wrong_record", "right", "another", "stranger",
            "another_kin", "stranger_kin", "missed")],
        STATES.index("rightly_nobody"),
    )  # fmt: skip


def _count(
    form: ScenarioForm, scenario: Scenario, policy: CompiledPolicy, made: People, scanned: Scanned | None, rule: Ints,
    wrong: Flags, counts: dict[tuple[str, str, str, str], int],
) -> None:  # fmt: skip
    statuses, groups, outcomes = list(form.statuses), list(scenario.groups), list(form.outcomes)
    outcome = np.array([outcomes.index(each.then) for each in policy.rules])[rule]
    shape = len(statuses), len(groups), len(STATES), len(outcomes)
    at = np.ravel_multi_index((made.status, made.group, _state(made, scanned, wrong), outcome), shape)
    for index in np.flatnonzero(number := np.bincount(at, minlength=int(np.prod(shape)))):
        s, g, state, o = (int(each) for each in np.unravel_index(index, shape))
        key = statuses[s], groups[g], STATES[state], outcomes[o]
        counts[key] = counts.get(key, 0) + int(number[index])


def scanned_again(scenario: Scenario, values: Draws, scans: int, people: int, seed: int) -> float:
    """Share of made people who are not in the gallery and matched at least once in so many scans of them."""
    simulation = Simulation(scenario, values, seed)
    matched = strangers = 0
    for start in range(0, people, BLOCK):
        made = simulation.people(min(BLOCK, people - start))
        once = np.zeros(len(made.status), dtype=bool)
        for _ in range(scans):
            once |= simulation.scan(made, "best").returned != NONE
        matched += int((once & ~made.enrolled).sum())
        strangers += int((~made.enrolled).sum())
    return matched / strangers
