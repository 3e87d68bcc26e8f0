"""Apache Spark: the engine for scores that are on a cluster. Counts come back, and nothing else.

Needs the extra ``misid[spark]`` (PySpark and SQLGlot) and a Java runtime; both are looked for when an engine
is started, not before.
"""

from __future__ import annotations

import itertools
import os
import re
import tempfile
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import unquote

import numpy as np

from misid.engine import dialect
from misid.engine.seam import Columns
from misid.engine.spark_session import needs, started, what_spark_said
from misid.ground.errors import EngineError, UsageError
from misid.ground.files import new_scratch, remove_scratch

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from sqlglot import exp

NEEDED = {
    # Overflow, and a cast that cannot be done, are errors and never a wrong number.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.groupByAliases": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
}
"""What the meaning of the SQL hangs on; set while the engine is at work, and as it was afterwards."""

QUICKER = {
    # A first table of 65,536 keys before the real one. Rows are grouped by ids, which are texts and more than that:
    # most rows are compared with keys of that table in vain and looked up in the real one as well.
    "spark.sql.codegen.aggregate.map.twolevel.enabled": "false",
}
"""What only time hangs on; set likewise, where the session lets us."""

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
        For a session that is started: memory of the driver on this machine, of each executor elsewhere; ``"4GB"``, from
        ``"480MB"``.
    threads : int or None
        For a session that is started on this machine, from 1 to 64 or to four times the processors, whichever is
        more; None takes all.

    Raises
    ------
    UsageError
        Both a session and where to start one are given, or limits for one that is not started here, or that are
        none; a session runs in this process already and is not the one given.
    EngineError
        PySpark or Java is not there, or the session does not start.

    Notes
    -----
    Tables are cached by Spark (in memory, on the executors' disks where that runs out) and are made again from the
    scores where an executor is lost. `close` lets go of all of them.
    """

    name = "spark"
    rows_at_once = 1 << 40
    """A statement costs Spark more than its rows, and what does not fit into memory goes to the executors' disks."""

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
        if (memory is not None or threads is not None) and (session is not None or connect is not None):
            raise UsageError(
                "memory and threads are for a session that misid starts, and this one is there already",
                remedy="leave them out: the session or server was given its own",
            )
        needs("pyspark", "sqlglot")
        self.log: list[str] = []
        self._own = session is None
        self._tidy: Callable[[], object] = lambda: None
        self.session = session if session is not None else self._started(master, connect, memory, threads)
        self.version = self._run(lambda: str(self.session.version))
        # Several engines may share a session; names that somebody else uses there are left alone.
        self._prefix = f"misid{next(_serial)}_"
        self._names: set[str] = set()
        self._kept: dict[str, DataFrame] = {}
        self._before: dict[str, str | None] = {}
        self._progress = -1.0
        self._closed = False
        self._run(self._settle)

    def _started(
        self, master: str | None, connect: str | None, memory: str | None, threads: int | None
    ) -> SparkSession:
        scratch, lock = new_scratch(Path(tempfile.gettempdir()), "misid-")
        self._tidy = weakref.finalize(self, remove_scratch, scratch, lock)
        try:
            return started(master, connect, memory, threads, scratch)
        except BaseException:
            self._tidy()
            raise

    def _settle(self) -> None:
        """Set what is needed and is not so yet: Spark warns of a setting that it means to drop, not of a default."""
        from pyspark.errors import PySparkException

        for key, value in (NEEDED | QUICKER).items():
            try:
                if self.session.conf.get(key) != value:
                    before = self.session.conf.get(key, None)
                    self.session.conf.set(key, value)
                    self._before[key] = before
            except PySparkException:
                # A hosted service may not let sessions set anything that it does not know.
                if key in NEEDED:
                    raise
        if self._context is None:
            self.session.registerProgressHandler(cast(Any, self._note_progress))

    def view(self, name: str, select: str) -> None:
        self.log.append(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {self._said(select)}")
        self.alias(name, select)

    def alias(self, name: str, select: str) -> None:
        self.register(name, self._frame(select))

    def keep(self, name: str, select: str, *, large: bool = False) -> None:
        # Spark itself puts on disk what is too large for memory.
        self.log.append(f"CACHE TABLE {name} AS {self._said(select)}")
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

    def drop(self, *names: str) -> None:
        """Nothing: what was made from a table may not be filled yet, and would be made again from the scores."""

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

    def files(self, frame: DataFrame) -> list[tuple[str, int, int]]:
        """(address, bytes, rows) of every file behind some Parquet that has rows; only footers are read."""
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
                raise EngineError(f"Spark: {what_spark_said(error)}") from error
        finally:
            self._kept.clear()
            self._names.clear()
            if self._own:
                self.session.stop()
            self._tidy()

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
            raise EngineError(f"Spark: {what_spark_said(error)}") from error
        except Exception as error:
            # What goes wrong inside the JVM comes as py4j's own exception, a dead one as a broken connection.
            if type(error).__module__.partition(".")[0] in ("py4j", "grpc") or isinstance(error, ConnectionError):
                raise EngineError(f"Spark: {what_spark_said(error)}") from error
            raise


def _parsed(select: str) -> exp.Expr:
    return dialect.grouped_by_hash(dialect.parsed(select))


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
