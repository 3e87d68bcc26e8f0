"""The plot of docs/benchmarks.md, as SVG by hand: readable without colour by marker, dash and label."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, HEIGHT = 1010, 430
LEFT, TOP, BOTTOM, PANEL, GAP, LABELS = 62, 46, 52, 300, 180, 130


@dataclass(frozen=True)
class Series:
    """One job: its name in the results, its label, and how it is drawn (colours of Okabe and Ito)."""

    job: str
    label: str
    colour: str
    dash: str
    marker: str


SERIES = (
    Series("question", "misid, same question", "#0072B2", "", "disc"),
    Series("whole", "misid, everything", "#0072B2", "7 4", "ring"),
    Series("decode", "columns decoded", "#000000", "2 3", "dash"),
    Series("scikit_learn", "scikit-learn", "#D55E00", "", "square"),
    Series("bob_measure", "bob.measure", "#CC79A7", "", "triangle"),
    Series("pyeer", "PyEER", "#009E73", "", "diamond"),
    Series("pyllr", "PYLLR", "#B07D00", "", "cross"),
)


def plot(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Processor time and peak of memory against the number of comparisons, both axes logarithmic."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1a1a1a">',
        "<title>Processor time and peak of memory against the number of comparisons</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for index, (what, title) in enumerate((("cpu", "Processor time, s"), ("peak_mb", "Peak of memory, MB"))):
        parts += _panel(scores, what, title, LEFT + index * (PANEL + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _panel(scores: Mapping[str, Mapping[str, Any]], what: str, title: str, left: float) -> list[str]:
    points = {
        series.job: [(int(n), jobs[series.job][what]) for n, jobs in scores.items() if _measured(jobs, series.job)]
        for series in SERIES
    }
    xs = [x for found in points.values() for x, _ in found]
    ys = [y for found in points.values() for _, y in found]
    if not xs:
        return []
    x_from, x_to = math.log10(min(xs)), max(math.log10(max(xs)), math.log10(min(xs)) + 1)
    y_from, y_to = math.floor(math.log10(min(ys)) * 2) / 2, math.ceil(math.log10(max(ys)) * 2) / 2
    bottom = HEIGHT - BOTTOM

    def x(value: float) -> float:
        return left + (math.log10(value) - x_from) / (x_to - x_from) * PANEL

    def y(value: float) -> float:
        return bottom - (math.log10(value) - y_from) / (y_to - y_from) * (bottom - TOP)

    parts = [f'<text x="{left}" y="{TOP - 20}" font-size="14" font-weight="600">{escape(title)}</text>']
    for power in range(math.ceil(y_from), math.floor(y_to) + 1):
        for step in (1, 3):
            value = step * 10.0**power
            if math.log10(value) <= y_to:
                weight = "#c8c8c8" if step == 1 else "#ececec"
                at = f"{y(value):.1f}"
                parts += [
                    f'<line x1="{left}" x2="{left + PANEL}" y1="{at}" y2="{at}" stroke="{weight}"/>',
                    f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,g}</text>',
                ]
    for power in range(math.ceil(x_from), math.floor(x_to) + 1):
        # A billion written out would run into its neighbour.
        label = f'10<tspan dy="-5" font-size="9">{power}</tspan>'
        parts.append(
            f'<text x="{x(10.0**power):.1f}" y="{bottom + 21}" text-anchor="middle">{label}</text>'
            f'<line x1="{x(10.0**power):.1f}" x2="{x(10.0**power):.1f}" y1="{TOP}" y2="{bottom}" stroke="#ececec"/>'
        )
    parts.append(f'<text x="{left + PANEL / 2}" y="{bottom + 40}" text-anchor="middle">comparisons</text>')
    ends: list[tuple[float, float, Series]] = []
    for series in SERIES:
        found = sorted(points[series.job])
        if not found:
            continue
        line = " ".join(f"{x(n):.1f},{y(value):.1f}" for n, value in found)
        dash = f' stroke-dasharray="{series.dash}"' if series.dash else ""
        parts.append(f'<polyline points="{line}" fill="none" stroke="{series.colour}" stroke-width="2"{dash}/>')
        parts += [_marker(series, x(n), y(value)) for n, value in found]
        ends.append((x(found[-1][0]), y(found[-1][1]), series))
    return parts + _labels(ends, left + PANEL + 12)


def _measured(jobs: Mapping[str, Any], job: str) -> bool:
    return isinstance(jobs.get(job), dict)


def _marker(series: Series, x: float, y: float) -> str:
    fill = f'fill="{series.colour}"'
    match series.marker:
        case "disc":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" {fill}/>'
        case "ring":
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#fff" stroke="{series.colour}" stroke-width="2"/>'
        case "square":
            return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" {fill}/>'
        case "triangle":
            return f'<path d="M{x:.1f} {y - 5:.1f}l5 9h-10z" {fill}/>'
        case "diamond":
            return f'<path d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z" {fill}/>'
        case "cross":
            return f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="{series.colour}" stroke-width="2.5"/>'
        case _:
            return f'<path d="M{x - 5:.1f} {y:.1f}h10" stroke="{series.colour}" stroke-width="3"/>'


def _labels(ends: Sequence[tuple[float, float, Series]], column: float) -> list[str]:
    """Each line named at its end, pushed apart where ends meet, with a thin leader to its last point."""
    parts, last = [], -math.inf
    for x, y, series in sorted(ends, key=lambda end: end[1]):
        last = max(y, last + 15)
        leader = f"M{x + 6:.1f} {y:.1f}L{column - 3:.1f} {last:.1f}"
        parts += [
            f'<path d="{leader}" stroke="#999" fill="none" stroke-width="0.7"/>',
            f'<text x="{column:.1f}" y="{last + 4:.1f}" fill="{series.colour}">{escape(series.label)}</text>',
        ]
    return parts
