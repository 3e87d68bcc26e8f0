"""What a file is, told from its first and last bytes and not from its name alone."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.ground.hostile import csv_rows, is_pipe, system_said

FileKind = Literal["text", "gzip", "parquet", "duckdb"]

THE_LINE = (
    "misid audits matchers and is not one: no image, video, template or embedding is ever an input, only the scores "
    "of comparisons"
)

_REFUSED: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (8, b"WEBP", "a WebP image"),
    (4, b"ftyp", "a video or an HEIF image"),
    (4, b"jP  ", "a JPEG 2000 image"),
    (8, b"AVI ", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive (as .xlsx and .npz are)"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"BZh", "a bzip2 file"),
    (0, b"\xfd7zXZ", "an xz file"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (0, b"ARROW1", "an Arrow IPC file"),
    (0, b"SQLite format 3", "an SQLite database"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x80\x04", "a Python pickle"),
    (0, b"\x80\x05", "a Python pickle"),
)
_CROSSES_THE_LINE = ("image", "video", "array", "HDF5")
_NAMED: dict[str, tuple[FileKind, ...]] = {
    ".parquet": ("parquet",),
    ".pq": ("parquet",),
    ".duckdb": ("duckdb",),
    ".gz": ("gzip",),
    ".csv": ("text",),
    ".tsv": ("text",),
    ".txt": ("text",),
}
_SPOKEN: dict[FileKind, str] = {
    "text": "text",
    "gzip": "gzip-compressed",
    "parquet": "Parquet",
    "duckdb": "a DuckDB database",
}

_WIDE = {
    "UTF-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "UTF-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_LINES = 25
_SAMPLE_BYTES = 1 << 20
_LONGEST_LINE = 1 << 26


class NotReadableError(Exception):
    """Carries the problem from the place where it was seen to the one that collects."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def kind_of(path: Path) -> FileKind:
    """What the bytes of a file say it is; `NotReadableError` where misid has no business with it."""
    where = str(path)
    try:
        if is_pipe(path):
            raise NotReadableError(
                problem(
                    "E028",
                    where=where,
                    seen="a pipe, such as <(...) or /dev/stdin is",
                    allowed="a file, which can be read more than once",
                    remedy="write it to a file first: COMMAND > scores.csv; .gz is read as it is, without zcat",
                )
            )
        with path.open("rb") as file:
            head = file.read(4096)
            size = file.seek(0, 2)
            file.seek(max(0, size - 4))
            tail = file.read(4)
    except (OSError, ValueError) as error:
        raise NotReadableError(
            problem(
                "E001",
                where=where,
                seen=system_said(error),
                allowed="a file that exists and may be read",
                remedy="check the path; a pattern such as 'scores/*.parquet' must be quoted in a shell",
            )
        ) from error
    if not head:
        raise NotReadableError(
            problem(
                "E002",
                where=where,
                seen="0 bytes",
                allowed="at least one comparison",
                remedy="check that the step that wrote the file ended well",
            )
        )
    for offset, magic, what in _REFUSED:
        if head[offset : offset + len(magic)] == magic:
            line = f"; {THE_LINE}" if any(word in what for word in _CROSSES_THE_LINE) else ""
            raise NotReadableError(
                problem(
                    "E005",
                    where=where,
                    seen=f"the first bytes of {what}",
                    allowed=f"CSV or TSV (also .gz), Parquet, or a DuckDB database{line}",
                    remedy="give the scores that the matcher wrote, unpacked, in one of these formats",
                )
            )
    kind = _kind(head, tail, where)
    promised = _NAMED.get(path.suffix.lower())
    if promised and kind not in promised and not (kind == "gzip" and promised == ("text",)):
        raise NotReadableError(
            problem(
                "E003",
                where=where,
                seen=f"the name ends in {path.suffix}, the content is {_SPOKEN[kind]}",
                allowed=f"{_SPOKEN[promised[0]]} content under this name",
                remedy="give the file the ending of what it is, or write it again",
            )
        )
    return kind


def _kind(head: bytes, tail: bytes, where: str) -> FileKind:
    if head[:4] == b"PAR1":
        if tail != b"PAR1" or len(head) < 12:
            raise NotReadableError(
                problem(
                    "E004",
                    where=where,
                    seen="a Parquet file without its footer",
                    allowed="a whole Parquet file",
                    remedy="copy or write the file again: the end is missing",
                )
            )
        return "parquet"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    # The mark of UTF-32 begins with that of UTF-16.
    wide = next((name for name, marks in _WIDE.items() if head.startswith(marks)), "")
    if wide:
        raise NotReadableError(
            problem(
                "E006",
                where=where,
                seen=wide,
                allowed="UTF-8",
                remedy=f"convert it: iconv -f {wide} -t UTF-8 {where!r} > utf8.csv",
            )
        )
    if b"\x00" in head:
        raise NotReadableError(
            problem(
                "E005",
                where=where,
                seen="binary content of no kind that misid reads",
                allowed="CSV or TSV (also .gz), Parquet, or a DuckDB database",
                remedy=f"export the scores to one of these. ({THE_LINE})",
            )
        )
    return "text"


@dataclass(frozen=True, kw_only=True)
class TextLayout:
    """How a text file falls into columns.

    `delimiter` is None where runs of blanks stand between values; `header` is None where the first line
    holds values; `rows` are the first lines of data, `skipped` the lines before the header, `blank` the one
    character between values where there seem to be no runs, `line_bytes` the longest of the lines looked at.
    """

    path: Path
    compressed: bool
    delimiter: str | None
    header: tuple[str, ...] | None
    rows: tuple[tuple[str, ...], ...]
    n_columns: int
    skipped: int = 0
    blank: str = ""
    line_bytes: int = 0


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def layout_of(path: Path, kind: FileKind, delimiter: str | None = None) -> TextLayout:
    """Delimiter, header and first rows of a text file, from its first lines."""
    where, text = str(path), _first_text(path, compressed=kind == "gzip")
    lines = [line for line in re.split(r"\r?\n|\r", text) if line.strip()]
    if not lines:
        raise NotReadableError(
            problem(
                "E002",
                where=where,
                seen="blank lines only",
                allowed="at least one comparison",
                remedy="check that the step that wrote the file ended well",
            )
        )
    chosen = delimiter if delimiter is not None else _delimiter(lines)
    chosen = None if chosen == " " else chosen
    rows = _split(text, chosen)
    first = rows[0]
    header = None if any(is_number(cell) for cell in first[1:] or first) else first
    # A matrix whose ids are numbers has a header of numbers: its corner is empty, or not a number while the
    # first cell of every row is.
    if header is None and chosen is not None and _matrix_like(rows):
        header = first
    return TextLayout(
        path=path,
        compressed=kind == "gzip",
        delimiter=chosen,
        header=header,
        rows=tuple(rows[1:] if header else rows),
        n_columns=len(first),
        skipped=_skipped(text) if header and chosen is None else 0,
        blank=_blank(lines) if chosen is None else "",
        line_bytes=max(len(line.encode()) for line in lines),
    )


def _blank(lines: list[str]) -> str:
    for blank in (" ", "\t"):
        if all(line.split(blank) == line.split() for line in lines):
            return blank
    return ""


def _skipped(text: str) -> int:
    """Comments and blank lines before the first line that counts."""
    lines = text.splitlines()
    return next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("#")), 0)


def _matrix_like(rows: list[tuple[str, ...]]) -> bool:
    first, body = rows[0], rows[1:]
    if not body or len(first) < 3:
        return False
    if first[0] == "" or all(len(row) == len(first) + 1 for row in body):
        return True
    return not is_number(first[0]) and bool({row[0] for row in body} & set(first[1:]))


def open_bytes(path: Path, *, compressed: bool) -> IO[bytes]:
    """A text file as bytes, unpacked."""
    return cast(IO[bytes], gzip.open(path)) if compressed else path.open("rb")


def _first_text(path: Path, *, compressed: bool) -> str:
    """The first whole lines of a file."""
    blocks: list[bytes] = []
    try:
        with open_bytes(path, compressed=compressed) as file:
            lines = 0
            while len(blocks) * _SAMPLE_BYTES < _LONGEST_LINE and lines < 2:
                blocks.append(file.read(_SAMPLE_BYTES))
                lines += blocks[-1].count(b"\n")
                if not blocks[-1]:
                    break
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        if not lines:
            raise NotReadableError(
                problem(
                    "E004",
                    where=str(path),
                    seen=f"broken gzip data ({error})",
                    allowed="a whole gzip file",
                    remedy="copy or compress the file again",
                )
            ) from error
    raw = b"".join(blocks)
    if b"\x00" in raw[:65536]:
        raise NotReadableError(
            problem(
                "E005",
                where=str(path),
                seen="binary content behind gzip",
                allowed="CSV or TSV behind gzip",
                remedy="unpack it and look at what it is",
            )
        )
    whole = raw if len(raw) < _SAMPLE_BYTES else raw[: raw.rfind(b"\n") + 1] or raw
    kept = b"".join(whole.splitlines(keepends=True)[:_SAMPLE_LINES])
    try:
        return kept.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = kept.count(b"\n", 0, error.start) + 1
        raise NotReadableError(
            problem(
                "E006",
                where=f"{path}:{line}",
                seen=f"byte 0x{kept[error.start]:02x}",
                allowed="UTF-8 text",
                remedy="convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 scores.csv > utf8.csv",
            )
        ) from error


def _split(text: str, delimiter: str | None) -> list[tuple[str, ...]]:
    if delimiter is None:
        return [tuple(line.split()) for line in text.splitlines() if line.strip() and not line.startswith("#")] or [()]
    # The last row may be cut inside a quoted value; with more than one row it is not needed.
    rows = [tuple(row) for row in csv_rows(io.StringIO(text, newline=""), delimiter) if row]
    return rows


def _delimiter(lines: list[str]) -> str | None:
    """The delimiter that gives the most columns, the same number in the first lines; None for blanks."""
    best, most = None, 1
    for candidate in _DELIMITERS:
        counts = [len(row) for row in csv_rows(lines[:5], candidate) if row]
        # A matrix written by R has no corner: its first line is one value short.
        agree = sum(count in (counts[0], counts[0] + 1) for count in counts)
        if counts and counts[0] > most and agree * 2 >= len(counts):
            best, most = candidate, counts[0]
    return best
