"""What a test is, once it has been read: a lazy table in an engine, and what was declared about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Literal

from misid.engine import Engine
from misid.ground.codes import problem
from misid.ground.errors import BadInputError, EngineError

COMPARISONS = "comparisons"
"""View: probe, reference, probe_person, reference_person, probe_group, reference_group, mated, score, failed."""

SEARCHES = "searches"
"""View (candidate lists only): probe, probe_person, probe_group, mated, n_candidates, failed."""


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """An input's fingerprint. `label` (its path) is for messages and never leaves with a tally."""

    label: str
    kind: str
    rows: int
    n_bytes: int
    sha256: str
    seen: Stamp | None = None
    """What the file looked like when it was opened; None where it was read once and is kept."""


@dataclass(frozen=True)
class Stamp:
    """What changes when a file is written: its path, place on the disk, size and time."""

    path: Path
    state: tuple[int, int, int] | None


def stamp_of(path: Path) -> Stamp:
    """The stamp of a file as it is now."""
    try:
        now = path.stat()
    except OSError:
        return Stamp(path, None)
    return Stamp(path, (now.st_ino, now.st_size, now.st_mtime_ns))


def refuse_changes(stamps: Iterable[Stamp | None]) -> None:
    """Raise E053 for every file that is not what it was: what was counted is then not what was hashed."""
    changed = [stamp.path for stamp in stamps if stamp is not None and stamp_of(stamp.path) != stamp]
    if changed:
        raise BadInputError(
            problem(
                "E053",
                where=str(path),
                seen="written, replaced or removed after it was opened",
                allowed="files that stay as they are while they are read",
                remedy="run it again when nothing writes to the file any more, or on a copy",
            )
            for path in changed
        )


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """What the probes of a candidate-list test were searched against."""

    n_references: int
    n_people: int
    by_group: dict[str, int] = field(default_factory=dict)
    """References by group label; empty where no table of references was given."""


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A test of a matcher as views in an engine; nothing of it is held in Python.

    The view `COMPARISONS` has one row a comparison (or a returned candidate) with columns

    ========================== ===================================================================
    probe, reference           opaque sample ids, any type
    probe_person, reference_person  opaque person ids; equal when mated
    probe_group, reference_group    VARCHAR, joint group label (see `joint_label`); never NULL
    mated                      BOOLEAN, never NULL
    score                      FLOAT or DOUBLE, similarity (a distance is turned by its sign); NULL where failed
    failed                     BOOLEAN, the score is a declared failure code
    rank                       INTEGER as the input gave it, else NULL (candidate lists only)
    ========================== ===================================================================

    Rows of a sample compared with itself, and rows refused with the user's consent, are not in it;
    `refused` says how many and why.

    Attributes
    ----------
    kind : "comparisons" or "candidates"
        Every comparison that was made, or only those a search returned.
    attributes : tuple of str
        Names of the demographic attributes, () where there are none.
    joint : tuple of tuple of str
        Every combination of attribute values met, sorted; ``joint_label`` gives its label in the views.
        () attributes have the one combination ().
    score_type : "FLOAT" or "DOUBLE"
        Type of the scores; a threshold is rounded to it before it is compared.
    polarity : "similarity" or "distance"
        As declared; the view is always a similarity.
    failures : tuple of float
        Declared failure codes on the input's own scale (NaN, NULL included as ``nan``).
    list_length, return_threshold : candidate lists only
        At most so many candidates, none below the threshold (similarity): what is not seen is censored.
    """

    engine: Engine
    kind: Literal["comparisons", "candidates"]
    attributes: tuple[str, ...]
    joint: tuple[tuple[str, ...], ...]
    score_type: Literal["FLOAT", "DOUBLE"]
    polarity: Literal["similarity", "distance"]
    failures: tuple[float, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    gallery: Gallery | None = None
    list_length: int | None = None
    return_threshold: float | None = None
    threshold_from_lists: bool = False
    """The return threshold was not declared: it is the lowest score that any list has."""
    refused: tuple[tuple[str, int], ...] = ()
    """(reason, rows) left out of the view."""
    enrolment_failures: tuple[int, int] | None = None
    """(references that failed to enrol, references presented), where declared."""
    acquisition_failures: tuple[int, int] | None = None
    """(probes that failed to be acquired, probes presented), where declared apart from failure codes."""
    mapping: tuple[tuple[str, str], ...] = ()
    """(what, column of the input it was read from), as guessed or declared."""
    parts: tuple[str, ...] = (COMPARISONS,)
    """Views that make up `COMPARISONS`, one a file or several small ones, so that a long tally can be resumed."""
    part_files: tuple[int, ...] = ()
    """How many of `inputs`, the first ones, each part is made of, in order; (): one each."""
    other_samples: bool = False
    """Declared: an id that stands on both sides is two samples."""
    notes: tuple[str, ...] = ()
    """Warnings that must travel with every result, code first: ``W001 people-not-known: ...``."""

    def facts(self) -> dict[str, object]:
        """What was opened and how it is read, for people; no ids, and no paths."""
        return {
            "kind": self.kind,
            "inputs": len(self.inputs),
            "read as": "; ".join(f"{what} from {name}" for what, name in self.mapping) or "not said",
            "scores": f"{self.polarity}, {self.score_type}",
            "failure codes": ", ".join(f"{code:g}" for code in self.failures) or "none declared",
            "groups by": ", ".join(self.attributes) or "none given",
            **({"to be read with it": "; ".join(self.notes)} if self.notes else {}),
        }

    def __repr__(self) -> str:
        return "\n".join(["Scores", *(f"  {name}: {value}" for name, value in self.facts().items())])

    def _repr_html_(self) -> str:
        from misid.ground.show import facts_html

        return facts_html("Scores", self.facts())

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """A block in which files are read in place; `BadInputError` (E053) where one of them has changed by its end."""
        stamps = [file.seen for file in self.inputs]
        try:
            yield
        except EngineError:
            # A file that is cut under its reader is what the engine stumbles over.
            refuse_changes(stamps)
            raise
        refuse_changes(stamps)

    @property
    def part_fingerprints(self) -> tuple[str, ...] | None:
        """What tells whether a part is still the same, one a part; None where an input has no fingerprint.

        The first inputs are those of `parts`, in order; tables of people, searches and references follow them,
        and belong to every part.
        """
        hashes = tuple(file.sha256 for file in self.inputs)
        if not all(hashes) or len(hashes) < self.score_inputs:
            return None
        sizes = self.part_files or (1,) * len(self.parts)
        of_all = hashes[self.score_inputs :]
        return tuple(
            "+".join((*hashes[end - n : end], *of_all)) for end, n in zip(accumulate(sizes), sizes, strict=True)
        )

    @property
    def score_inputs(self) -> int:
        """How many of `inputs`, the first ones, hold the scores."""
        return sum(self.part_files) or len(self.parts)

    def close(self) -> None:
        self.engine.close()

    def __enter__(self) -> Scores:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


JOINT_SEPARATOR = "\x1f"
"""Between the attribute values in a joint group label inside the engine (ASCII unit separator)."""


def joint_label(values: tuple[str, ...]) -> str:
    """The label under which a combination of attribute values stands in the views."""
    return JOINT_SEPARATOR.join(values)
