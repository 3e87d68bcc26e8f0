"""Standard streams that are closed, or whose disk is full: a log that cannot be written costs no result."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO, cast


def give_up(stream: TextIO) -> None:
    """Let everything that is printed on a stream from now on go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


class _Careful:
    """Standard error, given up at the first word that it does not take (a full disk, a terminal that is gone)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            give_up(self._stream)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError:
            give_up(self._stream)


class _Named:
    """Standard output, whose errors say so: the system's name no place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise self._lost(error) from error

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise self._lost(error) from error

    def _lost(self, error: OSError) -> OSError:
        give_up(self._stream)
        return type(error)(error.errno, error.strerror, "standard output")


def open_streams() -> None:
    """Make sure that all three streams are there: a file opened later must not take the number of a closed one."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a number, for good
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - a number, for good
    sys.stdout = cast(TextIO, _Named(sys.stdout))
    sys.stderr = cast(TextIO, _Careful(sys.stderr))
