"""From a chart's specification to SVG in the page: offline, the same bytes each time, with a description."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from misid.ground.errors import MisidError
from misid.report.palette import AXIS, GRID, QUIET, TEXT

if TYPE_CHECKING:
    import altair as alt

FONT = "Arial, Helvetica, Liberation Sans, sans-serif"

CONFIG: dict[str, Any] = {
    "aria": False,
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "domainColor": AXIS.light, "tickColor": AXIS.light, "gridColor": GRID.light, "labelColor": QUIET.light,
        "titleColor": TEXT.light, "labelFontSize": 11.5, "titleFontSize": 12, "titleFontWeight": "normal",
        "titlePadding": 8, "tickSize": 4, "labelPadding": 4, "gridWidth": 1,
    },
    "title": {"color": TEXT.light, "fontSize": 12.5, "fontWeight": "normal", "anchor": "start"},
    "legend": {
        "labelColor": TEXT.light, "titleColor": QUIET.light, "labelFontSize": 11.5, "titleFontSize": 11.5,
        "titleFontWeight": "normal", "orient": "top", "labelLimit": 220, "symbolStrokeWidth": 2, "symbolSize": 90,
    },
    "text": {"color": TEXT.light, "fontSize": 11.5},
}  # fmt: skip

HATCH = "#fedcba"
"""The fill that is drawn as diagonal lines: what is a bound, not an estimate."""

_PATTERN = (
    '<defs><pattern id="{id}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="7" height="7" fill="#f4f5f6"/><path d="M0,0V7" stroke="#9aa1a9" stroke-width="2"/></pattern></defs>'
)

_NUMBER = re.compile(r"\d+\.\d{3,}")
_COORDINATES = re.compile(r'\b(d|transform|x|y|x1|x2|y1|y2)="[^"]*"')


def printable(text: str, longest: int = 40) -> str:
    """Text that a chart can hold: what does not print becomes U+FFFD (a NUL ends vl-convert), long text is cut.

    Examples
    --------
    >>> printable("a\\x00b"), printable("x" * 50, longest=5)
    ('a\ufffdb', 'xxxx…')
    """
    shown = "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") else c for c in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def draw(chart: alt.TopLevelMixin, *, name: str, title: str, description: str) -> str:
    """An Altair chart as inline SVG with a title and a description for readers who cannot see it.

    Parameters
    ----------
    chart : altair chart
    name : str
        Prefix of every id inside, unique in the page.
    title, description : str

    Raises
    ------
    MisidError
        If the chart cannot be drawn; a report with a hole in it is not written silently.
    """
    import vl_convert

    try:
        svg = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), config=CONFIG, allowed_base_urls=[])
    except ValueError as error:
        raise MisidError(f"figure {name!r} cannot be drawn: {error}", remedy="report this; it is a defect") from error
    return dressed(svg, name=name, title=title, description=description)


def dressed(svg: str, *, name: str, title: str, description: str) -> str:
    """Inline SVG from a stand-alone one: own ids, no namespaces, title and description first."""
    opening, rest = svg.split(">", 1)
    box = re.search(r'viewBox="([^"]+)"', opening)
    if box is None:
        raise MisidError(f"figure {name!r} has no size", remedy="report this; it is a defect")
    # vl-convert counts clip paths on from one chart to the next, so their numbers depend on what was drawn before.
    ids = {old: f"{name}-{i}" for i, old in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', rest)))}
    for old, new in sorted(ids.items(), key=lambda pair: -len(pair[0])):
        rest = rest.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
    rest = _COORDINATES.sub(lambda m: _NUMBER.sub(lambda n: f"{float(n[0]):.2f}", m[0]), rest)
    if f'fill="{HATCH}"' in rest:
        rest = _PATTERN.format(id=f"{name}-h") + rest.replace(f'fill="{HATCH}"', f'fill="url(#{name}-h)"')
    width = float(box[1].split()[2])
    return (
        f'<svg class="chart" viewBox="{box[1]}" style="max-width:{width:.0f}px" role="img" '
        f'aria-labelledby="{name}-t {name}-d"><title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(description)}</desc>{rest}'
    )
