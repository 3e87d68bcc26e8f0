"""What cannot be written is called by the name that was given."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from misid.ground.files import replacing


def _denied(path: object) -> NoReturn:
    raise PermissionError(13, "Permission denied", str(path))


def test_a_directory_that_may_not_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "mkstemp", lambda **given: _denied(given["dir"] / f"{given['prefix']}abc.new"))
    with pytest.raises(PermissionError) as caught, replacing(tmp_path / "m.tally"):
        pass
    assert caught.value.filename == str(tmp_path / "m.tally")


@pytest.mark.parametrize("force", [True, False])
def test_a_name_that_cannot_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool) -> None:
    for way in ("replace", "hardlink_to"):
        monkeypatch.setattr(Path, way, lambda self, other: _denied(other if "part" in other.name else self))
    with pytest.raises(PermissionError) as caught, replacing(tmp_path / "m.tally", force=force) as partial:
        partial.write_text("x")
    assert caught.value.filename == str(tmp_path / "m.tally")
    assert not list(tmp_path.iterdir())


def test_another_file_keeps_its_own_name(tmp_path: Path) -> None:
    with pytest.raises(PermissionError) as caught, replacing(tmp_path / "m.tally"):
        _denied("other.csv")
    assert caught.value.filename == "other.csv"
