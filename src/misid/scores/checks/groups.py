"""People and comparisons by demographic group, and what is wrong with the groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from misid.ground.codes import problem
from misid.ground.errors import Problem
from misid.ground.rate import MISSING
from misid.scores.checks.report import GroupCount
from misid.scores.checks.samples import people_select
from misid.scores.checks.sql import PROBES, REFERENCES, rows
from misid.scores.model import JOINT_SEPARATOR, Scores

MAX_GROUPS = 200
"""An attribute with more values than this is taken for an id."""


@dataclass(frozen=True, kw_only=True)
class _Sums:
    probe_people: int = 0
    reference_people: int = 0
    people: int = 0
    mated: int = 0
    nonmated: int = 0
    nonmated_reference: int = 0

    def plus(self, other: _Sums) -> _Sums:
        return _Sums(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


def group_counts(scores: Scores) -> tuple[tuple[GroupCount, ...], list[Problem]]:
    """Every value of every attribute, then every combination met; and the attributes with too many values."""
    if not scores.attributes:
        return (), []
    problems = []
    for position, attribute in enumerate(scores.attributes):
        values = {combination[position] for combination in scores.joint}
        if len(values) > MAX_GROUPS:
            problems.append(problem(
                "E044", where=f"attribute {attribute}", seen=f"{len(values):,} different values",
                allowed=f"at most {MAX_GROUPS} groups",
                remedy=f"leave {attribute} out if it is an id, or bring its values together into groups",
            ))  # fmt: skip
    if problems:
        return (), problems  # Their labels may be ids, which a report does not show.
    joint = {tuple(label.split(JOINT_SEPARATOR)): sums for label, sums in _by_label(scores).items()}
    found: list[GroupCount] = []
    for position, attribute in enumerate(scores.attributes):
        by_value: dict[str, _Sums] = {}
        for combination, sums in sorted(joint.items()):
            value = combination[position] if position < len(combination) else MISSING
            by_value[value] = by_value.get(value, _Sums()).plus(sums)
        found += [_group(value, attribute, sums) for value, sums in sorted(by_value.items())]
    if len(scores.attributes) > 1:
        together = " & ".join(scores.attributes)
        found += [_group(" & ".join(combination), together, sums) for combination, sums in sorted(joint.items())]
    return tuple(found), problems


def _group(name: str, attribute: str, sums: _Sums) -> GroupCount:
    return GroupCount(name=name, attribute=attribute, **{f.name: getattr(sums, f.name) for f in fields(sums)})


def _by_label(scores: Scores) -> dict[str, _Sums]:
    engine = scores.engine
    found: dict[str, _Sums] = {}
    selects = (
        f"""SELECT label, count(DISTINCT person) FILTER (WHERE as_probe = 1) AS probe_people,
            count(DISTINCT person) FILTER (WHERE as_reference = 1) AS reference_people,
            count(DISTINCT person) AS people FROM ({people_select(scores)}) AS everybody GROUP BY label""",
        f"""SELECT label, CAST(sum(n_mated) AS BIGINT) AS mated, CAST(sum(n - n_mated) AS BIGINT) AS nonmated
            FROM {PROBES} GROUP BY label""",
        f"SELECT label, CAST(sum(n - n_mated) AS BIGINT) AS nonmated_reference FROM {REFERENCES} GROUP BY label",
    )
    for select in selects:
        for record in rows(engine, select):
            label = record.pop("label")
            found[label] = found.get(label, _Sums()).plus(_Sums(**record))
    return found


def group_problems(
    scores: Scores,
    groups: Sequence[GroupCount],
    min_people: int,
    searches: Mapping[str, tuple[int, int]] | None,
) -> list[Problem]:
    """Groups that are missing, small, or have nothing to take a rate of.

    `searches` has mated and non-mated searches by joint label (candidate lists); there a rate is per search.
    """
    problems = []
    for attribute in scores.attributes:
        mine = [g for g in groups if g.attribute == attribute]
        missing = [g for g in mine if g.name == MISSING]
        if missing and len(mine) == 1:
            problems.append(problem(
                "E049", where=f"attribute {attribute}", seen="nobody's group is known", count=missing[0].people,
                allowed="the same ids in the table of subjects as in the scores",
                remedy="compare the ids: leading zeros, case and blanks count; or leave the attribute out (--group)",
            ))  # fmt: skip
        elif missing:
            problems.append(problem(
                "W015", where=f"attribute {attribute}", seen="people whose group is not known",
                count=missing[0].people, allowed="a value for every person",
                remedy=f"fill it in; until then they are the row {MISSING} of every table, and part of every total",
            ))  # fmt: skip
    named = [g for g in groups if MISSING not in g.name]
    # Of the gallery only those are known who were returned: a small number of them is no small group.
    enrolled_known = searches is None
    small = [
        g for g in named
        if 0 < g.probe_people < min_people or (enrolled_known and 0 < g.reference_people < min_people)
    ]  # fmt: skip
    if small:
        side = " on a side" if enrolled_known else ""
        problems.append(problem(
            "W016", where="groups", seen=f"groups with fewer than {min_people} people{side}", count=len(small),
            allowed=f"at least {min_people} people",
            remedy="read their rates as bounds; they can be folded into 'other' when a tally is exported",
            examples=tuple(
                f"{g.attribute} {g.name}: {g.probe_people} with probes"
                + (f", {g.reference_people} with references" if enrolled_known else "")
                for g in small[:5]
            ),
        ))  # fmt: skip
    if searches is None:
        empty = (
            ("no non-mated comparisons: FMR is not defined",
             [g for g in groups if not g.nonmated + g.nonmated_reference]),
            ("no mated comparisons: FNMR is not defined", [g for g in groups if not g.mated]),
        )  # fmt: skip
    else:
        made = _searches_by_group(scores, searches)
        searched = [g for g in groups if g.probe_people]
        empty = (
            ("no non-mated searches: FPIR is not defined",
             [g for g in searched if not made.get((g.attribute, g.name), (0, 0))[1]]),
            ("no mated searches: FNIR is not defined",
             [g for g in searched if not made.get((g.attribute, g.name), (0, 0))[0]]),
        )  # fmt: skip
    for seen, without in empty:
        if without:
            problems.append(problem(
                "W019", where="groups", seen=seen, count=len(without), allowed="both kinds in every group",
                remedy="nothing: such a rate is reported as undefined, never as 0",
                examples=tuple(f"{g.attribute} {g.name}" for g in without[:5]),
            ))  # fmt: skip
    return problems


def _searches_by_group(
    scores: Scores, searches: Mapping[str, tuple[int, int]]
) -> dict[tuple[str, str], tuple[int, int]]:
    made: dict[tuple[str, str], tuple[int, int]] = {}
    together = " & ".join(scores.attributes)
    for label, (mated, nonmated) in searches.items():
        values = label.split(JOINT_SEPARATOR)
        keys = set(zip(scores.attributes, values, strict=False)) | {(together, " & ".join(values))}
        for key in keys:
            before = made.get(key, (0, 0))
            made[key] = (before[0] + mated, before[1] + nonmated)
    return made
