"""The page on uncertainty is run, and every name on it exists."""

from __future__ import annotations

from tests.pages import DOCS, names_exist, run_examples

PAGE = "uncertainty.md"


def test_examples_by_hand() -> None:
    run_examples(PAGE, at_least=26)


def test_every_name_on_the_page_exists() -> None:
    names_exist(PAGE, at_least=4)


def test_every_shape_is_in_the_table() -> None:
    from misid.encounter.shapes import SHAPES

    text = (DOCS / PAGE).read_text(encoding="utf-8")
    assert {f"| `{kind}` |" in text for kind in SHAPES if kind != "fixed"} == {True}
