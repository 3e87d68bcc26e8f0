"""The document as one HTML page that asks nothing of the network."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from misid.report.filing.layout import laid_out
from misid.report.filing.model import Document
from misid.report.html import environment, not_too_large, style_sheet


def document_html(document: Document, *, files: Sequence[str] = (), pdf: str = "") -> str:
    """The document as a page.

    Parameters
    ----------
    document : Document
    files : sequence of str
        Files beside the page (relative), listed at its end.
    pdf : str
        Name of the same as PDF beside the page, "" where there is none.

    Raises
    ------
    MisidError
        If the page would be larger than 5 MB.
    """
    env = environment()
    text = env.get_template("filing.html.j2").render(
        tree=laid_out(document),
        svg=Markup,
        css=Markup(style_sheet(env)),
        more_css=Markup(env.get_template("filing.css.j2").render()),
        files=files,
        pdf=pdf,
    )
    return not_too_large(text)
