"""The report of a test as PDF: the numbers of its page and of report.json, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from misid.ground.rate import Rate
from misid.ground.text import natural, rate_text
from misid.rates.model import Rates
from misid.report import Report
from misid.report.document import document_of, plain
from misid.report.filing import Value, Values, document_pdf
from misid.report.filing.model import all_words, spans
from misid.report.page import page_of
from misid.report.paper import paper_of
from misid.report.shown import raw
from misid.report.write import render


def test_every_number_is_the_one_in_the_json(report: Report, files: dict[str, bytes]) -> None:
    document = document_of(report)
    page = page_of(document)
    made = paper_of(page, plain(document), "ab" * 32)
    values, rates, counts = Values(json.loads(files["report.json"])), 0, 0
    for words in all_words(made):
        for span in spans(words):
            if not isinstance(span, Value):
                continue
            there = values.at(span.path)
            if span.path.startswith("rates.records.") and isinstance(there, dict):
                record = report.rates.records[int(span.path.split(".")[2])]
                size = next((p.size for p in page.panels if p.rate is record), None)
                assert span.text in (rate_text(record), natural(record), natural(record, size))
                rates += 1
            elif not isinstance(there, dict):
                assert span.raw == raw(there)
                counts += 1
    assert rates > 50
    assert counts > 30


def test_it_has_the_sections_of_the_page_and_its_figures(report: Report) -> None:
    document = document_of(report)
    page = page_of(document)
    made = paper_of(page, plain(document), "")
    assert [s.id for s in made.sections] == [
        "answer", "measured", "checks", "rates", "groups", "projection", "calibration", "method", "provenance",
    ]  # fmt: skip
    assert {f.name for f in made.figures} == {f.name for f in page.figures if f.svg}


def test_the_same_report_gives_the_same_pdf(report: Report, files: dict[str, bytes]) -> None:
    document = document_of(report)
    assert files["report.pdf"].startswith(b"%PDF")
    bare = Rates(records=(Rate(measure="fpir", trials=0, status="undefined"),))
    small = render(replace(report, rates=bare, check=None))["report.pdf"]
    assert small == render(replace(report, rates=bare, check=None))["report.pdf"]
    assert document_pdf(paper_of(page_of(document), plain(document), "x" * 64), paper="a4") != files["report.pdf"]


@pytest.mark.parametrize("title", ['x" #panic("run") $y$ <script>', "世界"])
def test_a_title_is_shown_and_never_run(report: Report, title: str) -> None:
    small = replace(report, title=title, rates=Rates(records=()), check=None)
    assert render(small)["report.pdf"].startswith(b"%PDF")
