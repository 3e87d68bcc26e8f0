"""From scores to a tally: the road between them, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from misid._version import __version__
from misid.engine import Columns, Engine
from misid.engine.seam import literal
from misid.ground.codes import note
from misid.ground.errors import BadInputError, UsageError
from misid.ground.given import numbers_given
from misid.scores.exact import range_problem
from misid.scores.model import Gallery, Scores, joint_label
from misid.tally import assemble, folding, lists, moments, passes, people, pins, searches, survey
from misid.tally.grid import Grid
from misid.tally.labels import labels_for
from misid.tally.manifest import TEXT_ALLOWED, is_text
from misid.tally.model import TABLES, Ints, Label, Origin, Table, Tally
from misid.tally.parts import Parts

Stage = Callable[[str], None]


def build_tally(
    scores: Scores,
    *,
    thresholds: Sequence[float] = (),
    targets: Sequence[float] = pins.DEFAULT_TARGETS,
    intersections: bool = False,
    min_people: int | None = None,
    note: str = "",
    work: Path | None = None,
    stage: Stage = lambda name: None,
) -> Tally:
    """Count a test of a matcher.

    Parameters
    ----------
    scores : Scores
        From `misid.open_scores`.
    thresholds : sequence of float
        Thresholds under audit, on the input's own scale; counted exactly. A score at a threshold is a
        match (similarity) or, for a declared distance, a distance at a threshold is one.
    targets : sequence of float
        FMR and FPIR in (0, 1) for which the lowest sufficient threshold is found among the scores.
    intersections : bool
        Report combinations of attributes as groups too.
    min_people : int or None
        Fold combinations of groups with fewer people into "(other)" before anything is counted, for a
        tally that will be published. None folds nothing.
    note : str
        What is to be said of the test wherever the tally goes: engine, capture, source. No ids, no names.
    work : Path or None
        Directory in which finished passes over the input's files are kept, so that a killed run goes on
        where it was. They hold ids; remove them with `misid.tally.discard_parts` once the tally is written.
    stage : callable
        Told the name of each step as it begins.

    Returns
    -------
    Tally

    Raises
    ------
    UsageError
        A threshold that is not a number, a target outside (0, 1).
    BadInputError
        No comparisons at all, scores that are NULL or NaN without being declared failures, a person in
        two groups.

    Examples
    --------
    >>> import io, misid
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "scores.csv"
    ...     _ = path.write_text("probe,reference,mated,score\\na,1,1,0.9\\na,2,0,0.2\\nb,1,0,0.4\\nb,2,1,0.8\\n")
    ...     with misid.open_scores(path) as scores:
    ...         tally = misid.build_tally(scores, thresholds=[0.5])
    >>> int(tally.tables["counts"]["count"].sum())
    4
    """
    _check_call(thresholds, targets, note)
    with scores.unchanged():
        return _counted(scores, thresholds, targets, intersections, min_people, note, work, stage)


def _counted(
    scores: Scores,
    thresholds: Sequence[float],
    targets: Sequence[float],
    intersections: bool,
    min_people: int | None,
    note: str,
    work: Path | None,
    stage: Stage,
) -> Tally:
    engine = scores.engine
    engine.log.clear()
    gallery = None
    if scores.kind == "candidates":
        scores, gallery = lists.prepare(scores)
        parts = Parts(engine, (lists.LISTED,), ("",), None, lists.LISTED)
    else:
        parts = Parts(engine, scores.parts, fingerprints(scores, work), work)
    audit = similarity_thresholds(thresholds, polarity=scores.polarity, score_type=scores.score_type)

    stage("reading the range of scores")
    lowest, highest, infinite = survey.extent(scores, parts)
    if scores.return_threshold is not None:
        lowest = min(lowest, scores.return_threshold)
    beyond = range_problem(lowest, highest, polarity=scores.polarity)
    if beyond is not None:
        raise BadInputError([beyond])
    stage("counting comparisons per score bin")
    groups = [joint_label(values) for values in scores.joint]
    coarse = survey.histogram(parts, engine, groups, lowest, highest, infinite=infinite)
    todo, total = _passes(scores, parts, coarse, audit, targets, gallery, stage)
    stage("finding thresholds for the targets")
    made = int(engine.columns("SELECT count(*) AS n FROM search_flags WHERE counts")["n"][0])
    counting = "(SELECT b.* FROM probe_totals AS b JOIN search_flags AS s ON s.probe = b.probe WHERE s.counts) AS c"
    known = audit if scores.return_threshold is None else [*audit, scores.return_threshold]
    specials = survey.special_edges(
        engine, coarse, todo, targets, known, total=total, searches=made,
        counting=counting if gallery else "probe_totals",
    )  # fmt: skip
    grid = survey.final_grid(coarse, todo, specials)
    splits = survey.split_bins(parts, engine, grid, todo)
    stage("ranking mates")
    searches.rank_mates(engine, literal(todo.cut), passes.outranking(parts.whole))

    stage("counting people at each level")
    people.see_samples(engine)
    joint, joint_of, warnings = folding.fold(engine, scores, gallery, min_people)
    labels = labels_for(scores.attributes, joint, intersections=intersections)
    one_block = people.number_people(engine, joint_of, labels, grid)
    axes = assemble.lay_axes(engine, grid, coarse, todo, scores.return_threshold)
    assemble.number_rows(engine, grid, scores.kind)
    failed = assemble.failed(engine)
    acquisition, enrolment, unknown = assemble.failed_samples(engine, scores)
    # From here on people are numbers, and scores are bins and levels.
    engine.drop("kept_rows")
    people.count_designs(engine)
    searches.list_searches(engine, grid, gallery.n_references if gallery else None)
    if gallery:
        design = lists.nonmated_design(engine, gallery, labels, joint_of, len(joint))
        censored = lists.censoring(engine, scores, gallery, grid)
    else:
        design = assemble.nonmated_design(engine, labels, len(joint))
        censored = {name: np.empty(0, dtype=np.int64) for name in TABLES["censoring"]}
    by_joint = assemble.joint_people(engine, len(joint))
    if gallery:
        by_joint["references"] = tuple(
            lists.people_enrolled(gallery, lists.enrolled(gallery, joint_of, len(joint))).tolist()
        )
    tables, spectrum_from = _tables(engine, grid, coarse, splits, axes, joint_of, labels, len(joint), design)
    tables |= {"failed": failed, "censoring": censored}
    tables = {name: tables[name] for name in TABLES}
    fine = _cells_of_few(tables["counts"], len(joint))
    return Tally(
        kind=scores.kind,
        edges=axes.edges,
        thresholds=np.unique(np.asarray(audit, dtype=np.float64)),
        levels=axes.levels,
        spectrum_from=spectrum_from,
        attributes=scores.attributes,
        joint=joint,
        labels=labels,
        tables=tables,
        people=assemble.people_counts(engine),
        joint_people=by_joint,
        origin=_origin(scores, note),
        list_length=scores.list_length,
        return_threshold=scores.return_threshold,
        gallery=scores.gallery.n_references if scores.gallery else None,
        acquisition=scores.acquisition_failures or acquisition,
        enrolment=scores.enrolment_failures or enrolment,
        warnings=(*scores.notes, *warnings, *one_block, *unknown, *fine),
    )


MANY_COMPARISONS = 100_000
"""A smaller test has nearly a cell for each comparison whatever its groups, so that thresholds are exact."""


def _cells_of_few(counts: Table, n_joint: int) -> tuple[str, ...]:
    """A warning where a tally is no longer small beside the test, and tells nearly as much as the scores by group."""
    cells, comparisons = len(counts["count"]), int(counts["count"].sum())
    if n_joint < 2 or comparisons < MANY_COMPARISONS or 2 * cells < comparisons:
        return ()
    return (note(
        "W033", f"{comparisons:,} comparisons are in {cells:,} cells, because of {n_joint:,} combinations of groups: "
        "its size grows with the test, and it tells nearly as much as a list of the scores by group. Name fewer "
        "attributes (--group), or fold small groups (--min-people)",
    ),)  # fmt: skip


def _passes(
    scores: Scores,
    parts: Parts,
    coarse: survey.Coarse,
    audit: Sequence[float],
    targets: Sequence[float],
    gallery: Gallery | None,
    stage: Stage,
) -> tuple[survey.Plan, int]:
    """Everything that reads all comparisons after the histogram; the plan, and the non-mated comparisons made."""
    engine = scores.engine
    if gallery is not None:
        stage("counting searches and candidates")
        lists.leave_passes(engine, gallery)
        todo = survey.plan(coarse, audit, total=lists.comparisons(engine), keep_all=True)
        _view_kept(engine)
        parts.run("lone_mates", passes.lone_mates)
        return todo, lists.comparisons(engine)
    todo = survey.plan(coarse, audit, targets)
    stage("counting comparisons per probe")
    parts.run("by_probe", passes.by_probe)
    engine.keep("probe_totals", passes.PROBE_TOTALS)
    stage("counting comparisons per reference")
    parts.run("by_reference", passes.by_reference)
    stage("collecting mated comparisons and the highest non-mated ones")
    parts.run("kept_rows", lambda view: passes.kept_rows(view, todo.cut), large=True)
    _view_kept(engine)
    if engine.columns(passes.LONE_SAMPLES)["n"][0]:
        parts.run("lone_mates", passes.lone_mates)
    else:
        engine.view("lone_mates", passes.NO_LONE_MATES)
    parts.run("failed_rows", passes.failed_rows, large=True)
    searches.flag_searches(engine)
    return todo, int(coarse.pooled(mated=False)[1].sum())


def _view_kept(engine: Engine) -> None:
    engine.view("mated_rows", passes.MATED_ROWS)
    engine.view("tail_rows", passes.TAIL_ROWS)


def _tables(
    engine: Engine,
    grid: Grid,
    coarse: survey.Coarse,
    splits: Columns | None,
    axes: assemble.Axes,
    joint_of: Mapping[str, int],
    labels: Sequence[Label],
    n_joint: int,
    design: dict[str, Ints],
) -> tuple[dict[str, Table], int]:
    """Every table of the tally, and the level from which the spectrum is kept."""
    n_levels = len(axes.levels)
    counts = assemble.counts(engine, grid, coarse, splits, axes, joint_of)
    mated_design, mated_moments = moments.mated_moments(engine, labels, n_joint, n_levels)
    engine.drop("mated")
    sharing = moments.sharing_moments(engine, labels, n_joint, n_levels)
    design_table, moment_table = assemble.pair_tables(design, sharing, labels)
    search_design = searches.search_design(engine, labels)
    made = int(search_design["searches"][search_design["mated"] == 0][0])
    spectrum_from = assemble.spectrum_start(sharing["exceed"][0, 0], made)
    tables = {
        "counts": counts,
        "nonmated_design": design_table,
        "nonmated_moments": moment_table,
        "mated_design": mated_design,
        "mated_moments": mated_moments,
        "search_design": search_design,
        "best_nonmated": searches.best_nonmated(engine),
        "search_moments": searches.search_moments(engine, labels, n_joint, n_levels, design["reference_people"][:, 0]),
        "mates": searches.mates(engine),
        "mate_moments": moments.mate_moments(engine, labels, n_joint, n_levels),
        "spectrum": searches.spectrum(engine, spectrum_from),
        "spectrum_design": searches.spectrum_design(engine),
        "blocks": searches.blocks(engine),
    }
    engine.drop("tail")
    return tables, spectrum_from


def similarity_thresholds(thresholds: Sequence[float], *, polarity: str, score_type: str) -> list[float]:
    """Thresholds as they are compared: a distance turned by its sign, rounded to the type of the scores.

    A score of 0.7 in single precision is 0.69999999 in double: without the rounding it would not reach a
    threshold of 0.7.
    """
    sign = -1.0 if polarity == "distance" else 1.0
    turned = [sign * float(t) for t in thresholds]
    return [float(np.float32(t)) for t in turned] if score_type == "FLOAT" else turned


def fingerprints(scores: Scores, work: Path | None) -> tuple[str, ...]:
    """What finished passes over each part depend on: the files' contents, and how they are read."""
    if work is None:
        return ("",) * len(scores.parts)
    parts = scores.part_fingerprints
    if parts is None:
        raise UsageError(
            "finished parts can be kept only of files that have a fingerprint",
            remedy="leave out the work directory, or let the files be hashed when they are opened",
        )
    read_as = (
        __version__,
        scores.attributes,
        scores.joint,
        scores.score_type,
        scores.polarity,
        scores.failures,
        scores.mapping,
    )
    return tuple(f"{part}|{read_as!r}" for part in parts)


def queries(log: Sequence[str]) -> tuple[str, ...]:
    """The SQL that counted, each text once and on one line."""
    return tuple(dict.fromkeys(" ".join(statement.split()) for statement in log))


def _check_call(thresholds: Sequence[float], targets: Sequence[float], note: str) -> None:
    if not is_text(note):
        # Found out now, not when the tally is written.
        raise UsageError(f"the note is not {TEXT_ALLOWED}", remedy="a shorter note, in UTF-8")
    for threshold in numbers_given("thresholds", thresholds):
        if not math.isfinite(threshold):
            raise UsageError(f"threshold {threshold!r} is not a finite number", remedy="--threshold 0.5,0.6")
    for target in numbers_given("targets", targets):
        if not 0.0 < target < 1.0:
            raise UsageError(f"target {target!r} is not between 0 and 1", remedy="--target 0.001,0.0001")


def _origin(scores: Scores, note: str) -> Origin:
    return Origin(
        misid_version=__version__,
        engine=scores.engine.name,
        engine_version=scores.engine.version,
        polarity=scores.polarity,
        score_type=scores.score_type,
        failure_codes=tuple(repr(code) for code in scores.failures),
        inputs=tuple(
            {
                "what": "scores" if index < scores.score_inputs else "table",
                "kind": i.kind,
                "rows": i.rows,
                "bytes": i.n_bytes,
                "sha256": i.sha256,
            }
            for index, i in enumerate(scores.inputs)
        ),
        refused=scores.refused,
        queries=queries(scores.engine.log),
        note=note,
    )
