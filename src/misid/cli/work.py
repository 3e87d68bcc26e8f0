"""The way from a SOURCE to a tally, which several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from misid.cli.options import COUNTING, CheckOptions, InputOptions, RateOptions
from misid.cli.sources import read, scores_source, the_tally
from misid.cli.talk import Talk

if TYPE_CHECKING:
    from misid.scores import CheckReport, Scores
    from misid.tally import Tally


@dataclass(frozen=True, kw_only=True)
class TallyOptions:
    """What is kept of the scores when they are counted."""

    intersections: Annotated[
        bool, Option("--intersections", help="Tell combinations of groups apart too.", rich_help_panel=COUNTING)
    ] = False
    note: Annotated[
        str,
        Option("--note", metavar="TEXT", help="Said of the test wherever the tally goes.", rich_help_panel=COUNTING),
    ] = ""
    work: Annotated[
        Path | None,
        Option(
            "--work",
            metavar="DIR",
            help="Keep finished parts there while counting, so that a killed run goes on where it was; `misid tally` "
            "of several files does so beside its output. They hold ids, and are removed at the end.",
            rich_help_panel=COUNTING,
        ),
    ] = None


def open_input(sources: Sequence[str], inputs: InputOptions, talk: Talk, *, hashed: bool = True) -> Scores:
    """Open the scores that the arguments name, and say how their columns were understood."""
    source, declared = scores_source(sources, inputs), inputs.declared()
    engine = inputs.start_engine()
    from misid.scores import open_scores

    if not hashed:
        declared["hash_inputs"] = False
    try:
        with talk.progress() as progress:
            progress.watch(engine)
            progress.stage("reading")
            scores = open_scores(source, engine=engine, **declared)
    except BaseException:
        engine.close()
        raise
    if scores.mapping:
        talk.say("read as: " + "; ".join(f"{what} from {column}" for what, column in scores.mapping))
    if scores.polarity == "distance":
        talk.say("read as: a distance; lower scores are more similar")
    return scores


def show_plan(scores: Scores, talk: Talk) -> None:
    """Say what is about to be read and what the engine may take, with -v."""
    rows = sum(file.rows for file in scores.inputs)
    n_bytes = sum(file.n_bytes for file in scores.inputs)
    talk.say(
        f"plan: {rows:,} rows in {len(scores.inputs)} files ({n_bytes / 1e6:,.1f} MB); "
        f"{scores.engine.name} {scores.engine.version}, {scores.engine.limits}",
        level=1,
    )


def show_queries(scores: Scores, talk: Talk) -> None:
    """Show the SQL that ran, with -vv."""
    for query in scores.engine.log:
        talk.say(f"{query};", level=2)


def count(
    scores: Scores,
    wanted: RateOptions,
    kept: TallyOptions,
    looked_for: CheckOptions | None,
    talk: Talk,
    *,
    min_people: int | None = None,
) -> tuple[Tally, CheckReport | None]:
    """Check the scores (unless nothing is to be looked for), and count them if nothing is wrong.

    Raises
    ------
    BadInputError
        Holding every error the check found.
    """
    from misid.scores import check
    from misid.tally import build_tally

    targets = {"targets": wanted.targets} if wanted.targets else {}
    show_plan(scores, talk)
    with talk.progress() as progress:
        progress.watch(scores.engine)
        report = None
        if looked_for is not None:
            progress.stage("checking")
            report = check(scores, **looked_for.declared())
            talk.warn(report.warnings)
            report.raise_if_any()
        tally = build_tally(
            scores,
            thresholds=wanted.thresholds,
            intersections=kept.intersections,
            note=kept.note,
            work=kept.work,
            min_people=min_people,
            stage=progress.stage,
            **targets,
        )
    show_queries(scores, talk)
    return tally, report


def tally_of(
    sources: Sequence[str],
    inputs: InputOptions,
    wanted: RateOptions,
    kept: TallyOptions,
    looked_for: CheckOptions,
    talk: Talk,
) -> tuple[Tally, CheckReport | None]:
    """The tally that is named, or the one that is made of the scores that are named."""
    name = the_tally(sources, inputs)
    if name is not None:
        return read(name), None
    with open_input(sources, inputs, talk) as scores:
        return count(scores, wanted, kept, looked_for, talk)
