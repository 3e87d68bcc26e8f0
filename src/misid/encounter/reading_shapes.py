"""Reads a shape from a scenario: a number, or a table that says which shape and its numbers.

Everything that is wrong is added to the findings with its dotted path; nothing stops at the first.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any, get_type_hints

from misid.encounter.shapes import PRIORS, SHAPES, Fixed, Shape
from misid.ground.codes import problem
from misid.ground.errors import Findings

MOST_DIGITS = 40
"""Longest value shown in a message; the rest of a longer one says nothing more."""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Which values a parameter can have at all, whatever its shape.

    Attributes
    ----------
    lo, hi : float
        The lowest and the highest; infinite where there is none.
    words : str
        The same in words, for messages.
    above : bool
        `lo` itself is not allowed.
    whole : bool
        Whole numbers only.
    example : float
        A value that many would give, for messages.
    """

    lo: float
    hi: float
    words: str
    above: bool = False
    whole: bool = False
    example: float = 1.0

    def holds(self, value: float) -> bool:
        return (self.lo < value if self.above else self.lo <= value) and value <= self.hi


PROPORTION = Allowed(lo=0.0, hi=1.0, words="a proportion from 0 to 1 (3 % is 0.03)", example=0.01)
NUMBER = Allowed(lo=0.0, hi=math.inf, words="a number from 0 up")
POSITIVE = Allowed(lo=0.0, hi=math.inf, words="a number above 0", above=True)


def read_shape(
    given: object, where: str, allowed: Allowed, found: Findings, *, beside: Collection[str] = ()
) -> Shape | None:
    """The shape that a scenario gives, or None with what is wrong added to `found`.

    Parameters
    ----------
    given : object
        A number, a table with ``value``, or a table with ``shape`` and the numbers of that shape.
    where : str
        Dotted path, with the file's name before it.
    allowed : Allowed
    found : Findings
    beside : collection of str
        Keys of the table that are not the shape's, and are read by the caller.

    Examples
    --------
    >>> read_shape({"shape": "uniform", "lo": 0.001, "hi": 0.03}, "search.fpir", PROPORTION, Findings())
    Uniform(lo=0.001, hi=0.03)
    >>> found = Findings()
    >>> read_shape(3, "search.fpir", PROPORTION, found)
    >>> print(found.problems[0])
    E091 value-not-allowed: search.fpir: 3; allowed: a proportion from 0 to 1 (3 % is 0.03)
      try: 0.03, if 3 % is meant
    """
    if _is_number(given):
        return _checked(Fixed(value=as_float(given)), where, allowed, found)
    if not isinstance(given, Mapping):
        _not_a_shape(found, where, shown(given), "a number, or a table with value or with shape", _EXAMPLE)
        return None
    own = {key: value for key, value in given.items() if key not in beside}
    kind = own.pop("shape", "fixed" if "value" in own else None)
    if kind is None:
        held = ", ".join(map(shown, own)) or "neither"
        _not_a_shape(
            found, where, f"no value and no shape ({held} given)", "value, or shape with its numbers", _EXAMPLE
        )
        return None
    if not isinstance(kind, str) or kind not in SHAPES:
        near = get_close_matches(str(kind), SHAPES, n=1)
        remedy = f"shape = {near[0]!r}" if near else _EXAMPLE
        _not_a_shape(found, f"{where}.shape", shown(kind), ", ".join(SHAPES), remedy)
        return None
    shape = _made(SHAPES[kind], kind, own, where, found)
    return None if shape is None else _checked(shape, where, allowed, found)


_EXAMPLE = '{shape = "uniform", lo = 0.001, hi = 0.03}'


@cache
def _hints(made: type[Shape]) -> Mapping[str, Any]:
    """Names and types of a shape's numbers. Kept: to work them out takes longer than all else in reading a number."""
    return MappingProxyType({name: hint for name, hint in get_type_hints(made).items() if name != "kind"})


def _made(made: type[Shape], kind: str, own: Mapping[str, object], where: str, found: Findings) -> Shape | None:
    """The shape, if the table has its numbers, each of its type, and nothing else."""
    hints = _hints(made)
    needed = [name for name in hints if not hasattr(made, name)]
    before = len(found.problems)
    for name in own.keys() - hints.keys():
        near = get_close_matches(str(name), hints, n=1)
        _not_a_shape(
            found, f"{where}.{name}", f"a key that {kind} does not have", ", ".join(hints),
            f"{near[0]}, if that is meant; or leave it out" if near else "leave it out, or give another shape",
        )  # fmt: skip
    for name in needed:
        if name not in own:
            _not_a_shape(found, where, f"no {name}", f"{kind} with {', '.join(needed)}", f"give {name}")
    numbers: dict[str, Any] = {}
    for name, value in own.items():
        if name not in hints:
            continue
        if name == "prior":
            if value not in PRIORS:
                _not_a_shape(found, f"{where}.prior", shown(value), " or ".join(PRIORS), "prior = 'jeffreys'")
            numbers[name] = value
        elif hints[name] is int:
            if isinstance(value, bool) or not isinstance(value, int):
                _not_a_shape(found, f"{where}.{name}", shown(value), "a whole number", f"{name} = 3, without quotes")
            elif abs(value) >= 10**15:
                _not_a_shape(found, f"{where}.{name}", shown(value), "a number below 10^15", "count in people")
            numbers[name] = value
        elif not _is_number(value):
            _not_a_shape(found, f"{where}.{name}", shown(value), "a number", f"{name} = 0.01, without quotes")
        else:
            numbers[name] = as_float(value)
    return made(**numbers) if len(found.problems) == before else None


def _checked(shape: Shape, where: str, allowed: Allowed, found: Findings) -> Shape | None:
    """The shape, if its numbers agree with each other and with what the parameter can be."""
    wrong = shape.problems()
    for key, what in wrong.items():
        at = where if isinstance(shape, Fixed) else f"{where}.{key}"
        _not_allowed(found, at, getattr(shape, key), what, "correct the numbers")
    if wrong:
        return None
    if isinstance(shape, Fixed) and allowed.whole and shape.value != int(shape.value):
        _not_allowed(found, where, shape.value, allowed.words, f"{math.floor(shape.value)}")
        return None
    lo, hi = shape.ends
    # Where a shape has no end of its own, the parameter's is asked for.
    for key, end in (("lo", lo), ("hi", hi)) if lo != hi else (("", lo),):
        inside = allowed.holds(end) or (allowed.above and end == allowed.lo and shape.kind not in ("fixed", "uniform"))
        if inside:
            continue
        at = f"{where}.{key}" if key else where
        if math.isinf(end):
            _not_allowed(found, at, "no upper end", allowed.words, f"hi = {allowed.hi:g}")
        else:
            _not_allowed(found, at, end, allowed.words, _remedy(end, allowed))
        return None
    return shape


def _remedy(value: float, allowed: Allowed) -> str:
    if allowed == PROPORTION and 1 < value <= 100:
        return f"{value / 100:.6g}, if {value:g} % is meant"
    return f"a number in this range, such as {shown(allowed.example)}"


def _not_a_shape(found: Findings, where: str, seen: str, allowed: str, remedy: str) -> None:
    found.add(problem("E090", where=where, seen=seen, allowed=allowed, remedy=remedy))


def _not_allowed(found: Findings, where: str, seen: object, allowed: str, remedy: str) -> None:
    text = seen if isinstance(seen, str) else shown(seen)
    found.add(problem("E091", where=where, seen=text, allowed=allowed, remedy=remedy))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_float(value: Any) -> float:
    """A number of TOML, whose integers can be too large for a float."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def shown(value: object) -> str:
    """A value of a file as a message shows it: its own digits, and not more of them than help.

    >>> shown(0.5), shown(3.0), shown(10**60), shown("three per cent"), shown(True)
    ('0.5', '3', 'a number of 61 digits', "'three per cent'", 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        return f"a number of {math.floor(math.log10(abs(value))) + 1} digits"
    if isinstance(value, float):
        return f"{value:.15g}"
    text = repr(value)
    return text if len(text) <= 2 * MOST_DIGITS else f"{text[: 2 * MOST_DIGITS]}…"
