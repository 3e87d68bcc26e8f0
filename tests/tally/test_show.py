"""Python results show themselves: one screen of text, a small table in a notebook."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from misid.rates import compute_rates
from misid.tally import Tally, read_tally
from misid.tally.model import Label
from tests.tally.test_example import shipped


@pytest.fixture(scope="module")
def tally() -> Tally:
    return read_tally(shipped())


class Balanced(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert not [tag for tag in self.open if tag not in ("circle", "line", "br")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_tally_shows_what_was_counted(tally: Tally) -> None:
    assert "non-mated comparisons: 266,256" in repr(tally)
    assert len(repr(tally).splitlines()) < 20
    assert "266,256" in Balanced(tally._repr_html_()).text


def test_hostile_groups_are_shown_as_text(tally: Tally) -> None:
    hostile = replace(
        tally, labels=(*tally.labels, Label(name="<script>alert(1)</script>", attribute="a", members=(0,)))
    )
    assert "<script>alert(1)</script>" in Balanced(hostile._repr_html_()).text


def test_rates_show_their_limits(tally: Tally) -> None:
    rates = compute_rates(tally, targets=[0.01], curves=False)
    assert "FMR, threshold 0.6: 2.2 in 100 (95" in repr(rates).replace("\u00a0", " ")
    assert len(repr(rates).splitlines()) < 25
    assert "FMR" in Balanced(rates._repr_html_()).text
