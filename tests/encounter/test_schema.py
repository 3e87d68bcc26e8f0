"""The published schema of scenario files: what it takes, and what it refuses."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from misid.encounter.reading import shipped
from misid.encounter.schema import schema
from tests.encounter.made import everything

VALIDATOR = jsonschema.Draft202012Validator(schema())


def test_it_is_a_schema_and_published() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    published = Path(__file__).parents[2] / "docs" / "schema" / "scenario-v1.json"
    assert json.loads(published.read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize("name", list(shipped()))
def test_shipped_scenarios_follow_it(name: str) -> None:
    VALIDATOR.validate(tomllib.loads(shipped()[name].read_text(encoding="utf-8")))


def test_a_scenario_with_every_table_follows_it() -> None:
    VALIDATOR.validate(everything())


@pytest.mark.parametrize(
    "path, value",
    [
        ("search.fpir", 0.05),
        ("search.fpir", {"value": 0.05}),
        ("search.fpir", {"value": 1.5, "assumption": "x"}),
        ("search.fpir", {"lo": 0.1, "hi": 0.2, "assumption": "x"}),
        ("search.model", "guess"),
        ("falls_on", "nobody"),
        ("statuses.citizen.sought", "yes"),
        ("statuses.citizen.age", {"value": 1, "assumption": "x"}),
        ("capture.retries", {"value": 1.5, "assumption": "x"}),
        ("policies.held.rules", []),
        ("statuses", {}),
    ],
)
def test_it_refuses_what_no_scenario_can_have(path: str, value: Any) -> None:
    table = everything()
    *parents, last = path.split(".")
    holder: Any = table
    for parent in parents:
        holder = holder[parent]
    holder[last] = value
    assert not VALIDATOR.is_valid(table)
