"""A report in a directory: the page, its machine twin, the tables."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from misid.report.directory import PAGE, TWIN, write_files
from misid.report.document import document_of, plain
from misid.report.html import html_of
from misid.report.model import Report
from misid.report.page import page_of
from misid.report.tables import tables_of


def render(report: Report) -> dict[str, bytes]:
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
    twin = (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    html = html_of(replace(page, document=document), data, hashlib.sha256(twin).hexdigest())
    return {PAGE: html.encode(), TWIN: twin, **{table.file: table.text.encode() for table in tables}}


def write_report(report: Report, directory: str | Path, *, force: bool = False) -> Path:
    """Write a report: ``report.html``, ``report.json`` and ``tables/*.csv``.

    Nothing is written before everything is drawn; a new directory appears whole or not at all.

    Parameters
    ----------
    report : Report
    directory : path
        Made if it is not there.
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
    return write_files(render(report), Path(directory), force=force)
