"""Columns of one name, or of names that only upper and lower case tells apart: refused, never chosen between."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from misid.scores import open_scores
from tests.scores.test_read_problems import one_problem, text

PROBE, REFERENCE, MATED = pa.array(["a", "b"]), pa.array(["x", "y"]), pa.array([True, False])
SCORE, OTHER = pa.array([0.9, 0.2]), pa.array([0.1, 0.8])
ALIKE = [("score", "score"), ("Score", "score"), ("score", "SCORE")]


def table(first: str, second: str) -> pa.Table:
    return pa.Table.from_arrays(
        [OTHER, PROBE, REFERENCE, MATED, SCORE], names=[first, "probe", "reference", "mated", second]
    )


@pytest.mark.parametrize("first, second", ALIKE)
def test_every_format(tmp_path: Path, first: str, second: str) -> None:
    pq.write_table(table(first, second), tmp_path / "s.parquet")
    seen = "'score' more than once"
    one_problem(tmp_path / "s.parquet", "E014", seen, "s.parquet")
    # Naming it does not say which of the two.
    one_problem(tmp_path / "s.parquet", "E014", seen, score=first)
    one_problem(table(first, second), "E014", seen)
    one_problem(table(first, second).to_reader(), "E014", seen)
    one_problem(table(first, second).to_pandas(), "E014", seen)
    one_problem(text(tmp_path, f"{first},probe,reference,mated,{second}\n1,a,x,1,2\n"), "E014", seen)


def test_case_in_polars() -> None:
    one_problem(pl.DataFrame({"probe": ["a"], "reference": ["x"], "score": [1.0], "Score": [2.0]}), "E014", "'Score'")


@pytest.mark.parametrize("odd", [0, 1, 5])
def test_among_many_files(tmp_path: Path, odd: int) -> None:
    for i in range(6):
        # What no row needs is refused too where it stands twice: the next reader may take it for something.
        one = table("score", "score") if i == odd else table("other", "score")
        pq.write_table(one, tmp_path / f"{i}.parquet")
    with pytest.raises(ValueError, match=rf"E014 duplicate-column: .*{odd}\.parquet"):
        open_scores(tmp_path)


def test_tables_beside_the_scores(tmp_path: Path) -> None:
    scores = text(tmp_path, "probe,reference,mated,score\na,x,1,0.5\nb,x,0,0.25\n")
    people = pa.Table.from_arrays([PROBE, PROBE, PROBE], names=["person", "sex", "Sex"])
    pq.write_table(people, tmp_path / "people.parquet")
    one_problem(scores, "E014", "'Sex', 'sex'", subjects=tmp_path / "people.parquet")


def test_fields_of_structures_are_no_columns(tmp_path: Path) -> None:
    """A field called score within another column is not a second score."""
    inner = pa.array([{"score": 1, "Score": {"probe": 1}, "list": [{"mated": 1}]}] * 2)
    whole = table("other", "score").append_column("details", inner).append_column("more", pa.array([[1], [2]]))
    pq.write_table(whole, tmp_path / "s.parquet")
    with open_scores(tmp_path / "s.parquet") as scores:
        assert dict(scores.mapping)["score"] == "score"
        assert scores.engine.rows("SELECT score FROM comparisons ORDER BY score") == [(0.2,), (0.9,)]


def test_pandas_with_other_labels() -> None:
    frame = pd.DataFrame(
        [["a", "x", 1, 0.5, 7], ["b", "x", 0, 0.25, 8]], columns=["probe", "reference", "mated", "score", 1]
    )
    with open_scores(frame) as scores:
        assert dict(scores.mapping)["score"] == "score"
