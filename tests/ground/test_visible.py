"""Text of others: one cell of one row in CSV, never a formula; on a terminal never a command to it."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.cli import output
from misid.ground.fitted import print_fitted
from misid.ground.rate import Rate
from misid.ground.text import print_rates
from misid.ground.visible import csv_line, guarded, json_text, visible, write_csv

LINE_END = re.compile("[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
LIVE = re.compile("[\t\r]|\\s*[=+\\-@＝＋－＠]")
HARD = st.text(
    alphabet=st.one_of(st.sampled_from("\r\n\t\v\x00\x1b\x85\u2028\u202e\ufeff\xa0 \"',;'=+-@＝＋a1"), st.characters())
)


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def without_guards(cell: str, given: str) -> bool:
    """Whether `cell` is `given` with nothing added but an apostrophe at the beginning of lines."""
    place = 0
    for i, letter in enumerate(cell):
        if place < len(given) and letter == given[place]:
            place += 1
        elif letter != "'" or (i and not LINE_END.match(cell[i - 1])):
            return False
    return place == len(given)


@given(st.lists(st.tuples(HARD, HARD), min_size=1, max_size=3), HARD)
def test_any_text_comes_back_in_one_cell_of_one_row(pairs: list[tuple[str, str]], heading: str) -> None:
    stream = io.StringIO(newline="")
    write_csv([{heading: one, f"{heading}2": other} for one, other in pairs], (heading, f"{heading}2"), stream)
    read = read_back(stream.getvalue())
    expected = [(heading, f"{heading}2"), *pairs]
    assert [len(row) for row in read] == [2] * len(expected)
    for row, given_row in zip(read, expected, strict=True):
        for cell, given_cell in zip(row, given_row, strict=True):
            assert without_guards(cell, given_cell)
            assert not any(LIVE.match(line) for line in LINE_END.split(cell))
    assert not any(LIVE.match(line) for line in LINE_END.split(stream.getvalue()))


@given(st.lists(st.text(alphabet='ab 1.é,"\n'), min_size=1, max_size=4))
def test_ordinary_text_is_written_as_python_writes_it(cells: list[str]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerow(cells)
    assert csv_line(cells) == stream.getvalue()


def test_another_reader_sees_the_same_rows(tmp_path: object) -> None:
    cells = ["\r=1+1", "a\rb", "a\r\nb", "a\nb", 'a"b', "\x1b[2J", "a,b"]
    path = f"{tmp_path}/t.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
        write_csv([{"a": cell, "b": 1} for cell in cells], ("a", "b"), file)
    read = duckdb.execute(f"SELECT * FROM read_csv('{path}', header = true, auto_detect = false, quote = '\"', "
                      "escape = '\"', delim = ',', columns = {'a': 'VARCHAR', 'b': 'INT'})").fetchall()  # fmt: skip
    assert read == [(guarded(cell), 1) for cell in cells]


@pytest.mark.parametrize(
    "text",
    ["=HYPERLINK(1)", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1+1", "\r", "\n=1+1", " =1", "\u200b=1", "＝1"],
)  # fmt: skip
def test_no_cell_is_a_formula(text: str) -> None:
    stream = io.StringIO(newline="")
    print_rates([Rate(measure="fmr", probe_group=text, status="undefined")], "csv", stream)
    row = read_back(stream.getvalue())[1][1:]
    assert row[0] == guarded(text)
    assert row[0].count("'") >= 1
    assert row[0].replace("'", "") == text


@pytest.mark.parametrize("number", [-0.5, -3, 1e-300])
def test_numbers_keep_their_digits(number: float) -> None:
    assert guarded(number) == repr(number)


EVIL = "F\x1b[31m\x1b]0;x\x07\u202eM\x9b2J\nall"
"""Colours, a title, text turned round, the one-character beginning of a sequence, a forged row."""


def harmless(text: str) -> bool:
    return not any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") for c in text.replace("\n", ""))


@given(HARD)
def test_nothing_a_terminal_acts_on_is_left(text: str) -> None:
    assert harmless(visible(text))
    assert "\n" not in visible(text)
    assert visible(text, lines=True).count("\n") == text.count("\n")
    assert visible(visible(text)) == visible(text)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(st.recursive(HARD | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(HARD, inner), max_leaves=5))
def test_json_is_the_same_data_and_harmless(data: object) -> None:
    assert harmless(json_text(data))
    assert json.loads(json_text(data)) == data


def test_a_table_shows_escapes_for_what_a_terminal_would_act_on() -> None:
    stream = io.StringIO()
    print_fitted([{"group": EVIL, EVIL: "1"}], stream)
    assert harmless(stream.getvalue())
    assert "F\\x1b[31m\\x1b]0;x\\x07\\u202eM\\x9b2J\\nall" in stream.getvalue().replace("\n", "")


@pytest.mark.parametrize("form", ["table", "md", "json"])
def test_rates_and_records_show_escapes(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    rate = Rate(measure="fmr", probe_group=EVIL, status="refused", warnings=(f"too few of {EVIL}",))
    print_rates([rate], form, stream)  # type: ignore[arg-type]
    output.print_records([{"file": EVIL, "groups": [EVIL]}], form)  # type: ignore[arg-type]
    output.print_facts({"file": EVIL})
    printed = stream.getvalue() + capsys.readouterr().out
    assert harmless(printed)
    assert printed.count("u202e") >= 5
