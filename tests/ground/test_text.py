"""Numbers and rates as words: never a false zero, never a lost reason."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.ground.errors import UsageError
from misid.ground.measures import MEASURES
from misid.ground.numbers import denominator, one_in, out_of, significant, threshold_text
from misid.ground.rate import Rate, Status
from misid.ground.text import RECORD_KEYS, natural, print_rates, rate_text, rates_table, record

ZERO = Rate(
    measure="fmr", threshold=0.5, estimate=0.0, lo=0.0, hi=5.8e-4, errors=0, trials=5160, people=516, status="bound"
)


def printed(rates: list[Rate], form: str) -> str:
    stream = io.StringIO()
    print_rates(rates, form, stream)  # type: ignore[arg-type]
    return stream.getvalue()


def test_an_estimate_comes_with_its_limits_in_one_denominator() -> None:
    assert rate_text(Rate(measure="fpir", estimate=2.3e-4, lo=1.1e-4, hi=4.8e-4)) == "2.3 in 10,000 (95 % 1.1–4.8)"


def test_no_errors_give_a_bound_and_the_people() -> None:
    expected = "none seen in 5,160 non-mated comparisons among 516 people; below 1 in 1,700 (95 %)"
    assert rate_text(ZERO) == expected
    assert rate_text(Rate(**{**ZERO.to_dict(), "status": "ok", "warnings": ()})) == expected
    assert natural(ZERO).startswith("None seen in 5,160")


@pytest.mark.parametrize(
    ("status", "words"),
    [("undefined", "cannot be computed: 0 non-mated searches"), ("censored", "candidate lists end"),
     ("refused", "not answered: 500 people bound it below 1")],
)  # fmt: skip
def test_what_is_not_known_says_why(status: Status, words: str) -> None:
    rate = Rate(measure="fpir", trials=0, status=status, warnings=("500 people bound it below 1",))
    assert words in rate_text(rate)
    assert words in natural(rate)


def test_a_bound_from_few_people_is_not_called_an_estimate() -> None:
    rate = Rate(measure="fnmr", lo=0.01, hi=0.4, errors=2, trials=18, people=9, status="bound")
    assert rate_text(rate) == "2 seen in 18 mated comparisons among 9 people; between 1.0 and 40 in 100 (95 %)"


def test_a_useless_bound_says_so() -> None:
    rate = Rate(measure="fnmr", lo=0.0, hi=1.0, errors=0, trials=1, people=1, status="bound")
    assert rate_text(rate).endswith("the limits exclude nothing (95 %)")


@given(st.floats(min_value=1e-12, max_value=1.0))
def test_no_rate_above_zero_is_ever_written_as_zero_nor_below_one_as_all(p: float) -> None:
    size = denominator(p)
    text = out_of(p, size)
    assert float(text.replace(",", "")) > 0
    if p < 1 - 1e-12:
        assert text != f"{size:,}"
    assert abs(float(text.replace(",", "")) / size - p) <= 0.051 * p


@given(st.floats(min_value=1e-12, max_value=1.0))
def test_a_bound_in_words_is_never_below_the_bound(p: float) -> None:
    text = one_in(p).replace(",", "")
    top, bottom = text.split(" in ")
    assert float(top) / float(bottom) >= p * (1 - 1e-9)
    assert float(top) / float(bottom) <= p * 1.12


def test_numbers_have_thousands_separators_and_no_exponent() -> None:
    assert significant(1.2e-9) == "0.0000000012"
    assert significant(123456.0) == "120,000"
    assert threshold_text(51.98) == "51.98"
    assert threshold_text(float("inf")) == "above every score"


def test_records_have_the_agreed_keys_in_the_agreed_order() -> None:
    assert tuple(record(ZERO)) == RECORD_KEYS
    assert tuple(json.loads(printed([ZERO], "json"))[0]) == RECORD_KEYS
    assert next(csv.reader(io.StringIO(printed([ZERO], "csv")))) == list(RECORD_KEYS)


def test_json_carries_infinite_thresholds_and_stays_json() -> None:
    text = printed([Rate(measure="fmr", threshold=float("inf"), status="undefined")], "json")
    assert json.loads(text, parse_constant=pytest.fail)[0]["threshold"] == "Infinity"


def test_csv_numbers_read_back_exactly() -> None:
    rate = Rate(measure="fmr", estimate=0.1 + 0.2, lo=1e-300, hi=1 / 3)
    row = next(csv.DictReader(io.StringIO(printed([rate], "csv"))))
    assert (float(row["estimate"]), float(row["lo"]), float(row["hi"])) == (0.1 + 0.2, 1e-300, 1 / 3)


def test_columns_that_say_nothing_are_left_out() -> None:
    assert "probe group" not in rates_table([ZERO])[0]
    assert "rank" not in rates_table([ZERO])[0]
    both = rates_table([ZERO, Rate(measure="fmr", probe_group="F", status="undefined")])
    assert [row["probe group"] for row in both] == ["all", "F"]


def test_tables_print_markup_as_it_is() -> None:
    rate = Rate(measure="fmr", probe_group="[red]F[/red] | <b>", status="undefined", warnings=("too few people",))
    table = printed([rate], "table")
    assert "[red]F[/red] | <b>" in table
    assert table.count("too few people") == 1, "in its row, and not once more below"
    assert "[red]F[/red] \\| <b>" in printed([rate], "md")


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="yaml"):
        printed([ZERO], "yaml")


def test_every_measure_is_explained_without_the_words_that_mislead() -> None:
    for words in MEASURES.values():
        assert words.definition
        assert "accura" not in words.definition.lower()


def test_a_refused_target_is_said_once_and_has_no_row() -> None:
    why = "FMR of at most 1 in 10,000 cannot be seen"
    refused = [Rate(measure=m, target=1e-4, status="refused", warnings=(why,)) for m in ("fmr", "fnmr")]
    known = Rate(measure="fmr", threshold=0.5, estimate=0.1, lo=0.05, hi=0.2, errors=5, trials=50, people=20)
    stream = io.StringIO()
    print_rates([*refused, known], stream=stream)
    table = stream.getvalue()
    assert table.count("refused") == 0
    assert table.count(why) == 1
    assert f"not answered: {why}" in table
    stream = io.StringIO()
    print_rates(refused, stream=stream)
    assert stream.getvalue().count("refused") == 2, "nothing else to show"
    stream = io.StringIO()
    print_rates([*refused, known], "csv", stream)
    assert stream.getvalue().count("refused") == 2, "machines get every record"
