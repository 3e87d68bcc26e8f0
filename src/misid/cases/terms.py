"""The numbers of a case as ranges by name, and the likelihoods that they make: the formulas of docs/case.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from misid.cases.bounds import empirical_bounds
from misid.cases.file import CaseFile, relatives_of
from misid.cases.known import Known
from misid.cases.likelihoods import Likelihoods
from misid.cases.number import Stated
from misid.cases.scans import Person, Review, scans
from misid.search.growth import grown_fnir, grown_fpir
from misid.search.span import Span
from misid.tally.model import Floats

INSIDE = 256
"""Random points within the ranges, beside their corners."""
MOST_CORNERS = 2**13
SEED = 20261127

Points = Mapping[str, Floats]
"""Values of every number by its path, (n, 1), so that draws of a tally go along the second axis."""

_each_fpir = np.vectorize(grown_fpir, otypes=[np.float64])
_each_fnir = np.vectorize(grown_fnir, otypes=[np.float64])


def _grown_fpir(fpir: Floats, ratio: Floats, b: Floats | float) -> Floats:
    return np.asarray(_each_fpir(fpir, ratio, b))


def _grown_fnir(fnir: Floats, ratio: Floats, a: Floats) -> Floats:
    return np.asarray(_each_fnir(fnir, ratio, a))


@dataclass(frozen=True, kw_only=True)
class Input:
    """A number that the answer depends on.

    Attributes
    ----------
    path : str
        Its place in the case file.
    title : str
    stated : Stated or None
        None where the search model gave it.
    span : Span
    """

    path: str
    title: str
    stated: Stated | None
    span: Span


def inputs_of(case: CaseFile, known: Known) -> tuple[Input, ...]:
    """Every number that the likelihoods of a case depend on, in the order of the case file."""
    return tuple(_inputs(case, known))


def _inputs(case: CaseFile, known: Known) -> Iterator[Input]:
    def stated(path: str, title: str, number: Stated | None) -> Iterator[Input]:
        if number is not None:
            yield Input(path=path, title=title, stated=number, span=number.span)

    search, named = case.search, case.returned.answer == "match"
    yield from stated("search.gallery", "references in the gallery", search.gallery)
    if search.model == "published":
        yield from stated("search.tested_gallery", "references in the test's gallery", search.tested_gallery)
        yield from stated("search.fpir", "how often a search of the test's gallery named a wrong person", search.fpir)
        yield from stated("search.growth", "how far such wrong matches grow with the gallery", search.growth)
    elif search.model == "stated":
        yield from stated("search.fpir", "how often a search of this gallery names a wrong person", search.fpir)
    elif known.fpir is not None:
        yield Input(path="fpir", title="how often a search names a wrong person", stated=None, span=known.fpir)
    own = next((c for c in (case.capture, case.group) if c is not None and c.fnir is not None), None)
    missed = "how often the search misses the right person"
    if known.fnir is not None:
        yield Input(path="fnir", title=missed, stated=None, span=known.fnir)
    elif own is not None:
        path = "capture.fnir" if own is case.capture else "group.fnir"
        yield from stated(path, missed, own.fnir)
    else:
        yield from stated("search.fnir", missed, search.fnir)
    if search.model == "published":
        yield from stated("search.fnir_growth", "how far the misses grow with the gallery", search.fnir_growth)
    if known.scored is None and not _chosen(case):
        title = "how often a stranger scores above the right person, where both are found"
        if known.outranked is not None and search.outranked.default:
            yield Input(path="outranked", title=title, stated=None, span=known.outranked)
        else:
            yield from stated("search.outranked", title, search.outranked)
    for key, condition in (("capture", case.capture), ("group", case.group)):
        if condition is not None:
            title = f"wrong candidates, times those of the test ({condition.title})"
            yield from stated(f"{key}.fpir_times", title, condition.fpir_times)
    for name, kin in relatives_of(case).items():
        yield from stated(f"kin.{name}.share", f"chance that the person scanned has {kin.title}", kin.share)
        yield from stated(f"kin.{name}.enrolled", f"chance that {kin.title} is in the gallery", kin.enrolled)
        yield from stated(f"kin.{name}.match", f"chance that {kin.title} in the gallery matches", kin.match)
        if named or case.scans:
            yield from stated(f"kin.{name}.first", f"how often {kin.title} scores above the right person", kin.first)
    if case.scans:
        if known.alike is not None:
            title = "how far false matches repeat in scans of one person"
            yield Input(path="alike", title=title, stated=None, span=known.alike)
        else:
            yield from stated(
                "repeats.alike", "how far false matches repeat in scans of one person", case.repeats.alike
            )
        yield from stated("repeats.found_alike", "how far being found repeats", case.repeats.found_alike)
        yield from stated("repeats.agree", "chance that two false matches name one stranger", case.repeats.agree)
    if case.review is not None:
        chose = _chosen(case)
        right = "chooses the right person who is there" if chose else 'says "same" of the right person'
        wrong = "chooses somebody though the right person is not there" if chose else 'says "same" of a wrong person'
        yield from stated("review.accepts_right", f"how often a reviewer {right}", case.review.accepts_right)
        yield from stated("review.accepts_wrong", f"how often a reviewer {wrong}", case.review.accepts_wrong)
        there = "how often a reviewer chooses somebody wrong though the right person is there"
        yield from stated("review.wrong_when_there", there, case.review.wrong_when_there)
        yield from stated("review.follows", "how often the reviewer repeats the machine", case.review.follows)
    for name, other in case.other.items():
        yield from stated(f"other.{name}.lr", f"likelihood ratio of other evidence: {other.title}", other.lr)


def points_of(inputs: tuple[Input, ...]) -> tuple[Points, bool]:
    """Corners of the ranges and points within them; whether the last point is the one of preferred values."""
    ranges = [i for i in inputs if not i.span.is_known]
    generator = np.random.default_rng(SEED)
    if 2 ** len(ranges) <= MOST_CORNERS:
        corners = np.array(list(product((0.0, 1.0), repeat=len(ranges)))).reshape(2 ** len(ranges), len(ranges))
    else:
        corners = generator.integers(0, 2, (MOST_CORNERS, len(ranges))).astype(float)
        corners[0], corners[1] = 0.0, 1.0
    share = np.concatenate([corners, generator.random((INSIDE, len(ranges)))])
    best = all(i.span.best is not None for i in inputs)
    values: dict[str, Floats] = {}
    place = {i.path: k for k, i in enumerate(ranges)}
    for i in inputs:
        if i.path not in place:
            column = np.full(len(share), i.span.lo)
        else:
            u = share[:, place[i.path]]
            low, high = i.span.lo, i.span.hi
            # Between two positive ends, points within are spread over the orders of magnitude.
            column = low * (high / low) ** u if low > 0 else low + (high - low) * u
            column = np.clip(column, low, high)
        if best and i.span.best is not None:
            column = np.append(column, i.span.best)
        values[i.path] = column[:, None]
    return values, best


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Likelihoods at every point: of the search alone, bounded; and with review and other evidence."""

    search: Likelihoods
    whole: Likelihoods
    fpir: Floats
    missed: Floats
    capped: bool
    """A bound of the test's size was reached."""
    highest: float
    lowest: float
    bound_reason: str


def seen_at(case: CaseFile, known: Known, at: Points) -> Seen:
    """The likelihoods of what a case says was seen, at every point of its ranges."""
    fpir, missed = rates_at(case, known, at)
    person = _person(case, known, at)
    review = _review(case, at)
    outranked: Floats = np.zeros(())
    if known.scored is not None:
        machine = _of_scores(known, person)
    elif _chosen(case):
        machine = _in_list(case, fpir, missed, person, at, None)
    else:
        outranked = fpir * (at["outranked"] if "outranked" in at else at["search.outranked"])
        machine = scans(_answers(case), missed=missed, fpir=fpir, outranked=outranked, person=person)
    nonmated = known.nonmated
    if nonmated is None and case.search.fpir is not None:
        # Whoever published a rate has searched at least once in 1/rate.
        nonmated = max(1.0, 1 / max(case.search.fpir.span.lo, 1e-9))
    bounds = empirical_bounds(nonmated, known.mated)
    bounded = machine if _chosen(case) else machine.bounded(bounds.lowest, bounds.highest)
    added = bounded.unenrolled - machine.unenrolled
    whole = bounded
    if review is not None:
        if _chosen(case):
            whole = _in_list(case, fpir, missed, person, at, review)
            added = np.zeros(())
        elif known.scored is not None:
            whole = _reviewed(known, person, review)
        else:
            whole = scans(_answers(case), missed=missed, fpir=fpir, outranked=outranked, person=person, review=review)
        # What the bound added counts as strangers.
        whole = Likelihoods(
            right=whole.right, wrong=whole.wrong, other=whole.other,
            unenrolled=np.maximum(whole.unenrolled + added * review.wrong, 0.0),
        )  # fmt: skip
    for name in case.other:
        whole = whole.times(at[f"other.{name}.lr"])
    return Seen(
        search=bounded, whole=whole, fpir=fpir, missed=missed, capped=bool(np.any(np.abs(added) > 1e-15)),
        highest=bounds.highest, lowest=bounds.lowest, bound_reason=_reason(known, bounds.reason, nonmated),
    )  # fmt: skip


def _reason(known: Known, reason: str, nonmated: float | None) -> str:
    if known.nonmated is None and nonmated is not None:
        return (
            f"the size of the test is not stated; a rate of 1 in {nonmated:,.0f} takes at least so many people "
            "to be seen"
        )
    return reason


def rates_at(case: CaseFile, known: Known, at: Points) -> tuple[Floats, Floats]:
    """FPIR, and how often the mate is missed, at the gallery of the case, (n, 1)."""
    ratio, growth = np.ones(()), np.ones(())
    if case.search.model == "published":
        ratio, growth = at["search.gallery"] / at["search.tested_gallery"], at["search.growth"]
    base = at["fpir"] if "fpir" in at else at["search.fpir"]
    fpir = _grown_fpir(base, ratio, growth)
    for key in ("capture", "group"):
        if f"{key}.fpir_times" in at:
            fpir = _grown_fpir(fpir, at[f"{key}.fpir_times"], 1.0)
    missed = next(at[key] for key in ("fnir", "capture.fnir", "group.fnir", "search.fnir") if key in at)
    if case.search.model == "published":
        missed = _grown_fnir(missed, ratio, at["search.fnir_growth"] * (1 - growth))
    return fpir, missed


def _chosen(case: CaseFile) -> bool:
    """Somebody chose the person named from a list, whose scores are not known."""
    returned = case.returned
    return (
        returned.answer == "match" and returned.list_length > 1 and returned.scores is None and returned.score is None
    )


def _answers(case: CaseFile) -> list[int | None]:
    """0 is the person named; those returned otherwise are all different from each other."""
    answers: list[int | None] = [0 if case.returned.answer == "match" else None]
    for scan in case.scans:
        others = len({a for a in answers if a is not None and a > 0})
        answers.append({"same": 0, "no match": None, "different": others + 1}[scan.answer])
    return answers


def _person(case: CaseFile, known: Known, at: Points) -> Person:
    none: Floats = np.ones(())
    weight: Floats = np.zeros(())
    first: Floats = np.zeros(())
    for name, kin in relatives_of(case).items():
        each = at[f"kin.{name}.enrolled"] * at[f"kin.{name}.match"]
        found = at[f"kin.{name}.share"] * (1 - (1 - each) ** kin.number)
        none = none * (1 - found)
        weight = weight + found
        first = first + found * at.get(f"kin.{name}.first", np.zeros(()))
    share = np.divide(
        first, weight, out=np.zeros(np.broadcast_shapes(np.shape(first), np.shape(weight))), where=weight > 0
    )
    zero = np.zeros(())
    return Person(
        alike_wrong=at["alike"] if "alike" in at else at.get("repeats.alike", zero),
        alike_right=at.get("repeats.found_alike", zero), agree=at.get("repeats.agree", zero),
        # Whether a relative looks alike enough is a matter of the two faces: the same in every scan.
        twin=1 - none, twin_found=np.ones(()), twin_first=share,
    )  # fmt: skip


def _review(case: CaseFile, at: Points) -> Review | None:
    if case.review is None:
        return None
    right, wrong = at["review.accepts_right"], at["review.accepts_wrong"]
    if "review.follows" in at:
        follows = at["review.follows"]
        right, wrong = follows + (1 - follows) * right, follows + (1 - follows) * wrong
    if case.review.said == "different":
        right, wrong = 1 - right, 1 - wrong
    return Review(right=right, wrong=wrong)


def _of_scores(
    known: Known, person: Person, right_factor: Floats | float = 1.0, wrong_factor: Floats | float = 1.0
) -> Likelihoods:
    """Score or list known, with a relative whose score is distributed as the mate's."""
    scored = known.scored
    assert scored is not None
    kin, first = person.twin, person.twin_first
    as_mate = scored.right / np.maximum(1 - scored.missed, 1e-12)
    right = scored.right * (1 - kin * first) * right_factor
    wrong = (
        scored.wrong * (1 - kin) * wrong_factor + kin * (first * scored.right + as_mate * scored.missed) * right_factor
    )
    unenrolled = scored.unenrolled * (1 - kin) * wrong_factor + kin * as_mate * right_factor
    right, wrong, unenrolled, other = np.broadcast_arrays(right, wrong, unenrolled, scored.other * (1 - kin * first))
    return Likelihoods(right=right, wrong=wrong, unenrolled=unenrolled, other=other)


def _reviewed(known: Known, person: Person, review: Review) -> Likelihoods:
    return _of_scores(known, person, review.right, review.wrong)


def _in_list(
    case: CaseFile, fpir: Floats, missed: Floats, person: Person, at: Points, review: Review | None
) -> Likelihoods:
    """A list was shown; with a review, somebody chose from it. Without one, only that it was shown is known."""
    shown = np.ones_like(fpir) if case.returned.always_full else fpir
    kin, first = person.twin, person.twin_first
    there = 1 - missed
    h, none, w = (np.ones(()), np.ones(()), np.zeros(())) if review is None else (
        review.right, review.wrong, np.minimum(at["review.wrong_when_there"], 1 - review.right)
    )  # fmt: skip
    right = there * h * (1 - kin * first)
    wrong = there * (kin * first * h + w) + missed * ((1 - kin) * shown * none + kin * (h + w))
    unenrolled = (1 - kin) * shown * none + kin * (h + w)
    right, wrong, unenrolled = np.broadcast_arrays(right, wrong, unenrolled)
    return Likelihoods(right=right, wrong=wrong, unenrolled=unenrolled, other=np.zeros_like(right))
