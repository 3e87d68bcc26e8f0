"""``misid project``: what is known of one gallery, said of another; or what a test must be to say it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from misid.cli.options import Format, OutputFormat, numbers, proportions, ranks
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.ground.errors import NotEstimableError, UsageError

if TYPE_CHECKING:
    from misid.search.model import Answer, SearchModel
    from misid.search.tradeoff import OperatingPoint

_FROM = "What is known"
_ASKED = "What is asked"
_ASSUMED = "What is assumed"


@dataclass(frozen=True, kw_only=True)
class Known:
    """Where a search model comes from."""

    published: Annotated[
        list[str] | None,
        Option(
            "--published",
            metavar="KEY=VALUE,...",
            help="An operating point: N0, FPIR0 and, where known, FNIR0, T (threshold), R (rank), kind, capture, "
            "source. FPIR0 and FNIR0 may be ranges, 0.001..0.03. Repeatable: points of one trade-off.",
            rich_help_panel=_FROM,
        ),
    ] = None
    deployments: Annotated[
        str | None,
        Option(
            "--deployments",
            metavar="FILE.csv",
            help="Outcomes of deployments: columns n_searches, gallery_n, false_positives, and threshold, group, "
            "deployment, date_start, source_id where known.",
            rich_help_panel=_FROM,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of it."""

    gallery: Annotated[
        str | None,
        Option("--gallery", metavar="N1,N2,...", help="Galleries, in references.", rich_help_panel=_ASKED),
    ] = None
    threshold: Annotated[
        str | None,
        Option(
            "--threshold",
            metavar="T1,T2,...",
            help="Thresholds; default the published one, or all that deployments ran at.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    rank: Annotated[
        str | None, Option("--rank", metavar="R1,R2,...", help="Ranks for FNIR.", rich_help_panel=_ASKED)
    ] = None
    group: Annotated[
        str | None,
        Option("--of-group", metavar="GROUP", help="A group of people; default everybody.", rich_help_panel=_ASKED),
    ] = None
    target: Annotated[
        str | None,
        Option(
            "--target",
            metavar="P1,P2,...",
            help="FPIRs wanted: the threshold and FNIR for each, and the largest gallery that holds it.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    scans: Annotated[
        int | None,
        Option(
            "--scans",
            metavar="K",
            min=1,
            help="At least one false match in K scans of one person.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    list_length: Annotated[
        int | None,
        Option(
            "--list-length",
            metavar="N",
            min=1,
            help="Wrong candidates per search, in a list that can hold N.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    design: Annotated[
        bool,
        Option(
            "--design",
            help="People and searches that a test needs before FPIR below --target can be claimed at --gallery.",
            rich_help_panel=_ASKED,
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class Assumed:
    """What nobody measured."""

    growth: Annotated[
        str,
        Option(
            "--growth",
            metavar="B0..B1",
            help="Exponent of FPIR's growth with the gallery: 0 flat, 1 linear; LOW..BEST..HIGH gives an estimate too.",
            rich_help_panel=_ASSUMED,
        ),
    ] = "0..1"
    hold: Annotated[
        Literal["threshold", "fpir"],
        Option(
            "--hold",
            help="What stays while the gallery grows: the threshold, or FPIR by a threshold set anew.",
            rich_help_panel=_ASSUMED,
        ),
    ] = "threshold"
    level: Annotated[float, Option("--level", help="Coverage of the limits.", rich_help_panel=_ASSUMED)] = 0.95


@dataclass(frozen=True, kw_only=True)
class Source:
    """A search model, what to call it, and the thresholds to ask it at where none are named."""

    name: str
    model: SearchModel
    thresholds: tuple[float | None, ...] = (None,)


Maker = Callable[[Known, Assumed, Talk], Source | None]


def _from_published(known: Known, assumed: Assumed, talk: Talk) -> Source | None:
    if not known.published:
        return None
    from misid.search.published import published_model
    from misid.search.span import Span

    points = [_point(text) for text in known.published]
    return Source(
        name="published", model=published_model(points, growth=Span.of(assumed.growth), hold=assumed.hold)
    )  # fmt: skip


def _from_deployments(known: Known, assumed: Assumed, talk: Talk) -> Source | None:
    if not known.deployments:
        return None
    from misid.search.deployments import DeploymentsModel
    from misid.search.reading import read_deployments
    from misid.search.span import Span

    table = read_deployments(Path(known.deployments))
    talk.warn(table.problems)
    model = DeploymentsModel(deployments=table.deployments, growth=Span.of(assumed.growth), level=assumed.level)
    stated = tuple(t for t in model.stated_thresholds if t is not None)
    if stated and None in model.stated_thresholds:
        talk.say("warning: deployments that do not state their threshold are left out")
    return Source(name="deployments", model=model, thresholds=stated or (None,))


MAKERS: tuple[Maker, ...] = (_from_published, _from_deployments)
"""Each makes a search model of what it finds among the options, or nothing. Another source is one more function."""


@command(
    "project",
    example=(
        "misid project --published N0=12000000,FPIR0=0.003,FNIR0=0.0007 --gallery 200000000,1200000000",
        "misid project --deployments deployments.csv --gallery 20000 --scans 10 --format json",
    ),
)
def project(
    *, known: Known, asked: Asked, assumed: Assumed, form: OutputFormat = "table", talk: Talk
) -> int:  # fmt: skip
    """Say what figures from one gallery mean for another: FPIR and FNIR at N, with limits or a refusal.

    From published operating points the answer is a range over assumptions, not a confidence interval. From
    deployments it is an interval for the next one. Ends with exit code 4 if everything asked was refused.
    """
    if not 0.5 <= assumed.level < 1:
        raise UsageError(f"--level: {assumed.level:g} is not from 0.5 to below 1", remedy="--level 0.95")
    galleries = _galleries(asked.gallery)
    targets = proportions("--target", asked.target)
    if asked.design:
        answers = [("design", answer) for answer in _designed(galleries, targets, known, assumed)]
    else:
        sources = [source for make in MAKERS if (source := make(known, assumed, talk)) is not None]
        if not sources:
            raise UsageError(
                "nothing is known: neither --published nor --deployments was given",
                remedy="misid project --published N0=12000000,FPIR0=0.003 --gallery 200000000",
            )
        answers = [(s.name, answer) for s in sources for answer in _answered(s, galleries, targets, asked)]
    _print(answers, form)
    refused = all(answer.status == "refused" for _, answer in answers)
    return NotEstimableError.exit_code if refused else 0


def _answered(source: Source, galleries: Sequence[int], targets: Sequence[float], asked: Asked) -> list[Answer]:
    from misid.search import questions

    model, group = source.model, asked.group
    wanted = ranks("--rank", asked.rank) or (None,)
    found: list[Answer] = []
    for threshold in numbers("--threshold", asked.threshold) or source.thresholds:
        for gallery in galleries:
            found.append(model.fpir(gallery, threshold, group=group))
            found += [model.fnir(gallery, rank, threshold, group=group) for rank in wanted]
            if asked.scans is not None:
                found.append(questions.repeated(model, asked.scans, gallery, threshold, group=group))
            if asked.list_length is not None:
                length = asked.list_length
                found.append(questions.wrong_candidates(model, gallery, threshold, group=group, list_length=length))
        found += [questions.largest_gallery(model, target, threshold, group=group) for target in targets]
    for target in targets:
        for gallery in galleries:
            for rank in wanted:
                found += questions.threshold_for(model, target, gallery, rank=rank, group=group)
    return list(dict.fromkeys(found))


def _designed(
    galleries: Sequence[int], targets: Sequence[float], known: Known, assumed: Assumed
) -> list[Answer]:  # fmt: skip
    if known != Known():
        raise UsageError(
            "--design asks of a test that is not made yet", remedy="leave out --published and --deployments"
        )
    if not targets:
        raise UsageError(
            "--design needs the FPIR that is to be claimed", remedy="--design --gallery 200000000 --target 0.01"
        )
    from misid.search.design import design

    return [a for gallery in galleries for target in targets for a in design(target, gallery, level=assumed.level)]


def _galleries(text: str | None) -> tuple[int, ...]:
    values = numbers("--gallery", text)
    if not values:
        raise UsageError("--gallery is missing", remedy="--gallery 200000000, in references")
    for value in values:
        if not 1 <= value < 1e15 or value != int(value):
            raise UsageError(f"--gallery: {value:g} is not a number of references", remedy="--gallery 200000000")
    return tuple(int(value) for value in values)


_KEYS = ("N0", "FPIR0", "FNIR0", "T", "R", "kind", "capture", "source", "group")


def _point(text: str) -> OperatingPoint:
    """``N0=12000000,FPIR0=0.003`` as an operating point."""
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value or key not in _KEYS or key in given:
            raise UsageError(f"--published: {part!r} is not KEY=VALUE, once each", remedy=f"keys: {', '.join(_KEYS)}")
        given[key] = value
    missing = [key for key in ("N0", "FPIR0") if key not in given]
    if missing:
        raise UsageError(f"--published: no {' and no '.join(missing)}", remedy="--published N0=12000000,FPIR0=0.003")
    from misid.search.growth import checked_gallery
    from misid.search.span import Span
    from misid.search.tradeoff import OperatingPoint

    def number(key: str) -> float | None:
        return numbers(f"--published {key}", given[key])[0] if key in given else None

    rank = ranks("--published R", given.get("R"))
    return OperatingPoint(
        gallery=checked_gallery(number("N0") or 0), fpir=Span.of(given["FPIR0"]),
        fnir=Span.of(given["FNIR0"]) if "FNIR0" in given else None, threshold=number("T"),
        rank=rank[0] if rank else None, group=given.get("group"), kind=given.get("kind", ""),
        capture=given.get("capture", ""), source=given.get("source", ""),
    )  # fmt: skip


def _print(answers: Sequence[tuple[str, Answer]], form: Format) -> None:
    from misid.search.text import RECORD_KEYS, answers_table, notes

    if form in ("json", "csv"):
        records = [(name, answer.to_dict()) for name, answer in answers]
        print_records([{"from": name, **{key: r[key] for key in RECORD_KEYS}} for name, r in records], form)
        return
    print_records(answers_table(answers), form)
    mark = "- " if form == "md" else ""
    lines = [f"{mark}{note}\n" for note in notes([answer for _, answer in answers])]
    sys.stdout.write("".join(["\n", *lines] if form == "md" and lines else lines))
