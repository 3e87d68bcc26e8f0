"""What Spark reads beside one table of comparisons, and a run on it that goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misid.engine import DuckDBEngine, SparkEngine
from misid.engine.seam import literal
from misid.ground.errors import BadInputError, EngineError
from misid.scores import open_scores
from misid.tally import build_tally
from misid.tally.parts import FOLDER
from tests.conftest import search_test
from tests.engine.test_spark import assert_same, tally_on, written
from tests.tally.samples import cross

pytestmark = [
    pytest.mark.xdist_group("spark"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def as_parquet(select: str, path: Path) -> Path:
    with DuckDBEngine() as engine:
        engine.save(select, path)
    return path


def test_candidate_lists_with_subjects(session: Any, tmp_path: Path) -> None:
    search_test(tmp_path)
    tables = {
        name: as_parquet(f"SELECT * FROM {literal(str(tmp_path / name))}", tmp_path / f"{name}.parquet")
        for name in ("candidates.csv", "searches.csv", "references.csv")
    }
    subjects = as_parquet(
        "SELECT format('p{:03}', i) AS person, chr(CAST(i % 2 AS INTEGER) + 70) AS sex FROM range(100) AS t(i)",
        tmp_path / "subjects.parquet",
    )
    options: dict[str, Any] = {
        "searches": tables["searches.csv"], "references": tables["references.csv"], "subjects": subjects,
        "list_length": 5, "return_threshold": 0.3,
    }  # fmt: skip
    on_spark = tally_on(SparkEngine(session), tables["candidates.csv"], [0.5], **options)
    assert on_spark.kind == "candidates"
    assert on_spark.attributes == ("sex",)
    assert_same(on_spark, tally_on(DuckDBEngine(), tables["candidates.csv"], [0.5], **options))


def test_people_from_a_table_of_samples(session: Any, tmp_path: Path) -> None:
    sample = cross(np.random.default_rng(62), 12, 12, same=True, images=2)
    whole = written(sample, tmp_path / "whole.parquet")
    scores = as_parquet(f"SELECT probe, reference, score FROM {literal(str(whole))}", tmp_path / "scores.parquet")
    samples = as_parquet(
        f"SELECT DISTINCT probe AS sample, probe_person AS person FROM {literal(str(whole))} "
        f"UNION SELECT DISTINCT reference, reference_person FROM {literal(str(whole))}",
        tmp_path / "samples.parquet",
    )
    options: dict[str, Any] = {"samples": samples, "same_samples": False}
    on_spark = tally_on(SparkEngine(session), scores, [1.5], **options)
    assert_same(on_spark, tally_on(DuckDBEngine(), scores, [1.5], **options))


def test_an_address_of_object_storage(session: Any, tmp_path: Path) -> None:
    """Everything but the storage: Hadoop itself has a directory stand in for a bucket under its address."""
    bucket = tmp_path / "bucket" / "scores"
    bucket.mkdir(parents=True)
    sample = cross(np.random.default_rng(67), 12, 12, same=True, groups=[("F",), ("M",)], attributes=("sex",))
    whole = written(sample, tmp_path / "whole.parquet")
    for name, where in (("part 1", "score < 0"), ("part 2", "score >= 0")):
        as_parquet(f"SELECT * FROM {literal(str(whole))} WHERE {where}", bucket / f"{name}.parquet")
    standing_in = {
        "fs.s3a.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme",
        "fs.viewfs.overload.scheme.target.file.impl": "org.apache.hadoop.fs.LocalFileSystem",
        "fs.viewfs.mounttable.evaluation.link./scores": f"file://{bucket}",
    }
    try:
        for key, value in standing_in.items():
            session.conf.set(key, value)
        for address in ("s3a://evaluation/scores/", "s3a://evaluation/scores/*.parquet"):
            with SparkEngine(session) as engine, open_scores(address, engine=engine, same_samples=False) as scores:
                assert [i.label for i in scores.inputs] == [f"s3a://evaluation/scores/part {i}.parquet" for i in (1, 2)]
                on_spark = build_tally(scores, thresholds=[1.5])
            assert_same(on_spark, tally_on(DuckDBEngine(), bucket, [1.5], same_samples=False))
            assert not any("evaluation" in query for query in on_spark.origin.queries)
    finally:
        for key in standing_in:
            session.conf.unset(key)


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("s3://bucket/scores", "write s3a:// for s3://"),
        ("https://127.0.0.1:9/scores.parquet", "fetch it first"),
        ("gs://bucket/scores", "give Spark the jars for gs://"),
        ("s3a://bucket/scores", "give Spark the jars for s3a://"),
    ],
)
def test_storage_that_spark_does_not_know(session: Any, address: str, remedy: str) -> None:
    with SparkEngine(session) as engine, pytest.raises(BadInputError, match=f"(?s)E028.*{remedy}"):
        open_scores(address, engine=engine)


class KilledError(Exception):
    """What a test puts in place of a signal."""


def test_a_run_goes_on_with_the_passes_that_were_finished(session: Any, tmp_path: Path) -> None:
    path = written(cross(np.random.default_rng(63), 15, 15, same=True), tmp_path / "scores.parquet")
    work = tmp_path / "work"

    def kill(stage: str) -> None:
        if stage == "ranking mates":
            raise KilledError

    with SparkEngine(session) as engine, open_scores(path, engine=engine, same_samples=False) as scores:
        with pytest.raises(KilledError):
            build_tally(scores, thresholds=[1.5], work=work, stage=kill)
    finished = {file.name: file.stat().st_mtime_ns for file in (work / FOLDER).glob("*.parquet")}
    assert {name.split("-")[0] for name in finished} >= {"extent", "histogram", "by_probe", "by_reference"}
    spoiled = next(part for file in (work / FOLDER).glob("by_probe-*.parquet") for part in file.glob("part-*"))
    spoiled.write_bytes(b"other bytes")

    with SparkEngine(session) as engine, open_scores(path, engine=engine, same_samples=False) as scores:
        tally = build_tally(scores, thresholds=[1.5], work=work)
    again = {file.name: file.stat().st_mtime_ns for file in (work / FOLDER).glob("*.parquet")}
    made_anew = {name.split("-")[0] for name, when in finished.items() if again[name] != when}
    assert made_anew == {"by_probe"}
    assert_same(tally, tally_on(DuckDBEngine(), path, [1.5], same_samples=False))


def test_a_work_directory_that_is_not_shared_is_refused(session: Any, tmp_path: Path) -> None:
    class Elsewhere(SparkEngine):
        def parquet(self, addresses: list[str]) -> Any:
            # What other machines wrote is not here.
            for address in addresses:
                for part in Path(address.removeprefix("file://")).glob("part-*"):
                    part.unlink()
            return super().parquet(addresses)

    with Elsewhere(session) as engine, pytest.raises(EngineError, match=r"wrote 3 rows, and 0 are there\n.*--work"):
        engine.save("SELECT * FROM (VALUES (1), (2), (3)) AS t(a)", tmp_path / "part")


def test_plan_and_sql_of_a_session(
    session: Any, tmp_path: Path, misid: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(cross(np.random.default_rng(65), 6, 6, same=True), tmp_path / "scores.parquet")
    # One session a process: the command would start its own.
    monkeypatch.setattr("misid.cli.options.InputOptions.start_engine", lambda _: SparkEngine(session))
    command = ("tally", path, "--engine", "spark", "--plan", "--explain")
    status, out, err = misid(*command, "--format", "json")
    assert status == 0, err
    (plan,) = json.loads(out)
    assert plan["engine"].startswith("spark 4")
    assert plan["rows"] == 36
    assert plan["bytes"] == path.stat().st_size
    assert plan["seconds_to"] is None
    assert plan["seconds_basis"].startswith("not known")
    assert "1024m each" in plan["limits"] or "1g each" in plan["limits"]
    assert plan["spill_directory"]
    # In Spark's words, and without the path.
    assert any(query.startswith("CACHE TABLE by_probe AS ") and "misid_finer" in query for query in plan["sql"])
    assert not any(str(path) in query for query in plan["sql"])
