"""Which column is what: by name, with the guesses written down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from misid.ground.codes import note, problem
from misid.ground.errors import Findings
from misid.scores.options import ReadOptions

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

HOLDS = {
    "probe": "ids of probes",
    "reference": "ids of references",
    "probe_person": "ids of the probes' people",
    "reference_person": "ids of the references' people",
    "score": "scores",
    "mated": "which comparisons are mated",
    "rank": "ranks",
    "search_person": "ids of the people searched",
    "enrolled_person": "ids of the people enrolled",
    "person": "ids of people",
    "sample": "ids of samples",
    "enrolled": "who is enrolled",
    "failed": "which searches failed",
}
"""What a column of a role holds, in words."""

OPTIONS = {
    **{role: (role, f"--{role.replace('_', '-')}") for role in ("probe", "reference", "probe_person")},
    **{role: (role, f"--{role.replace('_', '-')}") for role in ("reference_person", "score", "mated", "person")},
    "rank": ("rank", "--candidate-rank"),
    "search_person": ("person", "--person"),
    "enrolled_person": ("person", "--person"),
    "enrolled": ("mated", "--mated"),
}
"""How a column of a role is named: in Python and on the command line. Other roles are found by their names alone."""


def is_called(column: str, role: str) -> bool:
    """Whether the name of a column says that it has the role.

    Examples
    --------
    >>> is_called("Position", "rank"), is_called("rank", "score")
    (True, False)
    """
    return folded(column) in NAMES[role]


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
                        where=where,
                        seen=f"no column {declared!r}, which was named for {HOLDS[role]}; it has {listed}",
                        allowed="the name of a column that it has",
                        remedy=f"name the column with {HOLDS[role]}{_by_option(role)}",
                    )
                )
            continue
        candidates = [c for c in columns if is_called(c, role) and c not in taken]
        # "probe" beside "probe_image" is the id and a detail of it, not a riddle: the plain word wins.
        exact = [c for c in candidates if folded(c) in (folded(role), folded(role) + "id") and role != "score"]
        candidates = exact if len(exact) == 1 else candidates
        if len(candidates) == 1:
            found[role] = candidates[0]
        elif candidates:
            findings.add(
                problem(
                    "E013",
                    where=where,
                    seen=f"{' and '.join(candidates)} could each be the column with {HOLDS[role]}",
                    allowed="one column",
                    remedy=f"name it{_by_option(role, candidates[0])}",
                )
            )
        elif role in needed:
            findings.add(
                problem(
                    "E012",
                    where=where,
                    seen=f"no column has a name for {HOLDS[role]}; it has {listed}",
                    allowed=f"a column called {', '.join(_usual(role))} or the like",
                    remedy=f"name the column with {HOLDS[role]}{_by_option(role)}; if the columns above are not those "
                    "of the file, name the delimiter (--delimiter)",
                )
            )
    return found


def _usual(role: str) -> list[str]:
    """A few names that a column of a role has, the plainest first."""
    plain = folded(role)
    return sorted(NAMES[role], key=lambda name: (name != plain, not name.startswith(plain), len(name), name))[:5]


def _by_option(role: str, column: str = "COLUMN") -> str:
    """How to name the column of a role; what it must be called, where it cannot be named."""
    if role not in OPTIONS:
        return f": it must be called {_usual(role)[0]}"
    argument, option = OPTIONS[role]
    return f": {option} {column} (in Python {argument}={column!r})"


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


def left_out(
    probes: Iterable[str], references: Iterable[str], options: ReadOptions, *, any_name: bool
) -> tuple[str, ...]:
    """A note that names the attributes that no group was taken from, if there are any and groups are wanted at all.

    `probes` and `references` are the attributes found on either side, with `any_name` whatever they are called where
    both sides have them; else, and on one side alone, only those that are called as demographic groups are.
    """
    if options.groups == ():
        return ()
    likely = {folded(name) for name in (*ATTRIBUTES, "age")}
    of_probes, of_references = dict.fromkeys(probes), set(references)
    both = [name for name in of_probes if name in of_references and not _is_an_id(name)]
    both = [name for name in both if any_name or folded(name) in likely]
    alone = [name for name in [*of_probes, *sorted(of_references)] if folded(name) in likely and name not in both]
    if options.subjects is not None:
        unread = sorted({*both, *alone})
        said = [f"{', '.join(unread)} beside the scores: the table of subjects was read instead"] if unread else []
    else:
        unasked = [name for name in both if not _taken(name, options)]
        said = [f"{', '.join(unasked)}: not asked for (--group {unasked[0]})"] if unasked else []
        said += [f"{', '.join(alone)}: on one side of the comparisons only"] if alone else []
    return (note("W029", "; ".join(said)),) if said else ()


def _taken(name: str, options: ReadOptions) -> bool:
    if options.groups is not None:
        return name in {group.lower() for group in options.groups}
    return folded(name) in {folded(attribute) for attribute in ATTRIBUTES}


def _is_an_id(name: str) -> bool:
    return folded(name) in _SAMPLE_ENDINGS or is_called(name, "person") or is_called(name, "sample")
