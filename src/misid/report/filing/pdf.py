"""The document as a PDF: Typst, offline, with the fonts it brings; tagged, archivable, the same bytes each time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Final, Literal

from misid.ground.errors import MisidError, UsageError
from misid.report.figures.base import HEIGHT, WIDTH
from misid.report.filing.layout import Tree, laid_out
from misid.report.filing.model import Document

Paper = Literal["letter", "a4"]
PAPERS: Final[dict[str, str]] = {"letter": "us-letter", "a4": "a4"}
ACCESSIBLE: Final = "ua-1"
"""PDF/UA-1: can be read aloud in order, with every figure described."""
ARCHIVAL: Final = "a-2a"
"""PDF/A-2a: can be archived. It wants a date, which only SOURCE_DATE_EPOCH gives."""

FONT: Final = "Libertinus Serif"
_FAMILY = re.compile(r'font-family="[^"]*"')


def document_pdf(document: Document, *, paper: Paper = "letter") -> bytes:
    """The document as PDF/UA-1, and as PDF/A-2a too where it has a date.

    Equal documents give equal bytes: the file has no time in it but that date. What the fonts cannot show is
    written as its code point, "[U+4E16]", and a last paragraph says so.

    Parameters
    ----------
    document : Document
    paper : "letter" or "a4"

    Raises
    ------
    UsageError
        If the paper is neither.
    MisidError
        If Typst cannot set it; a document with a hole in it is not written silently.
    """
    if paper not in PAPERS:
        raise UsageError(f"paper {paper!r} is not known", remedy=f"one of {', '.join(PAPERS)}")
    return _compiled(_shown(laid_out(document)), paper)


def _compiled(tree: Tree, paper: str) -> bytes:
    import typst

    try:
        made: bytes = typst.compile(
            _template(), format="pdf", ignore_system_fonts=True, sys_inputs=_inputs(tree, paper),
            pdf_standards=[ACCESSIBLE] if tree["date"] is None else [ACCESSIBLE, ARCHIVAL],
        )  # fmt: skip
    except typst.TypstError as error:
        raise MisidError(f"the PDF cannot be set: {error.message}", remedy="report this; it is a defect") from error
    return made


def _template() -> bytes:
    return files("misid.report").joinpath("templates/filing.typ").read_bytes()


def _inputs(tree: Tree, paper: str) -> dict[str, str]:
    return {"document": json.dumps(_mapped(tree, _for_paper), ensure_ascii=False), "paper": PAPERS[paper]}


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return change({key: _mapped(item, change) for key, item in value.items()})
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return value


_UNBROKEN = re.compile(r"(\S{10000})(?=\S)")
"""What Typst sets of one word; of one of 65,000 characters it makes no accessible PDF. No word is so long."""


def _for_paper(entry: Tree) -> Tree:
    """Figures as stand-alone SVG in the document's own font; words without end broken."""
    if isinstance(entry.get("text"), str):
        return {**entry, "text": _UNBROKEN.sub("\\1 ", entry["text"])}
    if entry.get("kind") != "figure" or not entry["svg"]:
        return entry
    svg = _FAMILY.sub(f'font-family="{FONT}"', entry["svg"])
    box = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', svg)
    width, height = (float(box[1]), float(box[2])) if box else (WIDTH, HEIGHT)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{FONT}"'
    return {**entry, "svg": svg.replace("<svg", head, 1), "points": width, "ratio": height / width}


# What Libertinus is known to have: most documents need no look at their characters.
_ALWAYS = (
    {chr(c) for c in range(0x20, 0x7F)} | {chr(c) for c in range(0xA1, 0x17F)} | set("–—‘’“”…·×−≤≥≈∞§¶†‡•←→ \u00a0")
)


def _shown(tree: Tree) -> Tree:
    """The tree with every character that the fonts lack as its code point."""
    seen: set[str] = set()
    _strings(tree, seen.update)
    lacking = {c: f"[U+{ord(c):04X}]" for c in sorted(seen - _ALWAYS) if c != "\n" and not _has(c)}
    if not lacking:
        return tree
    table = str.maketrans(lacking)
    changed: Tree = _strings(tree, lambda text: text.translate(table))
    note = (
        "Characters that the fonts of this PDF do not have are written as their code points, [U+…]; the page "
        "(report.html) has the characters themselves."
    )
    changed["sections"][-1]["blocks"].append(
        {"kind": "paragraph", "number": None, "small": True, "words": [{"kind": "text", "text": note}]}
    )
    return changed


def _strings(value: Any, change: Callable[[str], Any]) -> Any:
    """Plain data with every string changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _strings(item, change) for key, item in value.items()}
    return [_strings(item, change) for item in value] if isinstance(value, list) else value


def _has(character: str) -> bool:
    import typst

    source = f'#set document(title: "x")\n#set text(font: "{FONT}")\n#sys.inputs.c'
    try:
        typst.compile(
            source.encode(), format="pdf", ignore_system_fonts=True, pdf_standards=["a-2u"],
            sys_inputs={"c": f"a{character}"},
        )  # fmt: skip
    except typst.TypstError:
        return False
    return True
