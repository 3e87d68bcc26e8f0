"""The few words that records choose from, and what each means; the documentation lists them."""

from __future__ import annotations

KINDS = {
    "primary": "who made the number published it",
    "peer-reviewed": "a paper that passed review",
    "press": "a newsroom or a press release",
    "secondary": "somebody who repeats or works on another's number",
}
"""What kind of source it is."""

READ = {
    "file": "the publisher's own file, at a named commit",
    "page": "a stored copy of the cited page, often no more than its beginning",
    "excerpt": "parts of the cited text only",
    "copy": "the cited text at another address than its publisher's",
    "note": "somebody else's notes on the cited text",
    "derived": "arithmetic on other facts, made for this library",
}
"""How near to its source a number was read. None was read on the live web."""

CONFIDENCE = {
    "high": "the source says so plainly",
    "medium": "it was read at one remove, or the source leaves room for doubt",
    "low": "an illustration; not to be relied on",
}
"""How sure it is that the source says this. It does not say that the source is right."""

GIVEN = {
    "gallery": "people enrolled",
    "fpir": "FPIR at which it was measured",
    "fmr": "FMR at which it was measured",
    "rank": "candidates in a list",
}
"""Conditions under which a number was measured, as numbers."""

TEXT_UNITS = frozenset({"text", "formula", "date"})
"""Units of facts that are words."""
