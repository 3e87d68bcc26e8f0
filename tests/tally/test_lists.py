"""Candidate lists: what they show is counted exactly; what they do not show is censored, not absent."""

from __future__ import annotations

import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.engine.seam import literal
from misid.ground.errors import UsageError
from misid.scores.model import COMPARISONS, SEARCHES, Gallery, Scores, joint_label
from misid.tally import Tally, build_tally
from tests.oracle import canonical, oracle_tally
from tests.tally.samples import Sample, blocks_in, cross

LENGTH, RETURNED = 4, 0.0


def lists_from(sample: Sample) -> tuple[Sample, dict[str, list[object]], Gallery]:
    """What an engine with a list length and a return threshold would have returned in each search."""
    rows = []
    for probe in sorted(set(sample.probe)):
        mine = [i for i, p in enumerate(sample.probe) if p == probe and sample.score[i] >= RETURNED]
        rows += sorted(mine, key=lambda i: -sample.score[i])[:LENGTH]
    names = ("probe", "reference", "probe_person", "reference_person", "score")
    listed = Sample(*([getattr(sample, n)[i] for i in rows] for n in names), sample.group_of, sample.attributes)  # type: ignore[arg-type]
    enrolled = set(sample.reference_person)
    person_of = dict(zip(sample.probe, sample.probe_person, strict=True))
    probes = sorted(person_of)
    searches: dict[str, list[object]] = {
        "probe": list(probes),
        "probe_person": [person_of[p] for p in probes],
        "mated": [person_of[p] in enrolled for p in probes],
        "failed": [i == 0 for i in range(len(probes))],
    }
    by_group: dict[str, int] = {}
    for person in sorted(enrolled):
        by_group[joint_label(sample.group(person))] = by_group.get(joint_label(sample.group(person)), 0) + 1
    # The first search failed and returned nothing.
    keep = [i for i, p in enumerate(listed.probe) if p != probes[0]]
    listed = Sample(*([getattr(listed, n)[i] for i in keep] for n in names), sample.group_of, sample.attributes)  # type: ignore[arg-type]
    return listed, searches, Gallery(n_references=len(enrolled), n_people=len(enrolled), by_group=by_group)


def tallied(sample: Sample, **options: object) -> tuple[Tally, Tally]:
    listed, searches, gallery = lists_from(sample)
    with DuckDBEngine() as engine:
        listed.scores(engine)
        person_rows = zip(*(searches[c] for c in ("probe", "probe_person", "mated", "failed")), strict=True)
        rows = ", ".join(
            f"({literal(str(p))}, {literal(str(q))}, {literal(joint_label(sample.group(str(q))))}, {m}, {f}, 0)"
            for p, q, m, f in person_rows
        )
        engine.view(
            SEARCHES,
            f"SELECT * FROM (VALUES {rows}) AS t(probe, probe_person, probe_group, mated, failed, n_candidates)",
        )
        joint = tuple(sorted({sample.group(p) for p in [*sample.probe_person, *sample.reference_person]}))
        scores = Scores(
            engine=engine, kind="candidates", attributes=sample.attributes, joint=joint, score_type="DOUBLE",
            polarity="similarity", gallery=gallery, list_length=LENGTH, return_threshold=RETURNED,
        )  # fmt: skip
        ours = build_tally(scores, **options)  # type: ignore[arg-type]
        blocks = blocks_in(engine)
    index = {values: i for i, values in enumerate(ours.joint)}
    oracle = oracle_tally(
        listed.probe, listed.reference, listed.probe_person, listed.reference_person, listed.score,
        edges=ours.edges, levels=ours.levels, thresholds=ours.thresholds, attributes=sample.attributes,
        joint=ours.joint, labels=ours.labels, spectrum_from=ours.spectrum_from,
        probe_group=[index[sample.group(p)] for p in listed.probe_person],
        reference_group=[index[sample.group(p)] for p in listed.reference_person],
        block_of={p: blocks.get(p, 0) for p in {*sample.probe_person, *sample.reference_person}},
        searches={**searches, "probe_group": [index[sample.group(str(p))] for p in searches["probe_person"]]},
        list_length=LENGTH, return_threshold=RETURNED, gallery=(gallery.n_references, gallery.n_people),
    )  # fmt: skip
    return ours, oracle


@pytest.mark.parametrize("attributes", [(), ("sex",)])
def test_lists_equal_brute_force(attributes: tuple[str, ...]) -> None:
    rng = np.random.default_rng(11)
    groups = [("F",), ("M",)] if attributes else []
    ours, oracle = tallied(cross(rng, 20, 16, same=False, groups=groups, attributes=attributes), thresholds=[1.0])
    found, expected = canonical(ours), canonical(oracle)
    for name in (
        "counts",
        "mated_moments",
        "search_design",
        "best_nonmated",
        "mates",
        "mate_moments",
        "spectrum",
        "censoring",
    ):
        assert found[name] == expected[name], name

    # Sums that involve comparisons not listed follow from the gallery; those of candidates are counted.
    def counted(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        return [row[:8] for row in rows]

    assert counted(found["nonmated_moments"]) == counted(expected["nonmated_moments"])


def test_the_comparisons_behind_the_lists_are_counted() -> None:
    rng = np.random.default_rng(12)
    sample = cross(rng, 20, 16, same=False)
    ours, _ = tallied(sample)
    design = {name: int(values[0]) for name, values in ours.tables["nonmated_design"].items()}
    first = sorted(set(sample.probe))[0]
    made = sum(
        1
        for p, a, b in zip(sample.probe, sample.probe_person, sample.reference_person, strict=True)
        if a != b and p != first
    )
    assert design["comparisons"] == made
    assert design["reference_people"] == 16
    assert ours.acquisition == (1, 20)


def test_a_gallery_of_unknown_size_is_refused() -> None:
    with DuckDBEngine() as engine:
        engine.view(COMPARISONS, "SELECT 1")
        scores = Scores(
            engine=engine, kind="candidates", attributes=(), joint=((),), score_type="DOUBLE", polarity="similarity"
        )
        with pytest.raises(UsageError, match="gallery"):
            build_tally(scores)
