"""Rates: from counts to error rates with limits, by group, and the calibration of scores."""

from misid.rates.compute import compute_rates
from misid.rates.model import DEFAULT_RANKS, DEFAULT_TARGETS, Rates

__all__ = ["DEFAULT_RANKS", "DEFAULT_TARGETS", "Rates", "compute_rates"]
