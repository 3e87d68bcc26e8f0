"""Scores: what a comparison is, readers for the formats in use, and checks."""

from misid.scores.model import COMPARISONS, SEARCHES, Gallery, InputFile, Scores, joint_label
from misid.scores.open import open_scores
from misid.scores.options import ReadOptions
from misid.scores.tables import fingerprint

__all__ = [
    "COMPARISONS",
    "SEARCHES",
    "Gallery",
    "InputFile",
    "ReadOptions",
    "Scores",
    "fingerprint",
    "joint_label",
    "open_scores",
]
