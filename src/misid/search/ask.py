"""Questions put to a search model, many at once; and `misid.project`, which makes the model first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from misid.ground.errors import UsageError
from misid.ground.numbers import threshold_text
from misid.rates.points import as_input, as_similarity
from misid.search import questions
from misid.search.checked import Check, checks_of
from misid.search.deployments import Deployment, DeploymentsModel
from misid.search.growth import FLAT_TO_LINEAR, checked_gallery
from misid.search.model import DRAWS, Answer, KnowsKin, SearchModel
from misid.search.published import published_model
from misid.search.span import Span
from misid.search.text import answer_text, notes
from misid.search.tradeoff import OperatingPoint
from misid.tally.model import Tally

if TYPE_CHECKING:
    from misid.search.from_tally import NormalisedModel, TallyModel

Source = Tally | OperatingPoint | Deployment | Sequence[OperatingPoint] | Sequence[Deployment]

_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked; see `project`."""

    galleries: tuple[int, ...]
    thresholds: tuple[float | None, ...] = (None,)
    targets: tuple[float, ...] = ()
    ranks: tuple[int | None, ...] = (None,)
    groups: tuple[str | None, ...] = (None,)
    scans: int | None = None
    selectivity: bool = False
    list_length: int | None = None
    unequal: float | None = None


def answered(model: SearchModel, asked: Asked, scale: Scale | None = None) -> list[Answer]:
    """Every question that is asked, in order, each once.

    Parameters
    ----------
    model : SearchModel
    asked : Asked
    scale : Scale, optional
        Of the thresholds, where the model's own is another.
    """
    scale = scale or Scale()
    found: list[Answer] = []
    for group in asked.groups:
        for threshold in asked.thresholds:
            t = scale.into(threshold)
            for n in asked.galleries:
                found.append(model.fpir(n, t, group=group))
                found += _of_strangers(model, n, t, group)
                found += [model.fnir(n, rank, t, group=group) for rank in asked.ranks]
                if asked.scans is not None:
                    found.append(questions.repeated(model, asked.scans, n, t, group=group))
                if asked.selectivity or asked.list_length is not None:
                    length = asked.list_length
                    found.append(questions.wrong_candidates(model, n, t, group=group, list_length=length))
                if asked.unequal is not None:
                    found.append(questions.unequal(model, asked.unequal, n, t, group=group))
            found += [questions.largest_gallery(model, target, t, group=group) for target in asked.targets]
        for target in asked.targets:
            for n in asked.galleries:
                for rank in asked.ranks:
                    found += questions.threshold_for(model, target, n, rank=rank, group=group)
    return list(dict.fromkeys(scale.out(answer) for answer in found))


def _of_strangers(model: SearchModel, gallery: int, threshold: float | None, group: str | None) -> list[Answer]:
    """FPIR of strangers alone, beside an answer that relatives make a wide range of."""
    alone = model.without_kin() if isinstance(model, KnowsKin) else None
    if alone is None:
        return []
    found = alone.fpir(gallery, threshold, group=group)
    return [replace(found, asked=f"{found.asked}, strangers alone")]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Thresholds as the input has them, and as a tally holds them: similarities of the scores' own type."""

    tally: Tally | None = None

    def into(self, threshold: float | None) -> float | None:
        """A threshold of the input as the model takes it."""
        return threshold if self.tally is None or threshold is None else as_similarity(self.tally, threshold)

    def out(self, answer: Answer) -> Answer:
        """An answer of the model with thresholds as the input has them."""
        if self.tally is None:
            return answer
        t = answer.threshold
        if t is not None:
            at = self.shown(t)
            asked = answer.asked.replace(f"threshold {t:g}", f"threshold {threshold_text(at)}")
            answer = replace(answer, threshold=at, asked=asked)
        if answer.measure != "threshold":
            return answer
        ends = [None if end is None else self.shown(end) for end in (answer.lo, answer.estimate, answer.hi)]
        if self.tally.origin.polarity == "distance":
            ends.reverse()
        return replace(answer, lo=ends[0], estimate=ends[1], hi=ends[2])

    def shown(self, similarity: float) -> float:
        """A threshold of the model as the input has it."""
        if self.tally is None:
            return similarity
        value = as_input(self.tally, similarity)
        # The shortest number that is this one in single precision: 0.65, not 0.6499999761581421.
        return float(str(np.float32(value))) if self.tally.origin.score_type == "FLOAT" else value


@dataclass(frozen=True, kw_only=True, repr=False)
class Projected:
    """Answers of a search model, in the order asked.

    Attributes
    ----------
    model : SearchModel
        To ask more.
    answers : tuple of Answer
    checks : tuple of Check
        What a model from a tally says of data that it can be held to; none for others.
    """

    model: SearchModel
    answers: tuple[Answer, ...]
    checks: tuple[Check, ...] = ()

    def to_records(self) -> list[dict[str, Any]]:
        """The answers as plain records."""
        return [answer.to_dict() for answer in self.answers]

    def __repr__(self) -> str:
        lines = [f"  {answer.asked}: {answer_text(answer)}" for answer in self.answers[:_SHOWN]]
        left = len(self.answers) - _SHOWN
        more = [f"  and {left:,} more in .answers"] if left > 0 else []
        said = [f"  {line}" for line in notes(self.answers)]
        held = [f"  check: {check}" for check in self.checks]
        return "\n".join(["Projected", *lines, *more, *held, *said])

    def _repr_html_(self) -> str:
        from misid.ground.show import block, facts_html, paragraph

        rows = {answer.asked: answer_text(answer) for answer in self.answers}
        said = [paragraph(f"check: {check}") for check in self.checks]
        return block("Projected", facts_html("", rows), *said, *(paragraph(line) for line in notes(self.answers)))


def project(
    source: Source,
    galleries: int | Iterable[int],
    *,
    thresholds: float | Iterable[float] | None = None,
    targets: float | Iterable[float] = (),
    ranks: int | Iterable[int] = (),
    groups: Iterable[str] | Literal["all"] = (),
    composition: Mapping[str, float] | None = None,
    kin_in_test: bool = False,
    population: float | None = None,
    images: float | Mapping[int, float] | None = None,
    image_correlation: Span | None = None,
    normalised: bool = False,
    smaller: Tally | None = None,
    growth: Span = FLAT_TO_LINEAR,
    hold: Literal["threshold", "fpir"] = "threshold",
    scans: int | None = None,
    selectivity: bool = False,
    list_length: int | None = None,
    unequal: float | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Projected:
    """Say what is known of one gallery of another: FPIR and FNIR at N, with limits, a bound or a refusal.

    Parameters
    ----------
    source : Tally, or OperatingPoint or Deployment (one or several)
        A test of an engine; what somebody published; what deployments did.
    galleries : int or iterable of int
        N: references, 1 or more.
    thresholds : float or iterable of float, optional
        On the scale of the input; a score at or above it (at or below, for distances) makes a candidate. Default:
        those that the tally was made for, the published one, or all that deployments ran at.
    targets : float or iterable of float
        FPIRs wanted, between 0 and 1: the threshold for each and the FNIR there, and the largest gallery that holds it.
    ranks : int or iterable of int
        R, for FNIR; default any rank.
    groups : iterable of str, or "all"
        Groups of people asked about as well as everybody; "all": every group of the tally, or of the deployments.
    composition : mapping of joint group to share, optional
        Of the gallery; for a tally. Default: as the test.
    kin_in_test : bool
        Relatives were in the test as they are in the gallery.
    population : float, optional
        People from whom the gallery is drawn: adds twins and siblings, in the ranges that published figures allow.
    images : float or mapping of number to share of people, optional
        Images that people in the gallery have. Default: N is of people with as many each as in the test.
    image_correlation : Span, optional
        Probability that another image of a stranger reaches the threshold, given that one does. Default: what the test
        shows, if its people have several references; else from 0 to 1.
    normalised : bool
        The engine's scores move with the gallery: growth is from the tally alone (both laws), or from `smaller` too.
    smaller : Tally, optional
        Of the same engine and like people, with a smaller gallery; with `normalised`.
    growth : Span
        Exponent of FPIR's growth, within [0, 1]; for published points and deployments.
    hold : "threshold" or "fpir"
        What stays while the gallery grows; for published points.
    scans : int, optional
        Asks for P(at least one false match in so many scans of one person).
    selectivity : bool
        Asks for the expected wrong candidates per search.
    list_length : int, optional
        The same, in a list that holds so many.
    unequal : float, optional
        Asks for the share of all false positives that falls on the unluckiest such share of people.
    level : float
        Coverage of limits, from 0.5 to below 1.
    draws, seed : int
        Of the parameters fitted to a tally.

    Returns
    -------
    Projected

    Raises
    ------
    UsageError
        An impossible value, or one that the source cannot be asked.
    NotEstimableError
        The tally is of candidate lists, or holds no search that counts towards FPIR.

    Examples
    --------
    >>> from misid.search.span import Span
    >>> from misid.search.tradeoff import OperatingPoint
    >>> point = OperatingPoint(gallery=12_000_000, fpir=Span.exactly(0.003))
    >>> [answer] = [a for a in project(point, 200_000_000).answers if a.measure == "fpir"]
    >>> round(answer.lo, 3), round(answer.hi, 3), answer.limits
    (0.003, 0.049, 'assumptions')
    """
    if not 0.5 <= level < 1:
        raise UsageError(f"level {level:g} is not from 0.5 to below 1", remedy="0.95")
    sizes = tuple(checked_gallery(n) for n in _several(galleries))
    if not sizes:
        raise UsageError("no gallery is asked about", remedy="one or more numbers of references")
    scale = Scale()
    model: SearchModel
    checks: tuple[Check, ...] = ()
    known: tuple[float | None, ...] = (None,)
    labels: tuple[str, ...] = ()
    if isinstance(source, Tally):
        if (growth, hold) != (FLAT_TO_LINEAR, "threshold"):
            raise UsageError("growth and hold are of published figures", remedy="leave them out: a tally shows its own")
        scale, known = Scale(tally=source), thresholds_of(source)
        if normalised:
            of_strangers = (composition, population, images, image_correlation)
            if kin_in_test or any(value is not None for value in of_strangers):
                raise UsageError(
                    "composition, kin_in_test, population and images are of engines whose scores do not move",
                    remedy="leave them out with normalised",
                )
            model = normalised_model(source, smaller, level)
            labels = tuple(label.name for label in source.labels[1:])
        else:
            if smaller is not None:
                raise UsageError("smaller is of an engine that normalises scores", remedy="normalised=True with it")
            made = tally_model(
                source, composition=composition, kin_in_test=kin_in_test, population=population, images=images,
                image_correlation=image_correlation, draws=draws, seed=seed, level=level,
            )  # fmt: skip
            model, checks, labels = made, checks_of(made), tuple(made.labels)
    else:
        of_tally = (composition, population, images, image_correlation, smaller)
        if kin_in_test or normalised or any(value is not None for value in of_tally):
            raise UsageError(
                "composition, kin_in_test, population, images, normalised and smaller are of a tally",
                remedy="leave them out: published figures are what they are",
            )
        given_points = [source] if isinstance(source, OperatingPoint | Deployment) else list(source)
        published = [one for one in given_points if isinstance(one, OperatingPoint)]
        deployed = [one for one in given_points if isinstance(one, Deployment)]
        labels = tuple(
            dict.fromkeys(g for g in (*(p.group for p in published), *(d.group for d in deployed)) if g is not None)
        )
        if published and len(published) == len(given_points):
            model = published_model(published, growth=growth, hold=hold)
        elif deployed and len(deployed) == len(given_points):
            if hold != "threshold":
                raise UsageError("hold is of published operating points", remedy="leave it out")
            model = DeploymentsModel(deployments=deployed, growth=growth, level=level)
            known = tuple(t for t in model.stated_thresholds if t is not None) or (None,)
        else:
            raise UsageError(
                f"source is {type(source).__name__}", remedy="a Tally, OperatingPoints or Deployments, of one kind"
            )
    wanted = labels if groups == "all" else tuple(groups)
    given = () if thresholds is None else tuple(float(t) for t in _several(thresholds))
    asked = Asked(
        galleries=sizes, thresholds=given or known, targets=tuple(float(t) for t in _several(targets)),
        ranks=tuple(int(r) for r in _several(ranks)) or (None,), groups=(None, *wanted), scans=scans,
        selectivity=selectivity, list_length=list_length, unequal=unequal,
    )  # fmt: skip
    return Projected(model=model, answers=tuple(answered(model, asked, scale)), checks=checks)


def thresholds_of(tally: Tally) -> tuple[float, ...]:
    """The thresholds that a tally was made for, on the scale of its input.

    Raises
    ------
    UsageError
        If it was made for none.
    """
    scale = Scale(tally=tally)
    found = tuple(scale.shown(float(t)) for t in tally.thresholds)
    if not found:
        raise UsageError(
            "no threshold is asked about, and the tally was made for none", remedy="thresholds=..., or --threshold 0.65"
        )
    return found


def tally_model(
    tally: Tally, *, composition: Mapping[str, float] | None = None, kin_in_test: bool = False,
    population: float | None = None, images: float | Mapping[int, float] | None = None,
    image_correlation: Span | None = None, draws: int = DRAWS, seed: int = 0, level: float = 0.95,
) -> TallyModel:  # fmt: skip
    """The search model of a tally, at a level."""
    from misid.search.from_tally import kin_from_evidence, model_from_tally

    kin = None if population is None else kin_from_evidence(population)
    made = model_from_tally(
        tally, composition=composition, kin_in_test=kin_in_test, kin=kin, images=images,
        image_correlation=image_correlation, draws=draws, seed=seed,
    )  # fmt: skip
    return replace(made, level=level)


def normalised_model(large: Tally, small: Tally | None, level: float = 0.95) -> NormalisedModel:
    """The search model of an engine whose scores move with the gallery, from tallies at one or two galleries."""
    from misid.search.from_tally import NormalisedModel

    return NormalisedModel(large=large, small=small, level=level)


def _several(values: Any) -> tuple[Any, ...]:
    if isinstance(values, str):
        raise UsageError(f"{values!r} is not a number", remedy="a number, or several in a list")
    return tuple(values) if isinstance(values, Iterable) else (values,)


__all__ = ["Asked", "Projected", "Scale", "answered", "normalised_model", "project", "tally_model", "thresholds_of"]
