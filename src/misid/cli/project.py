"""``misid project``: what is known of one gallery, said of another; or what a test must be to say it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Option

from misid.cli.options import (
    CheckOptions,
    ComparisonOptions,
    Format,
    InputOptions,
    OutputFormat,
    RateOptions,
    SourceOrTally,
    numbers,
    proportions,
    ranks,
)
from misid.cli.output import print_records
from misid.cli.plumbing import command
from misid.cli.talk import Talk
from misid.cli.work import TallyOptions, tally_of
from misid.ground.errors import NotEstimableError, UsageError
from misid.search.model import DRAWS

if TYPE_CHECKING:
    from misid.search.ask import Scale
    from misid.search.checked import Check
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
            help="Thresholds, on the input's scale; default those of the tally, the published one, or all that "
            "deployments ran at.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    rank: Annotated[
        str | None, Option("--rank", metavar="R1,R2,...", help="Ranks for FNIR.", rich_help_panel=_ASKED)
    ] = None
    of_group: Annotated[
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
    by_group: Annotated[
        bool,
        Option("--by-group", help="Every group of the source beside everybody.", rich_help_panel=_ASKED),
    ] = False
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
    selectivity: Annotated[
        bool,
        Option("--selectivity", help="Expected wrong candidates per search.", rich_help_panel=_ASKED),
    ] = False
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
    unequal: Annotated[
        str | None,
        Option(
            "--unequal",
            metavar="SHARE",
            help="How much of all false positives falls on the unluckiest SHARE of people, such as 0.01.",
            rich_help_panel=_ASKED,
        ),
    ] = None
    naive: Annotated[
        bool,
        Option(
            "--naive",
            help="Show 1 - (1 - FMR)^N beside, which is usual and does not hold; for a tally.",
            rich_help_panel=_ASKED,
        ),
    ] = False
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
class OfTally:
    """What is assumed of a gallery that a test is projected to."""

    composition: Annotated[
        list[str] | None,
        Option(
            "--composition",
            metavar="GROUP=SHARE",
            help="Share of a joint group of the test in the gallery, such as 'F, W=0.3'. Repeatable, for all of them; "
            "default as in the test.",
            rich_help_panel=_ASSUMED,
        ),
    ] = None
    kin_in_test: Annotated[
        bool,
        Option(
            "--kin-in-test",
            help="Relatives of the people searched were in the test as they are in the gallery.",
            rich_help_panel=_ASSUMED,
        ),
    ] = False
    population: Annotated[
        float | None,
        Option(
            "--population",
            metavar="N",
            min=1,
            help="People from whom the gallery is drawn: adds twins and siblings, in the ranges that published figures "
            "allow. Without it FPIR is of strangers.",
            rich_help_panel=_ASSUMED,
        ),
    ] = None
    draws: Annotated[
        int, Option("--draws", metavar="N", min=20, help="Draws of the parameters fitted.", rich_help_panel=_ASSUMED)
    ] = DRAWS
    seed: Annotated[int, Option("--seed", metavar="N", min=0, help="Of the draws.", rich_help_panel=_ASSUMED)] = 0


@dataclass(frozen=True, kw_only=True)
class Source:
    """A search model, what to call it, and what to ask it where nothing is named."""

    name: str
    model: SearchModel
    thresholds: tuple[float | None, ...] = (None,)
    groups: tuple[str, ...] = ()
    scale: Scale | None = None
    checks: tuple[Check, ...] = ()
    naive: Callable[[int, float], tuple[float, float, float]] | None = None


def _from_tally(
    sources: Sequence[str], inputs: InputOptions, asked: Asked, assumed: Assumed, of_tally: OfTally, talk: Talk
) -> Source | None:
    if not sources and inputs.is_empty:
        if of_tally != OfTally():
            raise UsageError(
                "--composition, --kin-in-test, --population, --draws and --seed are of a tally",
                remedy="name a tally or scores first",
            )
        return None
    if (assumed.growth, assumed.hold) != (Assumed().growth, Assumed().hold):
        raise UsageError(
            "--growth and --hold are of published figures", remedy="leave them out: a tally shows its own growth"
        )
    wanted = RateOptions(threshold=asked.threshold)
    tally, _ = tally_of(sources, inputs, wanted, TallyOptions(), CheckOptions(), talk)
    from misid.search.ask import Scale, tally_model, thresholds_of
    from misid.search.checked import checks_of

    thresholds: tuple[float | None, ...] = ()
    if not asked.threshold:
        thresholds = (None,) if asked.target and not len(tally.thresholds) else thresholds_of(tally)
    with talk.progress() as progress:
        progress.stage("fitting the search model")
        model = tally_model(
            tally, composition=_composition(of_tally.composition), kin_in_test=of_tally.kin_in_test,
            population=of_tally.population, draws=of_tally.draws, seed=of_tally.seed, level=assumed.level,
        )  # fmt: skip
        progress.stage("checking it")
        checks = checks_of(model)
    return Source(
        name="tally", model=model, thresholds=thresholds, groups=tuple(model.labels), scale=Scale(tally=tally),
        checks=checks, naive=model.naive,
    )  # fmt: skip


def _composition(texts: Sequence[str] | None) -> dict[str, float] | None:
    """``F, W=0.3`` and the like as shares by joint group."""
    shares: dict[str, float] = {}
    for text in texts or ():
        name, equals, share = text.rpartition("=")
        if not equals or not name or name in shares:
            raise UsageError(
                f"--composition: {text!r} is not GROUP=SHARE, once each", remedy="--composition 'F, W=0.3'"
            )
        shares[name] = numbers("--composition", share)[0]
    return shares or None


def _from_published(known: Known, assumed: Assumed) -> Source | None:
    if not known.published:
        return None
    from misid.search.published import published_model
    from misid.search.span import Span

    points = [_point(text) for text in known.published]
    model = published_model(points, growth=Span.of(assumed.growth), hold=assumed.hold)
    groups = tuple(dict.fromkeys(point.group for point in points if point.group is not None))
    return Source(name="published", model=model, groups=groups)


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
    groups = tuple(dict.fromkeys(d.group for d in table.deployments if d.group is not None))
    return Source(name="deployments", model=model, thresholds=stated or (None,), groups=groups)


@command(
    "project",
    example=(
        "misid project example:bssr1-face-c --threshold 0.65 --gallery 10000,200000000 --draws 100",
        "misid project --published N0=12000000,FPIR0=0.003,FNIR0=0.0007 --gallery 200000000,1200000000",
    ),
)
def project(
    sources: SourceOrTally = None,
    *,
    inputs: ComparisonOptions,
    known: Known,
    asked: Asked,
    assumed: Assumed,
    of_tally: OfTally,
    form: OutputFormat = "table",
    talk: Talk,
) -> int:
    """Say what is known of one gallery of another: FPIR and FNIR at N, with limits, a bound or a refusal.

    From a tally or scores the answer is exact within the test's own gallery, and projected beyond it with 95 % limits
    and checks of the model. From published operating points it is a range over assumptions, not a confidence interval.
    From deployments it is an interval for the next one. Ends with exit code 4 if everything asked was refused.
    """
    if not 0.5 <= assumed.level < 1:
        raise UsageError(f"--level: {assumed.level:g} is not from 0.5 to below 1", remedy="--level 0.95")
    galleries = _galleries(asked.gallery)
    targets = proportions("--target", asked.target)
    scores = inputs.whole()
    if asked.design:
        if sources or not scores.is_empty or known != Known():
            raise UsageError(
                "--design asks of a test that is not made yet",
                remedy="leave out the source, --published and --deployments",
            )
        answers = [("design", answer) for answer in _designed(galleries, targets, assumed)]
        checks: tuple[Check, ...] = ()
    else:
        found = [
            _from_tally(sources or (), scores, asked, assumed, of_tally, talk), _from_published(known, assumed),
            _from_deployments(known, assumed, talk),
        ]  # fmt: skip
        made = [source for source in found if source is not None]
        if not made:
            raise UsageError(
                "nothing is known: no tally and no scores, and neither --published nor --deployments was given",
                remedy="misid project TALLY --gallery 200000000, or --published N0=12000000,FPIR0=0.003",
            )
        with talk.progress() as progress:
            progress.stage("answering")
            answers = [(s.name, answer) for s in made for answer in _answered(s, galleries, targets, asked)]
        checks = tuple(check for source in made for check in source.checks)
    _print(answers, checks, form)
    refused = all(answer.status == "refused" for _, answer in answers)
    return NotEstimableError.exit_code if refused else 0


def _answered(source: Source, galleries: tuple[int, ...], targets: tuple[float, ...], asked: Asked) -> list[Answer]:
    from misid.search import ask

    groups: tuple[str | None, ...] = (None, *source.groups) if asked.by_group else (asked.of_group,)
    unequal = proportions("--unequal", asked.unequal)
    if len(unequal) > 1:
        raise UsageError(f"--unequal: {asked.unequal} is not one share", remedy="--unequal 0.01")
    named = numbers("--threshold", asked.threshold) or source.thresholds
    wanted = ask.Asked(
        galleries=galleries, thresholds=named, targets=targets, ranks=ranks("--rank", asked.rank) or (None,),
        groups=groups, scans=asked.scans, selectivity=asked.selectivity, list_length=asked.list_length,
        unequal=unequal[0] if unequal else None,
    )  # fmt: skip
    found = ask.answered(source.model, wanted, source.scale)
    if asked.naive and source.naive is not None and source.scale is not None:
        found += [
            _naive(source, source.scale, gallery, threshold) for threshold in named for gallery in galleries
        ]  # fmt: skip
    return found


def _naive(source: Source, scale: Scale, gallery: int, threshold: float | None) -> Answer:
    """The naive binomial as an answer that says what it is."""
    from misid.search.model import Answer
    from misid.search.published import question

    if source.naive is None or threshold is None:
        raise UsageError("--naive is of a threshold", remedy="--threshold 0.65")
    estimate, lo, hi = source.naive(gallery, scale.into(threshold) or 0.0)
    return Answer(
        asked=f"{question('FPIR', gallery, threshold)}, by 1 - (1 - FMR)^N", measure="fpir", gallery=gallery,
        threshold=threshold, estimate=estimate, lo=lo, hi=hi, method="naive binomial",
        assumptions=("the naive binomial takes all comparisons as independent and people as alike; it is shown because "
                     "it is usual, and its limits do not hold",),
    )  # fmt: skip


def _designed(galleries: Sequence[int], targets: Sequence[float], assumed: Assumed) -> list[Answer]:
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
    from misid.search.growth import checked_gallery

    return tuple(checked_gallery(value) for value in values)


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


def _print(answers: Sequence[tuple[str, Answer]], checks: Sequence[Check], form: Format) -> None:
    from misid.search.text import RECORD_KEYS, answers_table, notes

    if form in ("json", "csv"):
        records = [(name, answer.to_dict()) for name, answer in answers]
        said = {"checks": [str(check) for check in checks]}
        print_records(
            [
                {"from": name, **{key: r[key] for key in RECORD_KEYS}, **(said if name == "tally" else {"checks": []})}
                for name, r in records
            ],
            form,
        )
        return
    print_records(answers_table(answers), form)
    mark = "- " if form == "md" else ""
    held = [f"check: {check}" for check in checks]
    lines = [f"{mark}{note}\n" for note in [*held, *notes([answer for _, answer in answers])]]
    sys.stdout.write("".join(["\n", *lines] if form == "md" and lines else lines))
