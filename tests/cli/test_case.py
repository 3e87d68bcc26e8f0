"""``misid case``: what it prints, what it writes, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cases.test_file import smallest

from misid.cli.main import run
from misid.report.directory import BUNDLE, PAGE, PDF, TWIN


def test_lists_and_shows_what_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["case", "--list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert "ready:single-match" in [entry["name"] for entry in listed]
    assert run(["case", "ready:single-match", "--show"]) == 0
    assert 'format = "misid-case-1"' in capsys.readouterr().out
    assert run(["case", "ready:single-match", "--show", "--format", "json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "--show prints the case file as it is" in told.err


def test_a_shown_case_is_one_to_begin_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["case", "ready:twin", "--show"])
    path = tmp_path / "mine.toml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(["case", str(path), "--format", "json", "--quiet"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert {r["measure"] for r in records} >= {"probability", "lr_search", "right", "enrolled", "record", "fpir"}
    assert all(r["lo"] <= r["hi"] for r in records)


def test_records_are_those_of_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out"
    assert run(["case", "ready:no-match", "-o", str(target), "--format", "json"]) == 0
    told = capsys.readouterr()
    assert "report.pdf" in told.err
    assert {p.name for p in target.iterdir()} == {PAGE, PDF, TWIN, BUNDLE, "tables"}
    twin = json.loads((target / TWIN).read_text("utf-8"))
    [probability] = [r for r in json.loads(told.out) if r["measure"] == "probability"]
    assert probability["lo"] == twin["probability"]["lo"]
    assert run(["verify", str(target / BUNDLE)]) == 0


def test_an_existing_report_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / PDF).write_text("mine", encoding="utf-8")
    assert run(["case", "ready:no-match", "-o", str(tmp_path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / PDF).read_text("utf-8") == "mine"


def test_a_bad_case_ends_with_3_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.toml"
    text = 'format = "misid-case-1"\ntitle = "x"\n[search]\nmodel = "stated"\ngallery = 3\n'
    path.write_text(text, encoding="utf-8")
    assert run(["case", str(path), "-o", str(tmp_path / "out")]) == 3
    said = capsys.readouterr().err
    for part in ("case.toml: search.gallery: no source", "case.toml: prior: not there", "case.toml: search.fpir"):
        assert part in said
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_answered_ends_with_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text("n_searches,gallery_n,false_positives,threshold\n10,10,0,1\n10,10,0,2\n", encoding="utf-8")
    path = tmp_path / "case.toml"
    path.write_text(
        'format = "misid-case-1"\ntitle = "x"\n[search]\nmodel = "deployments"\ndeployments = "sites.csv"\n'
        'gallery = { value = 10, assumption = "a" }\nfnir = { value = 0.1, assumption = "a" }\n'
        '[returned]\nanswer = "match"\n[prior]\n'
        'enrolled = { shape = "uniform", lo = 0.1, hi = 0.5, assumption = "a" }\n',
        encoding="utf-8",
    )
    assert run(["case", str(path)]) == 4
    assert "several thresholds" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["case"], ["case", "ready:nothing"], ["case", "ready:twin", "--paper", "a5"]])
def test_wrong_calls_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err


def test_table_says_probability_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["case", "ready:two-answers", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert out.index("probability that the person named") < out.index("likelihood ratio of the search")
    assert "nobody returned is" in out


def test_smallest_case_needs_no_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.toml"
    given = smallest()
    lines = ['format = "misid-case-1"', 'title = "a"', "[search]", 'model = "stated"']
    for key in ("gallery", "fpir", "fnir"):
        lines.append(f'{key} = {{ value = {given["search"][key]["value"]}, assumption = "a" }}')
    lines += ["[returned]", 'answer = "match"', "[prior]"]
    lines.append('enrolled = { shape = "uniform", lo = 0.2, hi = 0.8, assumption = "a" }')
    path.write_text("\n".join(lines), encoding="utf-8")
    assert run(["case", str(path)]) == 0
    assert "in 100" in capsys.readouterr().out
