"""Readers of files that people write: published numbers, deployments, scenarios, cases."""

from __future__ import annotations

import contextlib
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from unittest import mock

from misid.ground.errors import Findings
from tests.faults.fuzz.edits import Whole, edited
from tests.faults.fuzz.target import HERE, SCRATCH, Target, file_of


def evidence(data: bytes) -> None:
    """A file of published numbers: any text."""
    from misid.evidence.read import _checked

    with contextlib.suppress(UnicodeDecodeError):  # `load` decodes it
        _checked({"fuzzed.toml": data.decode("utf-8")}, Findings())


_RECORDS = """
topic = "searches"
about = "how often"
[[source]]
id = "s"
title = "A test"
publisher = "NIST"
date = "2026-02"
kind = "primary"
read = "file"
url = "https://www.nist.gov/x"
[[fact]]
id = "f"
quantity = "FPIR"
units = "proportion"
population = "test"
source = "s"
confidence = "high"
value = 0.01
lo = 0.0
hi = 0.5
limits = "95 %"
given = { gallery = 1000 }
[[unverified]]
id = "u"
quantity = "FNIR"
claim = "0"
why = "no test"
remedy = "ask"
[[conflict]]
id = "c"
question = "which"
differs = "by 2"
advice = "both"
facts = ["f"]
"""


@cache
def _records() -> Whole:
    from misid.evidence.words import CONFIDENCE, GIVEN, KINDS, READ

    words = [*CONFIDENCE, *KINDS, *READ, *GIVEN, "original_url", "no_url", "undated", "2026-13", "date", "text"]
    return Whole(tomllib.loads(_RECORDS), words)


def evidence_values(data: bytes) -> None:
    """A file of published numbers with values exchanged, as the TOML in it would be read."""
    from misid.evidence import read

    with mock.patch.object(read, "_document", return_value=_records().changed(data)):
        read._read({"fuzzed.toml": ""})


_DEPLOYMENTS_FILE, _SCENARIO_FILE = Path("deployments.csv"), Path("fuzzed.toml")
_DEPLOYMENTS = (
    b"n_searches,gallery_n,false_positives,threshold,group,date_start\n1000,5e4,3,0.6,all,2020-01-02\n,,,,,\n"
)


def deployments(data: bytes) -> None:
    """A table of deployments: any bytes, and a whole one with bytes changed."""
    from misid.search.reading import _lines, _table

    body = edited(data[1:], _DEPLOYMENTS) if data[:1] > b"\x7f" else data
    _table(_DEPLOYMENTS_FILE, _lines(_DEPLOYMENTS_FILE, body))


def scenario_text(data: bytes) -> None:
    """A scenario file of any bytes; it may extend others, itself among them."""
    from misid.encounter.reading import _part_of
    from misid.encounter.scenario import read_scenario

    findings = Findings()
    if _part_of(_SCENARIO_FILE, data, findings) is None:
        findings.raise_if_any()
        return
    # It is TOML: now the whole way, with what it extends.
    if not (SCRATCH / "base.toml").exists():
        file_of(b'title = "x"\n[kin.twin]\ntitle = "y"\nshare = { value = 0.5, assumption = "z" }\n', "base.toml")
    read_scenario(file_of(data, "fuzzed.toml"))


_BESIDES = ("groups", "factors", "kin", "quality", "records", "reviews", "claims", "break_even", "correlations")
"""Tables of a scenario that may be left out."""

_SCENARIO_WORDS = (
    "stated", "published", "tally", "deployments", "fpir", "threshold", "fixed", "uniform", "log-uniform", "pert",
    "beta", "counts", "lognormal", "mode", "alpha", "beta", "k", "n", "median", "factor", "prior", "jeffreys", "rest",
    "share_of_rest", "machine", "yes", "no", "same", "different", "adverse", "silent", "match", "everybody", "above",
    "below", "passport-share", "wrongly_held", "fta", "retries", "display", "capture", "images", "sources", "note",
    "search.growth", "reviews.officer", "records.status", "quality", "status", "group", "when", "then", "otherwise",
)  # fmt: skip


@cache
def _scenario() -> Whole:
    path = HERE.parent / "encounter" / "small.toml"
    return Whole(tomllib.loads(path.read_text(encoding="utf-8")), _SCENARIO_WORDS)


def scenario(data: bytes) -> None:
    """A small scenario with tables left out (2 bytes), and values exchanged, taken away or added."""
    from misid.encounter.reading import Document
    from misid.encounter.scenario import scenario_of

    table = _scenario().changed(data[2:])
    out = int.from_bytes(data[:2], "big")
    for place, name in enumerate(_BESIDES):
        if out >> place & 1:
            table.pop(name, None)
    scenario_of(
        Document(name="fuzzed", table=table, origins={}, files=(("fuzzed.toml", ""),), settings=(), folder=Path())
    )


def case_text(data: bytes) -> None:
    """A case file of any bytes."""
    from misid.cases.reading import parsed

    with contextlib.suppress(UnicodeDecodeError):  # `text_of` says it of the file
        parsed(data.decode("utf-8-sig"), "fuzzed.toml")


_CASE_WORDS = (
    "published", "stated", "tally", "deployments", "match", "no match", "same", "different", "scores", "score", "rank",
    "list_length", "always_full", "scans", "repeats", "no_kin", "kin", "twin", "review", "follows", "independent",
    "wrong_when_there", "other", "record", "no_match", "claims", "accuracy", "definitive", "tally_group", "fpir_times",
    "outranked", "kin_in_test", "growth", "uniform", "pert", "counts", "k", "n", "mode", "document", "source",
    "assumption", "nist-max-n", "tested_gallery", "misid-case-1", "group", "capture", "threshold",
)  # fmt: skip


@cache
def _cases() -> tuple[Whole, ...]:
    from misid.cases.ready import ready_names, ready_path

    return tuple(
        Whole(tomllib.loads(ready_path(name).read_text(encoding="utf-8")), _CASE_WORDS) for name in ready_names()
    )


def case(data: bytes) -> None:
    """A ready case (1 byte) with values exchanged, taken away or added."""
    from misid.cases import case_of

    if data:
        case_of(_cases()[data[0] % len(_cases())].changed(data[1:]))


def _published() -> list[bytes]:
    folder = files("misid.evidence") / "data"
    shipped = [entry.read_bytes()[:600] for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return [_RECORDS.encode(), *shipped[:4]]


def _scenarios() -> list[bytes]:
    return [
        b'extends = "base.toml"\nremove = ["kin.twin"]\n[search]\nhold = "fpir"\n',
        b'extends = "fuzzed.toml"\n', b'format = "misid-scenario-1"\n[a.b]\nc = [1, {d = 2}]\n', b"[[[[[[[[[[[[",
        b'format = "misid-scenario-1"\ntitle = "x"\nscans = { value = 1000, assumption = "made up" }\n',
    ]  # fmt: skip


def _texts_of_cases() -> list[bytes]:
    return [
        b'format = "misid-case-1"\ntitle = "x"\n[search]\nmodel = "stated"\ngallery = { value = 1e6, assumption = "x" }'
        b'\nfpir = { value = 0.1, assumption = "x" }\nfnir = { value = 0.1, assumption = "x" }\n[returned]\n'
        b'answer = "match"\n[prior]\nenrolled = { shape = "uniform", lo = 0.3, hi = 0.9, assumption = "why" }\n',
        b'format = "misid-case-1"\n[[scans]]\n[kin.twin]\n', b"a = 1e400\nb = 99999999999999999999999\n",
    ]  # fmt: skip


def _edits() -> list[bytes]:
    return [bytes(12), bytes(range(42)), bytes(range(200, 242)), b"\xff\xff" + bytes(range(7, 47)), b"\x01\x04abc"]


TARGETS = (
    Target(what="any text", run=evidence, seeds=_published, longest=800),
    Target(what="values exchanged, taken away, added", run=evidence_values, seeds=_edits, longest=40),
    Target(what="any bytes, and a whole table changed", run=deployments,
           seeds=lambda: [_DEPLOYMENTS, b"", b"\xff" + bytes(range(40))], longest=50),
    Target(what="any bytes", run=scenario_text, seeds=_scenarios, longest=200),
    Target(what="values exchanged, taken away, added; tables left out", run=scenario, seeds=_edits, longest=42),
    Target(what="any bytes", run=case_text, seeds=_texts_of_cases, longest=500),
    Target(what="values exchanged, taken away, added", run=case, seeds=_edits, longest=41),
)  # fmt: skip
