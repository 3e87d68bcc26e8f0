"""What a search model from a tally says of data that it can be held to, in a line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from misid.ground.numbers import count, significant, threshold_text

if TYPE_CHECKING:
    from misid.search.from_tally import TallyModel
    from misid.search.from_tally.checks import LevelFit, Stability, Tenth

FAR = 1_000_000
"""Gallery at which curves of different depth are compared."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of a model.

    Attributes
    ----------
    name : str
        ``tenth to whole``, ``goodness of fit`` or ``threshold stability``.
    passed : bool or None
        None: it could not be made.
    said : str
        What was found, in numbers.
    """

    name: str
    passed: bool | None
    said: str

    def __str__(self) -> str:
        word = {True: "passed", False: "NOT PASSED", None: "not made"}[self.passed]
        return f"{self.name}: {word}; {self.said}"


@dataclass(frozen=True, kw_only=True)
class CheckData:
    """The numbers behind the checks; None where a check could not be made, with the reason in `reasons`."""

    tenth: Tenth | None
    fits: tuple[LevelFit, ...]
    stability: Stability | None
    threshold: float | None
    """Of the stability: one that the whole test's gallery reaches in about one search in ten."""
    worst: float | None
    """Standard errors between counts and curves where they are farthest apart, people counted; None where they fit."""
    reasons: tuple[str, ...] = ()


def check_data(model: TallyModel) -> CheckData:
    """What was predicted from a tenth, counts beside curves, and curves of different depth."""
    from misid.search.from_tally import level_fits, stability

    reasons = (model.no_tenth,) if model.no_tenth else ()
    if model.projection is None:
        return CheckData(tenth=None, fits=(), stability=None, threshold=None, worst=None, reasons=reasons)
    tenth = model.tenth
    threshold = _some_in_ten(model)
    return CheckData(
        tenth=tenth if tenth is not None and len(tenth.thresholds) else None, fits=level_fits(model.projection),
        stability=None if threshold is None else stability(model.projection, FAR, threshold), threshold=threshold,
        worst=None if model.misfit is None else model.misfit.worst, reasons=reasons,
    )  # fmt: skip


def _some_in_ten(model: TallyModel) -> float | None:
    """The level that the fewest searches, but one in ten or more, reach."""
    reached = [float((model.test.per_search(at) > 0).mean()) for at in range(len(model.test.levels))]
    enough = [at for at, share in enumerate(reached) if share >= 0.1]
    return float(model.test.levels[enough[-1]]) if enough else None


def lines_of(data: CheckData) -> tuple[Check, ...]:
    """The checks in a line each."""
    if not data.fits:
        return tuple(Check(name=name, passed=None, said=data.reasons[0]) for name in _NAMES)
    made = []
    tenth = data.tenth
    if tenth is None:
        why = data.reasons[0] if data.reasons else "no level is reached by 5 to 60 in 100 searches"
        made.append(Check(name=_NAMES[0], passed=None, said=why))
    else:
        inside = int(((tenth.lo <= tenth.observed) & (tenth.observed <= tenth.hi)).sum())
        made.append(
            Check(
                name=_NAMES[0], passed=tenth.agrees,
                said=f"FPIR at {count(tenth.gallery)} references, predicted from a tenth of them, holds the count at "
                f"{inside} of {len(tenth.observed)} thresholds" + ("" if tenth.agrees else "; limits are widened"),
            )
        )  # fmt: skip
    if data.worst is None:
        said = "the counts of the test lie by the fitted curves"
    else:
        said = f"counts and curves are {significant(data.worst)} standard errors apart at the worst; limits are widened"
    made.append(Check(name=_NAMES[1], passed=data.worst is None, said=said))
    stable = data.stability
    if stable is None or len(stable.per_search) < 2:
        made.append(Check(name=_NAMES[2], passed=None, said="there is one set of levels to fit"))
    else:
        ends = " and ".join(significant(e) for e in stable.estimate)
        place = "" if data.threshold is None else f" and threshold {threshold_text(data.threshold)}"
        made.append(
            Check(
                name=_NAMES[2], passed=stable.agrees,
                said=f"FPIR at {FAR:,} references{place} is {ends} from levels of different depth",
            )
        )  # fmt: skip
    return tuple(made)


_NAMES = ("tenth to whole", "goodness of fit", "threshold stability")


def checks_of(model: TallyModel) -> tuple[Check, ...]:
    """The checks of a model, put in a line each."""
    return lines_of(check_data(model))
