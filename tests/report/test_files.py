"""What is written: the same bytes each time, the same numbers in every form, nothing half done."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from misid import report as package
from misid.ground.errors import UsageError
from misid.ground.rate import Rate
from misid.ground.text import RECORD_KEYS
from misid.rates.model import Rates
from misid.report import Report, write_report
from misid.report.schema import FILE, schema_text
from misid.report.write import render
from tests.report.sample import sample_report

ROOT = Path(__file__).parents[2]


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_the_same_report_gives_the_same_bytes(report: Report, files: dict[str, bytes]) -> None:
    again = render(sample_report())
    assert again.keys() == files.keys()
    assert [name for name in files if again[name] != files[name]] == []


def test_a_date_is_there_only_when_the_build_gives_one(
    files: dict[str, bytes], report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads(files["report.json"])["date"] is None
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    small = replace(report, rates=Rates(records=()))
    assert json.loads(render(small)["report.json"])["date"] == "1970-01-01"


def test_json_follows_the_published_schema(files: dict[str, bytes]) -> None:
    document = json.loads(files["report.json"], parse_constant=pytest.fail)
    schema = json.loads((ROOT / "docs" / "schema" / FILE).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
    document["test"]["people"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(document)


def test_the_published_schema_is_that_of_the_dataclasses() -> None:
    shipped = Path(package.__file__).with_name(FILE)
    assert shipped.read_text() == schema_text(), f"python -m misid.report.schema > {shipped}"
    assert (ROOT / "docs" / "schema" / FILE).read_text() == schema_text()


def test_records_keep_their_order_of_keys(files: dict[str, bytes]) -> None:
    document = json.loads(files["report.json"])
    assert tuple(document["rates"]["records"][0]) == RECORD_KEYS


def test_json_lists_the_tables_that_are_there(files: dict[str, bytes]) -> None:
    document = json.loads(files["report.json"])
    listed = {entry["file"]: entry for entry in document["tables"]}
    assert set(listed) == {name for name in files if name.endswith(".csv")}
    for name, entry in listed.items():
        read = list(csv.reader(io.StringIO(files[name].decode())))
        assert read[0] == entry["columns"]
        assert len(read) - 1 == entry["rows"]
        assert all(len(line) == len(read[0]) for line in read)


def same(cell: str, value: Any) -> bool:
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, int | float):
        return float(cell) == value
    if isinstance(value, list):
        return cell == "; ".join(value)
    return cell in (value, f"'{value}")


@pytest.mark.parametrize(
    ("table", "path", "group"),
    [("rates", "records", None), ("figure-cmc", "cmc", "all"), ("figure-det", "curves", "all"),
     ("figure-threshold", "curves", "all"), ("figure-iet", "curves", "all"),
     ("figure-distributions", "distributions", "all"), ("figure-tails", "distributions", "all"),
     ("differentials", "differentials", None)],
)  # fmt: skip
def test_tables_hold_the_numbers_of_the_json(files: dict[str, bytes], table: str, path: str, group: str | None) -> None:
    entries = json.loads(files["report.json"])["rates"][path]
    entries = [e for e in entries if group is None or e["probe_group"] == group]
    read = rows(files[f"tables/{table}.csv"])
    assert len(read) == len(entries) > 0
    for line, entry in zip(read, entries, strict=True):
        for key, cell in line.items():
            assert same(cell, entry[key]), (key, cell, entry[key])


def test_calibration_figures_hold_the_numbers_of_the_json(files: dict[str, bytes]) -> None:
    calibration = json.loads(files["report.json"])["rates"]["calibration"]
    for table, key in (("figure-tippett", "tippett"), ("figure-ece", "ece")):
        read = [[float(cell) for cell in line.values()] for line in rows(files[f"tables/{table}.csv"])]
        assert read == calibration[key]
    bins = rows(files["tables/figure-lr.csv"])
    assert bins[0]["lower"] == "'-Infinity"
    assert [line["mated"] for line in bins] == [str(b["mated"]) for b in calibration["bins"]]


def test_group_figures_are_sorted_by_upper_limit(files: dict[str, bytes]) -> None:
    forests = [name for name in files if "figure-forest-" in name]
    assert len(forests) == 8
    for name in forests:
        upper = [float(line["hi"]) for line in rows(files[name])]
        assert upper == sorted(upper, reverse=True)
        assert all(line["people"] for line in rows(files[name]))


def small_report() -> Report:
    made = sample_report()
    records = tuple(r for r in made.rates.records if r.probe_group == "all")
    return replace(made, rates=Rates(records=records))


def test_a_report_is_written_whole(tmp_path: Path) -> None:
    report = small_report()
    written = write_report(report, tmp_path / "new" / "out")
    assert written == tmp_path / "new" / "out" / "report.html"
    assert {p.name for p in written.parent.iterdir()} == {"report.html", "report.pdf", "report.json", "tables"}
    assert [p.name for p in written.parent.parent.iterdir()] == ["out"]


def test_a_report_is_not_replaced_unasked(tmp_path: Path) -> None:
    report = small_report()
    page = write_report(report, tmp_path)
    before = page.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        write_report(replace(report, title="Another"), tmp_path)
    assert page.read_bytes() == before


def test_a_replaced_report_leaves_no_table_of_the_old_one_and_every_other_file(tmp_path: Path) -> None:
    report = small_report()
    write_report(report, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "tables" / "mine.csv").write_text("mine")
    assert (tmp_path / "tables" / "figure-answer-missed.csv").exists()
    write_report(replace(report, rates=Rates(records=())), tmp_path, force=True)
    assert not (tmp_path / "tables" / "figure-answer-missed.csv").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "tables" / "mine.csv").read_text() == "mine"


def test_a_foreign_report_json_names_no_file_to_be_removed(tmp_path: Path) -> None:
    victim = tmp_path / "victim.csv"
    victim.write_text("keep")
    out = tmp_path / "out"
    out.mkdir()
    tables = [{"file": "tables/../../victim.csv"}, {"file": "../victim.csv"}, {"file": str(victim)}]
    (out / "report.json").write_text(json.dumps({"format": "misid-report", "tables": tables}))
    write_report(small_report(), out, force=True)
    assert victim.read_text() == "keep"


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> bytes:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(OSError, match="disk full"):
        write_report(small_report(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        write_report(small_report(), tmp_path / "out")


def test_a_report_without_any_rate_shows_holes_with_reasons(report: Report) -> None:
    html = render(replace(report, rates=Rates(records=()), check=None))["report.html"].decode()
    assert "No answer: no threshold carries a rate" in html
    assert "No figure:" in html
    assert "made from a tally" in html


def test_a_bound_leads_where_no_error_was_seen(report: Report) -> None:
    none = Rate(
        measure="fpir", threshold=52.0, estimate=0.0, lo=0.0, hi=5.8e-4, errors=0, trials=5160, people=516,
        status="bound", method="NBX-max", gallery=515,
    )  # fmt: skip
    html = render(replace(report, rates=Rates(records=(none,))))["report.html"].decode()
    assert "None seen in 5,160 non-mated searches among 516 people" in html.replace("\xa0", " ")
    assert "1 in 1,700" in html.replace("\xa0", " ")
