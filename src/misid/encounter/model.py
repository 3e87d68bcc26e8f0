"""What `assess` gives: one object from which every page, table and file is made.

Everything counted in people is per `per` scans (100,000). Every number is an `Estimate`: it has limits, or says why
not. `Estimate.value` is the median of the draws; `lo` and `hi` hold `level` of them: *what is not known*. `chance_lo`
and `chance_hi` are limits of the whole number that would be counted in one run of `per` scans: what is not known *and
chance*. Where every parameter is fixed, `lo == value == hi` and only chance is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

PER = 100_000
"""Scans to which every number of people refers."""

FORMAT = "misid-assessment-1"

Unit = Literal["people", "hours", "images", "probability", "ratio"]

Solidity = Literal["measured", "proxy", "reported", "assumption"]
"""How solid an input is. measured: the source measured this, or is the record of it. proxy: a source bears on it, and
the rest is assumed. reported: somebody says so (press, secondary). assumption: nobody measured it."""

SOLIDITY: dict[Solidity, str] = {
    "measured": "a source measured it or is the record of it",
    "reported": "somebody says so, and the record itself was not seen",
    "proxy": "a source bears on it, and the rest is assumed",
    "assumption": "nobody measured it",
}

ANSWERS: dict[str, str] = {
    "right": "the right person is returned, and the record is right",
    "wrong_record": "the right person is returned, and the record is wrong",
    "stranger": "somebody who is not in the gallery is taken for somebody else",
    "another": "somebody who is in the gallery is taken for somebody else",
    "rightly_nobody": "somebody who is not in the gallery, and nobody is returned",
    "missed": "somebody who is in the gallery, and nobody is returned",
    "not_captured": "no photograph that can be searched",
    "not_scanned": "the policy scans nobody",
}
"""Everything that a scan can answer. Each scan has exactly one."""

WAYS: dict[str, str] = {
    "stranger": "a stranger matched",
    "another": "somebody enrolled matched to somebody else",
    "wrong_record": "the right person with a wrong record",
    "wrong_use": "a right answer about somebody who need not have been scanned",
}
"""The four ways of being wrong, kept apart everywhere. `wrong_use` are the answers ``right`` and ``rightly_nobody``
about people who are not sought."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One number with its limits.

    Attributes
    ----------
    value : float or None
        Median of the draws. None: not defined (`reason` says why); never 0 for that.
    lo, hi : float or None
        Limits over what is not known.
    chance_lo, chance_hi : float or None
        Limits of the count in one run of `PER` scans, chance included; None for what is no count.
    mean, middle : float or None
        Mean of the draws; value with every parameter at its median.
    level : float
    unit : str
        ``people``, ``hours``, ``images`` per `PER` scans; ``probability`` in [0, 1]; ``ratio``.
    reason : str
        Why there is no value.
    """

    value: float | None
    lo: float | None
    hi: float | None
    chance_lo: float | None = None
    chance_hi: float | None = None
    mean: float | None = None
    middle: float | None = None
    level: float = 0.95
    unit: Unit = "people"
    reason: str = ""

    def __post_init__(self) -> None:
        if self.value is None and not self.reason:
            raise ValueError("no value, and no reason for that")
        if self.value is not None and (self.lo is None or self.hi is None):
            raise ValueError("a value without its limits")


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way of being wrong: how often it happens, and how many people are wrongly held through it."""

    name: str
    title: str
    happens: Estimate
    wrongly_held: Estimate


@dataclass(frozen=True, kw_only=True)
class Share:
    """People with one answer, or one outcome."""

    name: str
    title: str
    people: Estimate


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What follows for a slice of the people scanned, under one policy.

    Attributes
    ----------
    group, status : str or None
        None: everybody. Names of the scenario.
    title : str
    scanned : Estimate
        People of the slice, of `PER` stopped; 0 of them are searched under a policy that scans nobody.
    per_scanned : mapping
        The same measures as probabilities for one person of the slice: keys of this class that are people.
    matched : Estimate
        Somebody was returned and taken for the person.
    ways : tuple of Way
        The four, in the order of `WAYS`.
    wrongly_held : Estimate
        Held, and not sought (`falls_on` scanned); or held as somebody else (`falls_on` returned).
    held_without_match : Estimate
        Of `wrongly_held`, those for whom nothing was returned: missed, not captured, not scanned.
    found, found_by_error, not_found : Estimate
        Sought and held; of these under a wrong name or record; sought and let go.
    hours_wrongly_held, hours_of_others : Estimate
        Hours of people wrongly held; hours of people not sought who were not held.
    images_kept : Estimate
        Photographs kept, per `PER`.
    right_given_match, right_record_given_match : Estimate
        Probability that the person returned is the person scanned; and that the record is right too.
    answers, outcomes : tuple of Share
        People by answer (`ANSWERS`); people by outcome of the scenario.
    """

    group: str | None = None
    status: str | None = None
    title: str
    scanned: Estimate
    matched: Estimate
    ways: tuple[Way, ...]
    wrongly_held: Estimate
    held_without_match: Estimate
    found: Estimate
    found_by_error: Estimate
    not_found: Estimate
    hours_wrongly_held: Estimate
    hours_of_others: Estimate
    images_kept: Estimate
    image_years: Estimate | None = None
    """Photographs kept, times the years for which each is; None where the scenario does not say how long."""
    right_given_match: Estimate
    right_record_given_match: Estimate
    answers: tuple[Share, ...]
    outcomes: tuple[Share, ...]
    per_scanned: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PolicyResult:
    """One policy: what it says and what follows from it."""

    name: str
    title: str
    about: str
    rules: tuple[str, ...]
    scans: bool
    display: str
    sources: tuple[str, ...]
    assumption: str
    everybody: Outcomes
    by_group: tuple[Outcomes, ...]
    by_status: tuple[Outcomes, ...]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Two policies on the same draws: `policy` minus `than`."""

    policy: str
    than: str
    measure: str
    title: str
    difference: Estimate
    ratio: Estimate
    fewer: float
    """Share of the draws in which `policy` has fewer."""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A branch of the event tree with its number of people.

    Attributes
    ----------
    stage : str
        ``everybody``, ``status``, ``enrolled``, ``capture``, ``search``, ``record``, ``outcome``.
    name, title : str
        Of the branch: ``citizen``, ``citizens``.
    people : Estimate
        Per `PER` scans. Children add up to their parent in every draw.
    of_parent : float or None
        Mean share of the parent; None where the parent is empty.
    wrong : bool
        One of the four ways of being wrong, or somebody wrongly held.
    children : tuple of Branch
    """

    stage: str
    name: str
    title: str
    people: Estimate
    of_parent: float | None = None
    wrong: bool = False
    children: tuple[Branch, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Branch]]:
        """(depth, branch) of this branch and all below it, from the top."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


@dataclass(frozen=True, kw_only=True)
class Tree:
    """The event tree of one policy."""

    policy: str
    root: Branch


@dataclass(frozen=True, kw_only=True)
class Search:
    """What a search of the gallery does, by group and quality of the photograph (None: over all)."""

    group: str | None
    quality: str | None
    title: str
    fpir: Estimate
    fnir: Estimate
    mate_first: Estimate
    another_first: Estimate


@dataclass(frozen=True, kw_only=True)
class Projection:
    """FPIR at one gallery: the fan that a figure shows. Everybody, without kin, photographs as they are."""

    gallery: float
    fpir: Estimate
    growth: float | None = None
    """The exponent, where it is held at one value; None: drawn as the scenario says."""


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """The same people scanned several times."""

    scans: int
    title: str
    policy: str
    stranger_matched: Estimate
    """People (of `PER` who are not in the gallery) matched at least once in so many scans."""
    if_independent: Estimate
    """What it would be if errors did not fall on the same people again."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """One parameter, as stated and as used."""

    path: str
    title: str
    unit: str
    shape: str
    said: str
    middle: float
    lo: float
    hi: float
    sources: tuple[str, ...]
    assumption: str
    note: str
    solidity: Solidity
    set_by: str = ""
    """"command line" where it was set there, else the name of the file that states it."""


Verdict = Literal["supported", "contradicted", "not decidable"]


@dataclass(frozen=True, kw_only=True)
class ClaimPart:
    """A claim for one slice."""

    of: str
    title: str
    estimate: Estimate
    share_true: float
    """Share of the draws in which it holds."""
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence with a test on outcomes, and what is known of it."""

    name: str
    says: str
    test: str
    policy: str
    verdict: Verdict
    parts: tuple[ClaimPart, ...]
    decided_by: tuple[str, ...]
    """Paths of the inputs that would decide it, the strongest first."""
    sources: tuple[str, ...] = ()
    assumption: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Driver:
    """How much of the spread of a measure one input (or correlated inputs) explains."""

    paths: tuple[str, ...]
    title: str
    first: float
    first_lo: float
    first_hi: float
    total: float | None
    total_lo: float | None
    total_hi: float | None
    at_lo: float
    at_hi: float
    """The measure's median with this input near its lowest and near its highest value: the ends of a tornado's bar."""
    solidity: Solidity
    end: str = ""
    """The path that `at_lo` and `at_hi` are about, `lo` and `hi` its two values."""
    lo: float = 0.0
    hi: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """Which input moves a measure most, the strongest first."""

    measure: str
    policy: str
    of: str
    title: str
    unit: Unit
    middle: float | None
    method: str
    drivers: tuple[Driver, ...]
    warnings: tuple[str, ...] = ()
    interactions: float | None = None
    """Share of the variance that no input has alone."""
    reason: str = ""
    """Why there are no drivers."""


@dataclass(frozen=True, kw_only=True)
class BreakPoint:
    """The value of one input at which a measure reaches the wanted one, the others where they are."""

    path: str
    title: str
    value: float | None
    side: str
    """``below`` or ``above``: on which side of the value the wanted holds; ``within``, ``outside`` the `values`;
    ``always``, ``never``; ``undefined``: the measure has no value."""
    solidity: Solidity
    said: str
    values: tuple[float, ...] = ()
    in_range: bool = False
    """One of the values lies within the scenario's range."""
    best: float | None = None
    at_best: float | None = None
    """Of the values tried, the one that helps most, and the measure there."""


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """What would have to be true for a measure to be below (above) a value."""

    name: str
    asks: str
    measure: str
    policy: str
    of: str
    wanted: str
    share_true: float
    points: tuple[BreakPoint, ...]
    together: str = ""
    """What has to be true of several inputs at once, where no single one suffices."""


@dataclass(frozen=True, kw_only=True)
class Used:
    """A fact of the evidence library that the scenario names, as plain data (`Fact.to_dict`)."""

    id: str
    fact: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """All that is needed to compute it again."""

    misid: str
    python: str
    numpy: str
    scipy: str
    files: tuple[tuple[str, str], ...]
    """(name without path, sha256) of the scenario and of the scenarios it extends, the base last."""
    settings: tuple[str, ...]
    """``path=value`` as set on the command line."""
    scenario: Mapping[str, Any]
    """The scenario as used, whole: it can be written as a file and assessed again."""
    tally: tuple[tuple[str, str], ...]
    draws: int
    seed: int
    sampler: str
    level: float


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A scenario's answer.

    Attributes
    ----------
    policies : tuple of PolicyResult
        The lead policy first, then as the scenario orders them.
    differences : tuple of Difference
        Every other policy against the lead, for people wrongly held and people found.
    trees : tuple of Tree
        One a policy, in the same order.
    """

    format: str = FORMAT
    name: str
    title: str
    about: str
    population: str
    falls_on: str
    per: int = PER
    scans: Estimate
    measured: tuple[str, ...]
    not_measured: tuple[str, ...]
    caveats: tuple[str, ...]
    statuses: Mapping[str, str]
    sought: tuple[str, ...]
    groups: Mapping[str, str]
    lead: str
    policies: tuple[PolicyResult, ...]
    differences: tuple[Difference, ...]
    trees: tuple[Tree, ...]
    search: tuple[Search, ...]
    projection: tuple[Projection, ...]
    repeated: tuple[Repeated, ...]
    claims: tuple[Claim, ...]
    sensitivity: tuple[Sensitivity, ...]
    break_even: tuple[BreakEven, ...]
    inputs: tuple[Input, ...]
    facts: tuple[Used, ...]
    conflicts: tuple[Mapping[str, Any], ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    provenance: Provenance

    def policy(self, name: str) -> PolicyResult:
        """The result of a policy; KeyError where the scenario has none of the name."""
        return {result.name: result for result in self.policies}[name]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the attributes: what JSON holds."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
