"""What a case comes out as. Every number that a report shows is here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

RESULT_FORMAT = "misid-case-result-1"


@dataclass(frozen=True, kw_only=True)
class Range:
    """From the lowest to the highest that the stated ranges allow; an estimate only where every range prefers a value.

    `level` is that of the part that comes from counts; None where all ends are assumptions.
    """

    lo: float
    hi: float
    estimate: float | None = None
    level: float | None = None


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A likelihood ratio: how many times as probable what was seen is under `first` as under `second`.

    Attributes
    ----------
    lr : Range
    first, second : str
        The two statements.
    method : str
    words : tuple of (str, str)
        ENFSI's words for its ends, each with the statement it favours.
    """

    lr: Range
    first: str
    second: str
    method: str
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class AtPrior:
    """What follows at one prior. Probabilities that exclude each other add up to 1 in every single case."""

    prior: float
    right: Range
    """The person named is the person scanned; where nobody was named, 0."""
    other: Range
    """Another of the people returned is."""
    enrolled: Range
    neither: Range
    """Nobody returned is the person scanned."""
    record: Range | None = None
    """The person named is the person scanned, and the record is right."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the answer would be if one thing were otherwise: `kind` is ``range``, ``if`` or ``prior``."""

    kind: Literal["range", "if"]
    title: str
    lr: Range
    probability: Range
    path: str = ""
    value: float | None = None


@dataclass(frozen=True, kw_only=True)
class Fallacy:
    """A mistake that this case invites, and why it is one: `short` in a sentence, `why` with the numbers."""

    id: str
    name: str
    claim: str
    short: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Given:
    """A number that went in."""

    path: str
    title: str
    said: str
    lo: float
    hi: float
    best: float | None
    basis: Literal["document", "source", "assumption", "model"]
    source: tuple[str, ...]
    document: str
    assumption: str
    note: str
    default: bool


@dataclass(frozen=True, kw_only=True)
class Bound:
    """No likelihood ratio of the search is stated beyond these."""

    lowest: float
    highest: float
    reason: str
    reached: bool


@dataclass(frozen=True, kw_only=True)
class CaseResult:
    """What one answer of one search is worth.

    Attributes
    ----------
    format, misid : str
        Of this record, and the version that made it.
    case : dict
        The case file as it was read.
    kind : str
        ``match``, ``no match`` or ``chosen from a list``.
    answers : tuple of str
        Of all scans: "named", "no match", "another person" (numbered where they are several).
    gallery : Range
        N.
    fpir, missed : Range
        How often a search of this gallery returns a wrong person for somebody who is not in it; how often the mate of
        somebody who is in it does not reach the threshold.
    search : Ratio
        Of the answers of the machine alone.
    enrolled : Ratio
        The same for being in the gallery at all.
    whole : Ratio or None
        With the review and the other evidence; None where there is neither.
    priors : tuple of AtPrior
        From the lowest to the highest prior of the case.
    probability : Range
        That the person named is the person scanned (no match: that the person is in the gallery), over all priors.
    suspicion : Ratio or None
        No match: for the status that it is said to show.
    bound : Bound or None
        None where somebody chose from a list: the choice is worth what the reviewer's test says, not the engine's.
    changes : tuple of Change
    fallacies : tuple of Fallacy
    inputs : tuple of Given
    assumptions, warnings : tuple of str
    files : dict
        SHA-256 of the files read.
    seed : int
    """

    format: str
    misid: str
    case: dict[str, Any]
    kind: Literal["match", "no match", "chosen from a list"]
    answers: tuple[str, ...]
    gallery: Range
    fpir: Range
    missed: Range
    search: Ratio
    enrolled: Ratio
    whole: Ratio | None
    priors: tuple[AtPrior, ...]
    probability: Range
    suspicion: Ratio | None
    bound: Bound | None
    changes: tuple[Change, ...]
    fallacies: tuple[Fallacy, ...]
    inputs: tuple[Given, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    files: dict[str, str]
    seed: int
    attached: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    """The files themselves, for the bundle; no part of the record."""

    @property
    def title(self) -> str:
        return str(self.case["title"])

    def to_dict(self) -> dict[str, Any]:
        """Plain data, in the order of the attributes."""
        record = asdict(replace(self, attached={}))
        del record["attached"]
        return record

    def __repr__(self) -> str:
        p = self.probability
        return f"<CaseResult {self.title!r}: {self.kind}, probability {p.lo:.3g} to {p.hi:.3g}>"

    def _repr_html_(self) -> str:
        from misid.cases.words import lines_of
        from misid.ground.show import facts_html

        return facts_html(self.title, dict(lines_of(self)))
