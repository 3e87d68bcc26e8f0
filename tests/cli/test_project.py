"""``misid project`` from the arguments to what is printed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

Misid = Callable[..., tuple[int, str, str]]
POINT = "N0=12000000,FPIR0=0.003,FNIR0=0.0007"


def test_published_as_records(misid: Misid) -> None:
    status, out, err = misid("project", "--published", POINT, "--gallery", "2e8", "--format", "json")
    assert (status, err) == (0, "")
    fpir, fnir = json.loads(out)
    assert (fpir["from"], fpir["measure"], fpir["gallery"], fpir["status"]) == ("published", "fpir", 200_000_000, "ok")
    assert [fpir["lo"], fpir["hi"]] == pytest.approx([0.003, 0.0488420580])
    assert fpir["estimate"] is None
    assert fpir["limits"] == "assumptions"
    assert len(fpir["assumptions"]) >= 4
    assert fnir["measure"] == "fnir"


def test_table_calls_a_range_a_range_and_says_what_is_assumed(misid: Misid) -> None:
    out = misid("project", "--published", POINT, "--gallery", "200000000")[1]
    assert "from 3.0 to 49 in 1,000 (range over assumptions)" in out
    assert "assumed: FPIR grows with the gallery with exponent b in 0..1" in out
    assert "95 %" not in out


def test_formats_hold_the_same_answers(misid: Misid) -> None:
    call = ("project", "--published", POINT, "--gallery", "1000,2e8", "--target", "0.01", "--scans", "3",
            "--list-length", "10", "--format")  # fmt: skip
    records = json.loads(misid(*call, "json")[1])
    rows = list(csv.DictReader(io.StringIO(misid(*call, "csv")[1])))
    assert [row["asked"] for row in rows] == [record["asked"] for record in records]
    assert {record["measure"] for record in records} == {
        "fpir", "fnir", "repeated", "wrong_candidates", "gallery", "threshold",
    }  # fmt: skip
    page = misid(*call, "md")[1]
    assert page.startswith("| asked | answer |")
    assert "\n\n- assumed: published" in page


def test_growth_and_hold(misid: Misid) -> None:
    call = ("project", "--published", POINT, "--gallery", "2e8", "--format", "json")
    middle = json.loads(misid(*call, "--growth", "0..0.5..1")[1])[0]
    assert middle["estimate"] == pytest.approx(0.01219, rel=1e-3)
    held = json.loads(misid(*call, "--hold", "fpir")[1])[0]
    assert held["estimate"] == held["lo"] == held["hi"] == 0.003


def test_deployments_at_every_threshold_they_ran_at(misid: Misid, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(
        "deployment,n_searches,gallery_n,threshold,false_positives\na,1000,5000,0.6,2\nb,2000,5000,0.6,1\n"
        "c,1500,5000,0.64,0\nd,many,5000,0.64,0\n",
        encoding="utf-8",
    )
    status, out, err = misid("project", "--deployments", path, "--gallery", "5000", "--format", "json")
    assert status == 0
    assert "W031" in err
    assert "row 5, column n_searches" in err
    records = {(r["measure"], r["threshold"]): r for r in json.loads(out)}
    assert records["fpir", 0.6]["limits"] == "prediction"
    assert records["fpir", 0.64]["status"] == "bound"
    assert records["fpir", 0.64]["bound"] == pytest.approx(2.9957 / 1500, rel=1e-4)
    assert records["fnir", 0.6]["status"] == "refused"


def test_everything_refused_is_exit_4_and_still_printed(misid: Misid) -> None:
    status, out, _ = misid("project", "--published", POINT, "--gallery", "2e8", "--threshold", "0.5")
    assert status == 4
    assert "refused: no threshold of the published figures is known; needed:" in out
    assert misid("project", "--published", POINT, "--gallery", "2e8", "--target", "0.01")[0] == 0


def test_design(misid: Misid) -> None:
    status, out, _ = misid("project", "--design", "--target", "0.01", "--gallery", "2e8", "--format", "json")
    assert status == 0
    assert [record["lo"] for record in json.loads(out)] == [299, 299, 244162, 1412]
    assert "244,162" in misid("project", "--design", "--target", "0.01", "--gallery", "2e8")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--gallery", "5"], "nothing is known"),
        (["--published", POINT], "--gallery is missing"),
        (["--published", POINT, "--gallery", "0.5"], "--gallery: 0.5"),
        (["--published", "N0=5", "--gallery", "5"], "--published: no FPIR0"),
        (["--published", "N0=5,FPIR0=0.1,X=1", "--gallery", "5"], "'X=1' is not KEY=VALUE"),
        (["--published", "N0=5,FPIR0=3", "--gallery", "5"], "FPIR0 is 3"),
        (["--published", "N0=5,FPIR0=0", "--gallery", "5"], "a published 0 is a rounded number"),
        (["--published", POINT, "--gallery", "5", "--growth", "0..2"], "growth exponent 0..2 is not within 0..1"),
        (["--published", POINT, "--gallery", "5", "--growth", "x"], "'x' is not a number or a range"),
        (["--published", POINT, "--gallery", "5", "--level", "95"], "--level: 95"),
        (["--published", POINT, "--gallery", "5", "--design", "--target", "0.1"], "--design asks of a test"),
        (["--design", "--gallery", "5"], "--design needs the FPIR"),
    ],
)
def test_a_wrong_call_is_said_with_a_way_out(misid: Misid, arguments: list[str], said: str) -> None:
    status, out, err = misid("project", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert "\n  try: " in err


def test_no_table_of_deployments(misid: Misid) -> None:
    status, _, err = misid("project", "--deployments", "nowhere.csv", "--gallery", "5")
    assert status == 3
    assert "E001" in err
