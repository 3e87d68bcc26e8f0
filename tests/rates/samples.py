"""Small tests of a pretended matcher as raw arrays, with their tally by brute force."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from misid.tally.model import Tally
from tests.oracle import oracle_tally

SHARED = Path(__file__).parents[3] / "shared"

Floats = npt.NDArray[np.float64]


@dataclass
class Matrix:
    """All probes against all references; entry [i, j] is mated where ``i == j``. NaN: failed."""

    scores: Floats
    groups: npt.NDArray[np.int64] | None = None
    names: tuple[str, ...] = ("F", "M")
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def mated(self) -> npt.NDArray[np.bool_]:
        return np.eye(len(self.scores), dtype=bool)

    def tally(self, edges: Any = None, levels: Any = None, **options: Any) -> Tally:
        n = len(self.scores)
        probe, reference = np.divmod(np.arange(n * n), n)
        if edges is None:
            seen = self.scores[~np.isnan(self.scores)]
            edges = np.append(np.unique(seen), seen.max() + 1)
        grouped: dict[str, Any] = {}
        if self.groups is not None:
            grouped = {
                "probe_group": self.groups[probe],
                "reference_group": self.groups[reference],
                "attributes": ("sex",),
                "joint": tuple((name,) for name in self.names),
            }
        edges = np.concatenate([[-np.inf], np.asarray(edges, dtype=np.float64)])
        if levels is None:
            levels = edges[1:][:: max(1, len(edges) // 12)]
        score = self.scores.ravel()
        everything = {**grouped, **self.options, **options}
        return oracle_tally(probe, reference, probe, reference, score, edges=edges, levels=levels, **everything)  # type: ignore[arg-type]


def matrix(
    n: int = 30, *, seed: int = 1, digits: int = 2, groups: bool = False, failed: tuple[int, ...] = ()
) -> Matrix:
    """Rounded normal scores, mated ones three higher; probes `failed` have no scores."""
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=(n, n)) + 0.5 * rng.normal(size=(n, 1)) + 3 * np.eye(n), digits)
    scores[list(failed)] = np.nan
    return Matrix(scores, np.arange(n) % 2 if groups else None)


def bssr1() -> Floats:
    """The 517 x 517 scores of face matcher C; skips the test where they are not there."""
    path = SHARED / "data" / "bssr1" / "face-c.csv"
    if not path.exists():
        pytest.skip(f"needs {path.parent.parent.name}/{path.parent.name}/{path.name}, which does not ship with misid")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    scores = np.array([row[1:] for row in rows[1:]], dtype=np.float64)
    assert [row[0] for row in rows[1:]] == rows[0][1:]
    return scores
