"""What an engine may be told to take: memory and threads, refused before it sees what makes no sense."""

from __future__ import annotations

import operator
import os

from misid.engine.seam import megabytes
from misid.ground.errors import UsageError

LEAST_MEMORY = "50MB"
"""DuckDB counts tests of 1,600 to 2 million comparisons with it, on one thread and two; 32 MB are too few."""

LEAST_MEMORY_SPARK = "480MB"
"""Spark itself refuses less than 450 MiB."""

MOST_MEMORY = "1000TB"

MOST_THREADS = 64
"""On any machine, so that a command may move between machines; larger ones may take four times their processors.

More than its processors make nothing faster, and every one takes memory.
"""


def memory_given(given: str, *, option: str = "memory_limit", least: str = LEAST_MEMORY) -> int:
    """A limit of memory in mebibytes; `option` is what the caller calls it.

    More than the machine has is allowed: what may be had of swap or of a container only the system knows.

    Examples
    --------
    >>> memory_given("2GiB")
    2048
    """
    try:
        size = megabytes(given) if isinstance(given, str) else 0
    except UsageError:
        size = 0
    if not megabytes(least) <= size <= megabytes(MOST_MEMORY):
        raise UsageError(
            f"{option} is {given!r}; allowed: a number and a unit, {least} to {MOST_MEMORY}",
            remedy="2GB, 700MB or 1.5GiB for example; leave it out for the usual limit",
        )
    return size


def threads_given(given: int, *, option: str = "threads") -> int:
    """A number of threads that a machine can bear; `option` is what the caller calls it."""
    most = max(MOST_THREADS, 4 * (os.cpu_count() or 1))
    try:
        count = operator.index(given)
    except TypeError:
        count = 0
    if not 1 <= count <= most:
        raise UsageError(
            f"{option} is {given!r}; allowed: a whole number from 1 to {most} ({MOST_THREADS}, or four times this "
            "machine's processors where that is more)",
            remedy="leave it out for one thread a processor; more make nothing faster",
        )
    return count
