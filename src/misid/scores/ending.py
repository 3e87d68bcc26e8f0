"""Whether a text file ends where its last line does, or was cut in it.

Programs end every line, the last one too. A file whose last line has no end may have been cut: while it was
copied, by a full disk, by a program that was stopped. Where that line has too few values, or its last value is plainly
a part of one, the file is refused. Where it could be either, a warning says so. A file cut exactly between two lines
looks whole, and nothing in it can say so.
"""

from __future__ import annotations

import csv
import io
import re

from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.scores.sniff import TextLayout, is_number, open_bytes

_TAIL = 1 << 20
_LOOKED_AT = 1_000
_DECIMALS = re.compile(r"\s*[+-]?\d+\.(\d+)\s*")


def cut_problem(layout: TextLayout) -> Problem | None:
    """E004 where the last line was cut, W024 where it may have been, None where nothing says so.

    Of a file behind gzip nothing is said: gzip knows where its data end.
    """
    if layout.compressed:
        return None
    with layout.path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read().decode("utf-8", errors="replace")
    if tail.endswith(("\n", "\r")):
        return None
    lines = re.split(r"\r\n|\n|\r", tail)
    # The first may be the end of a line that began before; with one line alone there is nothing to hold it against.
    before = [line for line in lines[1 if size > _TAIL else 0 : -1] if line.strip()][-_LOOKED_AT:]
    if len(before) < 2:
        return None
    last = _cells(lines[-1], layout.delimiter)
    if not last:
        return None  # a file of comments alone has no columns, and is refused for that
    if len(last) < layout.n_columns:
        return _cut(layout, f"{len(last)} of {layout.n_columns} values in the last line, and no line end")
    others = [cells[-1] for cells in (_cells(line, layout.delimiter) for line in before) if len(cells) == len(last)]
    if others and others[0] == (layout.header or ("",))[-1]:
        others = others[1:]
    part = _part_of_a_value(lines[-1], last[-1], others)
    if part:
        return _cut(layout, f"the last line ends in {last[-1][-20:]!r}, {part}, and has no line end")
    if _whole(last[-1], others):
        return None
    return problem(
        "W024",
        where=str(layout.path),
        seen="the last line has no line end: if the file was cut, its last value is wrong and rows are missing",
        allowed="a line end after every line",
        remedy="compare the size of the file, or the number of its lines, with where it comes from",
    )


def mixed_ends(layout: TextLayout) -> str:
    """Where the ends of lines change from those of one system to those of another; '' where all are alike."""
    kinds: dict[str, int] = {}
    with open_bytes(layout.path, compressed=layout.compressed) as file:
        for number, line in enumerate(file, start=1):
            body = line.removesuffix(b"\n").removesuffix(b"\r")
            if line.endswith(b"\n"):
                kinds.setdefault("CR LF" if line.endswith(b"\r\n") else "LF", number)
            if b"\r" in body:
                kinds.setdefault("CR", number)
            if len(kinds) > 1:
                return " and ".join(f"{kind} (line {first})" for kind, first in kinds.items())
    return ""


def is_padded(layout: TextLayout) -> bool:
    """Whether zeros stand behind the end of a file, as tapes and dd leave them: gzip ends in no sixteen of them."""
    with layout.path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 16))
        return file.read() == bytes(16)


def _cut(layout: TextLayout, seen: str) -> Problem:
    return problem(
        "E004",
        where=str(layout.path),
        seen=seen,
        allowed="whole lines",
        remedy="copy or write the file again: it was cut in its last line",
    )


def _part_of_a_value(line: str, value: str, others: list[str]) -> str:
    """Why the last value can be no whole one; '' where it can."""
    if line.count('"') % 2:
        return "inside quotes"
    if not value.strip():
        return "" if any(not other.strip() for other in others) else "an empty value as no other line has it"
    if not others or not all(is_number(other) for other in others):
        return ""
    if not is_number(value) or value.rstrip().endswith("."):
        return "which is no number"
    found = _DECIMALS.fullmatch(value)
    fixed = _fixed_decimals(others)
    if fixed is not None and (found is None or len(found[1]) < fixed):
        return f"fewer than the {fixed} decimals of all other lines"
    return ""


def _whole(value: str, others: list[str]) -> bool:
    """Whether the last value is surely a whole one: as long as all others, or one that others have too."""
    found = _DECIMALS.fullmatch(value)
    if found is not None:
        return _fixed_decimals(others) == len(found[1])
    return not is_number(value) and value in others


def _fixed_decimals(values: list[str]) -> int | None:
    found = [_DECIMALS.fullmatch(v) for v in values]
    lengths = {len(f[1]) for f in found if f is not None}
    # Two decimals in all of three lines is chance; in many lines it is a format.
    return lengths.pop() if len(lengths) == 1 and all(found) and len(found) >= 10 else None


def _cells(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)
