"""Where a session is started, and how much is heard of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from misid.engine import SparkEngine
from misid.engine.spark_session import JAVA, LOGGING, _is_set, _java_is_set_up, _quietly, needs
from misid.ground.errors import EngineError, UsageError
from misid.tally import read_tally
from tests.engine.test_spark import written
from tests.tally.samples import cross


@pytest.fixture(autouse=True)
def nothing_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_SUBMIT_OPTS", "PYSPARK_GATEWAY_PORT", "MASTER"):
        monkeypatch.delenv(name, raising=False)


def test_a_missing_extra_is_named() -> None:
    with pytest.raises(EngineError, match=r"pyspark_of_nobody.*\n.*misid\[spark\]"):
        needs("pyspark_of_nobody")


def test_one_way_to_a_session() -> None:
    with pytest.raises(UsageError, match="three ways"):
        SparkEngine(master="local", connect="sc://nowhere")


def test_limits_are_for_what_is_started_here() -> None:
    with pytest.raises(UsageError, match="there already"):
        SparkEngine(connect="sc://nowhere", memory="2GB")
    with pytest.raises(UsageError, match=r"threads.*\n.*spark\.executor\.cores"):
        SparkEngine(master="spark://nowhere:7077", threads=2)
    for memory in ("-1GB", "abc", "80%", "400MB", "1001TB"):
        with pytest.raises(UsageError, match=f"memory is '{memory}'; allowed: .* 480MB"):
            SparkEngine(master="local[1]", memory=memory)
    for threads in (0, -1, 100_000):
        with pytest.raises(UsageError, match=f"threads is {threads}; allowed: a whole number from 1 to "):
            SparkEngine(master="local[1]", threads=threads)


def test_what_says_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _is_set("spark.master")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert not _is_set("spark.master")
    defaults = tmp_path / "spark-defaults.conf"
    defaults.write_text("# spark.master yarn\nspark.executor.memory 4g\n")
    assert not _is_set("spark.master")
    defaults.write_text("spark.executor.memory 4g\nspark.master yarn\n")
    assert _is_set("spark.master")
    monkeypatch.delenv("SPARK_CONF_DIR")
    # What spark-submit gives to the process that it starts.
    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "25333")
    assert _is_set("spark.master")


def test_what_is_heard_is_the_users_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _quietly():
        assert str(LOGGING) in os.environ["SPARK_SUBMIT_OPTS"]
    assert "SPARK_SUBMIT_OPTS" not in os.environ
    monkeypatch.setenv("SPARK_SUBMIT_OPTS", "-Da=b")
    with _quietly():
        assert os.environ["SPARK_SUBMIT_OPTS"].startswith("-Da=b ")
    assert os.environ["SPARK_SUBMIT_OPTS"] == "-Da=b"
    (tmp_path / "log4j2.properties").touch()
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    with _quietly():
        assert os.environ["SPARK_SUBMIT_OPTS"] == "-Da=b"


def loud(folder: Path, *, first: str = "", then: str) -> Path:
    """A Java home whose machine says something of its own before it starts."""
    launcher = folder / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    launcher.write_text(f"#!/bin/sh\necho '{first}' >&2\necho 'mark my words' >&2\n{then}\n")
    launcher.chmod(0o755)
    return folder


def start(java_home: Path, folder: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """A process in an empty directory, with an empty one for what is temporary, that starts a session."""
    for name in ("here", "temporary"):
        (folder / name).mkdir()
    script = "\n".join(
        ["from misid.engine import SparkEngine", "with SparkEngine(master='local[1]') as engine:", *lines]
    )
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=900, cwd=folder / "here",
        env=os.environ | {"JAVA_HOME": str(java_home), "TMPDIR": str(folder / "temporary")},
    )  # fmt: skip


@pytest.mark.xdist_group("spark")
def test_a_session_of_our_own_leaves_nothing_and_java_is_heard_but_for_one_line(java: Path, tmp_path: Path) -> None:
    home = loud(
        tmp_path / "loud", first="WARNING: Using incubator modules: jdk.incubator.vector",
        then=f'exec "{java}/bin/java" "$@"',
    )  # fmt: skip
    run = start(
        home, tmp_path,
        "    engine.keep('t', 'SELECT 1 AS a')",
        "    print(engine.rows('SELECT a FROM t'), engine.session.conf.get('spark.sql.warehouse.dir'))",
        "    arguments = engine.session.sparkContext._jvm.java.lang.management.ManagementFactory.getRuntimeMXBean()",
        "    print(*arguments.getInputArguments())",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"[(1,)] file:{tmp_path / 'temporary'}/misid-")
    assert set(JAVA.split()) <= set(run.stdout.split())
    # Java is started twice: Spark's launcher asks it for the command to start it with.
    assert set(run.stderr.splitlines()) == {"mark my words"}
    assert not list((tmp_path / "here").iterdir())
    assert not list((tmp_path / "temporary").iterdir())


def test_why_java_did_not_start_is_heard(tmp_path: Path) -> None:
    run = start(loud(tmp_path / "loud", then="exit 1"), tmp_path, "    pass")
    assert run.returncode == 1
    assert run.stderr.index("mark my words") < run.stderr.index("EngineError: Spark did not start: no Java")
    assert not list((tmp_path / "here").iterdir())
    assert not list((tmp_path / "temporary").iterdir())


def test_a_warehouse_that_is_set_up_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    (tmp_path / "spark-defaults.conf").write_text("spark.sql.warehouse.dir.of.somebody x\n")
    assert not _is_set("spark.sql.warehouse.dir", "spark.sql.catalogImplementation")
    (tmp_path / "spark-defaults.conf").write_text("spark.sql.catalogImplementation hive\n")
    assert _is_set("spark.sql.warehouse.dir", "spark.sql.catalogImplementation")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("JAVA_TOOL_OPTIONS", "-XX:+UseZGC"), ("PYSPARK_SUBMIT_ARGS", "--driver-java-options -XX:+A x")],
)
def test_options_for_java_that_somebody_chose_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    # Two collectors, and Java does not start.
    for name in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "PYSPARK_SUBMIT_ARGS"):
        monkeypatch.delenv(name, raising=False)
    assert not _java_is_set_up()
    with monkeypatch.context() as chosen:
        chosen.setenv(variable, value)
        assert _java_is_set_up()
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    (tmp_path / "spark-defaults.conf").write_text("spark.driver.extraJavaOptions -XX:+UseG1GC\n")
    assert _java_is_set_up()


@pytest.mark.slow
@pytest.mark.xdist_group("spark")
def test_the_command_line_says_what_misid_says(java: Path, tmp_path: Path) -> None:
    source = written(cross(np.random.default_rng(66), 8, 8, same=True), tmp_path / "scores.parquet")
    out = tmp_path / "out.tally"
    command = [sys.executable, "-m", "misid", "tally", str(source), "--engine", "spark", "--spark-master", "local[1]"]
    run = subprocess.run(
        [*command, "--same-samples", "--unchecked", "-o", out], capture_output=True, text=True, timeout=900,
        env=os.environ | {"JAVA_HOME": str(java)},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    lines = run.stderr.splitlines()
    assert all(line.startswith(("read as: ", "warning: ")) for line in lines), run.stderr
    assert read_tally(out).origin.engine == "spark"
