"""The search model made from a tally."""

from misid.search.from_tally.checks import level_fits, misfit, stability, tenth_to_whole
from misid.search.from_tally.counts import TestCounts, counts_of
from misid.search.from_tally.model import TallyModel, model_from_tally, model_of
from misid.search.from_tally.project import Projection, project

__all__ = [
    "Projection",
    "TallyModel",
    "TestCounts",
    "counts_of",
    "level_fits",
    "misfit",
    "model_from_tally",
    "model_of",
    "project",
    "stability",
    "tenth_to_whole",
]
