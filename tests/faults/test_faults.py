"""What may befall a run, done to it: nothing lost, nothing wrong written, and a message that says what to do.

`docs/faults.md` is the table of these, with the counts of the two studies (kills, fuzzing).
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest

import misid
from misid.ground.errors import BadInputError, MisidError
from misid.report.bundle import read_bundle
from misid.tally import read_tally
from misid.tally.file import MANIFEST
from tests.faults import kills

SRC = Path(misid.__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SRC)}
"""The commands are those of this package, wherever they run."""

PEOPLE = 40
OK, USAGE, BAD, ENGINE = 0, 2, 3, 5


def misid_run(*arguments: str | Path, cwd: Path | None = None, limit: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own; `limit` is a shell's ulimit before it."""
    command = [sys.executable, "-m", "misid", *map(str, arguments)]
    if limit:
        command = ["sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *command]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=ENVIRONMENT)


def rows_of(seed: int = 3, people: int = PEOPLE) -> list[str]:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(people, people)) + 4 * np.eye(people)
    return [f"p{i},r{j},{i},{j},{score[i, j]:.5f}\n" for i in range(people) for j in range(people)]


HEADER = "probe,reference,probe_person,reference_person,score\n"


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.csv"
    path.write_text(HEADER + "".join(rows_of()), encoding="utf-8")
    return path


def parquet(scores: Path, groups: int = 400) -> Path:
    path = scores.with_suffix(".parquet")
    duckdb.sql(f"COPY (SELECT * FROM read_csv('{scores}')) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {groups})")
    return path


def left_in(folder: Path, *known: str) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name not in known)


# A run that is killed: a small part of the study of tests/faults/kills.py


def test_killed_runs_lose_nothing(tmp_path: Path) -> None:
    results = tmp_path / "kills.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.kills", "--kills", "6", "--results", str(results)],
        cwd=kills.ROOT, capture_output=True, text=True, check=False, env=ENVIRONMENT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    assert sum(line["kills"] for line in lines) >= 6
    assert sum(line["lost"] for line in lines) == 0
    assert sum(line["left"] for line in lines) == 0


def test_the_study_of_kills_lost_nothing() -> None:
    lines = [json.loads(line) for line in kills.RESULTS.read_text("utf-8").splitlines()]
    assert sum(line["kills"] for line in lines) >= 500
    assert {line["job"] for line in lines} == {job.name for job in kills.JOBS}
    assert sum(line["lost"] for line in lines) == 0


@pytest.mark.slow
def test_the_whole_study_of_kills(tmp_path: Path) -> None:
    kills.study(500, tmp_path / "kills.jsonl", say=lambda _: None)
    lines = [json.loads(line) for line in (tmp_path / "kills.jsonl").read_text("utf-8").splitlines()]
    assert sum(line["lost"] for line in lines) == 0


def test_what_a_dead_run_left_is_swept_and_what_a_living_one_writes_is_not(scores: Path, tmp_path: Path) -> None:
    from misid.ground.files import replacing, scratch_directory

    target = tmp_path / "out.tally"
    dead = tmp_path / ".out.tally.abc.part"
    dead.write_bytes(b"half")
    with replacing(target) as partial:
        assert not dead.exists()
        partial.write_bytes(b"one")
        with replacing(target) as other:
            assert partial.exists()
            other.write_bytes(b"two")
        assert target.read_bytes() == b"two"
        target.unlink()
    assert target.read_bytes() == b"one"
    with scratch_directory(tmp_path, "scratch-") as living:
        not_ours = tmp_path / "scratch-of-somebody"
        not_ours.mkdir()
        with scratch_directory(tmp_path, "scratch-"):
            assert living.is_dir()
            assert not_ours.is_dir()


def test_a_scratch_directory_that_is_half_removed_is_removed_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it tidies up: whatever is left has its lock."""
    from misid.ground import files

    scratch, lock = files.new_scratch(tmp_path, "scratch-")
    (scratch / "a").mkdir()
    for name in ("a/ids", "b", "zz"):
        (scratch / name).write_text("ids", encoding="utf-8")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            files.remove_scratch(scratch, lock)
    assert (scratch / files.LOCK).exists()
    os.close(lock)  # as the system does it for a dead process
    with files.scratch_directory(tmp_path, "scratch-") as living:
        assert left_in(tmp_path) == [living.name]


# The disk is full, the output cannot be written


SCENARIO = kills.ROOT / "tests" / "encounter" / "small.toml"
WRITERS: dict[str, tuple[str | Path, ...]] = {
    "tally": ("scores.csv", "-o", "out.tally"), "report": ("scores.csv", "-o", "out"),
    "assess": (SCENARIO, "--draws", "64", "-o", "out"), "case": ("ready:single-match", "-o", "out"),
}  # fmt: skip
"""Commands and where they write, in a directory with scores.csv."""


@pytest.mark.parametrize("verb", WRITERS)
@pytest.mark.parametrize("blocks", [8, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 64, 400))])
def test_a_full_disk_leaves_nothing_half_written(scores: Path, verb: str, blocks: int) -> None:
    """No file may grow beyond so many blocks of 512 or 1,024 bytes, as on a disk that fills up."""
    folder = scores.parent
    done = misid_run(verb, *WRITERS[verb], "--quiet", cwd=folder, limit=f"-f {blocks}")
    assert done.returncode in (OK, USAGE, ENGINE), done.stderr
    if done.returncode:
        assert "error: " in done.stderr
        assert "try: " in done.stderr
        assert "defect" not in done.stderr
        assert left_in(folder, "scores.csv") == []
    assert misid_run(verb, *WRITERS[verb], "--quiet", "--force", cwd=folder).returncode == OK


@pytest.mark.parametrize("verb", WRITERS)
def test_an_output_that_may_not_be_written(scores: Path, tmp_path: Path, verb: str) -> None:
    if os.geteuid() == 0:
        # The superuser may write everywhere but where no file system lets anybody.
        closed = Path("/proc")
    else:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
    *rest, name = WRITERS[verb]
    done = misid_run(verb, *rest, closed / name, "--quiet", cwd=scores.parent)
    assert done.returncode == USAGE, done.stderr
    assert str(closed) in done.stderr
    assert "try: " in done.stderr


@pytest.mark.parametrize("verb", WRITERS)
def test_two_runs_into_one_output(scores: Path, verb: str) -> None:
    """Both whole: one of them writes, the other finds it there. With --force the last one stands."""
    folder = scores.parent
    for more in ((), ("--force",)):
        command = [sys.executable, "-m", "misid", verb, *map(str, WRITERS[verb]), "--quiet", *more]
        both = [
            subprocess.Popen(
                command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
            )
            for _ in range(2)
        ]
        talk = [process.communicate()[1] for process in both]
        codes = sorted(process.returncode for process in both)
        assert codes in (([0, 0], [0, 2]) if more else ([0, 2],)), talk
        if codes == [0, 2]:
            assert any("another run" in t or "exists already" in t for t in talk)
        if verb == "tally":
            read_tally(folder / "out.tally")
        elif verb == "report":
            json.loads((folder / "out" / "report.json").read_text())
        else:
            read_bundle(folder / "out" / "bundle.zip")
    assert left_in(folder, "scores.csv", "out.tally", "out") == []


@pytest.mark.parametrize("step", [True, False], ids=["in-one-step", "file-by-file"])
@pytest.mark.parametrize("foreign", [True, False], ids=["beside-others", "alone"])
def test_a_report_takes_the_place_of_an_older_one(
    tmp_path: Path, step: bool, foreign: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the system can: what is the older report's goes, what is not stays, and so do permissions."""
    from misid.report import directory

    if not step:
        monkeypatch.setattr(directory, "exchange", lambda *_: False)
    older = {"format": "misid-report", "tables": [{"file": "tables/old.csv"}]}
    out = tmp_path / "out"
    directory.write_files(
        {"report.html": b"old", "report.json": json.dumps(older).encode(), "tables/old.csv": b"1"}, out
    )
    out.chmod(0o750)
    before = out.stat()
    if foreign:
        (out / "notes.txt").write_text("mine", encoding="utf-8")
        (out / "tables" / "mine.csv").write_text("2", encoding="utf-8")
    new = {"report.html": b"new", "report.json": b"{}", "tables/new.csv": b"3"}
    directory.write_files(new, out, force=True)
    found = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert found == {**new, **({"notes.txt": b"mine", "tables/mine.csv": b"2"} if foreign else {})}
    assert out.stat().st_mode == before.st_mode
    assert left_in(tmp_path, "out") == []
    # Another directory has the name: that is how no moment between the two was there.
    if sys.platform == "linux":
        assert (out.stat().st_ino != before.st_ino) == (step and not foreign)


# The input changes under the run


def _while_counting(scores: Path, change: Callable[[Path], None]) -> tuple[int, str, Path]:
    """Open a file, change it, then count it."""
    output = scores.with_name("out.tally")
    try:
        with misid.open_scores(scores) as opened:
            change(scores)
            misid.write_tally(misid.build_tally(opened), output)
    except MisidError as error:
        return error.exit_code, str(error), output
    return OK, "", output


@pytest.mark.parametrize("what", ["truncated", "replaced", "appended", "removed"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_an_input_that_changes_during_the_run(scores: Path, what: str, kind: str) -> None:
    """Text is read once; Parquet is read in place, and what was counted must be what was hashed."""
    path = scores if kind == "csv" else parquet(scores)
    whole = scores.with_name("whole.tally")
    with misid.open_scores(path) as opened:
        misid.write_tally(misid.build_tally(opened), whole)
    other = scores.with_name("other.csv")
    other.write_text(HEADER + "".join(rows_of(seed=4)), encoding="utf-8")
    replacement = other if kind == "csv" else parquet(other)

    def change(file: Path) -> None:
        if what == "truncated":
            os.truncate(file, file.stat().st_size // 2)
        elif what == "replaced":
            shutil.copy(replacement, file)
        elif what == "appended":
            with file.open("ab") as end:
                end.write(b"a,b,c,d,0.1\n" * 100)
        else:
            file.unlink()

    code, message, output = _while_counting(path, change)
    if code == OK:
        assert output.read_bytes() == whole.read_bytes()
    else:
        assert code in (BAD, ENGINE)
        assert not output.exists()
        assert "try: " in message


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 12))])
def test_a_parquet_file_with_a_corrupt_page(scores: Path, seed: int) -> None:
    """Bytes in the middle of it: an error, or numbers that nobody could tell from others."""
    path = parquet(scores)
    rng = random.Random(seed)
    data = bytearray(path.read_bytes())
    at = rng.randrange(4, len(data) - 2000)
    for k in range(24):
        data[at + k] = rng.randrange(256)
    path.write_bytes(data)
    done = misid_run("tally", path, "-o", scores.with_name("out.tally"), "--quiet")
    assert done.returncode in (OK, BAD, ENGINE), done.stderr
    assert "defect" not in done.stderr
    assert (done.returncode == OK) == scores.with_name("out.tally").exists()


# Hostile files


def _changed_tally(folder: Path, change: Callable[[dict[str, object]], None]) -> Path:
    """The small tally with another manifest."""
    path = folder / "changed.tally"
    with zipfile.ZipFile(Path(__file__).with_name("small.tally")) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name == MANIFEST:
                manifest = json.loads(body)
                change(manifest)
                body = json.dumps(manifest).encode()
            target.writestr(name, body)
    return path


def test_a_tally_of_a_later_version(tmp_path: Path) -> None:
    path = _changed_tally(tmp_path, lambda m: m.update(version=2))
    verbs: dict[str, tuple[str | Path, ...]] = {
        "rates": (), "report": ("-o", tmp_path / "out"), "merge": ("-o", tmp_path / "sum.tally"),
    }  # fmt: skip
    for verb, more in verbs.items():
        done = misid_run(verb, path, *more)
        assert done.returncode == BAD
        assert "version 2" in done.stderr
        assert "later misid" in done.stderr
    assert left_in(tmp_path, "changed.tally") == []


def _zip(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return path


def test_hostile_archives_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(Path(__file__).with_name("small.tally")) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    deep = b"[" * 200_000 + b"]" * 200_000
    huge = b'{"format": "misid-tally", "version": ' + b"9" * 10_000 + b"}"
    for name, made in (
        ("bomb", {MANIFEST: b" " * (70 << 20)}),
        ("nested", {MANIFEST: deep}),
        ("integers", {MANIFEST: huge}),
        ("empty", {}),
        ("tables", {**parts, "counts.csv": b"1" * 100_000}),
    ):
        with pytest.raises(BadInputError) as caught:
            read_tally(_zip(tmp_path / f"{name}.tally", made))
        assert caught.value.problems[0].code == "E047"
    # Other members of the archive are never looked at, wherever they claim to lie.
    escaping = _zip(tmp_path / "path.tally", {**parts, "../../escaped": b"x", "/tmp/misid-escaped": b"x"})
    assert read_tally(escaping).kind == "comparisons"
    assert not (tmp_path.parent / "escaped").exists()
    assert not Path("/tmp/misid-escaped").exists()


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "#eval(\"1\")", "$ 1/0 $", "`raw`",
    "=HYPERLINK(\"http://example.org\")", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "'; DROP TABLE comparisons; --",
    "a\u202eb", "x" * 3000,
)  # fmt: skip
"""HTML, templates, Typst, spreadsheet formulas, SQL: as groups and columns somebody else wrote."""


def _hostile_report(folder: Path) -> Path:
    score = folder / "s.csv"
    people = folder / "people.csv"
    score.write_text(HEADER + "".join(rows_of(people=28)), encoding="utf-8")
    with people.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["person", "=cmd|' /C calc'!A0"])
        writer.writerows([k, HOSTILE[k % len(HOSTILE)]] for k in range(28))
    done = misid_run("report", score, "--subjects", people, "--group", "=cmd|' /C calc'!A0", "-o", folder / "out",
                     "--title", HOSTILE[0], "--note", HOSTILE[3], "--threshold", "1")  # fmt: skip
    assert done.returncode == OK, done.stderr
    return folder / "out"


def test_what_stands_in_groups_is_text_everywhere(tmp_path: Path) -> None:
    out = _hostile_report(tmp_path)
    page = (out / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "{{ 7*7 }}" in page
    for table in (out / "tables").glob("*.csv"):
        for row in csv.reader(io.StringIO(table.read_text("utf-8"))):
            for cell in row:
                # What a spreadsheet would run begins with one of these; numbers may, and are numbers.
                if cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
                    assert cell.replace("−", "-").lstrip("+-").replace(".", "").replace("e-", "").isdigit(), cell


def test_sql_in_names_of_columns_and_files_is_a_name(tmp_path: Path) -> None:
    column = 'score"; DROP TABLE comparisons; --'
    path = tmp_path / "it's; DROP TABLE x; --*.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["probe", "reference", "probe_person", "reference_person", column])
        writer.writerows(row.strip().split(",") for row in rows_of(people=12))
    with misid.open_scores(path, score=column) as scores:
        assert misid.check(scores).counts.rows == 144
        tally = misid.build_tally(scores)
    assert int(tally.tables["counts"]["count"].sum()) == 144


@pytest.mark.parametrize(
    "cell", ["9" * 400, "1e400", "-1e400", "0x10", "1_000", "١٢", "NaN" * 9, "inf", "1e-400", "\x00", "=1+1"]
)
def test_numbers_that_are_none_or_too_large(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(HEADER + "".join(rows_of(people=10)) + f"p,r,1,2,{cell}\n", encoding="utf-8")
    with contextlib.suppress(MisidError), misid.open_scores(path) as scores:
        misid.check(scores)
        misid.build_tally(scores)


def test_a_gzip_bomb_costs_disk_and_not_memory(tmp_path: Path) -> None:
    """A gigabyte of one line behind a megabyte of gzip: refused, in little memory and time."""
    import gzip

    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEADER.encode())
        for _ in range(256):
            file.write(b"1" * (1 << 20))
    began = time.monotonic()
    done = misid_run("check", path, limit="-v 6000000")
    assert done.returncode in (BAD, USAGE, ENGINE), done.stderr
    assert "defect" not in done.stderr
    assert time.monotonic() - began < 120
