"""The search model: what every maker answers, and the shape of an answer.

Rules for the words of an answer, which are part of the product:

- `asked` is the question in one clause, with its numbers: ``FPIR of a search of 200,000,000 references``.
- `reason` says why there is no estimate, from what was there: ``this test had 500 people``; never "insufficient data".
- `needed` says what would suffice, in things somebody could do: ``a test of at least 3,000 people``.
- Each is plain text without a full stop at its end, so that a page can put them together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, runtime_checkable

Status = Literal["ok", "bound", "refused"]

DRAWS = 1000
"""Of the parameters of a projection: one number for every command, so that equal questions get equal answers."""

Limits = Literal["confidence", "prediction", "assumptions"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a search model says when asked: never a bare number.

    Attributes
    ----------
    asked : str
        The question in words.
    measure : str
        ``fpir``, ``fnir``, ``wrong_candidates``, ``repeated``, ``share_of_errors``, ``threshold``, ``gallery``,
        ``people``, ``searches``.
    gallery : int or None
        N: references in the gallery.
    threshold, target, rank, scans, group
        What else was asked; None where it was not (group None: everybody).
    estimate, lo, hi : float or None
        The rate in [0, 1] (or number), and its two-sided limits. The estimate is None where nothing
        prefers one value between the limits.
    level : float or None
        Nominal coverage of the limits; None where they are a range over assumptions.
    limits : str
        What the limits are. ``confidence``: of the rate asked for. ``prediction``: of the rate at the next
        site. ``assumptions``: the ends of what the stated assumptions allow, not a confidence interval.
    bound : float or None
        One-sided upper limit at `level`.
    method : str
        How it was got.
    status : str
        ``ok``: limits, and an estimate where there is one. ``bound``: only one side is known: `bound` from above,
        or `lo` from below. ``refused``: no answer; `reason` and `needed` say why and what would suffice, and
        `bound` is the bound that can be given, if any.
    reason, needed : str
        Always said where there is no estimate.
    assumptions, warnings : tuple of str
        Said wherever the answer is shown.
    """

    asked: str
    measure: str
    gallery: int | None = None
    threshold: float | None = None
    target: float | None = None
    rank: int | None = None
    scans: int | None = None
    group: str | None = None
    estimate: float | None = None
    lo: float | None = None
    hi: float | None = None
    level: float | None = 0.95
    limits: Limits = "confidence"
    bound: float | None = None
    method: str = ""
    status: Status = "ok"
    reason: str = ""
    needed: str = ""
    assumptions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.asked or not self.measure:
            raise ValueError("an answer says what was asked")
        if self.estimate is None and not self.reason:
            raise ValueError(f"{self.asked}: no estimate, and no reason for that")
        if self.status == "ok" and (self.lo is None or self.hi is None):
            raise ValueError(f"{self.asked}: an estimate without its limits")
        if self.status == "bound" and self.bound is None and self.lo is None:
            raise ValueError(f"{self.asked}: a bound without its value")
        if self.status == "refused" and (self.estimate is not None or not self.needed):
            raise ValueError(f"{self.asked}: a refusal gives no estimate, and says what would suffice")
        ends = [end for end in (self.lo, self.estimate, self.hi) if end is not None]
        if ends != sorted(ends):
            raise ValueError(f"{self.asked}: limits {self.lo} and {self.hi} do not hold {self.estimate}")

    def to_dict(self) -> dict[str, Any]:
        """A plain record, in the order of the attributes, for JSON and CSV."""
        return {**asdict(self), "assumptions": list(self.assumptions), "warnings": list(self.warnings)}


class SearchModel(Protocol):
    """How often a search of a gallery of N references returns a wrong person, and misses the right one."""

    def fpir(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """FPIR(N, t) of searches by people (of a group) who are not in the gallery.

        `threshold` None: the one operating point that the model was made at.
        """
        ...

    def fnir(
        self, gallery: int, rank: int | None = None, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        """FNIR(N, R, t) of searches by people (of a group) in it; `rank` None: any rank at or above the threshold."""
        ...


@runtime_checkable
class KnowsThresholds(Protocol):
    """A search model that can be asked at other thresholds than one."""

    @property
    def thresholds(self) -> tuple[float, float]:
        """From the most to the least candidates: FPIR does not rise from the first to the second."""
        ...


@runtime_checkable
class KnowsCandidates(Protocol):
    """A search model that knows how many wrong candidates come together."""

    def wrong_candidates(self, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """Expected non-mated candidates at or above the threshold per search."""
        ...


@runtime_checkable
class KnowsRepeats(Protocol):
    """A search model that knows how far scans of one person share their fate."""

    def repeated(self, scans: int, gallery: int, threshold: float | None = None, *, group: str | None = None) -> Answer:
        """P(at least one false match in so many scans of one person who is not in the gallery)."""
        ...


@runtime_checkable
class KnowsUnequal(Protocol):
    """A search model that knows how much people differ in being mistaken for others."""

    def unequal(
        self, share: float, gallery: int, threshold: float | None = None, *, group: str | None = None
    ) -> Answer:
        """The share of all false positives that falls on the unluckiest `share` of people."""
        ...


@runtime_checkable
class KnowsKin(Protocol):
    """A search model to which relatives were added."""

    def without_kin(self) -> SearchModel | None:
        """The same of strangers alone, where relatives make the answer a range over assumptions; else None."""
        ...
