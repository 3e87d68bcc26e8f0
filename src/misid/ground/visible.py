"""Text that others wrote, where people and programs read it: on a terminal, and in cells of CSV.

Groups, labels, notes and names of files may hold escape sequences that hide or forge rows on a terminal, and line ends
and formulas that do so in a table of CSV. People are shown them as escapes; CSV keeps the text, in one cell.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what moves the cursor, turns text round, ends a line or shows nothing."""


def visible(text: str, *, lines: bool = False) -> str:
    """Text with everything that a terminal would act on, or not show, as the escapes of Python's `repr`.

    Parameters
    ----------
    text : str
    lines : bool
        Keep line ends: of a whole message, not of a cell.

    Examples
    --------
    >>> visible("F\\x1b[2J\\u202eM\\n"), visible("é 95 %\\n", lines=True)
    ('F\\\\x1b[2J\\\\u202eM\\\\n', 'é 95 %\\n')
    """
    if text.isprintable():
        return text
    kept = "\n" if lines else ""
    return "".join(
        c.encode("unicode_escape").decode("ascii") if c not in kept and unicodedata.category(c) in _UNSEEN else c
        for c in text
    )


def json_text(data: object) -> str:
    """Plain data as JSON for standard output: the same data, with what a terminal would act on as JSON's escapes.

    Examples
    --------
    >>> print(json_text(["F\\u202e", "é"]), end="")
    [
      "F\\u202e",
      "é"
    ]
    """
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    if text.replace("\n", "").isprintable():
        return text + "\n"
    unseen = {c for c in set(text) - {"\n"} if unicodedata.category(c) in _UNSEEN}
    return text.translate({ord(c): json.dumps(c)[1:-1] for c in unseen}) + "\n"


_FORMULA = "=+\\-@＝＋－＠"
"""What a spreadsheet takes for the beginning of a formula; full-width signs too, as in Japan."""

_UNSEEN_BEFORE = "\\s\\x00-\\x20\\x7f-\\xa0\\xad\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
"""Blanks and what shows nothing: spreadsheets drop some of it before they look for a formula."""

_LINE_ENDS = "\\r\\n\\x0b\\x0c\\x1c-\\x1e\\x85\\u2028\\u2029"
"""What any reader takes for the end of a line."""

_LIVE = re.compile(f"(?:^|(?<=[{_LINE_ENDS}]))(?=[\\t\\r]|[{_UNSEEN_BEFORE}]*[{_FORMULA}])")
"""Where a cell, or a line in it, would be taken for a formula."""

_TO_QUOTE = re.compile(f'["\\x00-\\x1f{_LINE_ENDS}]')


def guarded(cell: object) -> str:
    """A CSV cell of which no spreadsheet takes any line for a formula; numbers keep their exact digits.

    Examples
    --------
    >>> guarded("=1+1"), guarded("a\\r =1"), guarded(-0.5), guarded(None), guarded(True)
    ("'=1+1", "a\\r' =1", '-0.5', '', 'true')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return repr(cell)
    return _LIVE.sub("'", str(cell))


def csv_line(cells: Sequence[str], delimiter: str = ",", ending: str = "\n") -> str:
    """A line of CSV, in which every cell with a line end or another control character is in quotes.

    Python's own writer (up to 3.12) leaves a carriage return outside quotes where lines end otherwise, and readers take
    it for the end of the row.

    Examples
    --------
    >>> csv_line(["a\\rb", "c", ""])
    '"a\\rb",c,\\n'
    """
    if len(cells) == 1 and not cells[0]:
        return f'""{ending}'  # else the line would be blank, and no row
    return delimiter.join(_cell(cell, delimiter) for cell in cells) + ending


def _cell(text: str, delimiter: str) -> str:
    if delimiter in text or _TO_QUOTE.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def write_csv(rows: Iterable[dict[str, Any]], columns: Sequence[str], stream: TextIO) -> None:
    """Rows as CSV with a heading line, cells guarded (see `guarded`)."""
    stream.write(csv_line([guarded(column) for column in columns]))
    for row in rows:
        stream.write(csv_line([guarded(row[key]) for key in columns]))
