"""Numbers as a caller gave them: a sequence of numbers, or an error that says what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real

from misid.ground.errors import UsageError


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
        numbers.append(float(value))
    return tuple(numbers)


def _as_number(value: object) -> str:
    """The number that was perhaps meant, or an example."""
    try:
        return f"{float(value):g}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "0.5"
