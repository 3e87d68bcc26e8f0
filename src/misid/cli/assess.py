"""``misid assess``: a scenario in, an answer in people out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

from misid.cli.options import Force, OutputFormat, Paper
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk

if TYPE_CHECKING:
    from misid.encounter.model import Assessment, Estimate

_HOW = "How it is computed"
_WHERE = "What is written"
MEASURES = ("wrongly_held", "found", "not_found", "matched", "hours_wrongly_held", "right_record_given_match")


@command(
    "assess",
    example=(
        "misid assess street-stop -o out/ --force",
        "misid assess street-stop --set search.growth=1 --draws 1024 --format json",
    ),
)
def assess(
    scenario: Annotated[
        str, Argument(metavar="SCENARIO", help="A scenario file, or the name of one that misid ships.")
    ],
    *,
    settings: Annotated[
        list[str] | None,
        Option(
            "--set",
            metavar="PATH=VALUE",
            help="Change a number of the scenario: search.gallery=12e6 makes it that number. Repeatable.",
            rich_help_panel=_HOW,
        ),
    ] = None,
    draws: Annotated[
        int | None,
        Option("--draws", metavar="K", min=2, help="Sets of inputs drawn; default 16,384.", rich_help_panel=_HOW),
    ] = None,
    seed: Annotated[
        int, Option("--seed", metavar="S", min=0, help="Equal seeds give equal numbers.", rich_help_panel=_HOW)
    ] = 0,
    level: Annotated[float, Option("--level", help="Coverage of the limits.", rich_help_panel=_HOW)] = 0.95,
    output: Annotated[
        str | None,
        Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Where the report goes: page, PDF, JSON, CSV and bundle; without it only the table is printed.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
    paper: Paper = "letter",
    force: Force = False,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Say what follows from a face search, for how many people, under each policy; and write the report.

    Numbers are per 100,000 scans. The report opens with the answer in natural frequencies and says of every input
    where it comes from. `misid verify` computes its bundle again.
    """
    directory = None if output is None else Path(output)
    if directory is not None:
        from misid.report.directory import refuse_report

        # Found out now, not after the computing.
        refuse_report(directory, force=force)
    from misid.encounter.assess import DRAWS
    from misid.encounter.assess import assess as assessed
    from misid.encounter.scenario import read_scenario

    with talk.progress() as progress:
        progress.stage("reading the scenario")
        read = read_scenario(scenario, settings=settings or ())
        result = assessed(read, draws=DRAWS if draws is None else draws, seed=seed, level=level, progress=progress)
        if directory is not None:
            from misid.report.assessment import write_assessment

            page = write_assessment(
                result, directory, folder=read.document.folder, paper=paper, force=force, progress=progress
            )
    for warning in result.warnings:
        talk.say(f"warning: {warning}")
    print_records([_record(result, place, form) for place in range(len(result.policies))], form)
    if directory is not None:
        talk.say(f"open {page}; misid verify {directory / 'bundle.zip'} computes it again")


def _record(result: Assessment, place: int, form: str) -> dict[str, Any]:
    policy = result.policies[place]
    if form in ("json", "csv"):
        record: dict[str, Any] = {
            "scenario": result.name,
            "policy": policy.name,
            "title": policy.title,
            "per": result.per,
        }
        for name in MEASURES:
            estimate: Estimate = getattr(policy.everybody, name)
            record |= {name: estimate.value, f"{name}_lo": estimate.lo, f"{name}_hi": estimate.hi}
        return record | {"level": policy.everybody.wrongly_held.level, "seed": result.provenance.seed}
    return {
        "policy": policy.title,
        **{name: _text(getattr(policy.everybody, name)) for name in MEASURES},
    }


def _text(estimate: Estimate) -> str:
    from misid.report.assessment.said import amount

    if estimate.value is None:
        return f"not defined: {estimate.reason}"
    if estimate.lo is None or estimate.hi is None or estimate.lo == estimate.hi:
        return amount(estimate.value)
    hi = amount(estimate.hi)
    if estimate.unit == "probability" and estimate.hi < 1 and float(hi) == 1:
        # A limit that is not certainty is not shown as certainty.
        hi = f"{estimate.hi:.6f}".rstrip("0") if estimate.hi < 1 - 1e-6 else "below 1"
    return f"{amount(estimate.value)} ({amount(estimate.lo)}–{hi})"
