"""Which ids look as if they said who somebody is: names, addresses, numbers of documents, dates.

An id has to be opaque. What is looked for is conservative: hashes, UUIDs, running numbers and codes such as
``S001`` or ``subj_12`` never match. Every pattern is written in the part of regular-expression syntax that
Python, RE2 (DuckDB) and Java (Spark) share, so one text serves the SQL and the tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from misid.engine.seam import literal

_UPPER = "A-ZÀ-ÖØ-ÞĀ-ſΆ-ΏΑ-ΫЀ-Я"
_LOWER = "a-zß-öø-ÿĀ-ſά-ώа-џ"
_WORD = f"[{_UPPER}]['’]?[{_UPPER}]?[{_LOWER}]+([-'’]?[{_UPPER}]?[{_LOWER}]+)?"
_INITIAL = f"([ _][{_UPPER}]\\.?)?"
# As in face collections whose ids are names: First_Last_0001.jpg
_SERIAL = "([ _-][0-9]+)?(\\.[A-Za-z]{3,4})?"
_CAPS = f"[{_UPPER}]{{2,}}"


@dataclass(frozen=True, kw_only=True)
class Look:
    """A kind of identifying text, and how much of it is needed before it is believed.

    `share` is of all distinct ids in the column; `least` a number of them. `sparse` asks besides that the
    digits are not a running number: their span is at least 1,000 times the number of ids. `unless_coded`
    asks that fewer than half of the matches end in a group of digits that begins with 00. `shape` names kinds of
    numbers with a check digit (`misid.scores.checks.numbers`): then that is asked, and nothing else.
    """

    what: str
    pattern: str
    share: float
    least: int
    sparse: bool = False
    unless_coded: bool = False
    shape: str = ""


def _shape(shape: str, pattern: str) -> Look:
    return Look(what="identity number", pattern=f"^({pattern})$", share=0.0, least=1, shape=shape)


NAME = "name of a person"

LOOKS = (
    Look(
        what="e-mail address",
        pattern="^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}$",
        share=0.0,
        least=1,
    ),
    Look(
        what="telephone number",
        pattern="^(\\+[1-9][0-9]{0,2}[ .(-]*[0-9]([ ().-]{0,2}[0-9]){6,12}"
        "|(\\([2-9][0-9]{2}\\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4})$",
        share=0.5,
        least=3,
        unless_coded=True,
    ),
    Look(
        what="social security number",
        pattern="^[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}$",
        share=0.5,
        least=3,
        unless_coded=True,
    ),
    _shape("spanish", "[0-9]{8}-?[A-HJ-NP-TV-Z]|[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]"),
    _shape("curp", "[A-Z][AEIOUX][A-Z]{2}[0-9]{2}[01][0-9][0-3][0-9][HMX][A-Z]{2}[B-DF-HJ-NP-TV-ZÑ]{3}[0-9A-Z][0-9]"),
    _shape("italian", "(?i:[A-Z]{6}[0-9]{2}[A-EHLMPR-T][0-9]{2}[A-Z][0-9]{3}[A-Z])"),
    _shape("french", "[12][ ]?[0-9]{2}[ ]?(0[1-9]|1[0-2])[ ]?([0-9]{2}|2[AB])[ ]?[0-9]{3}[ ]?[0-9]{3}[ ]?[0-9]{2}"),
    _shape("iban", "[A-Z]{2}[0-9]{2}([0-9A-Z]{11,30}|( [0-9A-Z]{4}){2,7}( [0-9A-Z]{1,4})?)"),
    _shape("18 digits", "[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx]"),
    _shape("16 digits", "[3-6][0-9]{3}([ -]?[0-9]{4}){3}"),
    _shape("13 digits", "[0-9]{13}"),
    _shape("12 digits", "[2-9][0-9]{3}([ -]?[0-9]{4}){2}"),
    _shape("11 digits", "[0-9]{11}|[0-9]{3}\\.[0-9]{3}\\.[0-9]{3}-[0-9]{2}"),
    _shape("10 digits", "[0-9]{6}[-+]?[0-9]{4}"),
    _shape("9 digits", "[0-9]{9}"),
    Look(
        what="identity number (Pakistani CNIC)",
        pattern="^[1-8][0-9]{4}-[0-9]{7}-[0-9]$",
        share=0.5,
        least=3,
    ),
    Look(what="passport or document number", pattern="^[A-Z]{1,2}-?[0-9]{7,9}$", share=0.5, least=3, sparse=True),
    Look(
        what="date of birth",
        pattern="^((19|20)[0-9]{2}[-/.](0[1-9]|1[0-2])[-/.](0[1-9]|[12][0-9]|3[01])"
        "|(0?[1-9]|[12][0-9]|3[01])[-/.](0?[1-9]|[12][0-9]|3[01])[-/.](19|20)[0-9]{2})$",
        share=0.5,
        least=3,
    ),
    Look(
        what=NAME,
        pattern=f"^({_WORD}{_INITIAL}([ _]{_WORD}){{1,3}}{_SERIAL}|{_WORD}, ?{_WORD}( {_WORD})*( [{_UPPER}]\\.?)?"
        f"|{_CAPS}(, ?| ){_CAPS}( {_CAPS})?)$",
        share=0.2,
        least=3,
    ),
    Look(
        what=NAME,
        pattern="^([\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{1,3} [\u4e00-\u9fff]{1,3}|[\uac00-\ud7a3]{2,4}"
        "|[\u0600-\u06ff]+( [\u0600-\u06ff]+){1,3}|[\u0900-\u0dff]+( [\u0900-\u0dff]+){1,3})$",
        share=0.5,
        least=3,
    ),
)
"""In the order in which they are tried; an id is of the first kind that it matches."""

NOT_A_NAME = (
    "(?i)(subject|person|probe|reference|gallery|image|sample|session|camera|template|enrol|participant|volunteer"
    "|unknown|anonym|synthetic|control|patient|identity|sensor|device"
    "|(^|[ _,.-])(subj|male|female|group|visit|frame|test|set|id|no|face|photo|user|site|class|client|model|view"
    "|scan|take|case|part|left|right|front|north|south|east|west|one|two|three|new|old|alpha|beta|gamma|delta"
    "|first|second|third)($|[ _,.-]))"
)
"""Words that belong to the description of a test; text with one of them is taken for a label, not for a name."""


def looks_like(text: str) -> str | None:
    """What one id looks like on its own, before asking how many others look so too.

    Parameters
    ----------
    text : str

    Returns
    -------
    str or None
        A kind of identifying text (`Look.what`), or None.

    Examples
    --------
    >>> looks_like("ada@example.org"), looks_like("Ada Lovelace"), looks_like("Aaron_Eckhart_0001")
    ('e-mail address', 'name of a person', 'name of a person')
    >>> [looks_like(t) for t in ("S001", "subj_12", "nist-0001", "0010B559B7613214", "4711", "Subject One")]
    [None, None, None, None, None, None]
    """
    for look in LOOKS:
        if re.search(look.pattern, text) and not (look.what == NAME and re.search(NOT_A_NAME, text)):
            return look.what
    return None


def case_expression(column: str) -> str:
    """`looks_like` as an SQL expression over `column`: the position in `LOOKS`, or -1."""
    branches = []
    for position, look in enumerate(LOOKS):
        condition = f"regexp_matches({column}, {literal(look.pattern)})"
        if look.what == NAME:
            condition += f" AND NOT regexp_matches({column}, {literal(NOT_A_NAME)})"
        branches.append(f"WHEN {condition} THEN {position}")
    return f"CASE {' '.join(branches)} ELSE -1 END"
