"""The frame of the command line: help, messages, exit codes, streams."""

from __future__ import annotations

import errno
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import misid as package
from misid.cli import main
from misid.cli.plumbing import COMMANDS, examples
from misid.ground.errors import BadInputError, EngineError, MisidError, NotEstimableError, UsageError
from misid.ground.files import replacing

Misid = Callable[..., tuple[int, str, str]]
COMMAND = [sys.executable, "-m", "misid"]


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_commands_along_the_road(misid: Misid, flag: str) -> None:
    status, out, err = misid(flag)
    assert (status, err) == (0, "")
    assert re.findall(r"^  (\w+) ", out.partition("Commands:")[2], re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_examples(misid: Misid, name: str) -> None:
    status, out, err = misid(name, "-h")
    assert (status, err) == (0, "")
    assert len(examples[name]) >= 2
    for example in examples[name]:
        assert f"\n  {example}\n" in out
        assert example.startswith(f"misid {name}")


def test_version(misid: Misid) -> None:
    assert misid("--version") == (0, f"misid {package.__version__}\n", "")


def test_nothing_said_gets_help_and_exit_2(misid: Misid) -> None:
    status, out, err = misid()
    assert (status, out) == (2, "")
    assert "Commands:" in err


@pytest.mark.parametrize(
    ("arguments", "said", "tried"),
    [
        (["rate", "x"], "No such command 'rate'. Did you mean 'rates'?", "misid --help"),
        (["rates", "--tresholds", "1"], "No such option: --tresholds", "misid rates --help"),
        (["rates"], "no source is named", "misid COMMAND SOURCE"),
        (["rates", "x.csv", "--threshold", "0,5x"], "--threshold: '5x' is not a number", "comma-separated"),
        (["rates", "x.csv", "--threshold", "nan"], "--threshold: 'nan' is not a number", "comma-separated"),
        (["rates", "x.csv", "--failure", "minus"], "--failure: 'minus' is not a number", "and nan"),
        (["rates", "x.csv", "--target", "1"], "--target: 1 is not between 0 and 1", "--target 0.001"),
        (["rates", "x.csv", "--rank", "0"], "--rank: 0 is not a rank", "whole numbers"),
        (["rates", "x.csv", "--level", "95"], "--level: 95 is not from 0.5 to below 1", "--level 0.95"),
        (["rates", "x.csv", "--acquisition", "3"], "--acquisition: '3' is not FAILED/ALL", "3/517"),
        (
            ["check", "x.csv", "--higher-is-more-similar", "--lower-is-more-similar"],
            "contradict each other",
            "give one",
        ),
        (["tally", "a.tally", "-o", "b.tally"], "a.tally is a tally already", "misid rates a.tally"),
        (["tally", "x.csv"], "--output is missing", "--output PATH"),
        (["report", "x.csv"], "--output is missing", "--output PATH"),
        (["rates", "a.tally", "b.tally"], "2 sources, and a.tally is a tally", "misid merge"),
        (["rates", "a.tally", "--failure", "-1"], "options on how to read scores", "leave them out"),
        (["rates", "example:nobody"], "no example is called 'nobody'", ""),
        (["rates", "x.csv", "--candidates", "y.csv"], "both SOURCE and --candidates", "give one"),
    ],
)
def test_a_wrong_call_is_said_with_a_way_out(misid: Misid, arguments: list[str], said: str, tried: str) -> None:
    status, out, err = misid(*arguments)
    assert (status, out) == (2, "")
    assert said in err.splitlines()[0]
    assert "\n  try: " in err
    assert tried in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["check", "tally", "rates", "report"])
@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        *(("--memory", value, "50MB to 1000TB") for value in ("-1GB", "0", "abc", "1e99GB", "80%", "32MB", "5000TB")),
        *(("--threads", value, "a whole number from 1 to ") for value in ("0", "-1", "100000", str(2**70))),
    ],
)
def test_limits_that_are_none_are_refused(
    lab: Path, misid: Misid, command: str, option: str, value: str, allowed: str
) -> None:
    wanted = () if command in ("check", "rates") else ("-o", lab / "x")
    status, out, err = misid(command, lab / "scores.csv", option, value, *wanted)
    assert (status, out) == (2, "")
    assert f"{option} is " in err
    assert value in err
    assert allowed in err
    assert not (lab / "x").exists()


@pytest.mark.parametrize("error", [UsageError, NotEstimableError, EngineError])
def test_exit_code_follows_the_error(misid: Misid, monkeypatch: pytest.MonkeyPatch, error: type[MisidError]) -> None:
    def raise_it(*_: object, **__: object) -> None:
        raise error("it went wrong", remedy="do it right")

    monkeypatch.setattr("misid.cli.rates.tally_of", raise_it)
    status, out, err = misid("rates", "x.csv")
    assert (status, out, err) == (error.exit_code, "", "misid: error: it went wrong\n  try: do it right\n")
    assert "Traceback" in misid("rates", "x.csv", "--debug")[2]


def test_a_defect_asks_to_be_reported(misid: Misid, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("misid.cli.rates.tally_of", fail)
    status, out, err = misid("rates", "x.csv")
    assert (status, out) == (1, "")
    assert "a defect of misid itself: ZeroDivisionError" in err
    assert "--debug" in err
    assert "Traceback" not in err
    assert "Traceback" in misid("rates", "x.csv", "--debug")[2]


def test_exit_codes_are_those_of_the_errors() -> None:
    errors = {error.exit_code for error in (UsageError, BadInputError, NotEstimableError, EngineError)}
    assert set(main.EXIT_CODES) == {0, 1, 129, 130, 143} | errors


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "interrupted; nothing"),
        (signal.SIGTERM, 143, "interrupted by SIGTERM; nothing"),
        (signal.SIGHUP, 129, "interrupted by SIGHUP; nothing"),
    ],
)
def test_a_signal_ends_a_run_and_leaves_nothing(tmp_path: Path, number: int, status: int, said: str) -> None:
    # Enough comparisons that the job is still under way when it is interrupted.
    big = tmp_path / "big.csv"
    import duckdb

    duckdb.execute(
        f"COPY (SELECT 'p' || range // 1500 AS probe, 'r' || range % 1500 AS reference, "
        f"(range // 1500 = range % 1500)::INT AS mated, (hash(range) % 10007) / 10007.0 AS score "
        f"FROM range(2250000)) TO '{big}'"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = set(tmp_path.iterdir())
    process = subprocess.Popen(
        [*COMMAND, "tally", str(big), "--higher-is-more-similar", "-o", str(tmp_path / "big.tally")],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    deadline = time.monotonic() + 30
    while not any(scratch.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    # Two, as `timeout` sends them: one to the process, one to its group.
    process.send_signal(number)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert said in err
    assert "Traceback" not in err
    assert set(tmp_path.iterdir()) == before
    assert list(scratch.iterdir()) == []


SWALLOWED = """
import os, signal, sys, time
from misid.ground.interrupts import INTERRUPTS
INTERRUPTS.install()
class Swallows:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(1)
try:
    {how}
    for _ in range(100):
        time.sleep(0.02)
    print("lost")
except KeyboardInterrupt:
    INTERRUPTS.end()
    os.kill(os.getpid(), signal.{name})  # a second one: nothing is raised any more
    print("ended", INTERRUPTS.exit_code)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(
    "how",
    [
        "Swallows()",
        "sorted([1, 2], key=lambda _: hasattr(Swallows(), 'x'))",
        "exec('try:\\n os.kill(os.getpid(), signal.SIGINT); time.sleep(1)\\nexcept BaseException: pass')",
    ],
)
def test_a_signal_that_a_destructor_or_a_library_drops_is_not_lost(name: str, how: str) -> None:
    code = SWALLOWED.format(name=name, how=how.replace("SIGINT", name))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.split(), done.stderr) == (["ended", str(128 + getattr(signal, name))], "")


def test_a_signal_that_whoever_started_the_run_ignores_is_ignored() -> None:
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from misid.ground.interrupts import INTERRUPTS; INTERRUPTS.install()\n"
        "os.kill(os.getpid(), signal.SIGHUP); print('goes on')"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "goes on\n"
    )


def test_a_signal_while_the_program_loads_is_said_without_a_traceback() -> None:
    code = (
        "import os, runpy, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'misid.cli.plumbing': os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv = ['misid', '--help']; runpy.run_module('misid', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (143, "")
    assert done.stderr == "misid: error: interrupted by SIGTERM; nothing was begun\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_gives_the_cursor_back(tmp_path: Path, number: int) -> None:
    code = (
        "import sys, time\nfrom misid.ground.interrupts import INTERRUPTS\nINTERRUPTS.install()\n"
        "from misid.ground.progress import Progress\n"
        "try:\n with Progress(show_after=0.05): time.sleep(30)\n"
        "except KeyboardInterrupt: INTERRUPTS.end(); sys.exit(INTERRUPTS.exit_code)"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, "-c", code], stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = b""
    while b"\x1b[?25l" not in shown:
        shown += os.read(ours, 65536)
    process.send_signal(number)
    assert process.wait(timeout=30) == 128 + number
    while b"\x1b[?25h" not in shown:  # at the end of what there is, reading raises
        shown += os.read(ours, 65536)
    os.close(ours)


@pytest.mark.parametrize(
    "words",
    [["doctor", "--format", "json"], ["evidence", "list"], ["rates", "example:bssr1-face-c", "--measure", "fta", "-q"]],
)
def test_a_closed_pipe_is_no_error(words: list[str]) -> None:
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


def test_messages_have_no_colour_in_a_pipe() -> None:
    done = subprocess.run([*COMMAND, "rates"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_has_colour_unless_it_wants_none(no_color: str, coloured: bool) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": no_color}
    done = subprocess.run([*COMMAND, "rates"], stdout=subprocess.DEVNULL, stderr=theirs, env=environment, check=False)
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert done.returncode == 2
    assert b"no source is named" in shown
    assert (b"\x1b[" in shown) is coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_can_be_shown(shell: str) -> None:
    # Not --show-completion, which asks what shell it was called from.
    environment = {**os.environ, "_MISID_COMPLETE": f"source_{shell}"}
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "_MISID_COMPLETE" in done.stdout


def test_completion_knows_the_commands() -> None:
    done = subprocess.run(
        COMMAND,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "_MISID_COMPLETE": "complete_bash", "COMP_WORDS": "misid ra", "COMP_CWORD": "1"},
    )
    assert done.stdout.split() == ["rates"]


@pytest.mark.parametrize("to", ["2>&-", "2>/dev/full", ">&-"])
def test_a_stream_that_takes_nothing_costs_no_result(lab: Path, tmp_path: Path, to: str) -> None:
    command = f"{' '.join(COMMAND)} tally {lab / 'scores.csv'} --failure -1 --unchecked -o {tmp_path / 'a.tally'} {to}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "a.tally").is_file()) == (0, True)
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_standard_output_is_named() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "doctor", "-q"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("misid: error: standard output: No space left on device\n")
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_named_by_the_file_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught, replacing(tmp_path / "a.tally"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(tmp_path / "a.tally")
    assert list(tmp_path.iterdir()) == []
