"""Each command on real files, from the arguments to what is printed and written."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import laboratory, search_test, write_table

from misid.cli.main import run
from misid.cli.plumbing import COMMANDS, examples

Misid = Callable[..., tuple[int, str, str]]

RECORD_KEYS = {
    "measure", "probe_group", "reference_group", "threshold", "target", "rank", "gallery", "estimate", "lo", "hi",
    "level", "method", "errors", "trials", "people", "status",
}  # fmt: skip

FAILURE = ("--failure", "-1")


@pytest.fixture(scope="session")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The laboratory's files with the tallies that the examples name."""
    folder = laboratory(tmp_path_factory.mktemp("counted"))
    for scores, tally in (("site-a", "site-a"), ("site-b", "site-b"), ("scores", "test")):
        source, target = folder / f"{scores}.csv", folder / f"{tally}.tally"
        assert run(["tally", str(source), *FAILURE, "--threshold", "0.5", "-o", str(target), "-q"]) == 0
    public = ["--threshold", "0.5", "--min-people", "10", "-o", str(folder / "public.tally"), "-q"]
    assert run(["tally", str(folder / "scores.csv"), *FAILURE, *public]) == 0
    with contextlib.redirect_stdout(io.StringIO()):
        assert run(["assess", "street-stop", "--draws", "64", "-o", str(folder / "out"), "-q"]) == 0
    return folder


@pytest.fixture
def in_lab(counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of them as the working directory."""
    folder = tmp_path / "lab"
    shutil.copytree(counted, folder)
    monkeypatch.chdir(folder)
    return folder


def _examples() -> list[str]:
    for name in COMMANDS:
        # A command's module is loaded when the command is first run.
        import_module(f"misid.cli.{name}")
    return [example for several in examples.values() for example in several]


@pytest.mark.parametrize("example", _examples())
def test_examples_in_help_run(in_lab: Path, misid: Misid, example: str) -> None:
    words = shlex.split(example)
    if "-o" in words and "--force" not in words:
        target = Path(words[words.index("-o") + 1])
        shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
    status, _, err = misid(*words[1:])
    assert status == 0, err


def _scores(lab: Path) -> tuple[np.ndarray, np.ndarray]:
    """(score, mated) of every comparison that did not fail."""
    with (lab / "scores.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if float(row["score"]) != -1]
    mated = np.array([row["probe_person"] == row["reference_person"] for row in rows])
    return np.array([float(row["score"]) for row in rows]), mated


def test_rates_counts_at_thresholds_exactly(lab: Path, misid: Misid) -> None:
    scores, mated = _scores(lab)
    # A threshold that is a score, so that the tie rule shows: at the threshold is a match.
    thresholds = [0.3, float(scores[~mated].max()), float(scores[mated].min())]
    text = ",".join(map(repr, thresholds))
    status, out, err = misid("rates", lab / "scores.csv", *FAILURE, "--threshold", text, "--format", "json")
    assert status == 0, err
    records = json.loads(out)
    assert all(set(record) >= RECORD_KEYS for record in records)
    for threshold in thresholds:
        for measure, errors, trials in (
            ("fmr", (scores[~mated] >= threshold).sum(), (~mated).sum()),
            ("fnmr", (scores[mated] < threshold).sum(), mated.sum()),
        ):
            found = [
                r for r in records
                if r["measure"] == measure and r["threshold"] == threshold and r["target"] is None
                and r["probe_group"] == r["reference_group"] == "all"
            ]  # fmt: skip
            assert [(r["errors"], r["trials"]) for r in found] == [(errors, trials)], (measure, threshold)


def test_rates_are_the_same_from_scores_and_from_their_tally(lab: Path, misid: Misid) -> None:
    assert misid("tally", lab / "scores.csv", *FAILURE, "--threshold", "0.5", "-o", lab / "t.tally")[0] == 0
    from_scores = misid("rates", lab / "scores.csv", *FAILURE, "--threshold", "0.5", "--format", "json")[1]
    from_tally = misid("rates", lab / "t.tally", "--threshold", "0.5", "--format", "json")[1]
    assert json.loads(from_tally) == json.loads(from_scores)


def test_formats_hold_the_same_records(lab: Path, misid: Misid) -> None:
    call = ("rates", lab / "scores.csv", *FAILURE, "--threshold", "0.5", "--format")
    records = json.loads(misid(*call, "json")[1])
    rows = list(csv.DictReader(io.StringIO(misid(*call, "csv")[1])))
    assert [row["measure"] for row in rows] == [record["measure"] for record in records]
    assert misid(*call, "md")[1].startswith("| rate ")
    assert "FMR" in misid(*call, "table")[1]


def test_data_go_to_standard_output_and_talk_to_standard_error(lab: Path, misid: Misid) -> None:
    call = ("rates", lab / "scores.csv", *FAILURE, "--format", "json")
    _, out, err = misid(*call)
    assert json.loads(out)
    assert "read as: " in err
    assert misid(*call, "--quiet") == (0, out, "")
    assert "SELECT" not in misid(*call, "-v")[2]
    assert "plan: 1,600 rows" in misid(*call, "-v")[2]
    assert "SELECT" in misid(*call, "-vv")[2]


def test_a_distance_is_declared_and_thresholds_stay_on_its_scale(lab: Path, misid: Misid) -> None:
    with (lab / "scores.csv").open() as file:
        rows = list(csv.reader(file))
    with (lab / "distances.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        writer.writerows([[*row[:-1], repr(-float(row[-1]))] for row in rows[1:]])
    near = misid("rates", lab / "scores.csv", *FAILURE, "--threshold", "0.5", "--format", "json")
    far = misid(
        "rates", lab / "distances.csv", "--failure", "1", "--lower-is-more-similar", "--threshold=-0.5", "--format",
        "json",
    )  # fmt: skip
    assert near[0] == far[0] == 0, far[2]

    def counted(text: str, sign: int) -> list[tuple[object, ...]]:
        return [
            (r["measure"], r["probe_group"], r["reference_group"], r["errors"], r["trials"])
            for r in json.loads(text)
            if r["threshold"] == sign * 0.5 and r["target"] is None
        ]

    assert counted(near[1], 1) == counted(far[1], -1) != []


def _one(text: str, measure: str, threshold: float, rank: int | None = None) -> dict[str, object]:
    """The one record of a measure for everybody at a threshold that was asked for."""
    found: dict[str, object]
    [found] = [
        r for r in json.loads(text)
        if (r["measure"], r["threshold"], r["target"], r["rank"]) == (measure, threshold, None, rank)
        and r["probe_group"] == r["reference_group"] == "all"
    ]  # fmt: skip
    return found


def test_candidate_lists_give_rates_per_search(tmp_path: Path, misid: Misid) -> None:
    folder = search_test(tmp_path)
    files = ("--searches", folder / "searches.csv", "--references", folder / "references.csv")
    call = ("rates", *files, "--list-length", "5", "--return-threshold", "0.3", "--threshold", "0.45", "--rank", "1,5")
    status, out, err = misid(*call, "--candidates", folder / "candidates.csv", "--format", "json")
    assert status == 0, err
    assert misid(*call, folder / "candidates.csv", "--format", "json", "-q") == (0, out, "")
    with (folder / "candidates.csv").open() as file:
        rows = [(r["search"], int(r["rank"]), r["reference"], float(r["score"])) for r in csv.DictReader(file)]
    strangers = {search for search, _, _, score in rows if int(search[1:]) >= 40 and score >= 0.45}
    found = {search for search, rank, r, score in rows if search[1:] == r[1:] and rank == 1 and score >= 0.45}
    fpir, fnir = _one(out, "fpir", 0.45), _one(out, "fnir", 0.45, rank=1)
    assert (fpir["errors"], fpir["trials"], fpir["gallery"]) == (len(strangers), 60, 40)
    assert (fnir["errors"], fnir["trials"]) == (40 - len(found), 40)
    # What lists show of comparisons is no rate per comparison.
    assert all(r["estimate"] is None for r in json.loads(out) if r["measure"] in ("fmr", "fnmr"))


def test_a_pair_of_files_is_one_test(lab: Path, misid: Misid) -> None:
    scores, mated = _scores(lab)
    for name, chosen in (("genuine", mated), ("impostor", ~mated)):
        (lab / f"{name}.txt").write_text("".join(f"{score!r}\n" for score in scores[chosen].tolist()))
    files = ("--genuine", lab / "genuine.txt", "--impostor", lab / "impostor.txt")
    status, out, err = misid("rates", *files, "--threshold", "0.4", "--format", "json")
    assert status == 0, err
    fmr = _one(out, "fmr", 0.4)
    assert (fmr["errors"], fmr["trials"]) == ((scores[~mated] >= 0.4).sum(), (~mated).sum())
    assert misid("rates", "--genuine", lab / "genuine.txt")[0] == 2


def test_a_matrix_with_a_table_of_people_and_groups(lab: Path, misid: Misid) -> None:
    # Two images of each person: the probe is -b, the reference -a.
    header, *rows = (lab / "matrix.csv").read_text().splitlines()
    people = header.split(",")[1:]
    matrix = lab / "images.csv"
    lines = [",".join(["", *(f"{person}-a" for person in people)]), *(row.replace(",", "-b,", 1) for row in rows)]
    matrix.write_text("\n".join(lines) + "\n")
    write_table(lab / "owners.csv", ["sample", "person"], [[f"{p}-{side}", p] for p in people for side in "ab"])
    write_table(lab / "sexes.csv", ["person", "sex"], [[p, "FM"[i % 2]] for i, p in enumerate(people)])
    tables = ("--samples", lab / "owners.csv", "--subjects", lab / "sexes.csv", "--group", "sex")
    status, out, err = misid("rates", matrix, *tables, *FAILURE, "--threshold", "0.4", "--format", "json")
    assert status == 0, err
    groups = {(r["probe_group"], r["reference_group"]) for r in json.loads(out) if r["measure"] == "fmr"}
    assert {("all", "all"), ("F", "F"), ("F", "M"), ("M", "F"), ("M", "M")} <= groups


def test_columns_are_named_where_they_cannot_be_guessed(lab: Path, misid: Misid) -> None:
    text = (lab / "scores.csv").read_text()
    (lab / "odd.csv").write_text(text.replace("probe,reference,", "left,right,", 1).replace(",score\n", ",value\n", 1))
    status, _, err = misid("rates", lab / "odd.csv", *FAILURE)
    assert status == 3
    assert "--score" in err
    named = ("--probe", "left", "--reference", "right", "--score", "value")
    status, out, err = misid("rates", lab / "odd.csv", *named, *FAILURE, "--format", "json")
    assert status == 0, err
    assert "probe from left" in err
    assert json.loads(out) == json.loads(misid("rates", lab / "scores.csv", *FAILURE, "--format", "json")[1])


def test_check_says_all_that_is_wrong_and_ends_with_3(lab: Path, misid: Misid) -> None:
    status, out, _ = misid("check", lab / "scores.csv", "--format", "json")
    assert status == 3
    found = json.loads(out)
    assert found["ok"] is False
    errors = [problem for problem in found["problems"] if problem["severity"] == "error"]
    assert any("--failure" in problem["remedy"] for problem in errors)
    status, out, _ = misid("check", lab / "scores.csv", *FAILURE, "--format", "json")
    assert status == 0, out
    assert json.loads(out)["ok"] is True


@pytest.mark.parametrize("form", ["table", "csv", "md"])
def test_check_prints_codes_in_every_format(lab: Path, misid: Misid, form: str) -> None:
    codes = {p["code"] for p in json.loads(misid("check", lab / "scores.csv", "--format", "json")[1])["problems"]}
    status, out, _ = misid("check", lab / "scores.csv", "--format", form)
    assert status == 3
    assert codes
    assert all(code in out for code in codes)


def test_check_of_what_cannot_be_opened_is_an_answer_too(tmp_path: Path, misid: Misid) -> None:
    absent = tmp_path / "absent.csv"
    status, out, _ = misid("check", absent, "--format", "json")
    assert status == 3
    found = json.loads(out)
    assert (found["ok"], found["problems"][0]["code"]) == (False, "E001")
    status, out, err = misid("rates", absent)
    assert (status, out) == (3, "")
    assert err.startswith("E001 file-not-found: ")
    assert "\n  try: " in err


@pytest.mark.parametrize("name", ["rates", "report", "tally"])
def test_wrong_scores_are_never_counted(lab: Path, misid: Misid, name: str) -> None:
    output = lab / "result"
    where = () if name == "rates" else ("-o", output)
    status, out, err = misid(name, lab / "scores.csv", *where)
    assert (status, out) == (3, "")
    assert "--failure" in err
    assert not output.exists()


def test_ids_that_are_names_are_refused_and_can_be_replaced(lab: Path, misid: Misid) -> None:
    status, out, _ = misid("check", lab / "named.csv", *FAILURE)
    assert status == 3
    assert "Lovelace" not in out
    opaque = lab / "opaque.csv"
    call = ("pseudonymise", lab / "named.csv", "--key", lab / "secret.key", "-o", opaque)
    status, _, err = misid(*call, "--column", "probe", "--column", "reference")
    assert status == 0, err
    assert "Lovelace" not in opaque.read_text()
    status, out, _ = misid("check", opaque, *FAILURE)
    assert status == 0, out


def test_a_tally_has_no_ids_and_is_not_replaced_unasked(lab: Path, misid: Misid) -> None:
    path = lab / "t.tally"
    call = ("tally", lab / "scores.csv", *FAILURE, "--note", "made for a test", "-o", path)
    status, out, err = misid(*call, "--format", "json")
    assert status == 0, err
    [record] = json.loads(out)
    assert (record["mated"], record["nonmated"], record["failed"]) == (39, 39 * 39, 40)
    assert record["bytes"] == path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"made for a test" in content
    assert b"s001" not in content
    assert str(lab).encode() not in content
    before = path.read_bytes()
    status, _, err = misid(*call)
    assert status == 2
    assert "--force" in err
    assert path.read_bytes() == before
    assert misid(*call, "--force")[0] == 0


def test_a_tally_is_known_by_its_content(lab: Path, misid: Misid) -> None:
    assert misid("tally", lab / "scores.csv", *FAILURE, "-o", lab / "t.tally")[0] == 0
    (lab / "t.tally").rename(lab / "counts.bin")
    assert misid("rates", lab / "counts.bin")[0] == 0


def test_tallies_of_two_sites_add(in_lab: Path, misid: Misid) -> None:
    assert misid("merge", "site-a.tally", "site-b.tally", "-o", "both.tally")[0] == 0

    def fmr(name: str) -> tuple[int, int]:
        records = json.loads(misid("rates", name, "--threshold", "0.5", "--format", "json")[1])
        found = next(
            r for r in records if (r["measure"], r["threshold"], r["probe_group"]) == ("fmr", 0.5, "all")
        )  # fmt: skip
        return found["errors"], found["trials"]

    assert fmr("both.tally") == fmr("test.tally")


def test_report_leaves_a_page_its_twin_and_tables(lab: Path, misid: Misid) -> None:
    out = lab / "out"
    call = ("report", lab / "scores.csv", *FAILURE, "--threshold", "0.5", "-o", out)
    status, printed, err = misid(*call, "--format", "json")
    assert status == 0, err
    written = {Path(record["file"]) for record in json.loads(printed)}
    assert written == {path for path in out.rglob("*") if path.is_file()}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<script src" not in page
    assert len(page.encode()) < 5_000_000
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert list(out.rglob("*.csv"))
    assert misid(*call)[0] == 2
    assert misid(*call, "--force")[0] == 0


def test_doctor_tries_everything(misid: Misid) -> None:
    status, out, _ = misid("doctor", "--format", "json")
    assert status == 0
    found = {finding["what"]: finding for finding in json.loads(out)}
    assert found["engine duckdb: count a Parquet file"]["status"] == "ok"
    assert found["chart to SVG"]["status"] == "ok"
    assert {"python", "memory", "scratch space", "numpy"} <= set(found)


def test_doctor_says_what_fails(misid: Misid, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> str:
        raise OSError("no such library")

    monkeypatch.setattr("misid.cli.doctor._try_duckdb", broken)
    status, out, err = misid("doctor", "--format", "csv")
    assert status == 5
    assert "OSError: no such library" in out
    assert "try: " in err


def test_commands_load_no_heavy_packages(lab: Path) -> None:
    code = """
import sys
from misid.cli.main import run
for line in (
    "check scores.csv --failure -1 -q",
    "tally scores.csv --failure -1 -q -o t.tally",
    "rates t.tally -q",
    "report t.tally -q -o out",
    "doctor -q",
):
    assert run(line.split()) == 0, line
    loaded = {"scipy.stats", "pandas", "pyarrow", "polars", "sklearn", "matplotlib"} & set(sys.modules)
    assert not loaded, (line, loaded)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=lab, capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
