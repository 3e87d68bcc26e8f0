"""The report of a case: four pages at most, one result behind every number, computed again from its bundle."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typst

import misid
from misid.cases import CaseResult, ready_names
from misid.cases.changes import moved
from misid.cases.model import Range
from misid.ground.errors import UsageError
from misid.report.bundle import verify
from misid.report.case import write_case
from misid.report.case.answer import _decides
from misid.report.case.document import document_of
from misid.report.case.told import Told
from misid.report.case.write import render, twin_of
from misid.report.filing.layout import laid_out
from misid.report.filing.model import Cite, Strong, Value, all_words, spans
from misid.report.filing.pdf import _inputs, _template
from misid.report.filing.values import Values
from misid.report.shown import raw
from tests.cases.test_file import WHY, smallest
from tests.report.pages import Page

MOST_PAGES = 4
EVIL = "<script>alert(1)</script> #let x = 1 $a$ \"'&"


def results() -> dict[str, CaseResult]:
    return {name: misid.case(f"ready:{name}") for name in ready_names()}


RESULTS = results()


def pages(result: CaseResult, paper: str) -> int:
    document = document_of(result, twin_of(result), fingerprint="ab" * 32)
    made = typst.compile(
        _template(), format="svg", ignore_system_fonts=True, sys_inputs=_inputs(laid_out(document), paper)
    )
    return len(made) if isinstance(made, list) else 1


@pytest.mark.parametrize("paper", ["letter", "a4"])
@pytest.mark.parametrize("name", ready_names())
def test_a_report_has_four_pages_at_most_and_the_answer_on_the_first(name: str, paper: str) -> None:
    assert 2 <= pages(RESULTS[name], paper) <= MOST_PAGES
    document = document_of(RESULTS[name], twin_of(RESULTS[name]), fingerprint="ab" * 32)
    places = typst.query(
        _template(), "heading.where(level: 1)", field="body", ignore_system_fonts=True,
        sys_inputs=_inputs(laid_out(document), paper),
    )  # fmt: skip
    titles = json.loads(places)
    assert "Short answer" in json.dumps(titles[0])
    assert len(titles) == len(document.sections)


@pytest.mark.parametrize("name", ready_names())
def test_every_number_is_looked_up_in_the_result(name: str) -> None:
    twin = json.loads(json.dumps(twin_of(RESULTS[name])))
    document = document_of(RESULTS[name], twin, fingerprint="ab" * 32)
    values = Values(twin)
    seen = [s for words in all_words(document) for s in spans(words) if isinstance(s, Value)]
    assert len(seen) > 30
    for value in seen:
        there = values.at(value.path)
        assert value.raw == (there if isinstance(there, str) else raw(there)), value
    cited = {s.source for words in all_words(document) for s in spans(words) if isinstance(s, Cite)}
    assert cited <= set(document.sources)
    assert cited == {id_ for given in RESULTS[name].inputs for id_ in given.source}


@pytest.mark.parametrize("name", ready_names())
def test_page_pdf_json_and_tables_say_the_same(name: str) -> None:
    files = render(RESULTS[name])
    twin = json.loads(files["report.json"])
    page = Page(files["report.html"].decode())
    assert not page.crossed
    assert not page.unclosed
    assert not page.all("script")
    assert len(page.ids()) == len(set(page.ids()))
    for element in page.all("data"):
        there = Values(twin).at(str(element.attributes["data-path"]))
        assert element.attributes["value"] == (there if isinstance(there, str) else raw(there))
    rows = list(csv.DictReader(io.StringIO(files["tables/priors.csv"].decode())))
    assert [float(row["right_lo"]) for row in rows] == [p["right"]["lo"] for p in twin["priors"]]
    assert files["report.pdf"].startswith(b"%PDF")
    assert {"tables/inputs.csv", "tables/changes.csv", "tables/ratios.csv", "tables/figure-priors.csv"} <= set(files)


def test_equal_cases_give_equal_bytes() -> None:
    assert render(misid.case("ready:twin")) == render(misid.case("ready:twin"))


@pytest.mark.parametrize("name", ["single-match", "no-match", "list-of-20"])
def test_a_bundle_is_computed_again(tmp_path: Path, name: str) -> None:
    write_case(RESULTS[name], tmp_path / "out")
    checked = verify(tmp_path / "out" / "bundle.zip")
    assert checked.comes_out
    assert checked.kind == "case"
    assert checked.numbers > 100


def test_a_bundle_with_deployments_carries_them(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("n_searches,gallery_n,false_positives\n4000,10000,4\n9000,10000,7\n", "utf-8")
    given = smallest()
    given["search"] = {
        "model": "deployments", "deployments": "sites.csv", "gallery": {"value": 1e4, **WHY},
        "fnir": {"value": 0.1, **WHY},
    }  # fmt: skip
    result = misid.case(given, folder=tmp_path)
    write_case(result, tmp_path / "out")
    assert verify(tmp_path / "out" / "bundle.zip").comes_out
    assert str(tmp_path).encode() not in (tmp_path / "out" / "report.json").read_bytes()


def test_an_existing_report_is_kept(tmp_path: Path) -> None:
    write_case(RESULTS["twin"], tmp_path / "out")
    with pytest.raises(UsageError, match="exists already"):
        write_case(RESULTS["twin"], tmp_path / "out")
    write_case(RESULTS["no-match"], tmp_path / "out", force=True)
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["kind"] == "no match"


def hostile() -> dict[str, Any]:
    given = smallest()
    why = {"assumption": EVIL}
    given.update(
        title=EVIL, about=EVIL, question=EVIL, caveats=[EVIL], record={"says": EVIL, "wrong": {"value": 0.1, **why}},
        claims={"definitive": True, "by": EVIL},
        kin={"x": {"title": EVIL, **{k: {"value": 0.5, **why} for k in ("share", "enrolled", "match")}}},
        other={"y": {"title": EVIL, "lr": {"value": 2, "document": EVIL}}},
    )  # fmt: skip
    return given


def test_hostile_text_is_shown_and_never_run() -> None:
    files = render(misid.case(hostile()))
    page = Page(files["report.html"].decode())
    assert not page.all("script")
    assert not page.crossed
    assert EVIL in [e.text for e in page.elements] or "&lt;script&gt;" in files["report.html"].decode()
    assert files["report.pdf"].startswith(b"%PDF")


def first_page(name: str) -> str:
    document = document_of(RESULTS[name], twin_of(RESULTS[name]), fingerprint="ab" * 32)
    tree = laid_out(document)["sections"][0]
    found = " ".join(re.findall(r"'text': ['\"](.*?)['\"][,}]", str(tree)))
    return " ".join(found.split())


@pytest.mark.parametrize("name", ready_names())
def test_page_one_states_neither_certainty_nor_the_transposed_conditional(name: str) -> None:
    text = first_page(name)
    assert "of 100 such cases" in text or name == "no-match"
    assert "is not the probability that the answer is right" in text
    assert "in the gallery" in text
    for word in ("proves", "identified as", "certain that", "beyond doubt", "accurate to"):
        assert word not in text
    # A ratio is always of what was seen, given a statement; never of a statement, given what was seen.
    assert "times as probable if" in text
    assert "times more likely that" not in text


@pytest.mark.parametrize("name", ready_names())
def test_what_moves_the_answer_is_in_order_and_moves_it(name: str) -> None:
    result = RESULTS[name]
    told = Told(result, twin_of(result))
    bullets = [w for w in _decides(told) if isinstance(w, tuple) and w[0] != Strong("relatives")]
    assert 2 <= len(bullets) <= 3
    sizes = []
    for words in bullets:
        values = [s for s in spans(words) if isinstance(s, Value) and s.path.endswith((".lo", ".hi"))]
        lo, hi, lo2, hi2 = (float(v.raw) for v in values)
        assert (lo, hi) != (lo2, hi2)
        sizes.append(moved(Range(lo=lo, hi=hi), Range(lo=lo2, hi=hi2)))
    assert sizes == sorted(sizes, reverse=True)
    # The share of those scanned who are in the gallery is always among them.
    assert any("in the gallery" in str(words[0]) and "scanned" in str(words[0]) for words in bullets)


def test_page_one_says_what_this_case_alone_says() -> None:
    assert "Nothing tells the two apart, so neither can be above 50." in first_page("two-answers")
    assert "person named by the first scan" in first_page("two-answers")
    assert "two scans, two matches, two different people" in str(
        document_of(RESULTS["two-answers"], twin_of(RESULTS["two-answers"]), fingerprint="ab" * 32).facts
    )
    assert "has an identical twin in the gallery, the rival" in first_page("twin")
    assert "identical twin in the gallery" not in first_page("two-answers")
    assert "may point either way" in first_page("no-match")
    assert "not each record" in first_page("single-match")
    for name in ready_names():
        text = first_page(name)
        # Digits that would be quoted as an accuracy are left to the tables.
        assert not re.search(r"99\.\d", text), name
        assert "neither what they did nor their status" in text
        assert "assumed, not measured" in text


def test_chances_above_ninety_nine_of_a_hundred_keep_the_digits_that_tell_them_apart() -> None:
    result = RESULTS["single-match"]
    told = Told(result, {"p": {"lo": 0.992, "hi": 0.9997}, "q": {"lo": 0.28, "hi": 0.9997}})
    texts = [[s.text for s in spans(told.loosely((f"{k}.lo", f"{k}.hi"))) if isinstance(s, Value)] for k in "pq"]
    assert texts == [["99.2", "99.97"], ["28", "more than 99"]]
