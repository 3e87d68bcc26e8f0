"""Inputs at which other tools were seen to fail, and the test that says what misid does with each.

`HELD` is the audit: one line an input. Where no other test had an input, the test is below.
"""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misid.cli.main import run
from misid.ground.errors import BadInputError
from misid.rates import compute_rates
from misid.scores import open_scores
from misid.scores.check import check
from misid.tally import Tally, build_tally

TESTS = Path(__file__).parents[1]

HELD: dict[str, tuple[str, ...]] = {
    "NaN among the scores, not declared": (
        "scores/test_check.py::test_nan_and_empty_scores_are_counted_and_refused",
        "scores/test_peer_inputs.py::test_a_score_of_nan_stops_every_command_and_says_where",
    ),
    "NaN among the scores, declared: counted by sample": (
        "scores/test_peer_inputs.py::test_failures_to_acquire_are_samples_and_not_comparisons",
        "rates/test_peers.py::test_failed_samples_do_not_move_the_eer",
    ),
    "NaN where it should say whether a pair is mated": (
        "scores/test_read_problems.py::test_which_comparisons_are_mated",
    ),
    "likelihood ratios that are infinite or no numbers": (
        "scores/test_peer_inputs.py::test_infinite_scores_leave_finite_costs_and_name_themselves",
        "rates/test_calibration.py::*",
    ),
    "failure code -1 among mated scores": (
        "scores/test_check.py::test_a_code_of_mated_comparisons_alone_is_found",
        "rates/test_peers.py::test_failed_samples_do_not_move_the_eer",
    ),
    "failure code -1 of a whole sample": (
        "scores/test_check.py::test_a_failed_probe_is_found_by_its_code",
        "scores/test_check.py::test_the_failed_row_of_bssr1",
    ),
    "polarity the wrong way round": ("scores/test_check.py::test_swapped_polarity_names_the_flag",),
    "nothing mated, or nothing non-mated": (
        "scores/test_check.py::test_an_empty_side_says_which_rate_is_undefined",
        "rates/test_rates.py::test_an_empty_side_is_undefined_and_not_zero",
        "scores/test_peer_inputs.py::test_an_empty_file_of_one_side_is_named",
    ),
    "threshold NaN": (
        "rates/test_peers.py::test_a_threshold_that_is_no_number_is_an_error_and_not_a_rate_of_one",
        "scores/test_peer_inputs.py::test_a_threshold_of_nan_is_a_wrong_command",
    ),
    "no searches by people outside the gallery": (
        "rates/test_peers.py::test_no_non_mated_searches_is_not_a_false_positive_rate_of_zero",
        "scores/test_check_lists.py::test_no_non_mated_searches_is_said_and_not_made_a_rate_of_zero",
    ),
    "a group without non-mated comparisons": (
        "rates/test_peers.py::test_a_group_without_non_mated_comparisons_has_no_rate",
        "scores/test_check.py::test_a_group_without_non_mated_comparisons_is_undefined",
    ),
    "people without a group": (
        "rates/test_peers.py::test_people_without_a_group_stay_in_the_rows",
        "scores/test_check.py::test_missing_group_cells_of_a_file",
    ),
    "an argument that is not one of those allowed": (
        "rates/test_rates.py::test_what_is_not_allowed_is_named",
        "scores/test_read_problems.py::test_calls_that_cannot_be_meant",
    ),
    "the same question asked again, after another": (
        "scores/test_peer_inputs.py::test_an_answer_does_not_depend_on_what_was_asked_before",
    ),
    "every pair in both directions": (
        "scores/test_check.py::test_both_directions_with_one_score_are_one_comparison",
        "rates/test_peers.py::test_a_bound_at_zero_errors_counts_people_and_each_pair_once",
        "scores/test_peer_inputs.py::test_pairs_written_twice_make_no_limit_narrower",
    ),
    "a measure that fails while a report is written": (
        "report/test_page.py::test_no_rate_is_a_false_zero_and_nothing_is_empty",
        "report/test_look.py::test_nothing_known_draws_a_hole_not_an_empty_grid",
        "scores/test_peer_inputs.py::test_no_cell_of_the_rates_is_empty_without_a_status",
    ),
    "columns of categories, and of text under pandas 3": ("scores/test_check.py::test_categories_and_text_of_frames",),
    "a folder named without a slash at its end": (
        "scores/test_peer_inputs.py::test_results_go_into_the_folder_that_was_named",
    ),
    "quotes and SQL in a path": (
        "scores/test_check.py::test_missing_group_cells_of_a_file",
        "scores/test_peer_inputs.py::test_a_path_is_never_sql",
    ),
    "markup in names": ("report/test_hostile.py::*",),
    "rates too small for the digits": ("scores/test_peer_inputs.py::test_small_rates_keep_their_digits",),
    "Cllr asked for": ("rates/test_peers.py::test_cllr_and_min_cllr_of_pyllr",),
    "random numbers drawn from the generator that all share": (
        "scores/test_peer_inputs.py::test_no_answer_uses_or_moves_numpys_global_generator",
    ),
    "a target that lies between two thresholds, and discrete scores": (
        "rates/test_peers.py::test_a_target_is_reached_and_not_only_approached",
        "rates/test_rates.py::test_a_target_is_never_overshot",
    ),
    "a target below one error": (
        "rates/test_peers.py::test_a_target_that_cannot_be_seen_is_refused",
        "rates/test_rates.py::test_a_target_below_one_error_is_refused_with_what_it_would_need",
    ),
}
"""Input to the tests that hold it; * stands for all tests of a file."""


def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("given", HELD)
def test_every_input_has_a_test(given: str) -> None:
    assert HELD[given]
    for place in HELD[given]:
        file, name = place.split("::")
        found = _tests_in(TESTS / file)
        assert found if name == "*" else name in found, place


N = 40


def _square(n: int = N, seed: int = 3) -> np.ndarray[Any, np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, n))
    scores[np.arange(n), np.arange(n)] += 4
    return np.round(scores, 3)


def _written(path: Path, scores: np.ndarray[Any, np.dtype[np.float64]], words: dict[tuple[int, int], str]) -> Path:
    n = len(scores)
    lines = ["probe,reference,probe_person,reference_person,score"]
    lines += [f"a{i},b{j},p{i},p{j},{words.get((i, j), repr(float(scores[i, j])))}" for i in range(n) for j in range(n)]
    path.write_text("\n".join(lines) + "\n")
    return path


@dataclass
class Ended:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def _ran(*arguments: str | Path) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(a) for a in arguments])
    return Ended(code, out.getvalue(), err.getvalue())


def _tally(path: Path, **options: Any) -> Tally:
    with open_scores(path, **options) as scores:
        return build_tally(scores, thresholds=[2.0])


@pytest.mark.parametrize("word", ["nan", ""])
@pytest.mark.parametrize("command", ["check", "rates", "tally", "report"])
def test_a_score_of_nan_stops_every_command_and_says_where(tmp_path: Path, command: str, word: str) -> None:
    path = _written(tmp_path / "scores.csv", _square(), {(3, 5): word})
    more: list[Any] = {"tally": ["-o", tmp_path / "x.tally"], "report": ["-o", tmp_path / "out"]}.get(command, [])
    ended = _ran(command, path, *more)
    assert ended.exit_code == 3
    assert ("E034" if word else "E035") in ended.output
    assert "--failure nan" in ended.output
    assert not (tmp_path / "x.tally").exists()
    assert not (tmp_path / "out").exists()


def test_failures_to_acquire_are_samples_and_not_comparisons(tmp_path: Path) -> None:
    """One probe of forty failed, in forty comparisons: FTA is 1 of 40 samples, and FMR has neither."""
    scores = _square()
    path = _written(tmp_path / "scores.csv", scores, {(7, j): "nan" for j in range(N)})
    found = {r.measure: r for r in compute_rates(_tally(path, failures=(float("nan"),)), thresholds=[2.0]).records
             if r.threshold in (None, 2.0) and r.target is None and r.rank is None}  # fmt: skip
    assert (found["fta"].errors, found["fta"].trials) == (1, N)
    assert found["fmr"].trials == N * (N - 1) - (N - 1)
    kept = np.delete(scores, 7, axis=0)
    others = np.delete(np.arange(N), 7)
    off = np.ones_like(kept, dtype=bool)
    off[np.arange(N - 1), others] = False
    assert found["fmr"].errors == int((kept[off] >= 2.0).sum())
    assert found["fnir"].errors == 1 + int((kept[~off] < 2.0).sum()), "a failed probe is a miss of its search"


def test_infinite_scores_leave_finite_costs_and_name_themselves(tmp_path: Path) -> None:
    path = _written(tmp_path / "scores.csv", _square(), {(0, 0): "inf", (1, 2): "-inf"})
    with open_scores(path) as scores:
        report = check(scores)
        calibration = compute_rates(build_tally(scores)).calibration
    assert [p.count for p in report.problems if p.code == "W010"] == [1, 1]
    assert calibration is not None
    assert calibration.status == "ok"
    for cost in (calibration.cllr_min, calibration.cllr_logistic):
        assert cost is not None
        assert 0 < cost < 1
    assert all(np.isfinite(value) for point in calibration.ece for value in point)


@pytest.mark.parametrize("empty", ["genuine", "impostor"])
def test_an_empty_file_of_one_side_is_named(tmp_path: Path, empty: str) -> None:
    for side in ("genuine", "impostor"):
        (tmp_path / f"{side}.txt").write_text("" if side == empty else "0.1\n0.2\n0.3\n")
    ended = _ran("rates", "--genuine", tmp_path / "genuine.txt", "--impostor", tmp_path / "impostor.txt")
    assert ended.exit_code == 3
    assert "E002" in ended.output
    assert f"{empty}.txt" in ended.output


@pytest.mark.parametrize("threshold", ["nan", "inf", "0.5,nan", "high"])
def test_a_threshold_of_nan_is_a_wrong_command(tmp_path: Path, threshold: str) -> None:
    path = _written(tmp_path / "scores.csv", _square(), {})
    ended = _ran("rates", path, "--threshold", threshold)
    assert ended.exit_code == 2
    assert "threshold" in ended.output


def test_an_answer_does_not_depend_on_what_was_asked_before(tmp_path: Path) -> None:
    """Limits of one threshold were seen made from the counts of another, the last one that had been asked for."""
    path = _written(tmp_path / "scores.csv", _square(), {})
    with open_scores(path) as scores:
        tally = build_tally(scores, thresholds=[1.0, 2.0, 3.0])

    def at(thresholds: Sequence[float]) -> list[dict[str, Any]]:
        records = compute_rates(tally, thresholds=thresholds, targets=[]).records
        return [r.to_dict() for r in records if r.threshold == 2.0]

    alone = at([2.0])
    at([1.0])
    assert at([2.0]) == alone
    assert at([3.0, 1.0, 2.0]) == alone


def test_pairs_written_twice_make_no_limit_narrower(tmp_path: Path) -> None:
    """3,915 pairs of 90 images of 30 people, once and in both directions: as many people, and no more knowledge."""
    images = [(person, image) for person in range(30) for image in range(3)]
    rng = np.random.default_rng(1)
    found = {}
    drawn = {
        pair: float(np.round(rng.normal() + 8 * (pair[0][0] == pair[1][0]), 3)) for pair in combinations(images, 2)
    }
    for times in (1, 2):
        lines = ["probe,reference,probe_person,reference_person,score"]
        for (a, b), score in drawn.items():
            for x, y in ((a, b), (b, a))[:times]:
                lines.append(f"i{x[0]}-{x[1]},i{y[0]}-{y[1]},p{x[0]},p{y[0]},{score}")
        path = tmp_path / f"{times}.csv"
        path.write_text("\n".join(lines) + "\n")
        with open_scores(path) as scores:
            assert ("W014" in [p.code for p in check(scores).problems]) == (times == 2)
            tally = build_tally(scores, thresholds=[2.5, 5.0])
        records = compute_rates(tally, thresholds=[2.5, 5.0], targets=[]).records
        found[times] = {r.threshold: r for r in records if r.measure == "fmr"}
    once, twice = found[1], found[2]
    assert (once[5.0].errors, once[5.0].trials, twice[5.0].trials) == (0, 3915, 7830)
    assert (twice[5.0].hi or 0) >= (once[5.0].hi or 1)
    assert (twice[2.5].errors, once[2.5].errors) == (66, 33)
    for limit in ("lo", "hi"):
        assert getattr(twice[2.5], limit) == pytest.approx(getattr(once[2.5], limit), rel=0.01)


def test_no_cell_of_the_rates_is_empty_without_a_status(tmp_path: Path) -> None:
    path = _written(tmp_path / "scores.csv", _square(), {})
    ended = _ran("rates", path, "--threshold", "2,99", "--format", "json", "-q")
    assert ended.exit_code == 0
    for record in json.loads(ended.stdout):
        if record["estimate"] is None:
            assert record["status"] in ("undefined", "censored", "refused", "bound")
            assert record["status"] == "bound" or record["warnings"], record
        else:
            assert record["hi"] is not None or record["warnings"], record


@pytest.mark.parametrize("ending", ["", "/"])
def test_results_go_into_the_folder_that_was_named(tmp_path: Path, ending: str) -> None:
    path = _written(tmp_path / "scores.csv", _square(), {})
    ended = _ran("report", path, "-o", f"{tmp_path / 'out'}{ending}", "-q")
    assert ended.exit_code == 0
    assert (tmp_path / "out" / "report.html").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "scores.csv"]


@pytest.mark.parametrize("name", ["a'b.csv", 'a"b.csv', "a;DROP TABLE x;--.csv", "') OR 1=1 --.csv", "a$b {c} %s.csv"])
def test_a_path_is_never_sql(tmp_path: Path, name: str) -> None:
    tally = _tally(_written(tmp_path / name, _square(), {}))
    assert int(tally.tables["counts"]["count"].sum()) == N * N


def test_small_rates_keep_their_digits(tmp_path: Path) -> None:
    """2 of 159,600 comparisons are neither 0.0 % nor 0.000000."""
    n = 400
    scores = _square(n)
    scores[np.arange(n), np.arange(n)] += 20
    scores[~np.eye(n, dtype=bool)] = np.clip(scores[~np.eye(n, dtype=bool)], None, 4.4)
    scores[0, 1] = scores[2, 3] = 4.9
    path = _written(tmp_path / "scores.csv", scores, {})
    for shown in ("table", "md", "csv", "json"):
        ended = _ran("rates", path, "--threshold", "4.9", "--format", shown, "-q")
        assert ended.exit_code == 0
        assert "0.0 %" not in ended.stdout
        assert ("1.3 in 100,000" in ended.stdout) == (shown in ("table", "md"))
        assert (repr(2 / 159_600) in ended.stdout) == (shown in ("csv", "json"))


def test_no_answer_uses_or_moves_numpys_global_generator(tmp_path: Path) -> None:
    path = _written(tmp_path / "scores.csv", _square(), {})
    answers = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002 - the generator that must not matter
        before = np.random.get_state(legacy=False)  # noqa: NPY002
        ended = _ran("rates", path, "--format", "json", "-q")
        assert ended.exit_code == 0
        answers.append(ended.stdout)
        after = np.random.get_state(legacy=False)  # noqa: NPY002
        assert (after["state"]["key"] == before["state"]["key"]).all()
        assert after["state"]["pos"] == before["state"]["pos"]
    assert answers[0] == answers[1]


def test_files_that_are_refused_leave_no_tally(tmp_path: Path) -> None:
    path = _written(tmp_path / "scores.csv", _square(), {(3, 5): "nan"})
    with pytest.raises(BadInputError, match="E034"):
        _tally(path)
