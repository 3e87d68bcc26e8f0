"""The one shape in which every rate travels: an estimate never goes without its limits or a reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["ok", "bound", "undefined", "censored", "refused"]

ALL = "all"
"""The label of the margin over all groups."""

MISSING = "(missing)"
"""The label of people whose group is not known: a row of their own, never dropped."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """An error rate with its two-sided limits and all that is needed to read it.

    Attributes
    ----------
    measure : str
        What it is, in ISO/IEC 19795-1 words: ``fmr``, ``fnmr``, ``fpir``, ``fnir``, ...
    probe_group, reference_group : str
        Group labels; ``"all"`` is the margin over every group.
    threshold : float or None
        On the scale of the input (a declared distance is turned back).
    target : float or None
        The rate that was asked for, where the threshold was chosen to reach it.
    rank, gallery : int or None
        Candidate-list rank R and number of enrolled references N, for rates per search.
    estimate, lo, hi : float or None
        Proportion in [0, 1] (selectivity: expected number, >= 0). ``None`` is "not defined" or
        "not known"; it is never written as 0.
    level : float
        Nominal coverage of ``[lo, hi]``.
    method : str
        How the limits were got.
    errors, trials, people : int or None
        Errors among trials (comparisons or searches), and the people behind the trials.
    effective_people : float or None
        People that independent comparisons would have needed for limits as wide as these.
    status : str
        ``ok``: estimate and limits. ``bound``: no errors seen, or too few people; only the limits mean
        something. ``undefined``: no trials. ``censored``: the candidate lists end too early to know.
        ``refused``: the data cannot carry an answer; ``warnings`` say what would.
    warnings : tuple of str
        Said wherever the rate is shown.
    """

    measure: str
    probe_group: str = ALL
    reference_group: str = ALL
    threshold: float | None = None
    target: float | None = None
    rank: int | None = None
    gallery: int | None = None
    estimate: float | None = None
    lo: float | None = None
    hi: float | None = None
    level: float = 0.95
    method: str = ""
    errors: int | None = None
    trials: int | None = None
    people: int | None = None
    effective_people: float | None = None
    status: Status = "ok"
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A plain record, in the order of the attributes, for JSON and CSV."""
        record = asdict(self)
        record["warnings"] = list(self.warnings)
        return record

    def _repr_html_(self) -> str:
        from misid.ground.show import rates_html

        return rates_html([self])


class ComparisonRate(Rate):
    """A rate per comparison (FMR, FNMR, EER): cannot stand where a rate per search is wanted."""


class SearchRate(Rate):
    """A rate per search (FPIR, FNIR, selectivity): cannot stand where a rate per comparison is wanted."""


class SampleRate(Rate):
    """A rate per sample presented (FTA, FTE)."""
