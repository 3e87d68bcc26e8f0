"""The tally file: the same bytes for the same tally, whole or refused, and no id in it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.ground.errors import BadInputError, UsageError
from misid.tally import Tally, build_tally, is_tally, read_tally, write_tally
from misid.tally.model import TABLES
from tests.tally.samples import Sample, blocks_in, cross


@pytest.fixture(scope="module")
def sample() -> Sample:
    return cross(np.random.default_rng(20), 16, 16, same=True, groups=[("F",), ("M",)], attributes=("sex",), fail=0.02)


@pytest.fixture(scope="module")
def tally(sample: Sample) -> Tally:
    with DuckDBEngine() as engine:
        return build_tally(sample.scores(engine), thresholds=[0.7], note="a generated test")


def test_what_is_written_is_read(tally: Tally, tmp_path: Path) -> None:
    write_tally(tally, tmp_path / "a.tally")
    again = read_tally(tmp_path / "a.tally")
    assert is_tally(tmp_path / "a.tally")
    for name, columns in TABLES.items():
        for column in columns:
            np.testing.assert_array_equal(again.tables[name][column], tally.tables[name][column])
    for name in ("edges", "levels", "thresholds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(tally, name))
    for name in (
        "kind",
        "joint",
        "labels",
        "people",
        "origin",
        "acquisition",
        "enrolment",
        "spectrum_from",
        "warnings",
    ):
        assert getattr(again, name) == getattr(tally, name), name


def test_same_tally_same_bytes(tally: Tally, sample: Sample, tmp_path: Path) -> None:
    with DuckDBEngine(threads=1) as engine:
        other = build_tally(sample.scores(engine, n_parts=3), thresholds=[0.7], note="a generated test")
    write_tally(tally, tmp_path / "a.tally")
    write_tally(other, tmp_path / "b.tally")
    assert (tmp_path / "a.tally").read_bytes() == (tmp_path / "b.tally").read_bytes()


def test_no_id_in_the_bytes(tally: Tally, sample: Sample, tmp_path: Path) -> None:
    write_tally(tally, tmp_path / "a.tally")
    with zipfile.ZipFile(tmp_path / "a.tally") as archive:
        unpacked = b"".join(archive.read(name) for name in archive.namelist())
    ids = {*sample.probe, *sample.reference, *sample.probe_person, *sample.reference_person}
    assert len(ids) > 40
    assert not [i for i in ids if i.encode() in unpacked]
    assert str(tmp_path).encode() not in unpacked


def test_no_score_in_the_bytes(tally: Tally, sample: Sample, tmp_path: Path) -> None:
    """Thresholds are found among the scores, yet no score is written: edges are round numbers between them."""
    write_tally(tally, tmp_path / "a.tally")
    with zipfile.ZipFile(tmp_path / "a.tally") as archive:
        text = archive.read("tally.json").decode()
    assert not [s for s in sample.score if repr(s) in text]
    assert not set(sample.score) & set(tally.edges.tolist())


def test_blocks_do_not_follow_from_ids() -> None:
    """The same people with other scores are in other blocks."""
    sample = cross(np.random.default_rng(5), 40, 40, same=True)
    other = replace(sample, score=[s + 0.3 * (i % 7) for i, s in enumerate(sample.score)])
    blocks = []
    for one in (sample, other):
        with DuckDBEngine() as engine:
            build_tally(one.scores(engine))
            blocks.append(blocks_in(engine))
    same = sum(blocks[0][p] == blocks[1][p] for p in blocks[0])
    assert blocks[0].keys() == blocks[1].keys()
    assert same < len(blocks[0]) / 2


def test_an_existing_file_is_kept(tally: Tally, tmp_path: Path) -> None:
    path = tmp_path / "a.tally"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        write_tally(tally, path)
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["a.tally"]
    write_tally(tally, path, force=True)
    assert read_tally(path).people == tally.people


def rewritten(path: Path, **changes: Callable[[bytes], bytes]) -> None:
    """The archive with some of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            change = changes.get(name.partition(".")[0])
            archive.writestr(name, change(body) if change else body)


def manifest(**fields: Any) -> Callable[[bytes], bytes]:
    return lambda body: json.dumps({**json.loads(body), **fields}).encode()


def without(field: str) -> Callable[[bytes], bytes]:
    return lambda body: json.dumps({k: v for k, v in json.loads(body).items() if k != field}).encode()


BROKEN: dict[str, tuple[dict[str, Callable[[bytes], bytes]], str]] = {
    "later version": ({"tally": manifest(version=2)}, "version 2.*later misid"),
    "other format": ({"tally": manifest(format="x")}, "misid-tally"),
    "not JSON": ({"tally": lambda b: b[:-20]}, "not JSON"),
    "deep nesting": ({"tally": lambda _: b"[" * 200_000}, "not JSON|RecursionError"),
    "missing field": ({"tally": without("levels")}, "levels"),
    "changed count": ({"counts": lambda b: b.replace(b",1\n", b",2\n", 1)}, "SHA-256"),
    "levels out of order": ({"tally": manifest(levels=[2.0, 1.0])}, "ascending"),
    "threshold no edge": ({"tally": manifest(thresholds=[0.123456])}, "not an edge"),
    "huge number": ({"tally": manifest(spectrum_from=1e400)}, "OverflowError|inf"),
    "label outside": (
        {"tally": manifest(labels=[{"name": "x", "attribute": "", "members": [99]}])},
        "labels do not fit|range",
    ),
    "hostile kind": ({"tally": manifest(kind="../../etc/passwd")}, "kind"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_tally_is_refused(tally: Tally, tmp_path: Path, name: str) -> None:
    changes, message = BROKEN[name]
    path = tmp_path / "a.tally"
    write_tally(tally, path)
    rewritten(path, **changes)
    with pytest.raises(BadInputError, match=f"(?s)E047.*({message})"):
        read_tally(path)


def test_a_table_that_is_missing_is_refused(tally: Tally, tmp_path: Path) -> None:
    write_tally(tally, tmp_path / "a.tally")
    with zipfile.ZipFile(tmp_path / "a.tally") as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != "mates.csv"}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    with pytest.raises(BadInputError, match=r"mates\.csv is missing"):
        read_tally(stream)


def test_numbers_that_are_not_are_refused(tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tally"
    # The checksum fits, the content does not.
    broken = dict(tally.tables)
    broken["mates"] = {**broken["mates"], "bin": broken["mates"]["bin"] + 10_000}
    with monkeypatch.context() as unlooked:
        # As somebody would write it who is not misid.
        unlooked.setattr("misid.tally.file.faults_of", lambda tally: [])
        write_tally(replace(tally, tables=broken), path)
    with pytest.raises(BadInputError, match=r"mates\.bin has a value outside"):
        read_tally(path)


@settings(max_examples=60, deadline=None)
@given(cut=st.floats(0, 0.999), flip=st.integers(0, 10_000))
def test_a_damaged_file_never_gives_a_tally_that_differs(
    tally: Tally, tmp_path_factory: pytest.TempPathFactory, cut: float, flip: int
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.tally"
    write_tally(tally, path)
    body = bytearray(path.read_bytes())
    if flip % 2:
        body = body[: int(len(body) * cut)]
    else:
        body[int(len(body) * cut)] ^= 1 + flip % 255
    path.write_bytes(bytes(body))
    try:
        again = read_tally(path)
    except BadInputError:
        return
    # A flipped bit in what the ZIP format does not protect (a date, a flag) may leave all content whole.
    for name in TABLES:
        for column in TABLES[name]:
            np.testing.assert_array_equal(again.tables[name][column], tally.tables[name][column])


def test_what_is_no_tally_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("probe,reference,score\n")
    assert not is_tally(path)
    assert not is_tally(tmp_path / "none")
    with pytest.raises(BadInputError, match="E047"):
        read_tally(path)
    with pytest.raises(BadInputError, match="no such file"):
        read_tally(tmp_path / "none")
