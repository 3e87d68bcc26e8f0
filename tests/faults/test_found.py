"""What the fuzzer found, and what it found not to be there: inputs that once ended in a defect."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from misid.ground.errors import MisidError
from tests.faults.fuzz import targets as fuzz
from tests.faults.fuzz.counts import inputs, table

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


def test_every_target_is_of_one_reader() -> None:
    assert sorted(name for names in fuzz.READERS.values() for name in names) == sorted(fuzz.TARGETS)


def test_the_page_says_what_was_counted() -> None:
    page = (fuzz.RESULTS.parents[1] / "faults.md").read_text("utf-8").splitlines()
    for line in table():
        assert line in page


def test_every_reader_had_its_million() -> None:
    made = inputs()
    for reader, names in fuzz.READERS.items():
        assert sum(made[name] for name in names) >= 1_000_000, reader
