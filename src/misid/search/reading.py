"""Reads a table of deployments. Cells that should be numbers and are not are reported, and their rows left out."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Findings, Problem
from misid.ground.hostile import csv_rows, read_at_most, system_said
from misid.search.deployments import Deployment
from misid.search.growth import LARGEST_GALLERY

NEEDED = ("n_searches", "gallery_n", "false_positives")
"""Columns without which a row says nothing; `threshold`, `group`, `deployment`, `date_start` and `source_id` may be."""

MOST_BYTES = 64 << 20
"""A line a deployment: more is another thing."""

_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")

ALL_GROUPS = frozenset({"", "all"})


@dataclass(frozen=True, kw_only=True)
class DeploymentTable:
    """What a table of deployments held: those that can be used, and what was wrong with the others."""

    deployments: tuple[Deployment, ...]
    problems: tuple[Problem, ...] = ()
    rows: int = 0


def read_deployments(path: str | Path) -> DeploymentTable:
    """Read deployments from CSV with a heading line.

    Parameters
    ----------
    path : path
        Columns ``n_searches``, ``gallery_n`` and ``false_positives``, and where they are known ``threshold``,
        ``group`` (empty or "all": everybody), ``deployment``, ``date_start``, ``source_id``. Others are not read.
        An empty cell is "not known", never 0.

    Returns
    -------
    DeploymentTable
        With a warning for each cell that holds text, and one for the rows with empty cells.

    Raises
    ------
    BadInputError
        If there is no such file, a needed column is missing, or no row can be used (all problems at once).
    """
    path = Path(path)
    return _table(path, _lines(path, _bytes(path)))


def _bytes(path: Path) -> bytes:
    try:
        data = read_at_most(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        raise BadInputError([_file_problem("E001", path, system_said(error), "a readable file")]) from error
    if data is None:
        seen = f"more than {MOST_BYTES:,} bytes"
        raise BadInputError([_file_problem("E070", path, seen, f"a table of at most {MOST_BYTES:,}")])
    return data


def _lines(path: Path, data: bytes) -> list[list[str]]:
    try:
        return list(csv_rows(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except UnicodeDecodeError as error:
        raise BadInputError([_file_problem("E006", path, f"byte {error.start} is not UTF-8", "UTF-8")]) from error


def _table(path: Path, lines: list[list[str]]) -> DeploymentTable:
    if len(lines) < 2:
        raise BadInputError([_file_problem("E002", path, "no row below the header", "one deployment or more")])
    header = [name.strip() for name in lines[0]]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise BadInputError([_file_problem("E012", path, f"no column {', '.join(missing)}", ", ".join(NEEDED))])
    findings = Findings()
    empty: list[str] = []
    used: list[Deployment] = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        deployment = _row(path, number, dict(zip(header, cells, strict=False)), findings, empty)
        if deployment is not None:
            used.append(deployment)
    if empty:
        findings.add(
            problem(
                "W030", where=f"{path.name}: {', '.join(NEEDED)}", seen="an empty cell",
                allowed="all three known; an empty cell is not 0", remedy="fill it in if it was published; the row is "
                "left out", count=len(empty), examples=tuple(empty),
            )
        )  # fmt: skip
    if not used:
        nothing = _file_problem("E070", path, "no row has searches, gallery and false alerts", "one row or more")
        raise BadInputError([nothing, *findings.problems])
    return DeploymentTable(deployments=tuple(used), problems=tuple(findings.problems), rows=len(lines) - 1)


def _row(path: Path, number: int, row: Mapping[str, str], findings: Findings, empty: list[str]) -> Deployment | None:
    """The deployment of a row; None where a needed number is not there."""
    name = " ".join(filter(None, (row.get("deployment", "").strip(), row.get("date_start", "").strip())))
    values: dict[str, float | None] = {}
    for column in (*NEEDED, "threshold"):
        text = row.get(column, "").strip()
        values[column] = _number(text)
        if text and not _fits(column, values[column]):
            values[column] = None
            left = "the threshold is taken as not stated" if column == "threshold" else "the row is left out"
            findings.add(
                problem(
                    "W031", where=f"{path.name}: row {number}, column {column}", seen=repr(text[:60]),
                    allowed="one number" if column == "threshold" else "one whole number, without text or ranges",
                    remedy=f"write one number there; {left}",
                )
            )  # fmt: skip
        elif not text and column in NEEDED:
            empty.append(f"row {number}, {column}")
    searches, gallery, alerts = (values[column] for column in NEEDED)
    if searches is None or gallery is None or alerts is None:
        return None
    if alerts > searches:
        findings.add(
            problem(
                "W031", where=f"{path.name}: row {number}, column false_positives",
                seen=f"{alerts:g} in {searches:g} searches", allowed="at most one a search",
                remedy="correct the row; it is left out",
            )
        )  # fmt: skip
        return None
    if not 1 <= gallery <= LARGEST_GALLERY:
        findings.add(
            problem(
                "W031", where=f"{path.name}: row {number}, column gallery_n", seen=f"{gallery:g} references",
                allowed=f"from 1 to {LARGEST_GALLERY:,}", remedy="correct the row; it is left out",
            )
        )  # fmt: skip
        return None
    group = row.get("group", "").strip()
    return Deployment(
        searches=searches, false_alerts=int(alerts), gallery=int(gallery), threshold=values["threshold"],
        group=None if group.lower() in ALL_GROUPS else group, name=name or f"row {number}",
        source=row.get("source_id", "").strip(), date=_date(path, number, row.get("date_start", "").strip(), findings),
    )  # fmt: skip


def _date(path: Path, number: int, text: str, findings: Findings) -> str:
    """The date of a row; "" where it is none."""
    if not text or _DATE.fullmatch(text):
        return text
    findings.add(
        problem(
            "W032", where=f"{path.name}: row {number}, column date_start", seen=repr(text[:60]),
            allowed="2024-07-25, 2024-07 or 2024", remedy="write it so; it is taken as not known",
        )
    )  # fmt: skip
    return ""


def _number(text: str) -> float | None:
    try:
        value = float(text.replace(",", "") if text.replace(",", "").isdecimal() else text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _fits(column: str, value: float | None) -> bool:
    if value is None or column == "threshold":
        return value is not None
    return value == int(value) and value >= (0 if column == "false_positives" else 1)


def _file_problem(code: str, path: Path, seen: str, allowed: str) -> Problem:
    return problem(
        code, where=path.name, seen=seen, allowed=allowed, remedy=f"look at {path}, and docs/search-model.md"
    )
