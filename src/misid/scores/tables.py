"""Any table a caller may point at, as a relation in the engine under the names of its own columns."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from misid.engine import DuckDBEngine, Engine, SparkEngine
from misid.engine.duckdb_engine import ran_out_of
from misid.engine.seam import literal, quoted
from misid.ground.codes import problem
from misid.ground.errors import EngineError, Findings, UsageError
from misid.ground.files import sha256_of
from misid.ground.given import WHOLE_NUMBERS
from misid.scores.columns import column_names, names_of, refuse_twice, refuse_width
from misid.scores.ending import cut_problem, is_padded, mixed_ends
from misid.scores.exact import furthest_in, refuse_rounded, refuse_rounded_text
from misid.scores.model import InputFile, Stamp, refuse_changes, stamp_of
from misid.scores.parquet import first_alike, names_in, rows_of, select_parquet
from misid.scores.parts import files_of_parts
from misid.scores.sniff import FileKind, NotReadableError, TextLayout, kind_of, layout_of
from misid.scores.text import engine_said, stage_text

TABLE_MARK = "::"
"""Between a DuckDB file and a table in it."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table that has been looked at, not read. `columns` gives name and SQL type (text: VARCHAR)."""

    label: str
    kind: Literal["text", "parquet", "duckdb", "arrow", "spark"]
    columns: dict[str, str]
    paths: tuple[Path, ...] = ()
    layouts: tuple[TextLayout, ...] = ()
    select: str = ""
    source: Any = None
    stamps: tuple[Stamp, ...] = ()
    """What the files looked like before they were read."""
    inputs_of: Callable[[bool], tuple[InputFile, ...]] | None = None
    """Lists the files behind it, with their hashes if wanted, where the engine knows them and `paths` does not."""


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table that can be queried as `name`; `parts` are its input files in order, small ones together."""

    name: str
    label: str
    columns: dict[str, str]
    parts: tuple[str, ...]
    part_files: tuple[int, ...]
    """How many of `inputs` each part is made of."""
    inputs: tuple[InputFile, ...]


def fingerprint(path: Path) -> str:
    """SHA-256 of an input file in hexadecimal: about 1 s for 1 GB."""
    return sha256_of(path)


def paths_of(source: Any) -> tuple[Path, ...]:
    """The files that a path, a pattern, a directory or a list of these names, in order."""
    if isinstance(source, (list, tuple)):
        return tuple(path for one in source for path in paths_of(one))
    path = Path(source).expanduser()
    if path.is_dir():
        for pattern in ("**/*.parquet", "**/*.pq", "**/*.csv", "**/*.csv.gz", "**/*.tsv", "**/*.tsv.gz"):
            found = tuple(sorted(p for p in path.glob(pattern) if p.is_file()))
            if found:
                return found
        raise NotReadableError(
            problem(
                "E002",
                where=str(path),
                seen="a directory without .parquet, .csv or .tsv files",
                allowed="a directory of Parquet or text files",
                remedy="check the path",
            )
        )
    if not path.exists() and glob.has_magic(str(path)):
        return tuple(Path(p) for p in sorted(glob.glob(str(path), recursive=True))) or (path,)  # noqa: PTH207 - the pattern has folders
    return (path,)


def peek(
    engine: Engine,
    source: Any,
    findings: Findings,
    *,
    delimiter: str | None = None,
    is_matrix: Callable[[TextLayout], bool] = lambda _: False,
) -> Table | None:
    """Look at a table: what it is and which columns it has. None where problems went to `findings`.

    What is on the upper edge of a matrix are not names of columns, and is judged elsewhere.
    """
    try:
        if not isinstance(engine, DuckDBEngine):
            return _peek_spark(engine, source)
        if hasattr(source, "__arrow_c_stream__"):
            return _peek_arrow(engine, source, findings)
        if not isinstance(source, (str, Path, list, tuple)) or not source:
            raise UsageError(
                f"a {type(source).__name__} is not a table",
                remedy="a path, 'file.duckdb::table', a list of paths, or a PyArrow, pandas or Polars table",
            )
        _refuse_addresses(source)
        if isinstance(source, str) and TABLE_MARK in source and not Path(source).exists():
            file, _, table = source.rpartition(TABLE_MARK)
            return _peek_duckdb(engine, Path(file).expanduser(), table)
        paths = paths_of(source)
        kinds = [kind_of(path) for path in paths]
        return _peek_files(engine, paths, kinds, findings, delimiter, is_matrix)
    except NotReadableError as error:
        findings.add(error.problem)
        return None
    except OSError as error:
        # A name too long to be one, a directory that may not be listed.
        findings.add(
            problem(
                "E001", where=str(source)[:200], seen=error.strerror or str(error),
                allowed="a file that exists and may be read", remedy="check the path",
            )
        )  # fmt: skip
        return None


def _refuse_addresses(source: Any) -> None:
    """Say what to do with `s3://...` and the like, which would otherwise be paths at which no file is."""
    if isinstance(source, (list, tuple)):
        for one in source:
            _refuse_addresses(one)
        return
    text = str(source)
    # One slash where the address was made a Path; one letter is a drive.
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]+):/", text)
    if scheme is None or Path(text).exists():
        return
    kind = scheme[1].lower()
    if kind == "file":
        remedy = f"give the path: {'/' + text[scheme.end() :].lstrip('/')}"
    elif kind in ("http", "https", "ftp"):
        remedy = "fetch it first: curl -O ADDRESS"
    else:
        remedy = "copy it here or mount the storage; or, for Parquet, --engine spark (docs/spark.md)"
    raise NotReadableError(
        problem(
            "E028",
            where=text[:200],
            seen=f"an address ({kind}:)",
            allowed="a path: the engine duckdb reads files that this machine sees, and misid fetches nothing",
            remedy=remedy,
        )
    )


def _peek_spark(engine: Engine, source: Any) -> Table:
    from misid.scores.spark import SparkTable

    if not isinstance(engine, SparkEngine):
        raise UsageError(f"scores cannot be opened on the engine {engine.name}", remedy="duckdb or spark")
    found = SparkTable(engine, source)
    return Table(
        label=found.label,
        kind="spark",
        columns=_described(engine, found.select, found.label),
        select=found.select,
        source=source,
        inputs_of=found.inputs,
    )


def _peek_files(
    engine: DuckDBEngine,
    paths: tuple[Path, ...],
    kinds: Sequence[FileKind],
    findings: Findings,
    delimiter: str | None,
    is_matrix: Callable[[TextLayout], bool],
) -> Table | None:
    label = str(paths[0]) if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more files"
    stamps = tuple(map(stamp_of, paths))
    if kinds[0] == "duckdb":
        return _peek_duckdb(engine, paths[0], "")
    if kinds[0] == "parquet" and set(kinds) == {"parquet"}:
        alike = first_alike(engine, paths)
        columns_of = {path: _described(engine, select_parquet([path]), str(path)) for path in dict.fromkeys(alike)}
        described = [columns_of[path] for path in alike]
        for path in columns_of:
            names = guarded(lambda p=path: names_in(engine, p), str(path))  # type: ignore[misc]
            refuse_twice(names, str(path), findings)
            refuse_width(len(names), str(path), findings)
        _compare(paths, described, findings)
        select = select_parquet(paths)
        return Table(label=label, kind="parquet", columns=described[0], paths=paths, select=select, stamps=stamps)
    if "parquet" in kinds or "duckdb" in kinds:
        raise NotReadableError(
            problem(
                "E018",
                where=label,
                seen=f"files of several kinds: {', '.join(sorted(set(kinds)))}",
                allowed="files of one kind",
                remedy="give one kind of file at a time",
            )
        )
    layouts = tuple(layout_of(path, kind, delimiter) for path, kind in zip(paths, kinds, strict=True))
    for cut in filter(None, map(cut_problem, layouts)):
        findings.add(cut)
    for layout in layouts:
        refuse_width(layout.n_columns, f"{layout.path}:1", findings, matrix=is_matrix(layout))
    findings.raise_if_any()
    names = [column_names(layout, Findings() if is_matrix(layout) else findings) for layout in layouts]
    _compare(paths, [dict.fromkeys(n, "VARCHAR") for n in names], findings, in_order=True)
    columns = dict.fromkeys(names[0], "VARCHAR")
    return Table(label=label, kind="text", columns=columns, paths=paths, layouts=layouts, stamps=stamps)


def _compare(
    paths: Sequence[Path], described: Sequence[dict[str, str]], findings: Findings, *, in_order: bool = False
) -> None:
    """Report files that are not like the first; `in_order`: they are read by the place of a column, not by its name."""
    odd = [
        i
        for i, columns in enumerate(described)
        if columns != described[0] or (in_order and list(columns) != list(described[0]))
    ]
    if not odd:
        return
    first, other = described[0], described[odd[0]]
    differ = sorted({f"{n} {t}" for n, t in first.items()} ^ {f"{n} {t}" for n, t in other.items()})
    seen = f"differ in {', '.join(differ[:6])}" if differ else "have their columns in another order"
    findings.add(
        problem(
            "E018",
            where=f"{paths[odd[0]]} and {paths[0]}",
            seen=seen,
            allowed="the same columns and types in each file" + (", in one order" if in_order else ""),
            remedy="write the files alike, or tally them apart and merge the tallies",
            count=len(odd),
            examples=tuple(str(paths[i]) for i in odd[:5]),
        )
    )


def _described(engine: Engine, select: str, where: str) -> dict[str, str]:
    try:
        return engine.described(select)
    except EngineError as error:
        raise unreadable(where, error) from error


def unreadable(where: str, error: EngineError, layout: TextLayout | None = None) -> Exception:
    """What to raise where the engine could not read what it was pointed at, a text file with this layout."""
    said = engine_said(error)
    remedy = ran_out_of(said)
    if remedy:
        return EngineError(f"{where}: the engine stopped: {said}", remedy=remedy)
    if "GZIP" in said.upper() and layout is not None and is_padded(layout):
        return NotReadableError(
            problem(
                "E004",
                where=where,
                seen="zeros behind the end of the gzip data, as tapes and dd leave them",
                allowed="a gzip file and nothing behind it",
                remedy="unpack it, which leaves them out: gzip -dc scores.csv.gz > scores.csv",
            )
        )
    if "GZIP" in said.upper():
        return NotReadableError(
            problem(
                "E004",
                where=where,
                seen=f"broken gzip data ({said})",
                allowed="a whole gzip file",
                remedy="copy or compress the file again",
            )
        )
    # What DuckDB says of them does not name the cause.
    ends = mixed_ends(layout) if layout is not None and "state machine" in said else ""
    if ends:
        return NotReadableError(
            problem(
                "E028",
                where=where,
                seen=f"lines that end in {ends}",
                allowed="one kind of line end in a file",
                remedy="make them alike, for example: sed 's/\\r$//' scores.csv > alike.csv (dos2unix does the same)",
            )
        )
    return NotReadableError(
        problem(
            "E028",
            where=where,
            seen=f"the engine says: {said}",
            allowed="an input that the engine can read",
            remedy="write the file again, or give the scores in another format",
        )
    )


class _Stream:
    """Only the stream interface of an object: so the engine never asks for the package that made it."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._source.__arrow_c_stream__(requested_schema)


def _peek_arrow(engine: DuckDBEngine, source: Any, findings: Findings) -> Table:
    label = f"a {type(source).__module__.partition('.')[0]} {type(source).__name__}"
    name = f"misid_object_{id(source)}"
    # pandas streams through PyArrow, which need not be there; the engine reads its columns without.
    registered = source if type(source).__module__.partition(".")[0] == "pandas" else _Stream(source)
    try:
        # An object cannot be registered while the result of the last query is not read to its end.
        engine.execute("SELECT 1").fetchall()
        engine.connection.register(name, registered)
        select = f"SELECT * FROM {quoted(name)}"
        # A reader can be read once only: it has no length, and is kept.
        if not hasattr(source, "__len__") and not hasattr(source, "num_rows"):
            engine.execute(f"CREATE OR REPLACE TABLE {quoted(name + '_kept')} AS {select}")
            engine.connection.unregister(name)
            select = f"SELECT * FROM {quoted(name + '_kept')}"
        refuse_twice(names_of(source), label, findings)
        return Table(label=label, kind="arrow", columns=_described(engine, select, label), select=select, source=source)
    except (EngineError, Exception) as error:
        raise NotReadableError(
            problem(
                "E028",
                where=label,
                seen=f"the engine says: {str(error).splitlines()[0][:300]}",
                allowed="an object with the Arrow C stream interface",
                remedy="write it to Parquet and give the file",
            )
        ) from error


def _peek_duckdb(engine: DuckDBEngine, file: Path, table: str) -> Table:
    kind = kind_of(file)
    if kind != "duckdb":
        raise NotReadableError(
            problem(
                "E003",
                where=str(file),
                seen=f"not a DuckDB database ({kind})",
                allowed="a DuckDB database before '::'",
                remedy="give the file alone where it is a table itself",
            )
        )
    alias = f"misid_attached_{file.resolve()}"
    try:
        engine.execute(f"ATTACH IF NOT EXISTS {literal(str(file))} AS {quoted(alias)} (READ_ONLY)")
        found = engine.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = "
            f"{literal(alias)} UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal "
            f"AND database_name = {literal(alias)} ORDER BY ALL"
        ).fetchall()
    except EngineError as error:
        raise unreadable(str(file), error) from error
    named = [(s, t) for s, t in found if not table or table in (t, f"{s}.{t}")]
    if len(named) != 1:
        tables = ", ".join(t if s == "main" else f"{s}.{t}" for s, t in found) or "none"
        raise NotReadableError(
            problem(
                "E029",
                where=f"{file}{TABLE_MARK}{table}",
                seen=f"the tables {tables}",
                allowed="one of these tables",
                remedy=f"name it: '{file}{TABLE_MARK}TABLE'",
            )
        )
    schema, name = named[0]
    select = f"SELECT * FROM {quoted(alias)}.{quoted(schema)}.{quoted(name)}"
    label = f"{file}{TABLE_MARK}{name}"
    columns = _described(engine, select, label)
    return Table(label=label, kind="duckdb", columns=columns, paths=(file,), select=select, stamps=(stamp_of(file),))


def load(
    engine: Engine,
    table: Table,
    name: str,
    findings: Findings,
    *,
    numbers: Mapping[str, str] | None = None,
    hash_inputs: bool = True,
    may_be_empty: bool = False,
) -> Relation:
    """Make a table queryable as `name`: text is read once and kept, all else is read in place.

    Where paths are in the SQL it runs unlogged: the log goes with the tally, and paths do not.
    """
    numbers = numbers or {}
    columns = {c: numbers.get(c, t) if table.kind == "text" else t for c, t in table.columns.items()}
    selects: list[str]
    if table.kind == "text" and isinstance(engine, DuckDBEngine):
        selects = []
        for i, layout in enumerate(table.layouts):
            staged = f"{name}_text_{i + 1}"
            guarded(
                lambda s=staged, lay=layout: stage_text(  # type: ignore[misc]
                    engine, s, lay, tuple(table.columns), numbers, findings
                ),
                str(layout.path),
                layout,
            )
            if numbers and not findings.errors and furthest_in(engine, staged, tuple(numbers)) >= WHOLE_NUMBERS:
                refuse_rounded_text(layout, [list(table.columns).index(c) for c in numbers], findings)
            selects.append(f"SELECT * FROM {quoted(staged)}")
    elif table.kind == "parquet":
        selects = [select_parquet([path]) for path in table.paths]
    else:
        selects = [table.select]
    if table.inputs_of:
        inputs = table.inputs_of(hash_inputs)
        part_files: tuple[int, ...] = (len(inputs),)
    else:
        rows = _rows(engine, table, selects)
        inputs, part_files = _inputs(table, rows, hash_inputs), files_of_parts(rows)
    parts = tuple(name if len(part_files) == 1 else f"{name}_{i + 1}" for i in range(len(part_files)))
    for part, end, size in zip(parts, accumulate(part_files), part_files, strict=True):
        several = slice(end - size, end)
        if table.kind == "parquet" and size > 1:
            engine.alias(part, select_parquet(table.paths[several]))
        else:
            # An engine elsewhere has one query for all files, however many they are.
            engine.alias(part, " UNION ALL ".join(selects[several] or selects))
    if len(parts) > 1:
        engine.alias(name, table.select or " UNION ALL ".join(f"SELECT * FROM {quoted(part)}" for part in parts))
    if table.kind != "text":
        for column in numbers:
            guarded(
                lambda c=column: refuse_rounded(engine, name, c, columns[c], table.label, findings),  # type: ignore[misc]
                table.label,
            )
    if not may_be_empty and not findings.errors and not sum(file.rows for file in inputs):
        findings.add(
            problem(
                "E002",
                where=table.label,
                seen="no rows" + (" below the header" if table.kind == "text" else ""),
                allowed="at least one row",
                remedy="check that the step that wrote it ended well",
            )
        )
    return Relation(name=name, label=table.label, columns=columns, parts=parts, part_files=part_files, inputs=inputs)


def guarded(step: Callable[[], Any], where: str, layout: TextLayout | None = None) -> Any:
    """Run a step of the engine on an input; what it refuses becomes a problem with the input."""
    try:
        return step()
    except EngineError as error:
        raise unreadable(where, error, layout) from error


def _rows(engine: Engine, table: Table, selects: Sequence[str]) -> list[int]:
    """Rows of each file; only footers are read where they are Parquet."""
    at_once = rows_of(engine, table.paths) if table.kind == "parquet" else None
    if at_once is not None:
        return at_once
    counts = [f"SELECT count(*) FROM ({select})" for select in selects]
    return [int(guarded(lambda count=count: engine.rows(count), table.label)[0][0]) for count in counts]  # type: ignore[misc]


def _inputs(table: Table, rows: Sequence[int], hash_inputs: bool) -> tuple[InputFile, ...]:
    files: Sequence[Path | None] = table.paths or [None]
    stamps = table.stamps or [None] * len(files)
    inputs = tuple(
        InputFile(
            label=table.label if path is None or table.kind == "duckdb" else str(path),
            kind=table.kind,
            rows=n_rows,
            n_bytes=path.stat().st_size if path else 0,
            sha256=fingerprint(path) if path and hash_inputs else "",
            seen=None if table.kind == "text" else stamp,
        )
        for path, n_rows, stamp in zip(files, rows, stamps, strict=True)
    )
    # After the hash: rows and hash are of the same file.
    refuse_changes(stamps)
    return inputs
