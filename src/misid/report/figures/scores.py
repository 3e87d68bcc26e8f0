"""How the scores lie: distributions, the CMC, and what a score is worth as a likelihood ratio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import altair as alt

from misid.ground.numbers import count, percent
from misid.ground.rate import ALL, Rate
from misid.ground.text import RECORD_KEYS, record
from misid.rates.model import Calibration, CalibrationBin, HistogramBin, Rates
from misid.report.figures.base import (
    Figure,
    Row,
    data,
    decades,
    finished,
    line_legend,
    log_domain,
    methods_text,
    series_scales,
    sized,
    threshold_rule,
)
from misid.report.palette import BLUE, MATED, NONMATED, QUIET, SERIES

KINDS = ("non-mated", "mated")
BIN_COLUMNS = tuple(field for field in HistogramBin.__dataclass_fields__)
CALIBRATION_COLUMNS = tuple(field for field in CalibrationBin.__dataclass_fields__)


def distributions(rates: Rates, threshold: float | None) -> tuple[Figure, Figure]:
    """Score distributions on a linear axis (where the scores lie) and a logarithmic one (where the errors are)."""
    bins = [b for b in rates.distributions if b.probe_group == ALL]
    rows = [asdict(b) for b in bins]
    counts = {mated: sum(b.count for b in bins if b.mated is mated) for mated in (False, True)}
    sizes = f"{count(counts[False])} non-mated and {count(counts[True])} mated comparisons"
    words = _where_they_lie(bins)
    hole = "no distribution of scores is in the rates"
    shared: dict[str, Any] = {"columns": BIN_COLUMNS, "rows": rows, "hole": hole}
    return (
        finished(
            _distribution_chart(bins, threshold, log=False) if bins else None,
            name="distributions", title="Where the scores lie", description=words,
            caption=f"Share of {sizes} per unit of score, each kind adding up to 1. Very narrow bins are "
            "joined. Counts, no limits.", **shared,
        ),
        finished(
            _distribution_chart(bins, threshold, log=True) if bins else None,
            name="tails", title="The tails, where the errors are made", description=words,
            caption="The same on a logarithmic axis: non-mated comparisons right of the threshold are false matches, "
            "mated ones left of it false non-matches. Each step down is ten times rarer.", **shared,
        ),
    )  # fmt: skip


def _where_they_lie(bins: Sequence[HistogramBin]) -> str:
    parts = []
    for mated, kind in ((False, "Non-mated"), (True, "Mated")):
        kept = [b for b in bins if b.mated is mated and b.count]
        if kept:
            peak = max(kept, key=lambda b: b.density)
            parts.append(
                f"{kind} scores lie between {kept[0].lower:.4g} and {kept[-1].upper:.4g}, "
                f"most often near {peak.lower:.4g}."
            )
    return " ".join(parts) or "No scores."


def _distribution_chart(bins: Sequence[HistogramBin], threshold: float | None, *, log: bool) -> alt.TopLevelMixin:
    rows: list[Row] = []
    for mated, kind in zip((False, True), KINDS, strict=True):
        rows += _steps(_widened([b for b in bins if b.mated is mated and math.isfinite(b.lower)]), kind, log=log)
    colour, dash, _ = series_scales(KINDS, (NONMATED, MATED))
    title = "share of comparisons per unit of score"
    x = alt.X("score:Q", title="score", scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(grid=False))
    y = alt.Y("share:Q", title=title, axis=alt.Axis(tickCount=5))
    if log:
        domain = log_domain([r["share"] for r in rows if r["share"]])
        axis = alt.Axis(values=decades(domain), labelExpr="format(datum.value, '.6~f')")
        y = alt.Y("share:Q", title=title, scale=alt.Scale(type="log", domain=list(domain), nice=False), axis=axis)
    legend = line_legend(2)
    lines = (
        alt.Chart(data(rows))
        .mark_line(interpolate="step-after", strokeWidth=1.6)
        .encode(
            x=x,
            y=y,
            color=alt.Color("kind:N", scale=colour, legend=legend),
            strokeDash=alt.StrokeDash("kind:N", scale=dash, legend=legend),
        )
    )
    layers: list[alt.Chart] = [lines]
    if not log:
        for kind, style in zip(KINDS, (NONMATED, MATED), strict=True):
            mine = alt.Chart(data(r for r in rows if r["kind"] == kind))
            fill = mine.mark_area(interpolate="step-after", opacity=0.14, color=style.ink.light)
            layers.insert(0, fill.encode(x=x, y=y))
    return sized(alt.layer(*layers, *threshold_rule(threshold)))


def _widened(bins: Sequence[HistogramBin]) -> list[HistogramBin]:
    """Bins less than half as wide as most, joined with their neighbours: a sliver with one score would tower."""
    ordered = sorted(bins, key=lambda b: b.lower)
    if not ordered:
        return []
    enough = 0.5 * sorted(b.upper - b.lower for b in ordered)[len(ordered) // 2]
    joined: list[HistogramBin] = []
    for b in ordered:
        before = joined[-1] if joined else None
        narrow = before is not None and min(b.upper - b.lower, before.upper - before.lower) < enough
        if before is None or not narrow or before.upper != b.lower:
            joined.append(b)
            continue
        share = before.density * (before.upper - before.lower) + b.density * (b.upper - b.lower)
        joined[-1] = replace(
            before, upper=b.upper, count=before.count + b.count, density=share / (b.upper - before.lower)
        )
    return joined


def _steps(bins: Sequence[HistogramBin], kind: str, *, log: bool) -> list[Row]:
    """Corners of a histogram's outline; nothing is drawn through an empty bin on a logarithmic axis."""
    ordered = sorted(bins, key=lambda b: b.lower)
    filled = [i for i, b in enumerate(ordered) if b.count]
    ordered = ordered[filled[0] : filled[-1] + 1] if filled else []
    rows: list[Row] = []
    for before, b in zip([None, *ordered], ordered, strict=False):
        nothing = None if log else 0.0
        if before is None or before.upper != b.lower:
            start = b.lower if before is None else before.upper
            rows.append({"score": start, "share": nothing, "kind": kind})
        rows.append({"score": b.lower, "share": b.density or nothing, "kind": kind})
    if ordered and math.isfinite(ordered[-1].upper):
        last = ordered[-1]
        rows.append({"score": last.upper, "share": (last.density or None) if log else last.density, "kind": kind})
        if not log:
            rows.append({"score": last.upper, "share": 0.0, "kind": kind})
    return rows


def cmc(rates: Rates) -> Figure:
    """How often the mate is not among the first R candidates, whatever its score."""
    points = [r for r in rates.cmc if r.probe_group == ALL and r.rank is not None]
    known = [r for r in points if r.estimate is not None and r.status in ("ok", "bound")]
    chart = _cmc_chart(known) if known else None
    people = max((r.people or 0 for r in known), default=0)
    method = methods_text(known)
    level = percent(known[0].level) if known else ""
    return finished(
        chart,
        name="cmc",
        title="Right person not among the first R (CMC)",
        description="Share of mated searches whose mate is not among the first R candidates: "
        + ", ".join(f"rank {r.rank}: {missed(r)[0]:.2g}" for r in known)
        if known
        else "Nothing to draw.",
        caption="No threshold: the whole list counts. "
        f"Band: {level} limits at each rank on its own ({method}, {count(people)} people)."
        if known
        else "",
        columns=RECORD_KEYS,
        rows=[{**record(r), "warnings": "; ".join(r.warnings)} for r in points],
        hole="no mated search has a ranked list",
    )  # fmt: skip


def missed(rate: Rate) -> tuple[float | None, float | None, float | None]:
    """Estimate and limits as a share of misses, also where the rate is given as a share of hits."""
    values = rate.estimate, rate.lo, rate.hi
    if rate.measure == "fnir":
        return values
    turned = [None if v is None else 1 - v for v in values]
    return turned[0], turned[2], turned[1]


def _cmc_chart(points: Sequence[Rate]) -> alt.TopLevelMixin:
    rows: list[Row] = [dict(zip(("miss", "lo", "hi"), missed(r), strict=True)) | {"rank": r.rank} for r in points]
    top = max(r["hi"] or r["miss"] or 0 for r in rows)
    ranks = [r["rank"] for r in rows]
    x = alt.X(
        "rank:Q", title="rank R",
        scale=alt.Scale(type="log", domain=[min(ranks) * 0.9, max(max(ranks), 2) * 1.1], nice=False),
        axis=alt.Axis(values=[r for r in ranks if r in (1, 2, 5, 10, 20, 50, 100)], format="d", grid=False),
    )  # fmt: skip
    axis = alt.Axis(labelExpr="format(100 * datum.value, ',.3~g') + ' in 100'", tickCount=5)
    y = alt.Y("miss:Q", title="mated searches that miss", scale=alt.Scale(domain=[0, top * 1.05 or 1]), axis=axis)
    base = alt.Chart(data(rows))
    return sized(
        alt.layer(
            base.mark_area(interpolate="step-after", color=BLUE.light, opacity=0.18).encode(
                x=x, y=alt.Y("lo:Q"), y2="hi:Q"
            ),
            base.mark_line(interpolate="step-after", color=BLUE.light, strokeWidth=1.6).encode(x=x, y=y),
            base.mark_point(filled=True, size=26, color=BLUE.light, opacity=1).encode(x=x, y=y),
        )
    )


def likelihood_ratios(calibration: Calibration) -> Figure:
    """Score to log10 LR: the PAV steps and the logistic line."""
    bins = calibration.bins
    finite = [b for b in bins if math.isfinite(b.lower) and math.isfinite(b.upper)]
    names = ("PAV (steps)", "logistic")
    rows: list[Row] = []
    for b in finite:
        rows += [{"score": s, "lr": b.log10_lr_pav, "how": names[0], "part": b.lower} for s in (b.lower, b.upper)]
        rows.append({"score": (b.lower + b.upper) / 2, "lr": b.log10_lr_logistic, "how": names[1], "part": 0.0})
    drawn = [r for r in rows if r["lr"] is not None]
    chart = None
    if drawn:
        colour, dash, _ = series_scales(names, (SERIES[1], SERIES[0]))
        steps = [r for r in drawn if r["how"] == names[0]]
        lowest = min((r["lr"] for r in steps), default=-3.0)
        highest = max((r["lr"] for r in steps), default=3.0)
        x = alt.X("score:Q", title="score", scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(grid=False))
        y = alt.Y("lr:Q", title="log10 likelihood ratio", scale=alt.Scale(domain=[lowest - 1, highest + 1], nice=False))
        legend = line_legend(2)
        lines = alt.Chart(data(drawn)).mark_line(strokeWidth=1.8, clip=True).encode(
            x=x, y=y, detail="part:Q" if not steps else alt.Undefined,
            color=alt.Color("how:N", scale=colour, legend=legend),
            strokeDash=alt.StrokeDash("how:N", scale=dash, legend=legend),
        )  # fmt: skip
        zero = alt.Chart(data([{"y": 0}])).mark_rule(stroke=QUIET.light, strokeWidth=1).encode(y="y:Q")
        chart = sized(alt.layer(zero, lines))
    return finished(
        chart,
        name="lr",
        title="What a score is worth: the likelihood ratio of one comparison",
        description="log10 likelihood ratio rises with the score"
        + (f", from {min(r['lr'] for r in drawn):.2g} to {max(r['lr'] for r in drawn):.2g}." if drawn else "."),
        caption="0: the score is as frequent among mated as among non-mated comparisons; 3: a thousand times more "
        "frequent among mated. Steps stop where only one kind was seen: there the ratio is 0 or "
        "infinite on these data, which no test of this size can support. No limits are drawn.",
        columns=CALIBRATION_COLUMNS,
        rows=[asdict(b) for b in bins],
        hole="no likelihood ratio could be computed",
    )


def tippett(calibration: Calibration) -> Figure:
    """Share of comparisons with at least this likelihood ratio."""
    columns = ("log10_lr", "mated_at_or_above", "nonmated_at_or_above")
    rows = [dict(zip(columns, point, strict=True)) for point in calibration.tippett]
    long = [
        {"lr": r["log10_lr"], "share": r[column], "kind": kind}
        for kind, column in zip(KINDS, columns[:0:-1], strict=True)
        for r in rows
    ]
    chart = None
    if rows:
        colour, dash, _ = series_scales(KINDS, (NONMATED, MATED))
        legend = line_legend(2)
        lines = alt.Chart(data(long)).mark_line(strokeWidth=1.8).encode(
            x=alt.X("lr:Q", title="log10 likelihood ratio (logistic)", axis=alt.Axis(grid=False)),
            y=alt.Y("share:Q", title="share at or above", axis=alt.Axis(format=".0%", tickCount=5)),
            color=alt.Color("kind:N", scale=colour, legend=legend),
            strokeDash=alt.StrokeDash("kind:N", scale=dash, legend=legend),
        )  # fmt: skip
        zero = alt.Chart(data([{"x": 0}])).mark_rule(stroke=QUIET.light, strokeWidth=1).encode(x="x:Q")
        chart = sized(alt.layer(zero, lines))
    wrong = next((r for r in rows if r["log10_lr"] >= 0), None)
    return finished(
        chart,
        name="tippett",
        title="How often the ratio points the wrong way (Tippett)",
        description="Two falling lines."
        + (
            f" At or above a ratio of 1: {wrong['mated_at_or_above']:.3g} of mated, "
            f"{wrong['nonmated_at_or_above']:.3g} of non-mated comparisons."
            if wrong
            else ""
        ),
        caption="Non-mated comparisons right of 0 are misleading evidence for the same person, mated ones left of 0 "
        "misleading evidence against. Counts, no limits.",
        columns=columns,
        rows=rows,
        hole="no likelihood ratio could be computed",
    )


def ece(calibration: Calibration) -> Figure:
    """Empirical cross-entropy against the prior odds."""
    columns = ("log10_prior_odds", "ece_logistic", "ece_pav", "ece_no_evidence")
    names = ("logistic", "best possible (PAV)", "no evidence")
    rows = [dict(zip(columns, point, strict=True)) for point in calibration.ece]
    long = [
        {"odds": r[columns[0]], "bits": r[column], "how": name}
        for column, name in zip(columns[1:], names, strict=True)
        for r in rows
    ]
    chart = None
    if rows:
        colour, dash, _ = series_scales(names, SERIES[:3])
        legend = line_legend(3)
        chart = sized(
            alt.Chart(data(long)).mark_line(strokeWidth=1.8).encode(
                x=alt.X("odds:Q", title="log10 prior odds", axis=alt.Axis(grid=False, tickCount=7, format="d")),
                y=alt.Y("bits:Q", title="cross-entropy (bits)", axis=alt.Axis(tickCount=5)),
                color=alt.Color("how:N", scale=colour, legend=legend),
                strokeDash=alt.StrokeDash("how:N", scale=dash, legend=legend),
            )
        )  # fmt: skip
    top = max(rows, key=lambda r: float(r["ece_no_evidence"]), default=None)
    return finished(
        chart,
        name="ece",
        title="What the ratios are worth to somebody with a prior (ECE)",
        description="Cross-entropy against prior odds."
        + (
            f" At its height, no evidence costs {top['ece_no_evidence']:.3g} bit, logistic ratios "
            f"{top['ece_logistic']:.3g}, the best possible {top['ece_pav']:.3g}."
            if top
            else ""
        ),
        caption="Uncertainty left after seeing the score; lower is better. Where a line lies above "
        "“no evidence”, the ratios mislead somebody with those prior odds. Counts, no limits.",
        columns=columns,
        rows=rows,
        hole="no likelihood ratio could be computed",
    )
