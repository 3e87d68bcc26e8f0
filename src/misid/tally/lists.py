"""Candidate lists: what the passes leave behind, made from lists instead of all comparisons.

A list tells of few comparisons, but which were made is known: every search compared its probe with the
whole gallery. So the comparisons per person follow from the number of searches and the gallery, and what a
list does not show lies below its end: censored, not absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from misid.engine import Engine
from misid.engine.seam import Columns, literal
from misid.ground.errors import UsageError
from misid.ground.rate import MISSING
from misid.scores.model import COMPARISONS, SEARCHES, Gallery, Scores, joint_label
from misid.tally.grid import Grid
from misid.tally.model import NO_BIN, Ints, Label, Table
from misid.tally.moments import rolled_up
from misid.tally.passes import NONMATED, PROBE_TOTALS
from misid.tally.people import AS_PROBE
from misid.tally.wide import sum_of_products, whole

LISTED = "listed"
"""View: the candidates, with one group for all references where the gallery's groups are not known."""


def prepare(scores: Scores) -> tuple[Scores, Gallery]:
    """Make the views that the passes need, and say which groups there are.

    Where the gallery's composition is not given, comparisons per group of references cannot be known: all
    references stand in one group ``(missing)``, and only the margin over references is reported.
    """
    gallery = scores.gallery
    if gallery is None:
        raise UsageError(
            "the size of the gallery is not known, so rates per comparison and projections have no denominator",
            remedy="--gallery N, or --references FILE",
        )
    if gallery.by_group or not scores.attributes:
        by_group = dict(gallery.by_group) or {joint_label(()): gallery.n_references}
        scores.engine.view(LISTED, f"SELECT * FROM {COMPARISONS}")
        return scores, Gallery(n_references=gallery.n_references, n_people=gallery.n_people, by_group=by_group)
    unknown = (MISSING,) * len(scores.attributes)
    name = joint_label(unknown)
    scores.engine.view(
        LISTED,
        f"""SELECT probe, reference, probe_person, reference_person, probe_group, {literal(name)} AS reference_group,
                   mated, score, failed FROM {COMPARISONS}""",
    )
    joint = tuple(sorted({*scores.joint, unknown}))
    known = Gallery(n_references=gallery.n_references, n_people=gallery.n_people, by_group={name: gallery.n_references})
    return replace(scores, joint=joint), known


def leave_passes(engine: Engine, gallery: Gallery) -> None:
    """Make `by_probe`, `probe_totals`, `by_reference`, `kept_rows`, `failed_rows` and `search_flags` from lists."""
    groups = list(gallery.by_group.items())
    engine.put(
        "gallery_groups",
        {"name": np.array([g for g, _ in groups], dtype=object), "n": np.array([n for _, n in groups])},
    )
    engine.keep(
        "search_flags",
        f"SELECT probe, NOT mated AS counts, mated AS has_mate, failed, probe_group FROM {SEARCHES}",
    )
    # A mated search compares its probe with one reference of its own person, which is no non-mated comparison.
    own_group = "g.name = s.probe_group" if len(groups) > 1 else "TRUE"
    engine.keep(
        "by_probe",
        f"""SELECT s.probe AS probe, g.name AS reference_group, s.probe_person AS person, s.probe_group AS probe_group,
                   g.n - CASE WHEN s.mated AND {own_group} THEN 1 ELSE 0 END AS m, b.best AS best
            FROM {SEARCHES} AS s CROSS JOIN gallery_groups AS g
            LEFT JOIN (SELECT probe, reference_group, max(score) AS best FROM {LISTED} WHERE {NONMATED}
                       GROUP BY probe, reference_group) AS b
            ON b.probe = s.probe AND b.reference_group = g.name
            WHERE NOT s.failed""",
    )
    engine.keep("probe_totals", PROBE_TOTALS)
    engine.keep(
        "by_reference",
        f"""SELECT reference, probe_group, any_value(reference_person) AS person,
                   any_value(reference_group) AS reference_group, 0 AS m
            FROM {LISTED} WHERE {NONMATED} GROUP BY reference, probe_group""",
    )
    engine.keep(
        "kept_rows", f"SELECT probe, reference, mated, score, failed FROM {LISTED} WHERE NOT failed", large=True
    )
    # A search whose probe failed has no row of its own in the lists.
    engine.keep(
        "failed_rows",
        f"""SELECT s.probe AS probe, NULL AS reference, s.probe_person AS probe_person, NULL AS reference_person,
                   s.probe_group AS probe_group, NULL AS reference_group, {gallery.n_references} AS n
            FROM {SEARCHES} AS s WHERE s.failed""",
    )


def comparisons(engine: Engine) -> int:
    """Non-mated comparisons that the searches made."""
    return int(engine.columns("SELECT CAST(coalesce(sum(m), 0) AS BIGINT) AS n FROM by_probe")["n"][0])


def enrolled(gallery: Gallery, joint_of: Mapping[str, int], n_joint: int) -> Ints:
    """References of each combination of groups in the gallery."""
    references = np.zeros(n_joint, dtype=np.int64)
    for group, n in gallery.by_group.items():
        references[joint_of[group]] += n
    return references


def people_enrolled(gallery: Gallery, references: Ints) -> Ints:
    """People behind so many references, taken to have the average number of samples a person."""
    people: Ints = np.rint(references * (gallery.n_people / max(gallery.n_references, 1))).astype(np.int64)
    return people


def nonmated_design(
    engine: Engine, gallery: Gallery, labels: Sequence[Label], joint_of: Mapping[str, int], n_joint: int
) -> dict[str, Ints]:
    """Values of table nonmated_design, from the searches made and the gallery."""
    n_labels = len(labels)
    found = engine.columns(f"""
        SELECT joint, label, CAST(sum(m) AS BIGINT) AS m, {sum_of_products("m", "m")} AS m2, count(*) AS people
        FROM design WHERE side = {AS_PROBE} AND m > 0 GROUP BY joint, label""")
    rolled = {}
    for name in ("m", "m2", "people"):
        dense = np.zeros((n_joint, n_labels), dtype=object if name == "m2" else np.int64)
        np.add.at(dense, (found["joint"].astype(np.int64), found["label"].astype(np.int64)), whole(found[name]))
        rolled[name] = rolled_up(dense, labels)
    per_label = people_enrolled(gallery, rolled_up(enrolled(gallery, joint_of, n_joint), labels))
    reference_people = np.broadcast_to(per_label, (n_labels, n_labels))
    reference_people = np.where(rolled["m"] > 0, reference_people, 0)
    mated = engine.columns("""
        SELECT joint, count(DISTINCT person) AS n FROM searches_ WHERE has_mate GROUP BY joint""")
    both_by_joint = np.zeros(n_joint, dtype=np.int64)
    both_by_joint[mated["joint"].astype(np.int64)] = mated["n"].astype(np.int64)
    member = np.zeros((n_labels, n_joint), dtype=np.int64)
    for index, label in enumerate(labels):
        member[index, list(label.members)] = 1
    # People who search and are enrolled: in both labels, where the gallery's groups are those of people.
    own = member if len(gallery.by_group) > 1 else np.ones_like(member)
    both = np.einsum("aj,bj,j->ab", member, own, both_by_joint)
    both = np.where(reference_people > 0, np.minimum(both, reference_people), 0)
    m = rolled["m"].astype(np.float64)
    per_reference = np.divide(m, reference_people, out=np.zeros_like(m), where=reference_people > 0)
    per_probe = np.divide(m, rolled["people"], out=np.zeros_like(m), where=rolled["people"] > 0)
    return {
        "comparisons": rolled["m"],
        "probe_people": rolled["people"],
        "reference_people": reference_people,
        "people": rolled["people"] + reference_people - both,
        "sum_r2": rolled["m2"],
        "sum_c2": whole(np.rint(per_reference * m)),
        "sum_rc": whole(np.rint(both * per_probe * per_reference)),
        "sum_p2": whole(np.rint(m * max(gallery.n_references / max(gallery.n_people, 1), 1.0))),
    }


def censoring(engine: Engine, scores: Scores, gallery: Gallery, grid: Grid) -> Table:
    """Table censoring: below which score each list says nothing.

    A full list says nothing of what ties with its last candidate, or lies below; one that has the whole gallery hides
    nothing. Candidates that failed take a place in the list too.
    """
    ends = f"CAST({literal(scores.return_threshold)} AS DOUBLE)"
    full = "FALSE" if scores.list_length is None else f"l.n >= {int(scores.list_length)}"
    whole = f"l.n >= {int(gallery.n_references)}"
    engine.keep(
        "list_ends",
        f"""SELECT p.joint AS joint, s.mated AS mated,
                   CASE WHEN s.failed OR {whole} THEN NULL WHEN {full} THEN l.lowest ELSE {ends} END AS below
            FROM {SEARCHES} AS s JOIN probes AS p ON p.probe = s.probe
            LEFT JOIN (SELECT probe, count(*) AS n, min(score) AS lowest FROM {LISTED} GROUP BY probe) AS l
            ON l.probe = s.probe""",
    )
    found: Columns = engine.columns(f"""
        SELECT e.joint AS probe_group, CASE WHEN e.mated THEN 1 ELSE 0 END AS mated, coalesce(b.bin, {NO_BIN}) AS bin,
               count(*) AS count
        FROM list_ends AS e
        LEFT JOIN bins AS b ON b.key = {grid.key("e.below")} AND b.part = {grid.part("e.below")}
        GROUP BY e.joint, e.mated, b.bin ORDER BY 1, 2, 3""")
    return {name: np.asarray(values).astype(np.int64) for name, values in found.items()}
