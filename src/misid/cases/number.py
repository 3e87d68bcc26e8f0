"""A number of a case file: its range, and where it comes from. Shapes and their keys are those of scenario files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from misid.encounter.reading_shapes import Allowed, read_shape, shown
from misid.encounter.shapes import Beta, Counts, Fixed, Lognormal, LogUniform, Pert, Shape, Uniform
from misid.evidence import load
from misid.ground.codes import problem
from misid.ground.errors import Findings, UsageError
from misid.ground.numbers import significant
from misid.search.span import Span

BESIDE = ("source", "document", "assumption", "note")
"""Keys of a number that say where it comes from."""

_LIMITS = (0.025, 0.975)
_LONGEST = 1000


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A number with its origin.

    Attributes
    ----------
    shape : Shape
    source : tuple of str
        Ids of the evidence library.
    document : str
        What in the matter says so: an exhibit, a manual, an answer of the operator.
    assumption : str
        What is assumed where neither carries the number.
    note : str
    default : bool
        The case file is silent, and this stands in.
    """

    shape: Shape
    source: tuple[str, ...] = ()
    document: str = ""
    assumption: str = ""
    note: str = ""
    default: bool = False

    @property
    def span(self) -> Span:
        """Its ends (the 95 % limits of a shape without ends of its own) and its preferred value, if it has one."""
        return span_of(self.shape)

    @property
    def basis(self) -> Literal["document", "source", "assumption"]:
        """Where it comes from, in one word."""
        return "document" if self.document else "source" if self.source else "assumption"


def span_of(shape: Shape) -> Span:
    """The range that a case is computed over.

    Examples
    --------
    >>> span_of(Pert(lo=0.3, mode=0.5, hi=0.9))
    Span(lo=0.3, hi=0.9, best=0.5, shape='uniform')
    >>> span_of(Counts(k=4, n=1000)).best
    0.004
    """
    if isinstance(shape, Fixed):
        return Span.exactly(shape.value)
    if isinstance(shape, Uniform | LogUniform):
        return Span(lo=shape.lo, hi=shape.hi)
    if isinstance(shape, Pert):
        return Span(lo=shape.lo, best=shape.mode, hi=shape.hi)
    lo, hi = (float(q) for q in shape.quantile(np.array(_LIMITS)))
    if isinstance(shape, Lognormal):
        return Span(lo=lo, best=shape.median, hi=hi)
    best = shape.k / shape.n if isinstance(shape, Counts) else shape.mean
    # Limits of nothing seen start above 0.
    return Span(lo=min(lo, best), best=best, hi=max(hi, best))


def said_span(stated: Stated) -> str:
    """The range that is used, in words: a case is computed at its ends, so that its shape does not matter.

    Examples
    --------
    >>> said_span(Stated(shape=Pert(lo=0.3, mode=0.5, hi=0.9))), said_span(Stated(shape=Fixed(value=2e8)))
    ('0.3 to 0.9, most likely 0.5', '200,000,000')
    """
    span = stated.span
    if span.is_known:
        return _written(span.lo)
    words = f"{_written(span.lo)} to {_written(span.hi)}"
    if isinstance(stated.shape, Counts):
        return f"{words} (95 % limits of {stated.shape.k:,} in {stated.shape.n:,})"
    if isinstance(stated.shape, Beta | Lognormal):
        return f"{words} (95 % limits of {stated.shape.said()})"
    return words if span.best is None else f"{words}, most likely {_written(span.best)}"


def _written(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}" if 1e-4 <= abs(value) < 1e4 else significant(value, 3)


def assumed(why: str, *, source: tuple[str, ...] = (), **shape: float) -> Stated:
    """A default: a pert (with ``mode``), a uniform (``lo``, ``hi``) or one value, and why.

    >>> assumed("not known", lo=0.0, hi=1.0).span.hi
    1.0
    """
    made: Shape
    if "value" in shape:
        made = Fixed(value=shape["value"])
    elif "mode" in shape:
        made = Pert(lo=shape["lo"], mode=shape["mode"], hi=shape["hi"])
    else:
        made = Uniform(lo=shape["lo"], hi=shape["hi"])
    return Stated(shape=made, source=source, assumption=why, default=True)


class Number:
    """Marks a field as a number of a kind, for Pydantic: ``Annotated[Stated, Number(PROPORTION)]``."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        text = {"type": "string", "minLength": 1, "maxLength": _LONGEST}
        numbers = ("value", "lo", "mode", "hi", "alpha", "beta", "k", "n", "median", "factor")
        return {
            "type": "object",
            "description": f"{self.allowed.words}; with at least one of source, document and assumption",
            "properties": {
                "shape": {"enum": ["fixed", "uniform", "log-uniform", "pert", "beta", "counts", "lognormal"]},
                **{name: {"type": "number"} for name in numbers},
                "prior": {"enum": ["jeffreys", "uniform"]},
                "source": {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]},
                **dict.fromkeys(BESIDE[1:], text),
            },
            "anyOf": [{"required": [name]} for name in BESIDE[:3]],
            "additionalProperties": False,
        }

    def _read(self, given: Any) -> Stated:
        if isinstance(given, Stated):
            return given
        found = Findings()
        # What a number can be is said even of one that has no source.
        shape = read_shape(given, "", self.allowed, found, beside=BESIDE)
        origin = _origin(given if isinstance(given, Mapping) else {}, found)
        if found.problems or shape is None:
            raise PydanticCustomError("number", "not a number of a case", {"problems": found.problems})
        return Stated(shape=shape, **origin)


def _origin(given: Mapping[str, Any], found: Findings) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for key in BESIDE[1:]:
        value = given.get(key, "")
        if not isinstance(value, str) or len(value) > _LONGEST or (key in given and not value.strip()):
            found.add(problem(
                "E100", where=f".{key}", seen=shown(value), allowed=f"a text of 1 to {_LONGEST:,} characters",
                remedy=f'{key} = "..."',
            ))  # fmt: skip
            continue
        texts[key] = value.strip()
    source = given.get("source", ())
    ids = (source,) if isinstance(source, str) else tuple(source) if isinstance(source, list | tuple) else (source,)
    for each in ids:
        _known(each, found)
    if not any(key in given for key in BESIDE[:3]):
        found.add(problem(
            "E102", where="", seen="no source, document or assumption", allowed="at least one of the three",
            remedy='document = "exhibit 3, page 12", source = "an id of misid evidence list", or assumption = "why"',
        ))  # fmt: skip
    return {**texts, "source": ids}


def _known(name: Any, found: Findings) -> None:
    if not isinstance(name, str):
        found.add(problem(
            "E100", where=".source", seen=shown(name), allowed="an id of the evidence library, or a list of them",
            remedy="misid evidence list",
        ))  # fmt: skip
        return
    try:
        load()[name]
    except UsageError as error:
        found.add(problem(
            "E102", where=".source", seen=error.message, allowed="an id of a fact of the evidence library",
            remedy=f'{error.remedy}; what a paper of the matter says is document = "..."',
        ))  # fmt: skip
