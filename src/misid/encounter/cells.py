"""Stages 1 to 4 for arrays of draws: who is scanned, what is captured, who is returned, what is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from misid.encounter.draws import Draws
from misid.encounter.forms import ScenarioForm
from misid.encounter.population import ONE, Relatives, group_shares, relatives, shares, stacked
from misid.encounter.searching import ListReading, Rates, Returned, as_list, best_only, factors
from misid.search.growth import hazard
from misid.tally.model import Floats

RETURNED = ("stranger", "stranger_kin", "rightly_nobody", "right", "another", "another_kin", "missed")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Probabilities of a chunk of draws, before any policy; arrays end in (n,) or (1,).

    Attributes
    ----------
    statuses : (S, n)
    groups : (S, G, n) or (1, G, n)
        Shares of the groups in each status.
    enrolled : (S, n)
    kin : Relatives
    fpir, fnir : (G, Q, n)
        Of captured photographs.
    captured : (Q, n)
        Share of the photographs of each quality that can be searched.
    qualities : (Q, n)
    failed : (n,)
        Not captured.
    """

    statuses: Floats
    groups: Floats
    enrolled: Floats
    kin: Relatives
    fpir: Floats
    fnir: Floats
    captured: Floats
    qualities: Floats
    failed: Floats

    def mean(self, values: Floats, g: int | None, q: int | None) -> Floats:
        """(n,) of values (G, Q, n): mean over captured photographs of everybody, or of a group, a quality, or both."""
        sizes = (self.statuses[:, None] * self.groups).sum(axis=0)
        weights = sizes[:, None] * (self.qualities * self.captured)[None]
        keep_g, keep_q = slice(None) if g is None else slice(g, g + 1), slice(None) if q is None else slice(q, q + 1)
        part = weights[keep_g, keep_q]
        total = part.sum(axis=(0, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > 0, (part * values[keep_g, keep_q]).sum(axis=(0, 1)) / total, np.nan)


class Stages:
    """Stages 1 to 4 of a scenario."""

    def __init__(self, form: ScenarioForm, rates: Rates) -> None:
        self.form, self.rates = form, rates

    def cells(self, draws: Draws) -> Cells:
        """Stages 1 to 4 for all draws given, at once."""
        form = self.form
        statuses = shares("statuses", form.statuses, draws)
        groups = group_shares(list(form.statuses), form.groups, draws)
        enrolled = stacked(draws[f"statuses.{name}.enrolled"] for name in form.statuses)
        kin = relatives(form, draws)
        qualities = shares("quality", form.quality, draws)
        captured = stacked(1 - self._failed(name, draws) for name in self.qualities)
        fpir, fnir = self._rates(draws, statuses, groups)
        return Cells(
            statuses=statuses, groups=groups, enrolled=enrolled, kin=kin, fpir=fpir, fnir=fnir, captured=captured,
            qualities=qualities, failed=(qualities * (1 - captured)).sum(axis=0),
        )  # fmt: skip

    @property
    def qualities(self) -> list[str | None]:
        return list(self.form.quality) or [None]

    def _failed(self, quality: str | None, draws: Draws) -> Floats:
        """Failure to acquire after all photographs: the first fails, and each further one after it."""
        if quality is None or self.form.quality[quality].fta is None:
            return np.zeros(1)
        first = draws[f"quality.{quality}.fta"]
        capture = self.form.capture
        if capture is None or capture.fta_again is None:
            return first
        return first * draws["capture.fta_again"] ** draws["capture.retries"]

    def _rates(self, draws: Draws, statuses: Floats, groups: Floats) -> tuple[Floats, Floats]:
        """FPIR and FNIR by group and quality, (G, Q, n).

        Factors multiply -log(1 - rate), which is about the rate where it is small, and takes none past 1.
        """
        form = self.form
        times = self._of_groups("fpir_factors", draws)
        if form.search.fpir_is_of == "everybody":
            mean = ((statuses[:, None] * groups).sum(axis=0) * times).sum(axis=0)
            times = times / np.where(mean > 0, mean, 1.0)
        positives = self.rates.hazard(draws) * times
        missing = self._of_groups("fnir_factors", draws)
        fpir, fnir = [], []
        for name in self.qualities:
            quality = None if name is None else form.quality[name]
            more, worse = (
                (ONE, ONE)
                if quality is None
                else (factors(quality.fpir_factors, draws), factors(quality.fnir_factors, draws))
            )
            fpir.append(-np.expm1(-positives * more))
            base, worse = self.rates.fnir(draws, name), missing * worse
            plain = worse.size == 1 and worse.flat[0] == 1
            fnir.append(base if plain else -np.expm1(-hazard(base) * worse))
        return np.stack(np.broadcast_arrays(*fpir), axis=1), np.stack(np.broadcast_arrays(*fnir), axis=1)

    def _of_groups(self, key: str, draws: Draws) -> Floats:
        """(G, n) product of each group's factors."""
        groups = self.form.groups.values()
        return stacked([factors(getattr(group, key), draws) for group in groups] or [ONE])

    def states(self, display: str, cells: Cells, draws: Draws) -> dict[str, Floats]:
        """State that a captured photograph can end in to its probability, (G, n), qualities summed over."""
        weights = cells.qualities * cells.captured
        total: dict[str, Floats] = {}
        for q in range(cells.fpir.shape[1]):
            at = self.returned(display, cells.fpir[:, q], cells.fnir[:, q], cells.kin, draws)
            for state in RETURNED:
                part = getattr(at, state) * weights[q]
                total[state] = total[state] + part if state in total else part
        return total

    @staticmethod
    def best(fpir: Floats, fnir: Floats, outranked: Floats, kin: Relatives) -> Returned:
        """As `searching.best_only`, for rates of any dimensions."""
        return best_only(fpir, fnir, outranked, kin)

    def returned(self, display: str, fpir: Floats, fnir: Floats, kin: Relatives, draws: Draws) -> Returned:
        """Who a captured photograph returns, by display."""
        o = draws["search.outranked"]
        if display == "best":
            return best_only(fpir, fnir, o, kin)
        of = "display.list"
        reading = ListReading(
            length=int(draws[f"{of}.length"][0]), right_when_there=draws[f"{of}.right_when_there"],
            wrong_when_there=draws[f"{of}.wrong_when_there"], wrong_when_absent=draws[f"{of}.wrong_when_absent"],
        )  # fmt: skip
        return as_list(fpir, fnir, o, kin, reading)
