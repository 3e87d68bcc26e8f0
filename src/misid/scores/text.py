"""Text into a table of the engine: once, at the engine's speed, with every line that did not fit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO, cast

from misid.engine import DuckDBEngine
from misid.engine.seam import literal, quoted
from misid.ground.codes import problem
from misid.ground.errors import EngineError, Findings
from misid.scores.sniff import TextLayout, is_number, open_bytes

EMPTY_SCORES = ("", "NA", "N/A", "NULL", "null", "None", "none")
"""What stands in text for a score that is not there. In other columns only an empty cell is empty."""

_REJECTS = "misid_rejects"
_SCANS = "misid_reject_scans"
_MOST_REJECTS = 10_000
_REJECTED = (
    f"store_rejects = true, rejects_table = '{_REJECTS}', rejects_scan = '{_SCANS}', rejects_limit = {_MOST_REJECTS}"
)
_DECIMAL_COMMA = re.compile(r"\s*-?\d+,\d+\s*")


def escaped(path: str) -> str:
    """A path as an SQL literal in which ``*``, ``?`` and ``[`` mean themselves."""
    return literal(re.sub(r"([*?\[])", r"[\1]", path))


def stage_text(
    engine: DuckDBEngine,
    name: str,
    layout: TextLayout,
    columns: Sequence[str],
    numbers: Mapping[str, str],
    findings: Findings,
) -> None:
    """Read a text file into the kept table `name`.

    Parameters
    ----------
    columns : sequence of str
        Names for the columns of the file, from left to right.
    numbers : mapping of str to str
        Columns that hold numbers, with their SQL type; all others are text, empty cells NULL.
    """
    if layout.delimiter is None:
        stage_lines(engine, name, layout, columns, numbers, findings)
        return
    for words in (False, True):
        engine.execute(
            f"CREATE OR REPLACE TABLE {quoted(name)} AS {select_text(layout, columns, numbers, words=words)}"
        )
        if not report_rejects(engine, layout, columns, findings):
            break


def select_text(
    layout: TextLayout,
    columns: Sequence[str],
    numbers: Mapping[str, str],
    *,
    words: bool,
    quotes: bool = True,
    only: Sequence[str] | None = None,
) -> str:
    """SELECT over the file, with rejected lines put aside for `report_rejects`.

    With `words` numbers may also be written as one of `EMPTY_SCORES`; it takes longer, and the engine's own
    list of such words would empty the same words in columns of ids.
    """
    wanted = columns if only is None else only
    empty = ", ".join(literal(word) for word in EMPTY_SCORES)
    shown = ", ".join(
        f"CAST(CASE WHEN trim({quoted(c)}) IN ({empty}) THEN NULL ELSE {quoted(c)} END AS {numbers[c]}) AS {quoted(c)}"
        if words and c in numbers
        else quoted(c)
        for c in wanted
    )
    types = ", ".join(f"{literal(c)}: {literal('VARCHAR' if words else numbers.get(c, 'VARCHAR'))}" for c in columns)
    options = {
        "auto_detect": "false",
        "header": "true" if layout.header else "false",
        "delim": literal(layout.delimiter or ","),
        "quote": "'\"'" if quotes else "''",
        "escape": "'\"'" if quotes else "''",
        "compression": _compression(layout),
        "columns": f"{{{types}}}",
        "nullstr": "''",
    } | _line_sizes(layout)
    given = ", ".join(f"{key} = {value}" for key, value in options.items())
    return f"SELECT {shown} FROM read_csv({escaped(str(layout.path))}, {given}, {_REJECTED})"


def _line_sizes(layout: TextLayout) -> dict[str, str]:
    """DuckDB refuses lines beyond 2 MB unless it is told of them; wide matrices have them."""
    if layout.line_bytes < 500_000:
        return {}
    return {"max_line_size": str(4 * layout.line_bytes), "buffer_size": str(16 * layout.line_bytes)}


def stage_lines(
    engine: DuckDBEngine,
    name: str,
    layout: TextLayout,
    columns: Sequence[str],
    numbers: Mapping[str, str],
    findings: Findings,
) -> None:
    """The same for values with runs of blanks between them; lines that begin with ``#`` are comments."""
    if layout.blank and _stage_blanks(engine, name, layout, columns, numbers):
        return
    engine.execute(
        f"CREATE OR REPLACE TEMP VIEW {quoted(name + '_cells')} AS SELECT "
        "regexp_split_to_array(trim(line, chr(32) || chr(9) || chr(13)), '[ \\t]+') AS cells FROM "
        f"read_csv({escaped(str(layout.path))}, auto_detect = false, header = {'true' if layout.header else 'false'}, "
        f"skip = {layout.skipped}, delim = '\x1f', quote = '', escape = '', columns = {{'line': 'VARCHAR'}}, "
        f"compression = {_compression(layout)}, {_REJECTED}) "
        "WHERE trim(line, chr(32) || chr(9) || chr(13)) <> '' AND NOT starts_with(line, '#')"
    )
    empty = ", ".join(literal(word) for word in EMPTY_SCORES)
    cells = {c: f"cells[{i + 1}]" for i, c in enumerate(columns)}
    shown = ", ".join(
        f"TRY_CAST({cells[c]} AS {numbers[c]}) AS {quoted(c)}" if c in numbers else f"{cells[c]} AS {quoted(c)}"
        for c in columns
    )
    wrong = {c: f"(TRY_CAST({cells[c]} AS {t}) IS NULL AND {cells[c]} NOT IN ({empty}))" for c, t in numbers.items()}
    fits = f"len(cells) = {len(columns)}"
    engine.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS SELECT {shown} FROM {quoted(name + '_cells')}")
    report_rejects(engine, layout, ["line"], findings)
    counted = engine.execute(
        f"SELECT count(*) FILTER (NOT {fits}), count(*) FILTER ({fits} AND ({' OR '.join(wrong.values()) or 'FALSE'})) "
        f"FROM {quoted(name + '_cells')}"
    ).fetchone()
    engine.execute(f"DROP TABLE IF EXISTS {quoted(_REJECTS)}")
    engine.execute(f"DROP TABLE IF EXISTS {quoted(_SCANS)}")
    ragged, unlike = counted or (0, 0)
    if ragged or unlike:
        _report_lines(layout, columns, numbers, int(ragged), int(unlike), findings)


def _stage_blanks(
    engine: DuckDBEngine, name: str, layout: TextLayout, columns: Sequence[str], numbers: Mapping[str, str]
) -> bool:
    """Try it as a file with one blank between values, which is ten times as fast; whether every line was one."""
    select = select_text(replace(layout, delimiter=layout.blank), columns, numbers, words=False, quotes=False)
    # An empty line is no comparison; with several columns the engine leaves it out by itself.
    somewhere = f" WHERE {quoted(columns[0])} IS NOT NULL" if len(columns) == 1 else ""
    engine.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS {select}{somewhere}")
    odd = engine.execute(
        f"SELECT (SELECT count(*) FROM {quoted(_REJECTS)}) + (SELECT count(*) FROM {quoted(name)} "
        f"WHERE starts_with(CAST({quoted(columns[0])} AS VARCHAR), '#'))"
    ).fetchone()
    engine.execute(f"DROP TABLE {quoted(_REJECTS)}")
    engine.execute(f"DROP TABLE {quoted(_SCANS)}")
    return odd == (0,)


def _report_lines(
    layout: TextLayout, columns: Sequence[str], numbers: Mapping[str, str], ragged: int, unlike: int, findings: Findings
) -> None:
    """Find the first lines that do not fit again, now that it is known that there are some."""
    places: dict[tuple[str, str], list[tuple[int, str]]] = {}
    with (
        open_bytes(layout.path, compressed=layout.compressed) as raw,
        io.TextIOWrapper(cast(BinaryIO, raw), encoding="utf-8-sig", errors="replace") as file,
    ):
        for number, line in enumerate(file, start=1):
            cells = line.split()
            if not cells or line.startswith("#") or (layout.header and number <= layout.skipped + 1):
                continue
            if len(cells) != len(columns):
                places.setdefault(("RAGGED", ""), []).append((number, f"{len(cells)} values"))
            else:
                for column, cell in zip(columns, cells, strict=True):
                    if column in numbers and cell not in EMPTY_SCORES and not is_number(cell):
                        kind = "COMMA" if _DECIMAL_COMMA.fullmatch(cell) else "CAST"
                        places.setdefault((kind, column), []).append((number, cell))
            if sum(map(len, places.values())) >= min(ragged + unlike, _MOST_REJECTS):
                break
    for (kind, column), found in places.items():
        _report(layout, columns, kind, column, found, findings, "E008")


def _compression(layout: TextLayout) -> str:
    return "'gzip'" if layout.compressed else "'none'"


def report_rejects(
    engine: DuckDBEngine,
    layout: TextLayout,
    columns: Sequence[str],
    findings: Findings,
    *,
    ragged: str = "E008",
    labels: Sequence[str] = (),
) -> bool:
    """Turn the lines that the engine put aside into problems, and forget them.

    `labels` are what to call the columns, where that is not what the engine calls them. True where nothing
    is wrong but that words stand for scores that are not there.
    """
    rejected = engine.execute(
        f"SELECT error_type::VARCHAR, column_name, line, column_idx, csv_line FROM {quoted(_REJECTS)} ORDER BY line"
    ).fetchall()
    engine.execute(f"DROP TABLE {quoted(_REJECTS)}")
    engine.execute(f"DROP TABLE {quoted(_SCANS)}")
    groups: dict[tuple[str, str], list[tuple[int, str]]] = {}
    empty = 0
    broken = {line for kind, _, line, _, _ in rejected if kind == "UNQUOTED VALUE"}
    for kind, column, line, index, text in rejected:
        if kind != "UNQUOTED VALUE" and line in broken:
            continue
        seen = _cell(text or "", layout.delimiter or ",", index) if kind == "CAST" else ""
        if kind == "CAST" and seen.strip() in EMPTY_SCORES:
            empty += 1
            continue
        if kind == "CAST":
            kind, place = (
                ("COMMA" if _DECIMAL_COMMA.fullmatch(seen) else "CAST"),
                (labels[index - 1] if index and index <= len(labels) else str(column)),
            )
        elif kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
            kind, place = "RAGGED", ""
            seen = f"{len(_cells(text or '', layout.delimiter or ','))} values"
        else:
            place = ""
        places = groups.setdefault((kind, place), [])
        # A short line is put aside once for every value that it lacks.
        if (line, seen) not in places[-1:]:
            places.append((line, seen))
    for (kind, column), places in groups.items():
        _report(layout, columns, kind, column, places, findings, ragged)
    return empty > 0 and not groups


def _report(
    layout: TextLayout,
    columns: Sequence[str],
    kind: str,
    column: str,
    places: list[tuple[int, str]],
    findings: Findings,
    ragged: str,
) -> None:
    where = f"{layout.path}:{places[0][0]}"
    lines = tuple(f"line {line}" + (f" {seen!r}" if seen else "") for line, seen in places[:5])
    first = places[0][1]
    if kind == "CAST":
        findings.add(
            problem(
                "E010",
                where=f"{where}, column {column!r}",
                seen=f"{first!r}",
                allowed="a number, nan, inf, -inf, or an empty cell",
                remedy="correct the cells, or name another column as the score (--score)",
                count=len(places),
                examples=lines,
            )
        )
    elif kind == "COMMA":
        findings.add(
            problem(
                "E011",
                where=f"{where}, column {column!r}",
                seen=f"{first!r}",
                allowed="a decimal point",
                remedy="write the scores with a decimal point (sed 's/,/./g' where ';' stands between the columns)",
                count=len(places),
                examples=lines,
            )
        )
    elif kind == "RAGGED":
        findings.add(
            problem(
                ragged,
                where=where,
                seen=first,
                allowed=f"{len(columns)} values, as the first line has",
                remedy="correct these rows; put quotes around ids that hold the delimiter",
                count=len(places),
                examples=lines,
            )
        )
    elif kind == "INVALID ENCODING":
        findings.add(
            problem(
                "E006",
                where=where,
                seen="bytes that are not UTF-8",
                allowed="UTF-8 text",
                count=len(places),
                examples=lines,
                remedy="convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 scores.csv > utf8.csv",
            )
        )
    elif kind == "UNQUOTED VALUE":
        findings.add(
            problem(
                "E009",
                where=where,
                seen="a quoted value that does not end where a column ends",
                allowed='values in "...", a quote inside one doubled',
                remedy="correct the quotes",
                count=len(places),
                examples=lines,
            )
        )
    else:
        findings.add(
            problem(
                "E028",
                where=where,
                seen=kind.lower(),
                allowed="lines of a delimited text file",
                remedy="look at these lines; --delimiter names the delimiter",
                count=len(places),
                examples=lines,
            )
        )


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line.strip("\r\n"), newline=""), delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _cell(line: str, delimiter: str, index: int | None) -> str:
    cells = _cells(line, delimiter)
    return cells[index - 1] if index and index <= len(cells) else line[:40]


def engine_said(error: EngineError) -> str:
    """The first line of what the engine says, to stand behind words of our own."""
    return str(error.message).splitlines()[0][:300]
