"""``misid backtest``: predictions written down before their outcomes are read, and how they fared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from misid.cli.options import Format, OutputFormat
from misid.cli.output import print_records, print_text
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.ground.errors import NotEstimableError, UsageError

if TYPE_CHECKING:
    from misid.backtest import Record, Result, Study


@command(
    "backtest",
    example=(
        "misid backtest",
        "misid backtest --deployments deployments.csv --format json",
    ),
)
def backtest(
    *,
    study: Annotated[
        list[str] | None,
        Option("--study", metavar="ID", help="Only this study. Repeatable; default all that misid ships."),
    ] = None,
    deployments: Annotated[
        str | None,
        Option(
            "--deployments",
            metavar="FILE.csv",
            help="Your deployments instead, each predicted from those before it: columns n_searches, gallery_n, "
            "false_positives, date_start, and threshold, group, deployment, source_id where known.",
        ),
    ] = None,
    tasks: Annotated[bool, Option("--tasks", help="A line for every task, not for every study.")] = False,
    predictions: Annotated[
        bool,
        Option("--predictions", help="Print the predictions with their SHA-256, and stop before any outcome is read."),
    ] = False,
    form: OutputFormat = "table",
    talk: Talk,
) -> int:
    """Hold the search models to what happened: predict, seal, then read and score.

    Each prediction is made from records dated before its outcome, and its SHA-256 is taken before that outcome is
    read. JSON and CSV hold every task; md is the page of the documentation. Exit code 4 if all was refused.
    """
    from misid.backtest import Archive, predicted
    from misid.backtest import backtest as scored_against_outcomes
    from misid.backtest.text import prediction_record, said_text, scored_record, summary_rows, task_row

    records, studies = _asked(study, deployments, talk)
    if predictions:
        with talk.progress() as progress:
            _, ledger = predicted(Archive(records), studies, progress.stage)
        entries = list(ledger.entries.values())
        if form in ("json", "csv"):
            print_records([_flat(prediction_record(p, seal), form) for p, seal in entries], form)
        else:
            print_records(
                [{"task": p.task, "predicted": said_text(p), "sha256": seal} for p, seal in entries], form
            )  # fmt: skip
        return NotEstimableError.exit_code if all(p.status == "refused" for p, _ in entries) else 0
    with talk.progress() as progress:
        result = scored_against_outcomes(records, studies, progress.stage)
    if form in ("json", "csv"):
        print_records([_flat(scored_record(one), form) for one in result.all], form)
    elif tasks:
        print_records([task_row(one) for one in result.all], form)
    elif form == "md" and not study and not deployments:
        from misid.backtest.page import page

        sys.stdout.write(page(result))
    else:
        print_records(summary_rows(result), form)
        if form == "table":
            _print_failures(result)
    return NotEstimableError.exit_code if all(one.held is None for one in result.all) else 0


def _asked(
    study: list[str] | None, deployments: str | None, talk: Talk
) -> tuple[tuple[Record, ...], tuple[Study, ...]]:
    from misid.backtest import shipped, your_records, your_studies

    if deployments:
        if study:
            raise UsageError("--study is of the shipped records", remedy="leave out --study or --deployments")
        from misid.search.reading import read_deployments

        table = read_deployments(Path(deployments))
        talk.warn(table.problems)
        undated = sum(not deployment.date for deployment in table.deployments)
        if undated:
            talk.say(f"warning: {undated} deployments without a date are left out: nothing says what came before them")
        records = your_records(table.deployments)
        return records, your_studies(records)
    ours = shipped()
    known = {one.id: one for one in ours.studies}
    for id_ in study or ():
        if id_ not in known:
            raise UsageError(f"--study: no study is called {id_!r}", remedy=", ".join(known))
    return ours.records, tuple(known[id_] for id_ in study) if study else ours.studies


def _flat(record: dict[str, Any], form: Format) -> dict[str, Any]:
    """A cell of CSV holds no distribution of 200 numbers: those are in the JSON."""
    left_out = ("expected", "log_t", "plain_shape", "before")
    return record if form == "json" else {key: value for key, value in record.items() if key not in left_out}


def _print_failures(result: Result) -> None:
    from misid.backtest.text import failures, outcome_text, said_text

    found = failures(result)
    lines = [
        f"FAILED {one.prediction.task}: predicted {said_text(one.prediction)}, happened {outcome_text(one)}"
        f"{f' ({one.reason})' if one.reason else ''}\n"
        for one in found[:_MOST]
    ]
    more = [f"{len(found) - _MOST:,} more failed: --tasks shows them\n"] if len(found) > _MOST else []
    print_text("".join(["\n", *lines, *more]) if found else "")


_MOST = 20
