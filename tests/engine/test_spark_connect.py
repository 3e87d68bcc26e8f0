"""Through a Spark Connect server, whose executors are processes of their own, the counts are DuckDB's."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from misid.engine import DuckDBEngine, SparkEngine
from misid.ground.errors import BadInputError, EngineError, UsageError
from misid.ground.files import sha256_of
from misid.scores import open_scores
from misid.tally import build_tally
from tests.engine.conftest import SETTINGS
from tests.engine.test_spark import assert_same, tally_on, written
from tests.tally.samples import cross

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("spark"),
    pytest.mark.skipif(find_spec("grpc") is None, reason="needs grpcio, which pip install 'misid[spark]' brings"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def server(java: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of our own."""
    import pyspark

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = SETTINGS | {
        "spark.log.level": "ERROR",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    home = Path(pyspark.__file__).parent
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [home / "bin" / "spark-submit", "--class", "org.apache.spark.sql.connect.service.SparkConnectServer",
             "--master", "local-cluster[2,1,1024]", *(f"--conf={key}={value}" for key, value in settings.items())],
            env=os.environ | {"JAVA_HOME": str(java), "SPARK_HOME": str(home), "SPARK_CONNECT_MODE": "0"},
            stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + 300
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
        yield f"sc://127.0.0.1:{port}"
    finally:
        # Its executors stay in its process group.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_a_tally(server: str, tmp_path: Path) -> None:
    sample = cross(
        np.random.default_rng(60), 30, 30, same=True, images=2, groups=[("F",), ("M",)], attributes=("sex",),
        keep=0.8, fail=0.03,
    )  # fmt: skip
    path = written(sample, tmp_path / "random.parquet")
    options: dict[str, Any] = {"failures": (float("nan"),), "same_samples": False}
    engine = SparkEngine(connect=server)
    seen = set()
    with engine, open_scores(path, engine=engine, **options) as scores:
        assert engine.limits == "what the Spark Connect server gives"
        listen = engine._note_progress

        def note(*what: Any, **more: Any) -> None:
            listen(*what, **more)
            seen.add(engine.query_progress())

        engine.session.registerProgressHandler(cast(Any, note))
        on_connect = build_tally(scores, thresholds=[1.5])
    assert_same(on_connect, tally_on(DuckDBEngine(), path, [1.5], **options))
    assert on_connect.origin.engine == "spark"
    assert seen <= {-1.0} | {share for share in seen if 0 <= share <= 100}
    assert len(seen) > 1
    # Nothing of ours makes later sessions of this process remote ones.
    assert "SPARK_CONNECT_MODE_ENABLED" not in os.environ


def test_files_that_only_the_server_sees_are_hashed_there(server: str, tmp_path: Path) -> None:
    path = written(cross(np.random.default_rng(64), 4, 4, same=True), tmp_path / "scores.parquet")
    address = f"file://{path}"
    with SparkEngine(connect=server) as engine:
        assert engine.hashes([address], most=1 << 20) == {address: sha256_of(path)}
        assert engine.hashes([address], most=10) == {}


def test_what_a_server_cannot_do_is_said(server: str, tmp_path: Path) -> None:
    with SparkEngine(connect=server) as engine:
        with pytest.raises(UsageError, match=r"through Spark Connect.*\n.*leave out --work"):
            engine.save("SELECT 1 AS a", tmp_path / "part")
        with pytest.raises(BadInputError, match="E028"):
            open_scores(tmp_path / "nowhere.parquet", engine=engine)
        with pytest.raises(EngineError, match="CAST_INVALID_INPUT"):
            engine.columns("SELECT CAST('a' AS INTEGER) AS n")


def test_a_server_that_is_not_there() -> None:
    began = time.monotonic()
    with pytest.raises(EngineError, match=r"did not start: failed to connect.*\n.*address"):
        SparkEngine(connect="sc://127.0.0.1:1")
    assert time.monotonic() - began < 120
