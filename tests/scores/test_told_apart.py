"""Text of which the engine cannot say what is wrong with it: misid can."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import duckdb
import pytest

from misid.scores import open_scores
from misid.scores.columns import MOST_COLUMNS, MOST_IN_A_MATRIX
from tests.scores.test_read_problems import GOOD, one_problem, text

ROWS = "".join(f"p{i},r{i % 7},{int(i % 7 == 0)},0.{i}\n" for i in range(100, 900))
HEADER = "probe,reference,mated,score\n"


@pytest.mark.parametrize(
    "first, second, seen",
    [
        ("\n", "\r\n", "LF (line 1) and CR LF (line 802)"),
        ("\r\n", "\n", "CR LF (line 1) and LF (line 802)"),
        ("\r\n", "\r", "CR LF (line 1) and CR (line 802)"),
        ("\n", "\r", "LF (line 1) and CR (line 802)"),
    ],
)
def test_mixed_line_ends(tmp_path: Path, first: str, second: str, seen: str) -> None:
    content = (HEADER + ROWS).replace("\n", first) + ROWS.replace("p", "q").replace("\n", second)
    one_problem(text(tmp_path, content), "E028", f"lines that end in {seen}", "make them alike")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_one_kind(tmp_path: Path, end: str) -> None:
    with open_scores(text(tmp_path, (HEADER + ROWS).replace("\n", end))) as scores:
        assert scores.engine.rows("SELECT count(*) FROM comparisons") == [(800,)]


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-32"])
def test_wide_encodings(tmp_path: Path, encoding: str) -> None:
    one_problem(text(tmp_path, GOOD.encode(encoding)), "E006", f"iconv -f {encoding} -t UTF-8")


@pytest.mark.parametrize("rows", [0, 3])
@pytest.mark.parametrize("columns", [MOST_COLUMNS + 1, 100_000])
def test_too_many_columns(tmp_path: Path, columns: int, rows: int) -> None:
    begin = time.process_time()
    more = columns - 4
    header = HEADER.strip() + "".join(f",x{i}" for i in range(more))
    lines = [header] + [f"p{i},r{i},1,0.{i}" + ",a" * more for i in range(rows)]
    one_problem(text(tmp_path, "\n".join(lines) + "\n"), "E056", f"{columns:,} columns", f"at most {MOST_COLUMNS:,}")
    assert time.process_time() - begin < 20


def test_as_many_columns_as_may_be(tmp_path: Path) -> None:
    more = MOST_COLUMNS - 4
    header = HEADER.strip() + "".join(f",x{i}" for i in range(more))
    lines = [header] + [f"p{i},r{i},1,0.{i}" + ",a" * more for i in range(3)]
    with open_scores(text(tmp_path, "\n".join(lines) + "\n")) as scores:
        assert scores.engine.rows("SELECT count(*) FROM comparisons") == [(3,)]


def test_wide_parquet_and_matrix(tmp_path: Path) -> None:
    wide = ", ".join(f"{i} AS x{i}" for i in range(MOST_COLUMNS - 3))
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'a' AS probe, 'x' AS reference, TRUE AS mated, 0.5 AS score, {wide}) "
            f"TO '{tmp_path / 's.parquet'}' (FORMAT parquet)"
        )
    one_problem(tmp_path / "s.parquet", "E056", f"{MOST_COLUMNS + 1:,} columns")
    ids = "".join(f",r{i}" for i in range(MOST_IN_A_MATRIX))
    one_problem(text(tmp_path, f"{ids}\nr1{',1' * MOST_IN_A_MATRIX}\n"), "E056", "in a matrix", "a row a comparison")


@pytest.mark.parametrize("zeros, seen", [(512, "zeros behind the end"), (0, "")])
def test_zeros_behind_gzip(tmp_path: Path, zeros: int, seen: str) -> None:
    path = tmp_path / "s.csv.gz"
    path.write_bytes(gzip.compress((HEADER + ROWS).encode()) + bytes(zeros))
    if seen:
        one_problem(path, "E004", seen, "gzip -dc")
    else:
        with open_scores(path) as scores:
            assert scores.engine.rows("SELECT count(*) FROM comparisons") == [(800,)]
