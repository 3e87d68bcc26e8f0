"""A report in a directory: the page, its machine twin, the tables."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from misid.report.directory import PAGE, PDF, TWIN, write_files
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
    twin = (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
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
<<<<<<< HEAD
    files = render(report)
    stale = _tables_of_older(target) - set(files) if target.is_dir() else set()
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch_directory(target.parent, f".{target.name}.", ".part") as scratch:
        staged = scratch / "report"
        (staged / TABLES).mkdir(parents=True)
        for name, content in files.items():
            (staged / name).write_bytes(content)
        if not force and any((target / name).exists() for name in (PAGE, TWIN)):
            raise _written_meanwhile(target)
        if target.is_dir():
            (target / TABLES).mkdir(exist_ok=True)
            # The page last: whoever opens it finds the tables it names.
            for name in sorted(files, key=lambda name: (name == PAGE, name == TWIN, name)):
                (staged / name).replace(target / name)
            for name in stale:
                (target / name).unlink(missing_ok=True)
        else:
            try:
                staged.replace(target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                raise _written_meanwhile(target) from error
    return target / PAGE


def _written_meanwhile(target: Path) -> UsageError:
    return UsageError(
        f"{target} was written by another run in the meantime",
        remedy="give another directory, or --force to replace it",
    )


def _tables_of_older(directory: Path) -> set[str]:
    """Tables that an older report of ours lists as its own; nothing where there is none that we can read."""
    twin = directory / TWIN
    if not twin.is_file():
        return set()
    try:
        older = json.loads(twin.read_text("utf-8"))
    except ValueError:
        return set()  # not ours, and about to be replaced because the user asked for it
    if not isinstance(older, dict) or older.get("format") != DOCUMENT_FORMAT:
        return set()
    names = {entry["file"] for entry in older.get("tables", ()) if isinstance(entry, dict) and "file" in entry}
    return {name for name in names if Path(name).parent == Path(TABLES) and ".." not in name}
=======
    return write_files(render(report, paper=paper), Path(directory), force=force)
>>>>>>> main
