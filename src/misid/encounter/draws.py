"""Draws of all parameters of a scenario at once: a Sobol sequence through the shapes and what correlates them.

Sobol points fill the space of parameters more evenly than random ones, so that a mean over them is nearer for
the same number of draws. They are scrambled with a seed: equal seeds give equal bytes, and different seeds give
independent sets whose spread says how exact a result is.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr, ndtri

from misid.encounter.reading_shapes import shown
from misid.encounter.shapes import Shape
from misid.ground.codes import problem
from misid.ground.errors import Findings, UsageError
from misid.tally.model import Floats

Draws = Mapping[str, Floats]
"""Each parameter's values by its path, (n,); (1,) for one that is fixed."""

MOST_DRAWS = 2**24
_HALF_STEP = 2.0**-31
"""Sobol points are multiples of 2**-30 from 0 up; half a step moves them off 0."""

_SURE = 1e-3
"""How far into its tail a parameter is taken to be, where a value outside its range is asked about."""


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """Two parameters that go together.

    Attributes
    ----------
    of : (str, str)
        Paths of the two.
    rank : float
        Spearman's rank correlation of the two, above -1 and below 1.
    """

    of: tuple[str, str]
    rank: float

    @property
    def normal(self) -> float:
        """The correlation of normal scores that gives this rank correlation: 2 sin(pi rank / 6)."""
        return 2 * math.sin(math.pi * self.rank / 6)


@dataclass(frozen=True, kw_only=True)
class Space:
    """All parameters of a scenario, with their shapes and what correlates them (a Gaussian copula).

    Examples
    --------
    >>> from misid.encounter.shapes import Fixed, Uniform
    >>> space = Space(shapes={"fpir": Uniform(lo=0.0, hi=0.1), "prior": Fixed(value=0.5)})
    >>> draws = space.draw(1024, seed=1)
    >>> draws["fpir"].shape, round(float(draws["fpir"].mean()), 3), draws["prior"]
    ((1024,), 0.05, array([0.5]))
    """

    shapes: Mapping[str, Shape] = field(hash=False)
    correlations: Sequence[Correlation] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Every parameter, in the order of the alphabet: the dimension of each does not depend on the file's order."""
        return tuple(sorted(self.shapes))

    @property
    def varying(self) -> tuple[str, ...]:
        """Those that are ranges."""
        return tuple(path for path in self.paths if not self.shapes[path].is_fixed)

    @property
    def factors(self) -> tuple[tuple[str, ...], ...]:
        """The ranges in sets that are independent of each other: one alone, or all that are correlated with it."""
        home = {path: index for index, path in enumerate(self.varying)}
        for correlation in self.correlations:
            a, b = (home[path] for path in correlation.of)
            home = {path: min(a, b) if index in (a, b) else index for path, index in home.items()}
        sets: dict[int, list[str]] = {}
        for path, index in home.items():
            sets.setdefault(index, []).append(path)
        return tuple(tuple(paths) for paths in sets.values())

    def problems(self, where: str = "correlation") -> Findings:
        """What is wrong with the correlations, together."""
        found = Findings()
        seen: set[frozenset[str]] = set()
        for number, correlation in enumerate(self.correlations):
            place = f"{where}[{number}]"
            for path in correlation.of:
                if path not in self.shapes:
                    _broken(found, f"{place}.of", f"{shown(path)}, which is no parameter", "paths of ranges")
                elif self.shapes[path].is_fixed:
                    _broken(found, f"{place}.of", f"{shown(path)}, which is fixed", "paths of ranges")
            if correlation.of[0] == correlation.of[1]:
                _broken(found, f"{place}.of", f"{shown(correlation.of[0])} twice", "two different parameters")
            elif frozenset(correlation.of) in seen:
                _broken(found, f"{place}.of", f"{correlation.of}, which an earlier one has", "each pair once")
            seen.add(frozenset(correlation.of))
            if not -1 < correlation.rank < 1:
                _broken(found, f"{place}.rank", shown(correlation.rank), "a rank correlation above -1 and below 1")
        if not found.problems and self.correlations:
            smallest = float(np.linalg.eigvalsh(self._matrix()).min())
            if smallest <= 1e-9:
                pairs = "; ".join(f"{a} and {b}: {c.rank:g}" for c in self.correlations for a, b in [c.of])
                _broken(
                    found, where, f"correlations that cannot all hold at once ({pairs})",
                    "correlations of which none contradicts two others",
                )  # fmt: skip
        return found

    def _matrix(self) -> Floats:
        """Correlations of the normal scores of the ranges, (d, d)."""
        at = {path: index for index, path in enumerate(self.varying)}
        matrix = np.eye(len(at))
        for correlation in self.correlations:
            i, j = (at[path] for path in correlation.of)
            matrix[i, j] = matrix[j, i] = correlation.normal
        return matrix

    def points(self, n: int, seed: int) -> Floats:
        """Independent Sobol points in (0, 1), (n, d) for the d ranges; n a power of two."""
        return next(iter(self.blocks_of_points(n, seed, n)))

    def blocks_of_points(self, n: int, seed: int, block: int) -> Iterator[Floats]:
        """As `points`, so many rows at a time."""
        from scipy.stats import qmc

        n, block = power_of_two(n), min(power_of_two(block), power_of_two(n))
        # One dimension for each parameter, fixed or not: fixing one leaves the draws of the others as they were.
        keep = np.array([not self.shapes[path].is_fixed for path in self.paths], dtype=bool)
        sobol = qmc.Sobol(max(len(keep), 1), scramble=True, rng=np.random.default_rng(seed))
        for _ in range(n // block):
            yield sobol.random(block)[:, keep] + _HALF_STEP if keep.size else np.empty((block, 0))

    def through(
        self, points: Floats, given: Mapping[str, float] | None = None, paths: Collection[str] | None = None
    ) -> dict[str, Floats]:
        """Values of the parameters at independent points (n, d).

        Parameters
        ----------
        points : (n, d) float
            In (0, 1), a column for each of `varying`.
        given : mapping, optional
            Parameters held at one value. What is correlated with one is drawn as that value lets one expect.
        paths : collection of str, optional
            Only these; default all.

        Returns
        -------
        dict
            Path to (n,) float; (1,) where the parameter is fixed or given.
        """
        given = given or {}
        columns = {path: points[:, index] for index, path in enumerate(self.varying)}
        if self.correlations:
            columns = self._correlated(points, given)
        return {
            path: np.array([given[path]])
            if path in given
            else np.array([self.shapes[path].mean])
            if self.shapes[path].is_fixed
            else self.shapes[path].draw(columns[path])
            for path in (self.paths if paths is None else sorted(paths))
        }

    def _correlated(self, points: Floats, given: Mapping[str, float]) -> dict[str, Floats]:
        """Points with the correlations put in, conditional on what is given: of a Gaussian copula that is a shift."""
        tied = {path for correlation in self.correlations for path in correlation.of}
        at = [index for index, path in enumerate(self.varying) if path in tied]
        names = [self.varying[index] for index in at]
        matrix = self._matrix()[np.ix_(at, at)]
        scores = ndtri(points[:, at]) @ np.linalg.cholesky(matrix).T
        fixed = [index for index, name in enumerate(names) if name in given]
        if fixed:
            wanted = np.array([self._score(names[index], given[names[index]]) for index in fixed])
            pull = np.linalg.solve(matrix[np.ix_(fixed, fixed)], matrix[fixed])
            scores = scores + (wanted - scores[:, fixed]) @ pull
        columns = {path: points[:, index] for index, path in enumerate(self.varying)}
        return {**columns, **{name: ndtr(scores[:, index]) for index, name in enumerate(names)}}

    def _score(self, path: str, value: float) -> float:
        share = float(self.shapes[path].cdf(np.asarray(value)))
        return float(ndtri(min(max(share, _SURE), 1 - _SURE)))

    def draw(self, n: int, seed: int) -> dict[str, Floats]:
        """So many draws of every parameter; n is rounded up to a power of two, at which Sobol points are balanced.

        Raises
        ------
        UsageError
            If n is below 1 or above 16,777,216.
        """
        return self.through(self.points(n, seed))

    def blocks(self, n: int, seed: int, block: int = 2**16) -> Iterator[dict[str, Floats]]:
        """The same draws as `draw`, so many at a time, for a memory that does not grow with n."""
        for points in self.blocks_of_points(n, seed, block):
            yield self.through(points)

    def holding(self, path: str, shape: Shape) -> Space:
        """The space with another shape for one parameter; correlations with one that becomes fixed go."""
        kept = [c for c in self.correlations if not (shape.is_fixed and path in c.of)]
        return Space(shapes={**self.shapes, path: shape}, correlations=kept)


def power_of_two(n: int) -> int:
    """The next power of two from n up.

    >>> power_of_two(1), power_of_two(1000), power_of_two(1024)
    (1, 1024, 1024)
    """
    if not 1 <= n <= MOST_DRAWS:
        raise UsageError(f"{n:,} draws", remedy=f"a number from 1 to {MOST_DRAWS:,}, such as 16384")
    return 1 << (n - 1).bit_length()


def _broken(found: Findings, where: str, seen: str, allowed: str) -> None:
    found.add(problem("E092", where=where, seen=seen, allowed=allowed, remedy="correct it, or leave it out"))
