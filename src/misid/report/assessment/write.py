"""An assessment in a directory: page, PDF, machine twin, tables, bundle."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, Final

from misid.encounter.model import Assessment
from misid.ground.errors import UsageError
from misid.ground.examples import is_example
from misid.ground.progress import NO_PROGRESS, ProgressLike
from misid.ground.text import finite
from misid.ground.toml import toml_text
from misid.report.assessment.document import document_of
from misid.report.assessment.tables import tables_of
from misid.report.bundle.file import bundle_bytes
from misid.report.bundle.model import RESULT, Bundle
from misid.report.bundle.versions import installed
from misid.report.dates import build_date
from misid.report.directory import BUNDLE, PAGE, PDF, json_bytes, write_files
from misid.report.filing.files import document_files
from misid.report.filing.pdf import Paper

SCENARIO: Final = "inputs/scenario.toml"
BESIDE: Final = "inputs/"
"""Where files stand that the scenario names: a tally, a table of deployments."""

FILES_OF_SEARCH: Final = ("tally", "deployments")
"""Keys of a scenario's search table that name a file of its folder (or, as example:NAME, one that misid ships)."""

KIND: Final = "assessment"


def twin_of(assessment: Assessment) -> dict[str, Any]:
    """What report.json holds."""
    made: dict[str, Any] = finite(assessment.to_dict())
    # As the file in the bundle states it, so that it gives the same text again.
    made["provenance"]["scenario"] = tomllib.loads(scenario_text(assessment))
    return made


def scenario_text(assessment: Assessment) -> str:
    """The scenario as used, as a file; of a file that it names, only the name: a path is nobody's business."""
    table = dict(assessment.provenance.scenario)
    named = named_file(table.get("search", {}))
    if named is not None:
        table["search"] = {**table["search"], named[0]: PurePath(named[1]).name}
    return toml_text(table)


def render(
    assessment: Assessment, *, paper: Paper = "letter", progress: ProgressLike = NO_PROGRESS
) -> dict[str, bytes]:  # fmt: skip
    """Page, PDF, machine twin and tables by name, in memory: the same bytes for the same assessment."""
    progress.stage("drawing the page")
    twin = twin_of(assessment)
    body = json_bytes(twin)
    document = document_of(assessment, twin, fingerprint=hashlib.sha256(body).hexdigest(), date=build_date())
    tables = tables_of(assessment, document.figures)
    return document_files(document, body, tables, paper=paper, progress=progress)


def bundle_of(
    assessment: Assessment, files: Mapping[str, bytes], *, folder: Path | None = None, paper: Paper = "letter"
) -> Bundle:
    """The bundle of an assessment and its rendered files; `folder` is where the files are that the scenario names.

    Raises
    ------
    UsageError
        If one of these is not there, or not the one that was assessed.
    """
    p = assessment.provenance
    inputs = {SCENARIO: scenario_text(assessment).encode(), **_beside(assessment, folder)}
    inputs["inputs/facts.json"] = json_bytes({used.id: finite(dict(used.fact)) for used in assessment.facts})
    return Bundle(
        kind=KIND, title=assessment.title, about=" ".join(assessment.about.split()), generated_with=f"misid {p.misid}",
        files={**files, **inputs},
        run={
            "name": assessment.name, "draws": p.draws, "seed": p.seed, "level": p.level, "paper": paper,
            "settings": list(p.settings), "files": [list(pair) for pair in p.files],
            "origins": {item.path: item.set_by for item in assessment.inputs},
        },
        versions=installed(),
        described={
            PAGE: "the report as a page", PDF: "the report as PDF", RESULT: "every number of the report",
            SCENARIO: "the scenario as used, whole",
            "inputs/facts.json": "the published numbers that the scenario names, with their sources",
            "versions.txt": "versions of Python and of every package used",
            "misid-bundle.json": "what is in the bundle",
        },
        date=build_date(),
    )  # fmt: skip


def named_file(search: Mapping[str, Any]) -> tuple[str, str] | None:
    """(key, path) of the file that a scenario's search table names, None where it names none of its folder."""
    for key in FILES_OF_SEARCH:
        path = search.get(key)
        if isinstance(path, str) and not is_example(path):
            return key, path
    return None


def _beside(assessment: Assessment, folder: Path | None) -> dict[str, bytes]:
    named = named_file(assessment.provenance.scenario.get("search", {}))
    if named is None:
        return {}
    path = (folder or Path()) / named[1]
    sums = {sha256 for _, sha256 in assessment.provenance.tally}
    if not path.is_file():
        raise UsageError(
            f"{path} is not there: the bundle needs the {named[0]} that was assessed",
            remedy="give the folder of the scenario: write_report(..., folder=...)",
        )
    body = path.read_bytes()
    if sums and hashlib.sha256(body).hexdigest() not in sums:
        raise UsageError(f"{path} is not the {named[0]} that was assessed", remedy="assess the scenario again")
    return {f"{BESIDE}{path.name}": body}


def write_assessment(
    assessment: Assessment, directory: str | Path, *, folder: Path | None = None, paper: Paper = "letter",
    force: bool = False, progress: ProgressLike = NO_PROGRESS,
) -> Path:  # fmt: skip
    """Write an assessment: ``report.html``, ``report.pdf``, ``report.json``, ``tables/*.csv`` and ``bundle.zip``.

    Nothing is written before everything is drawn; a new directory appears whole or not at all.

    Parameters
    ----------
    assessment : Assessment
    directory : path
    folder : path or None
        Of the scenario, where it names a tally or a table of deployments: that goes into the bundle.
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
    MisidError
        If a figure cannot be drawn or the page grows beyond 5 MB.
    """
    files = render(assessment, paper=paper, progress=progress)
    progress.stage("packing the bundle")
    files[BUNDLE] = bundle_bytes(bundle_of(assessment, files, folder=folder, paper=paper))
    return write_files(files, Path(directory), force=force)
