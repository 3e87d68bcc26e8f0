"""Apache Spark: the engine for scores that are on a cluster. Counts come back, and nothing else.

Needs the extra ``misid[spark]`` (PySpark and SQLGlot) and a Java runtime; both are looked for when an engine
is started, not before.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote

import numpy as np

from misid.engine import dialect
from misid.engine.seam import Columns
from misid.ground.errors import EngineError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from sqlglot import exp

EXTRA = "pip install 'misid[spark]'"

NEEDED = {
    # Overflow, and a cast that cannot be done, are errors and never a wrong number.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.groupByAliases": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
}
"""What the meaning of the SQL hangs on; set while the engine is at work, and as it was afterwards."""

STARTED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""Settings of a session that misid starts, beside those in the installation's own configuration."""

LOGGING = Path(__file__).with_name("log4j2.properties")
"""How much a Java machine that misid starts says; that of an installation of Spark goes before it."""

_TYPES = {
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "void": "VARCHAR",
}
"""Spark's words for types in DuckDB's."""

CONNECTIONS_TRIED = 5
"""How often a Spark Connect server that does not answer is called again: about 20 seconds."""

_serial = itertools.count(1)
T = TypeVar("T")


class SparkEngine:
    """A Spark session, with the tables that a tally makes in it under names of their own.

    Parameters
    ----------
    session : pyspark.sql.SparkSession or None
        A live session, classic or Spark Connect. It is used as it is and not stopped; None starts one.
    master : str or None
        What to start a session on: ``local[4]``, ``spark://host:7077``, ``yarn``, ``k8s://...``. None takes what
        ``spark-submit`` or spark-defaults.conf says, and else this machine.
    connect : str or None
        Address of a Spark Connect server, ``sc://host:15002``, in place of `master`.
    memory : str or None
        For a session that is started: memory of the driver on this machine, of each executor elsewhere; ``"4GB"``.
    threads : int or None
        For a session that is started on this machine; None takes all.

    Raises
    ------
    UsageError
        Both a session and where to start one are given.
    EngineError
        PySpark or Java is not there, or the session does not start.

    Notes
    -----
    Tables are cached by Spark (in memory, on the executors' disks where that runs out) and are made again from the
    scores where an executor is lost. `close` lets go of all of them.
    """

    name = "spark"

    def __init__(
        self,
        session: SparkSession | None = None,
        *,
        master: str | None = None,
        connect: str | None = None,
        memory: str | None = None,
        threads: int | None = None,
    ) -> None:
        if sum(given is not None for given in (session, master, connect)) > 1:
            raise UsageError(
                "a live session, a master and a Spark Connect address are three ways to say one thing",
                remedy="give one of session, master and connect",
            )
        _needs("pyspark", "sqlglot")
        self.log: list[str] = []
        self._own = session is None
        self.session = session if session is not None else _started(master, connect, memory, threads)
        self.version = self._run(lambda: str(self.session.version))
        # Several engines may share a session; names that somebody else uses there are left alone.
        self._prefix = f"misid{next(_serial)}_"
        self._names: set[str] = set()
        self._kept: dict[str, DataFrame] = {}
        self._before: dict[str, str | None] = {}
        self._progress = -1.0
        self._closed = False
        self._run(self._settle)

    def _settle(self) -> None:
        """Set what is needed and is not so yet: Spark warns of a setting that it means to drop, not of a default."""
        for key, value in NEEDED.items():
            if self.session.conf.get(key) != value:
                self._before[key] = self.session.conf.get(key, None)
                self.session.conf.set(key, value)
        if self._context is None:
            self.session.registerProgressHandler(cast(Any, self._note_progress))

    def view(self, name: str, select: str) -> None:
        self.log.append(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {self._said(select)}")
        self.alias(name, select)

    def alias(self, name: str, select: str) -> None:
        self.register(name, self._frame(select))

    def keep(self, name: str, select: str, *, as_logged: str | None = None) -> None:
        self.log.append(f"CACHE TABLE {name} AS {self._said(as_logged or select)}")
        # Cached when it is first read: a job of its own only to fill it would cost as much again.
        frame = self._cut(self._frame(select)).persist()
        self.register(name, frame)
        self._kept[name] = frame

    def _cut(self, frame: DataFrame) -> DataFrame:
        """The same rows behind a plan of one step, where the session lets us (a classic one does).

        Tables are made of tables: written out, the plan of the last holds those of all before it many times over,
        and Spark spends longer on it than on the data. What an executor loses is still made again from the scores.
        """
        if self._context is None:
            return frame
        from pyspark.sql import DataFrame as Classic

        jvm: Any = self.session
        java: Any = frame
        rows = self._run(lambda: java._jdf.queryExecution().toRdd())
        cut = jvm._jsparkSession.internalCreateDataFrame(rows, java._jdf.schema(), False)
        return Classic(cut, self.session)

    def put(self, name: str, columns: Columns) -> None:
        def value(one: Any) -> str:
            return dialect.text_literal(one, "spark") if isinstance(one, str) else f"{int(one)}L"

        rows = zip(*(values.tolist() for values in columns.values()), strict=True)
        listed = ", ".join("(" + ", ".join(map(value, row)) + ")" for row in rows)
        names = ", ".join(f"`{column}`" for column in columns)
        self.register(name, self._run(lambda: self.session.sql(f"SELECT * FROM VALUES {listed} AS t({names})")))

    def register(self, name: str, frame: DataFrame) -> None:
        """Make a data frame readable as `name`."""
        before = self._kept.pop(name, None)
        if before is not None:
            before.unpersist()
        self._names.add(name)
        self._run(lambda: frame.createOrReplaceTempView(self._prefix + name))

    def columns(self, select: str, *, logged: bool = True) -> Columns:
        if logged:
            self.log.append(self._said(select))
        frame = self._frame(select)
        table = self._run(frame.toArrow)
        return {name: _array(table.column(i)) for i, name in enumerate(table.column_names)}

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        frame = self._frame(select)
        return [tuple(row) for row in self._run(frame.collect)]

    def described(self, select: str) -> dict[str, str]:
        return {field.name: duckdb_type(field.dataType.simpleString()) for field in self._frame(select).schema.fields}

    def save(self, select: str, path: Path) -> None:
        if self._context is None:
            raise UsageError(
                "finished parts cannot be kept through Spark Connect: the server and this machine have different disks",
                remedy="leave out --work; or run on the cluster itself (--spark-master, or spark-submit), with a "
                "directory that driver and executors share",
            )
        from pyspark.sql import Observation
        from pyspark.sql.functions import count, lit

        written = Observation("written")
        frame = self._frame(select).observe(written, count(lit(1)).alias("n"))
        self._run(lambda: frame.write.mode("overwrite").parquet(local_address(path)))
        n_written = int(written.get["n"])
        # Executors on other machines each write to disks of their own, and nobody complains.
        try:
            n_found = int(self.parquet([local_address(path)]).count())
        except EngineError:
            n_found = 0
        if n_found != n_written:
            raise EngineError(
                f"{path}: the executors wrote {n_written:,} rows, and {n_found:,} are there",
                remedy="name a directory with --work that driver and executors share, or leave --work out",
            )

    def saved(self, paths: list[Path]) -> str:
        name = self.new_name("saved")
        self.register(name, self.parquet([local_address(path) for path in paths]))
        return f"SELECT * FROM {name}"

    def parquet(self, addresses: list[str]) -> DataFrame:
        """Parquet files or directories, wherever the session can reach them, as a data frame."""
        return self._run(lambda: self.session.read.parquet(*addresses))

    def files(self, addresses: list[str]) -> list[tuple[str, int, int]]:
        """(address, bytes, rows) of every file behind some Parquet that has rows; only footers are read."""
        frame = self.parquet(addresses)
        counted = self._run(lambda: frame.groupBy("_metadata.file_path", "_metadata.file_size").count().collect())
        # There, unlike everywhere else, blanks and the like are written as in a URL.
        return [(_plain(unquote(path)), int(size), int(n)) for path, size, n in counted]

    def hashes(self, addresses: list[str], *, most: int) -> dict[str, str]:
        """SHA-256 of files by address, taken on the executors; a file of more than `most` bytes has none."""
        files = self.session.read.format("binaryFile").load(addresses).where(f"length <= {most}")
        found = self._run(files.selectExpr("path", "sha2(content, 256)").collect)
        return {_plain(path): sha for path, sha in found}

    def new_name(self, stem: str) -> str:
        """A name that nothing has here yet."""
        return f"{stem}_{len(self._names) + 1}"

    @property
    def limits(self) -> str:
        context = self._context
        if context is None:
            return "what the Spark Connect server gives"
        executor = context.getConf().get("spark.executor.memory", "1g")
        where = context.master
        driver = context.getConf().get("spark.driver.memory", "1g")
        memory = f"{driver} in one process" if where.startswith("local[") or where == "local" else f"{executor} each"
        return f"{context.defaultParallelism} tasks at a time on {where}, {memory}; Spark spills to its own disks"

    @property
    def spill_directory(self) -> str | None:
        """Where executors spill, each on its own machine; None where only the server knows."""
        context = self._context
        if context is None:
            return None
        # SPARK_LOCAL_DIRS goes before the setting, and a manager of a cluster before both.
        return str(os.environ.get("SPARK_LOCAL_DIRS") or context.getConf().get("spark.local.dir", "/tmp"))

    def query_progress(self) -> float:
        context = self._context
        if context is None:
            return self._progress
        tracker = context.statusTracker()
        stages = [found for found in map(tracker.getStageInfo, tracker.getActiveStageIds()) if found is not None]
        return _percentage((stage.numCompletedTasks, stage.numTasks) for stage in stages)

    def _note_progress(self, stages: Any, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        """What a Spark Connect server tells while a query runs."""
        running = [] if done else [stage for stage in stages or () if not stage.done]
        self._progress = _percentage((stage.num_completed_tasks, stage.num_tasks) for stage in running)

    @property
    def _context(self) -> Any:
        """The SparkContext of a classic session; Spark Connect has none."""
        from pyspark.sql import SparkSession

        classic = isinstance(self.session, SparkSession) and ".connect." not in type(self.session).__module__
        return self.session.sparkContext if classic else None

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        from pyspark.errors import PySparkException

        try:
            if self._context is None:
                self.session.removeProgressHandler(cast(Any, self._note_progress))
            for frame in self._kept.values():
                frame.unpersist()
            for name in self._names:
                self.session.catalog.dropTempView(self._prefix + name)
            for key, value in self._before.items():
                if value is None:
                    self.session.conf.unset(key)
                else:
                    self.session.conf.set(key, value)
        except (PySparkException, OSError) as error:
            if not self._own:
                raise EngineError(f"Spark: {_short(error)}") from error
        finally:
            self._kept.clear()
            self._names.clear()
            if self._own:
                self.session.stop()

    def __enter__(self) -> SparkEngine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _said(self, select: str) -> str:
        return dialect.said(_parsed(select), "spark")

    def _frame(self, select: str) -> DataFrame:
        names = {name.lower(): name for name in self._names}

        def rename(table: str) -> str | None:
            known = names.get(table.lower())
            return None if known is None else self._prefix + known

        text = dialect.said(_parsed(select), "spark", rename=rename)
        return self._run(lambda: self.session.sql(text))

    def _run(self, job: Callable[[], T]) -> T:
        from pyspark.errors import PySparkException

        try:
            return job()
        except PySparkException as error:
            raise EngineError(f"Spark: {_short(error)}") from error
        except Exception as error:
            # What goes wrong inside the JVM comes as py4j's own exception, a dead one as a broken connection.
            if type(error).__module__.partition(".")[0] in ("py4j", "grpc") or isinstance(error, ConnectionError):
                raise EngineError(f"Spark: {_short(error)}") from error
            raise


def _parsed(select: str) -> exp.Expr:
    return dialect.grouped_by_hash(dialect.parsed(select))


def _needs(*packages: str) -> None:
    from importlib.util import find_spec

    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise EngineError(f"Spark needs {' and '.join(missing)}, which is not installed", remedy=EXTRA)


def _started(master: str | None, connect: str | None, memory: str | None, threads: int | None) -> SparkSession:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    # Nothing here goes through pandas.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        if connect is not None:
            return _connected(connect)
        if SparkSession.getActiveSession() is not None:
            # It would be handed out again as ours, and stopped.
            raise UsageError(
                "a Spark session runs in this process already", remedy="give it to misid: SparkEngine(session)"
            )
        if threads is not None and master is not None and not master.startswith("local"):
            raise UsageError("threads are for a session on this machine", remedy="set spark.executor.cores instead")
        where = master or os.environ.get("MASTER") or f"local[{threads or '*'}]"
        here = where == "local" or where.startswith("local[")
        settings: dict[str, bool | float | int | str | None] = dict(STARTED)
        if memory is not None:
            settings["spark.driver.memory" if here else "spark.executor.memory"] = f"{megabytes(memory)}m"
        if here:
            # Of one machine nobody else need see anything.
            settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
            settings["spark.sql.shuffle.partitions"] = str(2 * (threads or os.cpu_count() or 1))
        # Errors come back as exceptions; PySpark writes them to the terminal as well.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        with _quietly():
            return SparkSession.builder.appName("misid").master(where).config(map=settings).getOrCreate()
    except PySparkException as error:
        text = _short(error)
        if "JAVA_GATEWAY_EXITED" in text:
            raise EngineError(
                "Spark did not start: no Java, or one that does not fit",
                remedy="install Java 17 or 21 and let JAVA_HOME point to it",
            ) from error
        raise EngineError(f"Spark did not start: {text}", remedy="check the address of the master or server") from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] in ("py4j", "grpc") or isinstance(error, OSError):
            raise EngineError(f"Spark did not start: {_short(error)}") from error
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
        # That it gave up is an error below.
        warnings.filterwarnings("ignore", ".*RETRIES_EXCEEDED")
        _ = session.version
    session.client.set_retry_policies(patient)
    return cast("SparkSession", session)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Have a Java machine that is started in here write errors alone to the terminal, unless its user set it up."""
    home = os.environ.get("SPARK_HOME")
    folder = os.environ.get("SPARK_CONF_DIR") or (Path(home) / "conf" if home else None)
    before = os.environ.get("SPARK_SUBMIT_OPTS", "")
    if "log4j" in before or (folder is not None and (Path(folder) / LOGGING.name).exists()):
        yield
        return
    os.environ["SPARK_SUBMIT_OPTS"] = f'{before} "-Dlog4j2.configurationFile={LOGGING}"'.strip()
    try:
        yield
    finally:
        os.environ["SPARK_SUBMIT_OPTS"] = before
        if not before:
            del os.environ["SPARK_SUBMIT_OPTS"]


def megabytes(text: str) -> int:
    """A size such as ``2GB``, ``700MB`` or ``1.5GiB`` in mebibytes.

    Examples
    --------
    >>> megabytes("2GiB"), megabytes("700MB"), megabytes("4g")
    (2048, 667, 4096)
    """
    found = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([kmgt])(b|ib)?\s*", text.lower())
    if not found:
        raise UsageError(f"memory is {text!r}", remedy="a number and a unit, such as 2GB or 700MB")
    base = 1000 if found[3] == "b" else 1024
    return max(int(float(found[1]) * base ** (1 + "kmgt".index(found[2])) / 1024**2), 1)


def duckdb_type(spark: str) -> str:
    """DuckDB's word for a type of Spark's; types that misid has no use for keep their own, in capitals.

    Examples
    --------
    >>> duckdb_type("int"), duckdb_type("decimal(20,0)"), duckdb_type("array<int>")
    ('INTEGER', 'DECIMAL(20,0)', 'ARRAY<INT>')
    """
    return _TYPES.get(spark, spark.upper())


def local_address(path: Path) -> str:
    """A path of this machine, which every executor must see under the same name, as Spark wants it.

    Examples
    --------
    >>> local_address(Path("/data/a test.parquet"))
    'file:///data/a test.parquet'
    """
    # Not as_uri(): Spark takes %20 for three characters of a name.
    return f"file://{path.absolute()}"


def _plain(address: str) -> str:
    """An address as `local_address` writes it, out of the two ways in which Spark writes it."""
    return re.sub("^file:/+", "file:///", address)


def _percentage(tasks: Iterable[tuple[int, int]]) -> float:
    """How much of some stages is done, from the tasks done and all of each; -1 where nothing runs."""
    listed = list(tasks)
    total = sum(all_of for _, all_of in listed)
    return 100.0 * sum(done for done, _ in listed) / total if total else -1.0


def _array(column: Any) -> np.ndarray[Any, Any]:
    """An Arrow column as a NumPy array, masked where it holds NULLs."""
    column = column.combine_chunks()
    if not column.null_count:
        values: np.ndarray[Any, Any] = column.to_numpy(zero_copy_only=False)
        return values
    kind = str(column.type)
    if kind == "null":
        return np.ma.array(np.zeros(len(column)), mask=True)
    empty: Any = "" if "string" in kind else False if kind == "bool" else 0
    hidden = column.is_null().to_numpy(zero_copy_only=False)
    return np.ma.array(column.fill_null(empty).to_numpy(zero_copy_only=False), mask=hidden)


def _short(error: BaseException) -> str:
    """The first lines of what Spark said: the rest is a plan or a trace of the JVM."""
    # gRPC's own text is a dump of the call; what the server or the network said is in its details.
    details = getattr(error, "details", None)
    text = str(details() or error) if callable(details) else str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    noise = ("at ", "== ", "JVM stacktrace", "'", "+-")
    kept = list(itertools.takewhile(lambda line: not line.startswith(noise), lines))
    return " ".join(kept[:3])[:500] or type(error).__name__
