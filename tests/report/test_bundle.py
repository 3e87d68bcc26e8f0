"""The bundle: the same bytes each time, an RO-Crate, and refused whole where an enemy had it."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from misid.ground.errors import BadInputError
from misid.report.bundle import Bundle, bundle_bytes, read_bundle
from misid.report.bundle.file import MOST_BYTES_EACH, MOST_FILES
from misid.report.bundle.model import MANIFEST, METADATA
from misid.report.bundle.versions import installed, lock_text


def made(**changes: Any) -> Bundle:
    given: dict[str, Any] = {
        "kind": "assessment", "title": "A stop", "about": "Officers photograph people.", "generated_with": "misid x",
        "files": {"report.json": b'{"a": 1}\n', "report.html": b"<p>", "inputs/scenario.toml": b"x = 1\n"},
        "run": {"draws": 64, "seed": 1}, "versions": {"python": "3.11.2", "misid": "x", "numpy": "2"},
        "described": {"report.json": "the result", "inputs/scenario.toml": "the scenario"},
    }  # fmt: skip
    return Bundle(**given | changes)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_bytes(made()))
    return path


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)


def problems(path: Path) -> list[Any]:
    with pytest.raises(BadInputError) as caught:
        read_bundle(path)
    assert caught.value.exit_code == 3
    for found in caught.value.problems:
        assert found.where
        assert found.seen
        assert found.allowed
        assert found.remedy
    return list(caught.value.problems)


def codes(path: Path) -> set[str]:
    return {found.code for found in problems(path)}


def test_a_bundle_comes_back_as_it_was_written(whole: Path) -> None:
    read, given = read_bundle(whole), made()
    assert (read.kind, read.title, read.about, read.run) == (given.kind, given.title, given.about, given.run)
    assert read.files == {**given.files, "versions.txt": b"# python 3.11.2\nmisid==x\nnumpy==2\n"}
    assert read.versions == given.versions


def test_equal_bundles_have_equal_bytes() -> None:
    assert bundle_bytes(made()) == bundle_bytes(made(files=dict(reversed([*made().files.items()]))))


def test_it_is_an_ro_crate_that_the_library_reads(whole: Path) -> None:
    from rocrate.rocrate import ROCrate

    crate = ROCrate(whole)
    assert crate.name == "A stop"
    files = {entity.id: entity for entity in crate.get_by_type("File")}
    assert {"report.json", "inputs/scenario.toml", "versions.txt", MANIFEST} <= set(files)
    assert files["report.json"]["sha256"] == hashlib.sha256(b'{"a": 1}\n').hexdigest()
    assert crate.datePublished.year == 1970
    [run] = crate.get_by_type("CreateAction")
    assert [e.id for e in run["object"]] == ["inputs/scenario.toml"]


def test_a_date_is_the_one_given() -> None:
    assert b'"datePublished": "2026-11-27"' in bundle_bytes(made(date="2026-11-27"))


def test_versions_are_those_of_what_misid_stands_on() -> None:
    found = installed()
    assert {"python", "misid", "numpy", "scipy", "typst", "rocrate", "duckdb"} <= set(found)
    assert "pytest" not in found
    assert f"numpy=={found['numpy']}" in lock_text(found)


@pytest.mark.parametrize("body", [b"", b"no zip", b"PK\x03\x04" + b"\x00" * 40, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(body)
    assert codes(path) == {"E110"}


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no such file" in problems(tmp_path / "nowhere.zip")[0].seen
    assert codes(tmp_path) == {"E110"}


def test_what_else_misid_writes_is_told_from_a_bundle(tmp_path: Path, whole: Path) -> None:
    tally = Path(__file__).parents[1] / "faults" / "small.tally"
    [found] = problems(tally)
    assert (found.code, found.seen) == ("E110", "a tally, which holds counts and no report")
    assert found.remedy.startswith(f"misid check {tally} ")
    report = tmp_path / "report"
    report.mkdir()
    (report / "report.json").write_text("{}")
    for path, what in ((report, "a directory"), (report / "report.json", "one file of a report")):
        [found] = problems(path)
        assert (found.code, found.seen) == ("E110", what)
        assert "bundle.zip that misid assess" in found.remedy
    whole.rename(report / "bundle.zip")
    for path in (report, report / "report.json"):
        assert problems(path)[0].remedy == f"misid verify {report / 'bundle.zip'}"
    other = tmp_path / "other.zip"
    rewritten(other, {"scores.csv": b"a,b\n"})
    assert [(p.code, p.seen) for p in problems(other)] == [("E110", "a ZIP file with nothing of a bundle in it")]


@pytest.mark.parametrize("cut", [10, 200, 1000])
def test_a_cut_file_is_refused(whole: Path, cut: int) -> None:
    whole.write_bytes(whole.read_bytes()[:-cut])
    assert codes(whole) <= {"E110", "E113"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "a/../../evil",
        "C:/evil",
        "a\\..\\evil",
        "a//b",
        "./../x",
        "inputs/..",
        "a/",
        "\\\\host\\x",
    ],
)
def test_names_that_lead_outside_are_refused(whole: Path, name: str) -> None:
    files = parts(whole)
    with zipfile.ZipFile(whole, "w") as archive:
        for known, body in files.items():
            archive.writestr(known, body)
        entry = zipfile.ZipInfo("x")
        entry.filename = name
        archive.writestr(entry, b"evil")
    assert "E111" in codes(whole)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_links_and_devices_are_refused(whole: Path, kind: int) -> None:
    files = parts(whole)
    with zipfile.ZipFile(whole, "w") as archive:
        for known, body in files.items():
            entry = zipfile.ZipInfo(known)
            entry.external_attr = (kind | 0o777) << 16 if known == "report.json" else 0
            archive.writestr(entry, b"/etc/passwd" if known == "report.json" else body)
    [found] = problems(whole)
    assert (found.code, found.seen) == ("E111", "a link or a special file")


def test_a_bomb_is_refused_before_it_is_unpacked(whole: Path) -> None:
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("report.json", "w", force_zip64=True) as stream:
            for _ in range(MOST_BYTES_EACH // (1 << 20) + 1):
                stream.write(bytes(1 << 20))
    assert whole.stat().st_size < 1 << 20
    assert codes(whole) == {"E111"}


def test_a_bomb_that_lies_about_its_size_is_refused(whole: Path) -> None:
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", bytes(10 << 20))
    raw = whole.read_bytes()
    size = (10 << 20).to_bytes(4, "little")
    assert raw.count(size) == 2
    whole.write_bytes(raw.replace(size, (100).to_bytes(4, "little")))
    assert codes(whole) <= {"E110", "E111"}


def test_too_many_files_are_refused(whole: Path) -> None:
    rewritten(whole, {f"f{i}": b"" for i in range(MOST_FILES + 1)})
    assert codes(whole) == {"E111"}


def test_a_name_there_twice_is_refused(whole: Path) -> None:
    files = parts(whole)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(whole, "w") as archive:
            for known, body in (*files.items(), ("report.json", b"{}")):
                archive.writestr(known, body)
    assert "E111" in codes(whole)


@pytest.mark.parametrize("name", [MANIFEST, METADATA, "report.json", "inputs/scenario.toml", "versions.txt"])
def test_a_missing_part_is_named(whole: Path, name: str) -> None:
    files = parts(whole)
    del files[name]
    rewritten(whole, files)
    found = problems(whole)
    assert any(name in p.where and p.code in ("E112", "E110") for p in found)


@pytest.mark.parametrize("name", ["report.json", "report.html", "inputs/scenario.toml", "versions.txt", MANIFEST])
def test_a_changed_byte_is_found(whole: Path, name: str) -> None:
    files = parts(whole)
    files[name] = files[name].replace(b"1", b"2", 1) if b"1" in files[name] else files[name] + b" "
    rewritten(whole, files)
    assert codes(whole) & {"E110", "E113", "E114"}


def test_a_change_with_a_new_sum_in_one_list_is_found_by_the_other(whole: Path) -> None:
    files = parts(whole)
    old, new = (hashlib.sha256(body).hexdigest().encode() for body in (files["report.json"], b'{"a": 2}\n'))
    files["report.json"] = b'{"a": 2}\n'
    files[MANIFEST] = files[MANIFEST].replace(old, new)
    rewritten(whole, files)
    assert codes(whole) == {"E113"}


def test_a_file_that_is_not_listed_is_refused(whole: Path) -> None:
    rewritten(whole, {**parts(whole), "extra.txt": b"x"})
    assert codes(whole) == {"E113"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: m | {"version": 2}, "E114"), (lambda m: m | {"version": "1"}, "E114"),
        (lambda m: m | {"format": "other"}, "E110"), (lambda m: [], "E110"), (lambda m: None, "E110"),
        (lambda m: {k: v for k, v in m.items() if k != "run"}, "E110"), (lambda m: m | {"files": []}, "E110"),
        (lambda m: m | {"title": 5}, "E110"), (lambda m: m | {"versions": {"numpy": 2}}, "E110"),
        (lambda m: m | {"files": {"report.json": None}}, "E110"),
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(whole: Path, change: Callable[[Any], Any], code: str) -> None:
    files = parts(whole)
    files[MANIFEST] = json.dumps(change(json.loads(files[MANIFEST]))).encode()
    rewritten(whole, files)
    assert code in codes(whole)


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b"\xff\xfe", b"{}", b'{"@graph": [{"@type": "File"}]}', b'"x"'])
def test_a_description_that_is_none_is_refused(whole: Path, body: bytes) -> None:
    rewritten(whole, {**parts(whole), METADATA: body})
    assert codes(whole) & {"E110", "E113"}


def test_an_encrypted_file_is_refused(whole: Path) -> None:
    raw = bytearray(whole.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(raw))) as archive:
        offset = archive.infolist()[0].header_offset
        central = archive.start_dir
    raw[offset + 6] |= 1
    raw[central + 8] |= 1
    whole.write_bytes(bytes(raw))
    assert codes(whole) == {"E111"}
