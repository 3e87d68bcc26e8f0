"""Scores and thresholds that a double does not hold: refused, and nothing else is."""

from __future__ import annotations

import gzip
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.cli.main import run
from misid.ground.errors import UsageError
from misid.ground.given import is_held, numbers_given
from misid.scores import open_scores
from tests.scores.test_read_problems import one_problem, text

BIG = 2**53


def parquet(path: Path, sql_type: str, values: list[str]) -> Path:
    rows = ", ".join(f"('a{i}', 'x{i}', {i % 2} = 0, CAST('{v}' AS {sql_type}))" for i, v in enumerate(values))
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM (VALUES {rows}) AS t(probe, reference, mated, score)) TO '{path}' (FORMAT parquet)"
        )
    return path


@pytest.mark.parametrize(
    "sql_type, value",
    [
        ("BIGINT", BIG + 1),
        ("BIGINT", -BIG - 1),
        ("BIGINT", 2**63 - 1),
        ("UBIGINT", 2**64 - 1),
        ("HUGEINT", 2**90 + 1),
        ("HUGEINT", 2**127 - 1),
        ("UHUGEINT", 2**128 - 1),
        ("DECIMAL(38,20)", "0.12345678901234567891"),
        ("DECIMAL(18,0)", 10**17 + 1),
        ("DECIMAL(38,2)", "12345678901234567890123.45"),
    ],
)  # fmt: skip
def test_typed_scores_that_would_be_rounded(tmp_path: Path, sql_type: str, value: object) -> None:
    if sql_type in ("HUGEINT", "UHUGEINT"):
        # Parquet has no such type; DuckDB has.
        path = tmp_path / "s.duckdb"
        with duckdb.connect(path) as connection:
            connection.execute(
                f"CREATE TABLE t AS SELECT 'a' AS probe, 'x' AS reference, TRUE AS mated, "
                f"CAST('{value}' AS {sql_type}) AS score UNION ALL SELECT 'b', 'y', FALSE, NULL"
            )
    else:
        path = parquet(tmp_path / "s.parquet", sql_type, ["1", str(value), "2"])
    found = one_problem(path, "E054", str(value), "subtract one constant", "'score'")
    assert found.count == 1


@pytest.mark.parametrize(
    "sql_type, values",
    [
        ("BIGINT", [BIG, -BIG, 0]),
        # As codes of failures often are.
        ("BIGINT", [-(2**63), 5, 6]),
        ("UBIGINT", [2**63, 1, 2]),
        ("DECIMAL(38,20)", ["0.123456789012345", "-1", "0.5"]),
        ("DECIMAL(18,3)", ["123456789012.345", "-1", "0.5"]),
        ("DECIMAL(15,0)", [10**15 - 1, 1, 2]),
        ("DOUBLE", ["1e300", "-1e300", BIG * 4]),
    ],
)
def test_typed_scores_that_are_held(tmp_path: Path, sql_type: str, values: list[object]) -> None:
    with open_scores(parquet(tmp_path / "s.parquet", sql_type, list(map(str, values)))) as scores:
        read = [row[0] for row in scores.engine.rows("SELECT score FROM comparisons ORDER BY probe")]
    assert read == [float(str(value)) for value in values]


def test_many_files_and_nulls(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", "BIGINT", ["1", "2"])
    parquet(tmp_path / "b.parquet", "BIGINT", ["3", str(BIG + 1), str(BIG + 3)])
    assert one_problem(tmp_path, "E054", "BIGINT").count == 2


def test_data_frames() -> None:
    frame = pd.DataFrame({"probe": ["a", "b"], "reference": ["x", "y"], "mated": [1, 0], "score": [BIG + 1, 2]})
    one_problem(frame, "E054", str(BIG + 1))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = ["probe,reference,mated,score", "a,x,1,5", f"b,x,0,{BIG + 1}", f"b,y,0,-{BIG + 3}", f"c,y,0,{BIG + 4}"]
    content = "".join(line.replace(",", delimiter) + end for line in lines)
    found = one_problem(text(tmp_path, content), "E054", "row 3, column 4", str(BIG + 1))
    assert found.count == 2
    packed = tmp_path / "s.csv.gz"
    packed.write_bytes(gzip.compress(content.encode()))
    one_problem(packed, "E054", str(BIG + 1))


def test_other_formats_of_text(tmp_path: Path) -> None:
    one_problem(text(tmp_path, f",r1,r2\np1,1,{BIG + 1}\np2,3,4\n", "m.csv"), "E054", "row 2, column 3")
    one_problem(text(tmp_path, f"a a f1 1\na b f2 {BIG + 1}\n", "scores"), "E054", "row 2, column 4", format="bob")
    pair = text(tmp_path, f"1\n{BIG + 1}\n", "g.txt"), text(tmp_path, "1\n2\n", "i.txt")
    one_problem(pair, "E054", "row 2, column 1", format="pair")


@pytest.mark.parametrize(
    "score", [f"{float(BIG * 8):f}", "1e300", "-1.7e308", str(2**60), str(BIG), "inf", "0.1234567890123456789"]
)
def test_text_that_is_held(tmp_path: Path, score: str) -> None:
    with open_scores(text(tmp_path, f"probe,reference,mated,score\na,x,1,0.5\nb,x,0,{score}\n")) as scores:
        assert scores.engine.rows("SELECT max(score) FROM comparisons WHERE NOT mated") == [(float(score),)]


@given(st.integers(-(2**140), 2**140))
def test_is_held_is_what_python_says(number: int) -> None:
    assert is_held(str(number)) == (int(float(number)) == number)
    assert is_held(f"{number}.00") == is_held(str(number))


def test_thresholds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert numbers_given("thresholds", [BIG, 2**60, 0.1, Fraction(1, 3)])[:2] == (float(BIG), float(2**60))
    for value in (BIG + 1, -BIG - 1, 10**400):
        with pytest.raises(UsageError, match="a double does not hold"):
            numbers_given("thresholds", [value])
    with pytest.raises(UsageError, match="numbers only"):
        numbers_given("thresholds", [Decimal(1)])
    scores = text(tmp_path, "probe,reference,mated,score\na,x,1,5\nb,x,0,3\nb,y,1,4\n")
    assert run(["rates", str(scores), "--threshold", f"0.5,{BIG + 1}"]) == 2
    said = capsys.readouterr().err
    assert f"--threshold is {BIG + 1}" in said
    assert "subtract one constant" in said
    assert run(["rates", str(scores), "--threshold", f"{BIG}", "--measure", "fmr"]) == 0
