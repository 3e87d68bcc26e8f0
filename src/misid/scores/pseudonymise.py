"""Opaque ids from telling ones: HMAC-SHA-256 under a key that stays with its owner.

A plain hash of a name can be found by hashing a list of names; a keyed one cannot without the key. The same
id gives the same pseudonym in every file under one key, so that scores and tables still fit together.
"""

from __future__ import annotations

import csv
import gzip
import hmac
import io
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, TextIO

import numpy as np

from misid.engine import DuckDBEngine
from misid.engine.seam import literal, quoted
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, UsageError
from misid.ground.files import replacing
from misid.ground.visible import csv_line

KEY_BYTES = 32
PSEUDONYM_DIGITS = 32
"""Hexadecimal digits kept of the 64: 128 bits, so that two ids do not meet in any file."""

_DELIMITERS = "\t,;|"


@dataclass(frozen=True, kw_only=True)
class Pseudonymised:
    """What was done: rows written, distinct ids replaced, and what to know."""

    out: Path
    columns: tuple[str, ...]
    rows: int
    ids: int
    empty: int
    """Empty cells, which stay empty: no id is not an id."""
    notes: tuple[str, ...] = ()


def make_key(path: str | Path) -> Path:
    """Make a secret key of 32 random bytes in a file that only its owner can read.

    Parameters
    ----------
    path : str or Path
        Where no file is yet: a key is never overwritten, because what it made could not be made again.

    Returns
    -------
    Path
        The file: 64 hexadecimal digits and an end of line.

    Raises
    ------
    UsageError
        If the path exists or cannot be written.
    """
    path = Path(path)
    if path.exists():
        raise UsageError(f"{path} exists already, and a key is never overwritten", remedy="use it, or name another")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # O_EXCL: a key that another process has made meanwhile is kept too.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"the key {path} cannot be written: {error.strerror}", remedy="name another file") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def pseudonym(key: bytes, text: str) -> str:
    """The pseudonym of an id: the first 32 hexadecimal digits of HMAC-SHA-256 of its UTF-8 bytes.

    Parameters
    ----------
    key : bytes
    text : str
        An id as text; the whole number 17 and the text ``17`` are the same id.

    Returns
    -------
    str

    Examples
    --------
    The first 32 digits of test case 2 of RFC 4231:

    >>> pseudonym(b"Jefe", "what do ya want for nothing?")
    '5bdcc146bf60754e6a042426089575c7'
    """
    return hmac.new(key, text.encode("utf-8"), sha256).hexdigest()[:PSEUDONYM_DIGITS]


def pseudonymise(
    source: str | Path,
    out: str | Path,
    *,
    key: str | Path | None,
    columns: Sequence[str] = (),
    edges: bool = False,
    force: bool = False,
) -> Pseudonymised:
    """Write a copy of a table in which ids are replaced by a keyed hash of them.

    Memory grows with the distinct ids, not with the rows. Text keeps the order of its rows and every other
    cell as it is written; in Parquet, other columns keep their types and rows may change places.

    Parameters
    ----------
    source : str or Path
        CSV or TSV (also ``.gz``) with a header, or Parquet. It is only read.
    out : str or Path
        The copy, in the format of the source; written whole or not at all. A name that ends in ``.gz`` is
        compressed.
    key : str or Path
        File with the key, as `make_key` writes it; made where there is none. Keep it and never send it along:
        with it anyone can test whether a person is in the data; without it no further file can be made to fit.
    columns : sequence of str
        Columns with ids.
    edges : bool
        The source is a matrix: replace its first row and first column instead.
    force : bool
        Replace `out` if it exists. The source is never replaced.

    Returns
    -------
    Pseudonymised

    Raises
    ------
    UsageError
        If no key or columns are given, the key file is not one, or `out` exists or is the source.
    BadInputError
        If the source is not there or not readable, has no rows, or has no such column.

    Notes
    -----
    Pseudonyms are not anonymous data: whoever holds the key, or another file with the same people under the
    same key, can link them. HMAC is RFC 2104, SHA-256 FIPS 180-4.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "named.csv").write_text("probe,score\\nAda Lovelace,0.5\\nAda Lovelace,0.25\\n")
    >>> done = pseudonymise(folder / "named.csv", folder / "opaque.csv", key=folder / "key", columns=["probe"])
    >>> done.rows, done.ids
    (2, 1)
    >>> "Lovelace" in (folder / "opaque.csv").read_text()
    False
    """
    source, out = Path(source), Path(out)
    if key is None:
        raise UsageError("no key was named", remedy="--key secret.key; the file is made if there is none")
    if bool(columns) == edges:
        raise UsageError(
            "say what holds the ids: columns, or the edges of a matrix",
            remedy="--column probe --column reference, or --edges",
        )
    if not source.is_file():
        raise BadInputError([problem(
            "E001", where=str(source), seen="no file", allowed="one CSV, TSV or Parquet file", remedy="check the path",
        )])  # fmt: skip
    if out.exists() and out.samefile(source):
        raise UsageError(f"{out} is the source itself", remedy="give the copy another name")
    key_path = Path(key)
    if key_path.resolve() in (source.resolve(), out.resolve()):
        raise UsageError(f"{key_path} is named as the key and as a table", remedy="give the key a file of its own")
    parquet = _is_parquet(source)
    if parquet and edges:
        raise UsageError("a Parquet file has no edges", remedy="name its columns of ids")
    made = not key_path.exists()
    secret = _read_key(make_key(key_path) if made else key_path)
    notes = [f"the key was made: {key_path}; keep it, and never send it along"] if made else []
    if not made and key_path.stat().st_mode & 0o077:
        notes.append(f"others on this machine may read the key: chmod 600 {key_path}")

    with replacing(out, force=force) as partial:
        if parquet:
            rows, ids, empty = _parquet(source, partial, tuple(columns), secret)
        else:
            rows, ids, empty = _text(source, partial, out.name, tuple(columns), edges, secret)
        if not rows:
            raise BadInputError([problem(
                "E002", where=str(source), seen="no rows below the header", allowed="at least one row",
                remedy="check that the step that wrote it ended well",
            )])  # fmt: skip
    return Pseudonymised(out=out, columns=tuple(columns), rows=rows, ids=ids, empty=empty, notes=tuple(notes))


def _read_key(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        # The error itself could quote the key.
        raise UsageError(f"{path} cannot be read as a key", remedy="64 hexadecimal digits, as misid makes them") from (
            error if isinstance(error, OSError) else None
        )
    if len(key) != KEY_BYTES:
        raise UsageError(f"the key {path} is not of {KEY_BYTES} bytes", remedy=f"{2 * KEY_BYTES} hexadecimal digits")
    return key


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _missing(source: Path, missing: Sequence[str], present: Sequence[str]) -> BadInputError:
    return BadInputError([
        problem("E012", where=f"{source}: column {name!r}", seen=f"the columns {', '.join(present)}",
                allowed="the name of one of these columns", remedy="check the name and the delimiter")
        for name in missing
    ])  # fmt: skip


class _Pseudonyms:
    """Pseudonyms made so far: one hash an id, not one a row."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.known: dict[str, str] = {}
        self.empty = 0

    def of(self, text: str) -> str:
        if not text:
            self.empty += 1
            return text
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = pseudonym(self.key, text)
        return found


def _text(
    source: Path, partial: Path, name: str, columns: tuple[str, ...], edges: bool, key: bytes
) -> tuple[int, int, int]:
    pseudonyms = _Pseudonyms(key)
    rows = 0
    try:
        with _reading(source) as lines, _writing(partial, gzipped=name.lower().endswith(".gz")) as out:
            first = lines.readline()
            if not first.strip():
                raise BadInputError([problem(
                    "E002", where=str(source), seen="no header", allowed="a header and rows", remedy="check the file",
                )])  # fmt: skip
            delimiter = max(_DELIMITERS, key=first.count)
            header = next(csv.reader([first], delimiter=delimiter))
            ending: Literal["\r\n", "\n"] = "\r\n" if first.endswith("\r\n") else "\n"
            if edges:
                out.write(csv_line([header[0], *map(pseudonyms.of, header[1:])], delimiter, ending))
                places: tuple[int, ...] = (0,)
            else:
                missing = [c for c in columns if c not in header]
                if missing:
                    raise _missing(source, missing, header)
                out.write(csv_line(header, delimiter, ending))
                places = tuple(i for i, c in enumerate(header) if c in columns)
            for cells in csv.reader(lines, delimiter=delimiter, strict=True):
                if not cells:
                    continue
                if len(cells) != len(header):
                    # A shifted row would let an id through in a column that nobody named.
                    raise BadInputError([problem(
                        "E008", where=f"{source}: row {rows + 2:,}", seen=f"{len(cells)} values",
                        allowed=f"{len(header)}, as in the header", remedy="correct the row, or the delimiter",
                    )])  # fmt: skip
                for place in places:
                    cells[place] = pseudonyms.of(cells[place])
                out.write(csv_line(cells, delimiter, ending))
                rows += 1
    except UnicodeDecodeError as error:
        raise BadInputError([problem(
            "E006", where=str(source), seen="bytes that are not UTF-8", allowed="UTF-8",
            remedy="convert the file: iconv",
        )]) from error  # fmt: skip
    except csv.Error as error:
        raise BadInputError([problem(
            "E009", where=f"{source}: about row {rows + 2:,}", seen=str(error), allowed="values quoted as in RFC 4180",
            remedy="correct the quotes",
        )]) from error  # fmt: skip
    except (EOFError, gzip.BadGzipFile) as error:
        raise BadInputError([problem(
            "E004", where=str(source), seen="compressed data that end too early or are broken",
            allowed="a whole .gz file", remedy="copy the file again",
        )]) from error  # fmt: skip
    return rows, len(pseudonyms.known), pseudonyms.empty


@contextmanager
def _reading(path: Path) -> Iterator[TextIO]:
    with path.open("rb") as raw:
        gzipped = raw.read(2) == b"\x1f\x8b"
    if gzipped:
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as lines:
            yield lines
    else:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield lines


@contextmanager
def _writing(path: Path, *, gzipped: bool) -> Iterator[TextIO]:
    if not gzipped:
        with path.open("w", encoding="utf-8", newline="") as out:
            yield out
        return
    # No file name and no time in it: the same input and key give the same bytes.
    with path.open("wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
        with io.TextIOWrapper(packed, encoding="utf-8", newline="") as out:
            yield out


def _parquet(source: Path, partial: Path, columns: tuple[str, ...], key: bytes) -> tuple[int, int, int]:
    """Distinct ids to Python in batches, their pseudonyms back as a table, and one join a column."""
    with DuckDBEngine() as engine:
        table = f"read_parquet({literal(str(source))})"
        present = list(engine.columns(f"SELECT * FROM {table} LIMIT 0"))
        missing = [c for c in columns if c not in present]
        if missing:
            raise _missing(source, missing, present)
        engine.keep("ids", " UNION ".join(
            f"SELECT CAST({quoted(c)} AS VARCHAR) AS id FROM {table} WHERE {quoted(c)} IS NOT NULL" for c in columns
        ))  # fmt: skip
        # NumPy's text and DuckDB's meet without Arrow; memory grows with the ids alone.
        ids = engine.columns("SELECT id FROM ids")["id"]
        hashed = np.array([pseudonym(key, text) if text else "" for text in ids], dtype=object)
        engine.connection.register("misid_pseudonyms", {"id": ids, "pseudonym": hashed})
        engine.keep("pseudonyms", "SELECT id, pseudonym FROM misid_pseudonyms")
        engine.connection.unregister("misid_pseudonyms")
        joins = " ".join(
            f"LEFT JOIN pseudonyms AS p{i} ON p{i}.id = CAST(t.{quoted(c)} AS VARCHAR)" for i, c in enumerate(columns)
        )
        replaced = ", ".join(f"p{i}.pseudonym AS {quoted(c)}" for i, c in enumerate(columns))
        engine.save(f"SELECT t.* REPLACE ({replaced}) FROM {table} AS t {joins}", partial)
        gaps = " + ".join(f"CAST({quoted(c)} IS NULL OR CAST({quoted(c)} AS VARCHAR) = '' AS BIGINT)" for c in columns)
        counted = engine.columns(f"SELECT count(*) AS n, CAST(coalesce(sum({gaps}), 0) AS BIGINT) AS gaps FROM {table}")
        return int(counted["n"][0]), int(np.count_nonzero(ids != "")), int(counted["gaps"][0])
