"""A document as data: sections of numbered paragraphs, tables and figures, with every number traced.

What is said is a `Words`: a string, or a tuple of strings and of spans. A number of the result is a `Value`, which
carries the place in the machine twin (report.json) that it was looked up at; what others said (a scenario, a
source) is `Quoted`. So a test can see that no number stands in the text by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from misid.report.figures.base import Figure


@dataclass(frozen=True)
class Value:
    """A number of the result: `path` is where the machine twin has it ("policies.0.held.median"), `raw` what stands
    there, `text` what is shown."""

    path: str
    raw: str
    text: str


@dataclass(frozen=True)
class Cite:
    """A footnote: the number of the source with this key in ``Document.sources``."""

    source: str


@dataclass(frozen=True)
class Quoted:
    """Words that are not ours: from a scenario, a source, a file."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Strong:
    """Words that must be seen."""

    text: str


@dataclass(frozen=True)
class Code:
    """A command, a key, a hash."""

    text: str


@dataclass(frozen=True)
class Ref:
    """A way to a section, figure or table by its id; where `text` is empty, it is called what it is there
    ("section 4", "Figure 2")."""

    target: str
    text: str = ""


@dataclass(frozen=True)
class Unbroken:
    """Words kept on one line: a number with its limits."""

    words: tuple[Span, ...]


Span = str | Value | Cite | Quoted | Strong | Code | Ref | Unbroken
Words = Span | tuple["Span | Words", ...]


@dataclass(frozen=True)
class Paragraph:
    """Numbered through the whole document, unless it only introduces what follows."""

    words: Words
    numbered: bool = True
    small: bool = False


@dataclass(frozen=True)
class Statement:
    """A sentence to be read first, set larger."""

    words: Words
    heading: Words = ""


@dataclass(frozen=True)
class Bullets:
    items: tuple[Words, ...]


@dataclass(frozen=True)
class Terms:
    """Pairs of what and why, or of a word and its meaning."""

    items: tuple[tuple[Words, Words], ...]


@dataclass(frozen=True)
class Callout:
    """What must be read with the numbers beside it."""

    words: Words
    items: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Column:
    """`width` is the share of the page relative to the other columns, on paper."""

    heading: Words
    note: Words = ""
    numeric: bool = False
    width: float = 1.0


@dataclass(frozen=True)
class Row:
    """The first cell is the row's heading."""

    cells: tuple[Words, ...]
    marked: bool = False
    group: bool = False
    """The first of some rows that belong together: a rule goes above."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """`file` is the CSV with all digits, relative to the page; "" where there is none."""

    id: str
    title: Words
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: Words = ""
    file: str = ""
    empty: str = "nothing"
    """Said where there are no rows."""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"table {self.id}: a row of {len(row.cells)} cells under {len(self.columns)} columns")


@dataclass(frozen=True)
class Picture:
    """A figure (`misid.report.figures.base.Figure`) with its caption; `wide` takes the width of the page."""

    figure: Figure
    wide: bool = False
    titled: bool = True
    words: Words = ""
    """Caption in traced words; the figure's own caption where empty."""


@dataclass(frozen=True)
class SideBySide:
    """Two (or more) columns of blocks where there is room for them, below each other where not."""

    columns: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True)
class Details:
    """What few will read: folded on the page, left out of the PDF with a word on where it is."""

    summary: str
    lines: tuple[str, ...]


Block = Paragraph | Statement | Bullets | Terms | Callout | Table | Picture | SideBySide | Details


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Source:
    """A footnote. `link` is where it can be read, "" where nowhere is known."""

    text: str
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What is printed at the foot of every page of the PDF, and kept in its properties."""

    generated_with: str
    fingerprint: str
    """SHA-256 of the machine twin: who has both can see that they belong together."""
    twin: str = "report.json"


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole document.

    Attributes
    ----------
    title, subtitle : Words
        The title stands in the PDF's properties as plain text.
    facts : Words
        One line under the title.
    sections : tuple of Section
    sources : dict of str to Source
        By the key that `Cite` names; only those cited are printed.
    provenance : Provenance
    date : str or None
        ISO date of the build, where SOURCE_DATE_EPOCH gives one.
    """

    title: str
    sections: tuple[Section, ...]
    provenance: Provenance
    subtitle: Words = ""
    facts: Words = ""
    sources: dict[str, Source]
    date: str | None = None
    language: Literal["en"] = "en"

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure in the order of the document."""
        return tuple(b.figure for b in self.blocks() if isinstance(b, Picture))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table in the order of the document."""
        return tuple(b for b in self.blocks() if isinstance(b, Table))

    def blocks(self) -> Iterator[Block]:
        """Every block, those in columns too, in order."""
        for section in self.sections:
            yield from flat(section.blocks)


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Blocks in order, those in columns after the block that holds them."""
    for block in blocks:
        yield block
        if isinstance(block, SideBySide):
            for column in block.columns:
                yield from flat(column)


def spans(words: Words) -> Iterator[Span]:
    """The spans of words in order, those that are kept together too.

    Examples
    --------
    >>> list(spans(("a ", (Strong("b"), " c"))))
    ['a ', Strong(text='b'), ' c']
    """
    if isinstance(words, tuple | Unbroken):
        for part in words if isinstance(words, tuple) else words.words:
            yield from spans(part)
    elif words != "":
        yield words


def said(words: Words) -> str:
    """Words as plain text, without footnotes.

    Examples
    --------
    >>> said(("of ", Value("n", "3", "3 people"), Cite("a")))
    'of 3 people'
    """
    return "".join(text_of(span) for span in spans(words))


def text_of(span: Span) -> str:
    """A span as plain text; a footnote is none."""
    if isinstance(span, str):
        return span
    return "" if isinstance(span, Cite | Unbroken) else span.text


def all_words(document: Document) -> Iterator[Words]:
    """All words of a document, wherever they stand."""
    yield document.subtitle
    yield document.facts
    for block in document.blocks():
        yield from _words_of(block)


def _words_of(block: Block) -> Iterator[Words]:
    if isinstance(block, Paragraph):
        yield block.words
    elif isinstance(block, Statement):
        yield from (block.heading, block.words)
    elif isinstance(block, Bullets):
        yield from block.items
    elif isinstance(block, Terms):
        for what, why in block.items:
            yield from (what, why)
    elif isinstance(block, Callout):
        yield from (block.words, *block.items)
    elif isinstance(block, Table):
        yield from (block.title, block.caption)
        for column in block.columns:
            yield from (column.heading, column.note)
        for row in block.rows:
            yield from row.cells
    elif isinstance(block, Picture):
        yield block.words
