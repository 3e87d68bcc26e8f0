"""The bundle file: written the same each time, read as if an enemy had made it."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Final

from misid.ground.codes import problem
from misid.ground.errors import BadInputError, Findings
from misid.ground.hostile import BROKEN_ZIP, PACKED, is_deep
from misid.report.bundle.crate import crate_metadata, described_hashes
from misid.report.bundle.model import FORMAT, LOCK, MANIFEST, METADATA, RESULT, VERSION, Bundle
from misid.report.bundle.versions import lock_text
from misid.report.directory import BUNDLE, PAGE, PDF, TWIN
from misid.tally.file import is_tally

MOST_FILES: Final = 1_000
MOST_BYTES: Final = 256 << 20
"""What all files of a bundle may unpack to."""

MOST_BYTES_EACH: Final = 64 << 20

# A fixed time, or two writings of one bundle would differ.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FROM_MISID = "a bundle that misid wrote"
_NAME_IT = "name the bundle.zip that misid assess or misid case wrote"
_AGAIN = "ask for the bundle again, from whoever made it"


def bundle_bytes(bundle: Bundle) -> bytes:
    """The bundle as a ZIP file: not compressed, so that every machine writes the same bytes.

    Parameters
    ----------
    bundle : Bundle
    """
    files = {**bundle.files, LOCK: lock_text(dict(bundle.versions)).encode()}
    files[MANIFEST] = _manifest(bundle, files)
    files[METADATA] = crate_metadata(bundle, files)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in (METADATA, MANIFEST, *sorted(files.keys() - {METADATA, MANIFEST})):
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.create_system = 3  # whatever the machine is
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[name])
    return stream.getvalue()


def _manifest(bundle: Bundle, files: dict[str, bytes]) -> bytes:
    made = {
        "format": FORMAT, "version": VERSION, "kind": bundle.kind, "title": bundle.title, "about": bundle.about,
        "generated_with": bundle.generated_with, "date": bundle.date, "run": dict(bundle.run),
        "versions": dict(bundle.versions),
        "files": {
            name: {
                "sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name]),
                "what": bundle.described.get(name, ""),
            }
            for name in sorted(files)
        },
    }  # fmt: skip
    return (json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_bundle(source: str | Path | BinaryIO) -> Bundle:
    """Read a bundle into memory and check that it is whole and unchanged. Nothing is unpacked to the disk.

    Parameters
    ----------
    source : path or binary file

    Raises
    ------
    BadInputError
        With all that is wrong: no ZIP file, dangerous (a name that leads outside, a link, a bomb), incomplete,
        changed, or of a later version.
    """
    name = (Path(source).name or str(source)) if isinstance(source, str | Path) else "the bundle"
    try:
        if isinstance(source, str | Path):
            _refuse_other(Path(source), name)
        with zipfile.ZipFile(source) as archive:
            files = _unpacked(archive, name)
    except FileNotFoundError:
        raise BadInputError([_no_bundle(str(source), "no such file", "check the path")]) from None
    except BROKEN_ZIP as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError(
            [_no_bundle(name, f"not a whole ZIP file ({error})", f"{_NAME_IT}; if this is it, {_AGAIN}")]
        ) from error
    return _checked(name, files)


def _refuse_other(path: Path, name: str) -> None:
    """Other things that misid writes, and that are given in a bundle's place: say what they are and where it is."""
    beside = (path if path.is_dir() else path.parent) / BUNDLE
    there = f"misid verify {beside}" if beside.is_file() else _NAME_IT
    if path.is_dir():
        raise BadInputError([_no_bundle(name, "a directory", there)])
    if is_tally(path):
        remedy = f"misid check {path} looks whether a tally is sound; misid verify takes the bundle of a report"
        raise BadInputError([_no_bundle(name, "a tally, which holds counts and no report", remedy)])
    if path.name in (PAGE, TWIN, PDF) and path.is_file() and not zipfile.is_zipfile(path):
        raise BadInputError([_no_bundle(name, "one file of a report", there)])


def _no_bundle(where: str, seen: str, remedy: str) -> Any:
    return problem("E110", where=where, seen=seen, allowed=_FROM_MISID, remedy=remedy)


def _unpacked(archive: zipfile.ZipFile, where: str) -> dict[str, bytes]:
    entries = archive.infolist()
    findings = Findings()

    def danger(entry: str, seen: str, allowed: str) -> None:
        findings.add(
            problem("E111", where=f"{where}: {entry}", seen=seen, allowed=allowed, remedy="do not trust this file")
        )

    if len(entries) > MOST_FILES:
        danger("the whole", f"{len(entries):,} files", f"at most {MOST_FILES:,}")
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        danger("the whole", f"unpacks to {total:,} bytes", f"at most {MOST_BYTES:,}")
    seen: set[str] = set()
    for entry in entries[:MOST_FILES]:
        shown = ascii(entry.filename[:80])[1:-1]
        kind = stat.S_IFMT(entry.external_attr >> 16)
        parts = entry.filename.split("/")
        if (
            entry.filename.startswith("/")
            or ".." in parts
            or "" in parts
            or any(c in entry.filename for c in "\\:\x00")
        ):
            danger(shown, "a name that leads outside, or is none", "a relative path")
        if kind not in (0, stat.S_IFREG):
            danger(shown, "a link or a special file", "a regular file")
        if entry.flag_bits & 1:
            danger(shown, "encrypted", "a plain file")
        if entry.compress_type not in PACKED:
            danger(shown, "packed in another way", "stored or deflated")
        if entry.file_size > MOST_BYTES_EACH:
            danger(shown, f"{entry.file_size:,} bytes", f"at most {MOST_BYTES_EACH:,}")
        if entry.filename in seen:
            danger(shown, "there twice", "each name once")
        seen.add(entry.filename)
    findings.raise_if_any()
    found = {}
    for entry in entries:
        with archive.open(entry) as stream:
            # One byte more than announced would show that the announced size is a lie.
            body = stream.read(entry.file_size + 1)
        if len(body) != entry.file_size:
            danger(entry.filename, "its size is not the one announced", "a whole file")
            findings.raise_if_any()
        found[entry.filename] = body
    return found


def _checked(where: str, files: dict[str, bytes]) -> Bundle:
    if not files.keys() & {MANIFEST, METADATA, RESULT, LOCK}:
        raise BadInputError([_no_bundle(where, "a ZIP file with nothing of a bundle in it", _NAME_IT)])
    manifest = _json(where, files, MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BadInputError(
            [_no_bundle(f"{where}: {MANIFEST}", f"format is not {FORMAT!r}", "check that it is the file")]
        )
    version = manifest.get("version")
    if version != VERSION:
        later = isinstance(version, int) and version > VERSION
        raise BadInputError([
            problem("E114", where=f"{where}: {MANIFEST}", seen=f"version {version!r}", allowed=f"version {VERSION}",
                    remedy="verify it with a later misid" if later else _AGAIN),
        ])  # fmt: skip
    try:
        listed = {str(name): (str(entry["sha256"]), int(entry["bytes"])) for name, entry in manifest["files"].items()}
        bundle = Bundle(
            kind=_text(manifest["kind"]), title=_text(manifest["title"]), about=_text(manifest["about"]),
            generated_with=_text(manifest["generated_with"]), run=dict(manifest["run"]),
            versions={_text(k): _text(v) for k, v in manifest["versions"].items()},
            described={str(name): _text(entry["what"]) for name, entry in manifest["files"].items()},
            date=None if manifest["date"] is None else _text(manifest["date"]),
            files={name: body for name, body in files.items() if name not in (MANIFEST, METADATA)},
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        fault = _no_bundle(f"{where}: {MANIFEST}", f"{type(error).__name__}: {error}", _AGAIN)
        raise BadInputError([fault]) from error
    try:
        crate = described_hashes(_json(where, files, METADATA))
    except ValueError as error:
        if isinstance(error, BadInputError):
            raise
        raise BadInputError([_no_bundle(f"{where}: {METADATA}", str(error), _AGAIN)]) from error
    _compare(where, files, listed, crate)
    return bundle


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _json(where: str, files: dict[str, bytes], name: str) -> Any:
    if name not in files:
        raise BadInputError([_missing(where, name)])
    try:
        found = json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise BadInputError([_no_bundle(f"{where}: {name}", f"not JSON ({error})", _AGAIN)]) from error
    if is_deep(found):
        raise BadInputError([_no_bundle(f"{where}: {name}", "nested too deeply", "do not trust this file")])
    return found


def _missing(where: str, name: str) -> Any:
    return problem("E112", where=f"{where}: {name}", seen="missing", allowed="every file of the bundle", remedy=_AGAIN)


def _compare(
    where: str, files: dict[str, bytes], listed: dict[str, tuple[str, int]], crate: dict[str, str]
) -> None:  # fmt: skip
    findings = Findings()
    for name in sorted({*listed, RESULT, LOCK} - files.keys()):
        findings.add(_missing(where, name))
    for name in sorted(files.keys() - listed.keys() - {MANIFEST, METADATA}):
        findings.add(
            problem("E113", where=f"{where}: {ascii(name)[1:-1]}", seen="not in its list of files",
                    allowed="only files that it lists", remedy=_AGAIN)
        )  # fmt: skip
    for name in sorted(files.keys() - {METADATA}):
        sha256 = hashlib.sha256(files[name]).hexdigest()
        in_list = name == MANIFEST or name not in listed or listed[name] == (sha256, len(files[name]))
        if not in_list or crate.get(name, sha256 if name not in listed and name != MANIFEST else "") != sha256:
            findings.add(
                problem("E113", where=f"{where}: {ascii(name)[1:-1]}", seen=f"SHA-256 {sha256[:16]}…",
                        allowed="the bytes that were written: the sum that the bundle lists", remedy=_AGAIN)
            )  # fmt: skip
    findings.raise_if_any()
