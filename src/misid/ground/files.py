"""Files are written whole or not at all; what a killed run left half-written is removed by the next one.

Whoever writes holds a lock on what it is writing, and the system lets go of the lock when the process ends, however it
ends. A half-written file or a scratch directory that nobody has locked is therefore a dead run's.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from misid.ground.errors import UsageError


@contextmanager
def replacing(path: Path, *, force: bool = False) -> Iterator[Path]:
    """A temporary path beside `path`, moved over it when the block ends well and removed when not."""
    if path.exists() and not force:
        raise UsageError(f"{path} exists already", remedy="give another name, or --force to replace it")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file", remedy="give the name of a file, new or to be replaced")
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep_files(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    except OSError as error:
        error.filename = str(path)
        raise
    partial = Path(name).with_suffix(".part")
    try:
        # Locked before it has the name that others look for.
        fcntl.flock(handle, fcntl.LOCK_EX)
        Path(name).rename(partial)
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files that only their owner may read; a result is as readable as any new file.
        umask = os.umask(0)
        os.umask(umask)
        partial.chmod(0o666 & ~umask)
        if force:
            partial.replace(path)
        else:
            _put(partial, path)
    except OSError as error:
        # Named as the user named it: not the partial file, and not nothing where a disk is full.
        named = None if error.filename is None else os.fsdecode(error.filename)
        # Without a number it is somebody's own words, which a name would put out of sight.
        if error.errno is not None and named in (None, name, str(partial)):
            error.filename, error.filename2 = str(path), None
        raise
    finally:
        Path(name).unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
        os.close(handle)


def _put(partial: Path, path: Path) -> None:
    """Give a file its name, unless another run has put one there in the meantime."""
    try:
        path.hardlink_to(partial)
    except FileExistsError:
        raise UsageError(
            f"{path} was written by another run in the meantime", remedy="give another name, or --force to replace it"
        ) from None
    except OSError:
        # A file system without links.
        partial.replace(path)


def _sweep_files(path: Path) -> None:
    """Remove the half-written files that dead runs left beside `path`."""
    for left in path.parent.glob(f".{_literally(path.name)}.*.part"):
        if left.is_symlink() or not left.is_file():
            continue
        with contextlib.suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


_AT_CWD, _EXCHANGE = -100, 2
"""What Linux calls the working directory, and renaming both ways at once (linux/fs.h)."""


def exchange(one: Path, other: Path) -> bool:
    """Give two files or directories each other's names in one step; False where the system has no such step.

    Nobody, and no killed process, meets a moment at which either name is missing.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and not rename(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _EXCHANGE)


LOCK = "misid.lock"
"""In every scratch directory; what has it is misid's own."""


def new_scratch(parent: Path, prefix: str, suffix: str = "") -> tuple[Path, int]:
    """A directory that only its owner may read, and its lock: to be closed after the directory is removed."""
    sweep_scratch(parent, prefix, suffix)
    directory = Path(tempfile.mkdtemp(dir=parent, prefix=prefix, suffix=suffix))
    new = directory / f"{LOCK}.new"
    handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    new.rename(directory / LOCK)
    return directory, handle


def remove_scratch(directory: Path, handle: int) -> None:
    """Remove a scratch directory and let go of its lock."""
    _remove(directory)
    with contextlib.suppress(OSError):
        os.close(handle)


def sweep_scratch(parent: Path, prefix: str, suffix: str = "") -> None:
    """Remove the scratch directories of dead runs."""
    for left in parent.glob(f"{_literally(prefix)}*{_literally(suffix)}"):
        lock = left / LOCK
        with contextlib.suppress(OSError):
            if left.is_symlink() or lock.is_symlink() or left.stat().st_uid != os.getuid():
                continue
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(left)


def _remove(directory: Path) -> None:
    """Remove a scratch directory, its lock last: killed half-way, it would else be nobody's and stay, ids and all."""
    with contextlib.suppress(OSError):
        for entry in directory.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != LOCK:
                entry.unlink(missing_ok=True)
    shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def scratch_directory(parent: Path, prefix: str, suffix: str = "") -> Iterator[Path]:
    """A directory for the time of a block, which does not outlive even a killed run for long."""
    directory, handle = new_scratch(parent, prefix, suffix)
    try:
        yield directory
    finally:
        remove_scratch(directory, handle)


def _literally(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
