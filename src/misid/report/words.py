"""The sentences of the report: what was not measured, what a differential says, how the limits were got."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from misid.ground.codes import plain
from misid.ground.measures import measure
from misid.ground.numbers import at_target, count, p_text, percent, significant, threshold_text
from misid.ground.rate import Rate
from misid.ground.text import sentence
from misid.rates.model import Differential
from misid.report.facts import GroupFacts, TestFacts
from misid.report.figures.groups import short_label

STATISTICS: dict[str, tuple[str, str]] = {
    "max/min": ("highest ÷ lowest", "1 where all groups are alike"),
    "max/geomean": ("highest ÷ typical", "1 where all groups are alike; typical is the geometric mean over groups"),
    "gini": ("Gini coefficient", "0 where all groups are alike, 1 where one group has all of it"),
    "fdr": ("fairness discrepancy rate", "1 where all groups are alike, lower where they differ"),
    "garbe": ("GARBE", "0 where all groups are alike, 1 at most"),
    "ratio": ("ratio of two groups", "1 where both are alike"),
}
"""A plain name and how to read it (ISO/IEC 19795-10, NIST IR 8429)."""


def not_measured(facts: TestFacts, note: str, *, projected: bool = False) -> list[tuple[str, str]]:
    """What the reader may expect and this test did not measure, as (what, why)."""
    largest = facts.gallery_declared or facts.gallery_max or facts.references
    missing = [
        (
            f"A gallery of more than {count(largest)} faces.",
            "Wrong candidates become more frequent as a gallery grows; how fast depends on how much people differ in "
            "being mistaken for others, and on the engine. "
            + (
                "Nothing beyond this test's own gallery was counted: what is said of larger ones is extrapolated, in a "
                "section of its own."
                if projected
                else "A test fixes neither beyond its own gallery, and this report projects nothing: no figure in it "
                "holds for a larger gallery."
            ),
        ),
        (
            "Other photographs.",
            f"The test says of its samples: “{note.rstrip('.')}”. Other cameras, light, poses or ages give other rates."
            if note
            else "Nothing was said about how the samples of this test were taken. Other cameras, light, poses or ages "
            "give other rates.",
        ),
        (
            "What people do with a candidate.",
            "The rates end where the engine answers. Review, records and decisions come after it and have errors of "
            "their own.",
        ),
        (
            "Relatives and twins.",
            "The counts do not say whether any took part. They resemble each other more than strangers do.",
        ),
    ]
    if not facts.attributes:
        missing.append(("Demographic groups.", "No groups were given, so nothing is said about who bears the errors."))
    if facts.acquisition_failed is None:
        missing.append(
            (
                "Photographs that could not be used at all (FTA).",
                "Not declared apart from failure codes; they would raise FNIR.",
            )
        )
    if facts.enrolment_failed is None:
        missing.append(
            (
                "People who could not be enrolled (FTE).",
                "Not declared. They cannot be found, whatever the rates below say.",
            )
        )
    if facts.kind == "candidates":
        missing.append(
            (
                "Scores below the end of the lists.",
                "Searches returned at most a list; what would have stood below it is not known, and rates that need "
                "it are marked so.",
            )
        )
    return missing


def differential_words(item: Differential, groups: dict[str, GroupFacts]) -> str:
    """One differential as a sentence that counts the people of the groups it names."""
    words = measure(item.measure).short
    of, to = ("" if g is None else _with_people(g, item.attribute, groups) for g in (item.of, item.to))
    if item.status in ("undefined", "refused") or (item.estimate is None and item.hi is None and not item.lo):
        reason = item.warnings[0] if item.warnings else "the data cannot carry it"
        return f"{words}: cannot be said ({reason})."
    amount = _amount(item)
    if item.of and item.statistic == "max/min" and (item.of == item.to or item.plain == 1):
        return f"The {words} is the same in all groups: highest ÷ lowest is {amount}."
    if item.of and item.statistic == "max/geomean" and item.plain == 1:
        return f"The {words} is the same in all groups: highest ÷ typical is {amount}."
    highest = f"The highest {words}{f', of {of},' if of else ''} is {amount} times"
    if item.statistic == "ratio" and of and to:
        return f"The {words} of {of} is {amount} times that of {to}.{_test(item)}"
    if item.statistic == "max/min":
        return f"{highest} the lowest{f', of {to}' if to else ''}."
    if item.statistic == "max/geomean":
        return f"{highest} the typical one."
    name = STATISTICS.get(item.statistic, (item.statistic, ""))[0]
    return f"{name[0].upper()}{name[1:]} of {words}: {amount}."


def _with_people(group: str, attribute: str, groups: dict[str, GroupFacts]) -> str:
    facts = groups.get(group)
    people = "" if facts is None else f" ({count(max(facts.probe_people, facts.mated_people))} people)"
    return f"{short_label(group, attribute)}{people}"


def _amount(item: Differential) -> str:
    if item.estimate is None or item.status != "ok":
        top = "" if item.hi is None else f"at most {significant(item.hi)}"
        bottom = "" if not item.lo else f"at least {significant(item.lo)}"
        return " and ".join(part for part in (bottom, top) if part) + f" ({percent(item.level)})"
    if item.lo is None or item.hi is None:
        return f"{significant(item.estimate)} (limits not known)"
    return f"{significant(item.estimate)} ({percent(item.level)} {significant(item.lo)}–{significant(item.hi)})"


def _test(item: Differential) -> str:
    if item.adjusted_p is None:
        return ""
    return f" If they were alike, a ratio this far from 1 would come with p {_p(item.adjusted_p)} (Holm)."


def _p(value: float) -> str:
    text = p_text(value)
    return text if text.startswith("below") else f"= {text}"


def methods_of(records: Iterable[Rate]) -> list[tuple[str, str, str]]:
    """How the limits of each measure were got, as (measure, level, method), in the order met."""
    seen = dict.fromkeys((measure(r.measure).short, percent(r.level), r.method) for r in records if r.method)
    return list(seen)


def refused_targets(records: Iterable[Rate]) -> list[str]:
    """The targets for which no threshold could be given, one sentence a measure, with the reason for the largest."""
    found: dict[str, list[Rate]] = {}
    for rate in records:
        if rate.status == "refused" and rate.target is not None and rate.measure in ("fmr", "fpir"):
            found.setdefault(rate.measure, []).append(rate)
    sentences = []
    for code, rates in found.items():
        ordered = sorted(rates, key=lambda r: -(r.target or 0.0))
        targets = ", ".join(at_target(r.target or 0.0) for r in ordered)
        reason = ordered[0].warnings[0] if ordered[0].warnings else "the data cannot carry it"
        sentences.append(f"No threshold is given for {measure(code).short} of at most {targets}: {reason}.")
    return sentences


def notes_on(records: Sequence[Rate]) -> list[str]:
    """What is to be said of single rates, each text once with the rates that it is said of."""
    said: dict[str, dict[str, None]] = {}
    for rate in records:
        # The targets that were refused stand in sentences of their own.
        for text in () if rate.status == "refused" and rate.target is not None else rate.warnings:
            said.setdefault(text, {})[measure(rate.measure).short] = None
    named = [f"{', '.join(of)}: {text}" for text, of in said.items()]
    return [*refused_targets(records), *(text if text.endswith(".") else f"{text}." for text in named)]


def codes_text(codes: Sequence[str]) -> str:
    """Failure codes as the input has them; a tally's text that is no number stays as it is."""
    return ", ".join(map(_code, codes))


def _code(code: str) -> str:
    try:
        return threshold_text(float(code))
    except ValueError:
        return code


def failures_text(codes: Sequence[str], facts: TestFacts) -> str:
    """Which failure codes were declared, how many comparisons carried one, and how they count."""
    text = f"Declared failure codes: {codes_text(codes)}." if codes else "No failure code was declared."
    if codes or facts.failed_nonmated or facts.failed_mated:
        text += (
            f" Comparisons that carried one: {count(facts.failed_nonmated)} non-mated, {count(facts.failed_mated)} "
            "mated."
        )
    return f"{text} A failed mated search counts as a miss; a failed search never counts as a wrong person returned."


def has_counts(rate: Rate) -> bool:
    """Whether a rate has errors and trials of its own: others are put together from rates that have."""
    return rate.status != "refused" and rate.measure not in COMPOSED


COMPOSED = ("eer", "far", "frr", "gfar", "gfrr")
"""Rates made of other rates."""


def all_warnings(*lists: Sequence[str]) -> list[str]:
    """Every warning once, in the order met, as a sentence with its code in brackets."""
    return [sentence(plain(text)) for text in dict.fromkeys(text for texts in lists for text in texts)]
