"""The page on uncertainty is run, and every name on it exists."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "uncertainty.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_examples_by_hand() -> None:
    blocks = re.findall(r"^```pycon\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, PAGE.name, str(PAGE), 0)
    assert len(test.examples) > 25
    said: list[str] = []
    failed, _ = doctest.DocTestRunner().run(test, out=said.append)
    assert not failed, "".join(said)


def test_every_name_on_the_page_exists() -> None:
    names = re.findall(r"`(misid(?:\.\w+)+)`", TEXT)
    assert len(names) >= 4
    for name in names:
        module, _, attribute = name.rpartition(".")
        if importlib.util.find_spec(module) is None or not hasattr(importlib.import_module(module), attribute):
            importlib.import_module(name)


def test_every_shape_is_in_the_table() -> None:
    from misid.encounter.shapes import SHAPES

    assert {f"| `{kind}` |" in TEXT for kind in SHAPES if kind != "fixed"} == {True}
