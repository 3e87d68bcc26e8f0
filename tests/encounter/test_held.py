"""The tree gives the same whether a parameter is one value or as many equal values: held inputs are one value."""

from __future__ import annotations

import numpy as np
import pytest

from misid.encounter.reading import shipped
from misid.encounter.scenario import read_scenario
from misid.encounter.tree import Query, Tree


@pytest.mark.parametrize("name", list(shipped()))
def test_held_inputs_are_as_good_as_drawn_ones(name: str) -> None:
    scenario = read_scenario(name)
    tree, space = Tree(scenario), scenario.space
    queries = [
        Query(measure=measure, policy=policy.name)
        for policy in scenario.policies
        for measure in ("wrongly_held", "found", "stranger", "another")
    ]
    points = space.points(8, seed=1)
    generator = np.random.default_rng(1)
    held = [set(space.varying), set(), *({p for p in space.varying if generator.random() < 0.6} for _ in range(6))]
    held += [set(space.varying) - {p for p in space.varying if p.startswith(t)} for t in ("kin", "search", "quality")]
    for paths in held:
        values = {path: float(space.shapes[path].quantile(np.asarray(0.3))) for path in paths}
        drawn = space.through(points, values)
        full = {path: np.broadcast_to(each, (8,)) for path, each in drawn.items()}
        one, as_many = tree.evaluate(drawn, queries), tree.evaluate(full, queries)
        for query in queries:
            np.testing.assert_allclose(np.broadcast_to(one[query], (8,)), as_many[query], rtol=1e-12, atol=1e-300)
