"""What the answer stands on: what was given, method, result, what would change it, limits, how to compute it again."""

from __future__ import annotations

from collections.abc import Iterator

from misid.cases.bounds import ENFSI_SOURCE, RULE
from misid.cases.model import Given
from misid.ground.text import sentence
from misid.report.case.answer import first_mistakes, moves, picked
from misid.report.case.told import Told, cites
from misid.report.filing import (
    Block,
    Bullets,
    Code,
    Column,
    Paragraph,
    Quoted,
    Row,
    Section,
    Strong,
    Table,
    Value,
    Words,
)

BASIS = {
    "document": "stated in this matter", "source": "published", "assumption": "assumed", "model": "from the test",
}  # fmt: skip


def given(told: Told) -> Section:
    """The question, what the system answered, and every number that went in."""
    result = told.result
    blocks: list[Block] = []
    if result.case.get("about"):
        blocks.append(Paragraph(Quoted(" ".join(result.case["about"].split()))))
    about: list[Words] = []
    for key, what in (("capture", "the photograph"), ("group", "the person scanned")):
        title = result.case.get(key, {}).get("title")
        if title:
            about.append((f" Of {what}: ", Quoted(sentence(title))))
    blocks.append(Paragraph(("The system answered: ", Quoted(_answers(told)), ".", *about)))
    blocks.append(Table(
        id="inputs", title="Every number that went in",
        columns=(Column("What", width=2.1), Column("Taken to be", width=1.4), Column("Because", width=2.8)),
        rows=tuple(_rows(told)), file="tables/inputs.csv",
    ))  # fmt: skip
    return Section("given", "What was given", tuple(blocks))


def _answers(told: Told) -> str:
    words = {"named": "the person named", "no match": "nobody"}
    answers = [words.get(a, a) for a in told.result.answers]
    if len(answers) == 1:
        return answers[0]
    return "; ".join(f"scan {k}, {a}" for k, a in enumerate(answers, start=1))


KIN_PARTS = {"share": "has one", "enrolled": "in the gallery", "match": "matches", "first": "above the right person"}


def _rows(told: Told) -> Iterator[Row]:
    """A row a number; the numbers of a relative in one."""
    done: set[str] = set()
    for k, g in enumerate(told.result.inputs):
        parts = g.path.split(".")
        if parts[0] != "kin":
            yield Row(_input(told, k, g))
        elif parts[1] not in done:
            done.add(parts[1])
            yield Row(_relative(told, parts[1]))


def _relative(told: Told, name: str) -> tuple[Words, ...]:
    mine = [(k, g) for k, g in enumerate(told.result.inputs) if g.path.startswith(f"kin.{name}.")]
    title = mine[0][1].title.partition("person scanned has ")[2]
    values: list[Words] = []
    for k, g in mine:
        values += [f"{'; ' if values else ''}{KIN_PARTS[g.path.split('.')[-1]]}: ", told.text(f"inputs.{k}.said")]
    documents = dict.fromkeys(g.document for _, g in mine if g.document)
    sources = tuple(dict.fromkeys(s for _, g in mine for s in g.source))
    assumed = dict.fromkeys(g.assumption for _, g in mine if g.assumption)
    because: list[Words] = [Strong("by default" if all(g.default for _, g in mine) else "of this matter")]
    if documents:
        because.append((": ", Quoted("; ".join(documents))))
    because.append(("; published", cites(sources)) if sources else "")
    if assumed:
        because.append(("; assumed: ", Quoted("; ".join(assumed))))
    return (f"Relatives: {title}", tuple(values), tuple(because))


def _input(told: Told, k: int, g: Given) -> tuple[Words, ...]:
    parts: list[Words] = [Strong(BASIS[g.basis])]
    if g.document:
        parts.append((": ", Quoted(g.document)))
    if g.source:
        parts.append((" (published)" if g.document else "", cites(g.source)))
    if g.assumption:
        parts.append(("; assumed: " if g.basis != "assumption" else ": ", Quoted(g.assumption)))
    if g.note:
        parts.append(("; ", Quoted(g.note)))
    if g.default:
        parts.append(" (by default)")
    return (Quoted(sentence(g.title)[:-1]), told.text(f"inputs.{k}.said"), tuple(parts))


def method(told: Told) -> Section:
    """How the likelihood ratio and the probability were got."""
    result = told.result
    blocks: list[Block] = [
        Paragraph((
            "Two statements are compared. First: ", told.text("search.first"), ". Second: ", told.text("search.second"),
            ". The likelihood ratio says how many times as probable what was seen is under the first as under the "
            "second. "
            "It is from ", told.text("search.method"), ".",
        )),
        Paragraph(
            "The probability follows by Bayes' rule. With p the chance before the search that the person scanned is "
            "in the "
            "gallery, it is p × P(seen and right | in it), divided by p × P(seen | in it) + (1 − p) × P(seen | not "
            "in it). "
            "In it is also the possibility that the person scanned is in the gallery and somebody else was named. "
            "It is "
            "given over the whole range of p, which is for the court and not for the instrument to choose."),
        Paragraph((
            "Every answer is the lowest and the highest that the ranges of the numbers allow together. ", _limits(told)
        )),
    ]  # fmt: skip
    if result.bound is not None:
        reached = " That bound was reached here." if result.bound.reached else ""
        blocks.append(Paragraph((
            RULE, ". Here from ", told.ratio_of("bound.lowest"), " to ", told.ratio_of("bound.highest"), ": ",
            told.text("bound.reason"), ".",
            reached,
        )))  # fmt: skip
    blocks.append(
        Paragraph(("Words for likelihood ratios: ", ENFSI_SOURCE, ". The number is what counts."), small=True)
    )
    return Section("method", "Method", tuple(blocks))


def _limits(told: Told) -> Words:
    """What the ends of a range are."""
    if told.result.search.lr.level is None:
        return "These are no confidence limits: they are as good as the ranges."
    return (
        "Rates from the test enter with limits that hold together at ", told.values.percent("search.lr.level"),
        "; what is assumed enters with its ends, which are as good as the assumption.",
    )  # fmt: skip


def outcome(told: Told) -> Section:
    """All results, in two tables."""
    result = told.result
    rows = [
        Row(("A search of this gallery names somebody wrong, for people who are not in it", told.rate("fpir"))),
        Row(("A search misses the right person, for people who are in it", told.rate("missed"))),
        Row(("Likelihood ratio of the system's answers", (told.ratio("search.lr"), ": ", told.words_of("search")))),
    ]
    if result.whole is not None:
        rows.append(Row((
            "Likelihood ratio with the review and the other evidence",
            (told.ratio("whole.lr"), ": ", told.words_of("whole")),
        )))  # fmt: skip
    if result.suspicion is not None:
        rows.append(Row((
            ("Likelihood ratio for: ", told.text("suspicion.first")),
            (told.ratio("suspicion.lr"), ": ", told.words_of("suspicion")),
        )))  # fmt: skip
    columns: list[tuple[str, str]] = [("Right person named", "right")] if told.named else []
    if told.over("other") is not None:
        columns += [("Another of those returned", "other"), ("Nobody returned", "neither")]
    columns.append(("In the gallery", "enrolled"))
    if told.over("record") is not None:
        columns.append(("Right person and right record", "record"))
    table = Table(
        id="table-priors", title="Of 100 such cases",
        columns=(Column("Enrolled before the search, of 100"), *(Column(title) for title, _ in columns)),
        rows=tuple(
            Row((
                told.hundred(f"priors.{k}.prior"),
                *(
                    (told.hundred(f"priors.{k}.{key}.lo"), " to ", told.hundred(f"priors.{k}.{key}.hi"))
                    for _, key in columns
                ),
            ))
            for k in picked(told)[::2]
        ),
        caption="Each cell from the lowest to the highest that the figures allow.", file="tables/priors.csv",
    )  # fmt: skip
    return Section("result", "Result", (
        Table(id="table-rates", title="Rates and likelihood ratios",
              columns=(Column("What", width=1.4), Column("From to", width=1.8)),
              rows=tuple(rows)),
        table,
    ))  # fmt: skip


MOST_RANGES, MOST_MISTAKES = 5, 5


def change(told: Told) -> Section:
    """One thing otherwise, the rest as it is."""
    changes = list(enumerate(told.result.changes))
    ranges = [entry for entry in changes if entry[1].kind == "range"]
    pairs = [(ranges[k], ranges[k + 1]) for k in range(0, len(ranges) - 1, 2)]
    shown = [(a, b) for a, b in pairs if moves(a[1], b[1])][:MOST_RANGES]
    left_out = len(pairs) - len(shown)
    blocks: list[Block] = [
        Table(
            id="table-ranges", title="One number at either end of its range, everything else as it is",
            columns=(Column("Number", width=2.2), Column("At one end", width=1.4), Column("At the other", width=1.4)),
            rows=tuple(
                Row((
                    Quoted(sentence(a.title.rpartition(": ")[0])[:-1]),
                    (Quoted(a.title.rpartition(": ")[2]), ": ", told.chance(f"changes.{i}.probability")),
                    (Quoted(b.title.rpartition(": ")[2]), ": ", told.chance(f"changes.{j}.probability")),
                ))
                for (i, a), (j, b) in shown
            ),
            caption="Those that move the answer most come first."
            + (f" {left_out} that move it less or not at all are in the table of all changes." if left_out > 0 else ""),
            file="tables/changes.csv", empty="every number of the case is taken to be known, or moves nothing",
        ),
    ]  # fmt: skip
    ifs = [entry for entry in changes if entry[1].kind == "if"]
    if ifs:
        blocks.append(Table(
            id="table-ifs", title="If one thing had been otherwise",
            columns=(Column("If", width=2.6), Column("Likelihood ratio", width=1.0), Column("Probability", width=1.3)),
            rows=tuple(
                Row((
                    told.text(f"changes.{k}.title"), told.ratio(f"changes.{k}.lr"),
                    told.chance(f"changes.{k}.probability"),
                ))
                for k, _ in ifs
            ),
        ))  # fmt: skip
    return Section("change", "What would change it", tuple(blocks))


def mistakes(told: Told) -> Section:
    """The fallacies that this case invites: those of page one by name, and the next."""
    found = told.result.fallacies
    # Where they are few there is room for all of them in full.
    first = first_mistakes(told) if len(found) > first_mistakes(told) else 0
    names = "; ".join(f.name for f in found[:first])
    more: list[Words] = [
        (Strong(f.name), ". “", told.text(f"fallacies.{k}.claim"), "” ", told.text(f"fallacies.{k}.why"))
        for k, f in enumerate(found[:MOST_MISTAKES])
        if k >= first
    ]
    return Section("mistakes", "Mistakes that this case invites", (
        *([Paragraph((Quoted(f"Those of section 1 are known as: {names}."), " And others:"))] if first else []),
        *([Bullets(tuple(more))] if more else []),
    ))  # fmt: skip


def limits(told: Told, fingerprint: str) -> Section:
    """What the answer assumes and does not cover, and what it takes to compute it again."""
    result = told.result
    items: list[Words] = [Quoted(sentence(text)) for text in result.case.get("caveats", [])]
    items += [Value(f"warnings.{k}", text, sentence(text)) for k, text in enumerate(result.warnings)]
    items.append(
        "This report is about one answer of one system. It says nothing of who anybody is, nor of whether the search "
        "was lawful."
    )
    assumed: list[Words] = []
    for k, text in enumerate(result.assumptions):
        assumed += ["; " if k else "Assumed: ", Value(f"assumptions.{k}", text, text)]
    files: list[Words] = []
    for key, sha256 in result.files.items():
        files += [", ", Quoted(key), " ", Code(sha256)]
    return Section("limits", "Limits, and how to compute it again", (
        Bullets(tuple(items)),
        Paragraph((*assumed, "."), small=True),
        Paragraph((
            Code("misid verify bundle.zip"), " computes this report again from what is in the bundle beside it. It "
            "was made "
            "with misid ", told.text("misid"), ", seed ", Value("seed", str(result.seed), str(result.seed)),
            ". SHA-256: report.json ", Code(fingerprint), *files, ". Formulas with examples by hand are in "
            "docs/case.md of "
            "misid; how often its likelihood ratios hold is in docs/case-calibration.md.",
        ), small=True),
    ))  # fmt: skip
