"""One door for every kind of input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from misid.engine import DuckDBEngine, Engine
from misid.engine.duckdb_engine import MEMORY_LIMIT
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Findings, UsageError
from misid.scores.bob import looks_like_bob, read_bob
from misid.scores.build import build
from misid.scores.lists import read_lists
from misid.scores.long import read_long
from misid.scores.mapping import is_called
from misid.scores.matrix import read_matrix
from misid.scores.model import Scores
from misid.scores.options import Format, ReadOptions
from misid.scores.pair import files_of_pair, read_pair
from misid.scores.rows import Rows
from misid.scores.sniff import NotReadableError, TextLayout, is_number
from misid.scores.tables import Table, peek


def open_scores(
    source: Any,
    *,
    options: ReadOptions | None = None,
    engine: Engine | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
    **keywords: Any,
) -> Scores:
    """Open a test of a matcher, whatever it is written in, as a lazy table of comparisons.

    Text is read once and kept in the engine's scratch on disk; Parquet, DuckDB and Arrow are read in place.

    Parameters
    ----------
    source : path, str, list, tuple or object
        A file (CSV, TSV, also .gz; Parquet; score file of the Bob toolchain; matrix with ids on both edges),
        a directory or pattern of them, a list of them, ``file.duckdb::table``, a pair of files
        (``genuine.txt:impostor.txt``, or a tuple with ``format="pair"``), the candidates table of candidate
        lists (with ``searches=``), or an object with ``__arrow_c_stream__``.
    options : ReadOptions or None
        How to read it; keywords are the same by name and win.
    engine : DuckDBEngine, SparkEngine or None
        The engine to use; None starts one, which `Scores.close` stops. One engine holds one test.
    memory_limit, threads
        For the engine that is started: ``"50MB"`` or more; 1 to 64, or to four times the processors.

    Returns
    -------
    Scores

    Raises
    ------
    UsageError
        The call contradicts itself, or a limit is none.
    BadInputError
        The input is wrong; `problems` holds everything found, with stable codes (E001 to E029).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "scores.csv").write_text("probe,reference,mated,score\\na,x,1,0.9\\nb,x,0,0.2\\nb,y,1,-1\\n")
    >>> with open_scores(folder / "scores.csv", failures=(-1.0,)) as scores:
    ...     counts = scores.engine.columns("SELECT count(*) AS n, count(*) FILTER (failed) AS failed FROM comparisons")
    >>> int(counts["n"][0]), int(counts["failed"][0])
    (3, 1)
    """
    try:
        options = replace(options or ReadOptions(), **keywords)
    except TypeError as error:
        raise UsageError(str(error), remedy="help(misid.scores.ReadOptions) lists what can be said") from error
    own = engine is None
    if engine is None:
        engine = DuckDBEngine(memory_limit=MEMORY_LIMIT if memory_limit is None else memory_limit, threads=threads)
    findings = Findings()
    try:
        return build(engine, _read(engine, source, options, findings), options, findings)
    except NotReadableError as error:
        if own:
            engine.close()
        raise BadInputError([*findings.errors, error.problem]) from error
    except BaseException:
        if own:
            engine.close()
        raise


def _read(engine: Engine, source: Any, options: ReadOptions, findings: Findings) -> Rows:
    if not isinstance(engine, DuckDBEngine):
        return _read_there(engine, source, options, findings)
    pair = files_of_pair(source, options)
    if pair is not None:
        return read_pair(engine, pair, options, findings)
    if options.format == "candidates" or (options.format is None and options.searches is not None):
        return read_lists(engine, source, options, findings)
    declared = options.format

    def is_matrix(layout: TextLayout) -> bool:
        return declared == "matrix" or (declared is None and _looks_like_matrix(layout))

    table = peek(engine, source, findings, delimiter=options.delimiter, is_matrix=is_matrix)
    findings.raise_if_any()
    if table is None:
        raise UsageError(f"{source!r} could not be read", remedy="misid check says what is wrong with it")
    match declared or _format_of(table):
        case "matrix":
            return read_matrix(engine, _only_text(table), options, findings)
        case "bob":
            return read_bob(engine, table, options, findings)
        case _:
            _has_columns(table)
            _has_no_ranks(table, options)
            return read_long(engine, table, options, findings)


def _read_there(engine: Engine, source: Any, options: ReadOptions, findings: Findings) -> Rows:
    """Scores that an engine elsewhere holds: long tables and candidate lists."""
    if options.format == "candidates" or (options.format is None and options.searches is not None):
        return read_lists(engine, source, options, findings)
    if options.format not in (None, "long") or options.genuine is not None or options.impostor is not None:
        raise UsageError(
            f"the engine {engine.name} reads long tables and candidate lists",
            remedy="write the scores as Parquet with a row a comparison, or use the engine duckdb",
        )
    table = peek(engine, source, findings)
    findings.raise_if_any()
    if table is None:
        raise UsageError(f"{source!r} could not be read", remedy="check the address")
    _has_no_ranks(table, options)
    return read_long(engine, table, options, findings)


def _format_of(table: Table) -> Format:
    """What the first lines look like, where nobody said."""
    if table.kind != "text":
        return "long"
    if all(looks_like_bob(layout) for layout in table.layouts):
        return "bob"
    return "matrix" if len(table.layouts) == 1 and _looks_like_matrix(table.layouts[0]) else "long"


def _looks_like_matrix(layout: TextLayout) -> bool:
    """An empty corner, or numbers in all columns but the first and no column that is called a score."""
    header, rows = layout.header, layout.rows
    if header is None or layout.delimiter is None or not rows:
        return False
    if len(header) > 2 and header[0].strip() == "" and not _score_named(header):
        return True
    cells = [cell for row in rows for cell in row[1:] if cell.strip()]
    return len(rows[0]) > 2 and bool(cells) and all(is_number(cell) for cell in cells) and not _score_named(header)


def _score_named(header: tuple[str, ...]) -> bool:
    return any(is_called(name, "score") for name in header)


def _only_text(table: Table) -> TextLayout:
    if len(table.layouts) != 1:
        raise NotReadableError(
            problem(
                "E016",
                where=table.label,
                seen=f"{len(table.paths) or 1} inputs of kind {table.kind}",
                allowed="one CSV or TSV file",
                remedy="write the matrix as one CSV file, or the scores as a long table",
            )
        )
    return table.layouts[0]


def _has_no_ranks(table: Table, options: ReadOptions) -> None:
    """Ranks are those of candidate lists: read as all comparisons, the best of each search would stand for them.

    What is declared to be a long table (``format="long"``) is taken as one.
    """
    ranks = [name for name in table.columns if name == options.rank or is_called(name, "rank")]
    if ranks and options.format is None:
        raise NotReadableError(
            problem(
                "E024",
                where=f"{table.label}, column {ranks[0]!r}",
                seen="ranks, as candidate lists have them, and no table of searches",
                allowed="candidate lists with every search made, also those that returned nobody; or all comparisons",
                remedy="--searches searches.csv --references references.csv; if the rows are all comparisons of the "
                "test, and not the best of each search: --format-in long",
            )
        )


def _has_columns(table: Table) -> None:
    """A long table of text needs a header, and a delimiter that splits it."""
    if table.kind != "text":
        return
    layout = table.layouts[0]
    if layout.n_columns == 2 and layout.header is not None and _score_named(layout.header):
        # The delimiter is right: what is missing are ids.
        raise NotReadableError(
            problem(
                "E012",
                where=f"{layout.path}:1",
                seen=f"the columns {' and '.join(layout.header)}, and so no ids",
                allowed="an id of the probe and of the reference in every row: without them it cannot be known which "
                "comparisons share a person",
                remedy="add the ids; if there are none, write the scores of mated and of non-mated comparisons into "
                "two files (--genuine FILE --impostor FILE)",
            )
        )
    if layout.n_columns < 3:
        first = " ".join(layout.header or (layout.rows[0] if layout.rows else ()))[:60]
        raise NotReadableError(
            problem(
                "E007",
                where=f"{layout.path}:1",
                seen=f"{layout.n_columns} {'column' if layout.n_columns == 1 else 'columns'} in {first!r}",
                allowed="at least the columns probe, reference and score, with a comma, tab, semicolon, | or blanks "
                "between",
                remedy="name the delimiter (--delimiter), or say what the file is (--format-in pair, matrix, bob)",
            )
        )
    if layout.header is None:
        raise NotReadableError(
            problem(
                "E012",
                where=f"{layout.path}:1",
                seen="numbers in the first line, and so no header",
                allowed="names of columns in the first line: probe, reference, score, ...",
                remedy="add a header, or say what the file is (--format-in matrix, pair, bob)",
            )
        )
