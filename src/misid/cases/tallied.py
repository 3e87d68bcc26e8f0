"""What a score, or a list of scores, says, from a tally: densities of mated and of non-mated scores, in draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import ndtr

from misid.cases.file import CaseFile
from misid.cases.known import Scored
from misid.cases.likelihoods import Likelihoods, listed, scored
from misid.ground.errors import NotEstimableError
from misid.search.from_tally.given_probe import GivenProbe, given_probe
from misid.search.from_tally.mates import MateCounts
from misid.search.from_tally.model import TallyModel
from misid.search.span import Span
from misid.tally.model import Floats

FEWEST_MATES = 30
"""Mated people below which no density of the mated score is given."""


class MatedScores:
    """Density and distribution of the mated score: a Gaussian kernel on the scale that the projection chose.

    Parameters
    ----------
    mates : MateCounts
    members : tuple of int
        Groups of the probe.
    scale : callable
        A rising transformation of scores.
    rng : Generator
        For the bootstrap over people.
    draws : int
    """

    def __init__(
        self,
        mates: MateCounts,
        members: Sequence[int],
        scale: Callable[[Floats], Floats],
        rng: np.random.Generator,
        draws: int,
    ) -> None:
        mine = np.isin(mates.group, list(members))
        score, count = mates.score[mine], mates.count[mine]
        self._to = scale
        returned = np.isfinite(score)
        self.lost = float(count[~returned].sum())
        self.n = int(count.sum())
        order = np.argsort(score[returned])
        self.at, self.count = self._scaled(score[returned][order]), count[returned][order].astype(np.float64)
        if self.n < FEWEST_MATES or len(self.at) < 2:
            raise NotEstimableError(
                f"the test had {self.n:,} mated searches: too few for how probable a score is",
                remedy=f"a test of at least {FEWEST_MATES} people searched who are enrolled; or leave the score out",
            )
        # Gamma weights: a bootstrap that leaves out nobody, so that no density is 0 by chance.
        self.weight = rng.standard_gamma(np.maximum(self.count, 1e-9), (draws, len(self.count)))
        self._lost = rng.standard_gamma(self.lost, draws) if self.lost else np.zeros(draws)
        self.width = self._silverman()

    def _scaled(self, score: Floats) -> Floats:
        return np.asarray(self._to(score))

    def _silverman(self) -> float:
        share = np.cumsum(self.count) / self.count.sum()
        mean = float(self.at @ self.count / self.count.sum())
        sd = float(np.sqrt((self.at - mean) ** 2 @ self.count / self.count.sum()))
        quarter, three = (float(np.interp(q, share, self.at)) for q in (0.25, 0.75))
        spread = min(sd, (three - quarter) / 1.349) if three > quarter else sd
        return float(0.9 * max(spread, 1e-9) * float(self.count.sum()) ** -0.2)

    def density(self, score: float) -> Floats:
        """(draws,) f1 per unit of the score."""
        step = max(abs(score), 1e-6) * 1e-6
        slope = float(np.diff(self._scaled(np.array([score - step, score + step])))[0] / (2 * step))
        z = (float(self._scaled(np.array([score]))[0]) - self.at) / self.width
        kernel = np.exp(-z * z / 2) / (self.width * np.sqrt(2 * np.pi))
        return np.asarray(self.weight @ kernel * slope / (self.weight.sum(axis=1) + self._lost))

    def below(self, score: float) -> Floats:
        """(draws,) F1: P(the mated score is below, or the mate was not returned at all)."""
        kernel = ndtr((float(self._scaled(np.array([score]))[0]) - self.at) / self.width)
        total = self.weight.sum(axis=1) + self._lost
        return np.asarray((self.weight @ kernel + self._lost) / total)


def scored_of(
    case: CaseFile, model: TallyModel, gallery: float, threshold: float, group: str | None, seed: int
) -> Scored | None:
    """What the score, or the scores, of a case say; None where none is known.

    Raises
    ------
    NotEstimableError
        The test is too small, or the score is beyond what its projection may be asked.
    """
    returned = case.returned
    if returned.score is None and returned.scores is None:
        return None
    scores = np.asarray(returned.scores if returned.scores is not None else [returned.score], dtype=np.float64)
    if model.projection is None or model.mates is None:
        raise NotEstimableError(
            "this test says nothing of how probable a score is", remedy="leave the score out: match or no match is used"
        )
    # The lowest score decides how far the list reaches, the highest how far the projection must.
    asked = model.fpir(round(gallery), float(scores[0]), group=group)
    if asked.status != "ok":
        raise NotEstimableError(
            f"the score cannot be used: {asked.asked}: {asked.reason}",
            remedy=f"{asked.needed}; or leave the score out: match or no match at the threshold is used",
        )
    members = None if group is None else model.labels[group]
    at = np.append(scores, threshold)
    each = list(given_probe(model.projection, gallery, at, members))
    curve = model.projection.members[0].fit.curve
    mated = MatedScores(
        model.mates, members or tuple(range(model.test.n_groups)), curve.scale.to, np.random.default_rng([seed, 6]),
        len(each),
    )  # fmt: skip
    density = np.stack([mated.density(float(s)) for s in scores], axis=1)
    missed = mated.below(threshold)
    if returned.scores is None:
        below = mated.below(float(scores[0]))
        fpir = np.array([g.fpir()[0] for g in each])
        top = np.array([g.top_density()[0] for g in each])
        made = scored(density=density[:, 0], below=below, fpir=fpir, top_density=top)
    else:
        made = _listed(case, each, density, mated, scores, missed)
    return Scored(right=made.right, wrong=made.wrong, unenrolled=made.unenrolled, other=made.other, missed=missed)


def _listed(
    case: CaseFile, each: Sequence[GivenProbe], density: Floats, mated: MatedScores, scores: Floats, missed: Floats
) -> Likelihoods:
    """A full list hides what is below its last candidate; a shorter one shows that there is nothing."""
    k = len(scores)
    full = k == case.returned.list_length
    lowest = k - 1 if full else k
    everyone = list(range(k))
    log_with = np.array([g.log_list(everyone, lowest) for g in each])
    log_without = np.array(
        [[g.log_list([*everyone[:one], *everyone[one + 1 :]], lowest) for one in everyone] for g in each]
    )
    below = mated.below(float(scores[-1])) if full else missed
    return listed(
        named=case.returned.rank - 1, density=density, below=below, log_without=log_without, log_with=log_with
    )


def alike_of(model: TallyModel, gallery: float, threshold: float, group: str | None) -> Span | None:
    """Correlation of false matches over scans of one person, with its 95 % limits over the draws."""
    if model.projection is None:
        return None
    members = None if group is None else model.labels[group]
    drawn = np.array([g.alike() for g in given_probe(model.projection, gallery, np.array([threshold]), members)])
    lo, middle, hi = (float(q) for q in np.quantile(drawn, [0.025, 0.5, 0.975]))
    return Span(lo=lo, best=middle, hi=hi)
