"""A report in a directory: the page, its machine twin, the tables."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from misid.report.directory import PAGE, PDF, TWIN, json_bytes, write_files
from misid.report.document import document_of, plain
from misid.report.filing import document_pdf
from misid.report.filing.pdf import Paper
from misid.report.html import html_of
from misid.report.model import Report
from misid.report.page import page_of
from misid.report.paper import paper_of
from misid.report.tables import tables_of

if TYPE_CHECKING:
    from misid.encounter.model import Assessment


def render(report: Report, *, paper: Paper = "letter") -> dict[str, bytes]:
    """All files of a report, by name, in memory: the same bytes for the same report.

    Raises
    ------
    MisidError
        If a figure cannot be drawn or the page grows beyond 5 MB.
    """
    bare = document_of(report)
    page = page_of(bare)
    tables = tables_of(bare, page.figures)
    document = replace(bare, tables=tuple(table.listed() for table in tables))
    data = plain(document)
    twin = json_bytes(data)
    whole, fingerprint = replace(page, document=document), hashlib.sha256(twin).hexdigest()
    return {
        PAGE: html_of(whole, data, fingerprint).encode(),
        TWIN: twin,
        PDF: document_pdf(paper_of(whole, data, fingerprint), paper=paper),
        **{table.file: table.text.encode() for table in tables},
    }


def write_report(
    report: Report | Assessment, directory: str | Path, *, folder: str | Path | None = None, paper: Paper = "letter",
    force: bool = False,
) -> Path:  # fmt: skip
    """Write a report: ``report.html``, ``report.pdf``, ``report.json`` and ``tables/*.csv``.

    That of an assessment has ``bundle.zip`` too, which `misid.verify` computes again.

    Nothing is written before everything is drawn; a new directory appears whole or not at all.

    Parameters
    ----------
    report : Report or Assessment
        Of a test of a matcher, or of an encounter (`misid.assess`).
    directory : path
        Made if it is not there.
    folder : path, optional
        Of the scenario that was assessed, where it names a tally or a table of deployments: the bundle holds them.
    paper : "letter" or "a4"
        Of the PDF.
    force : bool
        Replace a report that is there already; files that are not the report's stay.

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    UsageError
        If a report is there and `force` is not given, or `directory` is a file.
    MisidError
        If a figure cannot be drawn or the page grows beyond 5 MB.
    """
    if not isinstance(report, Report):
        from misid.report.assessment import write_assessment

        return write_assessment(
            report, directory, folder=None if folder is None else Path(folder), paper=paper, force=force
        )
    return write_files(render(report, paper=paper), Path(directory), force=force)
