"""``misid tally``: from scores to the counts that may travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from typer import Option

from misid.cli.options import (
    CHECKING,
    COUNTING,
    CheckOptions,
    Force,
    Format,
    InputOptions,
    OutputFormat,
    RateOptions,
    Source,
    output_path,
    refuse_inputs,
)
from misid.cli.output import print_facts, print_records, print_text, tally_record
from misid.cli.plumbing import command
from misid.cli.sources import the_tally
from misid.cli.talk import Talk
from misid.cli.work import TallyOptions, count, open_input
from misid.ground.errors import UsageError


@command(
    "tally",
    example=(
        "misid tally scores.csv --failure -1 -o test.tally",
        "misid tally scores.csv --failure -1 --threshold 0.5,0.6 --min-people 10 -o public.tally",
    ),
)
def tally(
    sources: Source = None,
    *,
    inputs: InputOptions,
    looked_for: CheckOptions,
    unchecked: Annotated[
        bool, Option("--unchecked", help="Skip the check: it was made before.", rich_help_panel=CHECKING)
    ] = False,
    threshold: Annotated[
        str | None,
        Option(
            "--threshold",
            metavar="T1,T2,...",
            help="Thresholds under audit, on the input's scale; counted exactly.",
            rich_help_panel=COUNTING,
        ),
    ] = None,
    target: Annotated[
        str | None,
        Option(
            "--target",
            metavar="P1,P2,...",
            help="FMRs and FPIRs to keep thresholds for; default 0.01 to 0.000001.",
            rich_help_panel=COUNTING,
        ),
    ] = None,
    min_people: Annotated[
        int | None,
        Option(
            "--min-people",
            metavar="N",
            min=1,
            help="Fold groups with fewer people into one, for a tally that will be published.",
            rich_help_panel=COUNTING,
        ),
    ] = None,
    kept: TallyOptions,
    plan: Annotated[
        bool,
        Option(
            "--plan", help="Say what it would cost (rows, bytes, time, memory), and stop.", rich_help_panel=COUNTING
        ),
    ] = False,
    explain: Annotated[
        bool,
        Option("--explain", help="Show the SQL that would run, on a rehearsal, and stop.", rich_help_panel=COUNTING),
    ] = False,
    output: Annotated[str | None, Option("--output", "-o", metavar="FILE", help="The tally to write.")] = None,
    force: Force = False,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Count scores into a tally: a small file without ids, from which every rate can be computed."""
    name = the_tally(sources or (), inputs)
    if name is not None:
        raise UsageError(f"{name} is a tally already", remedy=f"misid rates {name}")
    if plan or explain:
        wanted = RateOptions(threshold=threshold, target=target)
        with open_input(sources or (), inputs, talk, hashed=False) as scores:
            from misid.cli.plan import explained, plan_record

            cost = plan_record(scores, checked=not unchecked) if plan else None
            if cost is not None and min_people is not None and scores.attributes:
                cost["groups_are"] = f"as in the input: which have fewer than {min_people} people, and are folded, is "
                cost["groups_are"] += "known when people are counted"
            queries = None
            if explain:
                queries = explained(
                    scores, wanted.thresholds, wanted.targets, intersections=kept.intersections, min_people=min_people
                )
            _only_say(cost, queries, form, talk)
        return
    path = output_path("--output", output)
    refuse_inputs("--output", path, sources or (), inputs)
    if path.exists() and not force:
        # Found out now, not after an hour of counting.
        raise UsageError(f"{path} exists already", remedy="give another name, or --force to replace it")
    wanted = RateOptions(threshold=threshold, target=target)
    with open_input(sources or (), inputs, talk) as scores:
        if kept.work is None and len(scores.parts) > 1:
            kept = replace(kept, work=path.with_name(f"{path.name}.parts"))
        try:
            made, _ = count(scores, wanted, kept, None if unchecked else looked_for, talk, min_people=min_people)
        except BaseException:
            if kept.work is not None and kept.work.exists():
                talk.say(f"finished parts are kept in {kept.work}; the same command goes on from there")
            raise
    from misid.tally import discard_parts, write_tally

    write_tally(made, path, force=force)
    if kept.work is not None:
        discard_parts(kept.work)
    for warning in made.warnings:
        talk.say(f"warning: {warning}")
    print_records([tally_record(path, made)], form)


def _only_say(cost: dict[str, Any] | None, queries: Sequence[str] | None, form: Format, talk: Talk) -> None:
    """What a tally would cost, what it would run; nothing is counted and nothing written."""
    if queries is not None:
        talk.say("numbers in the SQL (widths of bins, cuts, levels) follow from the scores; these are a sample's")
    if form == "table":
        if cost is not None:
            print_facts(cost)
        print_text("".join(f"{query};\n" for query in queries or ()))
    elif cost is not None:
        print_records([cost if queries is None else cost | {"sql": list(queries)}], form)
    else:
        print_records([{"sql": query} for query in queries or ()], form)
