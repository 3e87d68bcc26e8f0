"""What all figures share: their shape, their axes, their series."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from misid.ground.numbers import threshold_text
from misid.ground.rate import Rate
from misid.report.palette import QUIET, Style
from misid.report.svg import draw

WIDTH = 440
"""Outer width of a chart in pixels: two stand side by side, one fills a phone."""

HEIGHT = 300
MOST_POINTS = 300
"""Points of a curve that are drawn; the CSV has all of them."""

Row = dict[str, Any]

_SIZE = "(datum.value > 0.0099 ? 100 : pow(10, -floor(log(datum.value) / LN10 + 1e-6)))"
_MANY = f"format(datum.value * {_SIZE}, '.3~f')"
_OF = f"({_SIZE} >= 999999 ? format({_SIZE} / 1e6, ',.0f') + ' million' : format({_SIZE}, ',.0f'))"

IN = f"datum.value >= 0.999 ? 'all' : {_MANY} + ' in ' + {_OF}"
"""Vega expression: a proportion on a logarithmic axis as "1 in 1,000"."""

IN_TWO_LINES = f"datum.value >= 0.999 ? 'all' : [{_MANY} + ' in', {_OF}]"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture with what a reader needs who cannot see it, or wants the numbers.

    `rows` under `columns` are written to ``tables/figure-<name>.csv``; `svg` is empty where nothing can be
    drawn, and `hole` then says why.
    """

    name: str
    title: str
    description: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    svg: str = ""
    hole: str = ""
    small: str = ""
    """The picture for a narrow screen, where the other one would be too small to read."""

    @property
    def file(self) -> str:
        """The CSV file with the figure's data, relative to the report."""
        return f"tables/figure-{self.name}.csv"


def finished(
    chart: alt.TopLevelMixin | None,
    *,
    name: str,
    title: str,
    description: str,
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Row],
    hole: str = "",
    small: alt.TopLevelMixin | None = None,
) -> Figure:
    """A figure with its chart drawn; `chart` is None where there is nothing to draw, and `hole` says why."""
    svg = "" if chart is None else draw(chart, name=f"fig-{name}", title=title, description=description)
    narrow = "" if small is None else draw(small, name=f"fig-{name}-small", title=title, description=description)
    return Figure(
        name=name, title=title, description=description, caption=caption, columns=tuple(columns), rows=tuple(rows),
        svg=svg, hole=hole, small=narrow,
    )  # fmt: skip


def data(rows: Iterable[Row]) -> alt.InlineData:
    """Rows embedded in a chart."""
    return alt.InlineData(values=list(rows))


def sized(chart: Any, height: int = HEIGHT, width: int = WIDTH) -> alt.TopLevelMixin:
    """A chart whose outer size, axes included, is given."""
    drawn: alt.TopLevelMixin = chart.properties(
        width=width, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding"), padding=3
    )
    return drawn


def round_values(lowest: float, highest: float) -> list[float]:
    """1, 2 and 5 times powers of ten, from the last one at or below `lowest` to the first at or above `highest`.

    Examples
    --------
    >>> round_values(0.03, 0.15)
    [0.02, 0.05, 0.1, 0.2]
    """
    powers = range(math.floor(math.log10(lowest)) - 1, math.ceil(math.log10(highest)) + 2)
    steps = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    first = max(s for s in steps if s <= lowest * (1 + 1e-9))
    last = min(s for s in steps if s >= highest * (1 - 1e-9))
    return [s for s in steps if first <= s <= last]


def log_domain(values: Iterable[float], *, top: float | None = None) -> tuple[float, float]:
    """Round numbers around the values above zero.

    Examples
    --------
    >>> log_domain([0.0, 0.003, 0.3])
    (0.002, 0.5)
    """
    positive = [v for v in values if v > 0]
    if not positive:
        return 1e-3, 1.0
    steps = round_values(min(positive), top or max(positive))
    return (steps[0], steps[-1]) if len(steps) > 1 else (steps[0], steps[0] * 10)


def decades(domain: tuple[float, float], most: int = 7) -> list[float]:
    """Tick values, at most so many: powers of ten, and 2 and 5 times them where there are few.

    Examples
    --------
    >>> decades((0.0005, 1.0)), decades((0.02, 0.2))
    ([0.001, 0.01, 0.1, 1.0], [0.02, 0.05, 0.1, 0.2])
    """
    fine = [v for v in round_values(*domain) if domain[0] <= v <= domain[1]]
    if len(fine) <= most and math.log10(domain[1] / domain[0]) < 2:
        return fine
    first, last = math.ceil(math.log10(domain[0]) - 1e-9), math.floor(math.log10(domain[1]) + 1e-9)
    step = max(1, math.ceil((last - first + 1) / most))
    return [float(f"1e{power}") for power in range(last, first - 1, -step)][::-1]


def proportion_axis(
    title: str, domain: tuple[float, float], *, two_lines: bool = False, grid: bool = True
) -> dict[str, Any]:
    """Scale and axis of a proportion on a logarithmic scale, labelled "1 in 1,000"."""
    return {
        "scale": alt.Scale(type="log", domain=list(domain), nice=False, clamp=False),
        "axis": alt.Axis(
            title=title, values=decades(domain, 5 if two_lines else 7), grid=grid,
            labelExpr=IN_TWO_LINES if two_lines else IN, labelFlush=False,
        ),
    }  # fmt: skip


def series_scales(names: Sequence[str], styles: Sequence[Style]) -> tuple[alt.Scale, alt.Scale, alt.Scale]:
    """Colour, dash and marker scales that tell the same series apart three times over."""
    domain = list(names)
    return (
        alt.Scale(domain=domain, range=[s.ink.light for s in styles]),
        alt.Scale(domain=domain, range=[list(s.dash) or [1, 0] for s in styles]),
        alt.Scale(domain=domain, range=[s.marker for s in styles]),
    )


def line_legend(columns: int, title: str | None = None) -> alt.Legend:
    """A legend of strokes long enough to show their dashes."""
    return alt.Legend(title=title, symbolType="stroke", symbolSize=500, columns=columns)


def methods_text(records: Iterable[Rate]) -> str:
    """The methods of the limits of some rates, each part once; a method's own name may have a comma in it."""
    parts = (part for r in records for part in r.method.split("; ") if part)
    return "; ".join(dict.fromkeys(parts)) or "method not stated"


def thinned(rows: Sequence[Row], most: int = MOST_POINTS) -> list[Row]:
    """At most so many rows, evenly taken, the last one kept."""
    if len(rows) <= most:
        return list(rows)
    picked = sorted({round(i * (len(rows) - 1) / (most - 1)) for i in range(most)})
    return [rows[i] for i in picked]


def threshold_rule(threshold: float | None) -> list[alt.Chart]:
    """A vertical line at the threshold the page opens with, with its label."""
    if threshold is None or not math.isfinite(threshold):
        return []
    base = alt.Chart(data([{"t": threshold, "label": f"threshold {threshold_text(threshold)}"}]))
    return [
        base.mark_rule(stroke=QUIET.light, strokeWidth=1, strokeDash=[1, 2]).encode(x="t:Q"),
        base.mark_text(align="center", dy=-4, baseline="bottom", color=QUIET.light, fontSize=11).encode(
            x="t:Q", y=alt.value(0), text="label:N"
        ),
    ]
