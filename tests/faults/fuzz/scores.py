"""Readers of scores: text, ids, CSV and Parquet; each once around the engine, and once through it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from misid.ground.errors import Findings
from misid.scores.sniff import NotReadableError
from tests.faults.fuzz.answers import AnsweringEngine
from tests.faults.fuzz.edits import edited
from tests.faults.fuzz.target import SCRATCH, Target, file_of

SEEN_IDS = (
    "12345678Z", "HEGG560427MVZRRL04", "GB82WEST12345698765432", "11010519491231002X", "RSSMRA85T10A562S",
    "255081416802538", "52998224725", "234123412346", "1800101221144", "8112189876", "046454286", "4111111111111111",
    "Ada Lovelace", "ada@example.org", "+1 212 555 0100", "1990-02-31",
)  # fmt: skip

LONG = 'probe,reference,probe_person,reference_person,score\na0,b0,a,b,0.125\n"a1",b1,a,b,-1\na,b,c,c,0.9\n'
TEXTS = (
    LONG, ",r1,r2\np1,0.1,0.2\np2,0.3,0.4\n", "a a p1 0.5\na b p1 -0.25\n",
    LONG.replace(",", ";").replace(".", ","), LONG.replace(",", "\t"),
    "probe,reference,mated,score,probe_sex,reference_sex\na,b,1,NA,f,m\nc,d,no,1e400,,f\n",
)  # fmt: skip


def text(data: bytes) -> None:
    """What a text file is, how it falls into columns, whether it was cut."""
    from misid.scores.columns import column_names
    from misid.scores.ending import cut_problem
    from misid.scores.sniff import kind_of, layout_of

    path = file_of(data, "text")
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
    from misid.scores.checks.ids import LOOKS, looks_like
    from misid.scores.checks.numbers import NUMBERINGS

    known = SEEN_IDS[data[0] % len(SEEN_IDS)].encode() if data else b""
    for body in (data, edited(data[1:], known)):
        said = body.decode("utf-8", errors="replace")
        looks_like(said)
        for look in LOOKS:
            if look.shape and re.search(look.pattern, said):
                for numbering in NUMBERINGS[look.shape]:
                    numbering.right(said)


def csv_around(data: bytes) -> None:
    """A text file opened as scores: what misid reads of it, and what it makes of any answers of an engine."""
    import misid

    answers, body = data[:40], data[40:]
    body = edited(body[1:], TEXTS[body[0] % len(TEXTS)].encode()) if body and body[0] % 2 else body[1:]
    misid.open_scores(file_of(body, "scores.csv"), engine=AnsweringEngine(answers), hash_inputs=False)


def parquet_around(data: bytes) -> None:
    """A table of any columns and types, as an engine would describe a Parquet file, opened as scores."""
    from misid.scores.build import build
    from misid.scores.long import read_long
    from misid.scores.options import ReadOptions
    from misid.scores.tables import Table, _described

    # The bytes of the file are the engine's to read: misid looks at its two ends alone, and the target `text` does it.
    engine, findings, options = AnsweringEngine(data), Findings(), ReadOptions(hash_inputs=False)
    select = "SELECT * FROM read_parquet('scores.parquet')"
    try:
        columns = _described(engine, select, "scores.parquet")
        table = Table(label="scores.parquet", kind="arrow", columns=columns, select=select)
        build(engine, read_long(engine, table, options, findings), options, findings)
    except NotReadableError:
        pass  # `open_scores` says it with all else that it found


def scores_csv(data: bytes) -> None:
    """A CSV file, read by the engine, checked and counted."""
    _through(file_of(data, "scores.csv"))


def scores_parquet(data: bytes) -> None:
    """A Parquet file, the same: any bytes, or a whole one with bytes changed."""
    _through(file_of(edited(data[1:], _parquet()) if data and data[0] % 2 else data, "scores.parquet"))


_engines: list[Any] = []


def _through(path: Path) -> None:
    import misid
    from misid.engine import DuckDBEngine
    from misid.scores import check

    # Starting an engine costs more than reading; after some inputs there is a new one all the same.
    if not _engines or len(_engines[0].log) > 5_000:
        for engine in _engines:
            engine.close()
        SCRATCH.mkdir(exist_ok=True)
        tempfile.tempdir = str(SCRATCH)
        _engines[:] = [DuckDBEngine(threads=1)]
    scores = misid.open_scores(path, engine=_engines[0], hash_inputs=False)
    if check(scores).ok:
        misid.build_tally(scores)


_whole: list[bytes] = []


def _parquet() -> bytes:
    """A small Parquet file, the same each time."""
    import duckdb

    if not _whole:
        path = file_of(b"", "seed.parquet")
        duckdb.sql(f"COPY (SELECT 'a' || i % 3 AS probe, 'b' || i AS reference, i % 2 AS mated, i / 7 AS score "
                   f"FROM range(12) AS t(i)) TO '{path}' (FORMAT parquet)")  # fmt: skip
        _whole.append(path.read_bytes())
    return _whole[0]


def _texts() -> list[bytes]:
    return [t.encode() for t in TEXTS]


def _around() -> list[bytes]:
    return [bytes((7 * k + 3 * n) % 256 for n in range(40)) + bytes([2 * (k % 3) + k // 3]) + t.encode()
            for k, t in enumerate(TEXTS)]  # fmt: skip


TARGETS = (
    Target(what="any bytes: what a file is, its columns, its end", run=text, seeds=_texts, longest=300),
    Target(what="any text, and edits of seen ids; all check digits", run=ids,
           seeds=lambda: [i.encode() for i in SEEN_IDS], longest=60),
    Target(what="opened, around the engine: any answers of an engine", run=csv_around, seeds=_around, longest=240),
    Target(what="opened, around the engine: any columns, types and answers of an engine", run=parquet_around,
           seeds=lambda: [bytes((k + 5 * n) % 256 for n in range(60)) for k in range(8)], longest=120),
    Target(what="through the engine: opened, checked, counted", run=scores_csv, seeds=_texts, longest=300),
    Target(what="through the engine: opened, checked, counted", run=scores_parquet,
           seeds=lambda: [b"\x00" + _parquet(), b"\x01", b"\x01" + bytes(range(25)), _parquet()], longest=2048),
)  # fmt: skip
