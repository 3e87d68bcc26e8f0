"""Every reader that is fuzzed, by name."""

from tests.faults.fuzz import bundles, documents, scores, tallies
from tests.faults.fuzz.target import HERE, Target

FOUND = HERE / "found"
RESULTS = HERE.parents[1] / "docs" / "data" / "fuzz.jsonl"

TARGETS: dict[str, Target] = {
    target.name: target for target in (*scores.TARGETS, *tallies.TARGETS, *documents.TARGETS, *bundles.TARGETS)
}

READERS: dict[str, tuple[str, ...]] = {
    "text scores (CSV, matrix, Bob)": ("text", "csv_around", "scores_csv"),
    "Parquet scores": ("parquet_around", "scores_parquet"),
    "ids": ("ids",),
    "tally file": ("tally_bytes",),
    "manifest of a tally": ("tally_text", "tally_manifest"),
    "tables of a tally": ("tally_table",),
    "rates, sums and report of a tally": ("tally_numbers", "tally_rates", "tally_used"),
    "published numbers": ("evidence", "evidence_values"),
    "deployments": ("deployments",),
    "scenario file": ("scenario_text", "scenario"),
    "case file": ("case_text", "case"),
    "bundle": ("bundle_bytes", "bundle"),
}
"""What a reader is made of; each part is a target."""
