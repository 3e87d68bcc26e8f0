"""Colours of the report: Okabe and Ito's, told apart by dash and marker as well.

A chart is drawn in the light colours; the page's style sheet swaps them by these very codes in the dark.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ink:
    """A colour on light and on dark paper."""

    light: str
    dark: str


PAPER = Ink(light="#ffffff", dark="#15181c")
PANEL = Ink(light="#f5f6f7", dark="#1d2126")
TEXT = Ink(light="#1b1f24", dark="#e8eaed")
QUIET = Ink(light="#565d66", dark="#a9b1bb")
LINK = Ink(light="#00588f", dark="#7cc4f5")
AXIS = Ink(light="#8b929b", dark="#79818b")
GRID = Ink(light="#e4e7ea", dark="#2c3138")
DOT = Ink(light="#b3b9c0", dark="#565e68")

BLUE = Ink(light="#0072b2", dark="#56b4e9")
VERMILLION = Ink(light="#d55e00", dark="#e6853b")
GREEN = Ink(light="#009e73", dark="#2fc59b")
PURPLE = Ink(light="#cc79a7", dark="#d992ba")
ORANGE = Ink(light="#e69f00", dark="#f0b428")
SKY = Ink(light="#56b4e9", dark="#8fd0f7")
BLACK = Ink(light="#000000", dark="#ffffff")
EARTH = Ink(light="#7a6a00", dark="#f0e442")
"""Okabe and Ito's yellow; on white paper it is darkened, because the yellow itself cannot be seen there."""

INKS = (PAPER, PANEL, TEXT, QUIET, LINK, AXIS, GRID, DOT, BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, EARTH)


@dataclass(frozen=True, kw_only=True)
class Style:
    """How one series is drawn: never by colour alone."""

    ink: Ink
    dash: tuple[int, ...]
    marker: str


SERIES = (
    Style(ink=BLUE, dash=(), marker="circle"),
    Style(ink=VERMILLION, dash=(6, 3), marker="square"),
    Style(ink=GREEN, dash=(2, 2), marker="triangle-up"),
    Style(ink=PURPLE, dash=(8, 3, 2, 3), marker="diamond"),
    Style(ink=ORANGE, dash=(12, 3), marker="cross"),
    Style(ink=SKY, dash=(4, 2, 1, 2, 1, 2), marker="triangle-down"),
    Style(ink=EARTH, dash=(1, 3), marker="triangle-right"),
    Style(ink=BLACK, dash=(14, 3, 3, 3), marker="triangle-left"),
)
"""In the order they are given out; at most eight series share a chart."""

MATED, NONMATED = SERIES[0], SERIES[1]
RATE_STYLES = {"fmr": SERIES[1], "fnmr": SERIES[0], "fpir": SERIES[3], "fnir": SERIES[2]}


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2), 0 black to 1 white.

    Examples
    --------
    >>> luminance("#ffffff")
    1.0
    """
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2), 1 to 21.

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
