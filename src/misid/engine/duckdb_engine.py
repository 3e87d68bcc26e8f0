"""DuckDB, embedded: the engine for scores that fit on one machine's disk."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from misid.engine.limits import memory_given, threads_given
from misid.engine.seam import Columns, literal, quoted
from misid.ground.errors import EngineError
from misid.ground.files import new_scratch, remove_scratch
from misid.ground.interrupts import INTERRUPTS

MEMORY_LIMIT = "700MB"
"""DuckDB spills to disk above this, so memory does not grow with the number of comparisons."""

FLUSH = "16MB"
"""Memory that DuckDB's allocator may hold back; below this the same work took no less."""


MAKE_ROOM = "make room, or set TMPDIR to a directory on a larger disk"


def ran_out_of(said: str) -> str:
    """What to do where DuckDB says that memory or disk ran out; '' where it says something else."""
    low = said.lower()
    if "out of memory" in low:
        return "give it more memory (--memory 4GB), fewer threads (--threads 1), or a larger TMPDIR"
    if any(words in low for words in ("no space left", "file too large", "could not write", "disk quota")):
        return MAKE_ROOM
    return ""


_serial = itertools.count(1)

_ELSE = "misid check on the input, which must be whole and must not change during the run; --debug shows more"


class DuckDBEngine:
    """An embedded DuckDB with a database file of its own in a scratch directory.

    Tables that may have a row a comparison are Parquet files there, so that memory does not grow with comparisons.

    Parameters
    ----------
    memory_limit : str
        From ``"50MB"``, for example ``"700MB"`` or ``"2GiB"``.
    threads : int or None
        Worker threads, from 1 to 64 or to four times the processors, whichever is more; None takes one a processor.
    scratch : Path or None
        Where kept tables and spilled data go; None makes a directory and removes it on close.

    Raises
    ------
    UsageError
        A limit that is none, before anything is started.
    EngineError
        DuckDB does not start.
    """

    name = "duckdb"
    rows_at_once = 1 << 18

    def __init__(
        self, *, memory_limit: str = MEMORY_LIMIT, threads: int | None = None, scratch: Path | None = None
    ) -> None:
        limits: dict[str, str | int | float | list[str]] = {
            "memory_limit": f"{memory_given(memory_limit)}MiB",
            "threads": (os.cpu_count() or 1) if threads is None else threads_given(threads),
        }
        self.version = duckdb.__version__
        self.log: list[str] = []
        self._files: dict[str, Path] = {}
        self._kinds: dict[str, str] = {}
        self._tidy: Callable[[], object] = lambda: None
        if scratch is None:
            self.scratch, lock = new_scratch(Path(tempfile.gettempdir()), "misid-")
            # Text input is kept there, ids and all: it goes also when nobody closes the engine, and what a killed run
            # left goes when the next one starts.
            self._tidy = weakref.finalize(self, remove_scratch, self.scratch, lock)
        else:
            self.scratch = scratch
        try:
            self.connection = duckdb.connect(
                self.scratch / f"engine-{os.getpid()}.duckdb",
                config={
                    **limits,
                    "temp_directory": str(self.scratch / "spill"),
                    "preserve_insertion_order": False,
                    # What is let go of goes back to the system at once; by default 128 MB and more wait for use.
                    "allocator_flush_threshold": FLUSH,
                    "allocator_background_threads": True,
                    "allocator_bulk_deallocation_flush_threshold": FLUSH,
                    # A library must not fetch code over the network at run time.
                    "autoinstall_known_extensions": False,
                },
            )
        except duckdb.Error as error:
            self._remove_scratch()
            raise EngineError(
                f"DuckDB did not start: {error}", remedy=ran_out_of(str(error)) or "look at what it says of its file"
            ) from error
        # It keeps count of how far a query is only with its progress bar on; it need not draw it.
        self.execute("SET enable_progress_bar = true")
        self.execute("SET enable_progress_bar_print = false")

    def view(self, name: str, select: str) -> None:
        self.log.append(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {select}")
        self.alias(name, select)

    def keep(self, name: str, select: str, *, large: bool = False) -> None:
        self.log.append(f"CREATE TABLE {quoted(name)} AS {select}")
        if large:
            path = self.scratch / f"kept-{os.getpid()}-{next(_serial)}.parquet"
            self.save(select, path)
            self.alias(name, self.saved([path]))
            self._files[name] = path
        else:
            # Temporary tables are not written to the database file, only spilled where memory runs out.
            self._make_way(name, "TABLE")
            self.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {select}")

    def drop(self, *names: str) -> None:
        for name in names:
            self._make_way(name, "")

    def _make_way(self, name: str, kind: str) -> None:
        """Drop what is called `name` and cannot be replaced by a `kind`, and remove the file that it was kept in."""
        file, was = self._files.pop(name, None), self._kinds.pop(name, kind)
        if was != kind:
            self.execute(f"DROP {was} {quoted(name)}")
        if kind:
            self._kinds[name] = kind
        if file is not None:
            file.unlink(missing_ok=True)

    def put(self, name: str, columns: Columns) -> None:
        # Handed over as arrays: a VALUES list of some hundred rows costs more to parse than a million rows to count.
        given = f"{name}_given"
        self.connection.register(given, columns)
        try:
            self._make_way(name, "TABLE")
            self.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS SELECT * FROM {quoted(given)}")
        finally:
            self.connection.unregister(given)

    def save(self, select: str, path: Path) -> None:
        """Run a query and write its result to a Parquet file. It is not logged: it names the path."""
        # Parquet has no whole numbers of 128 bits: DuckDB would round them to a DOUBLE, and two ids become one.
        wide = [column for column, kind in self.described(select).items() if kind in ("HUGEINT", "UHUGEINT")]
        if wide:
            texts = ", ".join(f"CAST({quoted(column)} AS VARCHAR) AS {quoted(column)}" for column in wide)
            select = f"SELECT * REPLACE ({texts}) FROM ({select})"
        try:
            self.execute(f"COPY ({select}) TO {literal(str(path))} (FORMAT parquet)")
        except EngineError as error:
            # Which of two disks is full is not said: the scratch directory's (TMPDIR), or the one written to (--work).
            full = ran_out_of(str(error.__cause__)) == MAKE_ROOM and min(
                (self.scratch, path.parent), key=lambda place: shutil.disk_usage(place).free
            )
            if full and full != self.scratch:
                raise EngineError(
                    f"{full}: no room left on the disk; DuckDB could not write there",
                    remedy="make room there, or name a directory on a larger disk with --work",
                ) from error
            raise

    def saved(self, paths: list[Path]) -> str:
        return f"SELECT * FROM read_parquet([{', '.join(literal(str(path)) for path in paths)}])"

    def alias(self, name: str, select: str) -> None:
        self._make_way(name, "VIEW")
        self.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {select}")

    def rows(self, select: str) -> list[tuple[Any, ...]]:
        return self.execute(select).fetchall()

    def described(self, select: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.rows(f"DESCRIBE {select}")}

    @property
    def limits(self) -> str:
        (memory, threads, spill), *_ = self.rows(
            "SELECT current_setting('memory_limit'), current_setting('threads'), current_setting('temp_directory')"
        )
        return f"at most {memory} and {threads} threads, then spills to {spill}"

    def query_progress(self) -> float:
        return self.connection.query_progress()

    def columns(self, select: str, *, logged: bool = True) -> Columns:
        if logged:
            self.log.append(select)
        return {
            name: np.asarray(column) if not np.ma.isMaskedArray(column) else column
            for name, column in self.execute(select).fetchnumpy().items()
        }

    def execute(self, statement: str) -> duckdb.DuckDBPyConnection:
        """Run a statement that is DuckDB's own (settings, attaching a file); it is not logged."""
        try:
            return self.connection.execute(statement)
        except duckdb.Error as error:
            raise EngineError(f"DuckDB: {error}", remedy=ran_out_of(str(error)) or _ELSE) from error
        except RuntimeError as error:
            # What DuckDB makes of Ctrl-C in the middle of a query.
            if "interrupted" in str(error).lower():
                raise INTERRUPTS.translated() from error
            raise

    def close(self) -> None:
        self.connection.close()
        for file in self._files.values():
            file.unlink(missing_ok=True)
        self._remove_scratch()

    def _remove_scratch(self) -> None:
        self._tidy()

    def __enter__(self) -> DuckDBEngine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
