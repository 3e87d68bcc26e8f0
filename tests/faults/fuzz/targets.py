"""Every reader that is fuzzed, by name."""

from tests.faults.fuzz import bundles, documents, scores, tallies
from tests.faults.fuzz.target import HERE, Target

FOUND = HERE / "found"
RESULTS = HERE.parents[1] / "docs" / "data" / "fuzz.jsonl"

TARGETS: dict[str, Target] = {
    target.name: target for target in (*scores.TARGETS, *tallies.TARGETS, *documents.TARGETS, *bundles.TARGETS)
}
