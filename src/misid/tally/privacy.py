"""Whether a tally may be published: cells of few people, and what two tallies tell by subtraction.

A tally has no ids, but a cell of one person holds that person's counts. And two tallies of nearly the same people, each
with large cells only, tell the counts of those in whom they differ. `docs/privacy.md` says what is found and what not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from misid.ground.codes import problem
from misid.ground.errors import Problem, UsageError
from misid.tally.model import SIDES, Tally

FEW = 10
"""Cells of fewer people are not published, where nobody says another number."""

People = dict[tuple[str, str], int]
"""(group, side) to the people in it; sides are those of `SIDES`, and ``enrolled``: references, failed ones included."""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """What something public tells of how many people are behind its numbers.

    Attributes
    ----------
    what : str
        ``tally`` or ``report``.
    people : People
    at_most : People
        See the function of this name; `bounded` says that `people` lacks combinations of groups.
    pairs : mapping
        See `pairs_of`.
    within : mapping of str to frozenset of str
        Reported group to the combinations in it.
    scores : frozenset of str
        SHA-256 of the inputs it was counted from.
    remedy : str
        Where a cell is small: what to do, ``{n}`` in place of the number of people.
    """

    what: str
    people: People
    at_most: People
    bounded: bool
    pairs: dict[tuple[str, str, str], int]
    within: dict[str, frozenset[str]]
    scores: frozenset[str]
    remedy: str


COUNT_AGAIN = (
    "count the scores again with misid tally SCORES --min-people {n}, which folds small groups before anything is "
    "counted; what is counted already cannot be folded"
)


def cells_of(tally: Tally) -> Cells:
    """The cells of a tally."""
    joint = _joint_names(tally)
    return Cells(
        what="tally",
        people=people_of(tally),
        at_most=at_most(tally),
        # With one attribute, or none, every combination is a group that is reported.
        bounded=tally.joint_people is None and len(tally.attributes) > 1,
        pairs=pairs_of(tally),
        within={label.name: frozenset(joint[i] for i in label.members) for label in tally.labels},
        scores=frozenset(i["sha256"] for i in tally.origin.inputs if i.get("sha256") and i.get("what") == "scores"),
        remedy=COUNT_AGAIN,
    )


def publication_problems(shown: Sequence[Tally | Cells], *, min_people: int = FEW) -> tuple[Problem, ...]:
    """What stands against publishing tallies or reports: one, or several beside each other.

    Parameters
    ----------
    shown : sequence of Tally or Cells
        Those that are to be public, with those that are already; cells of a report are `misid.report.cells_of_report`.
    min_people : int
        Cells of fewer people, and differences of fewer, are problems (E051, E052).

    Examples
    --------
    >>> from importlib.resources import files
    >>> from misid.tally import read_tally
    >>> example = read_tally(files("misid") / "examples" / "bssr1-face-c.tally")
    >>> publication_problems([example])
    ()
    """
    if min_people < 1:
        raise UsageError(f"min_people is {min_people}", remedy="a whole number of at least 1")
    cells = [one if isinstance(one, Cells) else cells_of(one) for one in shown]
    found = [p for number, one in enumerate(cells, 1) for p in _small_cells(one, f"{one.what} {number}", min_people)]
    for second in range(1, len(cells)):
        for first in range(second):
            where = f"{cells[first].what} {first + 1} and {cells[second].what} {second + 1}"
            found += _differences(cells[first], cells[second], where, min_people)
    return tuple(found)


def people_of(tally: Tally) -> People:
    """How many people are behind each group of a tally, on each side that has any: reported groups and combinations.

    A tally that does not say how many people its combinations have (of before 2026-11-27) gives those of the references
    only; see `at_most`.
    """
    names = [label.name for label in tally.labels]
    found: People = {}
    design = tally.tables["nonmated_design"]
    for side, column, margin in (
        ("probes", "probe_label", "reference_label"), ("references", "reference_label", "probe_label"),
    ):  # fmt: skip
        whole = design[margin] == 0
        people_of_side = design[f"{column.removesuffix('_label')}_people"][whole].tolist()
        found |= {(names[i], side): n for i, n in zip(design[column][whole].tolist(), people_of_side, strict=True)}
    for label, people in zip(*(tally.tables["mated_design"][c].tolist() for c in ("label", "people")), strict=True):
        found[names[label], "mated"] = people
    searches = tally.tables["search_design"]
    for label, mated, people in zip(*(searches[c].tolist() for c in ("label", "mated", "people")), strict=True):
        found[names[label], "searches with a mate" if mated else "searches without a mate"] = people
    joint = _joint_names(tally)
    if tally.joint_people is not None:
        for side, of_joint in tally.joint_people.items():
            found |= {(joint[i], side): n for i, n in enumerate(of_joint)}
    if tally.kind == "comparisons":
        # Of candidate lists these are the references that were returned: how many says nothing of who they are.
        blocks = tally.tables["blocks"]
        enrolled = np.bincount(blocks["reference_group"], weights=blocks["people"], minlength=len(joint))
        found |= {(joint[i], "enrolled"): int(n) for i, n in enumerate(enrolled)}
    return {key: n for key, n in found.items() if n > 0}


def pairs_of(tally: Tally) -> dict[tuple[str, str, str], int]:
    """(group of probes, group of references, side) to the people of the first or the second who met the other."""
    design, names = tally.tables["nonmated_design"], [label.name for label in tally.labels]
    rows = zip(*(design[c].tolist() for c in ("probe_label", "reference_label", "probe_people", "reference_people")),
               strict=True)  # fmt: skip
    return {
        (names[probe], names[reference], side): n
        for probe, reference, *people in rows
        for side, n in zip(SIDES[:2], people, strict=True)
        if probe and reference and n > 0
    }


def at_most(tally: Tally) -> People:
    """No combination of groups has more people than these: nobody searches less than once.

    It is what is sure where a tally does not say how many people there are.
    """
    joint = _joint_names(tally)
    counts = tally.tables["counts"]
    mated = counts["mated"] == 1
    found: People = {}
    for side, group, n in (
        ("mated", counts["probe_group"][mated], counts["count"][mated]),
        *(("searches " + with_, tally.tables[name]["probe_group"], tally.tables[name]["count"])
          for name, with_ in (("mates", "with a mate"), ("best_nonmated", "without a mate"))),
    ):  # fmt: skip
        for i, most in enumerate(np.bincount(group, weights=n, minlength=len(joint)).tolist()):
            found[joint[i], side] = int(most)
    return {key: n for key, n in found.items() if n > 0}


def _joint_names(tally: Tally) -> list[str]:
    """Combinations of groups: by the label that is reported of one alone, else by their values."""
    named = {label.members[0]: label.name for label in reversed(tally.labels) if len(label.members) == 1}
    return [
        named.get(i, " & ".join(f"{a}={v}" for a, v in zip(tally.attributes, values, strict=True)))
        for i, values in enumerate(tally.joint)
    ]


def _small_cells(cells: Cells, where: str, min_people: int) -> Iterator[Problem]:
    small: dict[str, list[str]] = {}
    for words, counted in (("", cells.people), ("at most ", cells.at_most if cells.bounded else {})):
        for (group, side), people in counted.items():
            if people < min_people:
                small.setdefault(group, []).append(f"{words}{people} in {side}")
    # What is in a small group is small, and said with it.
    inside = {one for group in small for one in cells.within.get(group, ())}
    said = {group: sides for group, sides in small.items() if group in cells.within or group not in inside}
    for (probe, reference, side), people in cells.pairs.items():
        if people < min_people and not {probe, reference} & small.keys():
            said.setdefault(f"{probe} searched in {reference}", []).append(f"{people} in {side}")
    for group, sides in said.items():
        yield problem(
            "E051",
            where=f"{where}, group {group}",
            seen=f"people: {', '.join(dict.fromkeys(sides))}",
            allowed=f"{min_people} or more, or none",
            remedy=cells.remedy.format(n=min_people),
        )


def _differences(a: Cells, b: Cells, where: str, min_people: int) -> Iterator[Problem]:
    """Groups of one name whose people differ by a few: their counts are what one has more."""
    remedy = "publish one of the two; a later one replaces the earlier one only where that is withdrawn from everybody"

    def apart(group: str, side: str, what: str, ours: int, theirs: int) -> Problem:
        return problem(
            "E052", where=f"{where}, group {group}", count=1,
            seen=f"{ours:,} and {theirs:,} {what} in {side}: the counts of {abs(ours - theirs)} follow by subtraction",
            allowed=f"the same {what}, or {min_people} or more apart", remedy=remedy,
        )  # fmt: skip

    told = False
    counted = [(a.people, b.people, "people")]
    if a.bounded or b.bounded:
        counted.append((a.at_most, b.at_most, "searches or comparisons"))
    for ours, theirs, what in counted:
        for group, side in sorted(ours.keys() & theirs.keys()):
            if 0 < abs(ours[group, side] - theirs[group, side]) < min_people:
                told = True
                yield apart(group, side, what, ours[group, side], theirs[group, side])
    if told:
        return
    for pair in sorted(a.pairs.keys() & b.pairs.keys()):
        if 0 < abs(a.pairs[pair] - b.pairs[pair]) < min_people:
            told = True
            yield apart(f"{pair[0]} searched in {pair[1]}", pair[2], "people", a.pairs[pair], b.pairs[pair])
    if told or not a.scores & b.scores:
        return
    # The same scores folded in two ways: what one shows apart and the other folded differs by whole small groups.
    groups = [set(cells.within).union(*cells.within.values()) for cells in (a, b)]
    if groups[0] != groups[1]:
        only = sorted(groups[0] ^ groups[1])
        yield problem(
            "E052", where=where, seen=f"the same scores in other groups ({', '.join(only[:5])}): cells of one less "
            "cells of the other can be smaller than any that either shows",
            allowed="one of the same scores", remedy=remedy,
        )  # fmt: skip
