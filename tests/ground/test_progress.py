"""A long job says how far it is on a terminal, and nothing anywhere else."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from misid.ground.progress import NO_PROGRESS, Progress, ProgressLike

JOB = """
import sys, time
from misid.engine import DuckDBEngine
from misid.ground.progress import Progress
with DuckDBEngine(threads=1) as engine, Progress(show_after=0.1) as progress:
    progress.watch(engine.connection)
    progress.stage("making scores")
    engine.keep("t", "SELECT range AS i, hash(range) % 1000 AS g FROM range(6000000)")
    progress.stage("counting comparisons")
    engine.columns("SELECT g, count(DISTINCT i) AS n FROM t GROUP BY g")
print("done")
"""


def _on_a_terminal(code: str) -> str:
    """What a program shows on a terminal 80 columns wide."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm"},
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux's word for the other end being closed
                break
            if not piece:
                break
            shown += piece
        elif process.poll() is not None:
            break
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return shown.decode()


def test_terminal_sees_stage_elapsed_time_and_percentage() -> None:
    shown = _on_a_terminal(JOB)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "counting comparisons" in text
    assert re.search(r"\b0:00:0\d\b", text)
    percentages = [int(number) for number in re.findall(r"(\d+) %", text)]
    assert percentages
    assert all(0 <= percentage <= 100 for percentage in percentages)
    # Transient: the line is wiped and the cursor shown again.
    assert shown.rstrip().endswith(("\x1b[2K", "\x1b[?25h")) or "\x1b[2K" in shown[-40:]


def test_a_pipe_sees_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", JOB], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("enabled", "show_after", "seconds", "shown"),
    [(True, 0.0, 0.1, True), (True, 60.0, 0.0, False), (False, 0.0, 0.1, False)],
)
def test_shown_only_after_a_while_and_not_when_quiet(
    enabled: bool, show_after: float, seconds: float, shown: bool
) -> None:
    stream = Terminal()
    with Progress(stream=stream, enabled=enabled, show_after=show_after) as progress:
        progress.stage("counting [part 1]")
        time.sleep(seconds)
    assert ("counting [part 1]" in stream.getvalue()) is shown


def test_an_engine_that_cannot_tell_gets_no_percentage() -> None:
    class Unknowing:
        def query_progress(self) -> float:
            return -1.0

    stream = Terminal()
    with Progress(stream=stream, show_after=0.0) as progress:
        progress.watch(Unknowing())
        time.sleep(0.1)
    assert "working" in stream.getvalue()
    assert "%" not in stream.getvalue()


def test_errors_pass_and_the_thread_ends() -> None:
    import threading

    with pytest.raises(ValueError, match="broken"), Progress(stream=Terminal(), show_after=0.0):
        raise ValueError("broken")
    assert not [thread for thread in threading.enumerate() if thread.name == "misid-progress"]


def test_listening_to_nobody_is_a_progress_too() -> None:
    listeners: list[ProgressLike] = [NO_PROGRESS, Progress(stream=io.StringIO())]
    for listener in listeners:
        listener.stage("counting")


def test_a_percentage_that_begins_again_names_its_step() -> None:
    progress = Progress(stream=io.StringIO())
    progress.stage("checking")
    assert [progress._step(p) for p in (0.0, 61.0, None, 58.0, 58.0, 9.0)] == [
        "checking", "checking", "checking", "checking, step 2", "checking, step 2", "checking, step 3",
    ]  # fmt: skip
    progress.stage("counting")
    assert [progress._step(p) for p in (5.0, 4.0)] == ["counting", "counting, step 2"]
