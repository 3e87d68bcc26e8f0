"""Computes a bundle again and compares every number."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from misid import __version__
from misid.ground.codes import problem
from misid.ground.errors import BadInputError
from misid.ground.progress import NO_PROGRESS, ProgressLike
from misid.report.bundle.file import read_bundle
from misid.report.bundle.model import RESULT, Bundle
from misid.report.bundle.versions import installed

KINDS: Final = {"assessment": "misid.report.assessment.again", "case": "misid.report.case.again"}
"""Kind of a bundle to the module whose ``files_again(bundle, progress)`` makes its files anew.

It gives name to bytes, the result (report.json) among them, and raises `MisidError` where the inputs in the bundle
do not carry it.
"""

CLOSE: Final = 1e-9
"""Relative difference that other versions of libraries may leave in a number."""

MOST_SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A place in the result that is not what it was."""

    path: str
    bundle: Any
    again: Any


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What came out when a bundle was computed again.

    Attributes
    ----------
    bundle, title, kind : str
    generated_with, verified_with : str
    numbers : int
        In the result of the bundle.
    same, close : int
        Of these: the same to the last digit; the same to a relative 1e-9.
    changed : tuple of Changed
        Everything else that differs: numbers, texts, what is missing or new.
    files : tuple of (str, bool)
        Pages, PDF and tables: whether they came out with the same bytes.
    versions : tuple of (str, str, str)
        Packages that differ: name, version in the bundle, version here ("" where there is none).
    """

    bundle: str
    title: str
    kind: str
    generated_with: str
    verified_with: str
    numbers: int
    same: int
    close: int
    changed: tuple[Changed, ...]
    files: tuple[tuple[str, bool], ...]
    versions: tuple[tuple[str, str, str], ...]

    @property
    def comes_out(self) -> bool:
        """Every number comes out again; and every page and table too, where the versions are the same."""
        return not self.changed and (bool(self.versions) or all(same for _, same in self.files))

    @property
    def verdict(self) -> str:
        """One sentence."""
        if self.comes_out and self.close:
            return (
                f"All {self.numbers:,} numbers come out again, {self.close:,} of them with other last digits "
                f"(relative difference below {CLOSE:g})."
            )
        if self.comes_out:
            return f"All {self.numbers:,} numbers come out again, to the last digit."
        if not self.changed:
            other = ", ".join(name for name, same in self.files if not same)
            return f"All {self.numbers:,} numbers come out again, but these files say something else: {other}."
        return (
            f"{len(self.changed):,} places of the result do not come out again; {self.same + self.close:,} numbers do."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"comes_out": self.comes_out, "verdict": self.verdict, **asdict(self)}

    def __str__(self) -> str:
        lines = [f"{self.title} ({self.bundle}, {self.kind}, made with {self.generated_with})", self.verdict]
        for entry in self.changed[:MOST_SHOWN]:
            lines.append(f"  {entry.path}: {_said(entry.bundle)} in the bundle, {_said(entry.again)} here")
        if len(self.changed) > MOST_SHOWN:
            lines.append(f"  and {len(self.changed) - MOST_SHOWN:,} more")
        lines += [f"  {name} has other bytes here" for name, same in self.files if not same]
        lines += [
            f"  {name} {there or 'not there'} then, {here or 'not there'} now" for name, there, here in self.versions
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from misid.ground.show import facts_html

        return facts_html(self.bundle, {"title": self.title, "verdict": self.verdict, "made with": self.generated_with})


def verify(path: str | Path, *, progress: ProgressLike = NO_PROGRESS) -> Verification:
    """Compute a bundle again from the inputs in it, and compare every number with those in it.

    Parameters
    ----------
    path : path
        A bundle, such as ``misid assess`` writes.
    progress : ProgressLike
        Told how far it is.

    Returns
    -------
    Verification
        `comes_out` says whether every number came out again; `changed` what did not.

    Raises
    ------
    BadInputError
        The bundle is none, dangerous, incomplete, changed, or of a later version; or its inputs are refused.
    """
    progress.stage("reading the bundle")
    bundle = read_bundle(path)
    if bundle.kind not in KINDS:
        known = " or ".join(repr(kind) for kind in KINDS)
        raise BadInputError([
            problem("E114", where=f"{Path(path).name}: kind", seen=repr(bundle.kind[:40]), allowed=known,
                    remedy="verify it with a later misid"),
        ])  # fmt: skip
    again: Callable[[Bundle, ProgressLike], dict[str, bytes]] = import_module(KINDS[bundle.kind]).files_again
    files = again(bundle, progress)
    progress.stage("comparing")
    return _compared(Path(path).name, bundle, files)


def _compared(name: str, bundle: Bundle, files: dict[str, bytes]) -> Verification:
    try:
        there = json.loads(bundle.files[RESULT])
    except (ValueError, RecursionError) as error:
        raise BadInputError([
            problem("E110", where=f"{name}: {RESULT}", seen=f"not JSON ({error})", allowed="the result as misid wrote",
                    remedy="ask for the bundle again, from whoever made it"),
        ]) from error  # fmt: skip
    old, new = dict(_leaves(there)), dict(_leaves(json.loads(files[RESULT])))
    numbers = [path for path, value in old.items() if _is_number(value)]
    same = sum(path in new and _same(old[path], new[path]) for path in numbers)
    close = [
        path for path in numbers if path in new and not _same(old[path], new[path]) and _close(old[path], new[path])
    ]
    fine = set(close)
    changed = [
        Changed(path=path, bundle=old.get(path), again=new.get(path))
        for path in dict.fromkeys((*old, *new))
        if not (path in old and path in new and (path in fine or _same(old[path], new[path])))
        and not path.startswith(_MAKING)
    ]
    here = installed()
    return Verification(
        bundle=name, title=bundle.title, kind=bundle.kind, generated_with=bundle.generated_with,
        verified_with=f"misid {__version__}", numbers=len(numbers), same=same, close=len(close), changed=tuple(changed),
        files=tuple(
            (file, bundle.files.get(file) == body) for file, body in sorted(files.items()) if file != RESULT
        ),
        versions=tuple(
            (package, bundle.versions.get(package, ""), here.get(package, ""))
            for package in sorted(bundle.versions.keys() | here.keys())
            if bundle.versions.get(package) != here.get(package)
        ),
    )  # fmt: skip


_MAKING = tuple(f"provenance.{key}" for key in ("misid", "python", "numpy", "scipy"))
"""Versions: they are compared by themselves."""


def _leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of everything that holds nothing further, empty lists among them, in order."""
    # Without recursion: how deep it is, is for whoever made the bundle to say.
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict | list) and value:
            items = list(value.items() if isinstance(value, dict) else enumerate(value))
            waiting += [(f"{path}.{key}" if path else str(key), item) for key, item in reversed(items)]
        else:
            yield path, value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _close(one: Any, other: Any) -> bool:
    return _is_number(one) and _is_number(other) and math.isclose(one, other, rel_tol=CLOSE, abs_tol=1e-15)


def _said(value: Any) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"
