"""From a document to the one tree that both the page and the PDF are drawn from: everything numbered, once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from misid.report.filing.model import (
    Block,
    Bullets,
    Callout,
    Cite,
    Code,
    Details,
    Document,
    Paragraph,
    Picture,
    Quoted,
    Ref,
    SideBySide,
    Statement,
    Strong,
    Table,
    Terms,
    Unbroken,
    Value,
    Words,
    flat,
)

Tree = dict[str, Any]
_KINDS = {Quoted: "quoted", Strong: "strong", Code: "code"}


def cleaned(text: str) -> str:
    """Text without what does not print: such characters become U+FFFD, line ends and tabs a space.

    "95 %" and "Table 2" stay on one line.

    Examples
    --------
    >>> cleaned("a\\x00b\\nc"), cleaned("95 %")
    ('a\ufffdb c', '95\xa0%')
    """
    spaced = text.replace(" %", "\u00a0%").replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    return "".join("\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn") else c for c in spaced)


@dataclass
class _Numbers:
    names: dict[str, str]
    """What a `Ref` to an id is called."""
    order: dict[int, int]
    """Number of a figure or table, by the identity of its block."""
    keys: dict[str, int] = field(default_factory=dict)
    """Footnote numbers, in the order in which sources are first cited."""
    paragraph: int = 0


def laid_out(document: Document) -> Tree:
    """The document as plain data, with the numbers of sections, paragraphs, figures, tables and footnotes.

    Raises
    ------
    KeyError
        If a citation names no source of the document, or a reference no place in it.
    """
    numbers = _named(document)
    tree: Tree = {
        "title": cleaned(document.title),
        "subtitle": _spans(document.subtitle, numbers, document),
        "facts": _spans(document.facts, numbers, document),
        "language": document.language,
        "date": document.date,
        "generated_with": cleaned(document.provenance.generated_with),
        "fingerprint": document.provenance.fingerprint,
        "twin": document.provenance.twin,
        "sections": [
            {
                "id": section.id, "number": place, "title": cleaned(section.title),
                "blocks": [_block(block, numbers, document) for block in section.blocks],
            }
            for place, section in enumerate(document.sections, start=1)
        ],
    }  # fmt: skip
    tree["sources"] = [
        {"number": number, "text": cleaned(document.sources[key].text), "link": document.sources[key].link}
        for key, number in numbers.keys.items()
    ]
    return tree


def _named(document: Document) -> _Numbers:
    names: dict[str, str] = {}
    order: dict[int, int] = {}
    figures = tables = 0
    for place, section in enumerate(document.sections, start=1):
        names[section.id] = f"section\u00a0{place}"
        for block in flat(section.blocks):
            if isinstance(block, Picture):
                figures += 1
                order[id(block)] = figures
                names[block.figure.name] = f"Figure\u00a0{figures}"
            elif isinstance(block, Table):
                tables += 1
                order[id(block)] = tables
                names[block.id] = f"Table\u00a0{tables}"
    if len(names) != len(document.sections) + figures + tables:
        raise ValueError("two sections, figures or tables of the document have one id")
    return _Numbers(names=names, order=order)


def _spans(words: Words, numbers: _Numbers, document: Document) -> list[Tree]:
    if isinstance(words, tuple):
        return [span for part in words for span in _spans(part, numbers, document)]
    return [] if words == "" else [_span(words, numbers, document)]


def _span(span: Any, numbers: _Numbers, document: Document) -> Tree:
    if isinstance(span, str):
        return {"kind": "text", "text": cleaned(span)}
    if isinstance(span, Unbroken):
        return {"kind": "unbroken", "words": _spans(span.words, numbers, document)}
    if isinstance(span, Value):
        return {"kind": "value", "text": cleaned(span.text), "path": span.path, "raw": span.raw}
    if isinstance(span, Cite):
        source = document.sources[span.source]
        first = span.source not in numbers.keys
        number = numbers.keys.setdefault(span.source, len(numbers.keys) + 1)
        return {
            "kind": "cite", "number": number, "first": first, "text": cleaned(source.text), "link": source.link,
        }  # fmt: skip
    if isinstance(span, Ref):
        return {"kind": "ref", "target": span.target, "text": cleaned(span.text) or numbers.names[span.target]}
    strong = isinstance(span, Quoted) and span.strong
    return {"kind": "strong" if strong else _KINDS[type(span)], "text": cleaned(span.text)}


def _block(block: Block, numbers: _Numbers, document: Document) -> Tree:
    def words(given: Words) -> list[Tree]:
        return _spans(given, numbers, document)

    if isinstance(block, Paragraph):
        if block.numbered:
            numbers.paragraph += 1
        number = numbers.paragraph if block.numbered else None
        return {"kind": "paragraph", "number": number, "small": block.small, "words": words(block.words)}
    if isinstance(block, Statement):
        numbers.paragraph += 1
        return {
            "kind": "statement", "number": numbers.paragraph, "heading": words(block.heading),
            "words": words(block.words),
        }  # fmt: skip
    if isinstance(block, Bullets):
        return {"kind": "bullets", "items": [words(item) for item in block.items]}
    if isinstance(block, Terms):
        return {"kind": "terms", "items": [{"what": words(a), "why": words(b)} for a, b in block.items]}
    if isinstance(block, Callout):
        return {"kind": "callout", "words": words(block.words), "items": [words(item) for item in block.items]}
    if isinstance(block, Table):
        return _table(block, numbers, document)
    if isinstance(block, Picture):
        figure = block.figure
        return {
            "kind": "figure", "number": numbers.order[id(block)], "id": figure.name, "title": cleaned(figure.title),
            "titled": block.titled, "wide": block.wide, "svg": figure.svg, "hole": cleaned(figure.hole),
            "description": cleaned(figure.description), "file": figure.file,
            "words": words(block.words or figure.caption),
        }  # fmt: skip
    if isinstance(block, SideBySide):
        return {"kind": "beside", "columns": [[_block(b, numbers, document) for b in c] for c in block.columns]}
    if isinstance(block, Details):
        return {"kind": "details", "summary": cleaned(block.summary), "lines": [cleaned(line) for line in block.lines]}
    raise TypeError(f"{type(block).__name__} is no block of a document")


def _table(table: Table, numbers: _Numbers, document: Document) -> Tree:
    def words(given: Words) -> list[Tree]:
        return _spans(given, numbers, document)

    return {
        "kind": "table", "number": numbers.order[id(table)], "id": table.id, "title": words(table.title),
        "caption": words(table.caption), "file": table.file, "empty": table.empty,
        "columns": [
            {"heading": words(c.heading), "note": words(c.note), "numeric": c.numeric, "width": c.width}
            for c in table.columns
        ],
        "rows": [
            {"cells": [words(c) for c in r.cells], "marked": r.marked, "group": r.group} for r in table.rows
        ],
    }  # fmt: skip
