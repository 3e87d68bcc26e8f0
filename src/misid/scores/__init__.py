"""Scores: what a comparison is, readers for the formats in use, and checks."""
