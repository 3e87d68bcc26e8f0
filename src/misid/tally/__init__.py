"""Tally: from scores to counts that can travel."""
