"""Two files of scores: one of mated comparisons, one of non-mated ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from misid.engine import DuckDBEngine
from misid.engine.seam import quoted
from misid.ground.codes import note, problem
from misid.ground.errors import Findings, UsageError
from misid.scores.mapping import DISTANCES, find_columns, folded
from misid.scores.options import ReadOptions
from misid.scores.rows import Field, Rows, Side, column
from misid.scores.sniff import is_number
from misid.scores.tables import Relation, Table, load, peek

ROLES = ("probe", "reference", "probe_person", "reference_person", "score")
_SIDES = ("genuine", "impostor")
Columns = dict[str, str]


def files_of_pair(source: Any, options: ReadOptions) -> tuple[Any, Any] | None:
    """The two files, where the call names two; None where it names something else."""
    if options.genuine is not None or options.impostor is not None:
        if options.genuine is None or options.impostor is None or source is not None:
            raise UsageError(
                "a pair of files needs both genuine and impostor, and no other source",
                remedy="--genuine mated.txt --impostor nonmated.txt",
            )
        return options.genuine, options.impostor
    if isinstance(source, (list, tuple)) and options.format == "pair" and len(source) == 2:
        return source[0], source[1]
    if isinstance(source, str) and ":" in source and "::" not in source and not Path(source).exists():
        # A path may have colons of its own: the right one has a file on either side.
        for i, character in enumerate(source):
            if character == ":" and Path(source[:i]).is_file() and Path(source[i + 1 :]).is_file():
                return source[:i], source[i + 1 :]
    if options.format == "pair":
        raise UsageError(
            f"{source!r} does not name two files",
            remedy="open_scores((genuine, impostor), format='pair'), or --genuine mated.txt --impostor nonmated.txt",
        )
    return None


def read_pair(engine: DuckDBEngine, sources: tuple[Any, Any], options: ReadOptions, findings: Findings) -> Rows:
    """Rows of both files. Without ids every comparison stands for two people (one where mated) of its own."""
    tables = [peek(engine, source, findings, delimiter=options.delimiter) for source in sources]
    findings.raise_if_any()
    found = [_columns(table, options, findings) for table in tables if table is not None]
    findings.raise_if_any()
    if len({frozenset(roles) for roles in found}) > 1:
        findings.add(
            problem(
                "E018",
                where=f"{sources[0]} and {sources[1]}",
                seen=" and ".join(
                    f"{', '.join(roles)} in the {side} file" for side, roles in zip(_SIDES, found, strict=True)
                ),
                allowed="the same columns in both",
                remedy="write both files alike",
            )
        )
    number: str = options.score_type or "DOUBLE"
    relations = [
        load(
            engine, table, f"input_{side}", findings, numbers={roles["score"]: number}, hash_inputs=options.hash_inputs
        )
        for side, table, roles in zip(_SIDES, tables, found, strict=True)
        if table is not None
    ]
    findings.raise_if_any()
    types = {relation.columns[roles["score"]] for relation, roles in zip(relations, found, strict=True)}
    score = number if options.score_type or len(types) > 1 else types.pop()
    parts = [
        _part(engine, r, roles, score, mated=side == "genuine")
        for r, roles, side in zip(relations, found, _SIDES, strict=True)
    ]
    engine.view("input_scores", " UNION ALL ".join(f"SELECT * FROM {quoted(part)}" for part in parts))
    has_ids, has_people = "probe" in found[0], "probe_person" in found[0]
    id_type = "VARCHAR" if has_ids else "BIGINT"

    def side_of(name: str) -> Side:
        person = Field(sql=f"{name}_person", type=id_type) if has_people or not has_ids else None
        return Side(sample=Field(sql=name, type=id_type), person=person, attributes={})

    return Rows(
        kind="comparisons",
        label=f"{sources[0]} and {sources[1]}",
        whole="input_scores",
        parts=tuple(parts),
        part_files=tuple(len(relation.inputs) for relation in relations),
        probe=side_of("probe"),
        reference=side_of("reference"),
        score=Field(sql="score", type=score),
        mated=Field(sql="mated", type="BOOLEAN"),
        one_namespace=None if has_ids else False,
        inputs=tuple(file for relation in relations for file in relation.inputs),
        mapping=(*found[0].items(), ("mated", "which of the two files")),
        notes=()
        if has_ids
        else (
            note(
                "W001",
                "each comparison was counted as two people of its own (a mated one as one); limits are too narrow "
                "where people took part in several comparisons, as they nearly always do",
            ),
        ),
        distance_by_name=folded(found[0]["score"]) in DISTANCES,
    )


def _columns(table: Table, options: ReadOptions, findings: Findings) -> Columns:
    """Roles of the columns: by header, else one column (scores) or three (probe, reference, score)."""
    names = tuple(table.columns)
    if not table.layouts or table.layouts[0].header is not None:
        wanted = {role: getattr(options, role) for role in ROLES}
        if len(names) == 1:
            wanted["score"] = names[0]
        return find_columns(names, wanted, ("score",), table.label, findings)
    if len(names) == 1 and not any(is_number(cell) for row in table.layouts[0].rows for cell in row):
        first = table.layouts[0].rows[0][0] if table.layouts[0].rows else ""
        findings.add(
            problem(
                "E010",
                where=f"{table.label}:1",
                seen=f"{first!r}",
                allowed="a number in every line",
                remedy="one score in a line, or: probe reference score",
            )
        )
    elif len(names) not in (1, 3):
        commas = table.layouts[0].delimiter == "," and len(names) == 2
        findings.add(
            problem(
                "E011" if commas else "E007",
                where=f"{table.label}:1",
                seen=f"{len(names)} values in a line",
                allowed="one score in a line, or: probe reference score" + (", with a decimal point" if commas else ""),
                remedy="write the scores with a decimal point" if commas else "name the delimiter, or add a header",
            )
        )
    return {"score": names[0]} if len(names) == 1 else dict(zip(("probe", "reference", "score"), names, strict=False))


def _part(engine: DuckDBEngine, relation: Relation, roles: Columns, score_type: str, *, mated: bool) -> str:
    score = f"CAST({quoted(roles['score'])} AS {score_type}) AS score"
    name = "input_scores_1" if mated else "input_scores_2"
    flag = "TRUE AS mated" if mated else "FALSE AS mated"
    if "probe" in roles and "reference" in roles:
        fields = {r: column(relation.columns, roles[r]).plain for r in ROLES[:4] if r in roles}
        ids = ", ".join(f"CAST({field.sql} AS VARCHAR) AS {r}" for r, field in fields.items())
        engine.view(name, f"SELECT {ids}, {score}, {flag} FROM {quoted(relation.name)}")
        return name
    # Numbers that no other comparison has, of either file.
    one, other = ("4 * n", "4 * n") if mated else ("4 * n + 1", "4 * n + 2")
    engine.keep(
        name,
        f"SELECT {one} AS probe, {other} AS reference, {one} AS probe_person, {other} AS reference_person, "
        f"score, {flag} FROM (SELECT row_number() OVER () AS n, {score} FROM {quoted(relation.name)})",
    )
    return name
