"""A library that is wrong is refused with everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.evidence import check, load
from misid.evidence.rules import check_fact, is_address, published
from misid.ground.errors import BadInputError, Findings, UsageError

SOURCE = """
[[source]]
id = "s-one"
title = "A test"
publisher = "A laboratory"
date = "2025-07"
url = "https://example.org/test"
kind = "primary"
read = "page"
"""
FACT = """
[[fact]]
id = "one"
quantity = "FNIR"
units = "proportion"
value = 0.01
population = "A hundred searches"
source = "s-one"
confidence = "high"
"""
HEAD = 'topic = "own"\nabout = "Own tests."\n'
CONFLICT = """
[[conflict]]
id = "c-one"
question = "Which"
facts = ["one"]
differs = "This and that."
advice = "Both."
"""


def _folder(
    path: Path, *, facts: str = FACT, sources: str = SOURCE, conflicts: str = CONFLICT, head: str = HEAD
) -> Path:
    (path / "own.toml").write_text(head + facts, encoding="utf-8")
    (path / "sources.toml").write_text(sources, encoding="utf-8")
    (path / "conflicts.toml").write_text(conflicts, encoding="utf-8")
    return path


def test_a_library_of_ones_own_loads(tmp_path: Path) -> None:
    library = load(_folder(tmp_path))
    assert [fact.id for fact in library] == ["one"]
    assert library["one"].number == 0.01
    assert library["one"].source.title == "A test"
    assert library["one"].conflicts == ("c-one",)


@pytest.mark.parametrize(
    ("old", "new", "code", "seen"),
    [
        ("value = 0.01", "value = 1.01", "E062", "value = 1.01"),
        ("value = 0.01", "value = -0.01", "E062", "value = -0.01"),
        ("value = 0.01", "value = nan", "E062", "value = nan"),
        ("value = 0.01", "value = inf", "E062", "value = inf"),
        ("value = 0.01", "", "E062", "neither value, lo nor hi"),
        ("value = 0.01", "value = true", "E061", "value = True"),
        ("value = 0.01", "value = 0.01\nlo = 0.02\nlimits = 'l'", "E062", "lo = 0.02, value = 0.01"),
        ("value = 0.01", "lo = 0.3\nhi = 0.2\nlimits = 'l'", "E062", "lo = 0.3, hi = 0.2"),
        ("value = 0.01", "lo = 0.1", "E062", "without limits"),
        ("value = 0.01", "value = 0.01\nlimits = 'l'", "E062", "limits without"),
        ("value = 0.01", "value = 'words'\nlo = 0.1\nlimits = 'l'", "E062", "words and lo"),
        ('units = "proportion"', 'units = "text"', "E062", "numbers in units of text"),
        ('units = "proportion"\nvalue = 0.01', 'units = "date"\nvalue = "2025-13-01"', "E062", "2025-13-01"),
        ("value = 0.01", "value = 0.01\ngiven = { fpir = 2 }", "E062", "given fpir = 2"),
        ("value = 0.01", "value = 0.01\ngiven = { gallery = 'big' }", "E062", "given gallery = 'big'"),
        ("value = 0.01", "value = 0.01\ngiven = { weather = 1 }", "E061", "given = 'weather'"),
        ('confidence = "high"', 'confidence = "total"', "E061", "confidence = 'total'"),
        ('confidence = "high"', 'confidence = "high"\nread = "aloud"', "E061", "read = 'aloud'"),
        ('confidence = "high"', "", "E061", "no confidence"),
        ('confidence = "high"', 'confidence = "high"\nvalu = 2', "E061", "a field 'valu'"),
        ('population = "A hundred searches"', 'population = ""', "E061", "population is empty"),
        ('source = "s-one"', 'source = "s-two"', "E064", "source = 's-two'"),
        ('source = "s-one"\n', "", "E061", "no source"),
        ('id = "one"', 'id = "One!"', "E061", "id = 'One!'"),
        ('topic = "own"', "", "E061", "facts without a topic"),
        ("[[fact]]", "[[fcat]]", "E061", "a table 'fcat'"),
        ("[[fact]]", "[fact", "E061", "Expected"),
        ('url = "https://example.org/test"', 'url = "example.org"', "E064", "url = 'example.org'"),
        ('url = "https://example.org/test"', "", "E064", "neither url nor no_url"),
        ('kind = "primary"', 'kind = "primary"\nno_url = "lost"', "E064", "both url and no_url"),
        ('kind = "primary"', 'kind = "primary"\noriginal_url = "x"', "E064", "original_url = 'x'"),
        ('kind = "primary"', 'kind = "hearsay"', "E061", "kind = 'hearsay'"),
        ('read = "page"', 'read = "memory"', "E061", "read = 'memory'"),
        ('date = "2025-07"', 'date = "July"', "E064", "date = 'July'"),
        ('facts = ["one"]', 'facts = ["two"]', "E063", "facts has 'two'"),
        ('facts = ["one"]', "facts = []", "E061", "facts is empty"),
        ('id = "c-one"', 'id = "one"', "E063", "2 records of this id"),
    ],
)  # fmt: skip
def test_each_rule_finds_its_breach(tmp_path: Path, old: str, new: str, code: str, seen: str) -> None:
    parts = {"head": HEAD, "facts": FACT, "sources": SOURCE, "conflicts": CONFLICT}
    assert sum(old in text for text in parts.values()) == 1
    folder = _folder(tmp_path, **{name: text.replace(old, new) for name, text in parts.items()})
    found = check(folder)
    assert any(problem.code == code and seen in problem.seen for problem in found), found
    with pytest.raises(BadInputError) as caught:
        load(folder)
    assert caught.value.problems == found


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    folder = _folder(
        tmp_path,
        facts=FACT.replace("0.01", "7.5") + FACT.replace("s-one", "s-none") + FACT.replace('"FNIR"', "3"),
        sources=SOURCE.replace("https://", ""),
    )
    found = check(folder)
    assert sorted(problem.code for problem in found) == ["E061", "E062", "E063", "E064", "E064"]
    assert all(problem.severity == "error" and problem.remedy and problem.allowed for problem in found)


def test_a_malformed_source_is_one_problem_and_not_one_for_each_fact(tmp_path: Path) -> None:
    found = check(_folder(tmp_path, sources=SOURCE.replace('title = "A test"\n', "")))
    assert [problem.seen for problem in found] == ["no title"]


def test_a_folder_that_is_none_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a directory"):
        load(tmp_path / "none")


@given(st.text())
def test_any_text_is_a_date_or_an_address_or_not(text: str) -> None:
    iso = published(text)
    assert iso is None or iso == "" or iso[:4].isdigit()
    assert is_address(text) in (True, False)


@given(
    st.one_of(st.none(), st.floats(), st.integers()),
    st.one_of(st.none(), st.floats()),
    st.one_of(st.none(), st.floats()),
)
def test_numbers_that_pass_are_in_order_and_in_range(value: float | None, lo: float | None, hi: float | None) -> None:
    numbers = {name: number for name, number in (("value", value), ("lo", lo), ("hi", hi)) if number is not None}
    limits = {"limits": "what they are"} if {"lo", "hi"} & numbers.keys() else {}
    found = Findings()
    check_fact({"units": "proportion", "confidence": "high", **numbers, **limits}, "here", found)
    if not found.problems:
        in_order = [number for number in (lo, value, hi) if number is not None]
        assert in_order
        assert in_order == sorted(in_order)
        assert all(0 <= number <= 1 for number in in_order)
