"""The manifest of a tally: what `tally.json` says of its tables, to and from a tally.

Somebody else may have written it. What stands in it is looked at, field by field, before any of it is believed:
whatever reads a tally later on prints, adds and sorts these values and need not ask what they are.
"""

from __future__ import annotations

import re
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from misid.tally.model import FORMAT, FORMAT_VERSION, SIDES, TABLES, Label, Origin, Table, Tally
from misid.tally.sound import MOST

MOST_TEXT = 1 << 20
"""Characters of one text. The longest that misid writes are notes of many merged tallies, and its SQL."""

MOST_NAME = 1 << 16
"""Characters of the name of a group, an attribute, a version: they are shown again and again."""

MOST_WARNINGS = 10_000
"""All of them are shown wherever a number is."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_HEX = re.compile("(?:[0-9a-f]{64})?")
_INDEX = re.compile(r"\[\d+\]")

Found = Iterator[tuple[str, str]]
"""Where a fault is, and what it is."""


@dataclass(frozen=True)
class _Value:
    """A rule for a value that has no parts."""

    fits: Callable[[Any], bool]
    allowed: str

    def __call__(self, where: str, value: Any) -> Found:
        if not self.fits(value):
            yield where, f"{_shown(value)} is not {self.allowed}"


_Rule = Callable[[str, Any], Found]


def is_text(value: object, most: int = MOST_TEXT) -> bool:
    """Whether this is text that UTF-8 can hold, of at most so many characters.

    Examples
    --------
    >>> is_text("Zürich"), is_text(5), is_text("\\udfff"), is_text("abc", most=2)
    (True, False, False, False)
    """
    return isinstance(value, str) and len(value) <= most and not _SURROGATE.search(value)


def _is_whole(value: Any) -> bool:
    # True is a whole number to Python.
    return type(value) is int and 0 <= value < MOST


def _is_number(value: Any) -> bool:
    # Not a number and infinity fail the comparison; whole numbers may be too large for a float.
    return type(value) in (int, float) and -sys.float_info.max <= value <= sys.float_info.max


TEXT_ALLOWED = f"text of at most {MOST_TEXT:,} characters that UTF-8 can hold"

_text = _Value(is_text, TEXT_ALLOWED)
_name = _Value(lambda v: is_text(v, MOST_NAME), f"text of at most {MOST_NAME:,} characters that UTF-8 can hold")
_whole = _Value(_is_whole, "a whole number from 0 to 2^53")
_number = _Value(_is_number, "a finite number")
_null = _Value(lambda v: v is None, "null")
_sha256 = _Value(lambda v: isinstance(v, str) and _HEX.fullmatch(v) is not None, "a SHA-256 in hexadecimal, or empty")


def _shown(value: Any) -> str:
    # Bounded, and without what a terminal would obey.
    return f"text of {len(value):,} characters" if isinstance(value, str) and len(value) > 30 else reprlib.repr(value)


def _list(rule: _Rule, most: int | None = None, length: int | None = None) -> _Rule:
    def faults(where: str, value: Any) -> Found:
        if not isinstance(value, list | tuple):
            yield where, f"{_shown(value)} is not a list"
        elif (most is not None and len(value) > most) or (length is not None and len(value) != length):
            yield where, f"a list of {len(value):,}; {f'at most {most:,}' if length is None else length} are allowed"
        elif isinstance(rule, _Value):
            # Edges and members are many: one look at each.
            at = next((i for i, each in enumerate(value) if not rule.fits(each)), None)
            if at is not None:
                yield from rule(f"{where}[{at}]", value[at])
        else:
            for i, each in enumerate(value):
                yield from rule(f"{where}[{i}]", each)

    return faults


def _row(*rules: _Rule) -> _Rule:
    """A list with a rule for each place."""

    def faults(where: str, value: Any) -> Found:
        if not isinstance(value, list | tuple) or len(value) != len(rules):
            yield where, f"{_shown(value)} is not a list of {len(rules)}"
        else:
            for i, (rule, each) in enumerate(zip(rules, value, strict=True)):
                yield from rule(f"{where}.{i}", each)

    return faults


def _record(rules: Mapping[str, _Rule], *, optional: Sequence[str] = (), others: bool = False) -> _Rule:
    """A table of known fields: which of them may be absent, and whether others may be there."""

    def faults(where: str, value: Any) -> Found:
        if not isinstance(value, dict):
            yield where, f"{_shown(value)} is not a table of {', '.join(rules)}"
            return
        of = f"{where}." if where else ""
        unknown = [key for key in value if key not in rules]
        if unknown and not others:
            yield f"{of}{_shown(unknown[0])}", "no such field is known"
        for field, rule in rules.items():
            if field in value:
                yield from rule(f"{of}{field}", value[field])
            elif field not in optional:
                yield f"{of}{field}", "is missing"

    return faults


def _or_null(rule: _Rule) -> _Rule:
    return lambda where, value: iter(()) if value is None else rule(where, value)


def _edges(where: str, value: Any) -> Found:
    # The first is minus infinity, which JSON has not.
    if not isinstance(value, list) or not value or value[0] is not None:
        yield where, f"{_shown(value)} is not a list of null and numbers"
    else:
        yield from _list(_number)(where, value[1:])


_FIELDS: dict[str, _Rule] = {
    "kind": _name,
    "origin": _record({
        **dict.fromkeys(("misid_version", "engine", "engine_version", "polarity", "score_type"), _name),
        "failure_codes": _list(_name),
        # The first versions of misid did not write "what".
        "inputs": _list(_record(
            {"what": _name, "kind": _name, "rows": _whole, "bytes": _whole, "sha256": _sha256}, optional=("what",)
        )),
        "refused": _list(_row(_name, _whole)),
        "queries": _list(_text),
        "note": _text,
    }),
    "people": _record(dict.fromkeys(("probe", "reference", "any", "probes", "references"), _whole)),
    # Tallies of before 2026-11-27 do not have it.
    "joint_people": _or_null(_record(dict.fromkeys(SIDES, _list(_whole)))),
    "acquisition": _or_null(_row(_whole, _whole)),
    "enrolment": _or_null(_row(_whole, _whole)),
    "list_length": _or_null(_whole),
    "return_threshold": _or_null(_number),
    "gallery": _or_null(_whole),
    "attributes": _list(_name),
    "joint": _list(_list(_name)),
    "labels": _list(_record({"name": _text, "attribute": _text, "members": _list(_whole)})),
    "thresholds": _list(_number),
    "levels": _list(_number),
    "spectrum_from": _whole,
    "edges": _edges,
    "warnings": _list(_text, most=MOST_WARNINGS),
    "tables": _record(dict.fromkeys(TABLES, _record({"rows": _whole, "sha256": _sha256}, others=True)), others=True),
}  # fmt: skip

_manifest = _record(_FIELDS, optional=("joint_people",), others=True)


def faults_in(manifest: Any) -> list[str]:
    """Every field of a manifest that is not what it should be, once each, with the first place; [] where all are."""
    found: dict[str, str] = {}
    for where, fault in _manifest("", manifest):
        found.setdefault(_INDEX.sub("[]", where), f"{where}: {fault}")
    return list(found.values())


def manifest_of(tally: Tally, tables: dict[str, Any]) -> dict[str, Any]:
    """What is written of a tally besides its tables; `tables` announces those."""
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "what": "Counts from a test of a face matcher: no scores, no ids. See docs/tally-format.md of misid.",
        "kind": tally.kind,
        "origin": asdict(tally.origin),
        "people": tally.people,
        "joint_people": tally.joint_people,
        "acquisition": tally.acquisition,
        "enrolment": tally.enrolment,
        "list_length": tally.list_length,
        "return_threshold": tally.return_threshold,
        "gallery": tally.gallery,
        "attributes": tally.attributes,
        "joint": tally.joint,
        "labels": [asdict(label) for label in tally.labels],
        "thresholds": tally.thresholds.tolist(),
        "levels": tally.levels.tolist(),
        "spectrum_from": tally.spectrum_from,
        # JSON has no infinity: the first edge is minus infinity and stands as null.
        "edges": [None, *tally.edges[1:].tolist()],
        "warnings": tally.warnings,
        "tables": tables,
    }


def tally_of(manifest: dict[str, Any], tables: dict[str, Table]) -> Tally:
    """The tally of a manifest in which `faults_in` finds nothing."""
    origin = manifest["origin"]
    return Tally(
        kind=manifest["kind"],
        edges=np.array([-np.inf, *manifest["edges"][1:]], dtype=np.float64),
        thresholds=np.array(manifest["thresholds"], dtype=np.float64),
        levels=np.array(manifest["levels"], dtype=np.float64),
        spectrum_from=manifest["spectrum_from"],
        attributes=tuple(manifest["attributes"]),
        joint=tuple(tuple(values) for values in manifest["joint"]),
        labels=tuple(
            Label(name=x["name"], attribute=x["attribute"], members=tuple(x["members"])) for x in manifest["labels"]
        ),
        tables=tables,
        people=dict(manifest["people"]),
        joint_people=_by_side(manifest.get("joint_people")),
        origin=Origin(**{
            **origin,
            "failure_codes": tuple(origin["failure_codes"]),
            "inputs": tuple(origin["inputs"]),
            "refused": tuple((reason, n) for reason, n in origin["refused"]),
            "queries": tuple(origin["queries"]),
        }),
        list_length=manifest["list_length"],
        return_threshold=manifest["return_threshold"],
        gallery=manifest["gallery"],
        acquisition=_counts(manifest["acquisition"]),
        enrolment=_counts(manifest["enrolment"]),
        warnings=tuple(manifest["warnings"]),
    )  # fmt: skip


def _by_side(people: Any) -> dict[str, tuple[int, ...]] | None:
    return None if people is None else {side: tuple(people[side]) for side in SIDES}


def _counts(pair: Any) -> tuple[int, int] | None:
    return None if pair is None else (pair[0], pair[1])
