"""Readers of the tally file: the archive, its manifest, its tables, and the rates of what was read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from dataclasses import replace
from functools import cache
from typing import Any

from misid.ground.errors import MisidError
from tests.faults.fuzz.edits import Path, Whole, edited, places, replaced
from tests.faults.fuzz.target import HERE, Target

SMALL = HERE / "small.tally"
MANIFEST = "tally.json"


@cache
def _small() -> dict[str, bytes]:
    """The parts of a small tally."""
    with zipfile.ZipFile(SMALL) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _tables() -> dict[str, bytes]:
    return {name: body for name, body in _small().items() if name != MANIFEST}


@cache
def _short_manifest() -> dict[str, Any]:
    """Its manifest with two of its queries: the others are half of its bytes, and texts like these."""
    manifest: dict[str, Any] = json.loads(_small()[MANIFEST])
    manifest["origin"]["queries"] = ["SELECT 1", "SELECT 2"]
    return manifest


@cache
def _short() -> bytes:
    """The small tally with the short manifest, not compressed: so that edits reach what is in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, body in {MANIFEST: json.dumps(_short_manifest()).encode(), **_tables()}.items():
            archive.writestr(zipfile.ZipInfo(name), body)
    return stream.getvalue()


def tally_bytes(data: bytes) -> None:
    """A tally file of any bytes, and one with any bytes changed."""
    from misid.tally import read_tally

    whole = SMALL.read_bytes() if len(data) % 2 else _short()
    for body in (data, edited(data, whole)):
        with contextlib.suppress(MisidError):
            read_tally(io.BytesIO(body))


def tally_text(data: bytes) -> None:
    """A tally whose manifest is any text: its tables are whole."""
    from misid.tally.file import _from_manifest

    with contextlib.suppress(ValueError, RecursionError):  # `read_tally` says it of the file
        manifest = json.loads(data)
        _from_manifest("fuzzed", manifest, _tables())


@cache
def _manifest() -> Whole:
    from misid.tally.model import TABLES

    return Whole(_short_manifest(), [*TABLES, "rows", "sha256", "similarity", "distance"])


def tally_manifest(data: bytes) -> None:
    """A tally whose manifest has values exchanged, taken away or added: its tables are whole."""
    from misid.tally.file import _from_manifest

    _from_manifest("fuzzed", _manifest().changed(data), _tables())


def tally_table(data: bytes) -> None:
    """A tally one of whose tables is any text, with a manifest that announces it."""
    from misid.tally.file import _parsed
    from misid.tally.model import TABLES

    if not data:
        return
    table = list(TABLES)[data[0] % len(TABLES)]
    for body in (data[1:], edited(data[1:], _small()[f"{table}.csv"][:2000])):
        announced = {"sha256": hashlib.sha256(body).hexdigest(), "rows": max(0, body.rstrip(b"\n").count(b"\n"))}
        # What `read_tally` turns into its own error.
        with contextlib.suppress(KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
            _parsed(table, announced, {f"{table}.csv": body})


NUMBERS = (-1, 0, 1, 2, 3, 5, 36, 1000, 2**31, 2**53, 2**62, 2**63 - 1)


def _with_numbers(manifest: dict[str, Any], changes: bytes) -> Any:
    """The small tally with up to five numbers of its tables exchanged, and a manifest that says so."""
    from misid.tally.file import _from_manifest
    from misid.tally.model import TABLES

    parts = _tables()
    for at in range(0, min(len(changes) - 4, 25), 5):
        name = f"{list(TABLES)[changes[at] % len(TABLES)]}.csv"
        lines = parts[name].decode().splitlines()
        if len(lines) > 1:
            row = 1 + int.from_bytes(changes[at + 1 : at + 3], "big") % (len(lines) - 1)
            cells = lines[row].split(",")
            cells[changes[at + 3] % len(cells)] = str(NUMBERS[changes[at + 4] % len(NUMBERS)])
            lines[row] = ",".join(cells)
            parts[name] = ("\n".join(lines) + "\n").encode()
    for name, body in parts.items():
        with contextlib.suppress(KeyError, TypeError):
            manifest["tables"][name.removesuffix(".csv")]["sha256"] = hashlib.sha256(body).hexdigest()
    return _from_manifest("fuzzed", manifest, parts)


@cache
def _whole() -> Any:
    from misid.tally import read_tally

    return read_tally(SMALL)


def tally_numbers(data: bytes) -> None:
    """A tally with numbers in its tables exchanged: what cannot be is refused."""
    from misid.tally.sound import _designs, _tables

    whole = _whole().tables
    changed: dict[str, Any] = {}
    for at in range(0, min(len(data) - 4, 25), 5):
        name = list(whole)[data[at] % len(whole)]
        column = list(whole[name])[data[at + 1] % len(whole[name])]
        values = changed.get(name, whole[name])[column].copy()
        if values.size:
            values[int.from_bytes(data[at + 2 : at + 4], "big") % values.size] = NUMBERS[data[at + 4] % len(NUMBERS)]
            changed[name] = {**changed.get(name, whole[name]), column: values}
    # The steps of `faults_of`, which finds nothing in the tables that are as they were.
    looked_at = {name: whole[name] for name in ("counts", "best_nonmated", "mates", "mate_moments")} | changed
    if not list(_tables(replace(_whole(), tables=looked_at))):
        list(_designs(replace(_whole(), tables=whole | changed)))


@cache
def _places() -> list[Path]:
    return places(json.loads(_small()[MANIFEST]))


def tally_rates(data: bytes) -> None:
    """The rates of a tally that was changed so that it still reads: numbers in its tables, values in its manifest."""
    import misid

    if not data:
        return
    end = 1 + 3 * (data[0] % 3)
    tally = _with_numbers(replaced(json.loads(_small()[MANIFEST]), data[1:end], _places()), data[end:])
    misid.compute_rates(tally, thresholds=[0.5], curves=False)


@cache
def _other() -> Any:
    """The small tally as of other scores, so that it may be added."""
    return replace(_whole(), origin=replace(_whole().origin, inputs=()))


def tally_used(data: bytes) -> None:
    """What becomes of a tally that was changed and still reads: its sums with another, written; its report as data."""
    import misid
    from misid.report import Report
    from misid.report.document import document_of, plain
    from misid.tally.file import _from_manifest, _parts

    if not data:
        return
    numbers = data[:5] if data[0] % 3 == 0 else b""
    document = replaced(json.loads(_small()[MANIFEST]), data[len(numbers) :], _places())
    tally = _with_numbers(document, numbers) if numbers else _from_manifest("fuzzed", document, _tables())
    for shared in ("disjoint", "references", "people"):
        with contextlib.suppress(MisidError):
            _parts(misid.merge_tallies([tally, _other()], shared=shared))
    _parts(tally)
    rates = misid.compute_rates(tally, thresholds=[0.5], curves=False)
    json.dumps(plain(document_of(Report(rates=rates, tally=tally))), ensure_ascii=False, allow_nan=False).encode()


def _edits() -> list[bytes]:
    return [bytes(range(60)), bytes(range(200, 255)), b"{}"]


def _tables_whole() -> list[bytes]:
    from misid.tally.model import TABLES

    return [bytes([k]) + _small()[f"{name}.csv"][:400] for k, name in enumerate(TABLES)]


def _manifests() -> list[bytes]:
    short = {**_short_manifest(), "tables": {}, "labels": [], "joint": []}
    return [b"{}", b"[]", json.dumps(short).encode(), b'{"format": "misid-tally", "version": 1, "labels": [{}]}']


TARGETS = (
    Target(what="any bytes, and bytes of a whole one changed", run=tally_bytes,
           seeds=lambda: [bytes(5), bytes(range(20)), bytes(range(61)), _short()[-100:]],
        longest=120),
    Target(what="any text", run=tally_text, seeds=_manifests, longest=2048),
    Target(what="values exchanged, taken away, added", run=tally_manifest, seeds=_edits, longest=40),
    Target(what="any text, and edits of whole ones", run=tally_table, seeds=_tables_whole),
    Target(what="numbers of a whole tally exchanged: what cannot be is refused", run=tally_numbers,
           seeds=_edits, longest=25),
    Target(what="computed, where it was not refused", run=tally_rates, seeds=_edits, longest=32),
    Target(what="added to another, written and reported as data, where it was not refused", run=tally_used,
           seeds=lambda: [b"\1", *_edits()], longest=14),
)  # fmt: skip
