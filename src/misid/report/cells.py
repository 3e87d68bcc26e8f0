"""What a report that was written tells of how many people are behind its numbers, read from its report.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from misid.ground.codes import problem
from misid.ground.errors import BadInputError, UsageError
from misid.ground.hostile import is_deep, read_at_most, system_said
from misid.ground.rate import ALL
from misid.report.directory import TWIN
from misid.tally.privacy import Cells

MOST_BYTES = 1 << 28

REMEDY = (
    "count the scores again with misid tally SCORES --min-people {n} and make the report from that tally; what is "
    "counted already cannot be folded"
)


def report_json(source: str) -> Path | None:
    """The report.json that `source` names, itself or by its directory; None where it names no report."""
    path = Path(source)
    if path.is_dir() and (path / TWIN).is_file():
        return path / TWIN
    if path.suffix != ".json" or not path.is_file():
        return None
    with path.open("rb") as file:
        # The first key of every report; scores of other programs in JSON have others.
        return path if b'"format": "misid-' in file.read(200) else None


def cells_of_report(path: Path) -> Cells:
    """The cells of the report of a test, as far as it shows them.

    Raises
    ------
    BadInputError
        No report.json of misid, or one that is damaged.
    UsageError
        The report of an encounter or of a case, which counts nobody.
    """
    try:
        data = read_at_most(path, MOST_BYTES)
        if data is None:
            raise _bad(path, f"more than {MOST_BYTES:,} bytes", "do not trust this file")
        document = json.loads(data)
    except OSError as error:
        raise _bad(path, system_said(error), "check the path") from error
    except BadInputError:
        raise
    except (RecursionError, ValueError) as error:
        raise _bad(path, f"not JSON ({error})", "make the report again") from error
    kind = document.get("format") if isinstance(document, dict) else None
    if kind != "misid-report" and str(kind).startswith("misid-"):
        raise UsageError(
            f"{path} is of format {kind}: no report of a test, so nobody of a test is counted in it",
            remedy="misid check TALLY, of each tally that it was made from",
        )
    if kind != "misid-report" or is_deep(document):
        raise _bad(path, "no report of misid", "check that it is the right file")
    try:
        return _cells(document)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise _bad(path, f"{type(error).__name__}: {error}", "make the report again") from error


def _bad(path: Path, seen: str, remedy: str) -> BadInputError:
    return BadInputError(
        [problem("E047", where=str(path), seen=seen, allowed="the report.json of misid report", remedy=remedy)]
    )


def _cells(document: dict[str, Any]) -> Cells:
    people: dict[tuple[str, str], int] = {}
    pairs: dict[tuple[str, str, str], int] = {}
    for group in document["test"]["groups"]:
        for side in ("probe", "mated"):
            people[str(group["name"]), "probes" if side == "probe" else side] = int(group[f"{side}_people"])
    for rate in document["rates"]["records"]:
        if rate["people"] is None or not rate["trials"]:
            continue
        probe, reference = str(rate["probe_group"]), str(rate["reference_group"])
        side, n = str(rate["measure"]), int(rate["people"])
        if probe != ALL and reference != ALL:
            pairs[probe, reference, side] = n
        elif reference == ALL:
            people[probe, side] = n
        else:
            people[reference, f"{side} of those searched in it"] = n
    return Cells(
        what="report",
        people={key: n for key, n in people.items() if n > 0},
        at_most={},
        bounded=False,
        pairs={key: n for key, n in pairs.items() if n > 0},
        within={str(group["name"]): frozenset() for group in document["test"]["groups"]},
        scores=frozenset(
            str(i["sha256"]) for i in document["origin"]["inputs"] if i.get("sha256") and i.get("what") == "scores"
        ),
        remedy=REMEDY,
    )
