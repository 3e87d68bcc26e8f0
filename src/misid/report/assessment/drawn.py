"""Pictures of an assessment as SVG of our own: narrow, so that a phone shows them at full size, and sound in grey.

Every number in a picture is a traced `Value`, as in the text: its element carries the place in report.json.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from misid.report.figures.base import decades, round_values
from misid.report.filing import Value, Words
from misid.report.filing.layout import cleaned
from misid.report.filing.model import said, spans, text_of
from misid.report.palette import AXIS, BLUE, GRID, QUIET, TEXT, VERMILLION, Ink
from misid.report.svg import FONT

WIDTH: Final = 360.0
SIZE: Final = 12.0
_LETTER: Final = 0.53
"""Mean width of a letter, in ems of Arial; of digits 0.556."""


@dataclass
class Canvas:
    """SVG in the making."""

    parts: list[str] = field(default_factory=list)
    height: float = 0.0

    def text(
        self, x: float, y: float, words: Words, *, ink: Ink = TEXT, anchor: str = "start", bold: bool = False,
        size: float = SIZE,
    ) -> None:  # fmt: skip
        """A line of words; numbers among them stay traced."""
        inner = "".join(
            f"<tspan data-path={quoteattr(s.path)} data-raw={quoteattr(s.raw)}>{escape(cleaned(s.text))}</tspan>"
            if isinstance(s, Value)
            else escape(cleaned(text_of(s)))
            for s in spans(words)
        )
        weight = ' font-weight="bold"' if bold else ""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="{size:g}" fill="{ink.light}"'
            f"{place}{weight}>{inner}</text>"
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, ink: Ink = AXIS, width: float = 1.0, dash: str = ""
    ) -> None:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink.light}" '
            f'stroke-width="{width:g}"{dashed}/>'
        )

    def circle(self, x: float, y: float, r: float, *, ink: Ink, hollow: bool = False) -> None:
        look = f'fill="#ffffff" stroke="{ink.light}" stroke-width="1.6"' if hollow else f'fill="{ink.light}"'
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:g}" {look}/>')

    def square(self, x: float, y: float, side: float, *, ink: Ink) -> None:
        self.parts.append(
            f'<rect x="{x - side / 2:.1f}" y="{y - side / 2:.1f}" width="{side:g}" height="{side:g}" '
            f'fill="{ink.light}"/>'
        )

    def svg(self, name: str, title: str, description: str, *, most: float = 1.25) -> str:
        """The finished picture, with its title and description for those who cannot see it.

        `most` times its own size is as large as it is shown.
        """
        return (
            f'<svg class="chart drawn" viewBox="0 0 {WIDTH:.0f} {self.height:.0f}" preserveAspectRatio="xMinYMin" '
            f'style="max-width:{WIDTH * most:.0f}px" role="img" aria-labelledby="fig-{name}-t fig-{name}-d">'
            f'<title id="fig-{name}-t">{escape(cleaned(title))}</title>'
            f'<desc id="fig-{name}-d">{escape(cleaned(description))}</desc>{"".join(self.parts)}</svg>'
        )


def width_of(words: Words, size: float) -> float:
    """About how wide a line of words is."""
    return len(said(words)) * size * 0.56


def fitting(text: str, width: float, size: float = SIZE) -> list[str]:
    """A text in lines that are no wider than `width`."""
    return textwrap.wrap(cleaned(text), max(8, int(width / (size * _LETTER)))) or [""]


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A row of an interval chart: where a number is, between which limits; None where it is not defined."""

    label: str
    shown: Words
    value: float | None
    lo: float | None
    hi: float | None
    ink: Ink = BLUE
    marked: bool = False


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A scale from `low` to `high`, logarithmic unless `linear`."""

    low: float
    high: float
    linear: bool = False

    def at(self, value: float) -> float:
        """Where a value stands, 0 to 1; what is below the scale stands at its beginning."""
        if self.linear:
            return (value - self.low) / (self.high - self.low)
        return math.log10(max(value, self.low) / self.low) / math.log10(self.high / self.low)

    def ticks(self) -> list[float]:
        """At most six round values."""
        if not self.linear:
            return decades((self.low, self.high), 6)
        step = next(s for s in round_values(max((self.high - self.low) / 5, 1e-12), self.high - self.low))
        first = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]


def axis_for(values: Sequence[float], *, most_decades: float = 6.0) -> Axis:
    """A logarithmic scale around the values above 0, at most so many powers of ten."""
    positive = [v for v in values if v > 0]
    if not positive:
        return Axis(low=0.0, high=1.0, linear=True)
    high = round_values(max(positive), max(positive))[-1]
    low = round_values(max(min(positive), high / 10**most_decades), high)[0]
    return Axis(low=low if low < high else high / 10, high=high)


def plain_number(value: float) -> str:
    """A tick."""
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.12g}"


_LEFT, _RIGHT = 8.0, WIDTH - 12.0


def bars(
    rows: Sequence[Bar], axis: Axis, unit: str, *, reference: float | None = None,
    tick: Callable[[float], str] = plain_number,
) -> Canvas:  # fmt: skip
    """An interval chart: label and number above each bar, one scale below all; a dashed line at `reference`."""
    canvas = Canvas()
    y = 4.0
    top = y

    def x(value: float) -> float:
        return _LEFT + min(1.0, max(0.0, axis.at(value))) * (_RIGHT - _LEFT)

    spaces = []
    for row in rows:
        number = width_of(row.shown, SIZE)
        lines = fitting(row.label, WIDTH - 16 - number)
        spaces.append((row, lines))
    bottom = top + sum(len(lines) * 15 + 22 for _, lines in spaces)
    for row, lines in spaces:
        for place, line in enumerate(lines):
            canvas.text(_LEFT, y + 12 + 15 * place, line, bold=row.marked)
        canvas.text(_RIGHT + 8, y + 12, row.shown, anchor="end", bold=row.marked)
        y += 15 * len(lines)
        # Lines stay between the words, so that none runs through them.
        for value in axis.ticks():
            canvas.line(x(value), y + 3, x(value), y + 16, ink=GRID)
        if reference is not None:
            canvas.line(x(reference), y + 1, x(reference), y + 18, ink=QUIET, width=1.4, dash="2 2")
        _interval(canvas, row, y + 9, x)
        y += 22
    canvas.line(_LEFT, bottom, _RIGHT, bottom)
    for value in axis.ticks():
        canvas.line(x(value), bottom, x(value), bottom + 4)
        anchor = "start" if x(value) < 24 else "end" if x(value) > WIDTH - 36 else "middle"
        canvas.text(x(value), bottom + 16, tick(value), anchor=anchor, ink=QUIET, size=11)
    for place, line in enumerate(fitting(unit, WIDTH - 16, 11)):
        canvas.text(_LEFT, bottom + 33 + 14 * place, line, ink=QUIET, size=11)
        canvas.height = bottom + 40 + 14 * place
    return canvas


def _interval(canvas: Canvas, row: Bar, y: float, x: Callable[[float], float]) -> None:
    canvas.line(_LEFT, y, _RIGHT, y, ink=GRID)
    if row.value is None or row.lo is None or row.hi is None:
        return
    canvas.line(x(row.lo), y, max(x(row.hi), x(row.lo) + 1), y, ink=row.ink, width=4)
    if row.lo <= 0 < row.hi:
        canvas.text(_LEFT - 7, y + 4, "◂", ink=row.ink)
    if row.marked:
        canvas.square(x(row.value), y, 10, ink=row.ink)
    else:
        canvas.circle(x(row.value), y, 5, ink=row.ink)


@dataclass(frozen=True, kw_only=True)
class Swing:
    """A row of a tornado: the measure where one input is near its lowest and near its highest."""

    label: str
    shown: Words
    at_lo: float
    at_hi: float


def tornado(rows: Sequence[Swing], middle: float, unit: str) -> Canvas:
    """Bars about the middle, the widest first: hollow where the input is low, filled where it is high."""
    ends = [v for row in rows for v in (row.at_lo, row.at_hi)] + [middle]
    axis = axis_for(ends) if min(ends) > 0 else Axis(low=min(*ends, 0.0), high=max(*ends, 1e-12), linear=True)
    canvas = bars(
        [Bar(label=r.label, shown=r.shown, value=None, lo=None, hi=None) for r in rows], axis, unit, reference=middle
    )
    y = 4.0
    for row in rows:
        number = width_of(row.shown, SIZE)
        y += 15 * len(fitting(row.label, WIDTH - 16 - number))
        places = [_LEFT + min(1.0, max(0.0, axis.at(v))) * (_RIGHT - _LEFT) for v in (row.at_lo, row.at_hi)]
        canvas.line(*_level(places, y + 9), ink=BLUE, width=6)
        canvas.circle(places[0], y + 9, 5, ink=BLUE, hollow=True)
        canvas.circle(places[1], y + 9, 5, ink=BLUE)
        y += 22
    return canvas


def _level(places: Sequence[float], y: float) -> tuple[float, float, float, float]:
    return min(places), y, max(places), y


@dataclass(frozen=True, kw_only=True)
class Twig:
    """A branch of a drawn tree."""

    depth: int
    label: str
    shown: Words
    people: float
    wrong: bool
    last: tuple[bool, ...] = ()
    """For each level down to this one: whether nothing more hangs below there."""


def tree(twigs: Sequence[Twig]) -> Canvas:
    """A tree from top to bottom: thicker lines carry more people, squares and bold words are ways of being wrong."""
    canvas, nodes = Canvas(), Canvas()
    step, line_height = 15.0, 14.0
    y = 4.0
    most = max((t.people for t in twigs), default=1.0) or 1.0
    placed: dict[int, float] = {}
    for twig in twigs:
        x = 8 + twig.depth * step
        number = width_of(twig.shown, 11.5)
        lines = fitting(twig.label, WIDTH - x - 18 - number, 11.5)
        middle = y + 9
        ink = VERMILLION if twig.wrong else BLUE
        thick = _thickness(twig.people, most)
        if twig.depth:
            start = placed[twig.depth - 1]
            canvas.line(x - step, start, x - step, middle, ink=AXIS, width=1)
            canvas.line(x - step - 0.5, middle, x, middle, ink=ink, width=thick)
        if twig.wrong:
            nodes.square(x, middle, 8, ink=ink)
        else:
            nodes.circle(x, middle, 3.5, ink=ink, hollow=True)
        for place, line in enumerate(lines):
            nodes.text(x + 9, y + 13 + line_height * place, line, bold=twig.wrong, size=11.5)
        nodes.text(WIDTH - 2, y + 13, twig.shown, anchor="end", bold=twig.wrong, size=11.5)
        placed[twig.depth] = middle
        y += line_height * len(lines) + 6
    # Lines first, so that none runs over a mark.
    canvas.parts += nodes.parts
    canvas.height = y + 4
    return canvas


def _thickness(people: float, most: float) -> float:
    if people <= 0:
        return 0.8
    return round(0.8 + 5.2 * max(0.0, 1 + math.log10(people / most) / 5), 1)
