"""What the answer stands on: every input with its source, the method, the provenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from misid.encounter.model import SOLIDITY, Input
from misid.evidence.words import READ
from misid.ground.text import sentence
from misid.report.assessment.told import Told
from misid.report.filing import (
    Block,
    Bullets,
    Callout,
    Code,
    Column,
    Paragraph,
    Quoted,
    Row,
    Section,
    Source,
    Strong,
    Table,
    Terms,
    Words,
)

SET = "command line"
"""Where an input comes from that ``--set`` changed."""

PARTS = {
    "scans": "How many, and how often", "scans_per_person": "How many, and how often", "statuses": "Who is scanned",
    "groups": "Who is scanned", "kin": "Relatives", "factors": "Differences between groups and photographs",
    "capture": "The photograph", "quality": "The photograph", "images": "The photograph", "search": "The search",
    "display": "What is shown", "records": "The record", "sources": "Other evidence", "reviews": "Human review",
    "outcomes": "What follows",
}  # fmt: skip
"""First part of an input's path to the heading it stands under."""


def inputs(told: Told) -> Section:
    """Every input, with where it comes from and how solid it is."""
    a = told.assessment
    by_part: dict[str, list[Input]] = {}
    for item in a.inputs:
        by_part.setdefault(PARTS.get(item.path.split(".")[0], "Other inputs"), []).append(item)
    blocks: list[Block] = [
        Paragraph(
            "Every number that went in. How solid each is, is said in one word:"),
        Bullets(tuple((Strong(solidity), f": {meaning}.") for solidity, meaning in SOLIDITY.items())),
    ]  # fmt: skip
    for place, (part, items) in enumerate(by_part.items(), start=1):
        blocks.append(Table(
            id=f"inputs-{place}", title=part,
            columns=(Column("Input", width=1.9), Column("Used", width=1.5), Column("How solid", width=0.9),
                     Column("Where from, and what is assumed", width=2.4)),
            rows=tuple(Row(_input(told, item)) for item in items),
            file="tables/inputs.csv" if place == 1 else "",
        ))  # fmt: skip
    if a.conflicts:
        blocks += [
            Paragraph("Where sources on these inputs disagree:", numbered=False),
            Terms(tuple(
                (Quoted(sentence(c["question"])),
                 (Quoted(sentence(c["differs"])), " Advice to whoever writes a scenario: ",
                  Quoted(sentence(c["advice"]))))
                for c in a.conflicts
            )),
        ]  # fmt: skip
    return Section("inputs", "Every input, and where it comes from", tuple(blocks))


def _input(told: Told, item: Input) -> tuple[Words, ...]:
    parts: list[Words] = []
    if item.sources:
        parts.append(("Published", told.cited(item.sources), ". "))
    if item.assumption:
        # Whoever sets a number on the command line assumes it; the scenario's own words say so already.
        said = () if item.set_by == SET else "Assumed: "
        parts.append((said, Quoted(sentence(item.assumption)), " "))
    if item.note:
        parts.append((Quoted(sentence(item.note)), " "))
    return (
        (Quoted(_capital(item.title)), " ", Code(item.path)),
        (Quoted(item.said), _unit(item.unit)),
        Quoted(item.solidity),
        tuple(parts) or "not stated",
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _unit(unit: str) -> str:
    return "" if unit in ("proportion", "ratio", "exponent", "correlation") else f" {unit}"


def sources(told: Told) -> dict[str, Source]:
    """The footnotes: a fact each, with what it says, its source and how near to it it was read."""
    return {used.id: _source(used.id, used.fact) for used in told.assessment.facts}


def _source(id_: str, fact: Mapping[str, Any]) -> Source:
    limits = f" ({fact['limits']})" if fact["limits"] else ""
    units = f" {fact['units']}" if fact["units"] in ("proportion", "ratio", "index") else ""
    conflict = " In conflict with other sources." if fact["conflicts"] else ""
    read = READ.get(fact["read"], fact["read"])
    return Source(
        text=(
            f"{_capital(fact['quantity'])}: {fact['said']}{units}{limits}. {sentence(fact['population'])} "
            f"{fact['title']}, {fact['publisher']}, {fact['date']}. Read: {read}; confidence {fact['confidence']}."
            f"{conflict} [{id_}]"
        ),
        link=fact["link"],
    )


def method(told: Told) -> Section:
    """How the numbers were got."""
    said = told.said
    return Section("method", "Method", (
        Paragraph(
            "An event tree, computed exactly: for each set of inputs, the share of people on every path is a product "
            "of probabilities, and nobody is simulated. Its stages: who is scanned; the photograph; the search; what "
            "is shown; the record that it opens; the decision by a policy; what follows."),
        Paragraph((
            "Inputs that are not known are ranges with a shape. ", said.count("provenance.draws"),
            " sets of inputs are drawn (", Quoted(told.assessment.provenance.sampler), ", seed ",
            said.shown("provenance.seed", str), "), and the tree is computed for each. "
            "The middle value is the median of the draws; the limits hold ",
            said.percent("provenance.level"), " of them. They are no confidence interval of a measurement: "
            "they are as good as the ranges that went in. Every policy is computed on the same draws.")),
        Paragraph(
            "A match means that the search returned somebody at or above the threshold, and the person shown was "
            "taken for the person scanned. Every scan comes to one of these: the right person with a right record; the "
            "right person with a wrong record; somebody not in the gallery taken for somebody else; somebody in the "
            "gallery taken for somebody else; nobody returned, rightly or not; no photograph that can be searched; no "
            "scan."),
        Paragraph(
            "Relatives are a floor: their faces resemble each other more than those of strangers, and no threshold "
            "that still finds people removes that. Words and measures are those of the standards ISO/IEC 2382-37 and "
            "19795-1."),
    ))  # fmt: skip


def provenance(told: Told, files: tuple[tuple[str, str], ...]) -> Section:
    """What it takes to compute it again."""
    p, said = told.assessment.provenance, told.said
    rows: list[Row] = [
        Row(("Computed with", (Quoted(f"misid {p.misid}, Python {p.python}, NumPy {p.numpy}, SciPy {p.scipy}"),))),
        Row(("Draws", said.count("provenance.draws"))),
        Row(("Seed", said.shown("provenance.seed", str))),
        Row(("Sampler", Quoted(p.sampler))),
        Row(("Set on the command line", tuple(_between([Code(s) for s in p.settings])) or "nothing")),
    ]
    for place, (name, _) in enumerate(p.files):
        rows.append(Row((("Scenario file ", Quoted(name)), ("SHA-256 ", Code(said.at(f"provenance.files.{place}.1"))))))
    rows += [Row((("Tally, ", Quoted(key.replace("_", " "))), Code(value))) for key, value in p.tally]
    rows += [Row((Quoted(name), ("SHA-256 ", Code(sha256)))) for name, sha256 in files]
    return Section("provenance", "Provenance", (
        Paragraph((
            "Everything that this document came from is in ", Code("bundle.zip"), " beside it. ",
            Code("misid verify bundle.zip"), " computes it again and says whether every number comes out.")),
        Table(id="provenance-table", title="What it was made from", columns=(Column("What"), Column("", width=3)),
              rows=tuple(rows)),
        Callout("No path, no user name and no id of a person is in this document or its data. Nothing in it joins a "
                "photograph to a person: it is about people counted, not about anybody."),
    ))  # fmt: skip


def _between(items: list[Any]) -> list[Words]:
    made: list[Words] = []
    for item in items:
        made += [", ", item] if made else [item]
    return made
