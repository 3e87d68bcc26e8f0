"""Cases that misid ships, and opening of a case however it is given."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from misid.cases.file import CaseFile, case_of, read_case
from misid.ground.errors import UsageError

READY = "ready:"


def ready_names() -> tuple[str, ...]:
    """Names of the cases that misid ships.

    Examples
    --------
    >>> ready_names()
    ('list-of-20', 'no-match', 'single-match', 'twin', 'two-answers')
    """
    folder = files("misid.cases") / "ready"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def ready_path(name: str) -> Path:
    """Where a shipped case is.

    Raises
    ------
    UsageError
        If there is none of that name.
    """
    if name not in ready_names():
        raise UsageError(f"no ready case is called {name!r}", remedy=" or ".join(READY + n for n in ready_names()))
    return Path(str(files("misid.cases") / "ready" / f"{name}.toml"))


def opened(source: str | Path | CaseFile | dict[str, Any]) -> tuple[CaseFile, Path]:
    """A case and the folder that its paths start from."""
    if isinstance(source, CaseFile):
        return source, Path()
    if isinstance(source, dict):
        return case_of(source), Path()
    if isinstance(source, str) and source.startswith(READY):
        path = ready_path(source.removeprefix(READY))
    else:
        path = Path(source)
    return read_case(path), path.parent
