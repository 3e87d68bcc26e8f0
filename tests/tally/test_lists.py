"""Candidate lists: what they show is counted exactly; what they do not show is censored, not absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from misid.engine import DuckDBEngine
from misid.engine.seam import literal
from misid.ground.errors import UsageError
from misid.rates import compute_rates
from misid.scores import open_scores
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
    listed = sample.only(rows)
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
    listed = listed.only(keep)
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


def test_lists_cut_at_an_undeclared_threshold_never_say_too_little(tmp_path: Path) -> None:
    """What is below the lowest score returned is not known; what is above it is counted exactly."""
    rng = np.random.default_rng(5)
    scores = np.round(rng.normal(size=(60, 40)), 2)
    cut, length = 1.5, 6
    (tmp_path / "searches.csv").write_text("search,person\n" + "".join(f"s{i},p{i}\n" for i in range(60)))
    (tmp_path / "references.csv").write_text("reference,person\n" + "".join(f"g{j},q{j}\n" for j in range(40)))
    lines = ["search,reference,score\n"]
    for i in range(60):
        best = [j for j in np.argsort(-scores[i], kind="stable")[:length] if scores[i, j] >= cut]
        lines += [f"s{i},g{j},{scores[i, j]}\n" for j in best]
    (tmp_path / "candidates.csv").write_text("".join(lines))
    asked = (1.0, 1.6, 2.0)
    with open_scores(
        tmp_path / "candidates.csv", searches=tmp_path / "searches.csv", references=tmp_path / "references.csv",
        list_length=length,
    ) as read:  # fmt: skip
        tally = build_tally(read, thresholds=asked)
    assert tally.return_threshold is not None
    assert any(text.startswith("W026") for text in tally.warnings)
    found = {r.threshold: r for r in compute_rates(tally).records if r.measure == "fpir" and r.target is None}
    for threshold in asked:
        actual = (scores >= threshold).any(axis=1)
        rate = found[threshold]
        if threshold < tally.return_threshold:
            assert (rate.status, rate.estimate) == ("censored", None)
            assert rate.lo is not None
            assert rate.hi is not None
            assert rate.lo <= actual.mean() <= rate.hi
        else:
            assert rate.errors == actual.sum()


def test_full_lists_show_in_the_spectrum_by_their_length() -> None:
    """Only non-mated searches are in it: one that is censored at a level has as many candidates as a list holds."""
    rng = np.random.default_rng(13)
    sample = cross(rng, 30, 40, same=False)
    ours, _ = tallied(sample)
    rows = ours.tables["spectrum"]
    total = np.bincount(rows["search"], weights=rows["count"])
    assert total.max() == LENGTH
    lowest = {int(s): int(rows["level"][rows["search"] == s].min()) for s in np.flatnonzero(total == LENGTH)}
    ends = ours.tables["censoring"]
    full = ends["count"][(ends["mated"] == 0) & (ends["bin"] > np.searchsorted(ours.edges, RETURNED))].sum()
    assert len(lowest) == full
