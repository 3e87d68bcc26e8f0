"""Tallies that misid ships, named ``example:NAME`` wherever the path of a tally can stand."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

EXAMPLE: Final = "example:"
SUFFIX: Final = ".tally"


def is_example(named: str) -> bool:
    """Whether a shipped tally is named, and no path."""
    return named.startswith(EXAMPLE)


def examples() -> list[str]:
    """Names of the tallies that misid ships.

    >>> examples()
    ['bssr1-face-c']
    """
    folder = files("misid") / "examples"
    if not folder.is_dir():
        return []
    return sorted(entry.name.removesuffix(SUFFIX) for entry in folder.iterdir() if entry.name.endswith(SUFFIX))


def example_path(named: str) -> Path:
    """Where a shipped tally is, or would be: only the last part of its name counts, so that it names no file elsewhere.

    >>> example_path("example:../../somewhere/mine").name
    'mine.tally'
    """
    return Path(str(files("misid") / "examples")) / f"{Path(named.removeprefix(EXAMPLE)).name}{SUFFIX}"
