"""The pages on the scenario file and on the tree: every key is there, and the examples are run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from misid.encounter.measures import MEASURES
from misid.encounter.policies import MATCHES, REVIEWS, SAYS
from misid.encounter.scenario import read_scenario
from misid.encounter.schema import schema
from misid.encounter.shapes import SHAPES
from tests.pages import DOCS, names_exist, run_examples

FORMAT = (DOCS / "scenario-format.md").read_text(encoding="utf-8")
TREE = (DOCS / "encounter.md").read_text(encoding="utf-8")


def _keys(part: Any) -> set[str]:
    """Every key that a table of the schema can have."""
    if isinstance(part, list):
        return set().union(*(_keys(each) for each in part)) if part else set()
    if not isinstance(part, dict):
        return set()
    own = set(part["properties"]) if isinstance(part.get("properties"), dict) else set()
    return own.union(*(_keys(value) for value in part.values()))


def test_every_key_of_a_scenario_is_on_its_page() -> None:
    keys = _keys(schema()) - {"prior"}
    assert len(keys) > 70
    assert {key for key in keys if not re.search(rf"(?<![a-z_]){key}(?![a-z_])", FORMAT)} == set()


def test_every_word_is_on_its_page() -> None:
    for word in (*MEASURES, *MATCHES, *SAYS, *REVIEWS, *(kind for kind in SHAPES if kind != "fixed")):
        assert f"`{word}`" in FORMAT, word


def test_the_new_policy_on_the_page_is_one(tmp_path: Path) -> None:
    [text] = [block for block in re.findall(r"^```toml\n(.*?)^```$", FORMAT, re.M | re.S) if "extends" in block]
    path = tmp_path / "fingerprints.toml"
    path.write_text(text, encoding="utf-8")
    assert read_scenario(path).form.lead == "fingerprints"


def test_examples_by_hand() -> None:
    run_examples("encounter.md", at_least=11)


def test_every_module_on_the_page_exists() -> None:
    names_exist("encounter.md", "scenario-format.md", at_least=8)
