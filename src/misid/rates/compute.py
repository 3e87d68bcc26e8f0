"""From a tally to all of its rates."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from misid.ground.errors import UsageError
from misid.ground.measures import RATES, measures_given
from misid.ground.rate import Rate
from misid.rates.beside import rates_beside
from misid.rates.calibration import calibrate
from misid.rates.comparisons import comparison_rates, eer_rates, too_many_pairs
from misid.rates.consistency import check_consistency
from misid.rates.counts import Counts
from misid.rates.curves import CURVED, MAX_CURVES, curve_points, drawn_labels, histograms
from misid.rates.differentials import differentials
from misid.rates.failures import PARTS, failure_rates, isolated_failures, with_failures
from misid.rates.limits import Limits
from misid.rates.model import DEFAULT_RANKS, DEFAULT_TARGETS, Rates
from misid.rates.points import (
    Point,
    TargetOf,
    as_input,
    as_similarity,
    checked_ranks,
    checked_targets,
    checked_thresholds,
    point_at,
    point_for_target,
)
from misid.rates.searches import cmc_ranks, cmc_rates, last_rank, search_rates
from misid.tally.model import Tally


def compute_rates(
    tally: Tally,
    *,
    thresholds: Sequence[float] = (),
    targets: Sequence[float] = DEFAULT_TARGETS,
    ranks: Sequence[int] = DEFAULT_RANKS,
    level: float = 0.95,
    reference: str | None = None,
    curves: bool = True,
    measures: Sequence[str] | None = None,
) -> Rates:
    """Every rate of a tally with its limits: by group, at thresholds, targets and ranks.

    A score at or above a threshold is a match (a candidate). Rates per comparison leave failed comparisons
    out (they are in FTA, FAR, FRR); a failed probe in a search is a miss, and never a false alarm.

    Parameters
    ----------
    tally : Tally
        Of comparisons (all rates) or of candidate lists (rates per search only).
    thresholds : sequence of float
        On the scale of the input, beside those the tally was made for (``tally.thresholds``).
    targets : sequence of float in (0, 1)
        FMR and FPIR for which thresholds are sought: the lowest edge whose rate is at most the target. The rate
        achieved is given too. Refused where a single error would be more than the target.
    ranks : sequence of int, 1 to 100
        For FNIR and CMC. Those past the end of the lists or of the gallery are left out.
    level : float
        Nominal coverage of the limits, 0.5 to below 1.
    reference : str, optional
        Group that ratios are taken to; by default the one with the most people of each attribute.
    curves : bool
        Also rates at some eighty thresholds, score distributions and calibration.
    measures : sequence of str, optional
        Only these of the rates named under Returns: records, curves and differences between groups of others are
        neither computed nor given, nor are score distributions and calibration, which are no rates. What is given is
        the same to the last digit as without it.

    Returns
    -------
    Rates
        ``records`` hold ``fmr``, ``fnmr``, ``eer``, ``fpir``, ``fnir``, ``selectivity``, ``cmc``, ``fta``, ``fte``,
        ``far``, ``frr``, ``gfar``, ``gfrr``; what cannot be known is there with its status and the reason.

    Raises
    ------
    UsageError
        A threshold, target, rank, level, group or measure that is not allowed.
    MisidError
        Two tables of the tally contradict each other.

    Examples
    --------
    >>> import misid, pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "scores.csv"
    >>> _ = table.write_text("probe,reference,score\\na1,a0,0.9\\na1,b0,0.6\\nb1,a0,0.2\\nb1,b0,0.7\\n")
    >>> people = table.with_name("people.csv")
    >>> _ = people.write_text("sample,person\\na0,a\\na1,a\\nb0,b\\nb1,b\\n")
    >>> tally = misid.build_tally(misid.open_scores(table, samples=people), thresholds=[0.5])
    >>> fmr = next(r for r in compute_rates(tally, targets=[]).records if r.measure == "fmr")
    >>> fmr.errors, fmr.trials, fmr.estimate, fmr.status
    (1, 2, 0.5, 'bound')
    >>> sorted({r.measure for r in compute_rates(tally, measures=["fmr", "eer"]).records})
    ['eer', 'fmr']
    """
    if not 0.5 <= level < 1:
        raise UsageError(f"level is {level}; allowed: 0.5 to below 1", remedy="give 0.95 for 95 % limits")
    asked_ranks, asked_targets = checked_ranks(ranks), checked_targets(targets)
    # A threshold of a tally of 32-bit scores comes back rounded: where it was asked for too, it keeps its spelling.
    spelled = {float(t): as_input(tally, float(t)) for t in tally.thresholds}
    spelled |= {as_similarity(tally, t): t for t in checked_thresholds(thresholds)}
    asked = sorted(spelled.values())
    if reference is not None and reference not in {label.name for label in tally.labels[1:]}:
        names = ", ".join(label.name for label in tally.labels[1:]) or "none, this tally has no groups"
        raise UsageError(f"reference {reference!r} is no group of this tally; allowed: {names}", remedy="name one")
    wanted = RATES if measures is None else measures_given(measures)
    counts = Counts(tally)
    check_consistency(counts)
    limits = Limits(counts, level)
    points = [point_at(counts, t) for t in asked] + _target_points(counts, asked_targets)

    last = last_rank(counts)
    shown_ranks = tuple(rank for rank in asked_ranks if rank <= last)
    records = _records(counts, limits, points, shown_ranks, wanted)
    drawn = curves and measures is None
    return Rates(
        records=records,
        curves=curve_points(counts, limits, points, wanted) if curves else (),
        distributions=histograms(counts) if drawn else (),
        cmc=tuple(cmc_rates(counts, limits, cmc_ranks(counts))) if curves and "cmc" in wanted else (),
        differentials=differentials(tally, records, level=level, reference=reference),
        calibration=calibrate(counts) if drawn else None,
        warnings=tally.warnings
        + _left_out(counts, points, wanted, curves=curves)
        # Nobody asked for the default ones by number.
        + (() if asked_ranks == DEFAULT_RANKS else _ranks_left_out(counts, asked_ranks, last)),
    )


def _records(
    counts: Counts, limits: Limits, points: Sequence[Point], ranks: Sequence[int], wanted: Collection[str]
) -> tuple[Rate, ...]:
    """The rates that are wanted; others are made only where these are put together from them."""
    made = {*wanted, *(part for measure in wanted for part in PARTS.get(measure, ()))}
    comparisons = comparison_rates(counts, limits, points, made)
    samples = failure_rates(counts, limits.level) if made & {"fta", "fte"} else []
    attempts = with_failures(comparisons, samples, isolated_failures(counts, limits.level)) if made & {*PARTS} else []
    records: list[Rate] = [*comparisons]
    records += eer_rates(counts, limits) if "eer" in made else []
    records += [*attempts, *samples]
    records += search_rates(counts, limits, points, ranks, made)
    records += rates_beside(counts, limits, points, made)
    records += cmc_rates(counts, limits, ranks) if "cmc" in made else []
    return tuple(rate for rate in records if rate.measure in wanted)


def _left_out(counts: Counts, points: Sequence[Point], wanted: Collection[str], *, curves: bool) -> tuple[str, ...]:
    """What was not computed because there are very many groups."""
    notes = []
    if "fmr" in wanted and too_many_pairs(counts, [p for p in points if p.target_of != "fpir"]):
        notes.append("very many pairs of groups: FMR of two different groups is given at thresholds under audit only")
    if curves and CURVED & {*wanted} and len(drawn_labels(counts)) < counts.n_labels:
        notes.append(f"curves are drawn of everybody and of the {MAX_CURVES} groups that searched most")
    return tuple(notes)


def _ranks_left_out(counts: Counts, asked: Sequence[int], last: int) -> tuple[str, ...]:
    beyond = [f"{rank:,}" for rank in asked if rank > last]
    if not beyond:
        return ()
    ends = "lists hold" if counts.tally.kind == "candidates" and counts.tally.list_length else "the gallery holds"
    named = f"{'rank' if len(beyond) == 1 else 'ranks'} {', '.join(beyond)}"
    return (f"no rates at {named}: {ends} at most {last:,}, and a rate further down would be that at the end",)


def _target_points(counts: Counts, targets: Sequence[float]) -> list[Point]:
    of: tuple[TargetOf, ...] = ("fmr", "fpir") if counts.tally.kind == "comparisons" else ("fpir",)
    points = (point_for_target(counts, target, kind) for kind in of for target in targets)
    return [p for p in points if p is not None]
