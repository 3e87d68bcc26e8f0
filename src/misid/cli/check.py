"""``misid check``: all that is wrong with an input, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from misid.cli.options import CHECKING, CheckOptions, Format, InputOptions, OutputFormat, Source
from misid.cli.output import print_json, print_records, print_text
from misid.cli.plumbing import command
from misid.cli.sources import is_tally, read, the_tally
from misid.cli.talk import Talk
from misid.cli.work import open_input, show_queries
from misid.ground.errors import BadInputError, Problem, UsageError

if TYPE_CHECKING:
    from misid.tally.privacy import Cells


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
            help="Warn of groups with fewer people; of a tally or report: refuse them.",
            rich_help_panel=CHECKING,
        ),
    ] = 10,
    form: OutputFormat = "table",
    talk: Talk,
) -> int:
    """Find all that is wrong with scores at once: codes, counts, examples, and what to do.

    Of tallies and reports of tests it says whether they may be published: groups of few people, and what two tell by
    subtraction.

    Ends with exit code 3 if there is an error, and 0 if there are at most warnings.
    """
    published = {source: shown for source in sources or () if (shown := _shown(source)) is not None}
    if published and len(published) == len(set(sources or ())):
        return _check_published(sources or (), published, inputs, min_people, form)
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


def _shown(source: str) -> Cells | None:
    """The cells of what can be published: a tally, or the report of a test; None where `source` is neither."""
    if is_tally(source):
        from misid.tally.privacy import cells_of

        return cells_of(read(source))
    from misid.report.cells import cells_of_report, report_json

    path = report_json(source)
    return None if path is None else cells_of_report(path)


def _check_published(
    sources: Sequence[str], published: Mapping[str, Cells], inputs: InputOptions, min_people: int, form: Format
) -> int:
    shown = [published[source] for source in sources]
    if not inputs.is_empty:
        raise UsageError(
            f"{sources[0]} is a {shown[0].what}, and options on how to read scores were given", remedy="leave them out"
        )
    from misid.tally.privacy import publication_problems

    problems = publication_problems(shown, min_people=min_people)
    notes = []
    for number, (source, cells) in enumerate(zip(sources, shown, strict=True), 1):
        (group, side), n = min(cells.people.items(), key=lambda item: item[1], default=(("none", "any"), 0))
        groups = f"the smallest group is {group} with " if len(cells.within) > 1 else "no groups; "
        notes.append(f"{cells.what} {number}, {source}: {groups}{n:,} people in {side}")
        if cells.bounded:
            notes.append(
                f"{cells.what} {number} does not say how many people its combinations of groups have: those of few "
                "people who were searched with often are not found; count the scores again with this misid"
            )
        if cells.what == "report":
            notes.append(f"report {number} shows a part of its tally: check the tally too if it will be published")
    head = f"{len(problems)} reason{'' if len(problems) == 1 else 's'} against publication" if problems else (
        f"no group{', and no difference of two,' if len(shown) > 1 else ''} has fewer than {min_people} people"
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
