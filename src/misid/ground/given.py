"""Numbers as a caller gave them: a sequence of numbers, or an error that says what to write instead."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from numbers import Integral, Real

from misid.ground.errors import UsageError

WHOLE_NUMBERS = 2**53
"""Every whole number up to this size is a double; of those above, one in two or fewer."""

NOT_HELD = "subtract one constant from all scores and thresholds, or divide them all by one number"
"""What to do with numbers that have more digits than a double holds."""


def is_held(text: str) -> bool:
    """Whether a whole number, written out, is the double that it becomes; True of all that is no such number.

    Fractions, and what has an exponent, are floats as floats are written.

    Examples
    --------
    >>> [is_held(text) for text in ("9007199254740993", "9007199254740994", "1e23", "0.1", "nan")]
    [False, True, True, True, True]
    """
    # Shorter ones are; most texts end here.
    if len(text) < len(str(WHOLE_NUMBERS)) or "e" in text.lower():
        return True
    try:
        number = Decimal(text)
    except InvalidOperation:
        return True
    if not number.is_finite() or number != number.to_integral_value():
        return True
    held = float(text)
    return math.isfinite(held) and number == Decimal(held)


def refuse_rounding(name: str, text: str) -> None:
    """`UsageError` where a whole number that was given is not the double that it becomes."""
    if not is_held(text):
        raise UsageError(
            f"{name} is {text[:60]}, which a double does not hold: it would become {float(text)!r}; allowed: whole "
            f"numbers up to {WHOLE_NUMBERS} in size, and floats",
            remedy=NOT_HELD,
        )


def numbers_given(name: str, values: object) -> tuple[float, ...]:
    """The numbers of a sequence, or `UsageError` where it is something else.

    Parameters
    ----------
    name : str
        Of the parameter, for the error.
    values : iterable of float
        A single number and text are refused: ``"12"`` is a sequence too, of ``"1"`` and ``"2"``.

    Examples
    --------
    >>> numbers_given("thresholds", [0.5, 2])
    (0.5, 2.0)
    >>> numbers_given("thresholds", "2")
    Traceback (most recent call last):
        ...
    misid.ground.errors.UsageError: thresholds is '2'; allowed: a sequence of numbers
      try: thresholds=[2]
    """
    if isinstance(values, str | bytes | Real) or not isinstance(values, Iterable):
        raise UsageError(
            f"{name} is {values!r}; allowed: a sequence of numbers", remedy=f"{name}=[{_as_number(values)}]"
        )
    numbers = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, Real):
            raise UsageError(f"{name} has {value!r}; allowed: numbers only", remedy=f"{name}=[{_as_number(value)}]")
        if isinstance(value, Integral):
            refuse_rounding(name, str(int(value)))
        numbers.append(float(value))
    return tuple(numbers)


def _as_number(value: object) -> str:
    """The number that was perhaps meant, or an example."""
    try:
        return f"{float(value):g}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "0.5"
