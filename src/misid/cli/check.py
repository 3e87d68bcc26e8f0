"""``misid check``: all that is wrong with an input, at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from typer import Option

from misid.cli.options import CHECKING, CheckOptions, Format, InputOptions, OutputFormat, Source
from misid.cli.output import print_json, print_records, print_text
from misid.cli.plumbing import command
from misid.cli.sources import is_tally, read, the_tally
from misid.cli.talk import Talk
from misid.cli.work import open_input, show_queries
from misid.ground.errors import BadInputError, Problem, UsageError


@command(
    "check",
    example=(
        "misid check scores.csv --failure -1",
        "misid check matrix.csv --failure -1 --format json",
        "misid check public.tally --min-people 10",
    ),
)
def check(
    sources: Source = None,
    *,
    inputs: InputOptions,
    looked_for: CheckOptions,
    min_people: Annotated[
        int,
        Option(
            "--min-people",
            metavar="N",
            min=1,
            help="Warn of groups with fewer people; of a tally: refuse them.",
            rich_help_panel=CHECKING,
        ),
    ] = 10,
    form: OutputFormat = "table",
    talk: Talk,
) -> int:
    """Find all that is wrong with scores at once: codes, counts, examples, and what to do.

    Of tallies it says whether they may be published: groups of few people, and what two tell by subtraction.

    Ends with exit code 3 if there is an error, and 0 if there are at most warnings.
    """
    if sources and all(is_tally(source) for source in sources):
        return _check_tallies(sources, inputs, min_people, form)
    the_tally(sources or (), inputs)
    options = looked_for.declared()
    try:
        with open_input(sources or (), inputs, talk) as scores:
            from misid.scores import check as check_scores

            with talk.progress() as progress:
                progress.watch(scores.engine)
                progress.stage("checking")
                report = check_scores(scores, min_people=min_people, **options)
            show_queries(scores, talk)
    except BadInputError as error:
        # Too wrong to be opened: what was found until then is the answer.
        _print(error.problems, {"ok": False, "counts": None, "notes": []}, str(error), form)
        return BadInputError.exit_code
    from misid.ground.text import finite

    _print(report.problems, finite(report.to_dict()), str(report), form)
    return 0 if report.ok else BadInputError.exit_code


def _check_tallies(sources: Sequence[str], inputs: InputOptions, min_people: int, form: Format) -> int:
    if not inputs.is_empty:
        raise UsageError(
            f"{sources[0]} is a tally, and options on how to read scores were given", remedy="leave them out"
        )
    from misid.tally.privacy import people_of, publication_problems

    tallies = [read(source) for source in sources]
    problems = publication_problems(tallies, min_people=min_people)
    smallest = [min(people_of(t).items(), key=lambda item: item[1], default=(("none", "any"), 0)) for t in tallies]
    notes = [
        f"tally {number}, {source}: "
        + (f"{len(t.labels) - 1} groups, the smallest is {group} with " if len(t.labels) > 1 else "no groups; ")
        + f"{n:,} people in {side}"
        for number, (source, t, ((group, side), n)) in enumerate(zip(sources, tallies, smallest, strict=True), 1)
    ]
    head = f"{len(problems)} reason{'' if len(problems) == 1 else 's'} against publication" if problems else (
        f"no group, and no difference of two tallies, has fewer than {min_people} people"
    )  # fmt: skip
    text = "\n".join([head, *map(str, problems), *(f"note: {note}" for note in notes)])
    _print(problems, {"ok": not problems, "counts": None, "notes": notes}, text, form)
    return BadInputError.exit_code if problems else 0


def _print(problems: Sequence[Problem], whole: dict[str, Any], text: str, form: Format) -> None:
    records = [asdict(problem) for problem in problems]
    if form == "json":
        print_json({**whole, "problems": records})
    elif form == "table":
        print_text(f"{text}\n")
    else:
        print_records(records, form)
