"""Icon arrays: a rate as so many of so many searches, each one to be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

from misid.ground.measures import measure
from misid.ground.numbers import count, denominator, percent, whole
from misid.ground.rate import Rate
from misid.ground.text import RECORD_KEYS, natural, record
from misid.report.figures.base import Figure
from misid.report.palette import BLUE, DOT, VERMILLION, Ink

MOST_ICONS = 10_000
_WIDTH = 440.0
_PER_ROW = {100: 20, 1000: 50, 10_000: 100}


@dataclass(frozen=True, kw_only=True)
class Array:
    """How a rate is laid out: `icons` icons, one for `each` trials, `marked` of them errors, `possible` more up to
    the upper limit."""

    size: int
    icons: int
    each: int
    marked: int
    possible: int


def size_for(rates: list[Rate]) -> int:
    """The denominator at which the rarest of some rates can be seen."""
    heights = [r.estimate if r.status == "ok" and r.estimate else r.hi for r in rates]
    seen = [h for h in heights if h]
    return min(denominator(min(seen), at_least=2.0) if seen else 100, 10**9)


def shared_sizes(rates: list[Rate]) -> list[int]:
    """Denominators for arrays that stand side by side: one for all while single icons can show it."""
    together = size_for(rates)
    return [together] * len(rates) if together <= MOST_ICONS else [size_for([rate]) for rate in rates]


def laid_out(rate: Rate, size: int) -> Array:
    """The icons of one rate among `size` trials."""
    estimate = rate.estimate if rate.status == "ok" and rate.estimate else 0.0
    return array_of(estimate, rate.hi or 0.0, size)


def array_of(estimate: float, hi: float, size: int) -> Array:
    """The icons of a proportion and its upper limit among `size`: at least one is marked where it is above 0."""
    each = max(1, size // MOST_ICONS)
    icons = size // each
    marked = min(icons, max(1, round(estimate * size / each))) if estimate else 0
    top = min(icons, math.ceil(hi * size / each - 1e-9))
    return Array(size=size, icons=icons, each=each, marked=marked, possible=max(0, top - marked))


def icon_array(rate: Rate, size: int, *, name: str, title: str) -> Figure:
    """An icon array of one rate per search.

    Parameters
    ----------
    rate : Rate
    size : int
        Denominator: 100, 1,000 or 10,000 icons are drawn, one icon for more than one search beyond that.
    name, title : str

    Returns
    -------
    Figure
        With the rate itself as its data.
    """
    array = laid_out(rate, size)
    drawable = rate.hi is not None or (rate.status == "ok" and rate.estimate is not None)
    ink = VERMILLION if rate.measure == "fpir" else BLUE
    words = measure(rate.measure)
    sentence = natural(rate, size) if rate.status == "ok" and rate.estimate else natural(rate)
    level = percent(rate.level)
    trial, trials = ("search", "searches") if words.unit == "per search" else ("comparison", "comparisons")
    one = f"One icon is one {trial}" if array.each == 1 else f"One icon is {count(array.each)} {trials}"
    caption = f"{one}; {count(array.size)} {words.of}, {count(icons_a_row(array))} icons a row. "
    if array.marked:
        caption += f"Filled squares: the estimate, {whole(rate.estimate or 0.0, size)}. "
        if array.marked * array.each > (rate.estimate or 0.0) * size * 1.5:
            caption += "(One icon is drawn for fewer than it stands for.) "
    if array.possible:
        caption += f"Hollow squares: as many more as the upper {level} limit allows, rounded up."
    return Figure(
        name=name,
        title=title,
        description=f"{sentence} Drawn as {count(array.icons)} icons: {count(array.marked)} filled, "
        f"{count(array.possible)} hollow, the others small dots.",
        caption=caption,
        columns=RECORD_KEYS,
        rows=({**record(rate), "warnings": "; ".join(rate.warnings)},),
        svg=array_svg(array, ink, name, title, sentence) if drawable else "",
        hole=sentence,
    )


def icons_a_row(array: Array) -> int:
    """How many stand beside each other."""
    return _PER_ROW.get(array.icons, 100)


def array_svg(array: Array, ink: Ink, name: str, title: str, sentence: str) -> str:
    """The picture: filled squares, hollow squares, dots, `title` and `sentence` for those who cannot see it."""
    per_row = icons_a_row(array)
    rows = math.ceil(array.icons / per_row)
    cell = _WIDTH / per_row
    side = round(cell * 0.74, 2)
    margin = round((cell - side) / 2, 2)
    shown = array.marked + array.possible
    dots = f"fig-{name}-dots"

    def at(index: int) -> str:
        return f"M{index % per_row * cell + margin:.2f},{index // per_row * cell + margin:.2f}h{side}v{side}h-{side}z"

    stroke = max(0.7, round(cell * 0.11, 2))
    filled = "".join(at(i) for i in range(array.marked))
    hollow = "".join(at(i) for i in range(array.marked, shown))
    # The dots fill the whole grid; paper covers them under the icons, so ten thousand cost one rectangle.
    cover = _cover(shown, per_row, cell)
    height = round(rows * cell, 2)
    return (
        f'<svg class="chart icons" viewBox="0 0 {_WIDTH:.0f} {height}" style="max-width:{_WIDTH:.0f}px" role="img" '
        f'aria-labelledby="fig-{name}-t fig-{name}-d"><title id="fig-{name}-t">{escape(title)}</title>'
        f'<desc id="fig-{name}-d">{escape(sentence)}</desc>'
        f'<defs><pattern id="{dots}" width="{cell:.4f}" height="{cell:.4f}" patternUnits="userSpaceOnUse">'
        f'<circle cx="{cell / 2:.3f}" cy="{cell / 2:.3f}" r="{max(cell * 0.14, 0.75):.2f}" '
        f'fill="{DOT.light}"/></pattern></defs>'
        f'<rect width="{_WIDTH:.0f}" height="{height}" fill="url(#{dots})"/>'
        f'<path d="{cover}" fill="#ffffff"/><path d="{filled}" fill="{ink.light}"/>'
        f'<path d="{hollow}" fill="none" stroke="{ink.light}" stroke-width="{stroke}"/></svg>'
    )


def _cover(shown: int, per_row: int, cell: float) -> str:
    full, rest = divmod(shown, per_row)
    path = f"M0,0h{_WIDTH:.0f}v{full * cell:.2f}h-{_WIDTH:.0f}z" if full else ""
    return path + (f"M0,{full * cell:.2f}h{rest * cell:.2f}v{cell:.2f}h-{rest * cell:.2f}z" if rest else "")
