"""FPIR at galleries beyond the test: the fan, the groups, and the checks of the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import altair as alt

from misid.ground.numbers import count, percent, significant, threshold_text
from misid.report.figures.base import (
    HEIGHT,
    WIDTH,
    Figure,
    Row,
    data,
    decades,
    finished,
    line_legend,
    log_domain,
    proportion_axis,
    series_scales,
    sized,
)
from misid.report.figures.groups import MOST_SERIES, labels_of
from misid.report.palette import BLACK, BLUE, PANEL, PAPER, QUIET, SERIES, TEXT
from misid.report.svg import HATCH
from misid.search.fan import EVERYBODY, NAMED, DepthPoint, Fan, FanPoint, FitPoint, TenthPoint
from misid.search.text import answer_text

DRAWN = "draws of the fitted curves"
"""How limits beyond the test were got."""

LOWEST = 1e-6
"""FPIRs below this are not drawn."""

_GALLERIES = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, '~g') + ' billion' : "
    "datum.value >= 1e6 ? format(datum.value / 1e6, '~g') + ' million' : format(datum.value, ',')"
)
_INSIDE, _BEYOND, _NAIVE = "estimate, within the test", "estimate, beyond the test", "naive binomial, not used"
_WIDE = 900
"""Width of the fan: the figure of the section."""


def fan_figure(fan: Fan) -> Figure:
    """FPIR against gallery, for everybody."""
    mine = [p for p in fan.points if p.group == EVERYBODY]
    drawn = [p for p in mine if p.estimate or p.bound]
    return finished(
        _fan_chart(fan, drawn, _WIDE) if drawn else None,
        small=_fan_chart(fan, drawn, WIDTH) if drawn else None,
        name="projection-fan",
        title=f"Wrong person returned, by size of gallery, at threshold {threshold_text(fan.threshold)}",
        description="; ".join(f"{answer.asked}: {answer_text(answer)}" for answer in fan.named),
        caption=_fan_caption(fan, drawn),
        columns=tuple(f.name for f in fields(FanPoint)),
        rows=[asdict(p) for p in mine],
        hole=fan.reason or "no search of this test has a candidate at this threshold",
    )


def _fan_caption(fan: Fan, drawn: Sequence[FanPoint]) -> str:
    """What every line and every band of the fan is."""
    level = percent(fan.level)
    known = any(p.status == "ok" for p in drawn)
    parts = [
        "FPIR, per search of somebody not in the gallery. The upright line marks the test's own "
        f"{count(fan.gallery)} references: left of it is counted (exact rarefaction), right of it extrapolated from "
        f"{count(fan.people)} people."
    ]
    if known:
        parts.append(
            f"Pale band: {level} limits; darker band: {percent(fan.inner_level)} limits (jackknife over references and "
            "searches; beyond the test, " + DRAWN + ")."
        )
    parts.append(
        "Dotted: 1 − (1 − FMR)^N, which takes comparisons as independent and people as alike; it is usual, and its "
        "limits do not hold."
    )
    if fan.refused_from is not None:
        parts.append(
            f"Hatched, below the dashed edge: from {count(fan.refused_from)} references on the estimate is refused "
            f"({fan.reason}), and only that upper bound is known ({level}, one-sided)."
        )
    return " ".join(parts)


def _x_axis(domain: tuple[float, float], most: int = 8) -> dict[str, Any]:
    ticks = [v for v in decades(domain, most) if v >= domain[0]]
    return {
        "scale": alt.Scale(type="log", domain=list(domain), nice=False),
        "axis": alt.Axis(
            title="references in the gallery", values=ticks, labelExpr=_GALLERIES, grid=False, labelFlush=False
        ),
    }


def _fan_chart(fan: Fan, drawn: Sequence[FanPoint], width: int) -> alt.TopLevelMixin:
    narrow = width < _WIDE
    y_domain = _y_domain(drawn)
    x_domain = (float(min(p.gallery for p in drawn)), float(max(p.gallery for p in drawn)))
    x = alt.X("gallery:Q", **_x_axis(x_domain, most=4 if narrow else 8))
    axis = proportion_axis("FPIR", y_domain)
    y, bottom = alt.Y("value:Q", **axis), y_domain[0]

    def clipped(value: float | None) -> float | None:
        return None if value is None else min(max(value, bottom), 1.0)

    known = [p for p in drawn if p.status == "ok" and p.estimate]
    bands: list[Row] = []
    names = [f"{percent(fan.level)} limits", f"{percent(fan.inner_level)} limits"]
    for name, lo, hi in ((names[0], "lo", "hi"), (names[1], "inner_lo", "inner_hi")):
        bands += [
            {"gallery": p.gallery, "value": clipped(getattr(p, lo)), "top": clipped(getattr(p, hi)), "band": name}
            for p in known
        ]
    lines: list[Row] = []
    for p in known:
        here = _INSIDE if p.region == "within the test" else _BEYOND
        lines.append({"gallery": p.gallery, "value": clipped(p.estimate), "line": here})
        if p.gallery == fan.gallery:
            # The two parts meet where the test ends.
            lines.append({"gallery": p.gallery, "value": clipped(p.estimate), "line": _BEYOND})
    naive = [p for p in drawn if p.naive and p.naive >= bottom]
    lines += [{"gallery": p.gallery, "value": clipped(p.naive), "line": _NAIVE} for p in naive]
    only_bound = [
        {"gallery": p.gallery, "value": bottom, "top": clipped(p.bound)} for p in drawn if p.status != "ok" and p.bound
    ]
    opacity = alt.Scale(domain=names, range=[0.16, 0.34])
    styled = {_INSIDE: (BLUE.light, [1, 0]), _BEYOND: (BLUE.light, [7, 3]), _NAIVE: (BLACK.light, [1, 3])}
    shown = [name for name in styled if any(row["line"] == name for row in lines)]
    colours = alt.Scale(domain=shown, range=[styled[name][0] for name in shown])
    dashes = alt.Scale(domain=shown, range=[styled[name][1] for name in shown])
    legend = line_legend(1 if narrow else 3)
    layers = [
        alt.Chart(data([{"gallery": float(fan.gallery), "end": x_domain[1]}]))
        .mark_rect(color=PANEL.light)
        .encode(x=x, x2="end:Q", y=alt.value(0), y2=alt.value("height")),
        *_hatched(only_bound, x, y),
        *(_banded(bands, opacity, x, y) if bands else ()),
        alt.Chart(data(lines)).mark_line(strokeWidth=2, clip=True).encode(
            x=x, y=y, color=alt.Color("line:N", scale=colours, legend=legend, title=None),
            strokeDash=alt.StrokeDash("line:N", scale=dashes, legend=legend, title=None),
        ),
        *_marks(fan, x, x_domain, narrow=narrow),
    ]  # fmt: skip
    return sized(alt.layer(*layers), HEIGHT + 120, width)


def _y_domain(points: Sequence[FanPoint]) -> tuple[float, float]:
    """Down to what is estimated, and a decade and a half further for the limits."""
    middle = [v for p in points for v in (p.estimate, p.bound) if v]
    least = max(min(middle) / 30, LOWEST)
    return log_domain([max(v, least) for p in points for v in (p.lo, p.estimate, p.bound) if v], top=1.0)


def _banded(rows: Sequence[Row], opacity: alt.Scale, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The two bands of limits, told apart by how dark they are."""
    legend = alt.Legend(
        title=None, symbolType="square", symbolSize=180, symbolFillColor=BLUE.light, symbolStrokeWidth=0
    )
    area = alt.Chart(data(rows)).mark_area(color=BLUE.light, clip=True)
    return [area.encode(x=x, y=y, y2="top:Q", opacity=alt.Opacity("band:N", scale=opacity, legend=legend))]


def _hatched(rows: Sequence[Row], x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Where only a bound is known: hatched up to it, with a line along it, and said so in the picture."""
    if not rows:
        return []
    # Towards the end, where the hatching is high.
    label = [{"gallery": rows[-1 - len(rows) // 10]["gallery"], "label": "estimate refused: only a bound"}]
    inks: tuple[dict[str, Any], ...] = (
        # Paper behind the words, so that no line crosses them.
        {"color": PAPER.light, "stroke": PAPER.light, "strokeWidth": 7},
        {"color": TEXT.light},
    )
    return [
        alt.Chart(data(rows)).mark_area(fill=HATCH, opacity=1, clip=True).encode(x=x, y=y, y2="top:Q"),
        alt.Chart(data(rows))
        .mark_line(color=QUIET.light, strokeWidth=1.5, strokeDash=[3, 3], clip=True)
        .encode(x=x, y=alt.Y("top:Q")),
        *(
            alt.Chart(data(label))
            .mark_text(fontSize=13, fontWeight="bold", align="right", **ink)
            .encode(x=x, y=alt.value(_LABEL), text="label:N")
            for ink in inks
        ),
    ]


_LABEL = 190
"""Height at which the refusal is written, in pixels from the top."""


def _marks(fan: Fan, x: alt.X, domain: tuple[float, float], *, narrow: bool) -> list[alt.Chart]:
    """Upright lines: where the test ends, and the galleries that are talked about."""
    rows = [{"gallery": float(fan.gallery), "label": f"this test: {count(fan.gallery)}", "own": 1}]
    named = NAMED[1:] if narrow else NAMED
    rows += [{"gallery": float(n), "label": _size(n), "own": 0} for n in named if domain[0] < n < domain[1]]
    base = alt.Chart(data(rows))
    own = alt.condition("datum.own == 1", alt.value(1.8), alt.value(0.8))
    return [
        base.mark_rule(stroke=QUIET.light).encode(x=x, strokeWidth=own),
        base.mark_text(align="center", dy=-4, baseline="bottom", color=QUIET.light, fontSize=11).encode(
            x=x, y=alt.value(0), text="label:N"
        ),
    ]


def _size(n: int) -> str:
    return f"{n / 1e9:g} billion" if n >= 10**9 else f"{n / 1e6:g} million"


def groups_figure(fan: Fan, names: Sequence[str], attribute: str, key: str) -> Figure | None:
    """FPIR against gallery, a line a group of one attribute; None where no group has an estimate."""
    with_any = [name for name in names if any(p.group == name and p.estimate for p in fan.points)]
    if not with_any:
        return None
    shown = with_any[:MOST_SERIES]
    labels = labels_of(shown, attribute)
    level = percent(fan.level)
    mine = [p for p in fan.points if p.group in names]
    known = [p for p in mine if p.group in shown and p.estimate]
    farthest = {name: max(p.gallery for p in known if p.group == name) for name in shown}
    refused = [name for name in names if any(p.group == name and p.status != "ok" for p in fan.points)]
    all_shown = len(shown) == len(names)
    left_out = "" if all_shown else f" Drawn: {len(shown)} of {len(names)} groups; all are in the numbers."
    stops = (
        f" A line that ends early, and a group without one: beyond, the estimate is refused ({len(refused)} of "
        f"{len(names)} "
        "groups somewhere); bounds are in the numbers."
        if refused
        else ""
    )
    return finished(
        _groups_chart(fan, known, labels),
        name=f"projection-by-{key}",
        title=f"Wrong person returned, by size of gallery and {attribute}",
        description="; ".join(
            f"{labels[p.group]}, {count(p.gallery)} references: {significant(100 * (p.estimate or 0))} in 100"
            for p in known if p.gallery in NAMED or p.gallery == farthest[p.group]
        ),
        caption=f"Probes of each group, gallery composed as in the test, at threshold {threshold_text(fan.threshold)}. "
        f"Upright bars: {level} limits of each group on its own (within the test a jackknife over references and "
        "searches; "
        f"beyond it {DRAWN}), at the test's own gallery, at 1 million, 200 million and 1.2 billion; they are set apart "
        f"sideways so that they can be seen.{stops}{left_out}",
        columns=tuple(f.name for f in fields(FanPoint)),
        rows=[asdict(p) for p in mine],
    )  # fmt: skip


def _groups_chart(fan: Fan, known: Sequence[FanPoint], labels: dict[str, str]) -> alt.TopLevelMixin:
    domain = _y_domain(known)
    x_domain = (float(min(p.gallery for p in known)), float(max(p.gallery for p in known)))
    # Room for the bars at the last gallery.
    x = alt.X("gallery:Q", **_x_axis((x_domain[0], x_domain[1] * 3), most=4))
    y = alt.Y("value:Q", **proportion_axis("FPIR", domain))
    names = list(labels.values())
    colour, dash, _ = series_scales(names, SERIES[: len(names)])
    legend = line_legend(4)
    colours = alt.Color("group:N", scale=colour, legend=legend, title=None)
    lines = [
        {"gallery": p.gallery, "value": max(p.estimate or 0.0, domain[0]), "group": labels[p.group]} for p in known
    ]
    at = {fan.gallery, *NAMED}
    place = {name: 1.4 ** (k - (len(names) - 1) / 2) for k, name in enumerate(names)}
    bars = [
        {"gallery": p.gallery * place[labels[p.group]], "value": max(p.lo, domain[0]), "top": p.hi,
         "group": labels[p.group]}
        for p in known
        if p.gallery in at and p.lo is not None and p.hi is not None
    ]  # fmt: skip
    own = alt.Chart(data([{"gallery": float(fan.gallery)}])).mark_rule(stroke=QUIET.light, strokeWidth=1.8)
    drawn = alt.Chart(data(lines)).mark_line(strokeWidth=1.8, clip=True)
    return sized(
        alt.layer(
            own.encode(x=x),
            alt.Chart(data(bars)).mark_rule(strokeWidth=1.4, clip=True).encode(x=x, y=y, y2="top:Q", color=colours),
            drawn.encode(
                x=x, y=y, color=colours,
                strokeDash=alt.StrokeDash("group:N", scale=dash, legend=legend, title=None),
            ),
        ),
        HEIGHT + 40,
    )  # fmt: skip


def check_figures(fan: Fan) -> tuple[Figure, ...]:
    """The three checks of the model, each a picture."""
    said = {check.name: check.said for check in fan.checks}
    made = [
        _tenth_figure(fan.tenth, said.get("tenth to whole", ""), fan.people),
        _fit_figure(fan.fits, said.get("goodness of fit", "")),
    ]
    # With one set of levels there is nothing to compare; the table of checks says so.
    if len(fan.depths) > 1:
        made.append(_depth_figure(fan.depths, said.get("threshold stability", ""), fan.people))
    return tuple(made)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _tenth_figure(points: Sequence[TenthPoint], said: str, people: int) -> Figure:
    return finished(
        _tenth_chart(points) if points else None,
        name="projection-check-tenth",
        title="Check: the whole test predicted from a tenth of its references",
        description=_sentence(said),
        caption=f"Dots: FPIR counted at the test's own gallery. Bars with a ring: predicted from a random tenth of the "
        f"references, with 95 % limits ({DRAWN}, {count(people)} people). {_sentence(said)}.",
        columns=tuple(f.name for f in fields(TenthPoint)),
        rows=[asdict(p) for p in points],
        hole=said,
    )


def _tenth_chart(points: Sequence[TenthPoint]) -> alt.TopLevelMixin:
    domain = log_domain([v for p in points for v in (max(p.lo, LOWEST), p.observed, p.hi)], top=1.0)
    axis = proportion_axis("FPIR", domain)
    x = alt.X("threshold:Q", title="threshold (score)", scale=alt.Scale(zero=False), axis=alt.Axis(grid=False))
    base = alt.Chart(data([{**asdict(p), "lo": max(p.lo, domain[0])} for p in points]))
    return sized(
        alt.layer(
            base.mark_rule(stroke=BLUE.light, strokeWidth=2).encode(x=x, y=alt.Y("lo:Q", **axis), y2="hi:Q"),
            base.mark_point(filled=False, size=70, color=BLUE.light, opacity=1).encode(
                x=x, y=alt.Y("estimate:Q", **axis)
            ),
            base.mark_point(filled=True, size=45, color=BLACK.light, opacity=1).encode(
                x=x, y=alt.Y("observed:Q", **axis)
            ),
        )
    )  # fmt: skip


def _fit_figure(points: Sequence[FitPoint], said: str) -> Figure:
    return finished(
        _fit_chart(points) if points else None,
        name="projection-check-fit",
        title="Check: counts of the test beside the fitted curves",
        description=_sentence(said),
        caption="Dots: comparisons at or above each level, counted. Lines: fitted curves that the answer is pooled "
        "from. "
        f"{_sentence(said)}.",
        columns=tuple(f.name for f in fields(FitPoint)),
        rows=[asdict(p) for p in points],
        hole=said,
    )  # fmt: skip


def _fit_chart(points: Sequence[FitPoint]) -> alt.TopLevelMixin:
    names = list(dict.fromkeys(_curve(p) for p in points))[:MOST_SERIES]
    drawn = [p for p in points if _curve(p) in names]
    values = [v for p in drawn for v in (p.observed, p.fitted) if v > 0]
    y_axis: dict[str, Any] = {
        "scale": alt.Scale(type="log", domain=[min(values) / 1.5, max(values) * 1.5], nice=False),
        "axis": alt.Axis(title="comparisons at or above", format=",.0f", values=decades((min(values), max(values)), 6)),
    }
    x = alt.X("threshold:Q", title="level (score)", scale=alt.Scale(zero=False), axis=alt.Axis(grid=False))
    colour, dash, _ = series_scales(names, SERIES[: len(names)])
    legend = line_legend(1)
    legend.labelLimit = 400
    lines = [{"threshold": p.threshold, "value": p.fitted, "curve": _curve(p)} for p in drawn]
    counted = {(p.threshold, p.observed) for p in drawn if p.observed > 0}
    dots = [{"threshold": t, "value": v} for t, v in sorted(counted)]
    return sized(
        alt.layer(
            alt.Chart(data(lines)).mark_line(strokeWidth=1.6).encode(
                x=x, y=alt.Y("value:Q", **y_axis),
                color=alt.Color("curve:N", scale=colour, legend=legend, title=None),
                strokeDash=alt.StrokeDash("curve:N", scale=dash, legend=legend, title=None),
            ),
            alt.Chart(data(dots)).mark_point(filled=True, size=45, color=BLACK.light, opacity=1).encode(
                x=x, y=alt.Y("value:Q", **y_axis)
            ),
        ),
        HEIGHT + 24 * len(names),
    )  # fmt: skip


def _curve(point: FitPoint) -> str:
    return f"{point.curve}, from {point.per_search:.3g} a search"


def _depth_figure(points: Sequence[DepthPoint], said: str, people: int) -> Figure:
    return finished(
        _depth_chart(points),
        name="projection-check-depth",
        title="Check: the answer by where the fit starts",
        description=_sentence(said),
        caption="FPIR at a million references from curves fitted from different levels on. Bars: 95 % limits "
        f"({DRAWN}, "
        f"{count(people)} people); they should hold each other's rings. {_sentence(said)}.",
        columns=tuple(f.name for f in fields(DepthPoint)),
        rows=[asdict(p) for p in points],
        hole=said,
    )  # fmt: skip


def _depth_chart(points: Sequence[DepthPoint]) -> alt.TopLevelMixin:
    domain = log_domain([max(v, LOWEST) for p in points for v in (p.lo, p.hi)], top=1.0)
    axis = proportion_axis("FPIR at 1 million references", domain, two_lines=True)
    rows = [
        {**asdict(p), "lo": max(p.lo, domain[0]), "depth": f"from {p.per_search:.3g} candidates a search on"}
        for p in points
    ]
    base = alt.Chart(data(rows))
    y = alt.Y("depth:N", title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=200, labelColor=TEXT.light))
    return sized(
        alt.layer(
            base.mark_rule(stroke=BLUE.light, strokeWidth=2).encode(x=alt.X("lo:Q", **axis), x2="hi:Q", y=y),
            base.mark_point(filled=False, size=70, color=BLUE.light, opacity=1).encode(
                x=alt.X("estimate:Q", **axis), y=y
            ),
        ),
        110 + 30 * len(rows),
    )  # fmt: skip
