"""What a kind of rate says of each threshold alone: the part of its limits that other thresholds do not change."""

from __future__ import annotations

from abc import ABC, abstractmethod

from misid.rates.intervals.model import Floats, Ints

TOO_FEW = "{people} people on a side are too few to know how people differ: a bound only"


class Alone(ABC):
    """One rate of one group at many thresholds.

    A threshold is a level of the tally (the last at or below it) and its own errors: `at` and `errors`, (k,). `tail`
    is the probability left out on one side, (k,).
    """

    method: str

    def __init__(self, *, trials: int, people: int, n_levels: int, few: bool, warnings: tuple[str, ...] = ()) -> None:
        self.trials = trials
        self.people = people
        self.n_levels = n_levels
        # Too few people to know how they differ: there is no lower limit.
        self.few = few
        self.warnings = warnings

    @abstractmethod
    def lower(self, at: Ints, errors: Ints, tail: Floats) -> Floats:
        """Lower limits, none above its estimate; asked for where there are errors."""

    @abstractmethod
    def upper(self, at: Ints, errors: Ints, tail: Floats) -> Floats:
        """Upper limits, none below its estimate."""

    def most_lower(self, at: Ints, errors: Ints, tail: Floats) -> Floats:
        """What lower limits cannot be above, where that is quicker to tell."""
        return errors / self.trials

    def least_upper(self, at: Ints, errors: Ints, tail: Floats) -> Floats:
        """What upper limits cannot be below, where that is quicker to tell."""
        return errors / self.trials

    @abstractmethod
    def log_variance(self, at: Ints, errors: Ints) -> Floats:
        """Variance of the log of the estimate; NaN without errors."""

    @abstractmethod
    def effective_people(self, at: Ints, errors: Ints, tail: Floats, hi: Floats) -> Floats:
        """People that independent trials would have needed, where `hi` are the upper limits; NaN if not known."""
