"""Tables for people that fit where they are printed: cells wrap at spaces, numbers and words are never broken."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from misid.ground.visible import visible

GAP = 2
"""Blanks between two columns."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """Which columns are shown, and how wide each is; no columns where not even the words fit beside each other."""

    widths: Mapping[str, int]
    left_out: tuple[str, ...] = ()


def fitted(
    rows: Sequence[Mapping[str, str]],
    width: int,
    *,
    spare: Mapping[str, int] | None = None,
    main: str = "",
) -> Fitted:
    """Widths of the columns of a table so that it is at most so wide.

    Parameters
    ----------
    rows : sequence of mapping
        Heading to text, the same headings in every row.
    width : int
    spare : mapping, optional
        Columns that may be left out, first to last, each with the width of `main` at which it stays.
    main : str
        The column that takes what the others leave.

    Examples
    --------
    >>> fitted([{"rate": "FMR", "value": "2.2 in 100 (95 % 1.8–2.7)", "people": "517"}], 24, spare={"people": 20},
    ...        main="value")
    Fitted(widths={'rate': 4, 'value': 18}, left_out=('people',))
    """
    columns = list(rows[0]) if rows else []
    most = {c: max(_longest_word(c), *(len(line) for row in rows for line in row[c].split("\n"))) for c in columns}
    least = {c: max(_longest_word(c), *(_longest_word(row[c]) for row in rows)) for c in columns}
    left_out: list[str] = []

    def room(wanted: int) -> bool:
        floor = {**least, main: max(least[main], min(wanted, most[main]))} if main in columns else least
        return sum(floor[c] for c in columns) + GAP * (len(columns) - 1) <= width

    for name, wanted in (spare or {}).items():
        if name in columns and not room(wanted):
            columns.remove(name)
            left_out.append(name)
    if not room(0):
        return Fitted(widths={}, left_out=())
    widths = {c: least[c] for c in columns}
    free = width - GAP * (len(columns) - 1) - sum(widths.values())
    # Who needs little is served first; what is left over after all others is the main column's.
    for c in sorted(columns, key=lambda c: (c == main, most[c] - least[c])):
        given = min(free, most[c] - least[c])
        widths[c] += given
        free -= given
    return Fitted(widths=widths, left_out=tuple(left_out))


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=1)


def print_fitted(
    rows: Sequence[Mapping[str, str]],
    stream: TextIO,
    *,
    numeric: Collection[str] = (),
    spare: Mapping[str, int] | None = None,
    main: str = "",
) -> tuple[str, ...]:
    """Print rows as a table, and give the headings of the columns that were left out for want of room.

    On a terminal that is too narrow for the columns beside each other, every row is printed as lines of its own. Where
    there is no terminal nothing is left out.
    """
    from rich.table import Table
    from rich.text import Text

    from misid.ground.console import console_on

    rows = [{visible(heading): visible(text) for heading, text in row.items()} for row in rows]
    console = console_on(stream)
    fit = fitted(rows, console.width, spare=spare if stream.isatty() else None, main=main)
    if not fit.widths:
        for row in rows:
            told = {heading: text for heading, text in row.items() if text}
            margin = max(map(len, told), default=0)
            for heading, text in told.items():
                lines = Table.grid(padding=(0, GAP, 0, 0))
                lines.add_column(width=margin)
                lines.add_column(overflow="fold")
                lines.add_row(Text(heading, style="bold"), Text(text))
                console.print(lines)
            console.print()
        return ()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, wide in fit.widths.items():
        table.add_column(heading, justify="right" if heading in numeric else "left", width=wide, overflow="fold")
    for row in rows:
        table.add_row(*(Text(wrapped(row[c], wide)) for c, wide in fit.widths.items()))
    console.print(table)
    return fit.left_out


_TOGETHER = re.compile(r"(?<=\d) (?=%|in \d)|(?<=\d in) (?=\d)")
_NO_BREAK = "\u00a0"


def wrapped(text: str, wide: int) -> str:
    """A text in lines of so many letters; a number stays with what it is of, and limits in brackets stay together.

    Examples
    --------
    >>> wrapped("2.2 in 100 (95 % 1.8–2.7)", 20)
    '2.2 in 100\\n(95 % 1.8–2.7)'
    >>> wrapped("none seen in 30 searches; below 90 in 100 (95 %)", 25)
    'none seen in 30 searches;\\nbelow 90 in 100 (95 %)'
    """

    def glued(part: str) -> str:
        return part.replace(" ", _NO_BREAK) if len(part) <= wide else part

    kept = re.sub(r"\([^()]*\)", lambda found: glued(found[0]), _TOGETHER.sub(_NO_BREAK, text))
    lines = [line for given in kept.split("\n") for line in textwrap.wrap(given, wide, break_on_hyphens=False) or [""]]
    return "\n".join(lines).replace(_NO_BREAK, " ")
