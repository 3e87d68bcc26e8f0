"""The published JSON schema of report.json, made from the dataclasses that report.json is made from.

``python -m misid.report.schema`` prints it; a test keeps ``report-v1.json`` (here and in docs/schema) in step.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from misid.report.document import ReportDocument

FILE = "report-v1.json"


class WithInfinity(GenerateJsonSchema):
    """A number may be infinite (a threshold above every score); JSON has no word for that: it is a string."""

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), {"enum": ["Infinity", "-Infinity"]}]}


def schema() -> dict[str, Any]:
    """The schema as data."""
    made = TypeAdapter(ReportDocument).json_schema(mode="serialization", schema_generator=WithInfinity)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **made,
        "title": "misid report, version 1",
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(schema_text())
