"""From a case file to what the answer of the search is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from misid._version import __version__
from misid.cases.bounds import verbal
from misid.cases.changes import moved, variants_of
from misid.cases.fallacies import fallacies_of
from misid.cases.file import CaseFile, plain_case, without_paths
from misid.cases.known import LEVEL, Known, known_of
from misid.cases.likelihoods import Likelihoods
from misid.cases.model import (
    RESULT_FORMAT,
    AtPrior,
    Bound,
    CaseResult,
    Change,
    Given,
    Range,
    Ratio,
)
from misid.cases.number import Stated, said_span
from misid.cases.terms import Input, Seen, inputs_of, points_of, seen_at
from misid.ground.errors import NotEstimableError
from misid.search.span import Span
from misid.tally.model import Floats

PRIORS = 9
"""Priors shown, from the lowest to the highest of the case."""

NAMED = "the person named is the person scanned"
NAMED_FIRST = "the person named by the first scan is the person scanned"
NOT_THERE = "the person scanned is not in the gallery"
THERE = "the person scanned is in the gallery"


class Sum:
    """A case with its likelihoods at every point of its ranges."""

    def __init__(self, case: CaseFile, known: Known) -> None:
        self.case, self.known = case, known
        self.inputs = inputs_of(case, known)
        self.at, self.best = points_of(self.inputs)
        self.seen: Seen = seen_at(case, known, self.at)
        self.level = known.level

    def over(self, values: Floats, *, level: bool = True) -> Range:
        """Lowest and highest over the points; where there are draws, of their limits."""
        values = np.broadcast_to(values, np.broadcast_shapes(np.shape(values), (1, 1)))
        # Numbers under which what was seen cannot have been are left out: they are not those of this case.
        possible = np.asarray(~np.isnan(values).all(axis=1))
        last = bool(possible[-1])
        values = values[possible]
        if not len(values):
            raise NotEstimableError(
                "what was seen cannot have been under any of the numbers of the case",
                remedy="wider ranges: at least one that is exactly 0 or 1 excludes it",
            )
        if values.shape[1] == 1:
            low = middle = high = values[:, 0]
        else:
            low, middle, high = np.nanquantile(values, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], axis=1)
        lo, hi = float(low.min()), float(high.max())
        estimate = None
        if self.best and last and len(self.at[self.inputs[0].path]) > 1:
            estimate = float(np.clip(middle[-1], lo, hi))
        elif lo == hi:
            estimate = lo
        return Range(lo=lo, hi=hi, estimate=estimate, level=self.level if level else None)

    def ends(self, path: str) -> tuple[float, float]:
        values = self.at[path]
        return float(values.min()), float(values.max())


def compute_case(case: CaseFile, known: Known, *, seed: int = 0) -> CaseResult:
    """What the answer of a search is worth, over every range of the case."""
    at = Sum(case, known)
    named = case.returned.answer == "match"
    prior = case.prior.enrolled.span
    priors = tuple(_at_prior(at, float(p)) for p in np.linspace(prior.lo, prior.hi, PRIORS))
    asked = [p.right if named else p.enrolled for p in priors]
    probability = Range(lo=min(r.lo for r in asked), hi=max(r.hi for r in asked), level=at.level)
    search = _ratio(at, at.seen.search, named=named)
    extras = case.review is not None or bool(case.other)
    result = CaseResult(
        format=RESULT_FORMAT, misid=__version__, case=without_paths(plain_case(case)), kind=_kind(case),
        answers=_answers(case),
        gallery=_range(case.search.gallery.span), fpir=at.over(at.seen.fpir), missed=at.over(at.seen.missed),
        search=search, enrolled=_enrolled(at),
        whole=_ratio(at, at.seen.whole, named=named, all_of_it=True) if extras else None,
        priors=priors, probability=probability, suspicion=_suspicion(at) if not named else None,
        bound=None if _kind(case) == "chosen from a list" else Bound(
            lowest=at.seen.lowest, highest=at.seen.highest, reason=at.seen.bound_reason, reached=at.seen.capped,
        ),
        changes=_changes(case, known, named), fallacies=(),
        inputs=tuple(_given(i) for i in _all_inputs(case, at.inputs)),
        assumptions=(*known.assumptions, *_assumed(case, known)), warnings=known.warnings, files=dict(known.files),
        seed=seed,
        attached=dict(known.attached),
    )  # fmt: skip
    return replace(result, fallacies=fallacies_of(case, result))


def _range(span: Span) -> Range:
    return Range(lo=span.lo, hi=span.hi, estimate=span.best)


def _kind(case: CaseFile) -> Literal["match", "no match", "chosen from a list"]:
    if case.returned.answer == "no match":
        return "no match"
    chosen = case.returned.list_length > 1 and case.returned.scores is None and case.returned.score is None
    return "chosen from a list" if chosen else "match"


def _answers(case: CaseFile) -> tuple[str, ...]:
    first = "named" if case.returned.answer == "match" else "no match"
    others = sum(scan.answer == "different" for scan in case.scans)
    out, number = [first], 0
    for scan in case.scans:
        number += scan.answer == "different"
        another = "another person" if others == 1 else f"another person, the {number}. of {others}"
        out.append({"same": "named", "no match": "no match", "different": another}[scan.answer])
    return tuple(out)


def _ratio(at: Sum, seen: Likelihoods, *, named: bool, all_of_it: bool = False) -> Ratio:
    lr = at.over(seen.lr() if named else seen.lr_enrolled())
    contradicted = any(scan.answer == "different" for scan in at.case.scans)
    first = (NAMED_FIRST if contradicted else NAMED) if named else THERE
    extra = "; times the ratio of the review and of the other evidence" if all_of_it else ""
    return Ratio(
        lr=lr,
        first=first,
        second=NOT_THERE,
        method=_method(at.case, at.known) + extra,
        words=_words(lr, first, NOT_THERE),
    )


def _enrolled(at: Sum) -> Ratio:
    lr = at.over(at.seen.search.lr_enrolled())
    return Ratio(
        lr=lr, first=THERE, second=NOT_THERE, method=_method(at.case, at.known), words=_words(lr, THERE, NOT_THERE)
    )


def _words(lr: Range, first: str, second: str) -> tuple[tuple[str, str], ...]:
    out = []
    for value in dict.fromkeys((lr.lo, lr.hi)):
        found = verbal(value)
        out.append((found.word, {"first": first, "second": second, "neither": ""}[found.favours]))
    return tuple(out)


def _method(case: CaseFile, known: Known) -> str:
    kind = _kind(case)
    if known.scored is not None:
        what = (
            "the scores of the whole list" if case.returned.scores is not None else "the score of the first candidate"
        )
        return (
            f"{what}: P(seen and right | enrolled) / P(seen | not enrolled), over draws of the projection of the test"
        )
    if kind == "chosen from a list":
        return "a list without scores: P(right person in it | enrolled) / P(a list is shown | not enrolled)"
    if case.scans:
        return (
            "match or no match in each scan, scans of one person sharing their fate: every way it can have come about"
        )
    if kind == "no match":
        return "no match: P(none | enrolled) / P(none | not enrolled)"
    return "match or no match: P(returned first | enrolled) / P(anybody returned | not enrolled)"


def _at_prior(at: Sum, prior: float) -> AtPrior:
    seen = at.seen.whole
    right = seen.posterior(prior)
    other, enrolled = seen.posterior_other(prior), seen.posterior_enrolled(prior)
    record = None
    if at.case.record is not None:
        wrong = at.case.record.wrong.span
        lo, hi = at.over(right * (1 - wrong.hi)), at.over(right * (1 - wrong.lo))
        known = hi.estimate is not None and wrong.best is not None
        best = at.over(right).estimate if known else None
        record = Range(
            lo=lo.lo, hi=hi.hi, estimate=None if best is None or wrong.best is None else best * (1 - wrong.best),
            level=at.level,
        )  # fmt: skip
    return AtPrior(
        prior=prior, right=at.over(right), other=at.over(other), enrolled=at.over(enrolled),
        neither=at.over(1 - right - other), record=record,
    )  # fmt: skip


def _suspicion(at: Sum) -> Ratio | None:
    """For a status, from "no match": by how often people of it, and others, are enrolled."""
    case = at.case
    if case.no_match is None:
        return None
    seen = at.seen.search
    found = []
    yes, no = case.no_match.enrolled_if.span, case.no_match.enrolled_if_not.span
    for a in (yes.lo, yes.hi):
        for b in (no.lo, no.hi):
            found.append(_none(seen, a) / _none(seen, b))
    best = None
    if at.best and yes.best is not None and no.best is not None:
        best = at.over(_none(seen, yes.best) / _none(seen, no.best)).estimate
    lo, hi = min(at.over(f).lo for f in found), max(at.over(f).hi for f in found)
    lr = Range(lo=lo, hi=hi, estimate=best, level=at.level)
    first, second = f"the person scanned is one of: {case.no_match.title}", "the person scanned is not"
    return Ratio(
        lr=lr, first=first, second=second, words=_words(lr, first, second),
        method="no match: P(none | of that status) / P(none | not), by how often each is enrolled and found",
    )  # fmt: skip


def _none(seen: Likelihoods, enrolled: float) -> Floats:
    return np.asarray(enrolled * (seen.right + seen.wrong) + (1 - enrolled) * seen.unenrolled)


def _changes(case: CaseFile, known: Known, named: bool) -> tuple[Change, ...]:
    out = []
    for variant in variants_of(case, known):
        at = Sum(variant.case, variant.known)
        prior = variant.case.prior.enrolled.span
        here = variant.case.returned.answer == "match"
        ends = [at.over(_asked(at.seen.whole, p, named=here)) for p in (prior.lo, prior.hi)]
        lr = at.over(at.seen.whole.lr() if here else at.seen.whole.lr_enrolled())
        out.append(Change(
            kind=variant.kind, title=variant.title, path=variant.path, value=variant.value, lr=lr,
            probability=Range(lo=min(e.lo for e in ends), hi=max(e.hi for e in ends), level=at.level),
        ))  # fmt: skip
    ranges = [c for c in out if c.kind == "range"]
    return (*_ranked(ranges), *(c for c in out if c.kind == "if"))


def _asked(seen: Likelihoods, prior: float, *, named: bool) -> Floats:
    return seen.posterior(prior) if named else seen.posterior_enrolled(prior)


def _ranked(changes: list[Change]) -> list[Change]:
    """Pairs (at one end, at the other) of a number, those that move the answer most first."""
    pairs = [(changes[k], changes[k + 1]) for k in range(0, len(changes), 2)]

    def by(pair: tuple[Change, Change]) -> float:
        return moved(pair[0].probability, pair[1].probability)

    return [change for pair in sorted(pairs, key=by, reverse=True) for change in pair]


def _all_inputs(case: CaseFile, inputs: tuple[Input, ...]) -> Iterable[Input]:
    yield from inputs

    def more(path: str, title: str, number: Stated | None) -> Iterable[Input]:
        if number is not None:
            yield Input(path=path, title=title, stated=number, span=number.span)

    yield from more(
        "prior.enrolled", "chance that the person scanned is in the gallery, before the search", case.prior.enrolled
    )
    if case.record is not None:
        yield from more("record.wrong", "chance that the record is wrong, if it is this person's", case.record.wrong)
    if case.no_match is not None:
        yield from more("no_match.enrolled_if", f"{case.no_match.title}: in the gallery", case.no_match.enrolled_if)
        yield from more("no_match.enrolled_if_not", "others: in the gallery", case.no_match.enrolled_if_not)
    yield from more(
        "search.tested_nonmated", "people of the test who were not in its gallery", case.search.tested_nonmated
    )
    yield from more("search.tested_mated", "people of the test who were in its gallery", case.search.tested_mated)


def _given(i: Input) -> Given:
    s = i.stated
    lo, hi, best = i.span.lo, i.span.hi, i.span.best
    if s is None:
        said = f"{lo:.3g} to {hi:.3g}" + ("" if best is None else f", estimate {best:.3g}")
        return Given(
            path=i.path, title=i.title, said=said, lo=lo, hi=hi, best=best, basis="model", source=(), document="",
            assumption="", note="", default=False,
        )  # fmt: skip
    return Given(
        path=i.path, title=i.title, said=said_span(s), lo=lo, hi=hi, best=best, basis=s.basis, source=s.source,
        document=s.document, assumption=s.assumption, note=s.note, default=s.default,
    )  # fmt: skip


def _assumed(case: CaseFile, known: Known) -> Iterable[str]:
    yield "the search was made as described, and the person scanned is one person"
    if case.search.kin_in_test:
        yield "relatives were in the test as they are in the gallery"
    if case.no_kin is not None:
        yield f"no relative of the person scanned is in the gallery: {case.no_kin}"
    if known.scored is not None:
        yield (
            "given the face scanned, scores of strangers are independent, and the mated score does not depend on "
            "how many strangers resemble it"
        )
    if case.scans:
        yield (
            "the scans were made against one gallery at one threshold; people returned who differ are different people"
        )
        yield "a relative who looks alike enough does so in every scan"
    if case.review is not None:
        yield "whoever the machine takes for a relative's face, the reviewer does too"
    if case.other:
        yield "the other evidence is independent of the search, given who the person scanned is"


def case(
    source: str | Path | CaseFile | dict[str, Any],
    *,
    folder: str | Path | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> CaseResult:
    """What one answer of one search is worth as evidence: likelihood ratio, and probability over a range of priors.

    Parameters
    ----------
    source : path, str, dict or CaseFile
        A case file (TOML), ``ready:NAME`` for one that misid ships, its content as plain data, or one that was read.
    folder : path, optional
        That paths in a case given as data start from. None: the file's own folder, or the current one.
    seed : int
        Of the draws from a tally.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    CaseResult
        Probabilities in [0, 1]; a likelihood ratio is at least 0. Every number is a range.

    Raises
    ------
    BadInputError
        Holding everything that is wrong with the case.
    NotEstimableError
        The tally or the deployments of the case cannot carry an answer.

    Examples
    --------
    >>> result = case("ready:single-match")
    >>> round(result.search.lr.lo), round(result.search.lr.hi)
    (1, 681)
    """
    from misid.cases.ready import opened

    file, start = opened(source)
    say = progress or (lambda stage: None)
    say("asking the search model")
    known = known_of(file, start if folder is None else Path(folder), seed=seed)
    say("computing the likelihood ratio and what would change it")
    return compute_case(file, known, seed=seed)
