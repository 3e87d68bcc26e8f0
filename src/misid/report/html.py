"""The page: one HTML file that asks nothing of the network."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from misid.ground.errors import MisidError
from misid.ground.measures import MEASURES, measure
from misid.ground.numbers import at_target, count, percent, threshold_text
from misid.report import words
from misid.report.page import Page
from misid.report.palette import INKS
from misid.report.shown import Shown
from misid.search.text import brief_text

MOST_BYTES = 5_000_000


def environment() -> Environment:
    """Jinja with escaping on, and an error for every name that is not there."""
    made = Environment(
        loader=PackageLoader("misid.report", "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    made.filters |= {"count": count, "percent": percent, "threshold": threshold_text, "target": at_target}
    return made


def html_of(page: Page, document: dict[str, Any], json_sha256: str) -> str:
    """The report as HTML.

    Parameters
    ----------
    page : Page
    document : dict
        What report.json holds: numbers are looked up there.
    json_sha256 : str
        Of report.json, for the provenance section.

    Returns
    -------
    str

    Raises
    ------
    MisidError
        If the page would be larger than 5 MB.
    """
    env = environment()
    model = page.document
    facts = model.test
    text = _template(env).render(
        page=page,
        model=model,
        facts=facts,
        shown=Shown(document),
        measure=measure,
        svg=Markup,
        css=Markup(style_sheet(env)),
        not_measured=words.not_measured(facts, model.origin.note, projected=model.projection is not None),
        differential_words=words.differential_words,
        statistics=words.STATISTICS,
        groups_by_name={group.name: group for group in facts.groups},
        definitions=[MEASURES[code] for code in _measures_used(page)],
        methods=words.methods_of(model.rates.records + model.rates.cmc),
        warnings=words.all_warnings(model.warnings, model.rates.warnings),
        record_warnings=words.notes_on([rate for _, rate in page.margins]),
        bound_known=model.projection is not None
        and any("no bound" not in brief_text(answer) for answer in model.projection.named),
        failures=words.failures_text(model.origin.failure_codes, facts),
        failure_codes=words.codes_text(model.origin.failure_codes),
        has_counts=words.has_counts,
        json_sha256=json_sha256,
    )
    return not_too_large(text)


def not_too_large(text: str) -> str:
    """The text of a page, unless it would be larger than a page may be."""
    size = len(text.encode())
    if size > MOST_BYTES:
        raise MisidError(
            f"the page would have {size:,} bytes; allowed: {MOST_BYTES:,}",
            remedy="report fewer groups, or without intersections",
        )
    return text


def _template(env: Environment) -> Template:
    return env.get_template("report.html.j2")


def _measures_used(page: Page) -> list[str]:
    used = {rate.measure for rate in page.document.rates.records}
    return [code for code in MEASURES if code in used]


def style_sheet(env: Environment) -> str:
    """The style sheet; chart colours are swapped in the dark by the very codes the charts were drawn in."""
    swaps = "".join(
        f'.chart [fill="{ink.light}"]{{fill:{ink.dark}}}.chart [stroke="{ink.light}"]{{stroke:{ink.dark}}}\n'
        for ink in INKS
        if ink.light != ink.dark
    )
    return env.get_template("report.css.j2").render(swaps=Markup(swaps), inks=_named())


def _named() -> dict[str, Any]:
    from misid.report import palette

    return {
        name.lower(): getattr(palette, name)
        for name in ("PAPER", "PANEL", "TEXT", "QUIET", "LINK", "AXIS", "GRID", "BLUE", "VERMILLION")
    }
