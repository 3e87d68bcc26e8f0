"""Colours that can be read, told apart without colour, and icons that count right."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.ground.rate import Rate, SearchRate
from misid.report.figures.icons import MOST_ICONS, icon_array, laid_out, shared_sizes, size_for
from misid.report.palette import (
    INKS,
    LINK,
    MATED,
    NONMATED,
    PANEL,
    PAPER,
    QUIET,
    RATE_STYLES,
    SERIES,
    TEXT,
    contrast,
)
from tests.report.pages import Page


@pytest.mark.parametrize("side", ["light", "dark"])
def test_text_has_enough_contrast(side: str) -> None:
    for ink in (TEXT, QUIET, LINK):
        for paper in (PAPER, PANEL):
            assert contrast(getattr(ink, side), getattr(paper, side)) >= 4.5


@pytest.mark.parametrize("side", ["light", "dark"])
def test_the_lines_most_charts_use_stand_out(side: str) -> None:
    for style in (MATED, NONMATED, *(RATE_STYLES[code] for code in ("fmr", "fnmr", "fnir"))):
        assert contrast(getattr(style.ink, side), getattr(PAPER, side)) >= 3.0


def lightness(colour: str) -> float:
    """CIE L* of a colour, as grey printing keeps it."""
    from misid.report.palette import luminance

    y = luminance(colour)
    return 903.3 * y if y <= 0.008856 else 116 * y ** (1 / 3) - 16


def test_no_two_series_differ_by_colour_alone() -> None:
    for one, other in itertools.combinations(SERIES, 2):
        assert one.dash != other.dash
        assert one.marker != other.marker


def test_series_drawn_together_differ_in_grey_or_in_dash() -> None:
    pairs = [(MATED, NONMATED), *itertools.combinations(RATE_STYLES.values(), 2), *itertools.combinations(SERIES, 2)]
    for one, other in pairs:
        apart = abs(lightness(one.ink.light) - lightness(other.ink.light))
        assert apart >= 10 or one.dash != other.dash
    assert abs(lightness(MATED.ink.light) - lightness(NONMATED.ink.light)) >= 8


def test_the_dark_page_swaps_each_colour_of_the_charts(html: str) -> None:
    for ink in INKS:
        if ink.light != ink.dark:
            assert f'.chart [fill="{ink.light}"]{{fill:{ink.dark}}}' in html
    assert len({ink.light for ink in INKS}) == len(INKS)


@given(
    st.floats(min_value=1e-9, max_value=1.0),
    st.floats(min_value=0.0, max_value=1.0),
    st.floats(min_value=0, max_value=1),
)
def test_icons_never_outnumber_the_grid_nor_hide_the_limit(estimate: float, below: float, above: float) -> None:
    lo, hi = estimate * below, estimate + (1 - estimate) * above
    rate = SearchRate(measure="fpir", estimate=estimate, lo=lo, hi=hi)
    size = size_for([rate])
    array = laid_out(rate, size)
    assert array.icons <= MOST_ICONS
    assert array.marked >= 1
    assert array.marked + array.possible <= array.icons
    assert (array.marked + array.possible) * array.each >= min(hi * size, size) * (1 - 1e-6)


@pytest.mark.parametrize(
    ("estimate", "hi", "size", "each", "marked", "possible"),
    [(0.0116, 0.027, 1000, 1, 12, 15), (3e-4, 8e-4, 10_000, 1, 3, 5), (0.28, 0.33, 100, 1, 28, 5),
     (2e-6, 9e-6, 1_000_000, 100, 1, 0)],
)  # fmt: skip
def test_icons_count_right(estimate: float, hi: float, size: int, each: int, marked: int, possible: int) -> None:
    rate = SearchRate(measure="fpir", estimate=estimate, lo=0.0, hi=hi, people=5, trials=10)
    array = laid_out(rate, size_for([rate]))
    assert (array.size, array.each, array.marked, array.possible) == (size, each, marked, possible)


def test_both_arrays_share_a_denominator_while_icons_can_show_it() -> None:
    rare, common = (SearchRate(measure="fpir", estimate=e, lo=0.0, hi=2 * e) for e in (3e-4, 0.2))
    assert shared_sizes([rare, common]) == [10_000, 10_000]
    rarer = SearchRate(measure="fpir", estimate=3e-7, lo=0.0, hi=6e-7)
    assert shared_sizes([rarer, common]) == [10_000_000, 100]


def test_an_icon_array_says_its_denominator_and_what_each_icon_is() -> None:
    rate = SearchRate(measure="fpir", estimate=3.1e-4, lo=1.2e-4, hi=8.1e-4, level=0.95)
    figure = icon_array(rate, 10_000, name="x", title="Wrong person")
    assert "One icon is one search; 10,000 searches of people who are not in the gallery" in figure.caption
    assert "about 3 (95 %: 1–9) return somebody" in figure.description
    assert "95 %" in figure.caption
    drawn = Page(figure.svg)
    filled, hollow = (e.attributes["d"] or "" for e in drawn.all("path")[-2:])
    assert (filled.count("z"), hollow.count("z")) == (3, 6)


def test_nothing_known_draws_a_hole_not_an_empty_grid() -> None:
    rate = Rate(measure="fpir", trials=0, status="undefined")
    figure = icon_array(rate, 100, name="x", title="Wrong person")
    assert figure.svg == ""
    assert "cannot be computed: 0 non-mated searches" in figure.hole
