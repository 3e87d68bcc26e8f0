"""Tables that Spark reads: Parquet wherever the cluster can reach it, tables of its catalogue, data frames."""

from __future__ import annotations

import glob
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from misid.engine import SparkEngine
from misid.engine.spark_engine import local_address
from misid.ground.codes import problem
from misid.ground.errors import EngineError, UsageError
from misid.ground.files import sha256_of
from misid.scores.model import InputFile
from misid.scores.sniff import NotReadableError, kind_of

CATALOGUE = "spark::"
"""Before the name of a table in Spark's catalogue."""

MOST_HASHED = 1 << 28
"""Bytes of the largest file that an executor takes into its memory for the SHA-256."""


class SparkTable:
    """A table as Spark sees it: what it is called, a relation to select from, and the files behind it."""

    def __init__(self, engine: SparkEngine, source: Any) -> None:
        self.engine = engine
        self.name = engine.new_name("source")
        self.addresses: list[str] = []
        self.frame: Any = source
        if hasattr(source, "createOrReplaceTempView"):
            self.kind, self.label = "spark", "a Spark DataFrame"
            engine.register(self.name, source)
        elif isinstance(source, str) and source.startswith(CATALOGUE):
            table = source.removeprefix(CATALOGUE)
            self.kind, self.label = "spark", source
            self._register(lambda: engine.session.table(table))
        elif isinstance(source, (str, Path, list, tuple)) and source:
            self.addresses = addresses_of(source)
            self.kind = "parquet"
            more = f" and {len(self.addresses) - 1} more" if len(self.addresses) > 1 else ""
            self.label = f"{self.addresses[0]}{more}"
            self._register(lambda: engine.parquet(self.addresses))
        else:
            raise UsageError(
                f"Spark cannot read a {type(source).__name__}",
                remedy="Parquet (a path or an address such as s3a://bucket/scores), 'spark::TABLE', or a Spark "
                "DataFrame; for anything else use the engine duckdb",
            )
        self.select = f"SELECT * FROM {self.name}"

    def _register(self, made: Callable[[], Any]) -> None:
        try:
            self.frame = made()
            self.engine.register(self.name, self.frame)
        except EngineError as error:
            raise _unreadable(self.label, error.message) from error
        except Exception as error:
            if type(error).__module__.startswith("pyspark."):
                raise _unreadable(self.label, str(error).splitlines()[0][:300]) from error
            raise

    def inputs(self, hash_inputs: bool) -> tuple[InputFile, ...]:
        """The files one by one, by address: rows, bytes and SHA-256. A table or data frame has no files."""
        if self.kind != "parquet":
            n_rows = int(self.engine.rows(f"SELECT count(*) FROM {self.name}")[0][0])
            return (InputFile(label=self.label, kind=self.kind, rows=n_rows, n_bytes=0, sha256=""),)
        # The footers alone answer this: no column is read.
        found = sorted(self.engine.files(self.frame))
        hashes = self._hashes([row[0] for row in found]) if hash_inputs else {}
        return tuple(
            InputFile(label=path, kind="parquet", rows=int(n), n_bytes=int(size), sha256=hashes.get(path, ""))
            for path, size, n in found
        )

    def _hashes(self, paths: list[str]) -> dict[str, str]:
        """SHA-256 by file: taken here where this machine has it, else on the executors where it is small enough."""
        here = {path: local for path in paths if (local := _local(path)) is not None and local.is_file()}
        hashes = {path: sha256_of(local) for path, local in here.items()}
        elsewhere = [path for path in paths if path not in here]
        if elsewhere:
            hashes |= self.engine.hashes(elsewhere, most=MOST_HASHED)
        return hashes


def addresses_of(source: Any) -> list[str]:
    """What a path, a pattern, an address or a list of these is called by Spark.

    Examples
    --------
    >>> addresses_of(["s3a://tests/scores/*.parquet", "hdfs:///scores"])
    ['s3a://tests/scores/*.parquet', 'hdfs:///scores']
    """
    if isinstance(source, (list, tuple)):
        return [address for one in source for address in addresses_of(one)]
    text = str(source)
    if len(urlsplit(text).scheme) > 1:
        return [text]
    path = Path(text).expanduser()
    if not path.exists() and glob.has_magic(text):
        found = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - the pattern has folders
        return [local_address(Path(p)) for p in found] or [text]
    if path.is_file():
        kind = kind_of(path)
        if kind != "parquet":
            raise _unreadable(text, f"a file of the kind {kind}")
    # Spark sees what it sees: a path that is not here may be on every executor.
    return [local_address(path)]


def _local(address: str) -> Path | None:
    parts = urlsplit(address)
    return Path(address.removeprefix("file://")) if parts.scheme in ("", "file") else None


_NO_JARS = ("No FileSystem for scheme", "ClassNotFoundException: Class org.apache.hadoop.fs.")
"""What Spark says of an address for whose kind of storage it has no code."""


def _unreadable(label: str, seen: str) -> NotReadableError:
    scheme = urlsplit(label).scheme.lower()
    remedy = "check the address; write text as Parquet first, or count it with the engine duckdb"
    if scheme in ("s3", "s3n"):
        remedy = f"write s3a:// for {scheme}://: so Spark calls S3 and what speaks like it"
    elif scheme in ("http", "https", "ftp"):
        remedy = "fetch it first (curl -O ADDRESS), and give the path"
    elif any(words in seen for words in _NO_JARS):
        remedy = (
            f"give Spark the jars for {scheme}:// and its keys, in spark-defaults.conf (spark.jars.packages, "
            f"spark.hadoop.fs.{scheme}...) or on the cluster"
        )
    return NotReadableError(
        problem(
            "E028",
            where=label,
            seen=f"Spark says: {seen}",
            allowed="Parquet that Spark can read, wherever the cluster reaches it, or 'spark::TABLE'",
            remedy=remedy,
        )
    )
