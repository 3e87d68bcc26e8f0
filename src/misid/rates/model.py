"""What comes out of a tally: rates, curves, differentials, calibration, in one object."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from misid.ground.rate import ALL, Rate, Status

DEFAULT_TARGETS = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
"""FMR (and FPIR) targets at which thresholds are sought when none are named."""

DEFAULT_RANKS = (1, 5, 10, 20, 50)


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One threshold of a curve: rates of one group with their limits (DET, rates against threshold).

    None where a rate is not defined, not known, or was not asked for.
    """

    probe_group: str
    threshold: float
    fmr: float | None
    fmr_lo: float | None
    fmr_hi: float | None
    fnmr: float | None
    fnmr_lo: float | None
    fnmr_hi: float | None
    fpir: float | None = None
    fpir_lo: float | None = None
    fpir_hi: float | None = None
    fnir: float | None = None
    """At the longest list, at this threshold."""
    fnir_lo: float | None = None
    fnir_hi: float | None = None


@dataclass(frozen=True, kw_only=True)
class HistogramBin:
    """A coarse bin of the score distribution of one group, for drawing."""

    probe_group: str
    mated: bool
    lower: float
    upper: float
    count: int
    density: float
    """Share of the comparisons per unit of score."""


@dataclass(frozen=True, kw_only=True)
class Differential:
    """How unequal a rate is between demographic groups (ISO/IEC 19795-10, NIST).

    `statistic` is one of max/min, max/geomean, gini, fdr, garbe, ratio; `of` the group (ratio: numerator;
    max/...: the group with the largest rate) and `to` the group compared with. `estimate` is corrected for
    the upward bias of a maximum of noisy rates, `plain` is not. `adjusted_p` is Holm's over the ratios of a
    measure at a threshold; None where there is no test.
    """

    measure: str
    attribute: str
    statistic: str
    of: str | None
    to: str | None
    threshold: float | None
    estimate: float | None
    plain: float | None
    lo: float | None
    hi: float | None
    level: float
    method: str
    adjusted_p: float | None = None
    status: Status = "ok"
    warnings: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        from misid.ground.show import facts_html

        facts = {key: value for key, value in asdict(self).items() if value not in (None, "", ())}
        return facts_html(f"{self.statistic} of {self.measure.upper()} by {self.attribute}", facts)


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """A step of the score-to-log10(LR) map with what Tippett and ECE plots need."""

    lower: float
    upper: float
    mated: int
    nonmated: int
    log10_lr_pav: float | None
    """None where the likelihood ratio is 0 or infinite on these data: see `bound`."""
    log10_lr_logistic: float | None
    """None where mated and non-mated scores do not overlap."""
    bound: Literal["", "0", "inf"] = ""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Likelihood ratios of scores: log10, natural in Cllr (bits)."""

    status: Status
    cllr: float | None
    cllr_min: float | None
    cllr_logistic: float | None
    slope: float | None
    intercept: float | None
    bins: tuple[CalibrationBin, ...] = ()
    tippett: tuple[tuple[float, float, float], ...] = ()
    """(log10 LR, share of mated at or above, share of non-mated at or above), logistic."""
    ece: tuple[tuple[float, float, float, float], ...] = ()
    """(log10 prior odds, ECE logistic, ECE after PAV, ECE of no evidence), bits."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class Rates:
    """All rates of one tally.

    `records` has one entry a rate asked for. `curves`, `distributions`, `cmc`, `differentials` and
    `calibration` are what the report draws.
    """

    records: tuple[Rate, ...]
    curves: tuple[CurvePoint, ...] = ()
    distributions: tuple[HistogramBin, ...] = ()
    cmc: tuple[Rate, ...] = ()
    differentials: tuple[Differential, ...] = ()
    calibration: Calibration | None = None
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "records": [r.to_dict() for r in self.records],
            "cmc": [r.to_dict() for r in self.cmc],
            "curves": [asdict(p) for p in self.curves],
            "distributions": [asdict(b) for b in self.distributions],
            "differentials": [asdict(d) for d in self.differentials],
            "calibration": None if self.calibration is None else asdict(self.calibration),
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        from misid.ground.text import rate_text

        shown = [r for r in self.records if r.probe_group == ALL and r.reference_group == ALL][:_SHOWN]
        lines = [f"  {_point(rate)}: {rate_text(rate)}" for rate in shown]
        more = len(self.records) - len(shown)
        return "\n".join(["Rates", *lines, *([f"  and {more:,} more in .records"] if more else [])])

    def _repr_html_(self) -> str:
        from misid.ground.show import block, rates_html

        return block("Rates", rates_html(self.records))


_SHOWN = 20


def _point(rate: Rate) -> str:
    """A measure and where it was taken, on one line."""
    at = [
        f"threshold {rate.threshold:g}" if rate.threshold is not None else "",
        f"target {rate.target:g}" if rate.target is not None else "",
        f"rank {rate.rank}" if rate.rank is not None else "",
    ]
    return ", ".join([rate.measure.upper(), *(a for a in at if a)])
