"""The seam to the engine: what goes in comes back, and nothing is left behind."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.engine.seam import literal, quoted
from misid.ground.errors import EngineError, UsageError
from misid.scores import open_scores
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
        engine.keep("u", "SELECT 1 AS a", large=True)
    assert tmp_path.exists()
    assert not list(tmp_path.glob("*.parquet"))


def test_a_large_table_is_on_disk_and_goes_when_it_is_dropped(tmp_path: Path) -> None:
    with DuckDBEngine(scratch=tmp_path) as engine:
        engine.keep("t", "SELECT i AS a FROM range(1000) AS r(i)", large=True)
        assert engine.log[-1] == 'CREATE TABLE "t" AS SELECT i AS a FROM range(1000) AS r(i)'
        assert engine.rows("SELECT count(*) FROM duckdb_tables() WHERE temporary")[0][0] == 0
        # Made anew from itself, as any table may be.
        engine.keep("t", "SELECT a FROM t WHERE a < 10", large=True)
        assert len(list(tmp_path.glob("*.parquet"))) == 1
        assert engine.rows("SELECT count(*), max(a) FROM t") == [(10, 9)]
        engine.drop("t", "never made")
        assert not list(tmp_path.glob("*.parquet"))
        with pytest.raises(EngineError, match="t does not exist"):
            engine.rows("SELECT * FROM t")


MAKE = {
    "table": lambda engine, select: engine.keep("t", select),
    "large table": lambda engine, select: engine.keep("t", select, large=True),
    "view": lambda engine, select: engine.view("t", select),
    "given": lambda engine, select: engine.put("t", engine.columns(select)),
}


@pytest.mark.parametrize("second", MAKE)
@pytest.mark.parametrize("first", MAKE)
def test_what_has_a_name_is_replaced_whatever_it_was(first: str, second: str) -> None:
    with DuckDBEngine() as engine:
        MAKE[first](engine, "SELECT 1 AS a")
        MAKE[second](engine, "SELECT 2 AS a")
        assert engine.rows("SELECT a FROM t") == [(2,)]


@pytest.mark.parametrize("wide", [2**127 - 1, -(2**127) + 1, 2**53 + 1])
def test_whole_numbers_of_128_bits_stay_apart_on_disk(tmp_path: Path, wide: int) -> None:
    """Parquet would hold them as DOUBLE, and two ids beside one another would be one."""
    with DuckDBEngine() as engine:
        engine.save(f"SELECT CAST('{wide}' AS HUGEINT) - i AS id FROM range(2) AS r(i)", tmp_path / "kept.parquet")
        back = engine.rows(engine.saved([tmp_path / "kept.parquet"]))
    assert sorted(int(id_) for (id_,) in back) == sorted([wide, wide - 1])


def test_failures_are_ours(engine: DuckDBEngine) -> None:
    with pytest.raises(EngineError, match=r"DuckDB: .*nowhere"):
        engine.columns("SELECT * FROM nowhere")


def test_wrong_settings_are_ours() -> None:
    nowhere = Path("/dev/null/nowhere")
    with pytest.raises(EngineError, match="did not start"):
        DuckDBEngine(scratch=nowhere)


MEMORIES: list[Any] = [
    "a lot", "abc", "", "0", "-1", "-1GB", "0GB", "1e99GB", "1e3MB", "80%", "32MB", "49MB", "1001TB", "99999999TB",
    "none", "nan GB", "5", "1.5.5GB", "2GB; SELECT 1", "9" * 400 + "GB", 2, True,
]  # fmt: skip
"""What is no limit of memory; to DuckDB "-1GB" and "none" are none at all, "80%" is a share."""

THREADS: list[Any] = [0, -1, max(64, 4 * (os.cpu_count() or 1)) + 1, 100_000, 2**70, 2.0, "2", math.nan]


@pytest.mark.parametrize("memory", MEMORIES)
def test_memory_that_is_none_is_refused_before_the_engine_sees_it(memory: Any, tmp_path: Path) -> None:
    scores = tmp_path / "s.csv"
    scores.write_text("probe,reference,mated,score\na,x,1,0.9\nb,x,0,0.2\n")
    for call in (
        lambda: DuckDBEngine(memory_limit=memory, scratch=tmp_path / "none"),
        lambda: open_scores(scores, memory_limit=memory),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert f"memory_limit is {memory!r}; allowed: " in caught.value.message
        assert "50MB" in caught.value.message


@pytest.mark.parametrize("threads", THREADS)
def test_threads_that_no_machine_bears_are_refused(threads: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        DuckDBEngine(threads=threads, scratch=tmp_path / "none")
    assert f"threads is {threads!r}; allowed: a whole number from 1 to " in caught.value.message


@pytest.mark.parametrize(
    ("given", "set_to"),
    [("50MB", "47.0 MiB"), ("2GB", "1.8 GiB"), (" 2 gib ", "2.0 GiB"), ("1.5g", "1.5 GiB"), ("1000TB", "909.4 TiB")],
)
def test_memory_is_what_was_given(given: str, set_to: str) -> None:
    """Also more than the machine has."""
    with DuckDBEngine(memory_limit=given, threads=1) as engine:
        assert engine.rows("SELECT current_setting('memory_limit'), current_setting('threads')") == [(set_to, 1)]


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
