"""Tables that fit the terminal: no word and no number is broken, whatever the width."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.ground.fitted import GAP, fitted, print_fitted, wrapped
from misid.ground.rate import Rate
from misid.ground.text import print_rates

RATES = [
    Rate(measure="fmr", threshold=0.612488, target=0.01, estimate=0.01, lo=0.0079, hi=0.013, errors=2662,
         trials=266256, people=517),
    Rate(measure="fmr", threshold=0.7, estimate=1.9e-5, lo=4.3e-6, hi=1.2e-4, errors=5, trials=266256, people=517),
    Rate(measure="fnir", threshold=0.7, rank=10, gallery=515, estimate=0.41, lo=0.37, hi=0.45, errors=212, trials=516,
         people=516),
    Rate(measure="fpir", threshold=0.75, gallery=515, estimate=0.0, lo=0.0, hi=5.8e-4, errors=0, trials=5160,
         people=516, status="bound"),
]  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, width: int, rates: list[Rate] = RATES) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    print_rates(rates, stream=stream)
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_rates_keep_their_words_whole_on_every_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = printed(monkeypatch, width)
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for word in ("threshold", "0.612488", "1.9", "100,000", "non-mated", "5,160"):
        assert word in words, word
    if width >= 60:
        assert "(95 % 0.43–12)" in "\n".join(lines)


def test_on_80_columns_what_is_left_out_is_named_and_on_200_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow, wide = "\n".join(printed(monkeypatch, 80)), "\n".join(printed(monkeypatch, 200))
    assert "not shown on so narrow a terminal: status, people, trials;" in narrow
    assert "266,256" not in narrow
    assert "266,256" in wide
    assert "not shown" not in wide


def test_galleries_that_tell_rows_apart_are_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [*RATES, Rate(measure="fpir", threshold=0.75, gallery=1030, estimate=0.1, lo=0.05, hi=0.2)]
    for width in (72, 80):
        assert "1,030" in "\n".join(printed(monkeypatch, width, two))


def test_where_there_is_no_terminal_nothing_is_left_out() -> None:
    stream = io.StringIO()
    print_rates(RATES, stream=stream)
    assert "status" in stream.getvalue()
    assert "not shown" not in stream.getvalue()


def test_columns_that_do_not_fit_beside_each_other_become_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = Terminal()
    rows = [{"a long heading": "w" * 12, "other": "v" * 12, "empty": ""}] * 2
    assert print_fitted(rows, stream) == ()
    text = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert re.findall(r"^(\S.*?) {2,}(\S+)", text, re.MULTILINE) == [
        ("a long heading", "w" * 12), ("other", "v" * 12)
    ] * 2  # fmt: skip


CELLS = st.text(alphabet="ab 1,.", max_size=30)


@given(rows=st.lists(st.fixed_dictionaries({"a": CELLS, "main": CELLS, "spare": CELLS}), min_size=1, max_size=5),
       width=st.integers(10, 120))  # fmt: skip
def test_widths_never_exceed_the_terminal_and_hold_every_word(rows: list[dict[str, str]], width: int) -> None:
    fit = fitted(rows, width, spare={"spare": 20}, main="main")
    if not fit.widths:
        return
    assert sum(fit.widths.values()) + GAP * (len(fit.widths) - 1) <= width
    for column, wide in fit.widths.items():
        for text in (column, *(row[column] for row in rows)):
            lines = wrapped(text, wide).split("\n")
            assert max(map(len, lines)) <= wide
            assert " ".join(lines).split() == text.split()
