"""Files made to do damage: what no fuzzer comes upon, because it is long, deep or needs a place on the disk."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

import misid
from misid.cases import case_of, read_case
from misid.encounter.scenario import read_scenario
from misid.evidence import check as check_evidence
from misid.ground.errors import BadInputError
from misid.ground.hostile import is_deep
from misid.report.bundle import Bundle, bundle_bytes, read_bundle, verify
from misid.report.directory import files_of_older
from misid.search.reading import MOST_BYTES, read_deployments
from misid.tally import read_tally
from misid.tally.file import MANIFEST

SMALL = Path(__file__).with_name("small.tally")
LONG = 200_000
"""Characters: more than Python's CSV reader takes unless it is told."""


def refused(read: Callable[[], Any], *codes: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read()
    assert {problem.code for problem in caught.value.problems} <= set(codes), str(caught.value)


def _parts() -> dict[str, bytes]:
    with zipfile.ZipFile(SMALL) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip(path: Path, parts: dict[str, bytes], packed: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return path


def _bundle(**changes: Any) -> Bundle:
    given: dict[str, Any] = {
        "kind": "case", "title": "A case", "about": "x", "generated_with": "misid x",
        "files": {"report.json": b'{"a": 1}\n', "inputs/case.json": b"{}"},
        "run": {"seed": 0, "paper": "letter"}, "versions": {"misid": "x"}, "described": {},
    }  # fmt: skip
    return Bundle(**given | changes)


def _nested(levels: int) -> str:
    return "[" * levels + "]" * levels


# Lists in lists: as deep as Python still reads, and deeper


@pytest.mark.parametrize("levels", [11, 400, *range(900, 1000, 4), 100_000])
def test_no_depth_of_a_tally_ends_in_an_error_of_pythons(tmp_path: Path, levels: int) -> None:
    manifest = _parts()[MANIFEST].decode()
    deep = manifest.replace('"kind": "comparisons"', f'"kind": {_nested(levels)}')
    assert deep != manifest
    refused(lambda: read_tally(_zip(tmp_path / "deep.tally", {**_parts(), MANIFEST: deep.encode()})), "E047")


@pytest.mark.parametrize("levels", [11, 400, *range(900, 1000, 4), 100_000])
def test_no_depth_of_a_bundle_does(tmp_path: Path, levels: int) -> None:
    path = tmp_path / "bundle.zip"
    body = _nested(levels).encode()
    path.write_bytes(bundle_bytes(_bundle(files={"report.json": body, "inputs/case.json": body})))
    refused(lambda: verify(path), "E110", "E100")
    path.write_bytes(bundle_bytes(_bundle(files={"report.json": body, "inputs/case.json": b'{"a": ' + body + b"}"})))
    refused(lambda: verify(path), "E110", "E100")


def test_a_result_as_deep_as_python_reads_is_compared() -> None:
    from misid.report.bundle.verify import _compared

    body = f'{{"a": {_nested(900)}}}'.encode()
    bundle = _bundle(files={"report.json": body})
    assert not _compared("x", bundle, {"report.json": body}).changed


@pytest.mark.parametrize("levels", [11, 400, 100_000])
def test_no_depth_of_a_case_does(levels: int) -> None:
    title: list[Any] = []
    for _ in range(levels):
        title = [title]
    refused(lambda: case_of({"title": title}), "E100")


@pytest.mark.parametrize("text", ["a = " + "[" * LONG, "a = [" * 5000, "value = " + "9" * 5000])
def test_no_depth_and_no_length_of_toml_does(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hostile.toml"
    path.write_text(text, encoding="utf-8")
    refused(lambda: read_case(path), "E100")
    refused(lambda: read_scenario(path), "E080")
    assert {problem.code for problem in check_evidence(tmp_path)} == {"E061"}


def test_depth_is_counted() -> None:
    assert not is_deep(json.loads(_nested(11)))
    assert is_deep(json.loads(_nested(12)))


# Numbers without end


@pytest.mark.parametrize("number", ["9" * 400, "1e999", "-1e999", "nan", "inf"])
def test_numbers_beyond_all_others(tmp_path: Path, number: str) -> None:
    from tests.faults.fuzz.documents import _RECORDS

    path = tmp_path / "records.toml"
    path.write_text(_RECORDS.replace("value = 0.01", f"value = {number}").replace("1000", number), encoding="utf-8")
    assert {problem.code for problem in check_evidence(tmp_path)} == {"E062"}


@pytest.mark.parametrize("size", ["1e999", "-1", "NaN", '"9"', "[]"])
def test_sizes_in_a_bundle_that_are_none(tmp_path: Path, size: str) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_bytes(_bundle()))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    listed = parts["misid-bundle.json"].replace(b'"bytes": 2', f'"bytes": {size}'.encode())
    assert listed != parts["misid-bundle.json"]
    refused(lambda: read_bundle(_zip(path, {**parts, "misid-bundle.json": listed})), "E110", "E113")


# Ways of packing that may ask for gigabytes


@pytest.mark.parametrize("packed", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_are_packed_as_misid_packs_or_refused(tmp_path: Path, packed: int) -> None:
    refused(lambda: read_tally(_zip(tmp_path / "x.tally", _parts(), packed)), "E047")
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle_bytes(_bundle()))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    refused(lambda: read_bundle(_zip(path, parts, packed)), "E111")
    # A broken one in the place of an older report is no report of ours, and in nobody's way.
    damaged = bytearray(path.read_bytes())
    begin = damaged.index(b"misid-bundle.json") + len(b"misid-bundle.json")
    damaged[begin : begin + 40] = bytes(40)
    path.write_bytes(damaged)
    assert files_of_older(tmp_path) == set()


# Lines and files without end, names that are none


def test_lines_longer_than_python_reads(tmp_path: Path) -> None:
    for name, text, codes in (
        ("cell.csv", "probe,reference,score\n" + "x" * LONG + ",b,0.5\n", ("E021",)),
        ("line.csv", "x" * LONG, ("E007",)),
        ("quoted.csv", 'probe,reference,score\na,b,"' + "x" * LONG, ("E004", "E009")),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        refused(lambda name=name: misid.open_scores(tmp_path / name), *codes)  # type: ignore[misc]
    path = tmp_path / "deployments.csv"
    path.write_text('n_searches,gallery_n,false_positives\n1,"' + "x" * LONG, encoding="utf-8")
    refused(lambda: read_deployments(path), "E070", "W030", "W031")


def test_files_without_end_are_read_up_to_a_size() -> None:
    refused(lambda: read_case(Path("/dev/zero")), "E100")
    refused(lambda: read_scenario("/dev/zero"), "E081")
    assert MOST_BYTES < 1 << 27
    refused(lambda: read_deployments("/dev/zero"), "E070")


@pytest.mark.parametrize("name", ["a\x00b", "x" * 5000, "."])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    refused(lambda: read_case(tmp_path / name), "E001")
    refused(lambda: read_deployments(tmp_path / name), "E001")
    refused(lambda: read_scenario(tmp_path / name), "E001")
    refused(lambda: misid.open_scores(f"{tmp_path}/{name}"), "E001", "E002")
    refused(lambda: read_tally(tmp_path / name), "E047")
    refused(lambda: read_bundle(tmp_path / name), "E110")


# Paths: what a bundle names is in the bundle


@pytest.mark.parametrize("key", ["tally", "deployments"])
@pytest.mark.parametrize("path", ["/dev/zero", "../../../../../../etc/passwd", "example:../../../x", "a\x00b"])
def test_a_case_in_a_bundle_reaches_no_file_outside(tmp_path: Path, key: str, path: str) -> None:
    given = {
        "format": "misid-case-1", "title": "x", "returned": {"answer": "match"},
        "search": {"model": key, "gallery": {"value": 1e6, "assumption": "x"}, key: path, "threshold": 0.5},
        "prior": {"enrolled": {"shape": "uniform", "lo": 0.3, "hi": 0.9, "assumption": "x"}},
    }  # fmt: skip
    if key == "deployments":
        given["search"]["fnir"] = {"value": 0.1, "assumption": "x"}  # type: ignore[index]
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(
        bundle_bytes(_bundle(files={"report.json": b"{}", "inputs/case.json": json.dumps(given).encode()}))
    )
    # It looks for a file of its own name, which this bundle does not have.
    refused(lambda: verify(bundle), "E001", "E047")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../etc/passwd", "example:../../x", "/dev/zero"])
def test_a_scenario_in_a_bundle_reaches_no_file_outside(tmp_path: Path, path: str) -> None:
    small = (Path(__file__).parents[1] / "encounter" / "small.toml").read_text(encoding="utf-8")
    begin, end = small.index("[search]"), small.index("[records.status]")
    search = f"""[search]
model = "tally"
tally = "{path}"
threshold = {{ value = 0.5, assumption = "x" }}
gallery = {{ value = 1e6, assumption = "x" }}
fpir_is_of = "everybody"
outranked = {{ value = 0.01, assumption = "made up" }}
"""
    scenario = small[:begin] + search + small[end:].replace('"search.growth", ', '"search.gallery", ')
    run = {"draws": 2, "seed": 0, "level": 0.95, "paper": "letter", "name": "x", "settings": [],
           "files": [["x.toml", "0"]], "origins": {}}  # fmt: skip
    bundle = tmp_path / "bundle.zip"
    files = {"report.json": b"{}", "inputs/scenario.toml": scenario.encode()}
    bundle.write_bytes(bundle_bytes(_bundle(kind="assessment", files=files, run=run)))
    with pytest.raises(BadInputError) as caught:
        verify(bundle)
    assert "root:" not in str(caught.value)


# Parquet made to do damage


def _parquet(path: Path, select: str) -> Path:
    duckdb.sql(f"COPY ({select}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


BASE = "'a' || i AS probe, 'b' || i AS reference, i % 2 AS mated"


@pytest.mark.parametrize(
    ("name", "select", "codes"),
    [
        ("nested", f"SELECT {BASE}, {'{a: ' * 60}1{'}' * 60} AS score FROM range(9) AS t(i)", ("E010",)),
        ("lists", f"SELECT {BASE}, [[[i]]] AS score FROM range(9) AS t(i)", ("E010",)),
        ("blobs", f"SELECT {BASE}, 'x'::BLOB AS score FROM range(9) AS t(i)", ("E010",)),
        ("nothing", f"SELECT {BASE}, i AS score FROM range(0) AS t(i)", ("E002",)),
        ("wide", f"SELECT {BASE}, " + ", ".join(f"i AS \"c{n}'\"\"; DROP TABLE x; --\"" for n in range(500))
         + " FROM range(9) AS t(i)", ("E012",)),
    ],
)  # fmt: skip
def test_parquet_of_columns_that_are_no_scores(tmp_path: Path, name: str, select: str, codes: tuple[str, ...]) -> None:
    refused(lambda: misid.open_scores(_parquet(tmp_path / f"{name}.parquet", select)), *codes)


def test_sql_and_markup_in_parquet_are_text(tmp_path: Path) -> None:
    column = """sc"; DROP TABLE comparisons; --'ore"""
    quoted = '"' + column.replace('"', '""') + '"'
    path = _parquet(
        tmp_path / "x.parquet",
        "SELECT '<script>' || i % 12 AS probe, '''; DROP TABLE x; --' || i AS reference, '#eval(1)' || i % 12 AS "
        f"probe_person, '#eval(1)' || i // 12 AS reference_person, i / 7 AS {quoted} FROM range(144) AS t(i)",
    )
    with misid.open_scores(path, score=column) as scores:
        assert misid.check(scores).counts.rows == 144
        assert int(misid.build_tally(scores).tables["counts"]["count"].sum()) == 144


COUNT = """
import sys, misid
from pathlib import Path
with misid.open_scores(sys.argv[1], memory_limit="300MB", threads=1) as scores:
    codes = [problem.code for problem in misid.check(scores).problems]
    counts = misid.build_tally(scores).tables["counts"]["count"]
# Not `ru_maxrss`: that is the starting process's, where it was the larger.
peak = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(counts.sum()), peak, *codes)
"""


def test_a_parquet_bomb_costs_no_memory(tmp_path: Path) -> None:
    """Ten million rows in some kilobytes: opened, checked and counted, all of them, in a process of its own."""
    path = _parquet(
        tmp_path / "bomb.parquet",
        "SELECT 'a' AS probe, 'b' AS reference, 0 AS mated, 0.5 AS score FROM range(10_000_000) AS t(i)",
    )
    assert path.stat().st_size < 1 << 20
    with misid.open_scores(path, memory_limit="300MB", threads=1) as scores:
        assert sum(file.rows for file in scores.inputs) == 10_000_000
    done = subprocess.run([sys.executable, "-c", COUNT, path], capture_output=True, text=True, check=True)
    counted, peak_kb, *codes = done.stdout.split()
    assert int(counted) == 10_000_000
    # One pair again and again: the check refuses it.
    assert "E038" in codes
    # The engine's 300 MB and what Python, NumPy and the engine itself take; measured: 306 MB.
    assert int(peak_kb) < 500_000


@pytest.mark.parametrize("checksums", [True, False])
def test_the_engine_does_not_look_at_checksums_of_pages(tmp_path: Path, checksums: bool) -> None:
    """Nor can it then show damage, as the documentation says; what wrote the file can."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    n = 900
    table = pa.table({
        "probe": [f"p{i // 30}" for i in range(n)], "reference": [f"r{i % 30}" for i in range(n)],
        "mated": [i // 30 == i % 30 for i in range(n)], "score": pa.array([i / 1024 for i in range(n)], pa.float32()),
    })  # fmt: skip
    path = tmp_path / "scores.parquet"
    pq.write_table(table, path, write_page_checksum=checksums, compression="none", use_dictionary=["probe"])
    column = pq.read_metadata(path).row_group(0).column(3)
    data = bytearray(path.read_bytes())
    # In the middle of the page: one bit of one score, its sign.
    at = data.index(table["score"].chunk(0).buffers()[1].to_pybytes()[:400], column.data_page_offset)
    data[at + 4 * 100 + 3] ^= 0x80
    path.write_bytes(data)
    with misid.open_scores(path, threads=1) as scores:
        assert scores.engine.rows("SELECT min(score), count(*) FROM comparisons") == [(-100 / 1024, n)]
    if checksums:
        with pytest.raises(OSError, match="CRC"):
            pq.read_table(path, page_checksum_verification=True)
    else:
        assert pq.read_table(path, page_checksum_verification=True).num_rows == n


@pytest.mark.parametrize("length", [0, 1, 8, 2**16, 2**31 - 1, 2**32 - 1])
def test_a_parquet_footer_that_lies_about_its_length(tmp_path: Path, length: int) -> None:
    path = _parquet(tmp_path / "x.parquet", f"SELECT {BASE}, i AS score FROM range(9) AS t(i)")
    data = path.read_bytes()
    path.write_bytes(data[:-8] + length.to_bytes(4, "little") + data[-4:])
    refused(lambda: misid.open_scores(path), "E028")


# A disk on which nothing may be written; two runs at once; a full disk: `test_faults`. Of directories:


def test_a_report_is_written_over_no_link_to_elsewhere(tmp_path: Path) -> None:
    """A name that is a link to a file is no directory for a report."""
    (tmp_path / "elsewhere").write_text("mine", encoding="utf-8")
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    from misid.ground.errors import UsageError
    from misid.report.directory import write_files

    with pytest.raises(UsageError):
        write_files({"report.html": b"x"}, tmp_path / "out", force=True)
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "mine"
    assert stat.S_ISLNK(os.lstat(tmp_path / "out").st_mode)
