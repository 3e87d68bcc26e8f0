"""People: ids become numbers inside the engine, and the design of the test is counted per person.

The tables made here stay in the engine. `persons`: code, joint, block. `probes`, `references_`: one row a
sample. `by_label`: which labels a combination of groups belongs to. `design`: comparisons per person as probe
(per label of the references) and as reference (per label of the probes).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from misid.engine import Engine
from misid.ground.codes import problem
from misid.ground.errors import BadInputError
from misid.tally import blocks
from misid.tally.grid import Grid
from misid.tally.model import Label

AS_PROBE, AS_REFERENCE = 0, 1
"""Sides of `design` and `exceed`: people as probes, per label of the references, and the other way round."""


def see_samples(engine: Engine) -> None:
    """Make `seen_probes`, `seen_references`: person and group of every sample that took part in anything."""
    engine.keep(
        "seen_probes",
        """SELECT probe, any_value(person) AS person, min(grp) AS grp FROM (
             SELECT probe, person, grp FROM probe_totals
             UNION ALL SELECT probe, probe_person, probe_group FROM lone_mates
             UNION ALL SELECT probe, probe_person, probe_group FROM failed_rows) AS t
           GROUP BY probe""",
    )
    engine.keep(
        "seen_references",
        """SELECT reference, any_value(person) AS person, min(grp) AS grp FROM (
             SELECT reference, person, reference_group AS grp FROM by_reference
             UNION ALL SELECT reference, reference_person, reference_group FROM lone_mates
             UNION ALL SELECT reference, reference_person, reference_group FROM failed_rows WHERE reference IS NOT NULL) AS t
           GROUP BY reference""",  # noqa: E501
    )


def number_people(engine: Engine, joint_of: Mapping[str, int], labels: Sequence[Label], grid: Grid) -> tuple[str, ...]:
    """Make `joints`, `by_label`, `persons`, `probes`, `references_` from what `see_samples` made.

    Returns warnings.
    """
    names, indices = np.array(list(joint_of), dtype=object), np.array(list(joint_of.values()), dtype=np.int32)
    engine.put("joints", {"name": names, "joint": indices})
    members = [(index, member) for index, label in enumerate(labels) for member in label.members]
    label_column, joint_column = np.array(members, dtype=np.int32).reshape(-1, 2).T
    engine.put("by_label", {"label": label_column, "joint": joint_column})
    salted = blocks.salt(engine, grid)
    engine.keep("persons", _persons(salted=salted))
    _refuse_two_groups(engine)
    engine.keep(
        "probes",
        """SELECT s.probe AS probe, CAST(row_number() OVER (ORDER BY s.probe) AS INTEGER) AS code, p.code AS person,
                  p.joint AS joint
           FROM seen_probes AS s JOIN persons AS p ON CAST(s.person AS VARCHAR) = p.person""",
    )
    engine.keep(
        "references_",
        """SELECT s.reference AS reference, p.code AS person, p.joint AS joint
           FROM seen_references AS s JOIN persons AS p ON CAST(s.person AS VARCHAR) = p.person""",
    )
    return () if salted else (blocks.ONE_BLOCK,)


def _persons(*, salted: bool) -> str:
    people = """SELECT person, min(grp) AS grp, count(DISTINCT grp) AS groups FROM (
                      SELECT CAST(person AS VARCHAR) AS person, grp FROM seen_probes
                      UNION ALL SELECT CAST(person AS VARCHAR), grp FROM seen_references) AS t
                    GROUP BY person"""
    hashed = "md5(concat(person, salt)) AS h" if salted else "0 AS h"
    return f"""
        SELECT person, CAST(row_number() OVER (ORDER BY person) AS INTEGER) AS code, j.joint AS joint, groups,
               {blocks.numbered("h") if salted else "CAST(h AS INTEGER)"} AS block
        FROM (SELECT person, grp, groups, {hashed}
              FROM ({people}) AS g{" CROSS JOIN salt" if salted else ""}) AS s
        JOIN joints AS j ON s.grp = j.name"""


def _refuse_two_groups(engine: Engine) -> None:
    several = int(engine.columns("SELECT count(*) AS n FROM persons WHERE groups > 1")["n"][0])
    if several:
        raise BadInputError(
            [
                problem(
                    "E032",
                    where="groups",
                    seen=f"{several:,} people with more than one group",
                    allowed="one combination of group values a person",
                    remedy="mend the table of subjects; `misid check` lists where",
                    count=several,
                )
            ]
        )


def count_designs(engine: Engine) -> None:
    """Make `design`, `design_both`: comparisons of each person, per label of the other side."""
    engine.keep(
        "design",
        f"""SELECT {AS_PROBE} AS side, p.person AS person, p.joint AS joint, l.label AS label,
                   CAST(sum(b.m) AS BIGINT) AS m
           FROM by_probe AS b JOIN probes AS p ON b.probe = p.probe
           JOIN joints AS j ON b.reference_group = j.name JOIN by_label AS l ON l.joint = j.joint
           GROUP BY p.person, p.joint, l.label
           UNION ALL
           SELECT {AS_REFERENCE}, r.person, r.joint, l.label, CAST(sum(b.m) AS BIGINT)
           FROM by_reference AS b JOIN references_ AS r ON b.reference = r.reference
           JOIN joints AS j ON b.probe_group = j.name JOIN by_label AS l ON l.joint = j.joint
           GROUP BY r.person, r.joint, l.label""",
    )
    # A person counts on both sides of a pair of labels only when belonging to both labels.
    engine.keep(
        "design_both",
        f"""SELECT r.person AS person, c.label AS probe_label, r.label AS reference_label, r.m AS rm, c.m AS cm
           FROM design AS r JOIN design AS c ON r.person = c.person
           JOIN by_label AS a ON a.label = c.label AND a.joint = r.joint
           JOIN by_label AS b ON b.label = r.label AND b.joint = r.joint
           WHERE r.side = {AS_PROBE} AND c.side = {AS_REFERENCE}""",
    )
