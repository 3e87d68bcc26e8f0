"""The page on the search model is run, and every name on it exists."""

from __future__ import annotations

from tests.pages import names_exist, run_examples

PAGE = "search-model.md"


def test_examples_by_hand() -> None:
    run_examples(PAGE, at_least=16)


def test_every_name_on_the_page_exists() -> None:
    names_exist(PAGE, at_least=4)
