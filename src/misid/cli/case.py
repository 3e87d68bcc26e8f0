"""``misid case``: what one answer of one search is worth as evidence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from misid.cli.options import Force, OutputFormat
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.ground.errors import UsageError

if TYPE_CHECKING:
    from misid.cases import CaseResult
    from misid.cases.model import Range


@command(
    "case",
    example=(
        "misid case --list",
        "misid case ready:single-match --show",
        "misid case ready:two-answers -o out/",
        "misid case ready:no-match --format json",
    ),
)
def case(
    source: Annotated[
        str | None,
        Argument(metavar="CASE.toml", help="A case file, or ready:NAME for one that misid ships.", show_default=False),
    ] = None,
    *,
    listed: Annotated[bool, Option("--list", help="List the cases that misid ships.")] = False,
    show: Annotated[
        bool, Option("--show", help="Print the case file, to begin your own with; compute nothing.")
    ] = False,
    output: Annotated[
        str | None,
        Option("--output", "-o", metavar="DIR", help="Write the report here: PDF, page, JSON, CSV, bundle."),
    ] = None,
    paper: Annotated[Literal["letter", "a4"], Option("--paper", help="Paper of the PDF.")] = "letter",
    seed: Annotated[int, Option("--seed", help="Of the draws, where the case has a tally.", min=0)] = 0,
    force: Force = False,
    form: OutputFormat = "table",
    talk: Talk,
) -> None:
    """Say what one answer of one search is worth: likelihood ratio, and probability over a range of priors.

    The case file says what is known of the search and where each number comes from; docs/case.md describes it. With
    -o a report for a court is written: a PDF of a few pages, the same as a page and as data, and a bundle that can be
    computed again. Nobody's name, photograph or template goes in.
    """
    if listed:
        print_records(list(_listed()), form)
        return
    if source is None:
        raise UsageError("no case is named", remedy="misid case CASE.toml, or misid case --list")
    if show:
        if form != "table":
            raise UsageError(
                f"--show prints the case file as it is, not as {form}", remedy="leave out --format; or leave out --show"
            )
        sys.stdout.write(_text(source))
        return
    target = None if output is None else Path(output)
    if target is not None:
        from misid.report.directory import refuse_report

        # Found out now, not after the computing.
        refuse_report(target, force=force)
    from misid.cases import case as computed

    with talk.progress() as progress:
        result = computed(source, seed=seed, progress=progress.stage)
        if target is not None:
            from misid.report.case import write_case

            write_case(result, target, paper=paper, force=force, progress=progress)
    if form == "table":
        from misid.cases.words import lines_of

        print_records([{"what": what, "answer": answer} for what, answer in lines_of(result)], form)
    else:
        print_records(list(_records(result)), form)
    for note in result.warnings:
        talk.say(f"note: {note}")
    if target is not None:
        talk.say(f"written: {target / 'report.pdf'}, report.html, report.json, tables, bundle.zip")


def _listed() -> Iterator[dict[str, Any]]:
    from misid.cases.file import read_case
    from misid.cases.ready import READY, ready_names, ready_path

    for name in ready_names():
        yield {"name": f"{READY}{name}", "title": read_case(ready_path(name)).title}


def _text(source: str) -> str:
    from misid.cases.reading import text_of
    from misid.cases.ready import READY, ready_path

    path = ready_path(source.removeprefix(READY)) if source.startswith(READY) else Path(source)
    return text_of(path)


def _records(result: CaseResult) -> Iterator[dict[str, Any]]:
    """A row a number: what it is of, at which prior, and its two ends."""

    def row(measure: str, r: Range, prior: float | None = None, first: str = "", second: str = "") -> dict[str, Any]:
        return {
            "measure": measure, "prior": prior, "lo": r.lo, "hi": r.hi, "estimate": r.estimate, "level": r.level,
            "first": first, "second": second,
        }  # fmt: skip

    yield row("probability", result.probability)
    for name in ("search", "enrolled", "whole", "suspicion"):
        ratio = getattr(result, name)
        if ratio is not None:
            yield row(f"lr_{name}", ratio.lr, None, ratio.first, ratio.second)
    for at in result.priors:
        for name in ("right", "other", "neither", "enrolled", "record"):
            found = getattr(at, name)
            if found is not None:
                yield row(name, found, at.prior)
    yield row("fpir", result.fpir)
    yield row("missed", result.missed)
