"""The page: offline, whole, described in words, and saying only what report.json says."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from dataclasses import replace
from typing import Any

import pytest

from misid.ground.codes import note
from misid.rates.model import Differential
from misid.report import Report
from misid.report.facts import facts_of
from misid.report.shown import raw
from misid.report.words import all_warnings, differential_words, failures_text, not_measured
from misid.report.write import render
from misid.search.fan import Fan
from tests.report.pages import LOADS, Page

SECTIONS = ("answer", "measured", "checks", "rates", "groups", "projection", "calibration", "method", "provenance")


def at(document: Any, path: str) -> Any:
    for step in path.split("."):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def test_the_page_is_well_formed_and_its_ids_are_its_own(page: Page) -> None:
    assert not page.crossed
    assert not page.unclosed
    assert len(page.ids()) == len(set(page.ids()))


def test_nothing_is_loaded_from_anywhere(page: Page, html: str, files: dict[str, bytes]) -> None:
    for element in page.elements:
        assert element.tag not in ("script", "iframe", "object", "embed", "link", "img", "base"), element
        for name, value in element.attributes.items():
            assert not name.startswith("on"), element
            if name in LOADS and value is not None:
                assert value.startswith("#") or value in files, element
    assert not re.search(r"(?i)(https?:)?//[a-z0-9]", html.split("</style>")[0])
    assert "http://" not in html
    assert "https://" not in html
    assert not re.search(r"@import|url\((?!#)", html)
    policy = next(e for e in page.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy")
    assert (policy.attributes["content"] or "").startswith("default-src 'none'")


def test_the_page_is_small(files: dict[str, bytes]) -> None:
    assert len(files["report.html"]) < 5_000_000


def test_sections_come_in_the_order_they_are_read_in(page: Page) -> None:
    headings = page.all("h2")
    assert [e.attributes["id"] for e in headings] == list(SECTIONS)
    assert [e.text[0] for e in headings] == [str(i) for i in range(1, 10)]


def test_every_picture_says_what_it_shows(page: Page) -> None:
    pictures = page.all("svg")
    assert len(pictures) > 15
    ids = {e.attributes.get("id"): e for e in page.elements if "id" in e.attributes}
    for picture in pictures:
        assert picture.attributes["role"] == "img"
        title, description = (ids[i] for i in (picture.attributes["aria-labelledby"] or "").split())
        assert title.text.strip()
        assert len(description.text.strip()) > 20, title.text


def test_every_figure_has_a_caption_and_its_numbers(page: Page, files: dict[str, bytes]) -> None:
    captions = page.all("figcaption")
    assert len(captions) == len(page.all("figure"))
    for caption in captions:
        assert len(caption.text) > 40
    links = [e.attributes["href"] for e in page.all("a") if e.within[-1:] == ("figcaption",)]
    assert len(links) == len(captions)
    assert set(links) <= set(files)


def test_bands_and_bars_say_level_method_and_people(page: Page) -> None:
    for caption in page.all("figcaption"):
        if re.search(r"\b(Bands?|Bars?|Crosses)\b", caption.text):
            assert "95 %" in caption.text
            assert "Wilson (sample data)" in caption.text or "draws of the fitted curves" in caption.text
            assert "people" in caption.text or "each group on its own" in caption.text


def test_every_number_is_the_one_in_the_json(page: Page, files: dict[str, bytes]) -> None:
    document = json.loads(files["report.json"])
    traced = 0
    for element in page.elements:
        if element.tag == "data":
            assert element.attributes["value"] == raw(at(document, element.attributes["data-path"] or ""))
            traced += 1
        if "data-record" in element.attributes:
            record = at(document, element.attributes["data-record"] or "")
            for name, value in element.attributes.items():
                key = name.removeprefix("data-").replace("-", "_")
                if name.startswith("data-") and key in record:
                    assert value == raw(record[key])
                    traced += 1
    assert traced > 300


def test_numbers_in_cells_are_traced(page: Page) -> None:
    """A digit in a numeric cell stands in an element that names its place in report.json."""
    for element in page.elements:
        if element.tag == "td" and element.attributes.get("class") in ("n", "r") and re.search(r"\d", element.text):
            marked = [
                e
                for e in page.elements
                if element.tag in e.within and ("data-path" in e.attributes or "data-record" in e.attributes)
            ]
            assert any(e.text.strip() == element.text.strip() for e in marked), element.text


def test_no_rate_is_a_false_zero_and_nothing_is_empty(page: Page, html: str) -> None:
    assert not re.search(r"\b0\.0+ ?%", html)
    assert "nan" not in {e.text.strip().lower() for e in page.all("td")}
    assert "None" not in {e.text.strip() for e in page.all("td")}
    rates = [e for e in page.elements if (e.attributes.get("class") or "").startswith("rate ")]
    assert rates
    assert all(e.text.strip() for e in rates)


def test_words_that_mislead_are_not_used(page: Page) -> None:
    body = " ".join(e.text for e in page.all("main")).lower()
    for word in ("accuracy", "accurate", "bias-free", "unbiased", "debias", "match = person", "suspect", "guarantee"):
        assert word not in body


def test_no_path_and_no_id_of_the_input_is_in_any_file(files: dict[str, bytes]) -> None:
    for name, content in files.items():
        for secret in (b"/home/jane", b"jane", b"P17", b"P23"):
            assert secret not in content, name


def test_a_differential_of_unnamed_groups_names_none(page: Page) -> None:
    words = [e.text for e in page.elements if (e.attributes.get("data-record") or "").startswith("rates.differentials")]
    assert any("The highest FMR is at least 1.2" in text for text in words)
    assert not any("None" in text for text in words)


def test_group_statements_name_people(page: Page) -> None:
    words = [e.text for e in page.elements if (e.attributes.get("data-record") or "").startswith("rates.differentials")]
    named = [text for text in words if re.search(r"\b(East|North|South|\(missing\))", text)]
    assert named
    assert all(re.search(r"\(\d+ people\)", text) for text in named)


@pytest.mark.parametrize("warning", ["Limits count people, not comparisons.", "Region is missing for 11 people: "])
def test_warnings_are_on_the_page(page: Page, warning: str) -> None:
    assert any(warning in e.text for e in page.all("li"))


def test_a_warning_with_a_code_is_a_sentence_with_the_code_in_brackets() -> None:
    text = note("W003", "both ids are one")
    assert all_warnings([text, "a note"], [text]) == [
        "Ids of probes and references were taken as ids of people: both ids are one (W003).", "A note."
    ]  # fmt: skip


def test_it_says_what_it_does_not_say(page: Page, report: Report) -> None:
    text = " ".join(e.text for e in page.all("dl"))
    assert "A gallery of more than 360 faces." in text
    assert "is extrapolated, in a section of its own" in text
    bare = not_measured(facts_of(report.tally), "")
    assert any("projects nothing" in why for _, why in bare)


def test_larger_galleries_show_the_refusal_and_what_every_band_is(page: Page, report: Report) -> None:
    fan = report.projection
    assert isinstance(fan, Fan)
    holes = [e.text for e in page.all("p") if e.attributes.get("class") == "hole"]
    assert any(fan.reason in text and fan.needed in text for text in holes)
    [caption] = [e.text for e in page.all("figcaption") if "Pale band" in e.text]
    for part in ("95 % limits", "50 % limits", "extrapolated from 361 people", "Hatched", "is refused", "do not hold"):
        assert part in caption
    checks = {e.text for e in page.all("td")} & {"yes", "NO", "not made"}
    assert checks == {"yes", "NO", "not made"}
    assert any("relatives were not in this test" in e.text for e in page.all("li"))
    answers = [e for e in page.elements if (e.attributes.get("data-record") or "").startswith("projection.named")]
    assert [e.attributes["class"] for e in answers] == ["answer ok", "answer bound", "answer bound"]


def test_a_report_without_a_projection_says_why(report: Report) -> None:
    bare = render(replace(report, projection="candidate lists end before the tail"))
    page = Page(bare["report.html"].decode())
    assert any("candidate lists end before the tail" in e.text for e in page.all("p"))
    assert not any(name.startswith("tables/figure-projection") for name in bare)
    twin = json.loads(bare["report.json"])
    assert (twin["projection"], twin["no_projection"]) == (None, "candidate lists end before the tail")


def test_the_fan_is_data_too(files: dict[str, bytes], report: Report) -> None:
    fan = report.projection
    assert isinstance(fan, Fan)
    rows = list(csv.DictReader(io.StringIO(files["tables/figure-projection-fan.csv"].decode())))
    assert [int(r["gallery"]) for r in rows] == [p.gallery for p in fan.points if p.group == "all"]
    assert int(rows[-1]["gallery"]) == 1_200_000_000
    assert {r["region"] for r in rows} == {"within the test", "beyond the test"}
    twin = json.loads(files["report.json"])["projection"]
    assert len(twin["points"]) == len(fan.points)
    by_sex = list(csv.DictReader(io.StringIO(files["tables/figure-projection-by-sex.csv"].decode())))
    assert {r["group"] for r in by_sex} == {"sex=F", "sex=M"}


def test_pictures_and_pages_say_the_same(page: Page, files: dict[str, bytes]) -> None:
    """The CMC is drawn as misses and described as misses, whichever of the two its file has."""
    rows = list(csv.DictReader(io.StringIO(files["tables/figure-cmc.csv"].decode())))
    described = next(e.text for e in page.all("desc") if e.text.startswith("Share of mated searches whose mate is not"))
    found = dict(re.findall(r"rank (\d+): ([0-9.e-]+\d)", described))
    missed = {
        r["rank"]: float(r["estimate"]) if r["measure"] == "fnir" else 1 - float(r["estimate"])
        for r in rows
        if r["estimate"]
    }
    assert found
    for rank, misses in found.items():
        assert float(misses) == pytest.approx(missed[rank], rel=0.06)


def test_notes_on_single_rates_name_them(page: Page) -> None:
    notes = [e.text for e in page.all("li") if "chosen for" in e.text or "limits at this very threshold" in e.text]
    assert all(re.match(r"[A-Z]{3,4}(, [A-Z]{3,4})*: ", text) for text in notes)


def test_counts_of_files_and_failures_read_as_sentences(page: Page, report: Report) -> None:
    text = " ".join(e.text for e in page.all("main"))
    assert not re.search(r"\b1 (rows|bits|errors)\b", text)
    assert failures_text(("-1.0", "nan"), facts_of(report.tally)).startswith("Declared failure codes: -1, nan. ")
    assert "carried one" not in failures_text((), replace(facts_of(report.tally), failed_mated=0, failed_nonmated=0))


def test_no_method_is_named_twice_in_one_cell(page: Page) -> None:
    for element in page.all("td"):
        parts = element.text.split("; ")
        assert len(parts) == len(set(parts)) or "at their worst" not in element.text, element.text


def test_people_of_a_group_are_its_own_in_pictures_too(page: Page, report: Report) -> None:
    """FMR counts people on both sides; a group's people are those who searched, in the table and in words."""
    people = {g.name.split("=")[-1]: max(g.probe_people, g.mated_people) for g in facts_of(report.tally).groups}
    described = [e.text for e in page.all("desc") if re.match(r"[^;]*, [0-9,]+ people: ", e.text)]
    described = [text for text in described if not text.startswith("probe ")]
    assert described
    for text in described:
        for name, n in re.findall(r"(?:^|; )([^;]+?), ([0-9,]+) people: ", text):
            assert int(n.replace(",", "")) == people[name], text


def test_groups_with_one_rate_are_not_called_highest_and_lowest() -> None:
    alike = Differential(
        statistic="max/min", measure="fmr", attribute="sex", estimate=1.0, lo=1.0, hi=45.0, plain=1.0, of="sex=F",
        to="sex=F", threshold=None, level=0.95, method="m",
    )  # fmt: skip
    assert differential_words(alike, {}) == "The FMR is the same in all groups: highest ÷ lowest is 1.0 (95 % 1.0–45)."


def test_headings_go_down_one_level_at_a_time_and_links_say_where(page: Page) -> None:
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    links = {(e.attributes.get("aria-label") or e.text, e.attributes["href"]) for e in page.all("a")}
    names = [name for name, _ in links]
    assert len(names) == len(set(names)), "two files under one name"
    for table in (e for e in page.elements if e.tag == "table"):
        assert table.text.strip()
    assert all(len(e.text.replace("CSV", "").strip()) > 5 for e in page.all("caption"))
