"""What a record must hold. Every rule adds to the problems; none stops at the first."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from misid.evidence.words import CONFIDENCE, GIVEN, KINDS, READ, TEXT_UNITS
from misid.ground.codes import problem
from misid.ground.errors import Findings

Row = Mapping[str, Any]

_DATED = re.compile(r"(?:late )?(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?: \(.+\))?")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNDATED = re.compile(r"undated\b.*|date not in .+")

_NUMBER = (int, float)
_LARGEST = sys.float_info.max
"""Whole numbers of TOML have no end."""
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "source": dict.fromkeys(("title", "publisher", "date", "kind", "read"), (str,)),
    "fact": dict.fromkeys(("quantity", "units", "population", "source", "confidence"), (str,)),
    "unverified": dict.fromkeys(("quantity", "claim", "why", "remedy"), (str,)),
    "conflict": {**dict.fromkeys(("question", "differs", "advice"), (str,)), "facts": (list,)},
}
"""Fields that a record must have, apart from its id, and their types."""

OPTIONAL: dict[str, dict[str, tuple[type, ...]]] = {
    "source": dict.fromkeys(("url", "no_url", "original_url", "read_where", "note"), (str,)),
    "fact": {
        **dict.fromkeys(("symbol", "limits", "read", "read_where", "note"), (str,)),
        "value": (*_NUMBER, str), "lo": _NUMBER, "hi": _NUMBER, "given": (dict,),
    },
    "unverified": {},
    "conflict": {},
}  # fmt: skip


def published(text: str) -> str | None:
    """The date of a source as ISO 8601, as exact as it is known; "" if it is undated; None if it is no date.

    Examples
    --------
    >>> published("2026-02"), published("late 2025 (a remark)"), published("undated"), published("2026-13")
    ('2026-02', '2025', '', None)
    """
    if _UNDATED.fullmatch(text):
        return ""
    found = _DATED.fullmatch(text)
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part for part in (year, month, day) if part)


def is_address(text: str) -> bool:
    """Whether `text` is a whole address of the web.

    Examples
    --------
    >>> is_address("https://pages.nist.gov/frvt/html/frvt1N.html"), is_address("www.nist.gov"), is_address("http://x y")
    (True, False, False)
    """
    if not text.isascii() or any(character.isspace() for character in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "")


def check_form(kind: str, row: Row, where: str, found: Findings) -> bool:
    """Whether a record has the fields of its kind, each of its type and none empty."""
    required, optional = {"id": (str,), **FIELDS[kind]}, OPTIONAL[kind]
    known = {**required, **optional}
    before = len(found.problems)
    for name in required.keys() - row.keys():
        _form(found, where, f"no {name}", f"{name} in every {kind}")
    for name, value in row.items():
        if name not in known:
            _form(found, where, f"a field {name!r}", ", ".join(known))
        elif isinstance(value, bool) or not isinstance(value, known[name]):
            _form(found, where, f"{name} = {value!r}", " or ".join(each.__name__ for each in known[name]))
        elif name == "id" and not _ID.fullmatch(str(value)):
            _form(found, where, f"id = {value!r}", "small letters and digits, joined by -")
        elif value in ("", [], {}):
            _form(found, where, f"{name} is empty", "something, or no such field")
    return len(found.problems) == before


def _form(found: Findings, where: str, seen: str, allowed: str) -> None:
    found.add(problem("E061", where=where, seen=seen, allowed=allowed, remedy="correct the record"))


def _one_of(found: Findings, where: str, name: str, value: str, words: Mapping[str, str]) -> None:
    if value not in words:
        _form(found, where, f"{name} = {value!r}", ", ".join(words))


def check_source(row: Row, where: str, found: Findings) -> None:
    """A source has an address or says why it has none, a date, and words that are known."""
    _one_of(found, where, "kind", row["kind"], KINDS)
    _one_of(found, where, "read", row["read"], READ)

    def wrong(seen: str, allowed: str) -> None:
        found.add(problem("E064", where=where, seen=seen, allowed=allowed, remedy="look the source up"))

    for name in ("url", "original_url"):
        if name in row and not is_address(row[name]):
            wrong(f"{name} = {row[name]!r}", "a whole address, from http:// or https:// on")
    if ("url" in row) == ("no_url" in row):
        wrong("both url and no_url" if "url" in row else "neither url nor no_url", "url, or no_url with the reason")
    if published(row["date"]) is None:
        wrong(f"date = {row['date']!r}", "2025, 2025-07, 2025-07-17, late 2025, or undated; then a remark in ()")


def check_fact(row: Row, where: str, found: Findings) -> None:
    """A fact has words or possible numbers, in order, and says what its limits are."""
    _one_of(found, where, "confidence", row["confidence"], CONFIDENCE)
    if "read" in row:
        _one_of(found, where, "read", row["read"], READ)
    for name in row.get("given", {}):
        _one_of(found, where, "given", name, GIVEN)

    def wrong(seen: str, allowed: str) -> None:
        found.add(problem("E062", where=where, seen=seen, allowed=allowed, remedy="compare it with the source"))

    units, value = row["units"], row.get("value")
    limits = [name for name in ("lo", "hi") if name in row]
    if value is None and not limits:
        wrong("neither value, lo nor hi", "at least one of them")
    if bool(limits) != ("limits" in row):
        wrong("lo or hi without limits" if limits else "limits without lo or hi", "limits says what lo and hi are")
    if units in TEXT_UNITS and (limits or not isinstance(value, str | None)):
        wrong(f"numbers in units of {units}", "words")
    if isinstance(value, str) and limits:
        wrong(f"words and {' and '.join(limits)}", "words or numbers")
    if units == "date" and isinstance(value, str) and not published(value):
        wrong(f"value = {value!r}", "a date: 2025-05-20")
    numbers = {name: row[name] for name in ("lo", "value", "hi") if isinstance(row.get(name), _NUMBER)}
    in_order = list(numbers.values())
    if in_order != sorted(in_order):
        wrong(", ".join(f"{name} = {number}" for name, number in numbers.items()), "lo <= value <= hi")
    most = 1.0 if units == "proportion" else math.inf
    for name, number in numbers.items():
        if not 0 <= number <= min(most, _LARGEST):
            wrong(f"{name} = {number}", "0 to 1, for a proportion" if most == 1 else "a number from 0 up")
    for name, number in row.get("given", {}).items():
        most = 1.0 if name in ("fpir", "fmr") else math.inf
        is_number = isinstance(number, _NUMBER) and not isinstance(number, bool)
        if not (is_number and 0 < number <= min(most, _LARGEST)):
            wrong(f"given {name} = {number!r}", "a number above 0" + (", at most 1" if most == 1 else ""))
