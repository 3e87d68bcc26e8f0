"""How a number stands in a scenario file: a table with its shape, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from misid.encounter.parameters import UNITS, Stated, Unit
from misid.encounter.reading_shapes import read_shape, shown
from misid.encounter.shapes import PRIORS, SHAPES
from misid.ground.codes import problem
from misid.ground.errors import Findings

REST = "rest"
"""A share that is what the others leave."""

BESIDE = ("source", "assumption", "note")
"""Keys of a number's table that are not its shape's."""

NUMBER_KEYS = {"shape", "value", *BESIDE, *(name for shape in SHAPES.values() for name in get_type_hints(shape))}
NUMBER_KEYS -= {"kind"}
"""Every key that a number's table can have."""

UNIT_KEY = "x-misid-unit"
PROBLEMS = "misid_problems"
"""Type of the validation error that carries problems found here."""

_EXAMPLE = '{ value = 0.01, source = "an evidence id" } or { value = 0.01, assumption = "why" }'


@dataclass(frozen=True)
class Number:
    """Marks a field of a form that holds a number: its unit, what it is, and what more it may or must be.

    Attributes
    ----------
    unit : str
    title : str
        For lists of inputs; the name of what it belongs to stands before it.
    fixed : bool
        A range is not allowed.
    rest : bool
        ``"rest"`` is allowed.
    least : float or None
        Lowest value where it is above the unit's.
    """

    unit: Unit
    title: str
    fixed: bool = False
    rest: bool = False
    least: float | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        number: dict[str, Any] = {UNIT_KEY: self.unit}
        if self.rest:
            number = {"anyOf": [number, {"const": REST}]}
        return {**number, "description": self.title}

    def read(self, given: object) -> Stated | str:
        """The number, or a `PydanticCustomError` with every problem; their `where` is relative to the field."""
        if self.rest and given == REST:
            return REST
        found = Findings()
        stated = read_stated(given, self, found)
        if found.problems or stated is None:
            raise PydanticCustomError(PROBLEMS, "a number is wrong", {"problems": tuple(found.problems)})
        return stated


def read_stated(given: object, number: Number, found: Findings) -> Stated | None:
    """The number that a table states, or None with what is wrong added to `found`."""
    if not isinstance(given, Mapping):
        if isinstance(given, int | float) and not isinstance(given, bool):
            _bad(found, "E085", "", f"{shown(given)} without a source", "a table with source or assumption", _EXAMPLE)
        else:
            also = f', or "{REST}"' if number.rest else ""
            _bad(found, "E084", "", shown(given), f"a table that states a number{also}", _EXAMPLE)
        return None
    allowed = UNITS[number.unit]
    shape = read_shape(given, "", allowed, found, beside=BESIDE)
    said = {key: _text(given[key], key, found) for key in ("assumption", "note") if key in given}
    source = _sources(given["source"], found) if "source" in given else ()
    if "source" not in given and "assumption" not in given:
        _bad(found, "E085", "", "neither source nor assumption", "one of them, or both", _EXAMPLE)
    if shape is not None and number.fixed and not shape.is_fixed:
        _bad(found, "E084", "", f"a range ({shape.said()})", "one value", "value = ..., without a shape")
    if shape is not None and number.least is not None and shape.ends[0] < number.least:
        at = ".value" if shape.is_fixed else ""
        _bad(found, "E091", at, shown(shape.ends[0]), f"{number.least:g} or more", f"{number.least:g}")
    if shape is None or found.problems:
        return None
    return Stated(shape=shape, source=source, **said)


def _text(value: object, key: str, found: Findings) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    _bad(found, "E084", f".{key}", shown(value), "a text that is not empty", f'{key} = "in words"')
    return ""


def _sources(value: object, found: Findings) -> tuple[str, ...]:
    ids = value if isinstance(value, list) else [value]
    if not ids or not all(isinstance(each, str) and each for each in ids):
        _bad(found, "E084", ".source", shown(value), "an evidence id, or a list of them", "misid evidence list")
        return ()
    if len(set(ids)) < len(ids):
        _bad(found, "E084", ".source", f"{shown(value)}, with one id twice", "each id once", "leave one out")
    return tuple(ids)


def _bad(found: Findings, code: str, where: str, seen: str, allowed: str, remedy: str) -> None:
    found.add(problem(code, where=where, seen=seen, allowed=allowed, remedy=remedy))


def number_schemas() -> dict[str, Any]:
    """JSON Schema of a number of each unit."""
    return {unit: {"anyOf": [_form(unit, kind) for kind in SHAPES]} for unit in UNITS}


def _form(unit: Unit, kind: str) -> dict[str, Any]:
    """One shape of a number of a unit, as JSON Schema."""
    hints = {name: hint for name, hint in get_type_hints(SHAPES[kind]).items() if name != "kind"}
    allowed = UNITS[unit]
    properties: dict[str, Any] = {}
    for name, hint in hints.items():
        if name == "prior":
            properties[name] = {"enum": list(PRIORS)}
        elif hint is int:
            properties[name] = {"type": "integer", "minimum": 0}
        elif name in ("alpha", "beta", "factor"):
            properties[name] = {"type": "number", "exclusiveMinimum": 1 if name == "factor" else 0}
        else:
            properties[name] = {
                "type": "integer" if allowed.whole else "number", "minimum": allowed.lo, "maximum": allowed.hi
            }  # fmt: skip
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "properties": {
            **({} if kind == "fixed" else {"shape": {"const": kind}}),
            **properties,
            "source": {"anyOf": [text, {"type": "array", "items": text, "minItems": 1, "uniqueItems": True}]},
            "assumption": text, "note": text,
        },
        "required": [
            *([] if kind == "fixed" else ["shape"]),
            *(name for name in hints if not hasattr(SHAPES[kind], name)),
        ],
        "anyOf": [{"required": ["source"]}, {"required": ["assumption"]}],
        "additionalProperties": False,
    }  # fmt: skip
