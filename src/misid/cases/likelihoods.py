"""How probable what was seen is, in each of the three ways it can have come about; and what follows by Bayes.

The person scanned is enrolled and is the person named (right), is enrolled and is not (wrong), or is not enrolled.
Formulas with their derivation are in docs/case.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misid.ground.errors import UsageError
from misid.tally.model import Floats

_LEAST = 1e-300


@dataclass(frozen=True, kw_only=True)
class Likelihoods:
    """Probabilities (or densities, with one unit in all of them) of what was seen. Arrays of one shape.

    Attributes
    ----------
    right : array
        P(seen, and the person named is the person scanned | enrolled).
    wrong : array
        P(seen, and the person named is somebody else | enrolled). Where nobody was named: P(seen | enrolled).
    unenrolled : array
        P(seen | not enrolled).
    other : array
        The part of `wrong` in which another of the people returned is the person scanned.
    """

    right: Floats
    wrong: Floats
    unenrolled: Floats
    other: Floats

    def lr(self) -> Floats:
        """P(seen, right | enrolled) / P(seen | not enrolled); infinite where the latter is 0, NaN where both are.

        Examples
        --------
        >>> match(missed=np.array(0.1), fpir=np.array(0.05), outranked=np.array(0.0)).lr().round(3)
        np.float64(18.0)
        """
        return _ratio(self.right, self.unenrolled)

    def lr_enrolled(self) -> Floats:
        """P(seen | enrolled) / P(seen | not enrolled)."""
        return _ratio(self.right + self.wrong, self.unenrolled)

    def posterior(self, prior: Floats | float) -> Floats:
        """P(the person named is the person scanned | seen).

        Parameters
        ----------
        prior : array or float
            P(the person scanned is enrolled), before the search; broadcast against the likelihoods.
        """
        return self._share(self.right, prior)

    def posterior_other(self, prior: Floats | float) -> Floats:
        """P(another of the people returned is the person scanned | seen)."""
        return self._share(self.other, prior)

    def posterior_enrolled(self, prior: Floats | float) -> Floats:
        """P(the person scanned is enrolled | seen)."""
        return self._share(self.right + self.wrong, prior)

    def _share(self, part: Floats, prior: Floats | float) -> Floats:
        prior = np.asarray(prior, dtype=np.float64)
        seen = prior * (self.right + self.wrong) + (1 - prior) * self.unenrolled
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(prior * part / seen)

    def times(self, lr: Floats | float) -> Likelihoods:
        """With other evidence, `lr` times as probable if the person named is right as if not."""
        return Likelihoods(right=self.right * lr, wrong=self.wrong, unenrolled=self.unenrolled, other=self.other)

    def bounded(self, lowest: float, highest: float) -> Likelihoods:
        """With the probability of what was seen, if not enrolled, such that the LR stays within two bounds.

        The LR is that of "right" where somebody was named, and of "enrolled" where nobody was.
        """
        top = np.where(self.right > 0, self.right, self.right + self.wrong)
        unenrolled = np.clip(self.unenrolled, top / highest, top / lowest if lowest > 0 else np.inf)
        return Likelihoods(right=self.right, wrong=self.wrong, unenrolled=unenrolled, other=self.other)


def _ratio(a: Floats, b: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.divide(a, b))


def match(*, missed: Floats, fpir: Floats, outranked: Floats) -> Likelihoods:
    """A search returned somebody at or above the threshold; nothing but the first candidate is known.

    Parameters
    ----------
    missed : array
        P(the mate is below the threshold | enrolled).
    fpir : array
        FPIR(N, t): P(a non-mated candidate at or above the threshold).
    outranked : array
        P(a non-mated candidate is above the mate | the mate is at or above the threshold); from 0 to `fpir`.

    Notes
    -----
    T = (1 - missed)(1 - outranked); W = missed fpir + (1 - missed) outranked; F = fpir.
    """
    _checked(missed=missed, fpir=fpir, outranked=outranked)
    right = (1 - missed) * (1 - outranked)
    wrong = missed * fpir + (1 - missed) * outranked
    right, wrong, alone = np.broadcast_arrays(right, wrong, np.asarray(fpir, dtype=np.float64))
    return Likelihoods(right=right, wrong=wrong, unenrolled=alone, other=np.zeros_like(right))


def no_match(*, missed: Floats, fpir: Floats) -> Likelihoods:
    """A search returned nobody: the mate was missed, or is not there, and no stranger reached the threshold."""
    _checked(missed=missed, fpir=fpir)
    # Where strangers always match, nobody sees "no match"; the ratio of the two probabilities is still that of misses.
    quiet = np.maximum(1 - np.asarray(fpir, dtype=np.float64), _LEAST)
    wrong, alone = np.broadcast_arrays(missed * quiet, quiet)
    return Likelihoods(right=np.zeros_like(wrong), wrong=wrong, unenrolled=alone, other=np.zeros_like(wrong))


def scored(*, density: Floats, below: Floats, fpir: Floats, top_density: Floats) -> Likelihoods:
    """The first candidate has a known score s.

    Parameters
    ----------
    density, below : array
        f1(s), F1(s): density of the mated score at s, and P(mated score < s).
    fpir : array
        FPIR(N, s): P(a non-mated candidate at or above s).
    top_density : array
        phi_N(s) = -dFPIR(N, s)/ds: density of the highest non-mated score.

    Notes
    -----
    Right: f1(s) (1 - FPIR(N, s)). Wrong: F1(s) phi_N(s). Not enrolled: phi_N(s).
    """
    _checked(below=below, fpir=fpir)
    right, wrong, alone = np.broadcast_arrays(density * (1 - fpir), below * top_density, np.asarray(top_density))
    return Likelihoods(right=right, wrong=wrong, unenrolled=alone, other=np.zeros_like(right))


def listed(
    *, named: int, density: Floats, below: Floats, log_without: Floats, log_with: Floats
) -> Likelihoods:  # fmt: skip
    """The scores of all K candidates at or above the threshold t (or of the first K) are known.

    Parameters
    ----------
    named : int
        Place of the person named in the list, from 0.
    density : (..., K) array
        f1 at each score.
    below : array
        F1(t), or F1 of the lowest score where the list is full: the mate is not in the list.
    log_without : (..., K) array
        log E_z[exp(-N G(t|z)) prod over the other candidates of N g(s_l|z)]: candidate k is the mate.
    log_with : array
        The same with all K candidates: none is.

    Notes
    -----
    Given the probe effect z the non-mated candidates of a large gallery are a Poisson process of intensity
    N g(s|z). Everything is divided by `log_with`, so that no product of many small densities underflows.
    """
    each = density * np.exp(log_without - np.asarray(log_with)[..., None])
    right, others = each[..., named], each.sum(axis=-1) - each[..., named]
    right, others, miss = np.broadcast_arrays(right, np.maximum(others, 0.0), np.asarray(below, dtype=np.float64))
    return Likelihoods(right=right, wrong=others + miss, unenrolled=np.ones_like(right), other=others)


def _checked(**given: Floats) -> None:
    for name, value in given.items():
        if not bool(np.all((np.asarray(value) >= 0) & (np.asarray(value) <= 1))):
            raise UsageError(f"{name} is not within 0 and 1", remedy="a probability, such as 0.003 and not 0.3 %")
