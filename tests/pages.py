"""What pages of the documentation are held to: their examples run, and the names on them exist."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def run_examples(page: str, *, at_least: int) -> None:
    """Run all ``pycon`` blocks of a page of docs/ as one session; `at_least` so many lines are typed in it."""
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```pycon\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, page, str(DOCS / page), 0)
    assert len(test.examples) >= at_least
    said: list[str] = []
    failed, _ = doctest.DocTestRunner().run(test, out=said.append)
    assert not failed, "".join(said)


def names_exist(*pages: str, at_least: int) -> None:
    """Every module, and name of a module, that pages of docs/ quote as ``misid.something`` is there."""
    text = "".join((DOCS / page).read_text(encoding="utf-8") for page in pages)
    names = set(re.findall(r"`(misid(?:\.\w+)+)`", text))
    assert len(names) >= at_least
    for name in names:
        module, _, attribute = name.rpartition(".")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(module), attribute), name
