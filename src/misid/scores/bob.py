"""Score files of the Bob toolchain: four or five columns with blanks between them, no header."""

from __future__ import annotations

from dataclasses import replace

from misid.engine import DuckDBEngine
from misid.ground.codes import problem
from misid.ground.errors import Findings
from misid.scores.options import ReadOptions
from misid.scores.rows import Rows, Side, column
from misid.scores.sniff import NotReadableError, TextLayout, is_number
from misid.scores.tables import Table, load

FOUR = ("claimed_id", "real_id", "probe_label", "score")
FIVE = ("claimed_id", "model_label", "real_id", "test_label", "score")


def looks_like_bob(layout: TextLayout) -> bool:
    """Four or five values with blanks between them, the last one a number, and no header."""
    return (
        layout.delimiter is None
        and layout.header is None
        and layout.n_columns in (4, 5)
        and all(len(row) == layout.n_columns and is_number(row[-1]) for row in layout.rows[:5])
    )


def read_bob(engine: DuckDBEngine, table: Table, options: ReadOptions, findings: Findings) -> Rows:
    """Rows of score files. A comparison is mated where the claimed person is the real one."""
    n_columns = table.layouts[0].n_columns if table.layouts else len(table.columns)
    if not table.layouts or n_columns not in (4, 5):
        raise NotReadableError(
            problem(
                "E007",
                where=table.label,
                seen=f"{n_columns} columns",
                allowed=f"four ({' '.join(FOUR)}) or five ({' '.join(FIVE)}) with blanks between them",
                remedy="read it as a long table, with names of columns in the first line",
            )
        )
    names = FOUR if n_columns == 4 else FIVE
    # These files have no header; with blanks between the values, one delimiter cannot be taken for another.
    layouts = tuple(replace(layout, delimiter=None, header=None, skipped=0) for layout in table.layouts)
    table = replace(table, columns=dict.fromkeys(names, "VARCHAR"), layouts=layouts)
    relation = load(
        engine,
        table,
        "input_scores",
        findings,
        numbers={"score": options.score_type or "DOUBLE"},
        hash_inputs=options.hash_inputs,
    )
    findings.raise_if_any()
    fields = {name: column(relation.columns, name) for name in names}
    probe, reference = ("probe_label", "claimed_id") if n_columns == 4 else ("test_label", "model_label")
    return Rows(
        kind="comparisons",
        label=relation.label,
        whole=relation.name,
        parts=relation.parts,
        part_files=relation.part_files,
        probe=Side(sample=fields[probe], person=fields["real_id"], attributes={}),
        reference=Side(sample=fields[reference], person=fields["claimed_id"], attributes={}),
        score=fields["score"],
        mated=None,
        # With four columns the reference has no id of its own and goes by its person's.
        one_namespace=False if n_columns == 4 else None,
        inputs=relation.inputs,
        mapping=(
            ("probe", probe),
            ("reference", reference),
            ("probe_person", "real_id"),
            ("reference_person", "claimed_id"),
            ("score", "score"),
        ),
    )
