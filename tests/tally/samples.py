"""Small tests of matchers, put into an engine by hand, so that the tally is tested without the readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from misid.engine import DuckDBEngine
from misid.engine.seam import literal
from misid.scores.model import COMPARISONS, Scores, joint_label
from misid.tally import Tally
from tests.oracle import oracle_tally


@dataclass
class Sample:
    """Comparisons as plain lists, one entry each; score NaN where the comparison failed."""

    probe: list[str]
    reference: list[str]
    probe_person: list[str]
    reference_person: list[str]
    score: list[float]
    group_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    score_type: Literal["FLOAT", "DOUBLE"] = "DOUBLE"

    def only(self, rows: Sequence[int]) -> Sample:
        """The comparisons in these rows."""
        return replace(
            self,
            probe=[self.probe[i] for i in rows],
            reference=[self.reference[i] for i in rows],
            probe_person=[self.probe_person[i] for i in rows],
            reference_person=[self.reference_person[i] for i in rows],
            score=[self.score[i] for i in rows],
        )

    @property
    def joint(self) -> tuple[tuple[str, ...], ...]:
        met = {self.group(p) for p in [*self.probe_person, *self.reference_person]}
        return tuple(sorted(met)) if self.attributes else ((),)

    def group(self, person: str) -> tuple[str, ...]:
        return self.group_of.get(person, ()) if self.attributes else ()

    def rows(self) -> list[tuple[Any, ...]]:
        return [
            (p, r, pp, rp, joint_label(self.group(pp)), joint_label(self.group(rp)), pp == rp,
             None if np.isnan(s) else s, bool(np.isnan(s)))
            for p, r, pp, rp, s in zip(
                self.probe, self.reference, self.probe_person, self.reference_person, self.score, strict=True
            )
        ]  # fmt: skip

    def scores(self, engine: DuckDBEngine, n_parts: int = 1, **declared: Any) -> Scores:
        rows = self.rows()
        views = []
        for part in range(n_parts):
            mine = rows[part::n_parts]
            engine.execute(
                f"""CREATE OR REPLACE TABLE given_{part} (probe VARCHAR, reference VARCHAR, probe_person VARCHAR,
                    reference_person VARCHAR, probe_group VARCHAR, reference_group VARCHAR, mated BOOLEAN,
                    score {self.score_type}, failed BOOLEAN)"""
            )
            if mine:
                values = ", ".join("(" + ", ".join(_sql(v) for v in row) + ")" for row in mine)
                engine.execute(f"INSERT INTO given_{part} VALUES {values}")
            views.append(f"given_{part}")
        engine.view(COMPARISONS, " UNION ALL ".join(f"SELECT * FROM {v}" for v in views))
        failures = (-1.0,) if any(np.isnan(self.score)) else ()
        return Scores(
            engine=engine, kind="comparisons", attributes=self.attributes, joint=self.joint,
            score_type=self.score_type, polarity="similarity", failures=failures, parts=tuple(views),
            **declared,
        )  # fmt: skip

    def oracle(self, ours: Tally, blocks: Mapping[str, int]) -> Tally:
        """The brute-force tally on the axes that ours chose, with its blocks of people."""
        index = {values: i for i, values in enumerate(ours.joint)}
        return oracle_tally(
            self.probe, self.reference, self.probe_person, self.reference_person, self.score,
            edges=ours.edges, levels=ours.levels, thresholds=ours.thresholds, attributes=self.attributes,
            joint=ours.joint, labels=ours.labels, spectrum_from=ours.spectrum_from,
            probe_group=[index[self.group(p)] for p in self.probe_person],
            reference_group=[index[self.group(p)] for p in self.reference_person],
            block_of=blocks,
        )  # fmt: skip


def _sql(value: Any) -> str:
    return literal(float(value)) if isinstance(value, float) else literal(value)


def blocks_in(engine: DuckDBEngine) -> dict[str, int]:
    """The block of each person in the tally that was counted last."""
    people = engine.columns("SELECT person, block FROM persons")
    return dict(zip(people["person"].tolist(), people["block"].tolist(), strict=True))


def cross(
    rng: np.random.Generator,
    n: int,
    m: int,
    *,
    same: bool,
    images: int = 1,
    groups: Sequence[tuple[str, ...]] = (),
    attributes: tuple[str, ...] = (),
    decimals: int | None = None,
    keep: float = 1.0,
    fail: float = 0.0,
) -> Sample:
    """Everybody against everybody: `same` people on both sides, or m reference people of whom half are probes."""
    people = [f"person-{i}" for i in range(n)]
    others = people if same else [f"person-{i + n // 2}" for i in range(m)]
    group_of = {p: groups[int(rng.integers(len(groups)))] for p in sorted({*people, *others})} if groups else {}
    sample = Sample([], [], [], [], [], group_of=group_of, attributes=attributes)
    effect = {p: 0.5 * rng.standard_normal() for p in sorted({*people, *others})}
    for p in people:
        for image in range(images):
            for r in others:
                if rng.random() > keep:
                    continue
                score = effect[p] + effect[r] + rng.standard_normal() + (4.0 if p == r else 0.0)
                if decimals is not None:
                    score = round(score, decimals)
                sample.probe.append(f"{p}/probe-{image}")
                sample.reference.append(f"{r}/reference")
                sample.probe_person.append(p)
                sample.reference_person.append(r)
                sample.score.append(float("nan") if rng.random() < fail else float(score))
    return sample
