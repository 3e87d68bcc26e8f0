"""``misid rates``: error rates with their limits, from a tally or from scores."""

from __future__ import annotations

from misid.cli.options import CheckOptions, InputOptions, OutputFormat, RateOptions, SourceOrTally
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.cli.work import TallyOptions, tally_of


@command(
    "rates",
    example=(
        "misid rates test.tally --target 0.001",
        "misid rates scores.csv --failure -1 --threshold 0.5,0.6 --format json",
    ),
)
def rates(
    sources: SourceOrTally = None,
    *,
    inputs: InputOptions,
    looked_for: CheckOptions,
    wanted: RateOptions,
    kept: TallyOptions,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Print error rates with their limits: FMR, FNMR, FPIR, FNIR, by group and by pair of groups.

    Every rate says what it is a share of, of how many people, and how sure it is; one that the data
    cannot carry says so.
    """
    options = wanted.declared()
    tally, _ = tally_of(sources or (), inputs, wanted, kept, looked_for, talk)
    from misid.ground.text import print_rates
    from misid.rates import compute_rates

    result = compute_rates(tally, curves=False, **options)
    for warning in result.warnings:
        talk.say(f"warning: {warning}")
    print_rates(result.records, form)
