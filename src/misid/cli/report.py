"""``misid report``: one page that a stranger can read, and the same for machines."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

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
from misid.ground.errors import NotEstimableError, UsageError

if TYPE_CHECKING:
    from misid.rates.model import Rates
    from misid.search.fan import Fan
    from misid.tally import Tally

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
    projected: Annotated[
        bool,
        Option(
            "--project/--no-project",
            help="Say what the test says of larger galleries, at the threshold the page opens with.",
        ),
    ] = True,
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
        titled = {} if title is None else {"title": title}
        larger = _projection(result, tally, wanted.level, progress.stage) if projected else "--no-project was given"
        progress.stage("writing the report")
        made = Report(rates=result, tally=tally, check=checked, projection=larger, **titled)
        write_report(made, directory, paper=paper, force=force)
    written = [
        directory / PAGE,
        directory / "report.pdf",
        directory / "report.json",
        *sorted((directory / "tables").glob("*.csv")),
    ]
    print_records([{"file": str(path), "bytes": path.stat().st_size} for path in written], form)


def _projection(rates: Rates, tally: Tally, level: float, stage: Callable[[str], None]) -> Fan | str:
    """What the test says of larger galleries at the threshold the page opens with; or why it says nothing."""
    from misid.report.lead import lead_of
    from misid.search.fan import fan_of

    answer = lead_of(rates, tally)
    if answer.lead is None:
        return answer.rule
    try:
        return fan_of(tally, answer.points[answer.lead].threshold, level=level, stage=stage)
    except NotEstimableError as error:
        return error.message
