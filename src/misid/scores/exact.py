"""Scores that a double does not hold, or that cannot be counted: refused, not rounded where nobody sees it."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import BinaryIO, cast

from misid.engine import Engine
from misid.engine.seam import quoted
from misid.ground.codes import problem
from misid.ground.errors import Findings, Problem
from misid.ground.given import NOT_HELD, WHOLE_NUMBERS, is_held
from misid.ground.hostile import csv_rows
from misid.scores.sniff import TextLayout, open_bytes

DIGITS = 15
"""Decimals of so many digits are doubles of their own, whatever their size (DBL_DIG of C)."""

LARGEST, SMALLEST = 2.0**1020, 2.0**-1005
"""Between these the largest score must be: the width of every bin, and one over it, are doubles then."""

_LONG_INTEGERS = frozenset({"BIGINT", "HUGEINT", "UBIGINT", "UHUGEINT"})
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")


def refuse_rounded(engine: Engine, relation: str, name: str, sql_type: str, where: str, findings: Findings) -> None:
    """Refuse a column of whole numbers or decimals with values that as doubles would be others.

    Only types that can have such values are looked at, and of these the least and the greatest value first, which
    the footers of Parquet files have.
    """
    decimal = _DECIMAL.fullmatch(sql_type)
    if sql_type not in _LONG_INTEGERS and (decimal is None or int(decimal[1]) <= DIGITS):
        return
    field = quoted(name)
    ends = engine.rows(f"SELECT min({field}), max({field}) FROM {quoted(relation)}")[0]
    furthest = max((value for value in ends if value is not None), key=abs, default=0)
    if decimal is None:
        wrong = _rounded(field, sql_type) if abs(furthest) > WHOLE_NUMBERS else ""
    else:
        # All digits after the point are counted, as each value has them.
        wrong = _too_long(field) if abs(furthest) >= Decimal(10) ** (DIGITS - int(decimal[2])) else ""
    if not wrong:
        return
    count, example = engine.rows(f"SELECT count(*), max({field}) FROM {quoted(relation)} WHERE {wrong}")[0]
    if count:
        _refuse(f"{where}, column {name!r}", f"{example} ({sql_type})", int(count), findings)


def _rounded(field: str, sql_type: str) -> str:
    """SQL for whole numbers that are others as doubles."""
    # 2**63 is no BIGINT, and an engine may answer with the nearest one: the largest below it that is a double.
    last = f" OR {field} > {2**63 - 2**10}" if sql_type == "BIGINT" else ""
    return f"TRY_CAST(CAST({field} AS DOUBLE) AS {sql_type}) IS DISTINCT FROM {field}{last}"


def _too_long(field: str) -> str:
    """SQL for decimals that have more than `DIGITS` digits between the first and the last that is not 0."""
    digits = f"replace(replace(CAST({field} AS VARCHAR), '-', ''), '.', '')"
    return f"length(rtrim(ltrim({digits}, '0'), '0')) > {DIGITS}"


def range_problem(lowest: float, highest: float, *, polarity: str) -> Problem | None:
    """What is wrong with similarities from `lowest` to `highest`, None where they can be counted in bins."""
    size = max(abs(lowest), abs(highest))
    if size == 0.0 or SMALLEST <= size <= LARGEST:
        return None
    if polarity == "distance":
        lowest, highest = 0.0 - highest, 0.0 - lowest
    return problem(
        "E055",
        where="scores",
        seen=f"from {lowest!r} to {highest!r}",
        allowed=f"the largest score, without its sign, from {SMALLEST:.0e} to {LARGEST:.0e}",
        remedy=f"{'divide' if size > LARGEST else 'multiply'} all scores by one number; if a few of them stand for "
        "failures, declare them (--failure)",
    )


def furthest_in(engine: Engine, relation: str, fields: Sequence[str]) -> float:
    """The largest finite size of the scores in some columns of a table that the engine keeps."""
    sizes = ", ".join(f"max(abs({quoted(name)})) FILTER (isfinite({quoted(name)}))" for name in fields)
    return max((float(size) for size in engine.rows(f"SELECT {sizes} FROM {quoted(relation)}")[0] if size), default=0.0)


def refuse_rounded_text(layout: TextLayout, places: Sequence[int], findings: Findings) -> None:
    """The same of a text file, from its text: called only where `furthest_in` says that there may be such scores.

    `places` are the columns of scores, from 0.
    """
    with (
        open_bytes(layout.path, compressed=layout.compressed) as raw,
        io.TextIOWrapper(cast(BinaryIO, raw), encoding="utf-8-sig", errors="replace", newline="") as file,
    ):
        rows = (line.split() for line in file) if layout.delimiter is None else csv_rows(file, layout.delimiter)
        header = 1 if layout.header else 0
        found = (
            (number, place, row[place].strip())
            for number, row in enumerate(rows, start=1)
            if number > header
            for place in places
            if place < len(row) and not is_held(row[place].strip())
        )
        first = next(found, None)
        if first is not None:
            number, place, cell = first
            count = 1 + sum(1 for _ in found)
            _refuse(f"{layout.path}: row {number}, column {place + 1}", cell[:60], count, findings)


def _refuse(where: str, seen: str, count: int, findings: Findings) -> None:
    findings.add(
        problem(
            "E054",
            where=where,
            seen=seen,
            allowed=f"whole numbers up to {WHOLE_NUMBERS}, decimals of {DIGITS} digits; a double holds no more, "
            "and a rounded score can cross a threshold",
            remedy=f"{NOT_HELD}; or write them as floats, if the matcher gave floats",
            count=count,
        )
    )
