"""The files of a document's directory: page, PDF, machine twin and tables, by name and in memory."""

from __future__ import annotations

from collections.abc import Sequence

from misid.ground.progress import ProgressLike
from misid.report.bundle.model import RESULT
from misid.report.directory import BUNDLE, PAGE, PDF
from misid.report.filing.model import Document
from misid.report.filing.page import document_html
from misid.report.filing.pdf import Paper, document_pdf
from misid.report.tables import CsvTable


def document_files(
    document: Document, body: bytes, tables: Sequence[CsvTable], *, paper: Paper, progress: ProgressLike
) -> dict[str, bytes]:
    """Everything but the bundle, which is made of these; the same bytes for the same arguments."""
    names = [RESULT, PDF, BUNDLE, *(table.file for table in tables)]
    files = {PAGE: document_html(document, files=names, pdf=PDF).encode(), RESULT: body}
    progress.stage("setting the PDF")
    files[PDF] = document_pdf(document, paper=paper)
    return {**files, **{table.file: table.text.encode() for table in tables}}
