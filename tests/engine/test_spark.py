"""Spark on several executor processes gives what DuckDB gives, to the last bit."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.data import generate

from misid.engine import DuckDBEngine, SparkEngine
from misid.engine.seam import literal
from misid.engine.spark_engine import QUICKER
from misid.ground.errors import BadInputError, EngineError, UsageError
from misid.scores import check, open_scores
from misid.scores.checks.pairs import pair_problems
from misid.scores.checks.samples import facts
from misid.tally import Tally, build_tally
from misid.tally.build import similarity_thresholds
from tests.engine.conftest import SETTINGS
from tests.tally.samples import Sample, cross
from tests.tally.test_golden import CASES, at_or_above, one_probe

pytestmark = [
    pytest.mark.xdist_group("spark"),
    # PySpark says so of every pandas from 3.0 on; nothing here goes through pandas.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

BSSR1 = Path(__file__).parents[3] / "shared" / "data" / "bssr1"


def written(sample: Sample, path: Path) -> Path:
    """A sample as a Parquet file that both engines read."""
    groups = "".join(f", probe_{a} VARCHAR, reference_{a} VARCHAR" for a in sample.attributes)
    with DuckDBEngine() as engine:
        engine.execute(
            "CREATE TABLE rows_ (probe VARCHAR, reference VARCHAR, probe_person VARCHAR, reference_person VARCHAR"
            f"{groups}, score {sample.score_type})"
        )
        for p, r, pp, rp, s in zip(
            sample.probe, sample.reference, sample.probe_person, sample.reference_person, sample.score, strict=True
        ):
            both = [v for pair in zip(sample.group(pp), sample.group(rp), strict=True) for v in pair]
            values = [*map(literal, [p, r, pp, rp, *both]), literal(None if np.isnan(s) else float(s))]
            engine.execute(f"INSERT INTO rows_ VALUES ({', '.join(values)})")
        engine.save("SELECT * FROM rows_", path)
    return path


def tally_on(engine: Any, source: Any, thresholds: list[float], min_people: int | None = None, **options: Any) -> Tally:
    with engine, open_scores(source, engine=engine, **options) as scores:
        return build_tally(scores, thresholds=thresholds, min_people=min_people)


def assert_same(ours: Tally, theirs: Tally) -> None:
    """Equal in every bit but for the engine that is named."""
    for name, table in ours.tables.items():
        for column, values in table.items():
            np.testing.assert_array_equal(values, theirs.tables[name][column], err_msg=f"{name}.{column}")
    for name in ("edges", "levels", "thresholds"):
        assert getattr(ours, name).tobytes() == getattr(theirs, name).tobytes(), name
    for name in ("people", "joint_people", "joint", "labels", "spectrum_from", "acquisition", "enrolment", "warnings"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert [i["sha256"] for i in ours.origin.inputs] == [i["sha256"] for i in theirs.origin.inputs]
    assert [i["rows"] for i in ours.origin.inputs] == [i["rows"] for i in theirs.origin.inputs]


QUICK = ("zeros", "infinities", "tenths in single", "very small")
"""Golden vectors that every run of the tests counts on Spark; the others are counted with -m slow."""


@pytest.mark.parametrize("quick", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_golden_vectors(session: Any, tmp_path: Path, quick: bool) -> None:
    def one(case: dict[str, Any]) -> None:
        scores, thresholds = [float(s) for s in case["scores"]], [float(t) for t in case["thresholds"]]
        path = written(one_probe(scores, case["type"]), tmp_path / f"{case['name'][:20]}.parquet")
        on_spark = tally_on(SparkEngine(session), path, thresholds)
        compared = similarity_thresholds(thresholds, polarity="similarity", score_type=case["type"])
        assert [at_or_above(on_spark, t) for t in compared] == case["at_or_above"], case["name"]
        assert_same(on_spark, tally_on(DuckDBEngine(), path, thresholds))

    # Several at a time: one alone waits for Spark's scheduler more than it works.
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, [case for case in CASES if case["name"].startswith(QUICK) == quick]))


def test_random_rows_with_groups_images_and_failures(session: Any, tmp_path: Path) -> None:
    sample = cross(
        np.random.default_rng(60), 30, 30, same=True, images=2, groups=[("F",), ("M",)], attributes=("sex",),
        keep=0.8, fail=0.03,
    )  # fmt: skip
    path = written(sample, tmp_path / "random.parquet")
    engine = SparkEngine(session)
    options: dict[str, Any] = {"failures": (float("nan"),), "same_samples": False}
    on_spark = tally_on(engine, path, [1.5], **options)
    assert_same(on_spark, tally_on(DuckDBEngine(), path, [1.5], **options))
    assert on_spark.origin.engine == "spark"
    # What was run is what is on record: Spark's dialect, and no path.
    assert any("CACHE TABLE by_probe AS SELECT" in query for query in on_spark.origin.queries)
    assert not any(str(tmp_path) in query for query in on_spark.origin.queries)
    assert not session.catalog.listTables()


def test_the_check_finds_the_same(session: Any, tmp_path: Path) -> None:
    """Rows that are repeated, samples on both sides and failures nobody declared; in all rows, and in those of some."""
    sample = cross(
        np.random.default_rng(62), 25, 25, same=True, groups=[("F",), ("M",)], attributes=("sex",), fail=0.03
    )
    once, path = written(sample, tmp_path / "once.parquet"), tmp_path / "again.parquet"
    with DuckDBEngine() as engine:
        # One id on both sides is one sample.
        ids = ", ".join(f"concat({side}_person, '/image') AS {side}" for side in ("probe", "reference"))
        again = f"SELECT * REPLACE ({ids}) FROM ({engine.saved([once])}) AS t"
        engine.save(f"{again} UNION ALL {again} WHERE score > 0.5 UNION ALL {again} WHERE score > 0.9", path)

    def found(engine: Any) -> Any:
        with engine, open_scores(path, groups=("sex",), engine=engine, same_samples=True) as scores:
            whole = check(scores)
            facts(scores)
            return whole, pair_problems(scores, whole.counts.rows, thorough=False, exact_rows=300)

    whole, some = found(SparkEngine(session))
    assert (whole, some) == found(DuckDBEngine())
    assert {"E035", "E038", "W013"} <= {problem.code for problem in whole.problems}
    assert "of 25 samples" in some.problems[0].seen


@pytest.mark.parametrize("rows", [100_000, pytest.param(10_000_000, marks=pytest.mark.slow)])
def test_many_random_rows(session: Any, tmp_path: Path, rows: int) -> None:
    """The comparisons of the benchmarks: 20,000 people in eight groups."""
    path = tmp_path / "comparisons.parquet"
    generate(rows, path)
    # Compiling pays where there is much to do.
    compiling = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}
    for key, value in compiling.items() if rows > 1_000_000 else ():
        session.conf.set(key, value)
    on_spark = tally_on(SparkEngine(session), path, [0.5], min_people=10)
    for key in compiling:
        session.conf.set(key, str(SETTINGS[key]))
    assert sum(on_spark.tables["counts"]["count"].tolist()) == rows
    assert_same(on_spark, tally_on(DuckDBEngine(), path, [0.5], min_people=10))
    assert not on_spark.in_one_block


@pytest.mark.skipif(not BSSR1.exists(), reason="needs shared/data/bssr1, which is not in the package")
def test_bssr1(session: Any, tmp_path: Path) -> None:
    matrix = BSSR1 / "face-c.csv"
    path = tmp_path / "bssr1.parquet"
    with DuckDBEngine() as engine, open_scores(matrix, engine=engine):
        engine.save(
            "SELECT CAST(probe AS VARCHAR) AS probe, CAST(reference AS VARCHAR) AS reference, "
            "CAST(probe_person AS VARCHAR) AS probe_person, CAST(reference_person AS VARCHAR) AS reference_person, "
            "score FROM comparisons",
            path,
        )
    options: dict[str, Any] = {"failures": (-1.0,), "same_samples": False}
    on_spark = tally_on(SparkEngine(session), path, [60.0], **options)
    assert_same(on_spark, tally_on(DuckDBEngine(), path, [60.0], **options))


def test_a_data_frame_and_an_executor_lost_in_mid_stage(session: Any, tmp_path: Path) -> None:
    path = written(cross(np.random.default_rng(61), 20, 20, same=True), tmp_path / "frame.parquet")
    # A millisecond a row, so that a stage lasts long enough to be met in its middle on a fast machine too.
    slowly = "java_method('java.lang.Thread', 'sleep', CAST(1 AS BIGINT)) = 'null'"
    frame = session.read.parquet(str(path)).repartition(2).where(slowly)
    executors = _executors()
    assert len(executors) == 2
    over, busy = threading.Event(), []

    def kill() -> None:
        tracker = session.sparkContext.statusTracker()
        while not over.is_set():
            running = [tracker.getStageInfo(one) for one in tracker.getActiveStageIds()]
            # Each executor has one core: two tasks at work keep both of them busy.
            if any(stage is not None and stage.numActiveTasks == 2 for stage in running):
                os.kill(executors[0], signal.SIGKILL)
                busy.append(executors[0])
                return
            time.sleep(0.001)

    killer = threading.Thread(target=kill)

    def begin(_stage: str) -> None:
        if killer.ident is None:
            killer.start()

    with SparkEngine(session) as engine, open_scores(frame, engine=engine, same_samples=False) as scores:
        report = check(scores)
        assert report.counts.rows == 400
        assert not [p for p in report.problems if p.severity == "error"]
        tally = build_tally(scores, thresholds=[1.5], stage=begin)
    over.set()
    killer.join()
    assert busy == executors[:1]
    assert executors[0] not in _executors()
    expected = tally_on(DuckDBEngine(), path, [1.5], same_samples=False)
    for name, table in expected.tables.items():
        for column, values in table.items():
            np.testing.assert_array_equal(tally.tables[name][column], values, err_msg=f"{name}.{column}")


def _executors() -> list[int]:
    """This session's executors, found among the descendants of this very process."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,comm"], capture_output=True, text=True, check=True).stdout
    found = [line.split(None, 2) for line in listed.splitlines()[1:]]
    parent = {int(pid): int(above) for pid, above, _ in found}
    java = {int(pid) for pid, _, command in found if command == "java"}
    # This process starts the driver, and the driver its executors.
    driver = {pid for pid in java if parent[pid] == os.getpid()}
    return sorted(pid for pid in java if parent[pid] in driver)


def test_overflow_is_an_error_and_settings_are_put_back(session: Any) -> None:
    before = {key: session.conf.get(key) for key in QUICKER}
    session.conf.set("spark.sql.ansi.enabled", "false")
    with SparkEngine(session) as engine:
        assert {key: session.conf.get(key) for key in QUICKER} == QUICKER != before
        with pytest.raises(EngineError, match="OVERFLOW"):
            engine.columns(
                "SELECT CAST(sum(x) AS BIGINT) AS n FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1) AS t"
            )
    assert {key: session.conf.get(key) for key in QUICKER} == before
    assert session.conf.get("spark.sql.ansi.enabled") == "false"
    session.conf.set("spark.sql.ansi.enabled", "true")


def test_what_spark_cannot_read_is_refused(session: Any, tmp_path: Path) -> None:
    text = tmp_path / "scores.csv"
    text.write_text("probe,reference,mated,score\na,1,1,0.9\n")
    with SparkEngine(session) as engine:
        with pytest.raises(BadInputError, match=r"(?s)E028.*Parquet"):
            open_scores(text, engine=engine)
        with pytest.raises(BadInputError, match="E028"):
            open_scores("spark::nowhere", engine=engine)
        with pytest.raises(UsageError, match="long tables"):
            open_scores(text, engine=engine, format="matrix")
