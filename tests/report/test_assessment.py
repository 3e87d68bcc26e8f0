"""The report of an assessment: one object, and nothing said that is not in it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from misid import report as package
from misid.encounter.model import Estimate
from misid.ground.errors import UsageError
from misid.report.assessment import write_assessment
from misid.report.assessment.document import document_of
from misid.report.assessment.schema import FILE, schema_text
from misid.report.assessment.write import render, twin_of
from misid.report.bundle import read_bundle
from misid.report.filing import Document, Quoted, Value, Values
from misid.report.filing.model import all_words, spans
from misid.report.shown import raw
from tests.report.assessments import nothing, sample_assessment
from tests.report.pages import LOADS, Page
from tests.report.test_filing import EVIL, asked

ROOT = Path(__file__).parents[2]
SECTIONS = [
    "answer", "measured", "tree", "ways", "groups", "policies", "projection", "sensitivity", "break-even", "claims",
    "inputs", "method", "provenance", "sources",
]  # fmt: skip
FREE = re.compile(r"\b1(0|,0)*0\b|\b50 a row|\b20 a row|\b2382-37\b|\b19795-1\b|SHA-256|\b1:N\b")
"""Digits that are no result: round denominators, the grid of icons, numbers of standards."""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return render(sample_assessment())


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> Page:
    return Page(files["report.html"].decode())


@pytest.fixture(scope="module")
def twin(files: dict[str, bytes]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(files["report.json"], parse_constant=pytest.fail)
    return made


def document(text: str = "x", **changes: Any) -> Document:
    made = sample_assessment(text, **changes)
    return document_of(made, twin_of(made), fingerprint="ab" * 32)


def test_every_number_of_the_page_is_the_one_in_the_json(page: Page, twin: dict[str, Any]) -> None:
    values, traced, drawn = Values(twin), 0, 0
    for element in page.elements:
        path = element.attributes.get("data-path")
        if path is not None:
            shown = "value" if element.tag == "data" else "data-raw"
            assert element.attributes[shown] == raw(values.at(path)), path
            traced += element.tag == "data"
            drawn += element.tag == "tspan"
    assert traced > 300
    assert drawn > 150


def test_every_number_of_the_pdf_is_the_one_of_the_page(page: Page) -> None:
    on_page = [{"path": e.attributes["data-path"], "text": e.text} for e in page.all("data")]
    in_pdf = asked(document("no count exists"), "<value>")
    assert [v | {"text": v["text"].replace(" %", "\xa0%")} for v in in_pdf] == on_page


def test_no_number_is_said_that_is_not_looked_up() -> None:
    for words in all_words(document()):
        for span in spans(words):
            if isinstance(span, str):
                assert not re.search(r"\d", FREE.sub("", span)), span


def test_the_text_of_a_number_is_near_the_number(page: Page, twin: dict[str, Any]) -> None:
    """What is shown is the value rounded, times a power of ten at most, or its rest to one."""
    for element in page.all("data"):
        value, text = Values(twin).at(element.attributes["data-path"] or ""), element.text.replace("\xa0", " ")
        number = re.fullmatch(r"(−?[\d,]*\.?\d+)( in [\d,]+)?", text)
        if number is None or not isinstance(value, int | float) or not value:
            continue
        shown = float(number[1].replace(",", "").replace("−", "-"))
        near = [
            abs(shown - v * 10**power) <= 0.51 * 10 ** _last_place(number[1])
            for v in (value, 1 - value) for power in range(-7, 8)
        ]  # fmt: skip
        assert any(near), (element.attributes, text)


def _last_place(text: str) -> int:
    whole, _, decimals = text.replace(",", "").partition(".")
    if decimals:
        return -len(decimals)
    digits = whole.lstrip("−")
    return max(0, len(digits) - 2) if digits.endswith("0") else 0


def test_sections_come_in_the_order_they_are_read_in(page: Page) -> None:
    assert [e.attributes["id"] for e in page.all("h2")] == SECTIONS


def test_the_page_is_well_formed_and_asks_nothing_of_the_network(page: Page, files: dict[str, bytes]) -> None:
    assert not page.crossed
    assert not page.unclosed
    assert len(page.ids()) == len(set(page.ids()))
    for element in page.elements:
        assert element.tag not in ("script", "iframe", "object", "embed", "link", "img", "base"), element
        for name, value in element.attributes.items():
            assert not name.startswith("on"), element
            if name in LOADS and value is not None:
                assert value.startswith("#") or value in files or value == "bundle.zip", element
    ids = set(page.ids())
    assert all(link[1:] in ids for e in page.all("a") if (link := e.attributes["href"] or "").startswith("#"))
    assert len(files["report.html"]) < 5_000_000


def test_every_picture_says_what_it_shows_and_no_cell_is_empty(page: Page) -> None:
    ids = {e.attributes.get("id"): e for e in page.elements if "id" in e.attributes}
    pictures = page.all("svg")
    assert len(pictures) == 9
    for picture in pictures:
        title, description = (ids[i] for i in (picture.attributes["aria-labelledby"] or "").split())
        assert title.text.strip()
        assert len(description.text.strip()) > 40, title.text
    assert all(e.text.strip() for e in page.elements if e.tag in ("td", "th") and "scope" not in e.attributes)
    assert "None" not in {e.text.strip() for e in page.elements}


def test_words_that_mislead_are_not_used(page: Page) -> None:
    sources = " ".join(e.text for e in page.all("ol"))
    body = " ".join(e.text for e in page.all("section") if e.text not in sources and "Sources" not in e.text).lower()
    assert "wrongly held" in body
    for word in ("accuracy", "accurate", "unbiased", "suspect", "guarantee", " nan"):
        assert word not in body


def test_the_same_assessment_gives_the_same_bytes(files: dict[str, bytes], tmp_path: Path) -> None:
    again = render(sample_assessment())
    assert [name for name in files if files[name] != again[name]] == []
    for name in ("a", "b"):
        write_assessment(sample_assessment(), tmp_path / name)
    assert (tmp_path / "a" / "bundle.zip").read_bytes() == (tmp_path / "b" / "bundle.zip").read_bytes()


@pytest.mark.parametrize("text", [EVIL, "世界 \x00\u202e", "x" * 300])
def test_what_a_scenario_says_is_shown_and_never_run(text: str) -> None:
    made = render(sample_assessment(text, title=f"A stop {text}"))
    page = Page(made["report.html"].decode())
    assert not page.all("script")
    assert not page.crossed
    assert made["report.pdf"].startswith(b"%PDF")
    if text == EVIL:
        assert any(EVIL in e.text for e in page.all("li"))


def test_what_is_not_defined_says_why(twin: dict[str, Any]) -> None:
    made = sample_assessment()
    lead = made.policies[0]
    gone = replace(
        lead.everybody, wrongly_held=nothing("nobody is scanned", "people"),
        right_record_given_match=nothing("nobody is matched"),
    )  # fmt: skip
    changed = replace(made, policies=(replace(lead, everybody=gone), *made.policies[1:]))
    page = Page(render(changed)["report.html"].decode())
    assert any("not defined, nobody is scanned" in e.text for e in page.all("p"))
    assert any("No figure: nobody is scanned" in e.text for e in page.all("p"))


def test_a_scenario_without_the_extras_says_so() -> None:
    made = sample_assessment(
        claims=(), sensitivity=(), break_even=(), projection=(), repeated=(), conflicts=(), warnings=(), caveats=(),
        measured=(), search=(), assumptions=(), differences=(),
    )  # fmt: skip
    made = replace(made, policies=tuple(replace(p, by_group=p.by_group[:1]) for p in made.policies))
    page = Page(render(made)["report.html"].decode())
    text = " ".join(e.text for e in page.all("p"))
    for said in ("holds no claim", "asks for nothing that would have to be true", "nothing is projected",
                 "No demographic groups were given", "Nothing that this scenario needs was measured"):  # fmt: skip
        assert said in text


def test_a_fixed_number_shows_no_limits() -> None:
    said = [span for words in all_words(document()) for span in spans(words)]
    paths = [s.path for s in said if isinstance(s, Value)]
    assert "scans.value" in paths
    assert "scans.lo" not in paths


def test_json_follows_the_published_schema(twin: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / FILE).read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(twin)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(twin | {"per": "many"})


def test_the_published_schema_is_that_of_the_dataclasses() -> None:
    shipped = Path(package.__file__).with_name(FILE)
    assert shipped.read_text() == schema_text(), "run: python run/docs.py"
    assert (ROOT / "docs" / "schema" / FILE).read_text() == schema_text(), "run: python run/docs.py"


def test_tables_hold_the_numbers_of_the_json(files: dict[str, bytes], twin: dict[str, Any]) -> None:
    def rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(files[f"tables/{name}.csv"].decode())))

    assert [r["policy"] for r in rows("policies")] == [p["name"] for p in twin["policies"]]
    for row, policy in zip(rows("policies"), twin["policies"], strict=True):
        for measure in ("wrongly_held", "found", "images_kept", "right_given_match"):
            estimate = policy["everybody"][measure]
            for key, column in (("value", measure), ("lo", f"{measure}_lo"), ("hi", f"{measure}_hi")):
                assert row[column] == ("" if estimate[key] is None else repr(estimate[key]))
    assert len(rows("trees")) == sum(1 for t in sample_assessment().trees for _ in t.root.walk())
    assert len(rows("inputs")) == len(twin["inputs"])
    assert rows("search")[1]["fpir_reason"] == "the test has no such group"
    assert len(rows("groups")) == len(twin["policies"]) * len(twin["groups"])


def test_a_report_is_written_whole_and_replaced_only_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    page = write_assessment(sample_assessment(), out)
    assert {p.name for p in out.iterdir()} == {"report.html", "report.pdf", "report.json", "tables", "bundle.zip"}
    with pytest.raises(UsageError, match="exists already"):
        write_assessment(sample_assessment(), out)
    (out / "tables" / "mine.csv").write_text("mine")
    write_assessment(sample_assessment(claims=()), out, force=True)
    assert not (out / "tables" / "claim-1.csv").exists()
    assert (out / "tables" / "mine.csv").read_text() == "mine"
    assert page.read_text().startswith("<!doctype html>")


def test_the_bundle_holds_all_that_it_came_from(tmp_path: Path) -> None:
    import tomllib

    made = sample_assessment()
    write_assessment(made, tmp_path / "out", folder=tmp_path)
    bundle = read_bundle(tmp_path / "out" / "bundle.zip")
    assert bundle.run["draws"] == made.provenance.draws
    assert bundle.run["seed"] == made.provenance.seed
    assert tomllib.loads(bundle.files["inputs/scenario.toml"].decode()) == dict(made.provenance.scenario)
    assert not [n for n in bundle.files if n.endswith(".tally")]
    assert set(json.loads(bundle.files["inputs/facts.json"])) == {used.id for used in made.facts}
    assert bundle.files["report.pdf"] == (tmp_path / "out" / "report.pdf").read_bytes()
    assert b"numpy==" in bundle.files["versions.txt"]


def test_claims_are_quoted_and_answered() -> None:
    page = Page(render(sample_assessment())["report.html"].decode())
    [claim] = [e.text for e in page.all("p") if e.text.lstrip("0123456789").startswith("Claim:")]
    assert "A match is definitive" in claim
    assert "Contradicted by the inputs as stated" in claim


def test_an_estimate_of_zero_is_written_as_zero_only_where_it_is_certain() -> None:
    made = sample_assessment()
    certain = Estimate(value=0.0, lo=0.0, hi=0.0)
    lead = replace(made.policies[0], everybody=replace(made.policies[0].everybody, held_without_match=certain))
    words = list(all_words(document_of(
        changed := replace(made, policies=(lead, *made.policies[1:])), twin_of(changed), fingerprint=""
    )))  # fmt: skip
    zeros = [s for w in words for s in spans(w) if isinstance(s, Value) and s.text == "0"]
    assert zeros
    assert all(s.raw in ("0.0", "0", "-0.0") for s in zeros)
    assert not [s for w in words for s in spans(w) if isinstance(s, Quoted) and s.text == "None"]
