"""Page one: what the answer of the search is worth and what that depends on, for a reader who is no statistician."""

from __future__ import annotations

from misid.cases.changes import moved
from misid.cases.fallacies import of_hundred
from misid.cases.model import CaseResult, Change, Given
from misid.report.assessment.drawn import WIDTH, Canvas, width_of
from misid.report.case.told import Told
from misid.report.figures.base import Figure
from misid.report.filing import (
    Block,
    Bullets,
    Callout,
    Paragraph,
    Picture,
    Quoted,
    Section,
    SideBySide,
    Statement,
    Strong,
    Words,
)
from misid.report.palette import AXIS, BLUE, GRID, QUIET

SHOWN = 5
"""Priors in the table and the picture."""
DECIDE = 2
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
                Paragraph("What moves the answer, the most first:", numbered=False),
                Bullets(tuple(_decides(told))),
            ),
        )),
        _not_said(told),
    ))  # fmt: skip


NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}


def kind(told: Told) -> Words:
    """What the system answered, in a few words; where it was asked several times, how many people it named."""
    answers = told.result.answers
    if len(answers) == 1:
        return told.text("kind")
    matches = sum(a != "no match" for a in answers)
    people = len({a for a in answers if a != "no match"})
    found = f"{NUMBERS.get(matches, matches)} matches" if matches > 1 else "one match" if matches else "no match"
    who = f", {NUMBERS.get(people, people)} different people" if people > 1 else ", one person" if matches > 1 else ""
    return f"{NUMBERS.get(len(answers), len(answers))} scans, {found}{who}"


NARROWER = ": what would narrow this down is not published, or not known here"


def _statement(told: Told) -> Statement:
    result = told.result
    if not told.named:
        return Statement(_no_match(told), heading="What “no match” is worth")
    right, other, neither = told.over("right"), told.over("other"), told.over("neither")
    if other is not None and right is not None and neither is not None:
        several = len(result.answers) > 1
        words: Words = (
            "At most one of the people returned is the person scanned, and perhaps none is. By ", told.figures, " it "
            "is the ",
            "person named by the first scan in " if several else "person named in ",
            told.loosely(right), " such cases, another in ", told.loosely(other),
            ", and nobody who was returned in ", told.loosely(neither), f".{_alike(told)}",
            " Neither end, nor the middle, is the answer.",
        )  # fmt: skip
        what = "What the answers are worth, together" if several else "What the list is worth"
        return Statement(words, heading=what)
    what = "the choice from the list" if result.kind == "chosen from a list" else "the match"
    p, relatives = result.probability, _relatives(told)
    verdict = (
        f" Neither end, nor the middle, is the answer{'' if relatives else NARROWER}."
        if p.hi - p.lo > WIDE
        else " Where in between, the figures do not say."
    )
    words = (
        "By ", told.figures, ", the person named is the person scanned in ", "" if p.lo == p.hi else "anything from ",
        told.loosely(("probability.lo", "probability.hi")), " such cases.", verdict, relatives,
    )  # fmt: skip
    return Statement(words, heading=f"What {what} is worth")


def _alike(told: Told) -> str:
    """Where nothing tells two people returned apart, neither of them can be more probable than not."""
    same = all(abs(p.right.lo - p.other.lo) < 1e-9 and abs(p.right.hi - p.other.hi) < 1e-9 for p in told.result.priors)
    if not same or len({a for a in told.result.answers if a != "no match"}) != 2:
        return ""
    return " Nothing tells the two apart, so neither can be above 50."


def _relatives(told: Told) -> str:
    """Whose relatives the case says are in the gallery, and what they mean for the match."""
    sure: list[str] = []
    perhaps: list[str] = []
    for name, kin in (told.result.case.get("kin") or {}).items():
        parts = [told.given(f"kin.{name}.{key}") for key in ("share", "enrolled")]
        (sure if all(part is not None and part[1].lo == 1 for part in parts) else perhaps).append(kin["title"])
    if not sure and not perhaps:
        return ""
    also = " and ".join(perhaps)
    if not sure:
        return f" The person scanned may have {also} in the gallery, a rival who may have been named."
    more = f", and may have {also} there" if perhaps else ""
    return f" The person scanned has {' and '.join(sure)} in the gallery, the rival who may have been named{more}."


def _no_match(told: Told) -> Words:
    result = told.result
    if result.suspicion is None:
        return (
            "That the system returned nobody says something about whether the person scanned is in the gallery, and "
            "nothing else about them. By ", told.figures, " the person is in the gallery after all in ",
            told.loosely(("probability.lo", "probability.hi")), " such cases.",
        )  # fmt: skip
    lr = result.suspicion.lr
    verdict = (
        "so it points away from it" if lr.hi < 1 else "so it points towards it" if lr.lo > 1
        else "so it may point either way"
    )  # fmt: skip
    title, anywhere = str(result.case["no_match"]["title"]), "" if lr.lo == lr.hi else "anywhere from "
    return (
        "That the system found nobody does not show that the person scanned is one of the ", Quoted(title), ". By ",
        told.figures, ", ", Quoted(title), " get this answer ", anywhere, told.ratio("suspicion.lr"),
        f" times as often as others, {verdict}. How many of those scanned are such people is not given, so no "
        "probability of it follows.",
    )  # fmt: skip


def _weight(told: Told) -> list[Block]:
    result = told.result
    whole = "whole" if result.whole is not None else "search"
    what = {
        "match": "answer" if len(result.answers) == 1 else "series of answers",
        "chosen from a list": "choice", "no match": "answer",
    }[result.kind]  # fmt: skip
    blocks: list[Block] = []
    if result.suspicion is not None:
        blocks.append(Paragraph((
            Strong("Whether the person is in the gallery is another question. "), "By ", told.figures, " they are in "
            "it although nobody was returned in ", told.loosely(("probability.lo", "probability.hi")), " such cases.",
        )))  # fmt: skip
    who = "the person named by the first scan" if told.several else "the person named"
    meant: Words = (
        ("nor is ", who, " ", told.ratio(f"{whole}.lr"), " times as likely to be the one scanned.")
        if told.named
        else ("nor are they ", told.ratio(f"{whole}.lr"), " times as likely to be in the gallery.")
    )
    blocks.append(Paragraph((
        Strong("The weight of the evidence. "), f"Such {_a(what)} is ", told.ratio(f"{whole}.lr"),
        " times as probable if ", told.text(f"{whole}.first"), " as it is if ", told.text(f"{whole}.second"),
        " (likelihood ratio: below 1 speaks against the former, above 1 for it). On a scale of forensic "
        "laboratories: ", _support(told, whole), ". It is not the probability that the answer is right, ", meant,
    )))  # fmt: skip
    if result.kind != "chosen from a list":
        blocks.append(Paragraph((
            Strong("How often the search errs. "), "A search of this gallery names somebody for ",
            told.rate("fpir"), " of the people who are not in it, and misses ", told.rate("missed"), " of those who "
            "are.",
        )))  # fmt: skip
    record, wrong = told.over("record"), told.given("record.wrong")
    if record is not None and wrong is not None:
        k, number = wrong
        blocks.append(Paragraph((
            Strong("The record is another question. "), "What the record of the person named says (",
            Quoted(f"“{result.case['record']['says']}”"), ") is true of the person scanned only if the right person "
            "was named and the record is right: ", told.loosely(record), ", if such records are wrong in ",
            told.cases(f"inputs.{k}"), f" ({_known(number)}).",
        )))  # fmt: skip
    return blocks


def _known(number: Given) -> str:
    """Whether a number was measured, by what the case says of it."""
    if number.assumption:
        return "assumed, not measured"
    return {"document": "stated in this matter", "source": "published"}.get(number.basis, "from the test")


def _support(told: Told, name: str) -> Words:
    """ENFSI's words for the two ends, for and against the first statement."""
    ratio = told.result.whole if name == "whole" else told.result.search
    assert ratio is not None
    words = [
        f"{word} for it" if which == ratio.first else f"{word} against it" if which else word
        for word, which in ratio.words
    ]
    if len(set(words)) == 1:
        return Quoted(words[0])
    return ("anywhere between ", Quoted(words[0]), " and ", Quoted(words[1]), "; the figures do not say which")


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _prior_words(told: Told) -> Words:
    last = len(told.result.priors) - 1
    why = " For the others, whoever is named is wrong." if told.named else ""
    given = told.given("prior.enrolled")
    known = "" if given is None else f" ({_known(given[1])})"
    lo, hi = told.hundred("priors.0.prior"), told.hundred(f"priors.{last}.prior")
    taken: Words = lo if lo.text == hi.text else ("anywhere from ", lo, " to ", hi)
    return (
        Strong("One must know besides"), " how many of 100 people scanned are in the gallery (the database "
        "searched): ", taken, f"{known}.", why,
    )  # fmt: skip


def picked(told: Told) -> list[int]:
    """Which priors are shown."""
    n = len(told.result.priors)
    return [round(k * (n - 1) / (SHOWN - 1)) for k in range(SHOWN)]


_LEFT, _RIGHT, _ROW, _LETTERS = 108.0, WIDTH - 16.0, 35.0, 17.5


def picture(told: Told) -> Figure:
    """The probability at each prior, as bars on a scale of 100: drawn for half a page's width."""
    result, canvas = told.result, Canvas()
    rows = picked(told)[::2]
    top, bottom = 42.0, 42.0 + _ROW * len(rows)

    def x(p: float) -> float:
        return _LEFT + p * (_RIGHT - _LEFT)

    canvas.text(0, 15, "of 100 scanned,", ink=QUIET, size=14)
    canvas.text(0, 32, "in the gallery", ink=QUIET, size=14)
    asked = "right person named" if told.named else "in it although nobody returned"
    canvas.text(_LEFT, 32, f"{asked}, of 100", ink=QUIET, size=14.5)
    for tick in (0, 25, 50, 75, 100):
        canvas.line(x(tick / 100), top, x(tick / 100), bottom, ink=GRID)
        canvas.text(x(tick / 100), bottom + 20, f"{tick}", anchor="middle", ink=QUIET, size=14.5)
    for place, k in enumerate(rows):
        at = result.priors[k]
        found = getattr(at, told.asked)
        y = top + _ROW * place + _ROW / 2
        canvas.text(52, y + 12, told.hundred(f"priors.{k}.prior"), anchor="end", size=_LETTERS)
        shown: Words = told.loosely((f"priors.{k}.{told.asked}.lo", f"priors.{k}.{told.asked}.hi"), unit="", brief=True)
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
        caption="Each row is a different assumption about how many of 100 people scanned are in the gallery, each bar "
        "a range. Such cases: searches with this answer and these figures.",
        columns=columns,
        rows=tuple(
            {"prior": p.prior, "lo": getattr(p, told.asked).lo, "hi": getattr(p, told.asked).hi} for p in result.priors
        ),
        svg=canvas.svg("priors", title, description),
    )  # fmt: skip


def _decides(told: Told) -> list[Words]:
    """The share enrolled and the numbers of the case, those that move the answer most first, none that does not."""
    ranges = [(k, c) for k, c in enumerate(told.result.changes) if c.kind == "range" and c.path not in OBSCURE]
    pairs = [(ranges[k], ranges[k + 1]) for k in range(0, len(ranges) - 1, 2)]
    found = [(moved(a[1].probability, b[1].probability), _pair(told, a, b)) for a, b in pairs if moves(a[1], b[1])]
    contradicted = told.several and told.over("other") is not None
    # There each takes a clause of explanation.
    found = found[: 1 if contradicted else DECIDE]
    first, last = told.result.priors[0], told.result.priors[-1]
    if first.prior < last.prior:
        n = len(told.result.priors) - 1
        found.append((moved(getattr(first, told.asked), getattr(last, told.asked)), (
            Strong("how many of those scanned are in the gallery"), ": if ", told.hundred("priors.0.prior"),
            " of 100, ", _ends(told, f"priors.0.{told.asked}"), "; if ", told.hundred(f"priors.{n}.prior"), " of 100, ",
            _ends(told, f"priors.{n}.{told.asked}"),
        )))  # fmt: skip
    out: list[Words] = [words for _, words in sorted(found, key=lambda entry: -entry[0])]
    for k, change in enumerate(told.result.changes):
        twin = change.kind == "if" and change.title.startswith("an identical twin")
        if twin and _shown(change) != _shown(told.result):
            out.append((Strong("relatives"), ": if ", told.text(f"changes.{k}.title"), ", ",
                        _ends(told, f"changes.{k}.probability")))  # fmt: skip
    return out or ["Nothing: every number of the case is taken to be known."]


def _ends(told: Told, path: str) -> Words:
    return told.loosely((f"{path}.lo", f"{path}.hi"), brief=True)


def _shown(of: Change | CaseResult) -> tuple[str, str]:
    return of_hundred(of.probability.lo), of_hundred(of.probability.hi)


def moves(a: Change, b: Change) -> bool:
    """Whether the two answers differ as they are shown."""
    return _shown(a) != _shown(b)


MISSES = "how often the search misses somebody who is in the gallery"
OBSCURE = ("search.fnir_growth",)
"""Left to the table of changes: page one has no exponents."""

SHORT = {
    "search.fpir": "how often the test matched people who were not in its gallery",
    "search.growth": "how far such wrong matches grow with the gallery",
    "search.outranked": "how often a stranger scores above the right person",
    "search.fnir": MISSES, "capture.fnir": MISSES, "group.fnir": MISSES, "search.gallery": "how large the gallery is",
    "repeats.alike": "how far a false match is repeated in the next scan",
    "repeats.found_alike": "how far somebody found in one scan is found in the next",
    "repeats.agree": "how often two false matches name one stranger",
    "fpir": "how often a search matches people who are not in the gallery", "fnir": MISSES,
}  # fmt: skip
"""A clause for a number, by its path; for others their title is one."""

CONTRADICTED = {
    "search.outranked": "where it is often, two answers are to be expected of somebody who is in the gallery as well",
    "outranked": "where it is often, two answers are to be expected of somebody who is in the gallery as well",
    "repeats.agree": "where it is often, two false matches would rather have named one stranger",
    "repeats.found_alike": "where it is far, somebody found once would rather have been found twice",
}  # fmt: skip
"""Why a number moves the answer as it does, where two people were named."""
STRICTER = "where they do not, the threshold (how alike two photographs must be) was raised, so more are missed"


def _why(told: Told, path: str) -> str:
    if not told.named and path == "search.growth":
        return f" ({STRICTER})"
    contradicted = told.over("other") is not None and len(told.result.answers) > 1
    return f" ({CONTRADICTED[path]})" if contradicted and path in CONTRADICTED else ""


def _pair(told: Told, a: tuple[int, Change], b: tuple[int, Change]) -> Words:
    (i, first), (j, second) = a, b
    name, _, low = first.title.rpartition(": ")
    name = SHORT.get(first.path, name)
    if not told.named and first.path == "search.growth":
        name = "how far wrong matches grow with the gallery"
    high = second.title.rpartition(": ")[2]
    return (
        Strong(name), ": if ", Quoted(low), ", ", _ends(told, f"changes.{i}.probability"), "; if ", Quoted(high), ", ",
        _ends(told, f"changes.{j}.probability"), _why(told, first.path),
    )  # fmt: skip


def first_mistakes(told: Told) -> int:
    """How many of the mistakes stand on page one."""
    return min(3, len(told.result.fallacies))


def _status(told: Told) -> Words:
    """What no answer of a search can show."""
    claim = "The right person was named" if told.named else "They are not in the gallery"
    return f"“{claim}, so that settles it.” ", Strong("No."), " That shows neither what they did nor their status."


def _not_said(told: Told) -> Callout:
    return Callout(
        "Wrong ways of reading it:",
        tuple(
            ("“", told.text(f"fallacies.{k}.claim"), "” ", Strong("No. "), told.text(f"fallacies.{k}.short"))
            for k in range(first_mistakes(told))
        )
        + (_status(told),),
    )
