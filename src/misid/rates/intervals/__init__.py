"""Limits for error rates whose trials share people, from sums over people alone.

Pure functions on small arrays. `docs/coverage.md` says how often each held its nominal level, where, and
where it was not tried.
"""

from misid.rates.intervals.chosen import eer_interval, interval_at_target, threshold_interval
from misid.rates.intervals.clustered import fnir_interval, fnmr_interval, people_interval, trial_limits
from misid.rates.intervals.model import (
    Interval,
    NonmatedDesign,
    NonmatedMoments,
    SearchDesign,
    SearchMoments,
    TrialDesign,
    TrialMoments,
)
from misid.rates.intervals.nonmated import fmr_interval, fmr_limits
from misid.rates.intervals.searches import fpir_interval, fpir_limits, rarefied_fpir

__all__ = [
    "Interval",
    "NonmatedDesign",
    "NonmatedMoments",
    "SearchDesign",
    "SearchMoments",
    "TrialDesign",
    "TrialMoments",
    "eer_interval",
    "fmr_interval",
    "fmr_limits",
    "fnir_interval",
    "fnmr_interval",
    "fpir_interval",
    "fpir_limits",
    "interval_at_target",
    "people_interval",
    "rarefied_fpir",
    "threshold_interval",
    "trial_limits",
]
