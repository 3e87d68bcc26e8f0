"""Results show themselves in a notebook: small, escaped, with their limits."""

from __future__ import annotations

from dataclasses import replace

from misid.ground.rate import Rate
from misid.ground.show import MOST_ROWS, facts_html, problems_html, rates_html
from misid.report import Report
from tests.report.pages import Page
from tests.report.sample import sample_check


def test_a_report_shows_its_answer(report: Report) -> None:
    html = replace(report, title="<b>Test</b>")._repr_html_()
    page = Page(html)
    assert not page.crossed
    assert "b" not in {e.tag for e in page.elements}
    assert [e.text for e in page.all("strong")] == ["<b>Test</b>"]
    assert len(page.all("tr")) == 5
    assert len(html) < 10_000


def test_rates_show_bars_and_say_what_is_left_out() -> None:
    rates = [Rate(measure="fmr", probe_group="<i>", estimate=0.1, lo=0.05, hi=0.2, errors=1, trials=10, people=5)] * 50
    page = Page(rates_html(rates))
    assert len(page.all("tr")) == MOST_ROWS + 1
    assert len(page.all("svg")) == MOST_ROWS
    assert "10 more rates" in page.all("p")[-1].text
    assert not page.all("i")


def test_rates_without_values_show_their_reason() -> None:
    assert "cannot be computed: 0 non-mated searches" in rates_html(
        [Rate(measure="fpir", trials=0, status="undefined")]
    )
    assert "no rates" in rates_html([])


def test_problems_and_facts_are_escaped() -> None:
    assert "W021" in problems_html(sample_check().problems)
    assert "nothing wrong" in problems_html([])
    assert "&lt;b&gt;" in facts_html("Tally", {"<b>": 1})


def test_bounds_have_no_point_and_numbers_no_bar() -> None:
    bound = Rate(measure="fpir", estimate=0.7, lo=0.0, hi=0.98, errors=7, trials=10, people=10, status="bound")
    share = Rate(measure="fnir", estimate=0.2, lo=0.1, hi=0.4, errors=2, trials=10, people=10)
    number = Rate(measure="selectivity", estimate=90.0, lo=50.0, hi=200.0, errors=900, trials=10, people=10)
    page = Page(rates_html([bound, share, number]))
    assert len(page.all("svg")) == 2
    assert len(page.all("circle")) == 1
    # 0.98 is the end of the scale: the number of candidates does not stretch it.
    assert page.all("line")[0].attributes["x2"] == "100.0"


def test_refusals_come_last_and_what_is_to_be_said_is() -> None:
    refused = Rate(measure="fmr", target=1e-6, status="refused", warnings=("one error is already more",))
    known = Rate(measure="fmr", estimate=0.1, lo=0.05, hi=0.2, warnings=("limits at this very threshold",))
    page = Page(rates_html([refused, known]))
    assert [e.text for e in page.all("td") if e.text in ("ok", "refused")] == ["ok", "refused"]
    assert [e.text for e in page.all("p")] == ["note: limits at this very threshold"]


def test_single_results_show_themselves() -> None:
    rate = Rate(measure="fmr", probe_group="<b>", estimate=0.1, lo=0.05, hi=0.2)
    assert "10 in 100 (95 % 5.0–20)" in rate._repr_html_()
    assert "<b>" not in rate._repr_html_()
