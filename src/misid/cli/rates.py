"""``misid rates``: error rates with their limits, from a tally or from scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from misid.cli.options import COUNTING, CheckOptions, InputOptions, OutputFormat, RateOptions, SourceOrTally
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.cli.work import TallyOptions, tally_of
from misid.ground.measures import RATES, measures_given

if TYPE_CHECKING:
    from misid.rates.model import Differential


@command(
    "rates",
    example=(
        "misid rates test.tally --target 0.001",
        "misid rates scores.csv --failure -1 --threshold 0.5,0.6 --format json",
        "misid rates test.tally --measure fmr,fnmr,eer",
    ),
)
def rates(
    sources: SourceOrTally = None,
    *,
    inputs: InputOptions,
    looked_for: CheckOptions,
    wanted: RateOptions,
    kept: TallyOptions,
    measure: Annotated[
        str | None,
        Option(
            "--measure",
            metavar="M1,M2,...",
            help=f"Only these rates: {', '.join(RATES)}; default all.",
            rich_help_panel=COUNTING,
        ),
    ] = None,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Print error rates with their limits: FMR, FNMR, FPIR, FNIR, by group and by pair of groups.

    Every rate says what it is a share of, of how many people, and how sure it is; one that the data
    cannot carry says so.
    """
    options = wanted.declared()
    if measure is not None:
        options["measures"] = measures_given([part.strip() for part in measure.split(",") if part.strip()])
    tally, _ = tally_of(sources or (), inputs, wanted, kept, looked_for, talk)
    from misid.ground.text import print_rates
    from misid.rates import compute_rates

    with talk.progress() as progress:
        progress.stage("computing rates")
        result = compute_rates(tally, curves=False, **options)
    for warning in result.warnings:
        talk.say(f"warning: {warning}")
    print_rates(result.records, form)
    if result.differentials and form in ("table", "md"):
        print_records([_differential(d) for d in result.differentials], form)
        if any(d.plain is not None and d.plain != d.estimate for d in result.differentials):
            talk.say("note: groups that are alike differ in any sample; estimates have that taken off what was counted")


def _differential(found: Differential) -> dict[str, Any]:
    """A difference between groups on one line."""
    return {
        "between groups": found.statistic,
        "rate": found.measure,
        "attribute": found.attribute,
        "of": found.of,
        "to": found.to,
        "threshold": found.threshold,
        "as counted": _short(found.plain),
        "estimate": _short(found.estimate),
        "low": _short(found.lo),
        "high": _short(found.hi),
        "adjusted p": _short(found.adjusted_p),
        "status": found.status,
    }


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.2g}"
