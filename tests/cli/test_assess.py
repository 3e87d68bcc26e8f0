"""``misid assess`` from the arguments to what is printed and written, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

Misid = Callable[..., tuple[int, str, str]]
FEW = ("--draws", "64")


def test_records_are_printed_and_nothing_is_written_unasked(
    tmp_path: Path, misid: Misid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = misid("assess", "street-stop", *FEW, "--format", "json")
    assert status == 0, err
    records = json.loads(out)
    assert records[0]["policy"] == "definitive"
    assert all(r["wrongly_held_lo"] <= r["wrongly_held"] <= r["wrongly_held_hi"] for r in records)
    assert records[-1]["matched"] == 0
    assert records[-1]["right_record_given_match"] is None
    assert list(tmp_path.iterdir()) == []
    rows = list(csv.DictReader(io.StringIO(misid("assess", "street-stop", *FEW, "--format", "csv")[1])))
    assert [float(r["wrongly_held"]) for r in rows] == [r["wrongly_held"] for r in records]
    assert "not defined: " in misid("assess", "street-stop", *FEW)[1]


def test_what_is_printed_is_what_is_written(tmp_path: Path, misid: Misid) -> None:
    out = tmp_path / "new" / "out"
    status, printed, err = misid("assess", "street-stop", *FEW, "--format", "json", "-o", out, "--paper", "a4")
    assert status == 0, err
    twin = json.loads((out / "report.json").read_text())
    assert [r["wrongly_held"] for r in json.loads(printed)] == [
        p["everybody"]["wrongly_held"]["value"] for p in twin["policies"]
    ]
    assert {p.name for p in out.iterdir()} == {"report.html", "report.pdf", "report.json", "tables", "bundle.zip"}
    assert [p.name for p in out.parent.iterdir()] == ["out"]
    assert "misid verify" in err
    status, printed, err = misid("assess", "street-stop", *FEW, "-o", out)
    assert (status, printed) == (2, "")
    assert "exists already" in err
    assert "--force" in err


def test_numbers_are_set_and_the_report_says_so(tmp_path: Path, misid: Misid) -> None:
    call = (
        "assess",
        "street-stop",
        *FEW,
        "--format",
        "json",
        "--set",
        "search.growth=1",
        "--set",
        "search.gallery=12e6",
    )
    status, printed, err = misid(*call, "-o", tmp_path / "out", "-q")
    assert (status, err) == (0, "")
    twin = json.loads((tmp_path / "out" / "report.json").read_text())
    assert twin["provenance"]["settings"] == ["search.growth=1", "search.gallery=12e6"]
    growth = next(i for i in twin["inputs"] if i["path"] == "search.growth")
    assert (growth["lo"], growth["hi"], growth["set_by"]) == (1.0, 1.0, "command line")
    assert "Set to 1 on the command line" in (tmp_path / "out" / "report.html").read_text()
    assert json.loads(misid(*call, "--seed", "5")[1]) != json.loads(printed)
    assert misid(*call)[1] == printed


@pytest.mark.parametrize(
    ("scenario", "more", "status", "said"),
    [
        ("street-stopp", (), 3, "street-stop"), ("street-stop", ("--set", "search.growth"), 2, "PATH=VALUE"),
        ("street-stop", ("--set", "search.growth=2"), 2, "search.growth"),
        ("street-stop", ("--set", "nowhere.at.all=2"), 2, "nowhere"),
        ("street-stop", ("--draws", "1"), 2, "--draws"), ("street-stop", ("--level", "2"), 2, "level"),
        ("street-stop", ("--paper", "skin"), 2, "paper"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_written(
    tmp_path: Path, misid: Misid, scenario: str, more: tuple[str, ...], status: int, said: str
) -> None:
    found, out, err = misid("assess", scenario, *more, "-o", tmp_path / "out")
    assert found == status, err
    assert out == ""
    assert said in err
    assert "try: " in err
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_that_no_test_carries_ends_with_its_own_code(tmp_path: Path, misid: Misid) -> None:
    from tests.encounter.test_search_models import from_tally

    from misid.ground.toml import toml_text

    path = tmp_path / "far.toml"
    path.write_text(toml_text(from_tally(gallery=1e11, threshold=3)))
    status, out, err = misid("assess", path, *FEW, "-o", tmp_path / "out")
    assert (status, out) == (4, "")
    assert "bound_as_range" in err
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_way_is_refused_before_anything_is_computed(tmp_path: Path, misid: Misid) -> None:
    (tmp_path / "out").write_text("x")
    status, _, err = misid("assess", "street-stop", "-o", tmp_path / "out")
    assert status == 2
    assert "is a file" in err
