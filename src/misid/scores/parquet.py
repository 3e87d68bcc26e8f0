"""Parquet files by the thousand: what the engine can say of all at once, it is asked once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from misid.engine import Engine
from misid.ground.errors import EngineError
from misid.scores.text import escaped

_FIELD = "column_id, name, type, type_length, repetition_type, num_children, converted_type, scale, precision, \
logical_type, duckdb_type"
"""Of a column of a schema, all that its SQL type may follow from."""


def select_parquet(paths: Sequence[Path]) -> str:
    """All rows of the files, which have the same columns."""
    # Types of hive partitions are guessed from the values that are there: one file could differ from its neighbour.
    return f"SELECT * FROM read_parquet({_listed(paths)}, hive_types_autocast = false)"


def first_alike(engine: Engine, paths: Sequence[Path]) -> tuple[Path, ...]:
    """For each file the first one that has the same schema: what is asked of that one holds of this.

    Each stands for itself where the engine cannot say it of all at once, one of them being no Parquet for example.
    """
    if len(paths) == 1:
        return tuple(paths)
    fields = ", ".join(f"{name} := {name}" for name in _FIELD.split(", "))
    try:
        groups = engine.rows(
            "SELECT list(file_name) FROM (SELECT file_name, list(field ORDER BY field.column_id) AS fields FROM ("
            f"SELECT file_name, struct_pack({fields}) AS field FROM parquet_schema({_listed(paths)})) "
            "GROUP BY file_name) GROUP BY fields"
        )
    except EngineError:
        return tuple(paths)
    schema = {name: number for number, (names,) in enumerate(groups) for name in names}
    firsts: dict[object, Path] = {}
    found = []
    for path in paths:
        # Folders such as sex=F are columns too.
        folders = tuple(part.partition("=")[0] for part in path.parts if "=" in part)
        found.append(firsts.setdefault((schema.get(str(path), path), folders), path))
    return tuple(found)


def names_in(engine: Engine, path: Path) -> tuple[str, ...]:
    """Names of the columns of one file as they stand in it: the engine gives the second of two alike another name."""
    fields = engine.rows(
        f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({_listed([path])}) ORDER BY column_id"
    )
    names = []
    left = [fields[0][1]] if fields else []
    for name, children in fields[1:]:
        # Fields of fields stand after theirs, as deep as they go.
        if len(left) == 1:
            names.append(str(name))
        left[-1] -= 1
        left.append(children)
        while left and not left[-1]:
            left.pop()
    return tuple(names)


def rows_of(engine: Engine, paths: Sequence[Path]) -> list[int] | None:
    """Rows of each file, as its groups of rows have them; None where the engine cannot say it of all at once."""
    names = list(map(str, paths))
    if len(names) == 1 or len(set(names)) < len(names):
        return None
    try:
        counted = engine.rows(
            "SELECT file_name, CAST(sum(row_group_num_rows) AS BIGINT) "
            f"FROM parquet_metadata({_listed(paths)}) WHERE column_id = 0 GROUP BY file_name"
        )
    except EngineError:
        return None
    rows = dict(counted)
    return None if rows.keys() - set(names) else [rows.get(name, 0) for name in names]


def _listed(paths: Sequence[Path]) -> str:
    return f"[{', '.join(escaped(str(path)) for path in paths)}]"
