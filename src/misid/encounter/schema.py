"""The JSON Schema of a scenario file, for editors: keys, types and words. What tables mean together it cannot say.

``docs/schema/scenario-v1.json`` is made from it (``python run/docs.py``).
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from misid.encounter.forms import ScenarioForm
from misid.encounter.numbers import UNIT_KEY, number_schemas


def schema() -> dict[str, Any]:
    """The schema as data."""
    made = ScenarioForm.model_json_schema(by_alias=True, mode="validation")
    whole = _with_numbers({key: value for key, value in made.items() if key != "$defs"})
    tables = {**_with_numbers(made["$defs"]), **number_schemas(), "whole": whole}
    inherited = {
        "type": "object",
        "required": ["extends"],
        "properties": {
            "extends": {"type": "string", "description": "name of a shipped scenario, or a path that ends in .toml"},
            "remove": {"type": "array", "items": {"type": "string"}, "description": "paths that the base has"},
            **{name: {} for name in whole["properties"]},
        },
        "additionalProperties": False,
    }
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "misid scenario, version 1",
        "anyOf": [{"$ref": "#/$defs/whole"}, inherited],
        "$defs": tables,
    }


def _with_numbers(part: Any) -> Any:
    """A part of the schema, in which each number is a reference to those of its unit."""
    if isinstance(part, list):
        return [_with_numbers(each) for each in part]
    if not isinstance(part, dict):
        return part
    if UNIT_KEY in part:
        kept = {key: value for key, value in part.items() if key != UNIT_KEY}
        return {**kept, "$ref": f"#/$defs/{part[UNIT_KEY]}"}
    return {key: _with_numbers(value) for key, value in part.items()}


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
