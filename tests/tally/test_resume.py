"""A long tally keeps what it has finished: killed anywhere and run again, it ends in the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.ground.errors import EngineError
from misid.scores import open_scores
from misid.tally import build_tally, discard_parts, write_tally
from misid.tally.parts import FOLDER, Parts

RUN = """
import sys
from pathlib import Path
from misid.scores import open_scores
from misid.tally import build_tally, discard_parts, write_tally
source, work, out = map(Path, sys.argv[1:])
with open_scores(source) as scores:
    tally = build_tally(scores, thresholds=[0.5], work=work)
write_tally(tally, out, force=True)
discard_parts(work)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test of 60 people in four files of one form."""
    folder = tmp_path_factory.mktemp("scores")
    rng = np.random.default_rng(40)
    rows = [
        f"p{i},r{j},s{i},s{j},{float(np.round(rng.standard_normal() * 0.2 + (0.8 if i == j else 0.0), 4))}"
        for i in range(60)
        for j in range(60)
    ]
    for part in range(4):
        header = "probe,reference,probe_person,reference_person,score"
        (folder / f"part-{part}.csv").write_text("\n".join([header, *rows[part::4], ""]))
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("whole") / "whole.tally"
    with open_scores(folder) as scores:
        write_tally(build_tally(scores, thresholds=[0.5]), out)
    return out.read_bytes()


def test_finished_parts_change_nothing(folder: Path, whole: bytes, tmp_path: Path) -> None:
    work, out = tmp_path / "work", tmp_path / "out.tally"
    work.mkdir()
    (work / "mine").write_text("precious")
    with open_scores(folder) as scores:
        write_tally(build_tally(scores, thresholds=[0.5], work=work), out)
    assert out.read_bytes() == whole
    discard_parts(work)
    assert [p.name for p in work.iterdir()] == ["mine"]
    (work / "mine").unlink()
    discard_parts(work)
    assert not work.exists()


def test_killed_anywhere_it_goes_on(folder: Path, whole: bytes, tmp_path: Path) -> None:
    work, out = tmp_path / "work", tmp_path / "out.tally"
    arguments = [sys.executable, "-c", RUN, str(folder), str(work), str(out)]
    began = time.monotonic()
    killed = 0
    for files_wanted in (1, 4, 9, 15):
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and time.monotonic() - began < 120:
            if work.exists() and len(list(work.glob("*/*.parquet"))) >= files_wanted:
                os.kill(process.pid, signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
                break
            time.sleep(0.002)
        process.wait()
        if out.exists():
            break
        finished = {f: f.stat().st_mtime_ns for f in work.glob("*/*.parquet")}
        assert finished
    assert killed
    if not out.exists():
        subprocess.run(arguments, check=True)
    assert out.read_bytes() == whole
    assert not work.exists()


def test_finished_parts_are_taken_up(folder: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    runs: list[str] = []

    def query(view: str) -> str:
        runs.append(view)
        return f"SELECT count(*) AS n FROM {view}"

    with open_scores(folder) as scores:
        assert scores.part_fingerprints is not None
        parts = Parts(scores.engine, scores.parts, scores.part_fingerprints, work)
        parts.run("n_rows", query)
        first = {f: f.stat().st_mtime_ns for f in work.glob("*/*.parquet")}
        assert len(first) == 4
        parts.run("n_rows", query)
        assert {f: f.stat().st_mtime_ns for f in work.glob("*/*.parquet")} == first
        assert int(scores.engine.columns("SELECT sum(n) AS n FROM n_rows")["n"][0]) == 3600
        # Another content is another part.
        Parts(scores.engine, scores.parts, ("x", "x", "x", "x"), work).run("n_rows", query)
        assert len(list(work.glob("*/*.parquet"))) == 8


def test_a_failed_pass_leaves_no_half_part(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with DuckDBEngine() as engine:
        engine.view("v", "SELECT 1 AS a")
        with pytest.raises(EngineError):
            Parts(engine, ("v",), ("x",), work).run("broken", lambda view: f"SELECT error('x') FROM {view}")
        assert not list(work.glob("*/*.parquet"))
    assert oct((work / FOLDER).stat().st_mode)[-3:] == "700"


def test_a_changed_part_is_made_again(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with DuckDBEngine() as engine:
        engine.view("v", "SELECT 7 AS a")
        parts = Parts(engine, ("v",), ("x",), work)
        parts.run("sevens", lambda view: f"SELECT a FROM {view}")
        (part,) = work.glob("*/*.parquet")
        whole = part.read_bytes()
        for broken in (whole[:-1], whole + b"x", b""):
            part.write_bytes(broken)
            parts.run("sevens", lambda view: f"SELECT a FROM {view}")
            assert engine.columns("SELECT a FROM sevens")["a"].tolist() == [7]
        # Another engine's answer under the right name is no better.
        engine.save("SELECT 8 AS a", part)
        parts.run("sevens", lambda view: f"SELECT a FROM {view}")
        assert engine.columns("SELECT a FROM sevens")["a"].tolist() == [7]


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_bytes(b"x")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _link(target: str) -> Callable[[Path], object]:
    def link(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return link


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": _bytes(b""),
    "not ASCII": _bytes(b"\xff\xfe" * 2048),
    "zeros": _bytes(bytes(4096)),
    "another sum": _bytes(b"0" * 64),
    "one too long": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "missing": lambda path: path.unlink(),
    "a directory": _directory,
    "a pipe": _pipe,
    "a link to nothing": _link("nowhere"),
    "a link to itself": lambda path: _link(path.name)(path),
    "a link without end": _link("/dev/zero"),
}


@pytest.mark.parametrize("place", ["part", "sum"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_part_is_made_again(tmp_path: Path, damage: str, place: str) -> None:
    work = tmp_path / "work"
    with DuckDBEngine(threads=1) as engine:
        engine.view("v", "SELECT 7 AS a")
        parts = Parts(engine, ("v",), ("x",), work)

        def run() -> list[int]:
            parts.run("sevens", lambda view: f"SELECT a FROM {view}")
            return [int(a) for a in engine.columns("SELECT a FROM sevens")["a"]]

        assert run() == [7]
        (part,) = work.glob("*/*.parquet")
        sum_ = part.with_name(f"{part.name}.sha256")
        whole = part.read_bytes(), sum_.read_bytes()
        DAMAGES[damage](part if place == "part" else sum_)
        assert run() == [7]
        assert (part.read_bytes(), sum_.read_bytes()) == whole
    assert sorted(work.glob("*/*")) == sorted([part, sum_])
    discard_parts(work)
    assert not work.exists()


@pytest.mark.parametrize("place", ["part", "sum"])
def test_a_part_that_cannot_be_read_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """As if for want of permission, which a superuser never meets."""
    opened = Path.open

    with DuckDBEngine(threads=1) as engine:
        engine.view("v", "SELECT 7 AS a")
        parts = Parts(engine, ("v",), ("x",), tmp_path / "work")
        parts.run("sevens", lambda view: f"SELECT a FROM {view}")
        (part,) = tmp_path.glob("work/*/*.parquet")
        locked = part if place == "part" else part.with_name(f"{part.name}.sha256")
        refused: list[Path] = []

        def open_or_not(self: Path, *arguments: Any, **more: Any) -> Any:
            if self == locked and not refused:
                refused.append(self)
                raise PermissionError(13, "Permission denied", str(self))
            return opened(self, *arguments, **more)

        monkeypatch.setattr(Path, "open", open_or_not)
        parts.run("sevens", lambda view: f"SELECT a FROM {view}")
        assert refused == [locked]
        assert engine.columns("SELECT a FROM sevens")["a"].tolist() == [7]


def test_a_damaged_part_changes_no_tally(folder: Path, whole: bytes, tmp_path: Path) -> None:
    """Every kind of damage at once, each to another part or sum of a run that was finished and not discarded."""
    work, out = tmp_path / "work", tmp_path / "out.tally"
    with open_scores(folder) as scores:
        build_tally(scores, thresholds=[0.5], work=work)
    files = sorted(work.glob("*/*"))
    assert len(files) > 2 * len(DAMAGES)
    for damage, file in zip(DAMAGES.values(), files[::2], strict=False):
        damage(file)
    with open_scores(folder) as scores:
        write_tally(build_tally(scores, thresholds=[0.5], work=work), out)
    assert out.read_bytes() == whole
