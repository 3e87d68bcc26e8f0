"""The page "How each number is computed" is run, and every name on it exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages import names_exist, run_examples

PAGE = "how-each-number-is-computed.md"


def test_examples_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_examples(PAGE, at_least=21)


def test_every_function_named_exists() -> None:
    names_exist(PAGE, at_least=16)
