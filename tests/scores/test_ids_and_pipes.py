"""Ids that are NaN are no ids; pipes are refused at once, with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from misid import read_tally
from misid.ground.errors import BadInputError
from misid.ground.rate import MISSING
from misid.scores import open_scores
from tests.scores.test_read_problems import GOOD, one_problem, problems_of, text

COLUMNS = ("probe", "reference", "probe_person", "reference_person")


def numbered(path: Path, *nan: str, sql_type: str = "DOUBLE", group: str = "") -> Path:
    """Ten comparisons with ids that are floats, some of them NaN in the columns named."""
    number = {
        name: f"CAST(CASE WHEN {name in nan} AND i < 3 THEN CAST('nan' AS DOUBLE) ELSE i END AS {sql_type})"
        for name in COLUMNS
    }
    ids = ", ".join(f"{sql} + {1000 if name == 'reference' else 0} AS {name}" for name, sql in number.items())
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT {ids}, i % 2 = 0 AS mated, i / 10 AS score{group} FROM range(10) AS t(i)) TO '{path}' "
            "(FORMAT parquet)"
        )
    return path


@pytest.mark.parametrize("sql_type", ["DOUBLE", "FLOAT"])
@pytest.mark.parametrize("name", COLUMNS)
def test_nan_is_no_id(tmp_path: Path, name: str, sql_type: str) -> None:
    assert one_problem(numbered(tmp_path / "s.parquet", name, sql_type=sql_type), "E020", name).count == 3


def test_numbers_that_are_ids(tmp_path: Path) -> None:
    with open_scores(numbered(tmp_path / "s.parquet")) as scores:
        assert scores.engine.rows("SELECT count(DISTINCT probe), count(DISTINCT reference) FROM comparisons") == [
            (10, 10)
        ]


def test_nan_in_other_formats(tmp_path: Path) -> None:
    path = numbered(tmp_path / "s.parquet", "probe")
    assert {p.code for p in problems_of((path, path), format="pair")} == {"E020"}
    frame = pq.read_table(path)
    one_problem(frame, "E020", "probe")


def test_nan_in_a_group_is_not_known(tmp_path: Path) -> None:
    group = ", CAST(CASE WHEN i = 5 THEN CAST('nan' AS DOUBLE) ELSE 1 END AS DOUBLE) AS probe_sex, 1.0 AS reference_sex"
    with open_scores(numbered(tmp_path / "s.parquet", group=group)) as scores:
        assert {values[0] for values in scores.joint} == {"1.0", MISSING}


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet", "scores"])
def test_a_pipe_without_a_writer_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    one_problem(tmp_path / name, "E028", "a pipe", "write it to a file first", "without zcat")
    scores = text(tmp_path, GOOD, "whole.csv")
    one_problem(scores, "E028", name, subjects=tmp_path / name)


def test_a_tally_is_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.tally")
    with pytest.raises(BadInputError, match=r"E047 .*x\.tally: a pipe"):
        read_tally(tmp_path / "x.tally")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd here")
def test_process_substitution(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, GOOD.encode())
    os.close(writer)
    done = subprocess.run(
        [sys.executable, "-m", "misid", "check", f"/dev/fd/{reader}"],
        capture_output=True, text=True, pass_fds=[reader], timeout=120, check=False,
    )  # fmt: skip
    os.close(reader)
    assert done.returncode == 3
    assert "E028 unreadable: /dev/fd/" in done.stderr + done.stdout
    assert "a pipe" in done.stderr + done.stdout
