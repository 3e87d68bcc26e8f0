"""``misid pseudonymise``: opaque ids from telling ones, with a key that stays with its owner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from misid.cli.options import Force, OutputFormat, output_path
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk


@command(
    "pseudonymise",
    example=(
        "misid pseudonymise named.csv --key secret.key --column probe --column reference -o opaque.csv",
        "misid pseudonymise people.csv --key secret.key --column person -o opaque-people.csv",
    ),
)
def pseudonymise(
    source: Annotated[str, Argument(metavar="SOURCE", help="A table (CSV, TSV, Parquet) with ids in it, or a matrix.")],
    *,
    key: Annotated[
        Path | None,
        Option("--key", metavar="FILE", help="The secret key; made if absent. Keep it, and never send it along."),
    ] = None,
    column: Annotated[
        list[str] | None, Option("--column", metavar="COLUMN", help="Column with ids to replace. Repeatable.")
    ] = None,
    edges: Annotated[
        bool, Option("--edges", help="The source is a matrix: replace its first row and first column.")
    ] = False,
    output: Annotated[str | None, Option("--output", "-o", metavar="FILE", help="The table to write.")] = None,
    force: Force = False,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Replace ids by a keyed hash of them: the same id gives the same hash, in every file, under one key."""
    path = output_path("--output", output)
    from misid.scores import pseudonymise as replace_ids

    done = replace_ids(source, path, key=key, columns=column or (), edges=edges, force=force)
    for note in done.notes:
        talk.say(f"note: {note}")
    print_records([{"file": str(path), "rows": done.rows, "ids": done.ids, "empty": done.empty}], form)
