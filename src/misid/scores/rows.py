"""What every reader hands on: relations with one row a comparison, and where each thing stands in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from misid.engine.seam import quoted
from misid.scores.model import InputFile

YES = ("1", "true", "t", "yes", "y", "mated", "genuine", "same", "match", "mate")
NO = (
    "0",
    "false",
    "f",
    "no",
    "n",
    "non-mated",
    "nonmated",
    "non_mated",
    "impostor",
    "imposter",
    "different",
    "nonmate",
    "non-mate",
    "nonmatch",
    "non-match",
)


@dataclass(frozen=True, kw_only=True)
class Field:
    """An SQL expression over a relation, and its type."""

    sql: str
    type: str

    @property
    def plain(self) -> Field:
        """As an id or a label: enumerations as text, which compare across columns; NaN, which is none, as NULL."""
        if self.type.startswith("ENUM"):
            return replace(self, sql=f"CAST({self.sql} AS VARCHAR)", type="VARCHAR")
        if self.type in ("FLOAT", "DOUBLE"):
            return replace(self, sql=f"CASE WHEN isnan({self.sql}) THEN NULL ELSE {self.sql} END")
        return self


def column(columns: dict[str, str], name: str) -> Field:
    return Field(sql=quoted(name), type=columns[name])


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of the comparisons: sample, person where known, attributes where they stand beside it."""

    sample: Field
    person: Field | None
    attributes: dict[str, Field]


@dataclass(frozen=True, kw_only=True)
class Searches:
    """What the kept tables `searches_rows` and `references_rows` of a candidate-list test hold."""

    label: str
    references_label: str
    has_flag: bool
    """The table of searches says itself which searches are mated."""
    flag_sql: str
    has_failures: bool
    """The table of searches says itself which searches failed."""
    has_people: bool
    has_references: bool
    n_attributes: int


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Comparisons as a reader found them.

    `whole` is the relation with all rows, `parts` its input files, small ones together, with the same columns.
    `one_namespace` says whether the same id on both sides is the same sample; None: the data decide.
    """

    kind: Literal["comparisons", "candidates"]
    label: str
    whole: str
    parts: tuple[str, ...]
    probe: Side
    reference: Side
    score: Field
    mated: Field | None
    rank: Field | None = None
    one_namespace: bool | None
    inputs: tuple[InputFile, ...]
    part_files: tuple[int, ...] = ()
    """How many of `inputs`, the first ones, each part is made of, in order; (): one each."""
    mapping: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    distance_by_name: bool = False
    searches: Searches | None = None


def alike(one: Field, other: Field) -> tuple[Field, Field]:
    """Two fields that can be compared: as they are where their types agree, else both as text."""
    one, other = one.plain, other.plain
    if one.type == other.type:
        return one, other
    return (
        Field(sql=f"CAST({one.sql} AS VARCHAR)", type="VARCHAR"),
        Field(sql=f"CAST({other.sql} AS VARCHAR)", type="VARCHAR"),
    )


def truth(field: Field) -> str:
    """A BOOLEAN expression for a column of flags, NULL where the value is none that is known."""
    if field.type == "BOOLEAN":
        return field.sql
    if field.type in NUMBERS:
        return f"CASE WHEN {field.sql} = 1 THEN TRUE WHEN {field.sql} = 0 THEN FALSE END"
    text = f"lower(trim(CAST({field.sql} AS VARCHAR)))"
    yes, no = (", ".join(f"'{word}'" for word in words) for words in (YES, NO))
    return f"CASE WHEN {text} IN ({yes}) THEN TRUE WHEN {text} IN ({no}) THEN FALSE END"


NUMBERS = frozenset(
    {
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "BIGINT",
        "HUGEINT",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
        "UBIGINT",
        "UHUGEINT",
        "FLOAT",
        "DOUBLE",
    }
)


def is_numeric(sql_type: str) -> bool:
    return sql_type in NUMBERS or sql_type.startswith("DECIMAL")
