"""How a Spark session comes to be: started here, on a cluster, or behind a Spark Connect server."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from misid.engine.limits import LEAST_MEMORY_SPARK, memory_given, threads_given
from misid.ground.errors import EngineError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXTRA = "pip install 'misid[spark]'"

STARTED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""Settings of a session that misid starts, beside those in the installation's own configuration."""

JAVA = "-XX:CompileThresholdScaling=5 -XX:+UseParallelGC"
"""For a machine that lives a minute and runs some seventy statements: compiling to machine code what runs five times
as often as Java thinks worth it, and a collector without work on the side. docs/spark.md, "What it costs", has what it
saves."""

LOGGING = Path(__file__).with_name("log4j2.properties")
"""How much a Java machine that misid starts says; that of an installation of Spark goes before it."""

UNASKED = b"Using incubator modules: jdk.incubator.vector"
"""In a line of Java's own about a module that Spark's launcher asks for. No option of Java's silences it."""

CONNECTIONS_TRIED = 5
"""How often a Spark Connect server that does not answer is called again: about 20 seconds."""


def needs(*packages: str) -> None:
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise EngineError(f"Spark needs {' and '.join(missing)}, which is not installed", remedy=EXTRA)


def started(
    master: str | None, connect: str | None, memory: str | None, threads: int | None, scratch: Path
) -> SparkSession:
    """A session of misid's own. What Spark wants a directory for, though nothing is kept there, goes into `scratch`."""
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    # Nothing here goes through pandas.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        if connect is not None:
            return _connected(connect)
        if threads is not None and master is not None and not master.startswith("local"):
            raise UsageError("threads are for a session on this machine", remedy="set spark.executor.cores instead")
        if threads is not None:
            threads_given(threads)
        size = None if memory is None else memory_given(memory, option="memory", least=LEAST_MEMORY_SPARK)
        if SparkSession.getActiveSession() is not None:
            # It would be handed out again as ours, and stopped.
            raise UsageError(
                "a Spark session runs in this process already", remedy="give it to misid: SparkEngine(session)"
            )
        where = master or os.environ.get("MASTER")
        if where is None and not _is_set("spark.master"):
            where = f"local[{threads or '*'}]"
        here = where is not None and (where == "local" or where.startswith("local["))
        settings: dict[str, bool | float | int | str | None] = dict(STARTED)
        if where is not None:
            settings["spark.master"] = where
        if size is not None:
            settings["spark.driver.memory" if here else "spark.executor.memory"] = f"{size}m"
        if here:
            # Of one machine nobody else need see anything.
            settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
            settings["spark.sql.shuffle.partitions"] = str(2 * (threads or os.cpu_count() or 1))
            if not _java_is_set_up():
                settings["spark.driver.defaultJavaOptions"] = JAVA
        if not _is_set("spark.sql.warehouse.dir", "spark.sql.catalogImplementation"):
            # Spark makes the directory of its catalogue's tables, of which misid has none, even so: here, and not in
            # whatever directory the caller is in. Not as_uri(): Spark takes %20 for three characters of a name.
            settings["spark.sql.warehouse.dir"] = f"file://{scratch / 'warehouse'}"
        # Errors come back as exceptions; PySpark writes them to the terminal as well.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        with _quietly():
            _start_java(settings | {"spark.app.name": "misid"})
            return SparkSession.builder.appName("misid").config(map=settings).getOrCreate()
    except PySparkException as error:
        text = what_spark_said(error)
        if "JAVA_GATEWAY_EXITED" in text:
            raise EngineError(
                "Spark did not start: no Java, or one that does not fit",
                remedy="install Java 17 or 21 and let JAVA_HOME point to it",
            ) from error
        raise EngineError(f"Spark did not start: {text}", remedy="check the address of the master or server") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] in ("py4j", "grpc") or isinstance(error, OSError):
            raise EngineError(f"Spark did not start: {what_spark_said(error)}") from error
        if isinstance(error, ImportError):
            raise EngineError(f"Spark did not start: {error}", remedy=EXTRA) from error
        raise


def _connected(address: str) -> SparkSession:
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession as Remote

    # Not by way of the other builder, which turns every later session of this process into a remote one.
    session = Remote.builder.remote(address).create()
    # Later on a server may be away for minutes. Now that means a wrong address.
    patient = session.client.get_retry_policies()
    session.client.set_retry_policies([DefaultPolicy(max_retries=CONNECTIONS_TRIED)])
    with warnings.catch_warnings():
        # That it gave up is an error, and said as one.
        warnings.filterwarnings("ignore", ".*RETRIES_EXCEEDED")
        try:
            _ = session.version
        except BaseException:
            # Or it would be called again, and waited for, as Python ends.
            session.release_session_on_close = False
            session.stop()
            raise
    session.client.set_retry_policies(patient)
    return cast("SparkSession", session)


def _set_up(file: str) -> Path | None:
    """A file of settings of the installation of Spark that the environment names, if it is there."""
    home = os.environ.get("SPARK_HOME")
    folder = os.environ.get("SPARK_CONF_DIR") or (Path(home) / "conf" if home else None)
    found = None if folder is None else Path(folder) / file
    return found if found is not None and found.is_file() else None


def _is_set(*keys: str) -> bool:
    """Whether spark-defaults.conf has one of these settings, or spark-submit, which may, opened a door for us."""
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        return True
    defaults = _set_up("spark-defaults.conf")
    said = "" if defaults is None else defaults.read_text("utf-8")
    return any(re.search(rf"(?m)^\s*{re.escape(key)}(?![\w.])", said) for key in keys)


def _java_is_set_up() -> bool:
    """Whether somebody chose options for Java; a second collector beside a chosen one would stop it at once."""
    variables = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "SPARK_SUBMIT_OPTS", "PYSPARK_SUBMIT_ARGS")
    return any("-XX" in os.environ.get(name, "") for name in variables) or _is_set(
        "spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions"
    )


def _start_java(settings: Mapping[str, object]) -> None:
    """Start the Java machine that sessions of this process share, if there is none: what it says passes by us."""
    from pyspark import SparkConf, SparkContext, java_gateway

    elsewhere = ("PYSPARK_GATEWAY_PORT", "SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "SPARK_API_MODE")
    if SparkContext._gateway is not None or any(name in os.environ for name in elsewhere):
        return
    launch: Callable[..., Any] = java_gateway.launch_gateway
    conf = SparkConf().setAll([(key, str(value)) for key, value in settings.items()])
    reading, writing = os.pipe()
    passing = threading.Thread(target=_pass_on, args=(reading,), name="misid: what Java says", daemon=True)
    passing.start()
    try:
        gateway = launch(conf, popen_kwargs={"stderr": writing})
    except BaseException:
        os.close(writing)
        # Why it did not start, before the error that it did not.
        passing.join(timeout=5)
        raise
    os.close(writing)
    SparkContext(conf=conf, gateway=gateway)


def _pass_on(reading: int) -> None:
    """Write to standard error what comes through a pipe, line by line, but for the line that nobody asked for."""
    with open(reading, "rb") as said:
        for line in said:
            if UNASKED not in line:
                # Whatever becomes of standard error, Java must not be stopped by a pipe that nobody empties.
                with contextlib.suppress(OSError):
                    os.write(2, line)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Have a Java machine that is started in here write errors alone to the terminal, unless its user set it up."""
    before = os.environ.get("SPARK_SUBMIT_OPTS", "")
    if "log4j" in before or _set_up(LOGGING.name) is not None:
        yield
        return
    os.environ["SPARK_SUBMIT_OPTS"] = f'{before} "-Dlog4j2.configurationFile={LOGGING}"'.strip()
    try:
        yield
    finally:
        os.environ["SPARK_SUBMIT_OPTS"] = before
        if not before:
            del os.environ["SPARK_SUBMIT_OPTS"]


def what_spark_said(error: BaseException) -> str:
    """The first lines of what Spark said: the rest is a plan or a trace of the JVM."""
    # gRPC's own text is a dump of the call; what the server or the network said is in its details.
    details = re.search(r'details = "(.+)"', str(error))
    text = details[1] if details else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    noise = ("at ", "== ", "JVM stacktrace", "'", "+-")
    kept = list(itertools.takewhile(lambda line: not line.startswith(noise), lines))
    return " ".join(kept[:3])[:500] or type(error).__name__
