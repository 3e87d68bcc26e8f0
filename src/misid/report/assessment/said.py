"""Estimates of an assessment in words, traced to report.json."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from misid.ground.numbers import denominator, out_of, percent, significant
from misid.report.filing import Quoted, Unbroken, Value, Values, Words


class Said(Values):
    """Writes the estimates at places in report.json.

    An estimate is a record with `value`, `lo`, `hi`, `level`, `unit` and `reason`.
    """

    def estimate(self, path: str, *, limits: bool = True) -> Words:
        """An estimate in its own unit: "1,500 (240–8,800)"; why not, where there is none."""
        record = self.at(path)
        if record["value"] is None:
            return ("not defined: ", Quoted(record["reason"]))
        if record["unit"] == "probability":
            return self.proportion(path, limits=limits)
        return self._limited(path, record, self.plain, limits)

    def plain(self, path: str) -> Value:
        """A number to two significant figures, with all digits where it is a whole one below a hundred."""
        return self.shown(path, amount)

    def people(self, path: str, size: float) -> Words:
        """An estimate of people per 100,000 as so many of `size`."""
        record, per = self.at(path), self.at("per")
        if record["value"] is None:
            return ("not defined: ", Quoted(record["reason"]))
        return self._limited(path, record, lambda place: self.shown(place, lambda v: amount(v * size / per)), True)

    def proportion(self, path: str, size: int | None = None, *, limits: bool = True, rest: bool = False) -> Words:
        """A probability as "2.3 (1.1–4.8) in 10,000"; of `size`, where one is given; the rest to 1 with `rest`."""
        record = self.at(path)
        if record["value"] is None:
            return ("not defined: ", Quoted(record["reason"]))
        value = 1 - record["value"] if rest else record["value"]
        of = size or denominator(value)

        def write(place: str) -> Value:
            return self.shown(place, lambda v: out_of(1 - v if rest else v, of))

        ends = ("hi", "lo") if rest else ("lo", "hi")
        said = self._limited(path, record, write, limits, ends)
        return said if size else (said, f" in {of:,}")

    def level(self, path: str) -> Value:
        """The level of an estimate's limits."""
        return self.percent(f"{path}.level")

    def portion(self, path: str) -> Value:
        """A share of draws or of a spread, in percent without a false 0 or 100."""
        return self.shown(path, share_text)

    def of_draws(self, path: str) -> Value:
        """A share of the draws: they are a sample, so "all" and "none" are said of them and not of the world."""
        return self.shown(path, draws_text)

    def _limited(
        self, path: str, record: dict[str, Any], write: Callable[[str], Value], limits: bool,
        ends: tuple[str, str] = ("lo", "hi"),
    ) -> Words:  # fmt: skip
        value = write(f"{path}.value")
        lo, hi = (write(f"{path}.{end}") for end in ends)
        if not limits or lo.text == value.text == hi.text:
            return value
        # Two minus signs and a dash cannot be told apart.
        dash = " to " if record["lo"] < 0 else "–"
        return (value, " ", Unbroken(("(", lo, dash, hi, ")")))


def amount(value: float) -> str:
    """A number of people, hours, times: two significant figures.

    Examples
    --------
    >>> amount(1534.2), amount(12.0), amount(3.0), amount(0.0123), amount(0.0)
    ('1,500', '12', '3', '0.012', '0')
    """
    if value == round(value) and abs(value) < 100:
        return f"{value:.0f}"
    return significant(value, 2)


def draws_text(value: float) -> str:
    """A share of the draws in words where it is none or all of them.

    Examples
    --------
    >>> draws_text(1.0), draws_text(0.0), draws_text(0.9999)
    ('all', 'none', 'above 99 %')
    """
    return {0.0: "none", 1.0: "all"}.get(value) or share_text(value)


def share_text(value: float) -> str:
    """A share in percent; what is not none is never "0 %", what is not all never "100 %".

    Examples
    --------
    >>> share_text(0.5), share_text(0.0004), share_text(0.9999), share_text(1.0)
    ('50 %', 'below 1 %', 'above 99 %', '100 %')
    """
    if 0 < value < 0.01:
        return "below 1 %"
    if 0.99 < value < 1:
        return "above 99 %"
    return percent(round(value, 2))
