"""Whether a tally may be published: cells of few people, and what two tallies tell by subtraction.

A tally has no ids, but a cell of one person holds that person's counts. And two tallies of nearly the same people, each
with large cells only, tell the counts of those in whom they differ. `docs/privacy.md` says what is found and what not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from misid.ground.codes import problem
from misid.ground.errors import Problem, UsageError
from misid.tally.model import Tally

People = dict[tuple[str, str], int]
"""(group, side) to the people in it; sides are probes, references, mated, searches."""


def publication_problems(tallies: Sequence[Tally], *, min_people: int = 10) -> tuple[Problem, ...]:
    """What stands against publishing tallies: one, or several beside each other.

    Parameters
    ----------
    tallies : sequence of Tally
        Those that are to be public, with those that are already.
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
    found = [p for number, tally in enumerate(tallies, 1) for p in _small_cells(tally, number, min_people)]
    for second in range(1, len(tallies)):
        for first in range(second):
            found += _differences(tallies[first], tallies[second], first + 1, second + 1, min_people)
    return tuple(found)


def people_of(tally: Tally) -> People:
    """How many people are behind each group of a tally, on each side that has any."""
    names = [label.name for label in tally.labels]
    found: People = {}
    design = tally.tables["nonmated_design"]
    rows = zip(*(design[c].tolist() for c in ("probe_label", "reference_label", "probe_people", "reference_people")),
               strict=True)  # fmt: skip
    for probe, reference, probe_people, reference_people in rows:
        if reference == 0:
            found[names[probe], "probes"] = probe_people
        if probe == 0 and tally.kind == "comparisons":
            found[names[reference], "references"] = reference_people
    for label, people in zip(*(tally.tables["mated_design"][c].tolist() for c in ("label", "people")), strict=True):
        found[names[label], "mated"] = people
    searches = tally.tables["search_design"]
    for label, mated, people in zip(*(searches[c].tolist() for c in ("label", "mated", "people")), strict=True):
        found[names[label], "searches with a mate" if mated else "searches without a mate"] = people
    return {key: n for key, n in found.items() if n > 0}


def _small_cells(tally: Tally, number: int, min_people: int) -> Iterator[Problem]:
    small: dict[str, list[str]] = {}
    for (group, side), people in people_of(tally).items():
        if people < min_people:
            small.setdefault(group, []).append(f"{people} in {side}")
    for group, sides in small.items():
        yield problem(
            "E051",
            where=f"tally {number}, group {group}",
            seen=f"people: {', '.join(sides)}",
            allowed=f"{min_people} or more, or none",
            remedy=f"misid tally SCORES --min-people {min_people} folds small groups before anything is counted",
        )


def _differences(a: Tally, b: Tally, first: int, second: int, min_people: int) -> Iterator[Problem]:
    """Groups of one name whose people differ by a few: their counts are what one tally has more."""
    where = f"tallies {first} and {second}"
    remedy = "publish one of the two; a later one replaces the earlier one only where that is withdrawn from everybody"
    of_a, of_b = people_of(a), people_of(b)
    told = False
    for key in sorted({*of_a, *of_b}):
        apart = abs(of_a.get(key, 0) - of_b.get(key, 0))
        if 0 < apart < min_people and min(of_a.get(key, 0), of_b.get(key, 0)) > 0:
            told = True
            yield problem(
                "E052", where=f"{where}, group {key[0]}", count=1,
                seen=f"{of_a[key]:,} and {of_b[key]:,} people in {key[1]}: the counts of {apart} follow by subtraction",
                allowed=f"the same people, or {min_people} or more apart", remedy=remedy,
            )  # fmt: skip
    if told or not _same_input(a, b):
        return
    # The same scores folded in two ways: what one shows apart and the other folded differs by whole small groups.
    groups = [{label.name for label in t.labels} for t in (a, b)]
    if groups[0] != groups[1]:
        only = sorted(groups[0] ^ groups[1])
        yield problem(
            "E052", where=where, seen=f"the same scores in other groups ({', '.join(only[:5])}): cells of one less "
            "cells of the other can be smaller than any that either shows",
            allowed="one tally of the same scores", remedy=remedy,
        )  # fmt: skip


def _same_input(a: Tally, b: Tally) -> bool:
    hashes = [{i["sha256"] for i in t.origin.inputs if i.get("sha256") and i.get("what") == "scores"} for t in (a, b)]
    return bool(hashes[0] & hashes[1])
