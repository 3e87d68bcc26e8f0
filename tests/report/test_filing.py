"""One document, two drawings: the page and the PDF say the same, run nothing and name no time."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace
from typing import Any

import pytest
import typst

from misid.ground.errors import UsageError
from misid.ground.rate import SearchRate
from misid.report.figures.base import Figure
from misid.report.figures.icons import icon_array
from misid.report.filing import (
    Bullets,
    Callout,
    Cite,
    Code,
    Column,
    Details,
    Document,
    Paragraph,
    Picture,
    Provenance,
    Quoted,
    Ref,
    Row,
    Section,
    SideBySide,
    Source,
    Statement,
    Strong,
    Table,
    Terms,
    Values,
    document_html,
    document_pdf,
)
from misid.report.filing.layout import laid_out
from misid.report.filing.model import all_words, said, spans
from misid.report.filing.pdf import _inputs, _template
from tests.report.pages import Page

TWIN: dict[str, Any] = {"held": {"median": 0.0123, "lo": 0.002, "hi": 0.05}, "n": 200_000_000, "none": None}
VALUES = Values(TWIN)
EVIL = 'x" #panic("run") *b* $y$ <script>alert(1)</script> \\ @a {{ 1 }}'


def made(text: str = "plain", **changes: Any) -> Document:
    figure = icon_array(
        SearchRate(measure="fpir", estimate=3.1e-4, lo=1.2e-4, hi=8.1e-4, level=0.95),
        10_000,
        name="icons",
        title="Wrong",
    )
    hole = Figure(name="hole", title="Hole", description="d", caption="c", columns=(), rows=(), hole="nothing to draw")
    held = Paragraph(
        ("A source", Cite("a"), ", again", Cite("a"), ", another", Cite("b"), "; ", Ref("t"), "; ", Ref("icons"))
    )
    blocks = (
        Statement(("Of 1,000 scans ", VALUES.of("held.median", 1000), " end so."), heading="Held"),
        held,
        SideBySide(((Picture(figure),), (Picture(hole),))),
        Table(
            id="t", title="Policies", columns=(Column("Policy", width=2), Column("Held", "per 100,000", numeric=True)),
            rows=(Row((Quoted(text), VALUES.of("held.median", 100_000)), marked=True), Row(("none", "—"), group=True)),
            file="tables/t.csv",
        ),
        Table(id="t2", title="Empty", columns=(Column("a"),), rows=(), empty="nobody was left out"),
        Bullets(("one", (Strong("two"), " ", Code("misid")))),
        Terms((("what", "why"),)),
        Callout("Read:", ("a",)),
        Details("queries", (text,)),
        Paragraph("not numbered", numbered=False, small=True),
    )  # fmt: skip
    given: dict[str, Any] = {
        "title": f"Stop {text}",
        "subtitle": ("Of ", VALUES.count("n")),
        "sections": (Section("answer", f"The answer {text}", blocks), Section("more", "More", (held, Paragraph(text)))),
        "sources": {"a": Source(f"A {text}", "https://example.org/a"), "b": Source("B")},
        "provenance": Provenance(generated_with="misid x", fingerprint="ab" * 32),
    }
    return Document(**given | changes)


def asked(document: Document, selector: str, field: str = "value") -> list[Any]:
    """What the PDF's source holds once set."""
    found = typst.query(
        _template(), selector, field=field, ignore_system_fonts=True, sys_inputs=_inputs(laid_out(document), "a4")
    )
    answer: list[Any] = json.loads(found)
    return answer


def streams(pdf: bytes) -> bytes:
    """The PDF with its compressed streams beside it, readable."""
    parts = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    opened = []
    for part in parts:
        try:
            opened.append(zlib.decompress(part.rstrip(b"\r\n")))
        except zlib.error:
            continue
    return pdf + b"\n".join(opened)


def test_equal_documents_give_equal_bytes() -> None:
    assert document_pdf(made()) == document_pdf(made())
    assert document_html(made()) == document_html(made())


@pytest.mark.parametrize(
    "text", [EVIL, "a\x00b\u202ec\ud800", "世界 😀", "#" * 200, "y" * 400, "%s %(x)s {0}", "\n\r\t"]
)
def test_what_others_wrote_is_shown_and_never_run(text: str) -> None:
    document = made(text)
    page = Page(document_html(document))
    assert not page.all("script")
    assert not page.crossed
    assert not page.unclosed
    assert len(page.ids()) == len(set(page.ids()))
    assert document_pdf(document).startswith(b"%PDF")


def test_hostile_text_stands_in_both_as_it_was_written() -> None:
    document = made(EVIL)
    assert any(e.text == EVIL for e in Page(document_html(document)).all("th"))
    headings = [json.dumps(body, ensure_ascii=False) for body in asked(document, "heading", "body")]
    assert any(json.dumps(f"The answer {EVIL}", ensure_ascii=False) in heading for heading in headings)


def test_numbers_of_the_pdf_are_those_of_the_page_and_of_the_twin() -> None:
    document = made()
    page = Page(document_html(document))
    on_page = [{"path": e.attributes["data-path"], "text": e.text} for e in page.all("data")]
    assert on_page == asked(document, "<value>")
    assert len(on_page) == 3
    for element in page.all("data"):
        assert element.attributes["value"] == repr(VALUES.at(element.attributes["data-path"] or ""))


def test_paragraphs_are_numbered_alike_and_can_be_linked_to() -> None:
    page = Page(document_html(made()))
    numbers = [e.text for e in page.elements if e.attributes.get("class") == "pn"]
    assert numbers == ["1", "2", "3", "4"]
    assert {f"p{n}" for n in numbers} <= set(page.ids())
    tree = laid_out(made())
    assert [b["number"] for s in tree["sections"] for b in s["blocks"] if b.get("number") and "words" in b] == [
        1,
        2,
        3,
        4,
    ]


def test_a_source_is_a_footnote_once_and_is_named_again_by_its_number() -> None:
    tree = laid_out(made())
    assert [s["number"] for s in tree["sources"]] == [1, 2]
    assert len(asked(made(), "footnote", "body")) == 6
    page = Page(document_html(made()))
    assert [e.text for e in page.all("sup")] == ["1", "1", "2"] * 2
    assert [e.attributes["id"] for e in page.all("li") if "id" in e.attributes] == ["source-1", "source-2"]


def test_references_are_called_what_they_lead_to() -> None:
    page = Page(document_html(made()))
    links = {e.attributes["href"]: e.text for e in page.all("a") if e.within[-1:] == ("p",)}
    assert links["#t"] == "Table\xa01"
    assert links["#icons"] == "Figure\xa01"
    with pytest.raises(KeyError):
        laid_out(made(sections=(Section("a", "A", (Paragraph(Ref("nowhere")),)),)))
    with pytest.raises(KeyError):
        laid_out(made(sections=(Section("a", "A", (Paragraph(Cite("nobody")),)),)))


def test_the_pdf_is_accessible_and_has_no_time() -> None:
    opened = streams(document_pdf(made()))
    for part in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang", b"pdfuaid", b"/Alt", b"/TH"):
        assert part in opened, part
    assert b"CreationDate" not in opened
    assert b"pdfaid" not in opened


def test_with_a_date_the_pdf_can_be_archived() -> None:
    opened = streams(document_pdf(made(date="2026-11-27")))
    assert b"pdfaid" in opened
    assert b"2026-11-27" in opened
    assert document_pdf(made(date="2026-11-27")) == document_pdf(made(date="2026-11-27"))


@pytest.mark.parametrize(("paper", "box"), [("letter", b"612 792"), ("a4", b"595.27")])
def test_the_paper_can_be_chosen(paper: Any, box: bytes) -> None:
    assert box in streams(document_pdf(made(), paper=paper))


def test_an_unknown_paper_is_refused() -> None:
    with pytest.raises(UsageError, match="'legal' is not known"):
        document_pdf(made(), paper="legal")  # type: ignore[arg-type]


def test_nothing_is_loaded_from_anywhere() -> None:
    page = Page(document_html(made(), files=("report.json",), pdf="report.pdf"))
    links = {e.attributes["href"] for e in page.all("a")}
    assert all((link or "").startswith("#") or link in ("report.json", "report.pdf", "tables/t.csv",
                                                       "tables/figure-icons.csv", "tables/figure-hole.csv")
               for link in links)  # fmt: skip
    assert not [e for e in page.elements if e.tag in ("script", "link", "img", "iframe")]


def test_a_row_must_fit_its_columns() -> None:
    with pytest.raises(ValueError, match="a row of 2 cells under 1 columns"):
        Table(id="x", title="x", columns=(Column("a"),), rows=(Row(("1", "2")),))


def test_two_places_cannot_have_one_id() -> None:
    with pytest.raises(ValueError, match="one id"):
        laid_out(replace(made(), sections=(Section("a", "A", ()), Section("a", "B", ()))))


def test_words_can_be_walked() -> None:
    words = list(all_words(made()))
    assert "why" in words
    assert said(("a", Cite("a"), (Strong("b"), VALUES.count("n")))) == "ab200,000,000"
    assert VALUES.count("none").text == "not known"
    assert len(list(spans(words[0]))) == 2
