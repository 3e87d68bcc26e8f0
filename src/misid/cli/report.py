"""``misid report``: one page that a stranger can read, and the same for machines."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from misid.cli.options import (
    CheckOptions,
    Force,
    InputOptions,
    OutputFormat,
    Paper,
    RateOptions,
    SourceOrTally,
    output_path,
)
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.cli.work import TallyOptions, tally_of
from misid.ground.errors import UsageError

PAGE = "report.html"


@command(
    "report",
    example=(
        "misid report scores.csv --failure -1 -o out/",
        "misid report test.tally --threshold 0.5 -o out/ --force",
    ),
)
def report(
    sources: SourceOrTally = None,
    *,
    inputs: InputOptions,
    looked_for: CheckOptions,
    wanted: RateOptions,
    kept: TallyOptions,
    title: Annotated[str | None, Option("--title", metavar="TEXT", help="What was tested, for the heading.")] = None,
    output: Annotated[str | None, Option("--output", "-o", metavar="DIR", help="Where the report goes.")] = None,
    paper: Paper = "letter",
    force: Force = False,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Check, count and write a report: an offline HTML page, PDF, JSON, and CSV of every table and figure.

    Refuses with exit code 3 if the check finds an error.
    """
    directory = output_path("--output", output)
    options = wanted.declared()
    if (directory / PAGE).exists() and not force:
        # Found out now, not after an hour of counting.
        raise UsageError(f"{directory / PAGE} exists already", remedy="another directory, or --force to replace it")
    tally, checked = tally_of(sources or (), inputs, wanted, kept, looked_for, talk)
    from misid.rates import compute_rates
    from misid.report import Report, write_report

    with talk.progress() as progress:
        progress.stage("computing rates")
        result = compute_rates(tally, **options)
        progress.stage("writing the report")
        titled = {} if title is None else {"title": title}
        write_report(Report(rates=result, tally=tally, check=checked, **titled), directory, paper=paper, force=force)
    written = [
        directory / PAGE,
        directory / "report.pdf",
        directory / "report.json",
        *sorted((directory / "tables").glob("*.csv")),
    ]
    print_records([{"file": str(path), "bytes": path.stat().st_size} for path in written], form)
