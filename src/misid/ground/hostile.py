"""What readers of files that somebody else made hold against them, whatever their format."""

from __future__ import annotations

import csv
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST_DEEP = 10
"""Levels of tables and lists in one another: none of misid's formats has more."""

PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How misid packs. Other ways may ask for gigabytes before the first byte is there."""

_LONGEST_VALUE = 1 << 28
"""More than any reader takes into memory."""

BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
    KeyError, IndexError, OverflowError,
)  # fmt: skip
"""What `zipfile` raises where an archive is damaged, or was made to do damage."""


def read_at_most(path: Path, most: int) -> bytes | None:
    """The bytes of a file, None where it has more: one more than allowed is read, however many it says that it has.

    `OSError`, or `ValueError` of a path with a null byte, where it cannot be read; `system_said` puts them in words.
    """
    with path.open("rb") as file:
        data = file.read(most + 1)
    return data if len(data) <= most else None


def is_pipe(path: Path) -> bool:
    """Whether what is at a path cannot be read twice, and may be waited for in vain: a pipe, or a socket.

    `OSError`, or `ValueError` of a path with a null byte, where nothing is there.
    """
    mode = path.stat().st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def system_said(error: Exception) -> str:
    """Why a file cannot be read, without its path: a name with a null byte in it is none to the system."""
    return str(getattr(error, "strerror", None) or error)


def csv_rows(lines: Iterable[str], delimiter: str = ",") -> Iterator[list[str]]:
    """Rows of delimited text, however long a value is: Python's own limit is 131,072 characters, and a bare error.

    Examples
    --------
    >>> list(csv_rows(['a,"b,c"', ""]))
    [['a', 'b,c'], []]
    """
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_VALUE))
    return csv.reader(lines, delimiter=delimiter)


def is_deep(document: object, most: int = MOST_DEEP) -> bool:
    """Whether tables or lists stand in one another deeper than `most`; what walks through such data would fail.

    Examples
    --------
    >>> is_deep({"a": [1, {"b": 2}]}), is_deep([[[[1]]]], most=3)
    (False, True)
    """
    level: list[object] = [document]
    for _ in range(most + 1):
        level = [
            value
            for each in level
            for value in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
        ]
    return bool(level)
