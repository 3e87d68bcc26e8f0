"""What a bundle holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MANIFEST: Final = "misid-bundle.json"
FORMAT: Final = "misid-bundle"
VERSION: Final = 1
RESULT: Final = "report.json"
"""The machine twin: every number that is recomputed is in it."""

LOCK: Final = "versions.txt"
METADATA: Final = "ro-crate-metadata.json"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A result with all that it came from.

    Attributes
    ----------
    kind : str
        Which function computes it again: "assessment", "case".
    title, about : str
    generated_with : str
        "misid 0.1.0".
    files : mapping of str to bytes
        By their path in the bundle: the result (`RESULT`), its page and PDF, and under ``inputs/`` what it was made
        from.
    run : mapping
        What else it takes to compute it again, as plain data: draws, seed, settings.
    versions : mapping of str to str
        Python and packages, as they were installed.
    described : mapping of str to str
        What each file is, in a few words.
    date : str or None
    """

    kind: str
    title: str
    about: str
    generated_with: str
    files: Mapping[str, bytes]
    run: Mapping[str, Any]
    versions: Mapping[str, str]
    described: Mapping[str, str]
    date: str | None = None
