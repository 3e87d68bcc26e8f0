"""Memory does not grow with comparisons: nothing of a row a comparison is held in it, and people are taken in turns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.scores import open_scores
from misid.tally import Tally, build_tally
from tests.conftest import laboratory
from tests.tally.samples import Sample, cross


def _same(one: Tally, other: Tally) -> None:
    assert one.edges.tolist() == other.edges.tolist()
    assert one.levels.tolist() == other.levels.tolist()
    assert one.people == other.people
    for name, table in one.tables.items():
        for column, values in table.items():
            assert np.array_equal(values, other.tables[name][column]), (name, column)


@pytest.fixture(scope="module")
def sample() -> Sample:
    rng = np.random.default_rng(20261127)
    return cross(rng, 40, 50, same=False, groups=(("F",), ("M",)), attributes=("sex",), fail=0.01)


@pytest.mark.parametrize("at_once", [300, 1000])
def test_turns_change_nothing(sample: Sample, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    def counted() -> Tally:
        with DuckDBEngine() as engine:
            return build_tally(sample.scores(engine), thresholds=[0.5])

    whole = counted()
    monkeypatch.setattr(DuckDBEngine, "rows_at_once", at_once)
    in_turns = counted()
    _same(whole, in_turns)
    assert len(in_turns.origin.queries) > len(whole.origin.queries)


def test_no_table_in_memory_has_a_row_a_comparison(sample: Sample) -> None:
    with DuckDBEngine() as engine:
        tally = build_tally(sample.scores(engine), thresholds=[0.0])
        kept = dict(engine.rows("SELECT table_name, estimated_size FROM duckdb_tables() WHERE temporary"))
        left = list(engine.scratch.glob("kept-*.parquet"))
    comparisons = int(tally.tables["counts"]["count"].sum())
    samples = tally.people["probes"] + tally.people["references"]
    assert comparisons > 10 * samples
    # Two groups, and all together: a sample has at most that many rows.
    assert {name for name, rows in kept.items() if rows > 3 * samples} <= {"bins"}
    # What is done with has gone; comparisons that failed are asked for to the end.
    assert len(left) == 1


def test_ids_of_128_bits_are_not_rounded_in_a_work_directory(tmp_path: Path) -> None:
    """They were: two people that differ in the last digit were one."""
    source = f"{tmp_path / 'scores.duckdb'}::t"
    with duckdb.connect(tmp_path / "scores.duckdb") as connection:
        connection.execute(f"""CREATE TABLE t AS
            SELECT CAST('{2**127 - 1}' AS HUGEINT) - i AS probe, CAST('{2**126}' AS HUGEINT) - j AS reference,
                   i AS probe_person, j AS reference_person, CASE WHEN i = j THEN 0.9 ELSE (i * 7 + j * 3) % 11 / 20 END AS score
            FROM range(30) AS a(i), range(30) AS b(j)""")  # noqa: E501
    tallies = []
    for work in (None, tmp_path / "work"):
        with open_scores(source) as scores:
            tallies.append(build_tally(scores, thresholds=[0.5], work=work))
    assert tallies[0].people == {"probe": 30, "reference": 30, "any": 30, "probes": 30, "references": 30}
    _same(*tallies)


def test_one_engine_counts_again_with_and_without_a_work_directory(tmp_path: Path) -> None:
    laboratory(tmp_path)
    with open_scores(tmp_path / "scores.csv", failures=(-1.0,)) as scores:
        tallies = [build_tally(scores, work=work) for work in (None, tmp_path / "work", None)]
    _same(tallies[0], tallies[1])
    _same(tallies[0], tallies[2])


def test_many_groups_make_nearly_a_list_of_scores_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("misid.tally.build.MANY_COMPARISONS", 5_000)
    rng = np.random.default_rng(3)
    groups = tuple((f"g{i}",) for i in range(12))
    crowded = cross(rng, 80, 80, same=True, groups=groups, attributes=("site",))
    together = replace(crowded, group_of=dict.fromkeys(crowded.group_of, ("g0",)))
    said = []
    for sample in (crowded, together):
        with DuckDBEngine() as engine:
            tally = build_tally(sample.scores(engine), targets=[])
        assert int(tally.tables["counts"]["count"].sum()) == 80 * 80
        said.append([w for w in tally.warnings if "W033" in w])
    ((warning,), none) = said
    assert "6,400 comparisons" in warning
    assert "12 combinations" in warning
    assert not none
