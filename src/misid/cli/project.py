"""``misid project``: what is known of one gallery, said of another; or what a test must be to say it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

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
from misid.cli.output import print_records, print_text
from misid.cli.plumbing import command
from misid.cli.project_options import Asked, Assumed, Known, OfTally
from misid.cli.sources import read
from misid.cli.talk import Talk
from misid.cli.work import TallyOptions, tally_of
from misid.ground.errors import NotEstimableError, UsageError

if TYPE_CHECKING:
    from misid.search.ask import Scale
    from misid.search.checked import Check
    from misid.search.model import Answer, SearchModel
    from misid.search.tradeoff import OperatingPoint
    from misid.tally.model import Tally


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
                "--composition, --kin-in-test, --population, --images, --image-correlation, --normalised, --smaller, "
                "--draws and --seed are of a tally",
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
    from misid.search.span import Span

    thresholds: tuple[float | None, ...] = ()
    if not asked.threshold:
        thresholds = (None,) if asked.target and not len(tally.thresholds) else thresholds_of(tally)
    if of_tally.normalised:
        return _normalised(tally, thresholds, assumed, of_tally)
    if of_tally.smaller is not None:
        raise UsageError("--smaller is of an engine that normalises scores", remedy="add --normalised")
    correlation = None if of_tally.image_correlation is None else Span.of(of_tally.image_correlation)
    with talk.progress() as progress:
        progress.stage("fitting the search model")
        model = tally_model(
            tally, composition=_composition(of_tally.composition), kin_in_test=of_tally.kin_in_test,
            population=of_tally.population, images=_images(of_tally.images), image_correlation=correlation,
            draws=of_tally.draws, seed=of_tally.seed, level=assumed.level,
        )  # fmt: skip
        progress.stage("checking it")
        checks = checks_of(model)
    return Source(
        name="tally", model=model, thresholds=thresholds, groups=tuple(model.labels), scale=Scale(tally=tally),
        checks=checks, naive=model.naive,
    )  # fmt: skip


def _normalised(
    tally: Tally, thresholds: tuple[float | None, ...], assumed: Assumed, of_tally: OfTally
) -> Source:  # fmt: skip
    """The model of an engine whose scores move with the gallery."""
    if of_tally != replace(OfTally(), normalised=True, smaller=of_tally.smaller):
        raise UsageError(
            "--composition, --kin-in-test, --population, --images, --image-correlation, --draws and --seed are of "
            "engines whose scores do not move",
            remedy="leave them out with --normalised",
        )
    from misid.search.ask import Scale, normalised_model

    small = None if of_tally.smaller is None else read(of_tally.smaller)
    groups = tuple(label.name for label in tally.labels[1:])
    model = normalised_model(tally, small, assumed.level)
    return Source(name="tally", model=model, thresholds=thresholds, groups=groups, scale=Scale(tally=tally))


def _images(text: str | None) -> float | dict[int, float] | None:
    """``3``, or ``1=0.5,2=0.3,5=0.2``."""
    if text is None:
        return None
    if "=" not in text:
        found = numbers("--images", text)
        if len(found) != 1:
            raise UsageError(f"--images: {text!r} is not one mean", remedy="--images 3, or 1=0.5,2=0.3,5=0.2")
        return found[0]
    shares: dict[int, float] = {}
    for part in text.split(","):
        many, _, share = (piece.strip() for piece in part.partition("="))
        if not many.isdigit() or not share or int(many) in shares:
            raise UsageError(f"--images: {part!r} is not NUMBER=SHARE, once each", remedy="--images 1=0.5,2=0.3,5=0.2")
        shares[int(many)] = numbers("--images", share)[0]
    return shares


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
    from misid.search.asked import asked_text
    from misid.search.model import Answer

    if source.naive is None or threshold is None:
        raise UsageError("--naive is of a threshold", remedy="--threshold 0.65")
    estimate, lo, hi = source.naive(gallery, scale.into(threshold) or 0.0)
    return Answer(
        asked=f"{asked_text('FPIR', gallery, threshold)}, by 1 - (1 - FMR)^N", measure="fpir", gallery=gallery,
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

    return tuple(checked_gallery(value, "--gallery") for value in values)


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
        gallery=checked_gallery(number("N0") or 0, "--published N0"), fpir=Span.of(given["FPIR0"]),
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
    print_text("".join(["\n", *lines] if form == "md" and lines else lines))
