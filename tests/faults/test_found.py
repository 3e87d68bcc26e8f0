"""What the fuzzer found, and what it found not to be there: inputs that once ended in a defect."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from misid.ground.errors import MisidError
from tests.faults.fuzz import targets as fuzz

FOUND = sorted(p for p in fuzz.FOUND.iterdir() if p.suffix != ".md")


@pytest.mark.parametrize("path", FOUND, ids=lambda p: p.name)
def test_what_was_found_is_an_error_of_its_own_now(path: Path) -> None:
    target = path.name.rpartition("-")[0]
    with contextlib.suppress(MisidError):
        fuzz.TARGETS[target].run(path.read_bytes())


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_whole_inputs_are_taken(target: str) -> None:
    """The fuzzer starts from these; were they refused, it would try nothing."""
    for data in fuzz.TARGETS[target].seeds():
        with contextlib.suppress(MisidError):
            fuzz.TARGETS[target].run(data)
