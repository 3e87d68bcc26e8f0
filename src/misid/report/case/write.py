"""A case in a directory: page, PDF, machine twin, tables, bundle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from misid.cases.file import DEPLOYMENTS_NAME, TALLY_NAME
from misid.cases.model import CaseResult
from misid.evidence import load
from misid.ground.progress import NO_PROGRESS, ProgressLike
from misid.ground.text import finite
from misid.report.bundle.file import bundle_bytes
from misid.report.bundle.model import RESULT, Bundle
from misid.report.bundle.versions import installed
from misid.report.case.document import document_of
from misid.report.case.tables import tables_of
from misid.report.dates import build_date
from misid.report.directory import BUNDLE, PAGE, PDF, json_bytes, write_files
from misid.report.filing.files import document_files
from misid.report.filing.pdf import Paper

KIND: Final = "case"
CASE: Final = "inputs/case.json"
FACTS: Final = "inputs/facts.json"
ATTACHED: Final = {"search.tally": f"inputs/{TALLY_NAME}", "search.deployments": f"inputs/{DEPLOYMENTS_NAME}"}
"""Files that a case names, by the key that names them, and where they are in the bundle."""


def twin_of(result: CaseResult) -> dict[str, Any]:
    """What report.json holds."""
    made: dict[str, Any] = finite(result.to_dict())
    return made


def render(
    result: CaseResult, *, paper: Paper = "letter", progress: ProgressLike = NO_PROGRESS
) -> dict[str, bytes]:  # fmt: skip
    """Page, PDF, machine twin and tables by name, in memory: the same bytes for the same result."""
    progress.stage("drawing the page")
    twin = twin_of(result)
    body = json_bytes(twin)
    document = document_of(result, json.loads(body), fingerprint=hashlib.sha256(body).hexdigest(), date=build_date())
    tables = tables_of(result, document.figures)
    return document_files(document, body, tables, paper=paper, progress=progress)


def bundle_of(result: CaseResult, files: Mapping[str, bytes], *, paper: Paper = "letter") -> Bundle:
    """The bundle of a case and its rendered files."""
    library = load()
    ids = dict.fromkeys(id_ for given in result.inputs for id_ in given.source)
    inputs = {
        CASE: json_bytes(finite(result.case)),
        FACTS: json_bytes({id_: finite(library[id_].to_dict()) for id_ in ids}),
        **{ATTACHED[key]: body for key, body in result.attached.items()},
    }
    about = " ".join(str(result.case.get("about") or result.title).split())
    return Bundle(
        kind=KIND, title=result.title, about=about, generated_with=f"misid {result.misid}",
        files={**files, **inputs}, run={"seed": result.seed, "paper": paper}, versions=installed(),
        described={
            PAGE: "the report as a page", PDF: "the report as PDF", RESULT: "every number of the report",
            CASE: "the case as it was given", FACTS: "the published numbers that the case names, with their sources",
            ATTACHED["search.tally"]: "the counts of the test of the engine",
            ATTACHED["search.deployments"]: "the deployments that the rates are from",
            "versions.txt": "versions of Python and of every package used",
            "misid-bundle.json": "what is in the bundle",
        },
        date=build_date(),
    )  # fmt: skip


def write_case(
    result: CaseResult, directory: str | Path, *, paper: Paper = "letter", force: bool = False,
    progress: ProgressLike = NO_PROGRESS,
) -> Path:  # fmt: skip
    """Write a case: ``report.html``, ``report.pdf``, ``report.json``, ``tables/*.csv`` and ``bundle.zip``.

    Nothing is written before everything is drawn; a new directory appears whole or not at all.

    Parameters
    ----------
    result : CaseResult
        From `misid.case`.
    directory : path
    paper : "letter" or "a4"
    force : bool
        Replace a report that is there; files that are not the report's stay.
    progress : ProgressLike

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    UsageError
        If a report is there and `force` is not given, or `directory` is a file.
    """
    files = render(result, paper=paper, progress=progress)
    progress.stage("packing the bundle")
    files[BUNDLE] = bundle_bytes(bundle_of(result, files, paper=paper))
    return write_files(files, Path(directory), force=force)
