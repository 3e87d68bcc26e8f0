"""What a SOURCE is: a tally, one of the shipped examples, or scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from misid.cli.options import InputOptions
from misid.ground.errors import UsageError
from misid.ground.examples import EXAMPLE, SUFFIX, example_path, examples, is_example

if TYPE_CHECKING:
    from misid.tally import Tally

ZIP = b"PK\x03\x04"


def is_tally(source: str) -> bool:
    """Whether `source` names a tally: by its prefix or suffix, else by what is in the file."""
    if is_example(source) or source.endswith(SUFFIX):
        return True
    path = Path(source)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(len(ZIP)) != ZIP:
            return False
    from misid.tally.file import is_tally as holds_a_tally

    return holds_a_tally(path)


def the_tally(sources: Sequence[str], inputs: InputOptions) -> str | None:
    """The one tally among `sources`, or None where they are scores."""
    tallies = [source for source in sources if is_tally(source)]
    if not tallies:
        return None
    if len(sources) > 1:
        raise UsageError(
            f"{len(sources)} sources, and {tallies[0]} is a tally",
            remedy="one tally at a time; misid merge adds several",
        )
    if not inputs.is_empty:
        raise UsageError(
            f"{tallies[0]} is a tally, and options on how to read scores were given",
            remedy="leave them out: a tally carries what was declared when it was made",
        )
    return tallies[0]


def read(source: str) -> Tally:
    """Read a tally file or a shipped example."""
    path = _example(source.removeprefix(EXAMPLE)) if is_example(source) else Path(source)
    from misid.tally import read_tally

    return read_tally(path)


def _example(name: str) -> Path:
    known = examples()
    if name not in known:
        remedy = " or ".join(EXAMPLE + other for other in known) or "the path of a tally; this build ships no example"
        raise UsageError(f"no example is called {name!r}", remedy=remedy)
    return example_path(name)


def scores_source(sources: Sequence[str], inputs: InputOptions) -> Any:
    """What `misid.scores.open_scores` is to read, from the arguments and ``--candidates``."""
    named = [*sources, *([inputs.candidates] if inputs.candidates else [])]
    if not named and not (inputs.genuine or inputs.impostor):
        raise UsageError("no source is named", remedy="misid COMMAND SOURCE, or --genuine FILE --impostor FILE")
    if inputs.candidates and sources:
        raise UsageError("both SOURCE and --candidates are given", remedy="they mean the same: give one")
    return None if not named else named[0] if len(named) == 1 else named
