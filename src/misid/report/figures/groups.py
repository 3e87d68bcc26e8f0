"""Groups beside each other: forest plots, pairs of groups, DET by group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from misid.ground.measures import measure
from misid.ground.numbers import about_one_in, count, one_in, percent, threshold_text
from misid.ground.rate import ALL, Rate
from misid.ground.text import RECORD_KEYS, rate_text, record
from misid.rates.model import Rates
from misid.report.figures.base import (
    Figure,
    Row,
    data,
    finished,
    log_domain,
    methods_text,
    proportion_axis,
    sized,
    thinned,
)
from misid.report.figures.curves import CURVE_COLUMNS, curve_rows, probit_chart
from misid.report.palette import BLUE, QUIET, TEXT, VERMILLION
from misid.report.svg import HATCH, printable

MOST_SERIES = 8
_CELL_INK_DARK, _CELL_INK_LIGHT = "#1b1f25", "#fefefe"


@dataclass(frozen=True, kw_only=True)
class GroupRates:
    """One measure by the groups of one attribute at one threshold.

    `rows` are (index into ``rates.records``, rate), the largest upper limit first; `overall` likewise, or None.
    """

    measure: str
    attribute: str
    threshold: float | None
    rank: int | None
    rows: tuple[tuple[int, Rate], ...]
    overall: tuple[int, Rate] | None


def short_label(name: str, attribute: str) -> str:
    """A group's name without the attribute where the heading says it already."""
    prefix = f"{attribute}="
    return name.removeprefix(prefix) if " & " not in attribute else name


def labels_of(names: Sequence[str], attribute: str) -> dict[str, str]:
    """What each group is called in a chart: short, without characters that do not print, no two alike.

    Examples
    --------
    >>> labels_of(["sex=F", "sex=F\\x00", "sex=F\\x01"], "sex")
    {'sex=F': 'F', 'sex=F\\x00': 'F\ufffd', 'sex=F\\x01': 'F\ufffd (2)'}
    """
    made: dict[str, str] = {}
    for name in names:
        base = label = printable(short_label(name, attribute))
        number = 1
        while label in made.values():
            number += 1
            label = f"{base} ({number})"
        made[name] = label
    return made


def _upper(rate: Rate) -> float:
    return rate.hi if rate.hi is not None else math.inf


def group_rates(
    rates: Rates, names: Sequence[str], attribute: str, code: str, threshold: float | None
) -> GroupRates | None:
    """The rates of an attribute's groups, at `threshold` or at the nearest one that has them.

    None where no group has this measure.
    """
    wanted = set(names)
    found = [
        (i, r) for i, r in enumerate(rates.records)
        if r.measure == code and r.reference_group == ALL and r.threshold is not None
        and r.probe_group in wanted | {ALL}
    ]  # fmt: skip
    places = {r.threshold for _, r in found if r.probe_group in wanted and r.threshold is not None}
    if not places:
        return None
    at = min(places, key=lambda t: (abs(t - threshold), t)) if threshold is not None else min(places)
    here = [(i, r) for i, r in found if r.threshold == at]
    # The whole list where it is reported, else its first place.
    ranks = [r.rank for _, r in here]
    rank = None if None in ranks else min(r for r in ranks if r is not None)
    chosen: dict[str, tuple[int, Rate]] = {}
    for i, r in here:
        if r.rank == rank:
            chosen.setdefault(r.probe_group, (i, r))
    overall = chosen.pop(ALL, None)
    rows = sorted(chosen.values(), key=lambda pair: (-_upper(pair[1]), pair[1].probe_group))
    return GroupRates(measure=code, attribute=attribute, threshold=at, rank=rank, rows=tuple(rows), overall=overall)


def forest(groups: GroupRates, key: str, people: dict[str, int]) -> Figure:
    """A rate by group with its limits, the largest upper limit on top; `people` counts each group's own."""
    words = measure(groups.measure)
    rated = [r for _, r in groups.rows]
    methods = methods_text(rated)
    level = percent(rated[0].level)
    at = "" if groups.threshold is None else f" at threshold {threshold_text(groups.threshold)}"
    rank = "" if groups.rank is None else f", rank {groups.rank}"
    drawn = [r for r in rated if r.hi is not None]
    return finished(
        _forest_chart(groups, drawn, people) if drawn else None,
        name=f"forest-{groups.measure}-{key}",
        title=f"{words.short} by {groups.attribute}{at}{rank}",
        description="; ".join(
            f"{short_label(r.probe_group, groups.attribute)}, {count(people[r.probe_group])} people: {rate_text(r)}"
            for r in rated
        ),
        caption=f"{words.unit[0].upper()}{words.unit[1:]}. Sorted by upper limit. Point and bar: estimate and {level} "
        f"limits of each group on its own ({methods}). Open triangle on a dashed bar: only the upper limit "
        "means something, and the bar goes on to 0, left of the axis. Vertical line: everybody.",
        columns=RECORD_KEYS,
        rows=[{**record(r), "warnings": "; ".join(r.warnings)} for r in rated],
        hole="no group has limits",
    )


def people_of(rate: Rate) -> str:
    """The number of people behind a rate, in words."""
    return "people not counted" if rate.people is None else f"{count(rate.people)} people"


def _forest_chart(groups: GroupRates, drawn: Sequence[Rate], people: dict[str, int]) -> alt.TopLevelMixin:
    overall = groups.overall[1] if groups.overall else None
    seen = [v for r in drawn for v in (r.lo, r.estimate, r.hi) if v]
    seen += [overall.estimate] if overall is not None and overall.estimate else []
    # A bound reaches down to 0, which no logarithmic axis has: a decade and a half of it is shown.
    seen += [r.hi / 30 for r in drawn if r.hi and not (r.status == "ok" and r.estimate)]
    domain = log_domain(seen)
    labels = labels_of([r.probe_group for r in drawn], groups.attribute)
    rows = [
        {
            "group": f"{labels[r.probe_group]} · {count(people[r.probe_group])} people",
            "lo": max(r.lo or 0.0, domain[0]), "hi": r.hi,
            "estimate": (r.estimate or None) if r.status == "ok" else None,
            "known": r.status == "ok" and bool(r.estimate),
        }
        for r in drawn
    ]  # fmt: skip
    order = [str(row["group"]) for row in rows]
    y = alt.Y("group:N", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=170,
                                                               labelPadding=8,
                                                               labelColor=TEXT.light))  # fmt: skip
    axis = proportion_axis(f"{measure(groups.measure).short}, {measure(groups.measure).unit}", domain, two_lines=True)
    x = alt.X("lo:Q", **axis)
    known = alt.Chart(data(r for r in rows if r["known"]))
    bound = alt.Chart(data(r for r in rows if not r["known"]))
    layers: list[alt.Chart] = []
    if overall is not None and overall.estimate:
        layers.append(
            alt.Chart(data([{"lo": overall.estimate}])).mark_rule(stroke=QUIET.light, strokeWidth=1.2).encode(x=x)
        )
    layers += [
        known.mark_rule(stroke=BLUE.light, strokeWidth=2).encode(x=x, x2="hi:Q", y=y),
        known.mark_point(filled=True, shape="circle", size=55, color=BLUE.light, opacity=1).encode(
            x=alt.X("estimate:Q", **axis), y=y
        ),
        bound.mark_rule(stroke=VERMILLION.light, strokeWidth=1.6, strokeDash=[3, 3]).encode(x=x, x2="hi:Q", y=y),
        bound.mark_point(filled=False, shape="triangle-left", size=55, color=VERMILLION.light, opacity=1).encode(
            x=alt.X("hi:Q", **axis), y=y
        ),
    ]
    return sized(alt.layer(*layers), 80 + 26 * len(rows))


def pairs(rates: Rates, names: Sequence[str], attribute: str, key: str, threshold: float | None) -> Figure | None:
    """FMR by probe group and reference group of one attribute; None where no pair is reported."""
    wanted = set(names)
    found = [
        r for r in rates.records
        if r.measure == "fmr" and r.probe_group in wanted and r.reference_group in wanted and r.threshold is not None
    ]  # fmt: skip
    places = {r.threshold for r in found if r.threshold is not None}
    if not places:
        return None
    at = min(places, key=lambda t: (abs(t - threshold), t)) if threshold is not None else min(places)
    chosen: dict[tuple[str, str], Rate] = {}
    for r in found:
        if r.threshold == at:
            chosen.setdefault((r.probe_group, r.reference_group), r)
    cells = list(chosen.values())
    methods = methods_text(cells)
    return finished(
        _pair_chart(cells, names, attribute),
        name=f"pairs-{key}",
        title=f"FMR by pair of groups ({attribute}) at threshold {threshold_text(at)}",
        description="; ".join(
            f"probe {short_label(r.probe_group, attribute)}, reference {short_label(r.reference_group, attribute)}, "
            f"{people_of(r)}: {rate_text(r)}"
            for r in cells
        ),
        caption=f"Per comparison. Darker is more frequent (logarithmic). Hatched: no errors or too few people, the "
        f"number is the upper {percent(cells[0].level)} limit ({methods}). People are in the "
        "figure's numbers.",
        columns=RECORD_KEYS,
        rows=[{**record(r), "warnings": "; ".join(r.warnings)} for r in cells],
    )


def _pair_chart(cells: Sequence[Rate], names: Sequence[str], attribute: str) -> alt.TopLevelMixin:
    values = [r.estimate for r in cells if r.status == "ok" and r.estimate]
    labels = labels_of(names, attribute)
    rows: list[Row] = []
    for r in cells:
        value = r.estimate if r.status == "ok" and r.estimate else None
        share = 0.0
        if value is not None and len(set(values)) > 1:
            # At least a decade from pale to dark, so that small differences do not look like large ones.
            share = math.log(value / min(values)) / max(math.log(max(values) / min(values)), math.log(10))
        if value is not None and len(names) <= 3:
            text = about_one_in(value)
        elif value is not None:
            text = about_one_in(value).replace(" in ", " in|", 1)
        elif r.hi is not None and r.hi < 1:
            text = f"below|{one_in(r.hi)}" if len(names) > 3 else f"below {one_in(r.hi)}"
        else:
            text = "not|known"
        rows.append(
            {
                "probe": labels[r.probe_group], "reference": labels[r.reference_group],
                "fill": HATCH if value is None else _shade(share), "text": text,
                "ink": _CELL_INK_LIGHT if value is not None and share > 0.5 else _CELL_INK_DARK,
            }
        )  # fmt: skip
    order = list(labels.values())
    axis: dict[str, Any] = {"domain": False, "ticks": False, "labelLimit": 110, "labelColor": TEXT.light}
    x = alt.X("reference:N", sort=order, title="reference group", axis=alt.Axis(orient="top", labelAngle=0, **axis))
    y = alt.Y("probe:N", sort=order, title="probe group", axis=alt.Axis(**axis))
    base = alt.Chart(data(rows))
    rects = base.mark_rect(stroke=_CELL_INK_LIGHT, strokeWidth=2).encode(x=x, y=y, fill=alt.Fill("fill:N", scale=None))
    text = base.mark_text(fontSize=11 if len(names) <= 5 else 9, lineBreak="|", dy=-6 if len(names) > 3 else 0).encode(
        x=x, y=y, text="text:N", color=alt.Color("ink:N", scale=None)
    )
    small = len(names) <= 2
    return sized(alt.layer(rects, text), 60 + (70 if small else 52) * len(names))


def _shade(share: float) -> str:
    """From pale to dark blue, by lightness, so that it reads in grey."""
    pale, dark = (222, 235, 245), (0, 66, 110)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(pale, dark, strict=True))


def det_by_group(rates: Rates, names: Sequence[str], attribute: str, key: str) -> Figure | None:
    """DET of the groups of one attribute; None where fewer than two have curves."""
    rows = curve_rows(rates, names)
    inside = [r for r in rows if r["fmr"] and r["fnmr"] and r["fmr"] < 1 and r["fnmr"] < 1]
    with_curve = [name for name in names if sum(r["probe_group"] == name for r in inside) > 1]
    if len(with_curve) < 2:
        return None
    shown = with_curve[:MOST_SERIES]
    labels = list(labels_of(shown, attribute).values())
    drawn: list[Row] = []
    for name, label in zip(shown, labels, strict=True):
        drawn += thinned(
            [
                {"x": r["fmr"], "y": r["fnmr"], "t": r["threshold"], "group": label}
                for r in inside
                if r["probe_group"] == name
            ],
            150,
        )
    left_out = (
        "" if len(shown) == len(names) else f" Drawn: {len(shown)} of {len(names)} groups, the others are in the table."
    )
    return finished(
        probit_chart(drawn, labels, []),
        name=f"det-{key}",
        title=f"False matches against false non-matches, by {attribute}",
        description=f"One falling line for each of {', '.join(labels)}.",
        caption="Each group's probes against all references; one threshold stands at different places on the lines. "
        "No limits are drawn: the ends of the lines rest on few errors." + left_out,
        columns=CURVE_COLUMNS,
        rows=rows,
    )


def keys_of(attributes: Sequence[str]) -> dict[str, str]:
    """A piece of file names and ids for each attribute: letters, digits and dashes, no two alike.

    Examples
    --------
    >>> keys_of(["sex", "Sex", "国"])
    {'sex': 'sex', 'Sex': 'sex-2', '国': 'group'}
    """
    made: dict[str, str] = {}
    for attribute in attributes:
        kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in attribute.lower())
        base = key = "-".join(part for part in kept.split("-") if part)[:40] or "group"
        number = 1
        while key in made.values():
            number += 1
            key = f"{base}-{number}"
        made[attribute] = key
    return made
