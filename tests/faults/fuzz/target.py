"""One reader under the fuzzer."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_MEMORY = Path("/dev/shm")
HERE = Path(__file__).parents[1]
"""tests/faults."""

SCRATCH = (_MEMORY if _MEMORY.is_dir() else Path("/tmp")) / f"misid-fuzz-{os.getpid()}"
"""Files of this process, in memory where that can be."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A reader, fed any bytes.

    Attributes
    ----------
    what : str
        As docs/faults.md calls it.
    run : callable
        Ends, or raises `MisidError`; anything else is a finding.
    seeds : callable
        Whole inputs to start from.
    longest : int
        Bytes of an input.
    """

    what: str
    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    longest: int = 512

    @property
    def name(self) -> str:
        return self.run.__name__


def file_of(data: bytes, name: str) -> Path:
    """A file with these bytes."""
    SCRATCH.mkdir(exist_ok=True)
    path = SCRATCH / name
    path.write_bytes(data)
    return path


def tidy() -> None:
    """Remove the files of this process."""
    shutil.rmtree(SCRATCH, ignore_errors=True)
