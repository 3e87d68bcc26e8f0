"""``misid merge``: tallies of disjoint sets of searches add."""

from __future__ import annotations

from typing import Annotated, Literal

from typer import Argument, Option

from misid.cli.options import Force, OutputFormat, output_path
from misid.cli.output import print_records, tally_record
from misid.cli.plumbing import command
from misid.cli.sources import read
from misid.cli.talk import Talk


@command(
    "merge",
    example=(
        "misid merge site-a.tally site-b.tally -o both.tally",
        "misid merge site-a.tally site-b.tally --shared people -o both.tally --force",
    ),
)
def merge(
    tallies: Annotated[
        list[str], Argument(metavar="TALLY...", help="Tallies of one matcher; no two may hold the same search.")
    ],
    *,
    shared: Annotated[
        Literal["disjoint", "references", "people"],
        Option("--shared", help="Who is in more than one tally: nobody, references, or anybody on either side."),
    ] = "references",
    output: Annotated[str | None, Option("--output", "-o", metavar="FILE", help="The tally to write.")] = None,
    force: Force = False,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Add tallies of disjoint sets of searches, so that laboratories can pool counts and no scores."""
    path = output_path("--output", output)
    from misid.tally import merge_tallies, write_tally

    with talk.progress() as progress:
        given = []
        for place, name in enumerate(tallies, 1):
            progress.stage(f"reading tally {place} of {len(tallies)}")
            given.append(read(name))
        progress.stage("adding")
        merged = merge_tallies(given, shared=shared)
        progress.stage("writing")
        write_tally(merged, path, force=force)
    for warning in merged.warnings:
        talk.say(f"warning: {warning}")
    print_records([tally_record(path, merged)], form)
