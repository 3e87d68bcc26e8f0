"""The seam to the engine: what goes in comes back, and nothing is left behind."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.engine.seam import literal, quoted
from misid.ground.errors import EngineError
from misid.tally import build_tally
from tests.tally.samples import cross

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@pytest.fixture(scope="module")
def engine():  # type: ignore[no-untyped-def]
    with DuckDBEngine() as engine:
        yield engine


@settings(max_examples=100, deadline=None)
@given(text=TEXT)
def test_any_text_is_a_literal(engine: DuckDBEngine, text: str) -> None:
    assert engine.columns(f"SELECT {literal(text)} AS a")["a"][0] == text


@settings(max_examples=50, deadline=None)
@given(name=TEXT.filter(lambda t: t.strip() != ""))
def test_any_text_is_a_column_name(engine: DuckDBEngine, name: str) -> None:
    assert list(engine.columns(f"SELECT 1 AS {quoted(name)}")) == [name]


@settings(max_examples=200, deadline=None)
@given(number=st.floats(allow_nan=False))
def test_any_number_comes_back_exactly(engine: DuckDBEngine, number: float) -> None:
    back = float(engine.columns(f"SELECT {literal(number)} AS a")["a"][0])
    assert back == number
    assert math.copysign(1.0, back) == math.copysign(1.0, number)


@pytest.mark.parametrize(("value", "text"), [(None, "NULL"), (True, "TRUE"), (7, "7"), ("it's", "'it''s'")])
def test_literals(value: object, text: str) -> None:
    assert literal(value) == text  # type: ignore[arg-type]


def test_what_is_put_comes_back(engine: DuckDBEngine) -> None:
    put = {"name": np.array(["a", "it's", 'b"'], dtype=object), "n": np.array([1, -2, 3])}
    engine.put("t", put)
    back = engine.columns("SELECT * FROM t ORDER BY n DESC")
    assert back["name"].tolist() == ['b"', "a", "it's"]
    assert back["n"].tolist() == [3, 1, -2]


def test_scratch_is_removed() -> None:
    with DuckDBEngine() as engine:
        scratch = engine.scratch
        engine.keep("t", "SELECT * FROM range(10)")
        assert scratch.exists()
    assert not scratch.exists()


def test_given_scratch_is_left(tmp_path: Path) -> None:
    with DuckDBEngine(scratch=tmp_path) as engine:
        engine.keep("t", "SELECT 1 AS a")
    assert tmp_path.exists()


def test_failures_are_ours(engine: DuckDBEngine) -> None:
    with pytest.raises(EngineError, match=r"DuckDB: .*nowhere"):
        engine.columns("SELECT * FROM nowhere")


def test_wrong_settings_are_ours() -> None:
    with pytest.raises(EngineError, match="did not start"):
        DuckDBEngine(memory_limit="a lot")


@pytest.mark.parametrize("dialect", ["spark"])
def test_every_query_can_be_said_in_other_dialects(dialect: str) -> None:
    """The SQL that counts keeps to what a translator can carry to another engine."""
    sample = cross(np.random.default_rng(50), 10, 10, same=True, groups=[("F",), ("M",)], attributes=("sex",))
    with DuckDBEngine() as engine:
        queries = build_tally(sample.scores(engine)).origin.queries
    assert len(queries) > 20
    for query in queries:
        (translated,) = sqlglot.transpile(
            query, read="duckdb", write=dialect, unsupported_level=sqlglot.ErrorLevel.RAISE
        )
        assert translated
