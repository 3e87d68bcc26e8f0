"""The readers under a coverage-guided fuzzer: any bytes end in an answer or in an error of misid's own.

    python -m tests.faults.fuzz text --runs 1000000      # one reader of TARGETS; needs Atheris (dependency group fuzz)

What ends in another exception is kept in tests/faults/found/, once for each place in the code, and is an input of
tests/faults/test_found.py from then on. The number of inputs and of findings goes to docs/data/fuzz.jsonl. The readers
of the engine (CSV, Parquet) cost milliseconds an input, of which the engine takes nearly all; they get fewer.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
import time
import traceback
import zipfile
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from misid.ground.errors import Findings, MisidError

HERE = Path(__file__).parent
FOUND = HERE / "found"
RESULTS = HERE.parents[1] / "docs" / "data" / "fuzz.jsonl"

SCRATCH = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / f"misid-fuzz-{os.getpid()}"


def _file(data: bytes, name: str) -> Path:
    path = SCRATCH.with_name(f"{SCRATCH.name}-{name}")
    path.write_bytes(data)
    return path


def text(data: bytes) -> None:
    """What a text file is, how it falls into columns, whether it was cut."""
    from misid.scores.ending import cut_problem
    from misid.scores.sniff import NotReadableError, kind_of, layout_of
    from misid.scores.tables import column_names

    path = _file(data, "text")
    try:
        kind = kind_of(path)
        if kind in ("text", "gzip"):
            layout = layout_of(path, kind)
            column_names(layout, Findings())
            cut_problem(layout)
    except NotReadableError:
        pass


def ids(data: bytes) -> None:
    """What an id looks like, and every check digit of the kind of number that it looks like."""
    from misid.scores.checks.ids import LOOKS, looks_like, re
    from misid.scores.checks.numbers import NUMBERINGS

    said = data.decode("utf-8", errors="replace")
    looks_like(said)
    for look in LOOKS:
        if look.shape and re.search(look.pattern, said):
            for numbering in NUMBERINGS[look.shape]:
                numbering.right(said)


@cache
def _parts() -> dict[str, bytes]:
    """The parts of a small tally."""
    with zipfile.ZipFile(HERE / "small.tally") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _edited(data: bytes, whole: bytes) -> bytes:
    """The input read as edits of a whole one: place (3 bytes), kind, value; so that deep places are reached."""
    made = bytearray(whole)
    for at in range(0, len(data) - 4, 5):
        place = int.from_bytes(data[at : at + 3], "big") % (len(made) + 1)
        kind, value = data[at + 3] % 4, data[at + 4]
        if kind == 0 and place < len(made):
            made[place] = value
        elif kind == 1:
            made.insert(place, value)
        elif kind == 2:
            del made[place : place + 1 + value]
        else:
            made[place:place] = made[place : place + value]
    return bytes(made)


def tally_bytes(data: bytes) -> None:
    """A tally file of any bytes, and one with any bytes changed."""
    from misid.tally import read_tally

    for body in (data, _edited(data, (HERE / "small.tally").read_bytes())):
        with contextlib.suppress(MisidError):
            read_tally(io.BytesIO(body))


VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 2, 7, 2**31, 2**63, 2**200, -(2**63), 0.5, 1e308, -1e308, 1e-320, "", "x", "<b>",
    "\ud800", "\x00",
    [], [1], [[]], [None], ["a"], {}, {"x": 1}, [0, 1], [[0, 1], [2]], "candidates", "comparisons", [1e400], "9" * 400,
)  # fmt: skip
"""What stands in a manifest where something else should."""


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, v in list(inside)[:40] for p in _paths(v, (*path, key)))]


@cache
def _places() -> list[tuple[Any, ...]]:
    return [p for p in _paths(json.loads(_parts()["tally.json"])) if p]


def _manifest(data: bytes) -> Any:
    """The manifest of the small tally with values exchanged: place (2 bytes) and value."""
    manifest = json.loads(_parts()["tally.json"])
    for at in range(0, min(len(data) - 2, 30), 3):
        path = _places()[int.from_bytes(data[at : at + 2], "big") % len(_places())]
        target = manifest
        try:
            for step in path[:-1]:
                target = target[step]
            if data[at + 2] == 255:
                del target[path[-1]]
            else:
                target[path[-1]] = VALUES[data[at + 2] % len(VALUES)]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier exchange took that place away
    return manifest


def tally_manifest(data: bytes) -> None:
    """A tally whose manifest is any text, or has any of its values exchanged: its tables are whole."""
    from misid.tally.file import _from_manifest

    parts = {name: body for name, body in _parts().items() if name != "tally.json"}
    with contextlib.suppress(ValueError, RecursionError, MisidError):
        _from_manifest("fuzzed", json.loads(data), parts)
    _from_manifest("fuzzed", _manifest(data), parts)


def tally_rates(data: bytes) -> None:
    """The rates of a tally that was changed so that it still reads: numbers in its tables, values in its manifest."""
    import misid
    from misid.tally.file import _from_manifest
    from misid.tally.model import TABLES

    if not data:
        return
    parts = {name: body for name, body in _parts().items() if name != "tally.json"}
    manifest = _manifest(data[1 : 1 + 3 * (data[0] % 3)])
    changes = data[1 + 3 * (data[0] % 3) :]
    for at in range(0, min(len(changes) - 4, 25), 5):
        name = f"{list(TABLES)[changes[at] % len(TABLES)]}.csv"
        lines = parts[name].decode().splitlines()
        if len(lines) > 1:
            row = 1 + int.from_bytes(changes[at + 1 : at + 3], "big") % (len(lines) - 1)
            cells = lines[row].split(",")
            numbers = (-1, 0, 1, 2, 3, 5, 36, 1000, 2**31, 2**53, 2**62, 2**63 - 1)
            cells[changes[at + 3] % len(cells)] = str(numbers[changes[at + 4] % len(numbers)])
            lines[row] = ",".join(cells)
            parts[name] = ("\n".join(lines) + "\n").encode()
    for name, body in parts.items():
        with contextlib.suppress(KeyError, TypeError):
            manifest["tables"][name.removesuffix(".csv")]["sha256"] = hashlib.sha256(body).hexdigest()
    misid.compute_rates(_from_manifest("fuzzed", manifest, parts), thresholds=[0.5], curves=False)


def tally_table(data: bytes) -> None:
    """A tally one of whose tables is any text, with a manifest that announces it."""
    from misid.tally.file import _parsed
    from misid.tally.model import TABLES

    if not data:
        return
    table = list(TABLES)[data[0] % len(TABLES)]
    for body in (data[1:], _edited(data[1:], _parts()[f"{table}.csv"][:2000])):
        announced = {"sha256": hashlib.sha256(body).hexdigest(), "rows": max(0, body.rstrip(b"\n").count(b"\n"))}
        # What `read_tally` turns into its own error.
        with contextlib.suppress(KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
            _parsed("fuzzed", table, announced, {f"{table}.csv": body})


def evidence(data: bytes) -> None:
    """A file of published numbers."""
    from misid.evidence.read import _checked

    try:
        said = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    _checked({"fuzzed.toml": said}, Findings())


def deployments(data: bytes) -> None:
    """A table of deployments."""
    from misid.search.reading import read_deployments

    read_deployments(_file(data, "deployments.csv"))


def scores_csv(data: bytes) -> None:
    """A CSV file, read by the engine, checked and counted."""
    _scores(_file(data, "scores.csv"))


def scores_parquet(data: bytes) -> None:
    """A Parquet file, the same."""
    _scores(_file(data, "scores.parquet"))


_engines: list[Any] = []


def _scores(path: Path) -> None:
    import misid
    from misid.engine import DuckDBEngine
    from misid.scores import check

    # Starting an engine costs more than reading; after some inputs there is a new one all the same.
    if not _engines or len(_engines[0].log) > 5_000:
        for engine in _engines:
            engine.close()
        _engines[:] = [DuckDBEngine(threads=1)]
    scores = misid.open_scores(path, engine=_engines[0], hash_inputs=False)
    if check(scores).ok:
        misid.build_tally(scores)


TARGETS: dict[str, Callable[[bytes], None]] = {
    f.__name__: f
    for f in (
        text,
        ids,
        tally_bytes,
        tally_manifest,
        tally_table,
        tally_rates,
        evidence,
        deployments,
        scores_csv,
        scores_parquet,
    )
}


SEEN_IDS = (
    "12345678Z", "HEGG560427MVZRRL04", "GB82WEST12345698765432", "11010519491231002X", "RSSMRA85T10A562S",
    "255081416802538", "52998224725", "234123412346", "1800101221144", "8112189876", "046454286", "4111111111111111",
    "Ada Lovelace",
)  # fmt: skip


def seeds(target: str) -> list[bytes]:
    """Whole inputs to start from."""
    table = 'probe,reference,probe_person,reference_person,score\na0,b0,a,b,0.125\n"a1",b1,a,b,-1\na,b,c,c,0.9\n'
    if target == "text" or target == "scores_csv":
        matrix = ",r1,r2\np1,0.1,0.2\np2,0.3,0.4\n"
        bob = "a a p1 0.5\na b p1 -0.25\n"
        return [
            t.encode()
            for t in (table, matrix, bob, table.replace(",", ";").replace(".", ","), table.replace(",", "\t"))
        ]
    if target == "ids":
        return [t.encode() for t in SEEN_IDS]
    if target in ("tally_manifest", "tally_rates"):
        return [bytes(range(60)), bytes(range(200, 255)), b"{}"]
    if target == "tally_table":
        from misid.tally.model import TABLES

        return [bytes([k]) + _parts()[f"{name}.csv"][:400] for k, name in enumerate(TABLES)]
    if target == "tally_bytes":
        return [(HERE / "small.tally").read_bytes()[:4000], bytes(range(100))]
    if target == "evidence":
        folder = files("misid.evidence") / "data"
        return [entry.read_bytes()[:4000] for entry in folder.iterdir() if entry.name.endswith(".toml")]
    if target == "deployments":
        return [
            b"n_searches,gallery_n,false_positives,threshold,group,date_start\n1000,5e4,3,0.6,all,2020-01-02\n,,,,,\n"
        ]
    import duckdb

    path = _file(b"", "seed.parquet")
    duckdb.sql(f"COPY (SELECT 'a' || i % 3 AS probe, 'b' || i AS reference, i % 2 AS mated, i / 7 AS score "
               f"FROM range(12) AS t(i)) TO '{path}' (FORMAT parquet)")  # fmt: skip
    return [path.read_bytes()]


def place_of(error: BaseException) -> str:
    """What tells one finding from another: the kind of error and the innermost line of misid's own."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f"{os.sep}misid{os.sep}" in f.filename]
    last = frames[-1] if frames else None
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}" if last else type(error).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="stop after so long; 0: not")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    import atheris

    target = TARGETS[options.target]
    with atheris.instrument_imports(include=["misid"]):
        for data in seeds(options.target):
            with contextlib.suppress(MisidError):
                target(data)
    made, found, began = 0, {}, time.monotonic()

    def report() -> None:
        line = {
            "target": options.target,
            "inputs": made,
            "seconds": round(time.monotonic() - began),
            "found": sorted(found),
        }
        with options.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def one(data: bytes) -> None:
        nonlocal made
        made += 1
        try:
            target(data)
        except MisidError:
            pass
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            place = place_of(error)
            if place not in found:
                found[place] = True
                FOUND.mkdir(exist_ok=True)
                (FOUND / f"{options.target}-{hashlib.sha256(place.encode()).hexdigest()[:10]}").write_bytes(data)
                print(f"{place}: {error!r}", file=sys.stderr)
        if made >= options.runs or (options.seconds and time.monotonic() - began > options.seconds):
            report()
            for left in SCRATCH.parent.glob(f"{SCRATCH.name}-*"):
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)
            os._exit(0)

    corpus = SCRATCH.with_name(f"{SCRATCH.name}-corpus")
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(seeds(options.target)):
        (corpus / str(number)).write_bytes(data)
    arguments = [
        sys.argv[0],
        str(corpus),
        "-max_len=4096",
        "-rss_limit_mb=0",
        "-timeout=60",
        f"-seed={20261127}",
        f"-artifact_prefix={corpus}/",
    ]
    atheris.Setup(arguments, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
