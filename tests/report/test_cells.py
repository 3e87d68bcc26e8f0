"""A report for publication: small groups in it are found, and its reader is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from misid.ground.errors import BadInputError, UsageError
from misid.report import Report, write_report
from misid.report.cells import cells_of_report, report_json
from misid.report.document import document_of
from misid.tally.privacy import FEW, cells_of, publication_problems

Misid = Callable[..., tuple[int, str, str]]


@pytest.fixture
def written(report: Report, tmp_path: Path) -> Path:
    write_report(report, tmp_path / "out")
    return tmp_path / "out"


def test_a_report_is_known_by_its_directory_and_its_file(written: Path, tmp_path: Path) -> None:
    assert report_json(str(written)) == written / "report.json"
    assert report_json(str(written / "report.json")) == written / "report.json"
    (tmp_path / "scores.json").write_text('{"scores": []}')
    for other in (tmp_path, tmp_path / "scores.json", written / "report.html", tmp_path / "none.json"):
        assert report_json(str(other)) is None


def test_the_cells_of_a_report_are_among_those_of_its_tally(written: Path, report: Report) -> None:
    shown, whole = cells_of_report(written / "report.json"), cells_of(report.tally)
    for (group, side), people in shown.people.items():
        if side in ("probes", "mated"):
            assert whole.people[group, side] == people
    assert shown.within.keys() == whole.within.keys()
    assert len({side for _, side in shown.people}) > 2
    # Beside its own tally a report tells nothing more.
    assert publication_problems([shown, whole], min_people=1) == ()


def test_a_small_group_of_a_report_is_found(written: Path, misid: Misid) -> None:
    smallest = min(cells_of_report(written / "report.json").people.values())
    assert misid("check", written, "--min-people", smallest)[0] == 0
    status, out, _ = misid("check", written, "--min-people", smallest + 1)
    assert status == 3
    assert "E051 small-cell: report 1, group" in out
    assert f"--min-people {smallest + 1} and make the report" in out
    assert "check the tally too" in out


def test_a_report_beside_a_tally_of_other_people_tells_the_difference(written: Path, report: Report) -> None:
    document = json.loads((written / "report.json").read_text())
    document["test"]["groups"][0]["probe_people"] -= 1
    (written / "report.json").write_text(json.dumps(document))
    found = publication_problems([cells_of_report(written / "report.json"), report.tally], min_people=2)
    assert ("E052", "report 1 and tally 2, group all") in {(p.code, p.where) for p in found}


def test_a_report_of_small_groups_says_so(report: Report) -> None:
    assert report.tally.joint_people is None
    few = {"probes": (FEW - 1,) * len(report.tally.joint)}
    told = document_of(replace(report, tally=replace(report.tally, joint_people=few))).warnings
    assert "not for publication as it is" in told[-1]
    assert f"fewer than {FEW} people" in told[-1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"format": "misid-report", "version": 1}', BadInputError),
        ('{"format": "misid-report", "test": {"groups": [{"name": "F"}]}}', BadInputError),
        ('{"format": "misid-report", ', BadInputError),
        ('{"format": "misid-report", "x": ' + "[" * 3000 + "]" * 3000 + "}", BadInputError),
        ('{"format": "misid-assessment-1"}', UsageError),
        ("[]", BadInputError),
    ],
)
def test_what_is_no_report_of_a_test_is_refused(content: str, code: type[Exception], tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(code):
        cells_of_report(tmp_path / "report.json")
