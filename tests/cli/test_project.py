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
    assert [record["lo"] for record in json.loads(out)] == [299, 299, 244162, 673]
    assert "244,162" in misid("project", "--design", "--target", "0.01", "--gallery", "2e8")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--gallery", "5"], "nothing is known"),
        (["--published", POINT], "--gallery is missing"),
        (["--published", POINT, "--gallery", "0.5"], "--gallery: a gallery of 0.5"),
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


EXAMPLE = ("example:bssr1-face-c", "--threshold", "0.65", "--draws", "40")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, object]]:
    """All that can be asked of the shipped tally, in one go: the fit takes a while."""
    from contextlib import redirect_stdout

    from misid.cli.main import run

    out = io.StringIO()
    with redirect_stdout(out):
        status = run(
            ["project", *EXAMPLE, "--gallery", "400,1000000", "--scans", "3", "--selectivity", "--unequal", "0.01",
             "--naive", "--rank", "1", "--format", "json", "-q"]
        )  # fmt: skip
    assert status == 0
    found: list[dict[str, object]] = json.loads(out.getvalue())
    return found


def test_a_tally_is_projected_with_limits_and_checks(real: list[dict[str, object]]) -> None:
    inside, beyond = (r for r in real if r["measure"] == "fpir" and "naive" not in str(r["method"]))
    assert (inside["gallery"], inside["threshold"], inside["status"]) == (400, 0.65, "ok")
    assert "rarefaction" in str(inside["method"])
    assert inside["lo"] < inside["estimate"] < inside["hi"]  # type: ignore[operator]
    assert beyond["estimate"] > inside["estimate"]  # type: ignore[operator]
    assert [str(c).partition(":")[0] for c in inside["checks"]] == [  # type: ignore[attr-defined]
        "tenth to whole", "goodness of fit", "threshold stability",
    ]  # fmt: skip
    assert any("relatives" in w for w in beyond["warnings"])  # type: ignore[attr-defined]


def test_a_tally_answers_how_wrong_candidates_fall_on_people(real: list[dict[str, object]]) -> None:
    by = {(r["measure"], r["gallery"]): r for r in real if r["method"] != "naive binomial"}
    assert by["wrong_candidates", 400]["estimate"] > by["fpir", 400]["estimate"] * 0.9  # type: ignore[operator]
    few, many = (by["share_of_errors", n]["estimate"] for n in (400, 1_000_000))
    assert 0.01 < many < few < 1  # type: ignore[operator]
    assert by["repeated", 400]["limits"] == "assumptions"
    assert by["fnir", 400]["rank"] == 1


def test_the_naive_binomial_says_that_it_does_not_hold(real: list[dict[str, object]]) -> None:
    naive = [r for r in real if r["method"] == "naive binomial"]
    assert [r["gallery"] for r in naive] == [400, 1_000_000]
    assert all("do not hold" in r["assumptions"][0] for r in naive)  # type: ignore[index]


def test_a_small_test_gives_a_bound_and_says_why(misid: Misid, lab: Path) -> None:
    status, out, _ = misid("project", lab / "scores.csv", "--failure", "-1", "--threshold", "0.5", "--gallery", "2e8")
    assert status == 0
    assert "this test had 39 people" in out or "this test had 40 people" in out
    assert "check: tenth to whole: not made" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["example:bssr1-face-c", "--gallery", "5", "--growth", "0..0.5"], "--growth and --hold are of published"),
        (["--published", POINT, "--gallery", "5", "--kin-in-test"], "are of a tally"),
        (["example:bssr1-face-c", "--gallery", "5", "--composition", "F"], "'F' is not GROUP=SHARE"),
        (["example:bssr1-face-c", "--gallery", "5", "--design", "--target", "0.1"], "--design asks of a test"),
        (["--published", POINT, "--gallery", "5", "--unequal", "0.1,0.2"], "is not one share"),
        (["example:bssr1-face-c", "--gallery", "5", "--population", "0"], "--population"),
        (["example:bssr1-face-c", "--gallery", "1e12"], "E072 gallery-beyond-the-world"),
        (["--published", POINT, "--gallery", "1e12"], "E072 gallery-beyond-the-world: --gallery: a gallery of 1e+12"),
        (["example:bssr1-face-c", "--gallery", "5", "--images", "0"], "0 images per person"),
        (["example:bssr1-face-c", "--gallery", "5", "--images", "1,2"], "is not one mean"),
        (["example:bssr1-face-c", "--gallery", "5", "--images", "1=0.5,1=0.5"], "is not NUMBER=SHARE"),
        (["example:bssr1-face-c", "--gallery", "5", "--images", "1=0.5,2=0.3"], "sum to 0.8"),
        (["example:bssr1-face-c", "--gallery", "5", "--image-correlation", "0.5"], "and not how many there are"),
        (["example:bssr1-face-c", "--gallery", "5", "--smaller", "x.tally"], "add --normalised"),
        (["--published", POINT, "--gallery", "5", "--images", "2"], "are of a tally"),
    ],
)
def test_a_wrong_call_on_a_tally_is_said(misid: Misid, arguments: list[str], said: str) -> None:
    status, out, err = misid("project", *arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_candidate_lists_cannot_be_projected(misid: Misid, lab: Path) -> None:
    from tests.conftest import search_test

    search_test(lab)
    made = ("--searches", lab / "searches.csv", "--references", lab / "references.csv", "--return-threshold", "0.3")
    tally = lab / "lists.tally"
    assert (
        misid("tally", lab / "candidates.csv", *made, "--list-length", "5", "-o", tally, "--threshold", "0.4")[0] == 0
    )
    status, _, err = misid("project", tally, "--gallery", "2e8")
    assert status == 4
    assert "candidate lists end before the tail" in err


def test_several_images_a_person(misid: Misid) -> None:
    call = ("project", "example:bssr1-face-c", "--gallery", "9000", "--threshold", "0.65", "--draws", "40", "--format")
    plain, shares, people = (
        json.loads(misid(*call, "json", *more)[1])[0]
        for more in ((), ("--images", "1=0.5,3=0.5"), ("--images", "3", "--image-correlation", "1"))
    )
    assert plain["limits"] == people["limits"] == "confidence"
    assert people["estimate"] < plain["estimate"]
    assert shares["estimate"] is None
    assert shares["limits"] == "assumptions"
    assert plain["lo"] > shares["lo"]
    assert plain["hi"] == shares["hi"]
    assert any("(assumption)" in text for text in shares["assumptions"])
    out = misid(*call, "table", "--images", "2")[1]
    assert "range over assumptions" in out
    assert "assumed: N counts images; a person has 2 of them" in out


def test_strangers_stand_beside_relatives_from_evidence(misid: Misid) -> None:
    call = ("project", "example:bssr1-face-c", "--gallery", "9000", "--threshold", "0.65", "--draws", "40")
    both, alone, _ = json.loads(misid(*call, "--population", "330e6", "--format", "json")[1])
    assert (both["estimate"], both["limits"]) == (None, "assumptions")
    assert alone["asked"] == f"{both['asked']}, strangers alone"
    assert alone["estimate"] is not None
    assert both["lo"] >= alone["lo"]
    assert both["hi"] >= alone["hi"]
