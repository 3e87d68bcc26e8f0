"""The scripts in run/: POSIX sh, nothing done twice, and clear words where they cannot go on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted(path for path in (ROOT / "run").iterdir() if path.suffix != ".py" and path.is_file())


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that the scripts look at, and none of the package."""
    for name in ("run", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PATH with the few tools that the scripts use, and no Python."""
    folder = tmp_path_factory.mktemp("tools")
    for name in ("sh", "cat", "cksum", "dirname"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return folder


def _python(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def _sh(checkout: Path, tools: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(tools / "sh"), "-euc", f". run/_setup\n{code}"],
        cwd=checkout,
        env={"PATH": str(tools), "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_posix_sh(script: Path) -> None:
    shell = shutil.which("dash") or "sh"
    subprocess.run([shell, "-n", str(script)], check=True)
    text = script.read_text()
    assert "[[" not in text
    assert "pipefail" not in text


def test_ci_runs_the_command_of_the_readme() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert (ROOT / ".ci" / "run").read_text().rstrip().endswith("exec sh run/tests")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "\nsh run/tests" in readme
    assert "\nsh run/example" in readme


def test_an_old_python_is_said(checkout: Path, tools: Path) -> None:
    _python(tools, "python3", 'case "$1" in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac')
    done = _sh(checkout, tools, "setup main")
    assert done.returncode != 0
    assert "needs CPython 3.11 or newer; found Python 3.9.2" in done.stderr
    assert "PYTHON=/path/to/python3.11" in done.stderr


def test_no_python_is_said(checkout: Path, tools: Path) -> None:
    done = _sh(checkout, tools, "setup main")
    assert done.returncode != 0
    assert "needs CPython 3.11 or newer" in done.stderr


def test_a_missing_venv_module_is_said(checkout: Path, tools: Path) -> None:
    _python(tools, "python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    done = _sh(checkout, tools, "setup main")
    assert done.returncode != 0
    assert "python3-venv" in done.stderr
    assert not (checkout / ".venv").exists()


def test_installs_once_and_again_after_a_lock_changed(checkout: Path, tools: Path) -> None:
    # A Python that writes down what it is asked for and makes a .venv with itself in it.
    log = checkout / "log"
    script = f"""echo "$@" >>{log}
if [ "$2" = venv ]; then
  mkdir -p .venv/bin
  cp "$0" .venv/bin/python
fi"""
    for name in ("mkdir", "cp"):
        (tools / name).symlink_to(shutil.which(name) or name)
    _python(tools, "python3", script)

    def asked(what: str, **environment: str) -> str:
        log.write_text("")
        done = _sh(checkout, tools, f"setup {what}", **environment)
        assert done.returncode == 0, done.stderr
        return log.read_text()

    first = asked("dev")
    assert "-m venv .venv" in first
    assert "--require-hashes --requirement requirements/dev.lock" in first
    assert "--no-deps --editable ." in first
    assert asked("dev") == ""
    # What the example needs is in the environment of the tests already.
    assert asked("main") == ""
    with (checkout / "requirements" / "dev.lock").open("a") as lock:
        lock.write("# changed\n")
    again = asked("main")
    assert "-m venv" not in again
    assert "requirements/main.lock" in again
    assert "requirements/dev.lock" in asked("dev")


def test_a_failed_installation_is_not_taken_for_done(checkout: Path, tools: Path) -> None:
    (tools / "mkdir").symlink_to(shutil.which("mkdir") or "mkdir")
    (tools / "cp").symlink_to(shutil.which("cp") or "cp")
    script = """if [ "$2" = venv ]; then mkdir -p .venv/bin; cp "$0" .venv/bin/python; fi
if [ "$2" = pip ]; then exit 1; fi"""
    _python(tools, "python3", script)
    assert _sh(checkout, tools, "setup main").returncode != 0
    assert not (checkout / ".venv" / "stamp-main").exists()
