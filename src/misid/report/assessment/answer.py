"""The answer in people, with its icon arrays; and what was and was not measured."""

from __future__ import annotations

from misid.encounter.model import SOLIDITY, Estimate
from misid.ground.codes import plain
from misid.ground.numbers import count, denominator
from misid.ground.text import sentence
from misid.report.assessment.told import Told, listed, named
from misid.report.figures.base import Figure
from misid.report.figures.icons import MOST_ICONS, array_of, array_svg, icons_a_row
from misid.report.filing import (
    Block,
    Bullets,
    Callout,
    Cite,
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
from misid.report.filing.model import said as as_text
from misid.report.palette import BLUE, VERMILLION, Ink

ESTIMATE_COLUMNS = ("value", "lo", "hi", "chance_lo", "chance_hi", "level", "unit", "reason")


def answer(told: Told) -> Section:
    """The answer, before everything else."""
    a, said = told.assessment, told.said
    held, right = f"{told.everybody()}.wrongly_held", f"{told.everybody()}.right_record_given_match"
    policy = told.lead
    wrongly = policy.everybody.wrongly_held
    per = a.per
    size = _size(wrongly, per)
    first = (
        (
            "Of ", count(size), " scans under the policy ", named(policy.title), ", about ",
            said.people(held, size), " end with somebody wrongly held."
        )
        if wrongly.value is not None
        else ("Wrongly held under the policy ", named(policy.title), ": not defined, ", Quoted(wrongly.reason), ".")
    )  # fmt: skip
    columns: list[tuple[Block, ...]] = [
        (
            Statement(first, heading="Held, and should not be"),
            Picture(
                _icons(wrongly, per, size, VERMILLION, "answer-wrongly-held", "People wrongly held", as_text(first)),
                words=_caption(wrongly, per, size, "scan", "scans"),
            ),
        )
    ]
    correct = policy.everybody.right_record_given_match
    if correct.value is not None and correct.lo is not None and correct.hi is not None:
        wrong = Estimate(
            value=1 - correct.value, lo=1 - correct.hi, hi=1 - correct.lo, level=correct.level, unit="probability"
        )
        of = _size(wrong, 1.0)
        second = (
            "Of ", count(of), " matches, about ", said.proportion(right, of, rest=True),
            " are wrong: another person is returned, or the right person with a wrong record."
        )  # fmt: skip
        columns.append((
            Statement(second, heading="A match, and it is wrong"),
            Picture(
                _icons(wrong, 1.0, of, BLUE, "answer-wrong-match", "Matches that are wrong", as_text(second)),
                words=_caption(wrong, 1.0, of, "match", "matches"),
            ),
        ))  # fmt: skip
    blocks: list[Block] = [
        Paragraph(Quoted(_joined(a.about)), numbered=False),
        SideBySide(tuple(columns)),
        Paragraph(("Wrongly held means: ", _held_means(told), " The limits in brackets hold ", said.level(held),
                   " of what the inputs allow: they say what is not known. Where no count or test exists they are "
                   "wide, and no further computing narrows them. Scans are counted, and one person can be scanned more "
                   "than once.")),
        *(
            [
                Callout(
                    "To be read with these numbers:",
                    tuple(Quoted(sentence(plain(t))) for t in (*a.caveats, *a.warnings)),
                )
            ]
            if a.caveats or a.warnings
            else []
        ),
        *_who(told),
        *_with_chance(told, held),
        *_other_policies(told),
        _solidity(told),
    ]  # fmt: skip
    return Section("answer", "The answer", tuple(blocks))


def _joined(text: str) -> str:
    return " ".join(text.split())


def _size(estimate: Estimate, per: float) -> int:
    """The denominator at which about two can be seen, at most what single icons can show."""
    shown = estimate.value or estimate.hi or 0.0
    return min(denominator(shown / per, at_least=2.0) if shown else 100, MOST_ICONS * 10)


def _icons(estimate: Estimate, per: float, size: int, ink: Ink, name: str, title: str, sentence_: str) -> Figure:
    row = {key: getattr(estimate, key) for key in ESTIMATE_COLUMNS}
    if estimate.value is None or estimate.hi is None:
        return Figure(
            name=name, title=title, description=sentence_, caption="", columns=ESTIMATE_COLUMNS, rows=(row,),
            hole=estimate.reason,
        )  # fmt: skip
    array = array_of(estimate.value / per, estimate.hi / per, size)
    return Figure(
        name=name, title=title,
        description=f"{sentence_} Drawn as {count(array.icons)} icons: {count(array.marked)} filled, "
        f"{count(array.possible)} hollow, the others small dots.",
        caption="", columns=ESTIMATE_COLUMNS, rows=(row,), svg=array_svg(array, ink, name, title, sentence_),
    )  # fmt: skip


def _caption(estimate: Estimate, per: float, size: int, one: str, many: str) -> Words:
    if estimate.value is None or estimate.hi is None:
        return ""
    array = array_of(estimate.value / per, estimate.hi / per, size)
    each = f"Each icon is one {one}" if array.each == 1 else f"Each icon is {count(array.each)} {many}"
    words = f"{each}, {count(icons_a_row(array))} a row. "
    words += "Filled squares: the estimate. " if array.marked else "None is filled: the estimate is none. "
    return words + "Hollow squares: as many more as the upper limit allows."


def _held_means(told: Told) -> Words:
    a = told.assessment
    sought = listed([a.statuses[name] for name in a.sought])
    if a.falls_on == "returned":
        return ("held in place of the person searched for.",)
    return ("held, and not among ", Quoted(sought), ".")


def _who(told: Told) -> list[Block]:
    """Wrongly held, of as many people of each status that is not sought."""
    items: list[Words] = []
    for place, outcomes in enumerate(told.lead.by_status):
        rate = outcomes.per_scanned.get("wrongly_held")
        if outcomes.status in told.assessment.sought or rate is None or rate.value is None:
            continue
        size = denominator(rate.value or rate.hi or 0.0, at_least=2.0)
        items.append((
            "Of ", count(size), " scans of ", Quoted(outcomes.title), ", about ",
            told.said.proportion(f"policies.0.by_status.{place}.per_scanned.wrongly_held", size),
            " end with somebody wrongly held.",
        ))  # fmt: skip
    return [Bullets(tuple(items))] if items else []


def _with_chance(told: Told, path: str) -> list[Block]:
    record = told.said.at(path)
    if record["chance_lo"] is None or record["chance_hi"] is None:
        return []
    said = told.said
    ends = (said.plain(f"{path}.chance_lo"), " and ", said.plain(f"{path}.chance_hi"))
    return [
        Paragraph((
            "A count in one run of ", said.count("per"), " scans, chance included, lies between ", ends, " (",
            said.level(path), " of what the inputs allow). Most of that is what is not known, not luck.",
        ))
        if _mostly_unknown(record)
        else Paragraph((
            "A count in one run of ", said.count("per"), " scans, chance included, lies between ", ends, " (",
            said.level(path), " of what the inputs allow).",
        ))
    ]  # fmt: skip


def _mostly_unknown(record: dict[str, float]) -> bool:
    known = record["hi"] - record["lo"]
    return known > 0.5 * (record["chance_hi"] - record["chance_lo"])


def _other_policies(told: Told) -> list[Block]:
    """The other policies against the lead, for people wrongly held."""
    a, said = told.assessment, told.said
    items: list[Words] = []
    for place, difference in enumerate(a.differences):
        if difference.measure != "wrongly_held" or difference.than != a.lead:
            continue
        index = next(i for i, p in enumerate(a.policies) if p.name == difference.policy)
        items.append((
            told.policy_title(difference.policy), ": ", said.estimate(f"policies.{index}.everybody.wrongly_held"),
            " wrongly held, and fewer in ", said.of_draws(f"differences.{place}.fewer"), " of the draws.",
        ))  # fmt: skip
    if not items:
        return []
    return [
        Paragraph((
            "Other policies on the same draws, per ", said.count("per"), " scans (under ",
            told.policy_title(a.lead), ": ", said.estimate(f"{told.everybody()}.wrongly_held"),
            "). What else they cost is in ", Ref("policies"),
            ":",
        )),
        Bullets(tuple(items)),
    ]  # fmt: skip


def _solidity(told: Told) -> Paragraph:
    parts: list[Words] = []
    for solidity, meaning in SOLIDITY.items():
        place = f"inputs.#solidity={solidity}"
        number = told.said.at(place)
        if number:
            parts += [told.said.count(place), f" {_kind(solidity, number == 1)} ({meaning})", "; "]
    return Paragraph((
        "Of ", told.said.count("inputs.#"), " inputs, ", tuple(parts[:-1]), "; each is in ", Ref("inputs"), "."
    ))  # fmt: skip


def _kind(solidity: str, one: bool) -> str:
    singular = {"assumption": "is an assumption", "proxy": "is a proxy"}.get(solidity, f"is {solidity}")
    plural = {"assumption": "are assumptions", "proxy": "are proxies"}.get(solidity, f"are {solidity}")
    return singular if one else plural


def measured(told: Told) -> Section:
    """What is known by measurement, and what is not."""
    a = told.assessment

    def column(heading: str, texts: tuple[str, ...], none: str) -> tuple[Block, ...]:
        items = Bullets(tuple(Quoted(sentence(text)) for text in texts)) if texts else Paragraph(none, numbered=False)
        return (Paragraph(Strong(heading), numbered=False), items)

    return Section("measured", "What was measured, and what was not", (
        Paragraph(("The people: ", Quoted(sentence(a.population)), " The number of scans: ",
                   told.said.estimate("scans"), _scans_source(told), ".")),
        SideBySide((
            column("Measured by somebody", a.measured, "Nothing that this scenario needs was measured."),
            column("Not measured by anybody", a.not_measured, "The scenario names nothing."),
        )),
        *_assumptions(told),
    ))  # fmt: skip


def _scans_source(told: Told) -> Words:
    found = next((i for i in told.assessment.inputs if i.path == "scans"), None)
    known = {used.id for used in told.assessment.facts}
    return () if found is None else tuple(Cite(id_) for id_ in found.sources if id_ in known)


def _assumptions(told: Told) -> list[Block]:
    texts = told.assessment.assumptions
    if not texts:
        return []
    return [
        Callout("Assumed by the model itself, whatever the inputs:", tuple(Quoted(sentence(text)) for text in texts))
    ]
