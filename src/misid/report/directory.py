"""A report's files go into a directory whole, or not at all; what is not the report's stays."""

from __future__ import annotations

import errno
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from misid.ground.errors import UsageError
from misid.ground.files import exchange, scratch_directory
from misid.ground.hostile import BROKEN_ZIP, PACKED

PAGE, TWIN, PDF, BUNDLE, TABLES = "report.html", "report.json", "report.pdf", "bundle.zip", "tables"
_TOP: Final = (PAGE, TWIN, PDF, BUNDLE)
_LIST: Final = "misid-bundle.json"
_MOST_LIST: Final = 1 << 20
_TABLE = re.compile(r"tables/[A-Za-z0-9._-]+\.csv")


def json_bytes(data: Mapping[str, Any]) -> bytes:
    """A report's JSON: the same bytes for the same data, in the order given."""
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def refuse_report(target: Path, *, force: bool) -> None:
    """Refuse a directory that holds a report, unless it may be replaced, and what is no directory.

    Raises
    ------
    UsageError
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file", remedy="give the name of a directory")
    there = [name for name in _TOP if (target / name).exists()]
    if there and not force:
        raise UsageError(
            f"{target / there[0]} exists already", remedy="give another directory, or --force to replace it"
        )


def write_files(files: Mapping[str, bytes], target: Path, *, force: bool = False) -> Path:
    """Write a report's files, `report.html` among them, and remove those that only an older report of ours had.

    Parameters
    ----------
    files : mapping of str to bytes
        By name relative to the directory, at most one directory deep (``tables/``).
    target : Path
        Made if it is not there; a new directory appears whole or not at all.
    force : bool
        Replace a report that is there already: in one step where the directory holds nothing else and the system is
        Linux, else file by file, the page last.

    Returns
    -------
    Path
        Of ``report.html``.

    Raises
    ------
    UsageError
        If a report is there and `force` is not given, or `target` is a file.
    """
    refuse_report(target, force=force)
    # Asked once: whoever finds the name taken when it is done has lost a race with another run.
    new = not target.is_dir()
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch_directory(target.parent, f".{target.name}.", ".part") as scratch:
        staged = scratch / "report"
        (staged / TABLES).mkdir(parents=True)
        for name, content in files.items():
            try:
                (staged / name).write_bytes(content)
            except OSError as error:
                # A full disk has no name of its own, and nobody knows the scratch directory's.
                if error.errno is not None:
                    error.filename = str(target / name)
                raise
        if not new:
            refuse_report(target, force=force)
            _replace(staged, target, files)
        else:
            try:
                staged.replace(target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                raise UsageError(
                    f"{target} was written by another run in the meantime",
                    remedy="give another directory, or --force to replace it",
                ) from error
    return target / PAGE


def _replace(staged: Path, target: Path, files: Mapping[str, bytes]) -> None:
    """Put a staged report in the place of an older one: in one step where the directory holds nothing else."""
    place, stale = target.resolve(), files_of_older(target) - set(files)
    if _within(place) <= {*files, *stale}:
        shutil.copymode(place, staged)
        if exchange(staged, place):
            # Now the older one is staged, to be removed; what somebody put there in the meantime is not.
            for name in _within(staged) - {*files, *stale}:
                (staged / name).replace(place / name)
            return
    (target / TABLES).mkdir(exist_ok=True)
    # The page last: whoever opens it finds the tables it names.
    for name in sorted(files, key=lambda name: (name == PAGE, name == TWIN, name)):
        (staged / name).replace(target / name)
    for name in stale:
        (target / name).unlink(missing_ok=True)


def _within(directory: Path) -> set[str]:
    """Everything in a directory but a directory of tables, whose files count one by one."""
    names = {path.name for path in directory.iterdir()} - {TABLES}
    tables = directory / TABLES
    if tables.is_dir() and not tables.is_symlink():
        return names | {f"{TABLES}/{path.name}" for path in tables.iterdir()}
    return names | ({TABLES} if tables.exists() or tables.is_symlink() else set())


def files_of_older(directory: Path) -> set[str]:
    """Files that an older report of ours lists as its own; nothing where there is none that we can read."""
    listed = _in_twin(directory / TWIN) | _in_bundle(directory / BUNDLE)
    return {name for name in listed if name in _TOP or _TABLE.fullmatch(name)}


def _in_twin(twin: Path) -> set[str]:
    older = _json(twin.read_bytes()) if twin.is_file() else None
    if not isinstance(older, dict) or older.get("format") != "misid-report":
        return set()
    tables = older.get("tables")
    entries = tables if isinstance(tables, list) else []
    return {PAGE, TWIN, PDF, *(str(e["file"]) for e in entries if isinstance(e, dict) and "file" in e)}


def _in_bundle(bundle: Path) -> set[str]:
    """A bundle's list of files, as far as it is one: it is not believed in anything else here."""
    if not bundle.is_file():
        return set()
    try:
        with zipfile.ZipFile(bundle) as archive:
            entry = archive.getinfo(_LIST)
            if entry.compress_type not in PACKED:
                return set()
            with archive.open(entry) as stream:
                manifest = _json(stream.read(_MOST_LIST))
    except BROKEN_ZIP:
        return set()  # not ours, and about to be replaced because the user asked for it
    files = manifest.get("files") if isinstance(manifest, dict) else None
    return {BUNDLE, *map(str, files)} if isinstance(files, dict) else set()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None  # not ours, and about to be replaced because the user asked for it
