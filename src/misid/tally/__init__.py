"""Tally: from scores to counts that can travel."""

from misid.tally.build import build_tally
from misid.tally.file import is_tally, read_tally, write_tally
from misid.tally.merge import merge_tallies
from misid.tally.model import Label, Origin, Tally

__all__ = ["Label", "Origin", "Tally", "build_tally", "is_tally", "merge_tallies", "read_tally", "write_tally"]
