"""`misid tally --plan` and `--explain`: what it would cost and run, said and not done."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from tests.conftest import search_test

from misid.cli.plan import MEMORY_FIXED, START, plan_record
from misid.scores import InputFile, open_scores

Misid = Callable[..., tuple[int, str, str]]


def test_a_plan_for_a_person(lab: Path, misid: Misid) -> None:
    status, out, _ = misid("tally", lab / "scores.csv", "--failure", "-1", "--plan", "--memory", "500MB")
    assert status == 0
    said = dict(line.split("  ", 1) for line in out.splitlines())
    said = {key.strip(): value.strip() for key, value in said.items()}
    assert said["rows"] == "1,600"
    assert said["attributes"] == "sex"
    assert said["groups"] == "F; M"
    assert said["bytes"] == f"{(lab / 'scores.csv').stat().st_size:,}"
    assert 0 <= float(said["seconds from"]) < float(said["seconds to"])
    assert "1,600 rows" in said["seconds basis"]
    assert said["spill directory"].endswith("spill")
    assert not list(lab.glob("*.tally*"))


def test_a_plan_for_a_machine(lab: Path, misid: Misid) -> None:
    plans = []
    for more in ([], ["--unchecked"]):
        status, out, _ = misid("tally", lab / "scores.csv", "--failure", "-1", "--plan", "--format", "json", *more)
        assert status == 0
        (plan,) = json.loads(out)
        plans.append(plan)
    checked, unchecked = plans
    assert checked["groups"] == ["F", "M"]
    assert checked["rows"] == 1600
    assert checked["spill_free_bytes"] > 0
    # Checking costs too, and the basis says what is in the figure.
    assert "checking and counting" in checked["seconds_basis"]
    assert unchecked["seconds_basis"].count("counting takes") == 1
    assert 130 <= checked["memory_mb_from"] < checked["memory_mb_to"] < 1000


def test_memory_is_planned_up_to_the_limit_of_the_engine(lab: Path) -> None:
    with open_scores(lab / "scores.csv", failures=(-1.0,), memory_limit="1GB") as scores:
        many = InputFile(label="a", kind="text", rows=10**9, n_bytes=1, sha256="")
        plan = plan_record(replace(scores, inputs=(many,)), checked=True)
    # DuckDB says 953.6 MiB.
    assert plan["memory_mb_to"] == pytest.approx(MEMORY_FIXED[1] + 1000, abs=5)
    assert "the engine's limit (999 MB" in plan["memory_basis"]


def test_files_cost_something_whatever_is_in_them(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misid.cli.plan._crowding", lambda: 1.0)
    with open_scores(lab / "scores.csv", failures=(-1.0,), threads=1) as scores:
        (one,) = scores.inputs
        plans = [
            plan_record(replace(scores, inputs=(one, *(replace(one, rows=0, kind=kind),) * n)), checked=True)
            for kind, n in (("text", 0), ("parquet", 1000), ("text", 1000))
        ]
    # 2 ms a file of Parquet, 9 ms one of text were measured; the pass itself is some milliseconds.
    for plan, cost in zip(plans[1:], (2.0, 9.0), strict=True):
        assert plan["seconds_from"] < plans[0]["seconds_from"] + cost < plan["seconds_to"]
    assert plans[0]["seconds_to"] < 3 < plans[1]["seconds_to"] < plans[2]["seconds_to"]
    assert plans[0]["memory_mb_to"] < plans[1]["memory_mb_to"] < plans[2]["memory_mb_to"]
    assert len({plan["memory_mb_from"] for plan in plans}) == 1
    assert "start-up, people and files" in plans[0]["seconds_basis"]


@pytest.mark.parametrize("n_files", [1, 400])
def test_a_small_test_takes_what_was_planned(tmp_path: Path, n_files: int, misid: Misid) -> None:
    """Processor time, on one thread: the machine may be busy."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for k in range(n_files):
            connection.execute(
                "COPY (SELECT 'p' || i // 40 AS probe, 'r' || i % 40 AS reference, 's' || i // 40 AS probe_person, "
                "'s' || i % 40 AS reference_person, sin(i) + 3 * CAST(i // 40 = i % 40 AS INTEGER) AS score "
                f"FROM range({1600 * k // n_files}, {1600 * (k + 1) // n_files}) AS t(i)) "
                f"TO '{tmp_path / f'{k:03}.parquet'}' (FORMAT parquet)"
            )
    before = time.process_time()
    assert misid("tally", tmp_path, "--threads", "1", "-o", tmp_path / "x.tally", "-q")[0] == 0
    took = time.process_time() - before
    # What is loaded already is not loaded again here.
    with open_scores(tmp_path, threads=1, hash_inputs=False) as scores:
        plan = plan_record(scores, checked=True)
    assert plan["seconds_from"] <= took + START[0]
    assert took <= plan["seconds_to"]


def test_the_sql_for_a_person(lab: Path, misid: Misid) -> None:
    status, out, err = misid("tally", lab / "scores.csv", "--failure", "-1", "--threshold", "0.5", "--explain")
    assert status == 0
    statements = [tree for tree in sqlglot.parse(out, read="duckdb") if tree is not None]
    assert len(statements) > 20
    assert any("by_probe" in tree.sql() for tree in statements)
    assert str(lab) not in out
    assert "a sample's" in err
    assert not list(lab.glob("*.tally*"))


def test_the_sql_for_a_machine(lab: Path, misid: Misid) -> None:
    command = ("tally", lab / "scores.csv", "--failure", "-1", "--explain")
    _, as_json, _ = misid(*command, "--format", "json")
    queries = [record["sql"] for record in json.loads(as_json)]
    _, as_csv, _ = misid(*command, "--format", "csv")
    assert [row["sql"] for row in csv.DictReader(io.StringIO(as_csv))] == queries
    _, both, _ = misid(*command, "--plan", "--format", "json")
    (record,) = json.loads(both)
    assert record["sql"] == queries
    assert record["rows"] == 1600


@pytest.mark.parametrize("more", [["--plan"], ["--explain"]])
def test_candidate_lists_have_no_estimate_of_time(tmp_path: Path, misid: Misid, more: list[str]) -> None:
    search_test(tmp_path)
    given: list[Any] = ["--searches", tmp_path / "searches.csv", "--references", tmp_path / "references.csv"]
    given += ["--list-length", "5", "--return-threshold", "0.3", *more]
    status, out, err = misid("tally", tmp_path / "candidates.csv", *given)
    assert status == 0, err
    assert ("seconds from" not in out and "not known" in out) if more == ["--plan"] else "searches" in out


def test_the_sql_is_that_of_folding_where_groups_are_folded(lab: Path, misid: Misid) -> None:
    command = ("tally", lab / "scores.csv", "--failure", "-1", "--explain")
    _, plain, _ = misid(*command)
    _, folding, _ = misid(*command, "--min-people", "10")
    assert [q for q in folding.splitlines() if q not in plain.splitlines()]
    assert "searches with a mate" in folding
    assert "searches with a mate" not in plain


def test_a_plan_says_that_its_groups_are_not_folded_yet(lab: Path, misid: Misid) -> None:
    command = ("tally", lab / "scores.csv", "--failure", "-1", "--plan", "--format", "json")
    (plain,), (folding,) = (json.loads(misid(*command, *more)[1]) for more in ((), ("--min-people", "30")))
    assert "groups_are" not in plain
    assert folding["groups"] == ["F", "M"]
    assert "fewer than 30 people" in folding["groups_are"]
