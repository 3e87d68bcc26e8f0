"""The search model made from a tally."""

from misid.search.from_tally.checks import level_fits, misfit, stability, tenth_to_whole
from misid.search.from_tally.counts import TestCounts, counts_of
from misid.search.from_tally.images import Images, Together, images_of, together
from misid.search.from_tally.kin import Kin, Relatives, kin_from_evidence
from misid.search.from_tally.model import TallyModel, model_from_tally, model_of
from misid.search.from_tally.normalised import Counted, NormalisedModel, counted_at, grown_answer, growth_between
from misid.search.from_tally.project import Projection, project

__all__ = [
    "Counted",
    "Images",
    "Kin",
    "NormalisedModel",
    "Projection",
    "Relatives",
    "TallyModel",
    "TestCounts",
    "Together",
    "counted_at",
    "counts_of",
    "grown_answer",
    "growth_between",
    "images_of",
    "kin_from_evidence",
    "level_fits",
    "misfit",
    "model_from_tally",
    "model_of",
    "project",
    "stability",
    "tenth_to_whole",
    "together",
]
