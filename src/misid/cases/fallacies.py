"""The mistakes that a case invites, by name, each with the numbers of this case."""

from __future__ import annotations

import math
from collections.abc import Iterator

from misid.cases.file import CaseFile
from misid.cases.model import CaseResult, Fallacy, Range
from misid.ground.numbers import denominator, out_of, significant


def fallacies_of(case: CaseFile, result: CaseResult) -> tuple[Fallacy, ...]:
    """The fallacies that this case invites."""
    found = list(_of_no_match(case, result) if result.kind == "no match" else _of_match(case, result))
    told_of_kin = "kin" in case.model_fields_set

    def place(fallacy: Fallacy) -> int:
        if fallacy.id == "twin" and not told_of_kin:
            return len(ORDER)
        return ORDER.index(fallacy.id)

    return tuple(sorted(found, key=place))


ORDER = (
    "definitive", "accuracy", "no-match", "two-answers", "twin", "review", "transposed", "rank", "score", "record",
    "scans", "base-rate", "defence", "most-similar",
)  # fmt: skip
"""Those that a case's own facts invite come before those that every case invites."""


def _of_match(case: CaseFile, result: CaseResult) -> Iterator[Fallacy]:
    false, p = rate_text(result.fpir), chance_text(result.probability)
    few = rate_text(Range(lo=result.fpir.lo, hi=result.fpir.lo)) if result.fpir.lo > 0 else "a few searches"
    if case.claims.definitive:
        yield Fallacy(
            id="definitive",
            short="Two matches would be two proofs, and here they contradict each other."
            if any(a.startswith("another") for a in result.answers) else
            "No figure supports certainty: a search also names somebody for people who are not in the gallery.",
            name="A match taken as definitive",
            claim=f"A match is definitive ({case.claims.by}).",
            why=f"The figures of this case allow a probability of {p} that the person named is the person scanned. "
            "No figure supports certainty, and none can: a search names somebody for people who are not in the "
            "gallery too.",
        )  # fmt: skip
    if case.claims.accuracy is not None:
        said = f"{100 * case.claims.accuracy:.10g} %"
        yield Fallacy(
            id="accuracy",
            short="An accuracy says how often searches go well in a test, and not how often a match is right.",
            name="Accuracy taken for the probability of this match",
            claim=f"The system is {said} accurate, so this match is {said} certain ({case.claims.by}).",
            why="An accuracy says how often searches go well, over all searches of a test. How often a match is right "
            "depends also on how many of those scanned are in the gallery. Here that gives "
            f"{p}.",
        )  # fmt: skip
    if result.fpir.lo < HALF:
        yield _transposed(few, false, p)
    yield Fallacy(
        id="base-rate",
        short="If the person scanned is not in the gallery, whoever is named is wrong.",
        name="Base rate neglected",
        claim="The match speaks for itself.",
        why="The same match is worth less where fewer of those scanned are in the gallery: with "
        f"{hundred_text(result.priors[0].prior)} enrolled the probability is {chance_text(result.priors[0].right)}, "
        f"with {hundred_text(result.priors[-1].prior)} it is {chance_text(result.priors[-1].right)}.",
    )  # fmt: skip
    if result.search.lr.lo > 1:
        yield Fallacy(
            id="defence",
            short="It is evidence, of the weight said above; how much it shows depends on the rest.",
            name="Defence fallacy",
            claim=f"With {result.gallery.hi:,.0f} images in the gallery somebody would always match, so the match "
            "says nothing.",
            why="A match is more probable if the person named is the person scanned, by a factor of "
            f"{lr_text(result.search.lr)}. That is evidence. How often a search names somebody wrong "
            "is said of a whole search: it is not to be multiplied by the records.",
        )  # fmt: skip
    if len(result.answers) > 1:
        yield Fallacy(
            id="scans",
            short="The same face in the same gallery meets the same lookalikes: false matches repeat.",
            name="Several scans taken as independent",
            claim="Each further scan is a new, independent test.",
            why="The same face searched again in the same gallery meets the same lookalikes. A false match tends to be "
            "repeated; two scans are worth less than two tests of two people.",
        )  # fmt: skip
        if any(a.startswith("another") for a in result.answers):
            yield Fallacy(
                id="two-answers",
                short="At most one of them is, and perhaps neither.",
                name="One of two answers taken as right",
                claim="Two people were named, so it is one of them.",
                why="At most one of them is the person scanned, and perhaps neither: the probability that neither "
                "is, is "
                f"{chance_text(_over([r.neither for r in result.priors]))}.",
            )  # fmt: skip
    if result.kind == "chosen from a list" or case.returned.rank > 1 or case.returned.scores is not None:
        yield Fallacy(
            id="rank",
            short="Somebody is at the top of every list, also where the person scanned is not in the gallery.",
            name="Rank taken for probability",
            claim="The person named is at the top of the list, so it is probably that person.",
            why="Somebody is at the top of every list, also when the person scanned is not in the gallery.",
        )  # fmt: skip
    if case.returned.score is not None or case.returned.scores is not None:
        yield Fallacy(
            id="score",
            short="A score is a measure of likeness on the maker's own scale.",
            name="Similarity score taken for probability",
            claim="A score of 0.9, or of 90 %, means that it is this person with a probability of 90 %.",
            why="A score is a measure of likeness on the maker's own scale. What it is worth follows from how often "
            "strangers reach it in a gallery of this size.",
        )  # fmt: skip
    yield Fallacy(
        id="most-similar",
        short="Whoever is scanned, one person in the gallery is the most like them.",
        name="Most similar taken for the same",
        claim="Of all people in the gallery this one is the most like the person scanned, so it is that person.",
        why="Whoever is scanned, one person in the gallery is the most like them.",
    )  # fmt: skip
    if case.no_kin is None:
        yield Fallacy(
            id="twin",
            short="Systems match most identical twins, and no threshold changes that.",
            name="Relatives forgotten",
            claim="Everybody's face is different.",
            why="Systems match most identical twins, and some brothers and sisters, and no threshold changes that. "
            + _of_relatives(case),
        )
    if case.review is not None:
        yield Fallacy(
            id="review",
            short="People who are told what a machine found tend to agree with it.",
            name="Machine and reviewer counted as two witnesses",
            claim="The machine and a person agree, so two have recognised the same face.",
            why="People who are told what a machine found tend to agree with it, and look at the faces that it chose "
            "because they are alike. Trained officers took 14 in 100 wrong people for the right one.",
        )  # fmt: skip
    if case.record is not None:
        yield Fallacy(
            id="record",
            short="Only if the right person was named and the record is right.",
            name="Record taken for the person",
            claim=f"The record says “{case.record.says}”, so that is true of the person scanned.",
            why="Two things must hold: that the person named is the person scanned, and that the record is right. "
            f"Both together: {chance_text(_over([r.record for r in result.priors if r.record is not None]))}.",
        )  # fmt: skip


HALF = 0.5
"""Where more searches than this name somebody wrong, nobody takes that for a small chance of error."""


def _of_relatives(case: CaseFile) -> str:
    if "kin" in case.model_fields_set:
        return "The case file says who may be in the gallery."
    if case.search.kin_in_test:
        return "The test had relatives as the gallery has them, so its rates hold them."
    return "Nothing is known of relatives here, so twins are reckoned with as often as there are any."


def _transposed(few: str, false: str, p: str) -> Fallacy:
    return Fallacy(
        id="transposed",
        name="Transposed conditional (prosecutor's fallacy)",
        claim=f"A search names a wrong person in only {few}, so that is the chance of one here.",
        short="That is how often a whole search (not each record) matches people not in the gallery, not how often a "
        "match is wrong.",
        why=f"That is how often somebody who is not in the gallery gets a match (here {false}). The chance that "
        f"somebody who got a match is not the person named is another number: here the right person is named in {p}.",
    )


def _of_no_match(case: CaseFile, result: CaseResult) -> Iterator[Fallacy]:
    yield Fallacy(
        id="no-match",
        short="Nobody is returned for people who were never enrolled, and for some who were.",
        name="No match taken as a sign of guilt",
        claim="The system does not know this person, so something is wrong with them.",
        why="Nobody is returned for people who were never enrolled, and for some who were: "
        f"{rate_text(result.missed)} of those in the gallery. "
        + (_suspicion_text(result) if result.suspicion is not None else "It says nothing of why somebody is not "
        "there."),
    )  # fmt: skip
    yield Fallacy(
        id="base-rate",
        short=f"The system also misses people who are in it: here {rate_text(result.missed)}.",
        name="Base rate neglected",
        claim="No match means not in the gallery.",
        why="How probable that is depends on how many of those scanned are in the gallery: with "
        f"{hundred_text(result.priors[0].prior)} enrolled the person is in it after all with a probability of "
        f"{chance_text(result.priors[0].enrolled)}, with {hundred_text(result.priors[-1].prior)} "
        f"it is {chance_text(result.priors[-1].enrolled)}.",
    )  # fmt: skip
    if case.claims.accuracy is not None:
        said = f"{100 * case.claims.accuracy:.10g} %"
        yield Fallacy(
            id="accuracy",
            short="An accuracy says how often searches go well in a test, and not how often a match is right.",
            name="Accuracy taken for the probability of this answer",
            claim=f"The system is {said} accurate, so it would have found them ({case.claims.by}).",
            why=f"It misses {rate_text(result.missed)} of those in its gallery, by the figures of this case.",
        )  # fmt: skip


def _suspicion_text(result: CaseResult) -> str:
    s = result.suspicion
    if s is None:
        return ""
    if s.lr.hi < 1:
        return (
            f"Here a “no match” speaks against it: it is {lr_text(Range(lo=1 / s.lr.hi, hi=1 / s.lr.lo))} times "
            "as probable of others."
        )
    if s.lr.lo > 1:
        return f"Here it is {lr_text(s.lr)} times as probable of people of that status as of others."
    return f"Here it can speak for it or against it: the likelihood ratio is {lr_text(s.lr)}, and 1 says nothing."


def _over(ranges: list[Range]) -> Range:
    return Range(lo=min(r.lo for r in ranges), hi=max(r.hi for r in ranges))


def chance_text(r: Range) -> str:
    """A probability as "12 to 95 in 100".

    Examples
    --------
    >>> chance_text(Range(lo=0.123, hi=0.951)), chance_text(Range(lo=0.9993, hi=0.9998))
    ('12 to 95 in 100', '99.93 to 99.98 in 100')
    """
    lo, hi = of_hundred(r.lo), of_hundred(r.hi)
    return f"{lo} in 100" if lo == hi else f"{lo} to {hi} in 100"


def of_hundred(p: float) -> str:
    """So many of 100: whole ones where that says enough, and never "0" or "100" of what is neither."""
    value = 100 * p
    if value in (0.0, 100.0):
        return f"{value:.0f}"
    if 0.95 <= value < 99.0:
        return f"{value:.0f}"
    if value < 0.95:
        return "less than 0.001" if value < 0.001 else significant(value, 1)
    # One digit of what is missing to all of them, rounded so that it is never none.
    missing = 100 - value
    digits = max(1, -math.floor(math.log10(missing)))
    return f"{math.floor(value * 10**digits) / 10**digits:.{digits}f}"


def hundred_text(p: float) -> str:
    return f"{of_hundred(p)} of 100"


def rate_text(r: Range) -> str:
    """A rate as "3 to 49 in 1,000"; ends far apart have denominators of their own.

    Examples
    --------
    >>> rate_text(Range(lo=0.003, hi=0.0488)), rate_text(Range(lo=0.04, hi=0.04))
    ('3 to 49 in 1,000', '4 in 100')
    """
    if r.lo == r.hi:
        size = denominator(r.lo)
        return f"{_so_many(r.lo, size)} in {size:,}"
    if 0 < r.lo < r.hi / 300:
        return f"{rate_text(Range(lo=r.lo, hi=r.lo))} to {rate_text(Range(lo=r.hi, hi=r.hi))}"
    size = denominator(r.lo if r.lo > 0 else r.hi)
    return f"{_so_many(r.lo, size)} to {_so_many(r.hi, size)} in {size:,}"


def _so_many(p: float, size: int) -> str:
    return out_of(p, size).removesuffix(".0")


def lr_text(r: Range) -> str:
    """A likelihood ratio as "12 to 330"; below 1 with two figures.

    Examples
    --------
    >>> lr_text(Range(lo=12.3, hi=333.4)), lr_text(Range(lo=0.0213, hi=0.0213))
    ('12 to 330', '0.021')
    """
    lo, hi = _lr(r.lo), _lr(r.hi)
    return lo if lo == hi else f"{lo} to {hi}"


def _lr(value: float) -> str:
    return significant(value, 2)
