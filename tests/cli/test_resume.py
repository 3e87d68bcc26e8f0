"""`misid tally` of several files, killed and run again, ends in the tally of an undisturbed run."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest


def misid(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "misid", *map(str, arguments)]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    source = tmp_path / "scores"
    source.mkdir()
    rng = np.random.default_rng(3)
    rows = [
        f"p{i},r{j},s{i},s{j},{rng.standard_normal() + 4 * (i == j):.5f}" for i in range(80) for j in range(80)
    ]
    for part in range(5):
        text = "\n".join(["probe,reference,probe_person,reference_person,score", *rows[part::5], ""])
        (source / f"{part}.csv").write_text(text)
    whole, out = tmp_path / "whole.tally", tmp_path / "out.tally"
    subprocess.run(misid("tally", source, "-o", whole, "--quiet"), check=True, stdout=subprocess.DEVNULL)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["scores", "whole.tally"]

    process = subprocess.Popen(
        misid("tally", source, "-o", out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    parts = tmp_path / "out.tally.parts"
    while process.poll() is None and not (parts.exists() and len(list(parts.glob("*.parquet"))) > 2):
        time.sleep(0.002)
    process.send_signal(how)
    _, talk = process.communicate(timeout=60)
    assert not out.exists()
    assert parts.exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "finished parts are kept" in talk
    subprocess.run(misid("tally", source, "-o", out, "--quiet"), check=True, stdout=subprocess.DEVNULL)
    assert out.read_bytes() == whole.read_bytes()
    assert not parts.exists()
