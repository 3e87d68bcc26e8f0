"""What a caller may say about an input, in one place for the API and the command line."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from misid.ground.errors import UsageError
from misid.ground.given import numbers_given

Format = Literal["long", "matrix", "pair", "bob", "candidates"]

TableSource = Any
"""A path, ``file.duckdb::table``, a list of paths, or an object with ``__arrow_c_stream__``."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How to read a test. Nothing is needed where the guesses are right; `Scores.mapping` says what they were.

    Attributes
    ----------
    format : str or None
        ``long``, ``matrix``, ``pair``, ``bob`` or ``candidates``; None looks at the input.
    probe, reference, probe_person, reference_person, score, mated, rank : str or None
        Names of columns (long tables and candidates). In a candidates table `probe` is the id of the search.
    groups : tuple of str or None
        Demographic attributes to keep; None keeps those that are found, () keeps none.
    subjects : table or None
        One row a person: the person's id and the attributes.
    person : str or None
        The column of `subjects` (and of `samples`, `searches`, `references`) with the person's id.
    samples : table or None
        One row a sample: its id and its person's, where the scores have ids of samples only.
    failures : tuple of float
        Scores that mean "this comparison failed", on the input's own scale; ``nan`` includes empty cells.
    polarity : "similarity", "distance" or None
        None takes a column called distance as one, everything else as similarity.
    score_type : "FLOAT", "DOUBLE" or None
        Type of the scores; None keeps that of a binary input and takes DOUBLE for text.
    same_samples : bool or None
        Whether an id on the probe side and the same id on the reference side are one sample, so that a row
        with both is a sample compared with itself and is left out. None: not in a matrix or a candidate
        list; in a long table yes, unless that would leave no mated comparison.
    genuine, impostor : path or None
        Scores of mated and of non-mated comparisons alone; the source is None then.
    searches, references : table or None
        Candidate lists: every search; every reference in the gallery.
    gallery : int or None
        Candidate lists: how many references there were, where there is no table of them.
    list_length, return_threshold : int, float or None
        Candidate lists: no list is longer; no candidate below (beyond, for a distance) was returned.
    complete_lists : bool
        Candidate lists: every search returned the whole gallery, nothing is cut off.
    acquisition, enrolment : (int, int) or None
        (failed, presented) probes and references, where they are known apart from failure codes.
    delimiter : str or None
        Between the columns of a text file; None looks at its first lines.
    hash_inputs : bool
        Whether to take the SHA-256 of the input files now.
    """

    format: Format | None = None
    probe: str | None = None
    reference: str | None = None
    probe_person: str | None = None
    reference_person: str | None = None
    score: str | None = None
    mated: str | None = None
    rank: str | None = None
    groups: tuple[str, ...] | None = None
    subjects: TableSource | None = None
    person: str | None = None
    samples: TableSource | None = None
    failures: tuple[float, ...] = ()
    polarity: Literal["similarity", "distance"] | None = None
    score_type: Literal["FLOAT", "DOUBLE"] | None = None
    same_samples: bool | None = None
    genuine: TableSource | None = None
    impostor: TableSource | None = None
    searches: TableSource | None = None
    references: TableSource | None = None
    gallery: int | None = None
    list_length: int | None = None
    return_threshold: float | None = None
    complete_lists: bool = False
    acquisition: tuple[int, int] | None = None
    enrolment: tuple[int, int] | None = None
    delimiter: str | None = None
    hash_inputs: bool = True

    def __post_init__(self) -> None:
        for name, allowed in (
            ("format", get_args(Format)),
            ("polarity", ("similarity", "distance")),
            ("score_type", ("FLOAT", "DOUBLE")),
        ):
            value = getattr(self, name)
            if value is not None and value not in allowed:
                raise UsageError(f"{name} is {value!r}", remedy=f"one of {', '.join(allowed)}")
        if isinstance(self.groups, str):
            raise UsageError(
                f"groups is the text {self.groups!r}", remedy=f"a tuple of names: groups=({self.groups!r},)"
            )
        if any(math.isinf(code) for code in numbers_given("failures", self.failures)):
            raise UsageError("an infinite score cannot be a failure code", remedy="declare finite codes or nan")
        for name in ("gallery", "list_length"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}", remedy="a whole number of at least 1")
        if self.return_threshold is not None and math.isnan(self.return_threshold):
            raise UsageError("return_threshold is not a number", remedy="the lowest score that was ever returned")
        if self.complete_lists and (self.list_length is not None or self.return_threshold is not None):
            raise UsageError(
                "complete_lists contradicts list_length and return_threshold",
                remedy="complete_lists only where every search returned the whole gallery",
            )
        for name in ("acquisition", "enrolment"):
            pair = getattr(self, name)
            if pair is not None and not 0 <= pair[0] <= pair[1]:
                raise UsageError(f"{name} is {pair}", remedy="(failed, presented), failed no more than presented")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise UsageError(f"delimiter is {self.delimiter!r}", remedy="one character")
