"""Tally: from scores to counts that can travel."""

from misid.tally.build import build_tally
from misid.tally.model import Label, Origin, Tally

__all__ = ["Label", "Origin", "Tally", "build_tally"]
