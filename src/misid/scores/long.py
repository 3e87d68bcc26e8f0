"""Long tables: one row a comparison."""

from __future__ import annotations

from misid.engine import Engine
from misid.ground.errors import Findings
from misid.scores.mapping import (
    ATTRIBUTES,
    DISTANCES,
    PROBE_WORDS,
    REFERENCE_WORDS,
    find_columns,
    folded,
    left_out,
    own_side,
    side_columns,
)
from misid.scores.options import ReadOptions
from misid.scores.rows import Rows, Side, column
from misid.scores.tables import Table, load

ROLES = ("probe", "reference", "probe_person", "reference_person", "score", "mated")
NEEDED = ("probe", "reference", "score")


def read_long(engine: Engine, table: Table, options: ReadOptions, findings: Findings) -> Rows:
    """Rows of a long table; text is read once into the engine, all else is read in place."""
    names = tuple(table.columns)
    needed = set(NEEDED)
    found = find_columns(names, {role: getattr(options, role) for role in ROLES}, needed, table.label, findings)
    for one, other in (("probe_person", "reference_person"), ("reference_person", "probe_person")):
        if one in found and other not in found and "mated" not in found and options.samples is None:
            find_columns(names, {other: None}, (other,), table.label, findings)
    free = [name for name in names if name not in found.values()]
    sides = side_columns(free)
    attributes = {
        name: pair
        for name, pair in sides.items()
        if (folded(name) in {folded(a) for a in ATTRIBUTES} if options.groups is None else name in options.groups)
    }
    findings.raise_if_any()
    relation = load(
        engine,
        table,
        "input_scores",
        findings,
        hash_inputs=options.hash_inputs,
        numbers={found["score"]: options.score_type or "DOUBLE"},
    )
    findings.raise_if_any()
    fields = {role: column(relation.columns, name) for role, name in found.items()}
    beside = [{n: column(relation.columns, pair[i]).plain for n, pair in attributes.items()} for i in (0, 1)]
    return Rows(
        kind="comparisons",
        label=relation.label,
        whole=relation.name,
        parts=relation.parts,
        probe=Side(sample=fields["probe"], person=fields.get("probe_person"), attributes=beside[0]),
        reference=Side(sample=fields["reference"], person=fields.get("reference_person"), attributes=beside[1]),
        score=fields["score"],
        mated=fields.get("mated"),
        one_namespace=None,
        inputs=relation.inputs,
        part_files=relation.part_files,
        mapping=(*found.items(), *((f"group {n}", " and ".join(pair)) for n, pair in attributes.items())),
        notes=left_out(own_side(free, PROBE_WORDS), own_side(free, REFERENCE_WORDS), options, any_name=True),
        distance_by_name=folded(found["score"]) in DISTANCES,
    )
