"""Page one: what the answer of the search is worth and what that depends on, for a reader who is no statistician."""

from __future__ import annotations

from misid.cases.model import Change
from misid.report.assessment.drawn import Canvas, width_of
from misid.report.case.told import Told
from misid.report.figures.base import Figure
from misid.report.filing import (
    Block,
    Bullets,
    Callout,
    Paragraph,
    Picture,
    Quoted,
    Ref,
    Section,
    SideBySide,
    Statement,
    Strong,
    Words,
)
from misid.report.palette import AXIS, BLUE, GRID, QUIET

SHOWN = 5
"""Priors in the table and the picture."""
DECIDE = 3
WIDE = 0.5


def short_answer(told: Told) -> Section:
    """The section that is read first, and perhaps alone."""
    return Section("answer", "Short answer", (
        _statement(told),
        *_weight(told),
        Paragraph(_prior_words(told)),
        SideBySide((
            (Picture(picture(told)),),
            (
                Paragraph("It depends besides on:", numbered=False),
                Bullets(tuple(_decides(told))),
            ),
        )),
        _not_said(told),
    ))  # fmt: skip


def _statement(told: Told) -> Statement:
    result = told.result
    if not told.named:
        return Statement(_no_match(told), heading="What “no match” is worth")
    if told.over("other") is not None:
        words: Words = (
            "At most one of the people returned is the person scanned, and perhaps none is. By the figures given it is "
            "the person named first in anything from ", told.over_text("right", " of 100"), " such cases, another in ",
            told.over_text("other", " of 100"), ", and nobody who was returned in ",
            told.over_text("neither", " of 100"), ".",
        )  # fmt: skip
        return Statement(words, heading="What the answers are worth, together")
    what = "the choice from the list" if result.kind == "chosen from a list" else "the match"
    p = result.probability
    verdict = (
        " It does not settle who was scanned: what would narrow this down is not published, or not known here."
        if p.hi - p.lo > WIDE
        else " Where in between, the figures do not say."
    )
    words = (
        "By the figures given, the person named is the person scanned in anything from ", told.cases("probability"),
        " such cases.", verdict,
    )  # fmt: skip
    return Statement(words, heading=f"What {what} is worth")


def _no_match(told: Told) -> Words:
    result = told.result
    if result.suspicion is None:
        return (
            "That the system returned nobody says something about whether the person scanned is in the gallery, and "
            "nothing else about them. By the figures given the person is in the gallery after all in ",
            told.cases("probability"), " such cases.",
        )  # fmt: skip
    lr = result.suspicion.lr
    verdict = (
        "so it speaks against it" if lr.hi < 1 else "so it speaks for it" if lr.lo > 1
        else "so, by the figures given, it may speak for it or against it"
    )  # fmt: skip
    return (
        "That the system returned nobody does not show that ", Quoted(result.suspicion.first),
        ". Such an answer is ", told.ratio("suspicion.lr"), " times as probable of them as of others (1 would say "
        f"nothing), {verdict}.",
    )  # fmt: skip


def _weight(told: Told) -> list[Block]:
    result = told.result
    whole = "whole" if result.whole is not None else "search"
    what = {
        "match": "answer of the system" if len(result.answers) == 1 else "series of answers",
        "chosen from a list": "choice", "no match": "answer",
    }[result.kind]  # fmt: skip
    blocks: list[Block] = [
        Paragraph(
            (
                Strong("The weight of the evidence. "),
                f"Such {_a(what)} is ",
                told.ratio(f"{whole}.lr"),
                " times as probable if ",
                told.text(f"{whole}.first"),
                ", as it is if ",
                told.text(f"{whole}.second"),
                ". That is the likelihood ratio; 1 says nothing. On a scale of forensic laboratories: ",
                told.words_of(whole),
                ". It is not the probability that the answer is right.",
            )
        )
    ]
    if told.over("record") is not None:
        blocks.append(Paragraph((
            Strong("The record is another question. "), "What the record of the person named says (",
            Quoted(f"“{result.case['record']['says']}”"), ") is true of the person scanned only if the right person "
            "was named and the record is right: ", told.over_text("record"), ".",
        )))  # fmt: skip
    return blocks


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _prior_words(told: Told) -> Words:
    last = len(told.result.priors) - 1
    why = "For those who are not, whoever is named is wrong. " if told.named else ""
    return (
        Strong("What it depends on first"),
        " is how many of the people who are scanned like this are in the gallery at all: here ",
        told.hundred("priors.0.prior"),
        " to ",
        told.hundred(f"priors.{last}.prior"),
        f" of 100. {why}Nobody knows that number exactly, so no single probability is given: see ",
        Ref("priors"),
        ".",
    )


def picked(told: Told) -> list[int]:
    """Which priors are shown."""
    n = len(told.result.priors)
    return [round(k * (n - 1) / (SHOWN - 1)) for k in range(SHOWN)]


_LEFT, _RIGHT, _ROW, _LETTERS = 120.0, 384.0, 40.0, 19.0


def picture(told: Told) -> Figure:
    """The probability at each prior, as bars on a scale of 100: drawn for half a page's width."""
    result, canvas = told.result, Canvas()
    rows = picked(told)
    top, bottom = 44.0, 44.0 + _ROW * len(rows)

    def x(p: float) -> float:
        return _LEFT + p * (_RIGHT - _LEFT)

    canvas.text(0, 15, "in the gallery", ink=QUIET, size=15)
    canvas.text(0, 34, "before, of 100", ink=QUIET, size=15)
    canvas.text(_LEFT, 34, "right person, of 100" if told.named else "there after all, of 100", ink=QUIET, size=16)
    for tick in (0, 25, 50, 75, 100):
        canvas.line(x(tick / 100), top, x(tick / 100), bottom, ink=GRID)
        canvas.text(x(tick / 100), bottom + 20, f"{tick}", anchor="middle", ink=QUIET, size=16)
    for place, k in enumerate(rows):
        at = result.priors[k]
        found = getattr(at, told.asked)
        y = top + _ROW * place + _ROW / 2
        canvas.text(52, y + 12, told.hundred(f"priors.{k}.prior"), anchor="end", size=_LETTERS)
        lo, hi = told.hundred(f"priors.{k}.{told.asked}.lo"), told.hundred(f"priors.{k}.{told.asked}.hi")
        shown: Words = (lo, " to ", hi)
        canvas.line(_LEFT, y + 10, _RIGHT, y + 10, ink=GRID)
        canvas.line(x(found.lo), y + 10, max(x(found.hi), x(found.lo) + 2), y + 10, ink=BLUE, width=10)
        middle = (x(found.lo) + x(found.hi)) / 2
        half = width_of(shown, _LETTERS) / 2
        canvas.text(min(max(middle, _LEFT + half), _RIGHT - half), y, shown, anchor="middle", size=_LETTERS)
    canvas.line(_LEFT, bottom, _RIGHT, bottom, ink=AXIS)
    canvas.height = bottom + 26
    title = f"Of 100 such cases, those in which {told.answer}"
    description = "; ".join(
        f"{100 * result.priors[k].prior:.0f} of 100 enrolled: "
        f"{getattr(result.priors[k], told.asked).lo:.3g} to {getattr(result.priors[k], told.asked).hi:.3g}"
        for k in rows
    )
    columns = ("prior", "lo", "hi")
    return Figure(
        name="priors", title=title, description=description,
        caption="By how many of 100 people scanned are enrolled; from the lowest to the highest that the figures "
        "allow.",
        columns=columns,
        rows=tuple(
            {"prior": p.prior, "lo": getattr(p, told.asked).lo, "hi": getattr(p, told.asked).hi} for p in result.priors
        ),
        svg=canvas.svg("priors", title, description),
    )  # fmt: skip


def _decides(told: Told) -> list[Words]:
    ranges = [(k, c) for k, c in enumerate(told.result.changes) if c.kind == "range" and c.path not in OBSCURE]
    pairs = [(ranges[k], ranges[k + 1]) for k in range(0, len(ranges) - 1, 2)]
    out: list[Words] = [_pair(told, a, b) for a, b in pairs[:DECIDE]]
    for k, change in enumerate(told.result.changes):
        if change.kind == "if" and change.title.startswith("an identical twin"):
            out.append(
                (
                    Strong("twins"),
                    ": if ",
                    told.text(f"changes.{k}.title"),
                    ", ",
                    told.cases(f"changes.{k}.probability"),
                )
            )
    return out or ["Nothing: every number of the case is taken to be known."]


MISSES = "how often the right person is missed"
OBSCURE = ("search.fnir_growth",)
"""Left to the table of changes: page one has no exponents."""

SHORT = {
    "search.fpir": "how often the test named a wrong person", "search.growth": "how that grows with the gallery",
    "search.outranked": "a stranger above the right person", "search.fnir": MISSES, "capture.fnir": MISSES,
    "group.fnir": MISSES, "search.fnir_growth": "growth of the misses", "search.gallery": "size of the gallery",
    "repeats.alike": "false matches that repeat", "repeats.found_alike": "being found again",
    "repeats.agree": "two false matches with one stranger",
    "review.accepts_right": "the reviewer and the right person",
    "review.accepts_wrong": "the reviewer and a wrong person", "review.follows": "the reviewer follows the machine",
    "review.wrong_when_there": "a wrong choice from the list", "fpir": "how often a wrong person is named",
    "fnir": MISSES,
}  # fmt: skip
"""A few words for a number, by its path."""


def _pair(told: Told, a: tuple[int, Change], b: tuple[int, Change]) -> Words:
    (i, first), (j, second) = a, b
    name, _, low = first.title.rpartition(": ")
    name = SHORT.get(first.path, name)
    high = second.title.rpartition(": ")[2]
    return (
        Strong(name), ": if ", Quoted(low), ", ", told.cases(f"changes.{i}.probability"), "; if ", Quoted(high), ", ",
        told.cases(f"changes.{j}.probability"),
    )  # fmt: skip


def first_mistakes(told: Told) -> int:
    """How many of the mistakes stand on page one."""
    return min(3, len(told.result.fallacies))


def _not_said(told: Told) -> Callout:
    return Callout(
        "Wrong ways of reading it:",
        tuple(
            ("“", told.text(f"fallacies.{k}.claim"), "” ", Strong("No. "), told.text(f"fallacies.{k}.short"))
            for k in range(first_mistakes(told))
        ),
    )
