"""What is written as TOML is read back as it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.ground.toml import toml_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = TEXT | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)


@given(st.dictionaries(TEXT, VALUES, max_size=6))
def test_it_comes_back_as_it_was(table: dict[str, Any]) -> None:
    text = toml_text(table)
    assert tomllib.loads(text) == table
    assert toml_text(tomllib.loads(text)) == text


@pytest.mark.parametrize("value", [None, b"x", {1, 2}, [None]])
def test_what_toml_has_no_word_for_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="has no place in TOML"):
        toml_text({"a": value})
