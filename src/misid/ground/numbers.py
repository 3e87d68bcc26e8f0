"""How numbers are written: two significant figures, natural denominators, never a false zero."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

_SMALLEST_DENOMINATOR = 100


def significant(value: float, digits: int = 2) -> str:
    """A number to so many significant figures, with thousands separators and without an exponent.

    Examples
    --------
    >>> significant(0.000234), significant(12345.0), significant(1.0), significant(0.0)
    ('0.00023', '12,000', '1.0', '0')
    """
    if value == 0:
        return "0"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{Decimal(f'{value:#.{digits}g}'):,f}"


def count(value: int) -> str:
    """A count with thousands separators, all its digits.

    Examples
    --------
    >>> count(266772)
    '266,772'
    """
    return f"{value:,}"


def denominator(proportion: float, at_least: float = 1.0) -> int:
    """The smallest power of ten, 100 or more, of which `proportion` is `at_least` so many.

    Examples
    --------
    >>> denominator(0.00023), denominator(0.4), denominator(0.0)
    (10000, 100, 100)
    """
    size = _SMALLEST_DENOMINATOR
    # 1e-9: a proportion of exactly 1e-4 must not fall to the next power through its binary rounding.
    while 0 < proportion * size < at_least * (1 - 1e-9) and size < 10**15:
        size *= 10
    return size


def out_of(proportion: float, size: int) -> str:
    """How many of `size`: two significant figures, and more where they would round a rate up to all of it.

    Examples
    --------
    >>> out_of(0.00023, 10_000), out_of(0.99952, 100), out_of(1.0, 100)
    ('2.3', '99.952', '100')
    """
    value = proportion * size
    rest = size - value
    if proportion <= 0.99:
        return significant(value)
    if rest <= 0:
        return f"{size:,}"
    decimals = max(0, 1 - math.floor(math.log10(rest)))
    return f"{value:,.{decimals}f}"


def whole(proportion: float, size: int) -> str:
    """How many of `size` as people count: whole numbers from 1 up, one significant figure below.

    Examples
    --------
    >>> whole(0.0116, 1000), whole(0.0004, 1000), whole(0.0, 1000)
    ('12', '0.4', '0')
    """
    value = proportion * size
    if value >= 0.95 and not (round(value) == size and proportion < 1):
        return f"{round(value):,}"
    return significant(value, 1) if value < 0.95 else out_of(proportion, size)


def whole_limits(lo: float, hi: float, size: int) -> tuple[str, str]:
    """Limits as people count, rounded outwards: what is printed holds everything between the limits.

    Examples
    --------
    >>> whole_limits(0.0026, 0.0304, 1000), whole_limits(0.00034, 0.027, 1000), whole_limits(0.0, 0.99999, 100)
    (('2', '31'), ('0.3', '27'), ('0', '99.99900'))
    """
    low, high = lo * size, hi * size
    # 1e-9: a limit of exactly 3 must not fall to 2 through its binary rounding.
    bottom = f"{math.floor(low + 1e-9):,}" if low >= 1 else _one_figure(low, ROUND_FLOOR)
    if high < 1:
        return bottom, _one_figure(high, ROUND_CEILING)
    top = math.ceil(high - 1e-9)
    return bottom, out_of(hi, size) if top == size and hi < 1 else f"{top:,}"


def _one_figure(value: float, rounding: str) -> str:
    if value <= 0:
        return "0"
    exact = Decimal(repr(value))
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted()), rounding=rounding)
    return f"{rounded.normalize():f}"


def one_in(proportion: float) -> str:
    """An upper bound as "1 in 1,700"; the number is rounded down, so that the bound stays true.

    Examples
    --------
    >>> one_in(5.8e-4), one_in(0.6)
    ('1 in 1,700', '60 in 100')
    """
    if proportion > 0.1:
        return f"{math.ceil(min(proportion, 1.0) * 100 - 1e-9)} in 100"
    inverse = 1 / proportion
    step = 10 ** max(0, math.floor(math.log10(inverse)) - 1)
    return f"1 in {math.floor(inverse / step + 1e-9) * step:,}"


def about_one_in(proportion: float) -> str:
    """An estimate as "1 in 1,700" (two significant figures); above one in ten as so many in 100.

    Examples
    --------
    >>> about_one_in(5.8e-4), about_one_in(0.23)
    ('1 in 1,700', '23 in 100')
    """
    return f"{out_of(proportion, 100)} in 100" if proportion > 0.1 else f"1 in {significant(1 / proportion)}"


def at_target(proportion: float) -> str:
    """A rate that was asked for: "1 in 1,000" where it is one, two significant figures where not.

    Examples
    --------
    >>> at_target(1e-3), at_target(0.003)
    ('1 in 1,000', '3 in 1,000')
    """
    if proportion <= 0:
        return "0"
    size = denominator(proportion)
    return f"{proportion * size:.2g} in {size:,}"


def percent(level: float) -> str:
    """A confidence level.

    Examples
    --------
    >>> percent(0.95)
    '95 %'
    """
    return f"{100 * level:.10g} %"


def threshold_text(value: float) -> str:
    """A threshold: every digit where they are few, six significant ones where they are many.

    Examples
    --------
    >>> threshold_text(51.5), threshold_text(0.31270000338554)
    ('51.5', '0.3127')
    """
    if math.isinf(value):
        return "above every score" if value > 0 else "below every score"
    exact = repr(value).removesuffix(".0")
    return exact if len(exact) <= 9 else f"{value:.6g}"


def p_text(value: float) -> str:
    """A p value; below 0.001 only that.

    Examples
    --------
    >>> p_text(0.0123), p_text(1e-9), p_text(1.0)
    ('0.012', 'below 0.001', '1.0')
    """
    return "below 0.001" if value < 0.001 else significant(value)
