"""The tally file: a ZIP of one JSON manifest and one CSV a table, readable without misid.

`docs/tally-format.md` is the specification. The same tally is always the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import reprlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from misid.ground.codes import problem
from misid.ground.errors import BadInputError, MisidError, UsageError
from misid.ground.files import replacing
from misid.ground.hostile import BROKEN_ZIP, MOST_DEEP, PACKED, is_deep, is_pipe
from misid.tally.manifest import faults_in, manifest_of, tally_of
from misid.tally.model import FORMAT, FORMAT_VERSION, TABLES, Table, Tally
from misid.tally.sound import faults_of
from misid.tally.wide import whole

MANIFEST = "tally.json"

MOST_BYTES = 2 << 30
"""What all parts of a tally may unpack to; more is refused before it is read."""

MOST_MANIFEST_BYTES = 64 << 20

# A fixed time, or two writings of one tally would differ.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_tally(tally: Tally, path: Path, *, force: bool = False) -> None:
    """Write a tally, whole or not at all.

    Parameters
    ----------
    tally : Tally
    path : Path
    force : bool
        Replace a file that is there.

    Raises
    ------
    UsageError
        `path` exists and `force` is False; the tally is larger than `read_tally` takes, or has a text that it refuses.
    MisidError
        The tally holds counts that `read_tally` refuses.
    """
    faults = faults_of(tally)
    if faults:
        raise MisidError(
            f"this tally could not be read again: {'; '.join(faults)}",
            remedy="report this as a defect of misid, with what was counted and how much of it",
        )
    parts = _parts(tally)
    with replacing(Path(path), force=force) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, body in parts.items():
            _add(archive, name, body)


def _parts(tally: Tally) -> dict[str, bytes]:
    """The parts by name, the manifest first; refused where they are more than `read_tally` takes."""
    bodies: dict[str, bytes] = {}
    tables: dict[str, Any] = {}
    for name, columns in TABLES.items():
        bodies[f"{name}.csv"] = body = _csv(tally.tables[name], list(columns))
        rows = len(next(iter(tally.tables[name].values())))
        tables[name] = {"rows": rows, "sha256": hashlib.sha256(body).hexdigest(), "columns": columns}
        _refuse_large(tally, {part: len(each) for part, each in bodies.items()})
    manifest = manifest_of(tally, tables)
    faults = faults_in(manifest)
    if faults:
        raise UsageError(
            f"this tally could not be read again: {'; '.join(faults)}",
            remedy="shorten or replace the note, or the names of groups, that the message speaks of",
        )
    text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False).encode()
    parts = {MANIFEST: text, **bodies}
    _refuse_large(tally, {part: len(each) for part, each in parts.items()})
    return parts


def _too_large(sizes: Mapping[str, int]) -> tuple[str, str] | None:
    """What parts of these sizes unpack to and what is allowed, where it is more; the one rule to write and to read."""
    if sum(sizes.values()) > MOST_BYTES:
        return f"unpacks to {sum(sizes.values()):,} bytes", f"at most {MOST_BYTES:,}"
    if sizes.get(MANIFEST, 0) > MOST_MANIFEST_BYTES:
        return f"has a {MANIFEST} that unpacks to {sizes[MANIFEST]:,} bytes", f"at most {MOST_MANIFEST_BYTES:,}"
    return None


def _refuse_large(tally: Tally, sizes: Mapping[str, int]) -> None:
    large = _too_large(sizes)
    if large is not None:
        seen, allowed = large
        raise UsageError(
            f"the tally {seen}; {allowed} can be read again. It has {len(tally.joint):,} combinations of groups, "
            f"{len(tally.edges):,} bins of scores, and {len(tally.tables['counts']['count']):,} counts of both",
            remedy="fewer attributes (--group), or --min-people, which folds small groups; nothing was written",
        )


def _add(archive: zipfile.ZipFile, name: str, body: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    # Higher levels take three times as long to save a twentieth of the size.
    archive.writestr(entry, body, compresslevel=3)


_AT_ONCE = 1 << 14

_LONG = re.compile(rb"[0-9]{19,}")
"""A number that may not fit into 64 bits."""

_MOST_DIGITS = 38


def _csv(table: Table, names: list[str]) -> bytes:
    columns = [table[name] for name in names]
    # One format for many rows: a loop over half a million of them takes noticeably longer, all at once much memory.
    line = ",".join(["%d"] * len(names)) + "\n"
    starts = range(0, len(columns[0]), _AT_ONCE)
    some = (np.stack([values[i : i + _AT_ONCE] for values in columns], axis=1) for i in starts)
    texts = (line * len(part) % tuple(part.ravel().tolist()) for part in some)
    return b"".join((f"{','.join(names)}\n".encode(), *(text.encode() for text in texts)))


def is_tally(path: Path) -> bool:
    """Whether a file looks like a tally: a ZIP with a manifest. It may still be broken."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except BROKEN_ZIP:
        return False


def read_tally(source: Path | BinaryIO) -> Tally:
    """Read a tally and check it: sizes, checksums, columns, indices.

    Parameters
    ----------
    source : Path or binary file
        What `write_tally` wrote.

    Raises
    ------
    BadInputError
        Not a tally, damaged, from a later version, or inconsistent in itself.
    """
    name = str(source) if isinstance(source, (str, Path)) else getattr(source, "name", "the tally")
    try:
        if isinstance(source, (str, Path)) and is_pipe(Path(source)):
            raise _bad(name, "a pipe", "a file, which can be read more than once", "write it to a file first")
        with zipfile.ZipFile(source) as archive:
            parts = _unpacked(archive, name)
    except FileNotFoundError:
        raise _bad(name, "no such file", "the path of a tally", "check the path") from None
    except BadInputError:
        raise
    except BROKEN_ZIP as error:
        raise _bad(name, f"not a whole ZIP archive ({error})", "a tally written by misid", "copy it again") from error
    try:
        manifest = json.loads(parts.pop(MANIFEST), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _bad(f"{name}: {MANIFEST}", f"not JSON ({error})", "a manifest", "copy it again") from error
    if is_deep(manifest):
        raise _bad(f"{name}: {MANIFEST}", "nested too deeply", f"at most {MOST_DEEP} levels", "do not trust this file")
    return _from_manifest(name, manifest, parts)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A table of JSON whose fields each stand once: two readers might take two values."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a field stands twice in one table")
    return made


def _bad(where: str, seen: str, allowed: str, remedy: str) -> BadInputError:
    return BadInputError([problem("E047", where=where, seen=seen, allowed=allowed, remedy=remedy)])


def _unpacked(archive: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    """The parts by name. Only the names that the format knows are read, and only up to a size."""
    wanted = [MANIFEST, *(f"{table}.csv" for table in TABLES)]
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if entry.filename in wanted and entry.filename in entries:
            # Two readers might read two tallies.
            raise _bad(f"{name}: {entry.filename}", "there twice", "each name once", "do not trust this file")
        entries[entry.filename] = entry
    if MANIFEST not in entries:
        raise _bad(name, f"no {MANIFEST} in it", "a tally written by misid", "check that it is the right file")
    large = _too_large({part: entries[part].file_size for part in wanted if part in entries})
    if large is not None:
        raise _bad(name, *large, "do not trust this file")
    found = {}
    for part in wanted:
        if part in entries:
            if entries[part].compress_type not in PACKED:
                raise _bad(f"{name}: {part}", "packed in another way", "stored or deflated", "do not trust this file")
            with archive.open(entries[part]) as stream:
                # One byte more than announced would show that the announced size is a lie.
                body = stream.read(entries[part].file_size + 1)
            if len(body) != entries[part].file_size:
                raise _bad(f"{name}: {part}", "its size is not the one announced", "a whole part", "copy it again")
            found[part] = body
    return found


def _from_manifest(name: str, manifest: Any, parts: dict[str, bytes]) -> Tally:
    where = f"{name}: {MANIFEST}"
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _bad(where, "format is not 'misid-tally'", "a tally", "check that it is the right file")
    version = manifest.get("version")
    # 1.0 and true are equal to 1 in Python, and no version.
    if type(version) is not int or version != FORMAT_VERSION:
        later = type(version) is int and version > FORMAT_VERSION
        remedy = "read it with a later misid" if later else "make it again"
        raise _bad(where, f"version {reprlib.repr(version)}", f"version {FORMAT_VERSION}", remedy)
    faults = faults_in(manifest)
    if faults:
        raise _bad(where, "; ".join(faults), "the fields of the format", "do not trust this file")
    try:
        tables = {table: _parsed(table, manifest["tables"][table], parts) for table in TABLES}
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise _bad(where, f"{type(error).__name__}: {error}", "the fields of the format", "copy it again") from error
    tally = tally_of(manifest, tables)
    _check(where, tally)
    return tally


def _parsed(table: str, announced: dict[str, Any], parts: dict[str, bytes]) -> Table:
    body = parts.get(f"{table}.csv")
    if body is None:
        raise ValueError(f"{table}.csv is missing")
    if hashlib.sha256(body).hexdigest() != announced["sha256"]:
        raise ValueError(f"{table}.csv is not the one that was written: its SHA-256 differs")
    header, _, rest = body.partition(b"\n")
    names = header.decode("ascii").split(",")
    if names != list(TABLES[table]):
        raise ValueError(f"{table}.csv has columns {names}, not {list(TABLES[table])}")
    rest = rest.rstrip(b"\n")
    values, digits = np.empty(0, dtype=np.int64), 0
    if rest:
        if rest.translate(None, b"0123456789-,\n"):
            raise ValueError(f"{table}.csv holds something other than whole numbers")
        digits = max(map(len, _LONG.findall(rest)), default=0)
        if digits > _MOST_DIGITS:
            raise ValueError(f"{table}.csv holds a number of {digits} digits")
        flat = rest.replace(b"\n", b",").decode("ascii")
        # NumPy reads a number that does not fit as another one.
        values = (
            np.array([*map(int, flat.split(","))], dtype=object)
            if digits
            else np.fromstring(flat, dtype=np.int64, sep=",")
        )
    rows = rest.count(b"\n") + 1 if rest else 0
    if rows != announced["rows"] or values.size != rows * len(names):
        raise ValueError(
            f"{table}.csv has {rows} rows and {values.size} values, {announced['rows']} rows were announced"
        )
    columns = zip(names, values.reshape(rows, len(names)).T, strict=True)
    return {column: np.ascontiguousarray(whole(v) if digits else v) for column, v in columns}


def _check(where: str, tally: Tally) -> None:
    """Refuse a tally whose parts do not fit together, all faults at once."""
    faults = faults_of(tally)
    if faults:
        raise _bad(where, "; ".join(faults), "a tally that is consistent in itself", "do not trust this file")
