"""Parts: each pass is done file by file, and what is done stays done when a run is killed.

With a directory, the result of each pass over each part is a Parquet file there, moved into place only when it is
whole, and taken up again by the next run of the same job if its SHA-256 is still what it was. Those files hold ids:
they lie in a folder of their own inside it that nobody else can read, and only that folder is removed when the tally
is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from misid.engine import Engine
from misid.engine.seam import quoted
from misid.ground.errors import UsageError
from misid.ground.files import sha256_of
from misid.scores.model import COMPARISONS

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
                self.engine.save(select, partial)
                _discard(file)
                # The sum first: a part without one is made again, and never taken up unverified.
                _sum_of(file).write_text(_fingerprint(partial), encoding="ascii")
                partial.replace(file)
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
    """Whether a finished part is there, and is what it was when it was finished."""
    written = _sum_of(file)
    return file.exists() and written.exists() and written.read_text(encoding="ascii") == _fingerprint(file)


def _discard(file: Path) -> None:
    if file.is_dir():
        shutil.rmtree(file)
    else:
        file.unlink(missing_ok=True)


def discard_parts(directory: Path) -> None:
    """Remove the finished parts kept in `directory`: the tally that they were for is written.

    Nothing but the folder that misid made is touched; `directory` itself goes only if that leaves it empty.
    """
    shutil.rmtree(directory / FOLDER, ignore_errors=True)
    with contextlib.suppress(OSError):
        directory.rmdir()
