"""From rows as they were found to the views of `Scores`: one pass over the data, to know what they hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from misid.engine import Engine
from misid.engine.seam import literal, quoted
from misid.ground.codes import note, problem
from misid.ground.errors import EngineError, Findings
from misid.scores.groups import Groups, Raw, as_text, find_groups, joint_of
from misid.scores.model import COMPARISONS, Scores
from misid.scores.options import ReadOptions
from misid.scores.people import People, find_people
from misid.scores.rows import Rows, alike, is_numeric
from misid.scores.searches import (
    failed_searches,
    gallery_of,
    groups_met,
    lists_end,
    make_searches,
    refuse_disagreement,
    refuse_undeclared,
)
from misid.scores.tables import unreadable

SELF = "self-comparison"
"""Reason in `Scores.refused` of rows in which a sample is compared with itself."""

_MOST_COMBINATIONS = 100_000
ScoreType = Literal["FLOAT", "DOUBLE"]


def build(engine: Engine, rows: Rows, options: ReadOptions, findings: Findings) -> Scores:
    """Make the views over `rows` and describe them.

    The view over each part is a plain projection wherever the data allow it: what a look at all rows shows
    not to occur (an empty group, a sample compared with itself) costs the tally nothing.
    """
    polarity = options.polarity or ("distance" if rows.distance_by_name else "similarity")
    score, score_type = score_of(rows, options, findings)
    findings.raise_if_any()
    people = find_people(engine, rows, options, findings)
    findings.raise_if_any()
    groups = find_groups(engine, rows, people.type, options, findings)
    findings.raise_if_any()

    def source(relation: str) -> str:
        joined = f"(SELECT {_projection(rows, people, groups, score)} FROM {quoted(relation)}{people.joins}) AS r"
        if groups.table:
            joined += (
                f" LEFT JOIN {quoted(groups.table)} AS pg ON r.probe_person = pg.person"
                f" LEFT JOIN {quoted(groups.table)} AS rg ON r.reference_person = rg.person"
            )
        return joined

    profile = _profile(engine, source(rows.whole), rows, groups)
    refuse_disagreement(engine, rows, people, findings)
    findings.raise_if_any()
    _refuse_gaps(engine, source(rows.whole), rows, people, profile, findings)
    probe_groups, reference_groups = profile.probe_groups, profile.reference_groups
    if rows.searches is not None:
        of_searches, of_references = groups_met(engine, people, groups, rows.searches)
        probe_groups, reference_groups = probe_groups | of_searches, reference_groups | of_references
    joint = joint_of(groups, probe_groups | reference_groups, rows.label, findings)
    drop_self = _drops_self(rows, options, people, profile)
    if people.how == "ids" and (drop_self or not profile.mated):
        findings.add(
            problem(
                "E021",
                where=rows.label,
                seen="no column of people or of mated comparisons"
                + ("" if profile.mated else ", and no probe with the id of its reference"),
                allowed="probe_person and reference_person, or mated, or a table of samples",
                remedy="name the columns (--probe-person, --reference-person, --mated) or give --samples samples.csv",
            )
        )
    findings.raise_if_any()

    code = failure_code(options.failures, score_type)
    sign = "-" if polarity == "distance" else ""
    select = (
        "SELECT r.probe, r.reference, r.probe_person, r.reference_person, "
        f"{groups.label('probe', probe_groups)} AS probe_group, "
        f"{groups.label('reference', reference_groups)} AS reference_group, r.mated, "
        + (
            f"CASE WHEN {code} THEN NULL ELSE {sign}r.score END AS score, {code} AS failed"
            if code
            else f"{sign}r.score AS score, FALSE AS failed"
        )
        + (", r.rank" if rows.rank is not None else "")
    )
    where = " WHERE r.probe <> r.reference" if drop_self and profile.same else ""
    parts = (COMPARISONS,) if len(rows.parts) == 1 else tuple(f"{COMPARISONS}_{i + 1}" for i in range(len(rows.parts)))
    for part, relation in zip(parts, rows.parts, strict=True):
        engine.view(part, f"{select} FROM {source(relation)}{where}")
    if len(parts) > 1:
        engine.view(COMPARISONS, f"{select} FROM {source(rows.whole)}{where}")
    threshold = None
    if options.return_threshold is not None:
        threshold = -options.return_threshold if polarity == "distance" else options.return_threshold
    gallery, acquisition = None, options.acquisition
    ends: tuple[str, ...] = ()
    if rows.searches is not None:
        refuse_undeclared(engine, options, threshold, score_type, rows.label, findings)
        findings.raise_if_any()
        make_searches(engine, people, groups, rows.searches, probe_groups)
        gallery = gallery_of(engine, people, groups, rows.searches, options, reference_groups)
        acquisition = acquisition or failed_searches(engine, rows.searches)
        if threshold is None:
            threshold, ends = lists_end(engine, options, gallery, rows.label, findings)
            findings.raise_if_any()
    return Scores(
        engine=engine,
        kind=rows.kind,
        attributes=groups.attributes,
        joint=joint,
        score_type=score_type,
        polarity=polarity,
        failures=options.failures,
        inputs=rows.inputs + people.inputs + groups.inputs,
        part_files=rows.part_files,
        refused=((SELF, profile.same),) if where else (),
        enrolment_failures=options.enrolment,
        acquisition_failures=acquisition,
        mapping=rows.mapping + people.mapping + groups.mapping,
        parts=parts,
        gallery=gallery,
        list_length=options.list_length,
        return_threshold=threshold,
        threshold_from_lists=bool(ends),
        other_samples=options.same_samples is False,
        # Without the path: what travels with a result has none.
        notes=rows.notes + people.notes + ends + tuple(dict.fromkeys(note(w.code, w.seen) for w in findings.warnings)),
    )


def score_of(rows: Rows, options: ReadOptions, findings: Findings) -> tuple[str, ScoreType]:
    """SQL of the score and its type: kept where it is FLOAT or DOUBLE, else DOUBLE, or what was asked for."""
    field = rows.score
    if not is_numeric(field.type):
        findings.add(
            problem(
                "E010",
                where=f"{rows.label}, column {field.sql}",
                seen=f"values of type {field.type}",
                allowed="numbers",
                remedy="write the scores as FLOAT or DOUBLE, or name another column as the score (--score)",
            )
        )
        return "NULL", "DOUBLE"
    kept: ScoreType = "FLOAT" if field.type == "FLOAT" else "DOUBLE"
    score_type = options.score_type or kept
    return (field.sql if field.type == score_type else f"CAST({field.sql} AS {score_type})"), score_type


def failure_code(codes: tuple[float, ...], score_type: ScoreType) -> str:
    """A BOOLEAN expression, never NULL: `r.score` is one of the codes; '' where there are none."""
    numbers = [f"CAST({literal(float(code))} AS {score_type})" for code in codes if not math.isnan(code)]
    tests = [f"coalesce(r.score IN ({', '.join(numbers)}), FALSE)"] if numbers else []
    if len(numbers) < len(codes):
        tests.append("(r.score IS NULL OR isnan(r.score))")
    return f"({' OR '.join(tests)})" if tests else ""


def _projection(rows: Rows, people: People, groups: Groups, score: str) -> str:
    probe, reference = alike(rows.probe.sample, rows.reference.sample)
    base = {
        "probe": probe.sql,
        "reference": reference.sql,
        "probe_person": people.probe,
        "reference_person": people.reference,
        "mated": people.mated,
        "score": score,
    }
    if rows.rank is not None:
        base["rank"] = f"TRY_CAST({rows.rank.sql} AS INTEGER)"
    if not groups.table:
        for i, name in enumerate(groups.attributes):
            base[f"probe_{i}"] = as_text(rows.probe.attributes[name])
            base[f"reference_{i}"] = as_text(rows.reference.attributes[name])
    return ", ".join(f"{sql} AS {name}" for name, sql in base.items())


@dataclass(frozen=True, kw_only=True)
class _Profile:
    """What all rows together hold."""

    rows: int
    no_id: dict[str, int]
    mated_unknown: int
    mated: int
    same: int
    same_mated: int
    probe_groups: set[Raw]
    reference_groups: set[Raw]


_IDS = ("probe", "reference", "probe_person", "reference_person")


def _profile(engine: Engine, source: str, rows: Rows, groups: Groups) -> _Profile:
    keys = groups.raw("probe") + groups.raw("reference") if groups.attributes else []
    select = (
        f"SELECT {', '.join([*keys, ''])}count(*), {', '.join(f'count(r.{name})' for name in _IDS)}, count(r.mated), "
        "count(*) FILTER (r.mated), count(*) FILTER (r.probe = r.reference), "
        f"count(*) FILTER (r.probe = r.reference AND r.mated) FROM {source}"
        + (f" GROUP BY {', '.join(keys)} LIMIT {_MOST_COMBINATIONS}" if keys else "")
    )
    try:
        found = engine.rows(select)
    except EngineError as error:
        raise unreadable(rows.label, error) from error
    sums = [sum(row[len(keys) + i] for row in found) for i in range(9)]
    half = len(keys) // 2
    return _Profile(
        rows=sums[0],
        no_id={name: sums[0] - n for name, n in zip(_IDS, sums[1:5], strict=True)},
        mated_unknown=sums[0] - sums[5],
        mated=sums[6],
        same=sums[7],
        same_mated=sums[8],
        probe_groups={tuple(row[:half]) for row in found},
        reference_groups={tuple(row[half : 2 * half]) for row in found},
    )


def _refuse_gaps(
    engine: Engine, source: str, rows: Rows, people: People, profile: _Profile, findings: Findings
) -> None:
    """Comparisons of which it is not known whose they are, or whether they are mated."""
    for name in _IDS:
        if not profile.no_id[name]:
            continue
        sample = name.removesuffix("_person")
        if name != sample and people.how == "samples" and not profile.no_id[sample]:
            examples = engine.rows(
                f"SELECT DISTINCT CAST(r.{sample} AS VARCHAR) FROM {source} WHERE r.{name} IS NULL ORDER BY 1 LIMIT 5"
            )
            findings.add(
                problem(
                    "E023",
                    where=f"{rows.label}: {sample}",
                    seen="samples that the table of samples does not have",
                    allowed="a row for every sample",
                    remedy="complete the table of samples",
                    count=profile.no_id[name],
                    examples=tuple(repr(row[0]) for row in examples),
                )
            )
        elif name == sample or people.how == "columns":
            findings.add(
                problem(
                    "E020",
                    where=f"{rows.label}: {name}",
                    seen="an empty id",
                    allowed="an id in every row",
                    remedy="complete the ids, or leave these comparisons out and say so",
                    count=profile.no_id[name],
                )
            )
    if profile.mated_unknown and rows.mated is not None:
        examples = engine.rows(
            f"SELECT DISTINCT CAST({rows.mated.sql} AS VARCHAR) FROM (SELECT *, {people.mated} AS misid_mated FROM "
            f"{quoted(rows.whole)}{people.joins}) WHERE misid_mated IS NULL ORDER BY 1 LIMIT 5"
        )
        findings.add(
            problem(
                "E019",
                where=f"{rows.label}, column {rows.mated.sql}",
                seen=", ".join("an empty cell" if row[0] is None else repr(row[0]) for row in examples),
                allowed="1 or 0, true or false, yes or no, mated or non-mated, genuine or impostor",
                remedy="correct the column, or name another (--mated)",
                count=profile.mated_unknown,
            )
        )


def _drops_self(rows: Rows, options: ReadOptions, people: People, profile: _Profile) -> bool:
    """Whether rows with one id on both sides are samples compared with themselves.

    Undeclared, they are not where every mated comparison is such a row (the ids are people then), nor where
    some of them are non-mated (the sides number their samples apart).
    """
    declared = options.same_samples if options.same_samples is not None else rows.one_namespace
    if declared is not None:
        return declared
    return people.how != "ids" and profile.same_mated < profile.mated and profile.same == profile.same_mated
