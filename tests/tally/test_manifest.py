"""A manifest that somebody else made: every field is what it should be, or the tally is refused."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from misid.ground.errors import BadInputError, UsageError
from misid.tally import Tally, merge_tallies, read_tally, write_tally
from misid.tally import file as file_of
from misid.tally.file import MANIFEST
from misid.tally.manifest import MOST_NAME, MOST_TEXT, MOST_WARNINGS, faults_in

SMALL = Path(__file__).parents[1] / "faults" / "small.tally"
EXAMPLE = Path(__file__).parents[2] / "src" / "misid" / "examples" / "bssr1-face-c.tally"
TABLES_OF = ("people", "origin", "tables")

NO_TEXT: dict[str, Any] = {
    "number": 5, "null": None, "true": True, "list": ["x"], "table": {"a": 1}, "surrogate": "a\udfff",
}  # fmt: skip
NO_WHOLE: dict[str, Any] = {
    "text": "9", "true": True, "fraction": 2.5, "float": 2.0, "list": [1], "table": {}, "negative": -1, "huge": 1 << 60,
    "infinite": float("inf"),
}  # fmt: skip
NO_NUMBER: dict[str, Any] = {
    "text": "0.5", "true": True, "list": [0.5], "table": {}, "infinite": float("inf"), "none": float("nan"),
    "huge": 10**400,
}  # fmt: skip
NO_LIST: dict[str, Any] = {"text": "abc", "number": 7, "true": True, "null": None, "table": {"a": 1}}
NO_TABLE: dict[str, Any] = {"text": "abc", "number": 7, "true": True, "null": None, "list": [1]}


def long(most: int) -> dict[str, Any]:
    return NO_TEXT | {"long": "x" * (most + 1)}


def without_null(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


WRONG: dict[tuple[Any, ...], dict[str, Any]] = {
    ("version",): NO_WHOLE | {"null": None, "later": 2},
    ("format",): NO_TEXT,
    ("kind",): long(MOST_NAME),
    ("origin",): NO_TABLE,
    **{("origin", field): long(MOST_NAME)
       for field in ("misid_version", "engine", "engine_version", "polarity", "score_type")},
    ("origin", "note"): long(MOST_TEXT),
    ("origin", "unknown"): {"text": "x"},
    ("origin", "failure_codes"): NO_LIST,
    ("origin", "failure_codes", 0): long(MOST_NAME),
    ("origin", "queries"): NO_LIST,
    ("origin", "queries", 0): long(MOST_TEXT),
    ("origin", "refused"): NO_LIST,
    ("origin", "refused", 0): NO_LIST | {"short": ["x"], "long": ["x", 1, 2]},
    ("origin", "refused", 0, 0): long(MOST_NAME),
    ("origin", "refused", 0, 1): NO_WHOLE | {"null": None},
    ("origin", "inputs"): NO_LIST,
    ("origin", "inputs", 0): NO_TABLE | {"other field": {"a": 2}},
    ("origin", "inputs", 0, "what"): long(MOST_NAME),
    ("origin", "inputs", 0, "kind"): long(MOST_NAME),
    ("origin", "inputs", 0, "rows"): NO_WHOLE | {"null": None},
    ("origin", "inputs", 0, "bytes"): NO_WHOLE | {"null": None},
    ("origin", "inputs", 0, "sha256"): NO_TEXT | {"short": "ab", "capitals": "AB" * 32},
    ("people",): NO_TABLE,
    **{("people", field): NO_WHOLE | {"null": None} for field in ("probe", "reference", "any", "probes", "references")},
    ("people", "others"): {"number": 1},
    ("acquisition",): without_null(NO_LIST) | {"short": [1], "long": [1, 2, 3]},
    ("acquisition", 0): NO_WHOLE | {"null": None},
    ("enrolment", 1): NO_WHOLE | {"null": None},
    ("list_length",): NO_WHOLE,
    ("gallery",): NO_WHOLE,
    ("return_threshold",): NO_NUMBER,
    ("attributes",): NO_LIST,
    ("attributes", 0): long(MOST_NAME),
    ("joint",): NO_LIST,
    ("joint", 0): NO_LIST,
    ("joint", 0, 0): long(MOST_NAME),
    ("labels",): NO_LIST,
    ("labels", 1): NO_TABLE,
    ("labels", 1, "name"): long(MOST_TEXT),
    ("labels", 1, "attribute"): long(MOST_TEXT),
    ("labels", 1, "members"): NO_LIST,
    ("labels", 1, "members", 0): NO_WHOLE | {"null": None},
    ("thresholds",): NO_LIST,
    ("thresholds", 0): NO_NUMBER | {"null": None},
    ("levels",): NO_LIST,
    ("levels", 0): NO_NUMBER | {"null": None},
    ("edges",): NO_LIST,
    ("edges", 0): NO_NUMBER | {"number": 0.0},
    ("edges", 1): NO_NUMBER | {"null": None},
    ("spectrum_from",): NO_WHOLE | {"null": None},
    ("warnings",): NO_LIST | {"many": ["x"] * (MOST_WARNINGS + 1)},
    ("warnings", 0): long(MOST_TEXT),
    ("tables",): NO_TABLE,
    ("tables", "counts"): NO_TABLE,
    ("tables", "counts", "rows"): NO_WHOLE | {"null": None},
    ("tables", "counts", "sha256"): NO_TEXT,
}  # fmt: skip
"""Every place in a manifest, and what must not stand there."""

CASES = [(place, name) for place, values in WRONG.items() for name in values]
COMMANDS = {
    "rates": ("rates", "{}", "--threshold", "0.5"),
    "report": ("report", "{}", "-o", "out", "--force", "--threshold", "0.5", "--no-project"),
    "merge": ("merge", "{}", "other.tally", "-o", "sum.tally", "--force"),
    "project": ("project", "{}", "--gallery", "1000", "--threshold", "0.5"),
    "check": ("check", "{}"),
}


def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(SMALL) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def whole() -> dict[str, Any]:
    """The manifest of the small tally, with something in every list."""
    manifest: dict[str, Any] = json.loads(parts()[MANIFEST])
    manifest["origin"]["failure_codes"] = ["-1.0"]
    manifest["origin"]["refused"] = [["pair present twice", 3]]
    manifest["acquisition"], manifest["enrolment"], manifest["warnings"] = [0, 6], [0, 6], ["W003 x"]
    return manifest


def packed(manifest: dict[str, Any] | str) -> io.BytesIO:
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in (parts() | {MANIFEST: text.encode()}).items():
            archive.writestr(name, body)
    stream.seek(0)
    return stream


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    manifest = whole()
    at: Any = manifest
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    return manifest


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with another tally to add to."""
    other = whole()
    other["origin"]["inputs"] = []
    (tmp_path / "other.tally").write_bytes(packed(other).getvalue())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_whole_one_is_read() -> None:
    assert read_tally(packed(whole())).origin.refused == (("pair present twice", 3),)


@pytest.mark.parametrize(("place", "name"), CASES, ids=[f"{'.'.join(map(str, p))}-{n}" for p, n in CASES])
def test_a_wrong_value_is_refused_and_named(place: tuple[Any, ...], name: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read_tally(packed(changed(place, WRONG[place][name])))
    (problem,) = caught.value.problems
    assert problem.code == "E047"
    assert next(step for step in reversed(place) if isinstance(step, str)) in problem.seen
    # Fit for a terminal and for a file, and not the 65,537 characters.
    assert len(str(caught.value).encode()) < 1000


def test_every_field_that_misid_writes_is_in_the_table() -> None:
    named = {place[:2] if place[0] in TABLES_OF else place[:1] for place in WRONG}
    manifest = whole()
    for field, value in manifest.items():
        assert (field,) in named or field == "what", field
        if field in ("people", "origin"):
            assert {(field, below) for below in value} <= named


@pytest.mark.parametrize("place", [p for p in WRONG if p[0] != "tables"], ids=lambda p: ".".join(map(str, p)))
def test_a_missing_field_is_refused_or_known_to_be_absent(place: tuple[Any, ...]) -> None:
    if isinstance(place[-1], int) or place[-1] in ("unknown", "others"):
        return
    manifest = whole()
    at: Any = manifest
    for step in place[:-1]:
        at = at[step]
    del at[place[-1]]
    if place[-1] == "what":
        assert "what" not in read_tally(packed(manifest)).origin.inputs[0]
        return
    with pytest.raises(BadInputError, match="E047"):
        read_tally(packed(manifest))


def test_all_faults_are_told_at_once_each_field_once() -> None:
    manifest = whole()
    manifest["origin"]["note"] = 5
    manifest["people"]["any"] = "9"
    manifest["labels"] = [{**label, "name": 1, "members": "x"} for label in manifest["labels"]]
    faults = faults_in(manifest)
    assert [fault.partition(":")[0] for fault in faults] == [
        "origin.note",
        "people.any",
        "labels[0].name",
        "labels[0].members",
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_meets_a_wrong_value(lab: Path, misid: Callable[..., tuple[int, str, str]], command: str) -> None:
    for place, values in WRONG.items():
        for value in (next(iter(values.values())), *(v for n, v in values.items() if n in ("surrogate", "table"))):
            (lab / "wrong.tally").write_bytes(packed(changed(place, value)).getvalue())
            status, _, said = misid(*(a.format("wrong.tally") for a in COMMANDS[command]))
            assert status == 3, (place, value, said)
            assert "E047" in said


ODD = 'x\u202e<b>\x00\x1b[31m\r=1+1"\n' + "y" * 300


@pytest.mark.parametrize("command", COMMANDS)
def test_odd_texts_are_no_defect(lab: Path, misid: Callable[..., tuple[int, str, str]], command: str) -> None:
    manifest = whole()
    manifest["origin"] |= {"note": ODD, "engine": ODD, "score_type": "DOUBLE", "failure_codes": [ODD]}
    manifest["origin"]["inputs"][0]["kind"] = ODD
    del manifest["origin"]["inputs"][0]["what"]
    manifest["warnings"], manifest["attributes"] = [ODD], [ODD]
    manifest["joint"][0] = [ODD]
    manifest["labels"] = [
        {**label, "attribute": label["attribute"] and ODD, "name": ODD if label["name"] == "F" else label["name"]}
        for label in manifest["labels"]
    ]
    (lab / "odd.tally").write_bytes(packed(manifest).getvalue())
    status, _, said = misid(*(a.format("odd.tally") for a in COMMANDS[command]))
    # Six people are small cells: what `check` finds is that.
    assert status in ((3,) if command == "check" else (0, 2, 4)), said
    assert "E047" not in said


def test_a_part_that_is_there_twice_is_refused() -> None:
    for name in (MANIFEST, "mates.csv"):
        stream = packed(whole())
        with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
            archive.writestr(name, parts()[name])
        with pytest.raises(BadInputError, match=f"E047.*{name}: there twice"):
            read_tally(stream)


def test_a_field_that_is_there_twice_is_refused() -> None:
    text = json.dumps(whole()).replace('"note": ""', '"note": "a", "note": "b"')
    with pytest.raises(BadInputError, match=r"E047.*twice"):
        read_tally(packed(text))


def read_small(**origin: Any) -> Tally:
    small = read_tally(SMALL)
    return replace(small, origin=replace(small.origin, **origin))


@pytest.mark.parametrize("note", ["a\udfff", "x" * (MOST_TEXT + 1)])
def test_what_is_refused_is_not_written(tmp_path: Path, note: str) -> None:
    with pytest.raises(UsageError, match=r"origin\.note"):
        write_tally(read_small(note=note), tmp_path / "a.tally")
    assert not list(tmp_path.iterdir())


def test_a_note_that_cannot_be_written_is_refused_before_counting(
    tmp_path: Path, misid: Callable[..., tuple[int, str, str]]
) -> None:
    path = tmp_path / "s.csv"
    path.write_text("probe,reference,mated,score\na,1,1,0.9\na,2,0,0.2\nb,1,0,0.4\nb,2,1,0.8\n")
    status, _, said = misid("tally", path, "--note", "a\udcff", "-o", tmp_path / "a.tally")
    assert status == 2
    assert "the note is not text" in said


@pytest.mark.parametrize(("limit", "of"), [("MOST_BYTES", "unpacks to"), ("MOST_MANIFEST_BYTES", MANIFEST)])
def test_what_is_too_large_to_be_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, of: str
) -> None:
    tally = read_tally(SMALL)
    write_tally(tally, tmp_path / "a.tally")
    with zipfile.ZipFile(tmp_path / "a.tally") as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    size = sum(sizes.values()) if limit == "MOST_BYTES" else sizes[MANIFEST]
    monkeypatch.setattr(file_of, limit, size)
    write_tally(tally, tmp_path / "a.tally", force=True)
    read_tally(tmp_path / "a.tally")
    monkeypatch.setattr(file_of, limit, size - 1)
    with pytest.raises(BadInputError, match=f"E047.*{of}"):
        read_tally(tmp_path / "a.tally")
    (tmp_path / "a.tally").unlink()
    with pytest.raises(UsageError, match=f"(?s){of}.* 2 combinations of groups.*fewer attributes.*--min-people"):
        write_tally(tally, tmp_path / "a.tally")
    assert not list(tmp_path.iterdir())


def test_groups_that_attributes_do_not_make_are_not_added() -> None:
    own = whole()
    own["labels"][1]["name"] = "Women"
    swapped = whole()
    swapped["labels"][1]["members"], swapped["labels"][2]["members"] = [1], [0]
    other = read_small(inputs=())
    for manifest in (own, swapped):
        with pytest.raises(UsageError, match=r"group '(Women|F)' of a tally is not the one"):
            merge_tallies([read_tally(packed(manifest)), other])


def test_many_attributes_with_one_that_looks_like_two_end() -> None:
    """All combinations of forty attributes would never be counted out."""
    manifest = whole()
    manifest["attributes"] = ["a & b", *(f"c{i}" for i in range(39))]
    manifest["joint"] = [[*values, *"x" * 39] for values in manifest["joint"]]
    manifest["labels"] = [
        {**label, "attribute": label["attribute"] and "a & b"} for label in copy.deepcopy(manifest["labels"])
    ]
    tally = read_tally(packed(manifest))
    other = replace(tally, origin=replace(tally.origin, inputs=()))
    with pytest.raises(UsageError, match="group 'F' of a tally"):
        merge_tallies([tally, other])


def test_the_example_has_no_fault() -> None:
    with zipfile.ZipFile(EXAMPLE) as archive:
        assert faults_in(json.loads(archive.read(MANIFEST))) == []


def test_a_word_without_end_is_set(lab: Path, misid: Callable[..., tuple[int, str, str]]) -> None:
    """The PDF broke on 65,000 letters without a space; names and notes may have them."""
    (lab / "long.tally").write_bytes(packed(changed(("origin", "note"), "x" * 150_000)).getvalue())
    status, _, said = misid(*(a.format("long.tally") for a in COMMANDS["report"]))
    assert status == 0, said
