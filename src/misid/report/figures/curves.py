"""Error rates against each other and against the threshold: DET, IET, all rates on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import altair as alt
from scipy.special import ndtri

from misid.ground.measures import measure
from misid.ground.numbers import count, denominator, percent
from misid.ground.rate import ALL, Rate
from misid.rates.model import CurvePoint, Rates
from misid.report.figures.base import (
    HEIGHT,
    Figure,
    Row,
    data,
    finished,
    line_legend,
    log_domain,
    methods_text,
    proportion_axis,
    series_scales,
    sized,
    thinned,
    threshold_rule,
)
from misid.report.lead import Answer
from misid.report.palette import PURPLE, RATE_STYLES, SERIES, TEXT, Ink

CURVE_COLUMNS = tuple(field for field in CurvePoint.__dataclass_fields__)
PROBIT_TICKS = (0.01, 1e-3, 1e-4, 1e-5, 1e-6, 0.05, 0.2, 0.4, 0.1, 1e-7, 0.02, 0.005, 2e-3, 0.6, 0.8)
"""The more telling first: where they would crowd, the later one is left out."""

DET_TOP = 0.5
"""DET axes end here: beyond it nobody operates."""


def curve_rows(rates: Rates, groups: Sequence[str]) -> list[Row]:
    """The curve points of some groups, as they are."""
    wanted = set(groups)
    return [asdict(point) for point in rates.curves if point.probe_group in wanted]


def band_words(records: Sequence[Rate], what: str) -> str:
    """What a band or a cross is: level, method, people, straight from the rates it belongs to."""
    if not records:
        return ""
    methods = methods_text(records)
    levels = " and ".join(dict.fromkeys(percent(r.level) for r in records))
    people = max((r.people for r in records if r.people is not None), default=None)
    who = "" if people is None else f", {count(people)} people"
    return f"{what} {levels} limits at each threshold on its own ({methods}{who})."


def _margin(rates: Rates, *measures: str) -> list[Rate]:
    return [r for r in rates.records if r.measure in measures and r.probe_group == ALL and r.reference_group == ALL]


def _crosses(rates: Rates, answer: Answer, across: str, up: str) -> tuple[list[Row], list[Rate]]:
    """The operating points at which both rates have an estimate, with their limits."""
    rows, used = [], []
    for point in answer.points:
        indices = getattr(point, across), getattr(point, up)
        if None in indices:
            continue
        x, y = (rates.records[i] for i in indices)
        values = (x.estimate, x.lo, x.hi, y.estimate, y.lo, y.hi)
        if x.status == y.status == "ok" and all(v is not None and 0 < v < 1 for v in values):
            names = ("x", "x_lo", "x_hi", "y", "y_lo", "y_hi")
            rows.append(dict(zip(names, values, strict=True)))
            used += [x, y]
    return rows, used


def _cross_layers(rows: list[Row], x: alt.X, y: alt.Y, ink: Ink) -> list[alt.Chart]:
    base = alt.Chart(data(rows))
    rule: dict[str, Any] = {"stroke": ink.light, "strokeWidth": 1.2, "opacity": 0.75, "clip": True}
    return [
        base.mark_rule(**rule).encode(x=x, x2="x_hi:Q", y=y).transform_calculate(x="datum.x_lo"),
        base.mark_rule(**rule).encode(x=x, y=y, y2="y_hi:Q").transform_calculate(y="datum.y_lo"),
        base.mark_point(shape="circle", filled=True, size=36, color=ink.light, opacity=1).encode(x=x, y=y),
    ]


def det(rates: Rates, answer: Answer) -> Figure:
    """DET: FMR against FNMR on probit axes, over everybody."""
    rows = curve_rows(rates, [ALL])
    crosses, used = _crosses(rates, answer, "fmr", "fnmr")
    drawn = thinned(
        [
            {"x": r["fmr"], "y": r["fnmr"], "t": r["threshold"], "group": ALL}
            for r in rows
            if _inside(r["fmr"], r["fnmr"])
        ]
    )
    return finished(
        probit_chart(drawn, [ALL], crosses) if len(drawn) > 1 else None,
        name="det",
        title="False matches against false non-matches (DET)",
        description=_det_words(drawn),
        caption="Each point of the line is one threshold; lower left is better. Both axes are stretched "
        "as the normal distribution is (probit). " + band_words(used, "Crosses:")
        + " Thresholds with no error of one kind cannot stand on these axes; the axes end at 50 in 100.",
        columns=CURVE_COLUMNS,
        rows=rows,
        hole="no threshold has both false matches and false non-matches",
    )  # fmt: skip


def _inside(*values: float | None) -> bool:
    return all(v is not None and 0 < v < 1 for v in values)


def _det_words(drawn: Sequence[Row]) -> str:
    if not drawn:
        return "No curve could be drawn."
    return (
        f"A falling line from FMR {max(r['x'] for r in drawn):.2g}, FNMR {min(r['y'] for r in drawn):.2g} "
        f"to FMR {min(r['x'] for r in drawn):.2g}, FNMR {max(r['y'] for r in drawn):.2g}."
    )


def _what_moves(kept: Sequence[str]) -> str:
    """Which of some rates fall, and which rise, with the threshold."""
    falling, rising = (
        " and ".join(measure(code).short for code in codes if code in kept)
        for codes in (("fmr", "fpir"), ("fnmr", "fnir"))
    )
    moves = [f"{verb} {which}" for verb, which in (("lowers", falling), ("raises", rising)) if which]
    return " and ".join(moves) + "."


def _units_of(kept: Sequence[str]) -> str:
    """What the rates of a figure are shares of."""
    units = []
    for codes, unit in ((("fmr", "fnmr"), "per comparison"), (("fpir", "fnir"), "per search at the test's gallery")):
        drawn = [measure(code).short for code in codes if code in kept]
        if drawn:
            units.append(f"{' and '.join(drawn)} {'is' if len(drawn) == 1 else 'are'} {unit}")
    return ", ".join(units) + ". " if units else ""


def probit_chart(drawn: Sequence[Row], groups: Sequence[str], crosses: list[Row]) -> alt.TopLevelMixin:
    """Lines of x against y on probit axes, a series a group."""
    stretched = [
        {"x": float(ndtri(r["x"])), "y": float(ndtri(r["y"])), "t": r["t"], "group": r["group"]} for r in drawn
    ]
    marks = [{k: float(ndtri(v)) for k, v in row.items()} for row in crosses]
    axes = []
    for key in ("x", "y"):
        values = [r[key] for r in drawn] + [c[f"{key}{end}"] for c in crosses for end in ("_lo", "_hi")]
        domain = [float(ndtri(min(values))) - 0.08, float(ndtri(min(max(values), DET_TOP))) + 0.08]
        axes.append((_uncrowded(domain, 0.14 if key == "x" else 0.08), domain))
    x, y = alt.X("x:Q", **_probit_axis("x", *axes[0])), alt.Y("y:Q", **_probit_axis("y", *axes[1]))
    styles = SERIES[: len(groups)]
    colour, dash, _ = series_scales(groups, styles)
    legend = line_legend(4) if len(groups) > 1 else None
    lines = (
        alt.Chart(data(stretched))
        .mark_line(strokeWidth=1.8, clip=True)
        .encode(
            x=x, y=y, order=alt.Order("t:Q"),
            color=alt.Color("group:N", scale=colour, legend=legend),
            strokeDash=alt.StrokeDash("group:N", scale=dash, legend=legend),
        )
    )  # fmt: skip
    layers = [lines, *_cross_layers(marks, x, y, TEXT)] if marks else [lines]
    return sized(alt.layer(*layers), HEIGHT + 20)


def _uncrowded(domain: Sequence[float], apart: float) -> list[float]:
    """Ticks within a probit domain that stand at least a share `apart` of it from each other."""
    kept: list[float] = []
    for p in PROBIT_TICKS:
        place = float(ndtri(p))
        clear = all(abs(place - float(ndtri(other))) >= apart * (domain[1] - domain[0]) for other in kept)
        if domain[0] <= place <= domain[1] and clear:
            kept.append(p)
    return sorted(kept)


def _probit_axis(key: str, ticks: Sequence[float], domain: list[float]) -> dict[str, Any]:
    # d3 writes the minus sign, not the hyphen.
    labels = {f"{float(ndtri(p)):.3f}".replace("-", "\u2212"): _tick_words(p, two_lines=key == "x") for p in ticks}
    table = "{" + ", ".join(f"'{place}': {words}" for place, words in labels.items()) + "}"
    code = "fmr" if key == "x" else "fnmr"
    words = measure(code)
    axis = alt.Axis(
        title=f"{words.short}, {words.unit}", values=[float(ndtri(p)) for p in ticks],
        labelExpr=f"({table})[format(datum.value, '.3f')]",
        labelFlush=False,
    )  # fmt: skip
    return {"scale": alt.Scale(domain=domain, nice=False, zero=False), "axis": axis}


def _tick_words(p: float, *, two_lines: bool) -> str:
    size = denominator(p)
    bottom = f"{size // 10**6} million" if size >= 10**6 else f"{size:,}"
    many = f"{p * size:.2g}"
    return f"['{many} in', '{bottom}']" if two_lines else f"'{many} in {bottom}'"


def iet(rates: Rates, answer: Answer) -> Figure:
    """FPIR against FNIR at the test's own gallery, over everybody."""
    rows = curve_rows(rates, [ALL])
    crosses, used = _crosses(rates, answer, "fpir", "fnir")
    drawn = thinned(
        [{"x": r["fpir"], "y": r["fnir"], "t": r["threshold"]} for r in rows if _inside(r["fpir"], r["fnir"])]
    )
    chart = None
    if len(drawn) > 1:
        spread = [(c[f"{k}_lo"], c[f"{k}_hi"]) for c in crosses for k in ("x", "y")]
        xs = [r["x"] for r in drawn] + [v for pair in spread[::2] for v in pair]
        ys = [r["y"] for r in drawn] + [v for pair in spread[1::2] for v in pair]
        x = alt.X(
            "x:Q", **proportion_axis("FPIR, per search of somebody not in the gallery", log_domain(xs), two_lines=True)
        )
        y = alt.Y("y:Q", **proportion_axis("FNIR, per search of somebody in it", log_domain(ys)))
        line = alt.Chart(data(drawn)).mark_line(strokeWidth=1.8, color=PURPLE.light, clip=True)
        layers = [
            line.encode(x=x, y=y, order=alt.Order("t:Q")),
            *(_cross_layers(crosses, x, y, TEXT) if crosses else []),
        ]
        chart = sized(alt.layer(*layers), HEIGHT + 20)
    return finished(
        chart,
        name="iet",
        title="Wrong person returned against right person missed (IET)",
        description=_det_words(drawn).replace("FMR", "FPIR").replace("FNMR", "FNIR"),
        caption="Each point is one threshold, at the gallery of this test; lower left is better. "
        + band_words(used, "Crosses:"),
        columns=CURVE_COLUMNS,
        rows=rows,
        hole="no threshold has both kinds of error among the searches",
    )  # fmt: skip


def against_threshold(rates: Rates, threshold: float | None) -> Figure:
    """All rates over everybody on one axis of thresholds."""
    rows = curve_rows(rates, [ALL])
    kept = [code for code in ("fmr", "fnmr", "fpir", "fnir") if any(r[code] for r in rows)]
    chart = _threshold_chart(rows, kept, threshold) if kept else None
    used = [r for r in _margin(rates, *kept) if r.status == "ok"]
    return finished(
        chart,
        name="threshold",
        title="Every rate against the threshold",
        description="Lines of " + ", ".join(measure(code).short for code in kept) + " over the range of scores: "
        "raising the threshold " + _what_moves(kept)
        if kept
        else "No rate is above zero at any threshold.",
        caption=_units_of(kept) + band_words(used, "Bands:")
        + " A line ends where no errors were seen; a thin line then goes on as the upper limit.",
        columns=CURVE_COLUMNS,
        rows=rows,
        hole="no rate is above zero at any threshold",
    )  # fmt: skip


def _threshold_chart(rows: Sequence[Row], kept: Sequence[str], threshold: float | None) -> alt.TopLevelMixin:
    domain = log_domain([r[code] for r in rows for code in kept if r[code]], top=1.0)
    names = [measure(code).short for code in kept]
    x = alt.X(
        "threshold:Q", title="threshold (score)", scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(grid=False)
    )
    axis = proportion_axis("error rate", domain)
    layers: list[alt.Chart] = []
    lines: list[Row] = []
    for code, name in zip(kept, names, strict=True):
        points = thinned([r for r in rows if r[code] is not None and abs(r["threshold"]) != float("inf")])
        style = RATE_STYLES[code]
        # A run of points with errors has a band; where none were seen only the upper limit says anything.
        known = [
            {"threshold": r["threshold"], "lo": max(r[f"{code}_lo"], domain[0]), "hi": r[f"{code}_hi"]} for r in points
            if r[code] and r[f"{code}_lo"] is not None and r[f"{code}_hi"] is not None
        ]  # fmt: skip
        unseen = [
            {"threshold": r["threshold"], "hi": None if r[code] else r[f"{code}_hi"]} for r in points
            if r[f"{code}_hi"] is None or r[f"{code}_hi"] >= domain[0]
        ]  # fmt: skip
        y = alt.Y("hi:Q", **axis)
        layers.append(alt.Chart(data(known)).mark_area(opacity=0.18, color=style.ink.light, clip=True).encode(
            x=x, y=alt.Y("lo:Q", **axis), y2="hi:Q"
        ))  # fmt: skip
        layers.append(
            alt.Chart(data(unseen)).mark_line(strokeWidth=0.8, color=style.ink.light, clip=True).encode(x=x, y=y)
        )
        lines += [{"threshold": r["threshold"], "rate": name, "value": r[code] or None} for r in points]
    colour, dash, _ = series_scales(names, [RATE_STYLES[code] for code in kept])
    legend = line_legend(4)
    layers.append(alt.Chart(data(lines)).mark_line(strokeWidth=1.8, clip=True).encode(
        x=x, y=alt.Y("value:Q", **axis),
        color=alt.Color("rate:N", scale=colour, legend=legend),
        strokeDash=alt.StrokeDash("rate:N", scale=dash, legend=legend),
    ))  # fmt: skip
    return sized(alt.layer(*layers, *threshold_rule(threshold)), HEIGHT + 20)
