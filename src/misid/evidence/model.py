"""The records: a fact with its source, what could not be verified, and where sources disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from misid.evidence.words import READ, TEXT_UNITS
from misid.ground.errors import UsageError

Shape = Literal["number", "range", "bound", "text", "date"]

_UNITLESS = TEXT_UNITS | {"proportion", "count", "ratio", "index"}


class Shown:
    """A record that shows itself: in a line, as text, and in a notebook."""

    id: str

    def to_dict(self) -> dict[str, Any]:
        """The record as plain data."""
        raise NotImplementedError

    @property
    def said(self) -> str:
        """What it says, in a few words."""
        raise NotImplementedError

    def lines(self) -> dict[str, str]:
        """What a person reads of it: names and texts, nothing empty."""
        shown = {}
        for name, value in self.to_dict().items():
            if isinstance(value, dict):
                value = "; ".join(f"{key} {_number_text(each)}" for key, each in value.items())
            elif isinstance(value, list):
                value = "; ".join(map(str, value))
            elif not isinstance(value, str) and value is not None:
                value = _number_text(value)
            if value:
                shown[name.replace("_", " ")] = value
        return shown

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {self.said}>"

    def __str__(self) -> str:
        lines = self.lines()
        width = max(map(len, lines))
        return "\n".join(f"{name:<{width}}  {text}" for name, text in lines.items())

    def _repr_html_(self) -> str:
        from misid.ground.show import facts_html

        return facts_html(self.id, {name: text for name, text in self.lines().items() if name != "id"})


@dataclass(frozen=True, kw_only=True, repr=False)
class Source(Shown):
    """Where facts come from, and how near to it they were read (`misid.evidence.words.READ`)."""

    id: str
    title: str
    publisher: str
    date: str
    kind: str
    read: str
    url: str = ""
    no_url: str = ""
    original_url: str = ""
    read_where: str = ""
    note: str = ""

    @property
    def link(self) -> str:
        """The address to open: the original's where what was read is a copy of it, and "" if none is known."""
        return self.original_url or self.url

    @property
    def said(self) -> str:
        return f"{self.title} ({self.publisher}, {self.date})"

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id, "title": self.title, "publisher": self.publisher, "date": self.date, "kind": self.kind,
            "link": self.link, "url": self.url, "no_url": self.no_url, "original_url": self.original_url,
            "read": self.read, "read_where": self.read_where, "note": self.note,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class Fact(Shown):
    """One published number or statement.

    `value` is a number or words; `lo` and `hi` are what `limits` says they are (quartiles, two years, "more
    than"), and hardly ever a confidence interval. `given` holds the conditions of measurement as numbers
    (`misid.evidence.words.GIVEN`). `conflicts` names the records of disagreement it has a part in.
    """

    id: str
    topic: str
    quantity: str
    symbol: str
    units: str
    value: float | str | None
    lo: float | None
    hi: float | None
    limits: str
    given: Mapping[str, float] = field(hash=False)
    population: str
    source: Source
    confidence: str
    read: str
    read_where: str
    note: str
    conflicts: tuple[str, ...]

    @property
    def shape(self) -> Shape:
        """What the fact is: one number, two (a range), one side of a range (a bound), words, or a date."""
        if isinstance(self.value, str):
            return "date" if self.units == "date" else "text"
        if self.value is not None:
            return "number"
        return "bound" if self.lo is None or self.hi is None else "range"

    @property
    def number(self) -> float:
        """The number, for arithmetic.

        Raises
        ------
        UsageError
            If the fact is a range, a bound or words: a number is never made up from them.

        Examples
        --------
        >>> from misid.evidence import load
        >>> load()["fnir-nec010-mug12m"].number
        0.0007
        """
        if self.value is None or isinstance(self.value, str):
            words = isinstance(self.value, str)
            raise UsageError(
                f"{self.id} is not one number: {self.said}",
                remedy=f"read it: misid evidence show {self.id}"
                if words
                else f"use .lo and .hi, which are: {self.limits}",
            )
        return self.value

    @property
    def said(self) -> str:
        if isinstance(self.value, str):
            return self.value
        if self.value is not None:
            text = _number_text(self.value)
        elif self.lo is not None and self.hi is not None:
            text = f"{_number_text(self.lo)} to {_number_text(self.hi)}"
        elif self.lo is not None:
            text = f"{_number_text(self.lo)} or more"
        else:
            text = f"{_number_text(self.hi or 0)} or less"
        return text if self.units in _UNITLESS else f"{text} {self.units}"

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id, "topic": self.topic, "quantity": self.quantity, "symbol": self.symbol, "said": self.said,
            "shape": self.shape, "units": self.units, "value": self.value, "lo": self.lo, "hi": self.hi,
            "limits": self.limits, "given": dict(self.given), "population": self.population, "note": self.note,
            "source": self.source.id, "title": self.source.title, "publisher": self.source.publisher,
            "date": self.source.date, "link": self.source.link, "url": self.source.url, "no_url": self.source.no_url,
            "kind": self.source.kind, "source_note": self.source.note, "confidence": self.confidence,
            "read": self.read, "read_where": self.read_where, "conflicts": list(self.conflicts),
        }  # fmt: skip

    def lines(self) -> dict[str, str]:
        lines = super().lines()
        # What a person needs once: the number as it is said, the address to open, how it was read in words.
        for name in ("shape", "value", "source", "url"):
            lines.pop(name, None)
        lines["read"] = READ[self.read]
        return lines


@dataclass(frozen=True, kw_only=True, repr=False)
class Unverified(Shown):
    """Something heard or recalled that could not be read. It has no value, so that none can be computed with."""

    id: str
    quantity: str
    claim: str
    why: str
    remedy: str

    @property
    def said(self) -> str:
        return f"unverified: {self.claim}"

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "quantity": self.quantity, "claim": self.claim, "why": self.why, "remedy": self.remedy}


@dataclass(frozen=True, kw_only=True, repr=False)
class Conflict(Shown):
    """Facts (by id) that disagree, or one that does not agree with itself, and what to do about it."""

    id: str
    question: str
    facts: tuple[str, ...]
    differs: str
    advice: str

    @property
    def said(self) -> str:
        return self.question

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id, "question": self.question, "facts": list(self.facts), "differs": self.differs,
            "advice": self.advice,
        }  # fmt: skip


Record = Fact | Unverified | Conflict


def _number_text(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else repr(value)
