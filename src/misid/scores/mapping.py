"""Which column is what: by name, with the guesses written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from misid.ground.codes import problem
from misid.ground.errors import Findings

PROBE_WORDS = ("probe", "query", "search")
REFERENCE_WORDS = ("reference", "ref", "gallery", "template", "model", "candidate", "enrolled", "enrolee")
PERSON_WORDS = ("person", "subject", "identity", "individual")
ATTRIBUTES = (
    "group",
    "sex",
    "gender",
    "race",
    "ethnicity",
    "skin_tone",
    "skin_type",
    "age_group",
    "age_band",
    "region",
    "country",
)
"""Attributes that are taken from a long table without being asked for."""

_SAMPLE_ENDINGS = ("", "id", "sample", "sampleid", "image", "imageid", "label", "template", "templateid")


def folded(name: str) -> str:
    """A column name without case, spaces and punctuation: ``Probe ID`` and ``probe_id`` are one."""
    return re.sub(r"[\W_]+", "", name.lower())


def _samples(words: Iterable[str], number: str) -> frozenset[str]:
    names = {word + ending for word in words for ending in _SAMPLE_ENDINGS}
    return frozenset(names | {f"{noun}{number}" for noun in ("sample", "image", "template", "id")})


def _people(words: Iterable[str], number: str) -> frozenset[str]:
    names = {word + noun + ending for word in words for noun in PERSON_WORDS for ending in ("", "id")}
    return frozenset(names | {f"{noun}{number}" for noun in PERSON_WORDS})


NAMES: dict[str, frozenset[str]] = {
    "probe": _samples(PROBE_WORDS, "1") | {"testlabel"},
    "reference": _samples(REFERENCE_WORDS, "2"),
    "probe_person": _people(PROBE_WORDS, "1"),
    "reference_person": _people(REFERENCE_WORDS, "2"),
    "score": frozenset(
        {
            "score",
            "similarity",
            "similarityscore",
            "comparisonscore",
            "matchscore",
            "distance",
            "dist",
            "dissimilarity",
        }
    ),
    "mated": frozenset(
        {
            "mated",
            "ismated",
            "mate",
            "ismate",
            "genuine",
            "isgenuine",
            "same",
            "issame",
            "sameperson",
            "samesubject",
            "label",
        }
    ),
    "rank": frozenset({"rank", "position"}),
    "search_person": _people(PROBE_WORDS, "1") | {noun + ending for noun in PERSON_WORDS for ending in ("", "id")},
    "enrolled_person": _people(REFERENCE_WORDS, "2")
    | {noun + ending for noun in PERSON_WORDS for ending in ("", "id")},
    "person": frozenset({noun + ending for noun in PERSON_WORDS for ending in ("", "id")}),
    "sample": _samples(("sample", "image", "probe", "reference", "file"), "") | {"filename"},
    "enrolled": frozenset({"mated", "ismated", "enrolled", "isenrolled", "ingallery", "hasmate", "mate"}),
    "failed": frozenset({"failed", "fta", "failure", "failedtoacquire"}),
}
DISTANCES = frozenset({"distance", "dist", "dissimilarity"})


def find_columns(
    columns: Sequence[str],
    wanted: Mapping[str, str | None],
    needed: Iterable[str],
    where: str,
    findings: Findings,
) -> dict[str, str]:
    """Role to column: the one declared in `wanted`, else the only one whose name says so.

    What is declared and absent, needed and not found, or found twice, goes to `findings`.
    """
    found: dict[str, str] = {}
    listed = ", ".join(columns)
    taken = {declared for declared in wanted.values() if declared is not None}
    for role, declared in wanted.items():
        if declared is not None:
            if declared in columns:
                found[role] = declared
            else:
                findings.add(
                    problem(
                        "E012",
                        where=f"{where}: column {declared!r} for {role}",
                        seen=f"the columns {listed}",
                        allowed="the name of one of these columns",
                        remedy=f"name the column that holds the {role.replace('_', ' ')}",
                    )
                )
            continue
        candidates = [c for c in columns if folded(c) in NAMES[role] and c not in taken]
        # "probe" beside "probe_image" is the id and a detail of it, not a riddle: the plain word wins.
        exact = [c for c in candidates if folded(c) in (folded(role), folded(role) + "id") and role != "score"]
        candidates = exact if len(exact) == 1 else candidates
        if len(candidates) == 1:
            found[role] = candidates[0]
        elif candidates:
            findings.add(
                problem(
                    "E013",
                    where=f"{where}: {role}",
                    seen=f"{' and '.join(candidates)} could both be it",
                    allowed="one column",
                    remedy=f"say which: {role}={candidates[0]!r} (--{role.replace('_', '-')})",
                )
            )
        elif role in needed:
            findings.add(
                problem(
                    "E012",
                    where=f"{where}: no column for {role}",
                    seen=f"the columns {listed}",
                    allowed=f"a column called {', '.join(sorted(NAMES[role])[:6])} or the like",
                    remedy=f"say which it is: {role}='...' (--{role.replace('_', '-')} ...), or check the delimiter",
                )
            )
    return found


def side_columns(columns: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Attributes that stand in a table once for the probe and once for the reference: name to both columns."""
    probes, references = own_side(columns, PROBE_WORDS), own_side(columns, REFERENCE_WORDS)
    return {name: (probes[name], references[name]) for name in probes if name in references}


def own_side(columns: Sequence[str], words: Iterable[str]) -> dict[str, str]:
    """Columns that are called after one side, before or after their own word: that word to the column."""
    either = "|".join(words)
    found: dict[str, str] = {}
    for column in columns:
        match = re.fullmatch(rf"(?i)(?:(?:{either})_(?P<after>\w+)|(?P<before>\w+)_(?:{either}))", column)
        if match:
            found.setdefault((match["after"] or match["before"]).lower(), column)
    return found
