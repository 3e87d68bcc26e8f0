"""Demographic groups: from a table of subjects or from columns beside the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from misid.engine import Engine
from misid.engine.seam import literal, quoted
from misid.ground.codes import problem
from misid.ground.errors import Findings
from misid.ground.rate import MISSING
from misid.scores.mapping import find_columns, folded, is_called
from misid.scores.model import JOINT_SEPARATOR, InputFile, joint_label
from misid.scores.options import ReadOptions
from misid.scores.people import one_row_each
from misid.scores.rows import Field, Rows, column
from misid.scores.tables import load, peek

MOST_VALUES = 100
"""An attribute with more values is a measurement or an id, not a group."""

Raw = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Attributes, and where their values stand: in the kept `table` of labels by person, or beside the samples."""

    attributes: tuple[str, ...] = ()
    table: str = ""
    inputs: tuple[InputFile, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()

    def raw(self, side: Literal["probe", "reference"]) -> list[str]:
        """SQL for the values as they were found, over `r` (and `pg`, `rg` where there is a table)."""
        if self.table:
            return [f"{side[0]}g.label"]
        return [f"r.{side}_{i}" for i in range(len(self.attributes))]

    def label(self, side: Literal["probe", "reference"], seen: set[Raw]) -> str:
        """SQL for the joint label; a bare column where every value `seen` is a label already."""
        if not self.attributes:
            return "''"
        raw = self.raw(side)
        if self.table:
            nobody = literal(joint_label((MISSING,) * len(self.attributes)))
            return f"coalesce({raw[0]}, {nobody})" if (None,) in seen else raw[0]
        if len(raw) == 1 and all(clean(values[0]) == values[0] for values in seen):
            return raw[0]
        return f" || {literal(JOINT_SEPARATOR)} || ".join(cleaned(sql) for sql in raw)

    def values(self, raw: Raw) -> tuple[str, ...]:
        """The combination of attribute values behind values as they were found."""
        if self.table:
            return (MISSING,) * len(self.attributes) if raw[0] is None else tuple(raw[0].split(JOINT_SEPARATOR))
        return tuple(clean(value) for value in raw)


def clean(value: str | None) -> str:
    """The label of a value: without blanks around it, `MISSING` where nothing is left."""
    return (value or "").strip(" ") or MISSING


def cleaned(sql: str) -> str:
    """`clean` in SQL."""
    return f"coalesce(nullif(trim({sql}), ''), {literal(MISSING)})"


def as_text(field: Field) -> str:
    return field.sql if field.type == "VARCHAR" else f"CAST({field.sql} AS VARCHAR)"


def find_groups(engine: Engine, rows: Rows, person_type: str, options: ReadOptions, findings: Findings) -> Groups:
    """Groups of the people: those of the table of subjects where there is one, else those beside the samples."""
    if options.subjects is not None:
        return _from_subjects(engine, person_type, options, findings)
    beside = {name: field for name, field in rows.probe.attributes.items() if name in rows.reference.attributes}
    attributes = tuple(beside) if options.groups is None else options.groups
    absent = [name for name in attributes if name not in beside]
    if absent:
        findings.add(
            problem(
                "E017",
                where=rows.label,
                seen=f"no groups by {', '.join(absent)}: "
                + (f"it has {', '.join(beside)}" if beside else "it has no attribute of people at all"),
                allowed="attributes that stand in a column for the probe and one for the reference, such as "
                f"probe_{absent[0]} and reference_{absent[0]}",
                remedy="give a table with one row a person that has it (--subjects people.csv), or "
                + ("name an attribute that it has (--group)" if beside else "leave --group out"),
            )
        )
    return Groups(attributes=attributes)


def _from_subjects(engine: Engine, person_type: str, options: ReadOptions, findings: Findings) -> Groups:
    table = peek(engine, options.subjects, findings, delimiter=options.delimiter)
    if table is None:
        return Groups()
    names = tuple(table.columns)
    wanted = {"person": options.person}
    if options.person is None and not any(is_called(name, "person") for name in names):
        # A table of subjects may call its key simply "id".
        wanted = {"person": next((name for name in names if folded(name) in ("id", "sample", "name")), None)}
    found = find_columns(names, wanted, ("person",), table.label, findings)
    if not found:
        return Groups()
    attributes = tuple(n for n in names if n != found["person"]) if options.groups is None else options.groups
    absent = [name for name in attributes if name not in names]
    if absent:
        findings.add(
            problem(
                "E017",
                where=table.label,
                seen=f"no column {', '.join(absent)}; it has {', '.join(names)}",
                allowed="attributes that are columns of the table of subjects",
                remedy="name one of its columns (--group), or leave --group out",
            )
        )
        return Groups()
    relation = load(engine, table, "input_subjects", findings, hash_inputs=options.hash_inputs)
    label = f" || {literal(JOINT_SEPARATOR)} || ".join(
        cleaned(as_text(column(relation.columns, name))) for name in attributes
    )
    engine.keep(
        "people_groups",
        f"SELECT DISTINCT TRY_CAST({quoted(found['person'])} AS {person_type}) AS person, "
        f"{label or literal('')} AS label FROM {quoted(relation.name)} WHERE {quoted(found['person'])} IS NOT NULL",
    )
    one_row_each(engine, "people_groups", "person", relation.label, "group", findings)
    return Groups(
        attributes=attributes,
        table="people_groups" if attributes else "",
        inputs=relation.inputs,
        mapping=(("person (subjects)", found["person"]), *((f"group {name}", name) for name in attributes)),
    )


def joint_of(groups: Groups, seen: set[Raw], label: str, findings: Findings) -> tuple[tuple[str, ...], ...]:
    """Every combination of attribute values that was met, sorted."""
    joint = sorted({groups.values(raw) for raw in seen})
    width = len(groups.attributes)
    if any(len(values) != width or any(JOINT_SEPARATOR in value for value in values) for values in joint):
        findings.add(
            problem(
                "E017",
                where=label,
                seen="an attribute value with the control character 31 in it",
                allowed="plain text",
                remedy="clean the attribute values",
            )
        )
        return ()
    for i, name in enumerate(groups.attributes):
        values = {combination[i] for combination in joint}
        if len(values) > MOST_VALUES:
            findings.add(
                problem(
                    "E017",
                    where=f"{label}: {name}",
                    seen=f"{len(values):,} values",
                    allowed=f"at most {MOST_VALUES} values",
                    remedy="put the values into classes, or name other attributes (--group)",
                    examples=tuple(sorted(values)[:5]),
                )
            )
    return tuple(joint)
