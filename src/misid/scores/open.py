"""One door for every kind of input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from misid.engine import DuckDBEngine
from misid.ground.errors import BadInputError, Findings, UsageError
from misid.scores.build import build
from misid.scores.long import read_long
from misid.scores.matrix import read_matrix
from misid.scores.model import Scores
from misid.scores.options import ReadOptions
from misid.scores.rows import Rows
from misid.scores.sniff import NotReadableError
from misid.scores.tables import Table, peek


def open_scores(
    source: Any, *, options: ReadOptions | None = None, engine: DuckDBEngine | None = None, **keywords: Any
) -> Scores:
    """Open a test of a matcher, whatever it is written in."""
    try:
        options = replace(options or ReadOptions(), **keywords)
    except TypeError as error:
        raise UsageError(str(error), remedy="help(misid.scores.ReadOptions) lists what can be said") from error
    own = engine is None
    engine = engine or DuckDBEngine()
    findings = Findings()
    try:
        rows = _read(engine, source, options, findings)
        return build(engine, rows, options, findings)
    except NotReadableError as error:
        if own:
            engine.close()
        raise BadInputError([*findings.errors, error.problem]) from error
    except BaseException:
        if own:
            engine.close()
        raise


def _read(engine: DuckDBEngine, source: Any, options: ReadOptions, findings: Findings) -> Rows:
    table = peek(engine, source, findings, delimiter=options.delimiter)
    findings.raise_if_any()
    assert table is not None
    if (options.format or _format_of(table)) == "matrix":
        return read_matrix(engine, table.layouts[0], options, findings)
    return read_long(engine, table, options, findings)


def _format_of(table: Table) -> str:
    if table.kind == "text" and len(table.layouts) == 1:
        header = table.layouts[0].header
        if header and header[0].strip() == "" and len(header) > 2:
            return "matrix"
    return "long"
