"""The published JSON schema of an assessment's report.json, made from the dataclasses that it is made from.

``python -m misid.report.assessment.schema`` prints it; a test keeps ``assessment-v1.json`` in step.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from misid.encounter.model import Assessment
from misid.report.schema import WithInfinity

FILE = "assessment-v1.json"


def schema() -> dict[str, Any]:
    """The schema as data."""
    made = TypeAdapter(Assessment).json_schema(mode="serialization", schema_generator=WithInfinity)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made, "title": "misid assessment, version 1"}


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(schema_text())
