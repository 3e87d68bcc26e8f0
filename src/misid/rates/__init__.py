"""Rates: from counts to error rates with limits, by group, and the calibration of scores."""
