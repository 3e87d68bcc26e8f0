"""Scores: what a comparison is, readers for the formats in use, and checks."""

from misid.scores.check import CheckReport, check
from misid.scores.model import COMPARISONS, SEARCHES, Gallery, InputFile, Scores, joint_label
from misid.scores.open import open_scores
from misid.scores.options import ReadOptions
from misid.scores.pseudonymise import make_key, pseudonymise
from misid.scores.tables import fingerprint

__all__ = [
    "COMPARISONS",
    "SEARCHES",
    "CheckReport",
    "Gallery",
    "InputFile",
    "ReadOptions",
    "Scores",
    "check",
    "fingerprint",
    "joint_label",
    "make_key",
    "open_scores",
    "pseudonymise",
]
