"""The reader of bundles: whole ones changed in their contents, their list of files, and their archive."""

from __future__ import annotations

import io
import json
import stat
import sys
import warnings
import zipfile
from functools import cache
from typing import Any
from unittest import mock

from tests.faults.fuzz.edits import Whole, edited
from tests.faults.fuzz.target import Target

NAMES = (
    "../../escaped", "/etc/passwd", "a/../b", "C:/x", "a\\b", "a//b", "", ".", "..", "inputs/", "x" * 300, "\ud800",
    "a\x00b", "\u202ecod.zip", "report.json", "REPORT.JSON", "versions.txt", "misid-bundle.json", "inputs/case.json",
    "ro-crate-metadata.json", "<b>", "$(x)", "=1+1", "inputs/scenario.toml",
)  # fmt: skip
"""What a file in a bundle is called where it should be called otherwise."""

BODIES = (
    b"", b"null", b"{}", b"[]", b"NaN", b"1e400", b"9" * 5000, b"[" * 100_000, b"[" * 900 + b"]" * 900,
    b'{"a":' * 900 + b"1" + b"}" * 900, b" " * 300_000, b"\xff\xfe", b'{"a": "\\ud800"}', b'"x"', b"[[[1]]]",
)  # fmt: skip


def _bundle() -> Any:
    from misid.report.bundle import Bundle

    return Bundle(
        kind="assessment", title="A stop", about="Officers photograph people.", generated_with="misid 0.1",
        files={"report.json": b'{"a": 1, "b": [0.5, {"c": "x"}]}\n', "report.html": b"<p>",
               "inputs/scenario.toml": b'[search]\nmodel = "tally"\ntally = "x.tally"\n',
               "inputs/case.json": b'{"format": "misid-case-1"}'},
        run={"draws": 64, "seed": 1, "level": 0.95, "paper": "letter", "name": "x", "settings": ["a=1"],
             "files": [["x.toml", "00"]], "origins": {"search": "x.toml"}},
        versions={"python": "3.11.2", "misid": "x"}, described={"report.json": "the result"},
    )  # fmt: skip


@cache
def _written() -> bytes:
    from misid.report.bundle import bundle_bytes

    return bundle_bytes(_bundle())


@cache
def _parts() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(_written())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def _lists() -> dict[str, Whole]:
    """The two lists of files of a bundle, to be changed."""
    known = ["case", "assessment", "misid-bundle", "sha256", "bytes", "what", "File", *NAMES]
    return {name: Whole(json.loads(_parts()[name]), known) for name in ("misid-bundle.json", "ro-crate-metadata.json")}


def _with_sums(manifest: dict[str, Any], parts: dict[str, bytes]) -> tuple[bytes, bytes]:
    """Both lists with the sums of the files as they are: so that what comes after the sums is reached."""
    import hashlib

    from misid.report.bundle.model import METADATA

    body = json.dumps(manifest).encode()
    crate = json.loads(_parts()[METADATA])
    sums = {name: hashlib.sha256(part).hexdigest() for name, part in {**parts, "misid-bundle.json": body}.items()}
    for entity in crate["@graph"]:
        if entity.get("@id") in sums:
            entity["sha256"] = sums[entity["@id"]]
    return body, json.dumps(crate).encode()


def _zipped(files: list[tuple[zipfile.ZipInfo, bytes]]) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as archive:
        warnings.simplefilter("ignore")  # that a name is there twice is what is tried
        for entry, body in files:
            archive.writestr(entry, body)
    return stream.getvalue()


def _made(data: bytes) -> bytes:
    """A bundle from six bytes of choices and edits of its list of files."""
    import hashlib

    what, which, how, *_ = data[:6].ljust(6, b"\0")
    manifest = _lists()["misid-bundle.json"].changed(data[6:])
    parts = {name: body for name, body in _parts().items() if name not in _lists()}
    names = list(parts)
    name = names[which % len(names)]
    if what & 1:
        parts[name] = BODIES[how % len(BODIES)]
    if what & 2:
        for known, body in parts.items():
            if isinstance(manifest.get("files"), dict) and isinstance(manifest["files"].get(known), dict):
                manifest["files"][known] |= {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
    listed, crate = _with_sums(manifest, parts)
    if what & 4:
        crate = json.dumps(_lists()["ro-crate-metadata.json"].changed(data[6:])).encode()
    files = [(zipfile.ZipInfo(n), body) for n, body in {"misid-bundle.json": listed, **parts}.items()]
    files.append((zipfile.ZipInfo("ro-crate-metadata.json"), crate))
    if what & 8:
        entry, body = files[which % len(files)]
        _dress(entry, how)
        if how % 5 == 0:
            files.append((zipfile.ZipInfo(entry.filename), body))
    made = _zipped(files)
    return edited(data[6:26], made) if what & 16 else made


def _dress(entry: zipfile.ZipInfo, how: int) -> None:
    """One file of the archive: another name, kind or way of packing."""
    kinds = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFDIR, stat.S_IFREG, 0xF000)
    match how % 4:
        case 0:
            # The name as bytes on the disk have it; `ZipInfo` would mend it.
            entry.filename = NAMES[how % len(NAMES)].encode("utf-8", "replace").decode()
        case 1:
            entry.external_attr = kinds[how % len(kinds)] << 16
        case 2:
            entry.compress_type = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)[how % 3]
        case _:
            entry.extra = bytes([how, 0, 4, 0, 0, 0, 0, 0])


def bundle(data: bytes) -> None:
    """A bundle with its contents, lists, names or bytes changed; read, and its run and result looked at."""
    from misid.report.assessment.again import _run, _table
    from misid.report.bundle import read_bundle, verify
    from misid.report.bundle.model import RESULT

    read = read_bundle(io.BytesIO(_made(data)))
    # What is installed here is not the bundle's, and takes longest to look up.
    with mock.patch.object(sys.modules[verify.__module__], "installed", return_value={"misid": "x"}):
        sys.modules[verify.__module__]._compared("bundle.zip", read, {RESULT: b'{"a": 1}'})
    _run(read)
    _table(read)


def bundle_bytes(data: bytes) -> None:
    """A bundle of any bytes."""
    from misid.report.bundle import read_bundle

    read_bundle(io.BytesIO(data))


def _seeds() -> list[bytes]:
    return [bytes([what, which, how, 0, 0, 0, *range(which, which + 20)]) for what in (0, 1, 3, 4, 8, 16, 31)
            for which, how in ((0, 0), (3, 6), (5, 8))]  # fmt: skip


TARGETS = (
    Target(what="contents, lists, names, kinds and bytes of a whole one changed", run=bundle, seeds=_seeds, longest=46),
    Target(what="any bytes", run=bundle_bytes,
           seeds=lambda: [_written()[-400:], b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(40)], longest=600),
)  # fmt: skip
