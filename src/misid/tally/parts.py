"""Parts: each pass is done file by file, and what is done stays done when a run is killed.

With a directory, the result of each pass over each part is a Parquet file there, moved into place only when it is
whole, and taken up again by the next run of the same job if its SHA-256 is still what it was; else, whatever stands in
its place, it is made again. Those files hold ids:
they lie in a folder of their own inside it that nobody else can read, and only that folder is removed when the tally
is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from misid.engine import Engine
from misid.engine.seam import quoted
from misid.ground.errors import UsageError
from misid.ground.files import sha256_of
from misid.scores.model import COMPARISONS

SUM_BYTES = 64
"""Of a SHA-256 in hexadecimal."""

FOLDER = "misid-parts"
"""What misid makes in a work directory, and all that it ever removes from one."""


@dataclass(frozen=True)
class Parts:
    """The views that make up the comparisons, and where finished passes over them are kept.

    Parameters
    ----------
    engine : Engine
    views : tuple of str
        One view a part.
    fingerprints : tuple of str
        What tells whether a part is still the same (contents, mapping, options), one a view.
    directory : Path or None
        None keeps the results in the engine only.
    """

    engine: Engine
    views: tuple[str, ...]
    fingerprints: tuple[str, ...]
    directory: Path | None
    whole: str = COMPARISONS
    """View of all parts together."""

    def run(self, name: str, query: Callable[[str], str], *, large: bool = False) -> None:
        """Make the table `name` of `query` over every part, reusing finished parts; `large` as for `Engine.keep`."""
        if self.directory is None:
            self.engine.keep(name, query(self.whole), large=large)
            return
        self.engine.log.append(f"CREATE TABLE {quoted(name)} AS {query(self.whole)}")
        folder = self.directory / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(
                f"{self.directory}: no folder can be made there ({error.strerror})",
                remedy="name another directory with --work",
            ) from error
        files = []
        for view, fingerprint in zip(self.views, self.fingerprints, strict=True):
            select = query(view)
            key = hashlib.sha256(f"{name}\n{select}\n{fingerprint}".encode()).hexdigest()[:24]
            file = folder / f"{name}-{key}.parquet"
            if not _intact(file):
                partial = folder / f".{name}-{key}-{os.getpid()}.part"
                for old in (partial, file, _sum_of(file)):
                    _discard(old)
                try:
                    self.engine.save(select, partial)
                    # The sum first: a part without one is made again, and never taken up unverified.
                    _sum_of(file).write_text(_fingerprint(partial), encoding="ascii")
                    partial.replace(file)
                except OSError as error:
                    # A full disk has no name of its own.
                    error.filename = str(self.directory)
                    raise
            files.append(file)
        # Unlogged, for it names paths; the log has the query itself.
        self.engine.alias(name, self.engine.saved(files))


def _sum_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sha256")


def _fingerprint(path: Path) -> str:
    """SHA-256 of a part: of the file DuckDB wrote, or of the names and hashes of the files in Spark's directory."""
    if path.is_file():
        return sha256_of(path)
    # Files with a dot in front are checksums and marks of the file system.
    inside = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    return hashlib.sha256("\n".join(f"{p.name} {sha256_of(p)}" for p in inside).encode()).hexdigest()


def _intact(file: Path) -> bool:
    """Whether a finished part is there, and is what it was when it was finished.

    Whatever stands in its place or in that of its sum is no part. The sum lies beside the part: it guards against
    accidents of disks and of people, not against somebody who means to deceive and writes both.
    """
    written = _sum_of(file)
    try:
        # A pipe or a device has no end: neither is a regular file.
        if not (file.exists() and written.is_file()):
            return False
        with written.open("rb") as stream:
            sum_ = stream.read(SUM_BYTES + 1)
        return sum_ == _fingerprint(file).encode("ascii")
    except OSError:
        # It cannot be read, or is of another kind.
        return False


def _discard(path: Path) -> None:
    """Take away what stands in the way, a directory too."""
    if path.is_dir() and not path.is_symlink():
        # Renamed first: one that may not be read cannot be emptied, and goes, if at all, with the folder.
        aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}.gone")
        path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def discard_parts(directory: Path) -> None:
    """Remove the finished parts kept in `directory`: the tally that they were for is written.

    Nothing but the folder that misid made is touched; `directory` itself goes only if that leaves it empty.
    """
    shutil.rmtree(directory / FOLDER, ignore_errors=True)
    with contextlib.suppress(OSError):
        directory.rmdir()
