"""Small pieces of HTML in which results show themselves in notebooks. No scripts, no style sheets, all text escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from html import escape

from misid.ground.errors import Problem
from misid.ground.rate import Rate
from misid.ground.text import rates_table

MOST_ROWS = 40
MOST_NOTES = 8
_CELL = "padding:2px 10px 2px 0;text-align:left;vertical-align:top"


def paragraph(text: str) -> str:
    """A line of quiet text."""
    return f'<p style="margin:4px 0;opacity:.75">{escape(text)}</p>'


def block(title: str, *pieces: str) -> str:
    """A titled piece around others (which are HTML already)."""
    return f"<div><strong>{escape(title)}</strong>{''.join(pieces)}</div>"


def facts_html(title: str, facts: Mapping[str, object]) -> str:
    """Names and values under a title.

    Examples
    --------
    >>> "1,000" in facts_html("Tally", {"people": 1000})
    True
    """
    rows = "".join(
        f'<tr><td style="{_CELL}">{escape(name)}</td><td style="{_CELL}">{escape(_plain(value))}</td></tr>'
        for name, value in facts.items()
    )
    return block(title, f"<table>{rows}</table>")


def _plain(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def rates_html(records: Iterable[Rate]) -> str:
    """Rates as a table with a bar for each interval (logarithmic, one scale for the table).

    At most `MOST_ROWS` rows, those that were refused last; what is left out is said. Selectivity is a number and not a
    share: it has no bar.
    """
    rates = sorted(records, key=lambda r: r.status == "refused")
    shown = rates[:MOST_ROWS]
    rows = rates_table(shown)
    if not rows:
        return paragraph("no rates")
    values = [v for r in shown if r.measure != "selectivity" for v in (r.lo, _point(r), r.hi) if v]
    low, high = (math.log10(min(values)), math.log10(max(values))) if values else (0.0, 0.0)
    head = "".join(
        f'<th scope="col" style="{_CELL}">{escape(name)}</th>' for name in [*rows[0], "limits (logarithmic)"]
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{_CELL}">{escape(text)}</td>' for text in row.values())
        + f'<td style="{_CELL}">{_bar(rate, low, high)}</td></tr>'
        for row, rate in zip(rows, shown, strict=True)
    )
    more = (
        ""
        if len(rates) == len(shown)
        else paragraph(f"{len(rates) - len(shown):,} more rates: print_rates(...) has all.")
    )
    notes = list(dict.fromkeys(w for r in shown for w in r.warnings if r.status not in ("refused", "undefined")))
    said = "".join(paragraph(f"note: {text}") for text in notes[:MOST_NOTES])
    if len(notes) > MOST_NOTES:
        said += paragraph(f"{len(notes) - MOST_NOTES:,} more notes: print_rates(...) has all.")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}{said}"


def _point(rate: Rate) -> float | None:
    """The estimate, where more than the limits means something."""
    return rate.estimate if rate.status == "ok" else None


def _bar(rate: Rate, low: float, high: float) -> str:
    if not rate.hi or high <= low or rate.measure == "selectivity":
        return ""

    def at(value: float) -> float:
        return round(100 * (math.log10(value) - low) / (high - low), 1)

    start = at(rate.lo) if rate.lo else 0.0
    estimate = _point(rate)
    point = f'<circle cx="{at(estimate)}" cy="6" r="3" fill="currentColor"/>' if estimate else ""
    dash = "" if estimate else ' stroke-dasharray="3 2"'
    return (
        '<svg width="112" height="12" viewBox="-6 0 112 12" role="img" aria-label="limits on a logarithmic scale">'
        f'<line x1="{start}" x2="{at(rate.hi)}" y1="6" y2="6" stroke="currentColor" stroke-width="1.5"{dash}/>'
        f"{point}</svg>"
    )


def problems_html(problems: Iterable[Problem]) -> str:
    """Problems as a table."""
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_CELL}">{escape(text)}</td>'
            for text in (p.code, p.slug, p.severity, p.where, p.seen, f"{p.count:,}", p.remedy)
        )
        + "</tr>"
        for p in problems
    )
    if not rows:
        return paragraph("nothing wrong was found")
    head = "".join(
        f'<th scope="col" style="{_CELL}">{name}</th>'
        for name in ("code", "problem", "severity", "where", "seen", "times", "try")
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
