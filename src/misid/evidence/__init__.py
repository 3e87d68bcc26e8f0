"""Published numbers with their sources: what is said of such systems, by whom, and how near to them it was read."""

from misid.evidence.library import Library
from misid.evidence.model import Conflict, Fact, Source, Unverified
from misid.evidence.read import check, load

__all__ = ["Conflict", "Fact", "Library", "Source", "Unverified", "check", "load"]
