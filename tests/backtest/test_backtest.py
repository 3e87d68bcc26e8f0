"""Back-tests: predictions do not see their outcomes, seals are as they were taken, and scores are what they say."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.backtest import Archive, Ledger, Prediction, Record, Result, Study, backtest, predicted, shipped, tasks_of
from misid.backtest.archive import sealed
from misid.backtest.data import COLUMNS, RULE_CHANGED, WORDS_CHANGED, read_records, study_of_row
from misid.backtest.model import Conditions, Outcome, Selection
from misid.backtest.plain import plain_count, plain_log_probability
from misid.backtest.rules import RULES
from misid.backtest.run import score
from misid.ground.errors import Findings

Misid = Callable[..., tuple[int, str, str]]


@cache
def _result() -> Result:
    ours = shipped()
    return backtest(ours.records, ours.studies)


def test_at_least_twenty_tasks_and_nine_intervals_in_ten_hold() -> None:
    every = _result().summary
    assert every.tasks >= 20
    assert every.coverage is not None
    assert every.coverage >= 0.90
    assert every.width is not None
    assert every.refused > 0
    in_use = [s for study in _result().studies if not study.id.startswith("nist") for s in _result().scored[study.id]]
    given_ = [s for s in in_use if s.prediction.status == "ok"]
    assert len(given_) >= 40
    assert sum(bool(s.held) for s in given_) / len(given_) >= 0.90


def test_predictions_are_the_ones_that_were_sealed() -> None:
    ours = shipped()
    now = {one.prediction.task: one.sha256 for one in _result().all}
    assert now.keys() == ours.seals.keys()
    changed = {task for task, seal in now.items() if seal != ours.seals[task].sha256}
    assert not changed, "a rule or a record changed its predictions: seal them again, and say why in seals.csv"


def test_what_was_sealed_first_still_stands_unless_its_rule_is_said_to_have_changed() -> None:
    ours = shipped()
    by_task = {one.prediction.task: one for one in _result().all}
    studies = {study.id: study for study in ours.studies}
    assert {seal.note for seal in ours.seals.values()} <= {"", RULE_CHANGED, WORDS_CHANGED}
    for row in ours.first:
        if row["task"] not in by_task or ours.seals[row["task"]].note == RULE_CHANGED:
            assert "hanged after" in studies[row["study"]].fixed
            continue
        one = by_task[row["task"]]
        numbers = (one.prediction.lo, one.prediction.hi)
        assert row["status"] == one.prediction.status
        assert [f"{n:.5g}" if n is not None else "" for n in numbers] == [row["lo"], row["hi"]]
        if ours.seals[row["task"]].note == "":
            assert row["sha256"] == one.sha256
    for study in ours.studies:
        if study.blind:
            assert all(ours.seals[s.prediction.task].note != RULE_CHANGED for s in _result().scored[study.id])


def _field_studies() -> tuple[Study, ...]:
    # The quick ones: those of NIST's tables repeat two rules some hundred times.
    return tuple(s for s in shipped().studies if s.id in ("met-month-hours", "met-062-lab", "npl-met", "swp-event"))


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 9))
def test_no_prediction_changes_with_its_own_outcome_or_a_later_one(amount: int, number: int) -> None:
    ours = shipped()
    studies = _field_studies()
    archive = Archive(ours.records)
    tasks = [task for study in studies for task in tasks_of(study, archive.conditions)]
    task = tasks[(7 * number) % len(tasks)]
    hidden = {r.given.id for r in ours.records if r.given.id not in task.before}
    other = [replace(r, outcome=Outcome(lo=amount, hi=amount)) if r.given.id in hidden else r for r in ours.records]
    rule = RULES[task.study.rule]
    changed = Archive(other)
    assert sealed(rule(archive.question(task), archive.before(task))) == sealed(
        rule(changed.question(task), changed.before(task))
    )


def test_a_question_holds_no_outcome() -> None:
    archive = Archive(shipped().records)
    task = tasks_of(_field_studies()[0], archive.conditions)[0]
    question = archive.question(task)
    assert "outcome" not in repr(question)
    assert not any(isinstance(one, Record) for one in question.ahead)


def _record(id_: str, day: str, outcome: float, **conditions: object) -> Record:
    return Record(
        given=Conditions(id=id_, series="s", start=day, end=day, **conditions),  # type: ignore[arg-type]
        outcome=Outcome(lo=outcome, hi=outcome),
    )


def _study(**changed: object) -> Study:
    mine = Selection(series="s")
    made = {"id": "x", "title": "t", "kind": "k", "rule": "next_unit", "ahead": mine, "before": (mine,), "fixed": "f"}
    return Study(**{**made, **changed})  # type: ignore[arg-type]


def test_outcomes_come_only_against_the_sealed_ledger_and_close_the_archive() -> None:
    records = [_record("a", "2024-01-01", 3), _record("b", "2024-01-02", 4)]
    archive = Archive(records)
    [task] = tasks_of(_study(), archive.conditions)
    assert (task.ahead, task.before) == (("b",), ("a",))
    ledger = Ledger()
    prediction = RULES["next_unit"](archive.question(task), archive.before(task))
    ledger.write(prediction)
    with pytest.raises(ValueError, match="predicted already"):
        ledger.write(prediction)
    ledger.entries[task.id] = (replace(prediction, hi=1e9), ledger.entries[task.id][1])
    with pytest.raises(ValueError, match="not the one that was sealed"):
        archive.outcomes([task], ledger)
    with pytest.raises(ValueError, match="outcomes have been read"):
        archive.before(task)


def test_what_is_not_from_before_is_refused() -> None:
    archive = Archive([_record("a", "2024-01-01", 3), _record("b", "2024-01-02", 4)])
    [task] = tasks_of(_study(), archive.conditions)
    with pytest.raises(ValueError, match="b was not known before 2024-01-01"):
        archive.before(replace(task, ahead=("a",), before=("b",)))
    with pytest.raises(ValueError, match="its own outcome"):
        archive.before(replace(task, before=("b",)))


@given(st.lists(st.dates(), min_size=2, max_size=12), st.integers(1, 3))
def test_before_is_earlier_and_never_ahead(days: Sequence[object], fewest: int) -> None:
    records = [_record(f"r{i}", str(day), 1) for i, day in enumerate(days)]
    conditions = [r.given for r in records]
    by_id = {one.id: one for one in conditions}
    for task in tasks_of(_study(fewest=fewest), conditions):
        assert len(task.before) >= fewest
        assert not set(task.before) & set(task.ahead)
        assert all(by_id[b].end < by_id[a].start for b in task.before for a in task.ahead)


def test_a_developer_is_held_out_whole_but_for_what_is_given() -> None:
    study = next(s for s in shipped().studies if s.id == "nist-fnir")
    conditions = [r.given for r in shipped().records]
    by_id = {one.id: one for one in conditions}
    for task in tasks_of(study, conditions):
        [ahead] = [by_id[a] for a in task.ahead]
        own = [by_id[b] for b in task.before if by_id[b].developer == ahead.developer]
        assert [(one.engine, one.gallery) for one in own] == [(ahead.engine, 1_600_000)]


def test_scores_by_hand() -> None:
    count = Prediction(
        task="a", study="s", asked="x", measure="false_alerts", before=(), status="ok", lo=0, hi=4, expected=(2.0,),
        plain=(0, 1), plain_shape=(0.5, 1.0),
    )  # fmt: skip
    held = score(count, "", Outcome(lo=4, hi=4))
    assert held.held
    assert held.width == 9
    assert held.log_score == pytest.approx(log(exp(-2) * 2**4 / 24))
    assert held.plain_held is False
    assert score(count, "", Outcome(lo=4, hi=5)).held is False
    rate = replace(count, measure="fpir", lo=0.1, hi=0.4, expected=None, plain=None, plain_shape=None)
    scored = score(rate, "", Outcome(lo=0.5, hi=0.5), "because")
    assert (scored.held, scored.width, scored.log_score, scored.reason) == (False, pytest.approx(4), None, "because")
    bound = replace(rate, status="bound", lo=None, hi=None, bound=0.5)
    assert score(bound, "", Outcome(lo=0.5, hi=0.5)).held
    refused = replace(rate, status="refused", lo=None, hi=None, reason="r", needed="n")
    assert score(refused, "", Outcome(lo=0.5, hi=0.5)).held is None


def test_the_usual_prediction_is_a_distribution() -> None:
    made = plain_count(np.array([3, 5]), np.array([10.0, 30.0]), 20.0)
    chances = np.exp([plain_log_probability(made.shape, made.exposure, n) for n in range(400)])
    assert chances.sum() == pytest.approx(1)
    below = np.cumsum(chances)
    assert below[made.lo - 1] < 0.025 <= below[made.lo] if made.lo else below[0] >= 0.025
    assert below[made.hi - 1] < 0.975 <= below[made.hi]
    assert float(np.arange(400) @ chances) == pytest.approx(8.5 / 40 * 20)


def test_wrong_records_are_all_named() -> None:
    found = Findings()
    rows = [
        "a,s,2024-13-xx,2024,,,,,,,,false_alerts,3,s-x,,",
        "b,s,2024,2024,,,ten,,,,,kisses,-1,s-y,,",
        "b,s,2024,2024,,,,,,,,fpir,0.1..0.2,s-x,,",
    ]
    assert read_records("t.csv", "\n".join([",".join(COLUMNS), *rows]), ["s-x"], found) == []
    said = "\n".join(str(p) for p in found.problems)
    for part in ("row 2, column start", "row 3, column hours", "kisses", "'-1'", "'s-y'", "row 4, column id"):
        assert part in said
    assert study_of_row({"id": "x", "rule": "guess"}, found) is None


def test_every_record_has_a_source_and_every_source_a_record() -> None:
    ours = shipped()
    assert {r.given.source for r in ours.records} == set(ours.sources)


@pytest.mark.parametrize("extra", [[], ["--tasks"], ["--predictions"]])
def test_command_prints_a_study(misid: Misid, extra: list[str]) -> None:
    status, out, err = misid("backtest", "--study", "met-062-lab", *extra)
    assert (status, err) == (0, "")
    assert "met-062-lab" in out
    assert ("happened" in out) == (extra != ["--predictions"])
    assert ("FAILED" in out) == (extra != ["--predictions"])


def test_command_as_records(misid: Misid) -> None:
    status, out, _ = misid("backtest", "--study", "met-062-lab", "--format", "json")
    assert status == 0
    [record] = json.loads(out)
    assert (record["outcome"], record["held"], record["lo"]) == (4, False, 0)
    assert len(record["expected"]) == 200
    said = json.loads(misid("backtest", "--study", "met-062-lab", "--predictions", "--format", "json")[1])[0]
    assert said["sha256"] == record["sha256"]
    assert not {"outcome", "held", "log_score"} & said.keys()


def test_command_on_your_deployments(misid: Misid, tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    rows = [f"d{i},1000,5000,0.6,{i % 2},2024-01-0{i}" for i in range(1, 7)]
    rows += ["old,1000,5000,0.6,0,", "odd,1000,5000,0.6,0,yesterday"]
    path.write_text("\n".join(["deployment,n_searches,gallery_n,threshold,false_positives,date_start", *rows]) + "\n")
    status, out, err = misid("backtest", "--deployments", path, "--format", "csv")
    assert status == 0
    scored = list(csv.DictReader(out.splitlines()))
    assert [row["outcome"] for row in scored] == ["0.0", "1.0", "0.0"]
    assert all(row["held"].lower() == "true" for row in scored)
    assert "W032" in err
    assert "2 deployments without a date" in err


def test_command_says_what_is_wrong(misid: Misid, tmp_path: Path) -> None:
    status, _, err = misid("backtest", "--study", "nothing")
    assert status == 2
    assert "met-month-hours" in err
    path = tmp_path / "d.csv"
    path.write_text("n_searches,gallery_n,false_positives,date_start\n10,5,0,2024-01-01\n")
    status, _, err = misid("backtest", "--deployments", path)
    assert status == 4
    assert "3 dated ones before it" in err
    assert misid("backtest", "--deployments", path, "--study", "npl-met")[0] == 2
    assert misid("backtest", "--study", "npl-swp")[0] == 4


def test_predicting_reads_no_outcome() -> None:
    class Watched(Archive):
        def outcomes(self, *_: object) -> dict[str, Outcome]:
            raise AssertionError("outcomes were read")

    predicted(Watched(shipped().records), _field_studies())
