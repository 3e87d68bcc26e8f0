"""Tally: from scores to counts that can travel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from misid.tally.file import is_tally, read_tally, write_tally
from misid.tally.merge import merge_tallies
from misid.tally.model import Label, Origin, Tally

if TYPE_CHECKING:
    from misid.tally.build import build_tally
    from misid.tally.parts import discard_parts

__all__ = [
    "Label",
    "Origin",
    "Tally",
    "build_tally",
    "discard_parts",
    "is_tally",
    "merge_tallies",
    "read_tally",
    "write_tally",
]


def __getattr__(name: str) -> Any:
    # Counting needs an engine; reading a tally, which is all that rates and reports do, must not load one.
    if name == "build_tally":
        from misid.tally.build import build_tally

        return build_tally
    if name == "discard_parts":
        from misid.tally.parts import discard_parts

        return discard_parts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
