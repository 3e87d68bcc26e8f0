"""What is no sequence of numbers is a wrong call, and says what to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import misid
from misid.ground.errors import UsageError
from misid.ground.given import numbers_given
from misid.scores import ReadOptions

TABLE = "probe,reference,score\n" + "".join(
    f"a{i},a{j},{0.1 * i + 0.3 * (i == j)}\n" for i in range(4) for j in range(4)
)


@pytest.mark.parametrize("wrong", ["2", b"2", 2, 0.5, None, ["0.5"], [None], [True], [1j]])
def test_every_door_refuses_it(wrong: Any, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(TABLE, encoding="utf-8")
    with misid.open_scores(path, same_samples=False) as scores:
        tally = misid.build_tally(scores)
        calls = [
            ("thresholds", lambda: misid.build_tally(scores, thresholds=wrong)),
            ("targets", lambda: misid.build_tally(scores, targets=wrong)),
            ("not_failures", lambda: misid.check(scores, not_failures=wrong)),
            ("thresholds", lambda: misid.compute_rates(tally, thresholds=wrong)),
            ("targets", lambda: misid.compute_rates(tally, targets=wrong)),
            ("ranks", lambda: misid.compute_rates(tally, ranks=wrong)),
            ("failures", lambda: ReadOptions(failures=wrong)),
        ]
        for name, call in calls:
            with pytest.raises(UsageError, match=rf"^{name} (is|has) .*; allowed: .*numbers"):
                call()


def test_numbers_of_every_kind_are_taken() -> None:
    assert numbers_given("t", np.array([1, 2], dtype=np.int8)) == (1.0, 2.0)
    assert numbers_given("t", (np.float32(0.5), 1)) == (0.5, 1.0)
    assert numbers_given("t", iter([0.25])) == (0.25,)
    assert numbers_given("t", []) == ()
