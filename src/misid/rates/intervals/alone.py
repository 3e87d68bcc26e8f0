"""What a kind of rate says of each threshold alone: the part of its limits that other thresholds do not change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from misid.rates.intervals.model import Bools, Floats, Ints

TOO_FEW = "{people} people on a side are too few to know how people differ: a bound only"


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Thresholds with what is known of the spread between people there; all (k,)."""

    errors: Ints
    trials: Floats
    """Independent trials that would tell as much, were nothing shared by all of them."""
    shared: Floats
    """c: squared coefficient of variation of what all trials share."""

    def only(self, these: Ints | Bools) -> Thresholds:
        return Thresholds(errors=self.errors[these], trials=self.trials[these], shared=self.shared[these])


class Alone(ABC):
    """One rate of one group; `tail`, (k,), is the probability left out on one side of each threshold."""

    method: str
    rising: bool
    """Whether errors grow with the threshold (FNMR, FNIR)."""

    def __init__(self, *, trials: int, people: int, n_levels: int, few: bool, warnings: tuple[str, ...] = ()) -> None:
        self.trials = trials
        self.people = people
        self.n_levels = n_levels
        # Too few people to know how they differ: there is no lower limit.
        self.few = few
        self.warnings = warnings

    @abstractmethod
    def thresholds(self, at: Ints, errors: Ints) -> Thresholds:
        """Thresholds given as levels of the tally (the last at or below each) and their own errors, (k,)."""

    @abstractmethod
    def lower(self, of: Thresholds, tail: Floats) -> Floats:
        """Lower limits, none above its estimate; asked for where there are errors."""

    @abstractmethod
    def upper(self, of: Thresholds, tail: Floats) -> Floats:
        """Upper limits, none below its estimate."""

    def most_lower(self, of: Thresholds, tail: Floats) -> Floats:
        """What lower limits cannot be above, where that is quicker to tell."""
        return of.errors / self.trials

    def least_upper(self, of: Thresholds, tail: Floats) -> Floats:
        """What upper limits cannot be below, where that is quicker to tell."""
        return of.errors / self.trials

    @abstractmethod
    def log_variance(self, of: Thresholds) -> Floats:
        """Variance of the log of the estimate; NaN without errors."""

    @abstractmethod
    def effective_people(self, of: Thresholds, tail: Floats, hi: Floats) -> Floats:
        """People that independent trials would have needed, where `hi` are the upper limits; NaN if not known."""
