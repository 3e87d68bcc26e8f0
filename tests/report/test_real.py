"""The whole road to a report: real scores, candidate lists, distances."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misid.rates import compute_rates
from misid.report import Report, write_report
from misid.scores import open_scores
from misid.tally import build_tally
from tests.report.pages import Page
from tests.report.sample import MadeTest

BSSR1 = Path(__file__).parents[2].parent / "shared" / "data" / "bssr1" / "face-c.csv"


def made(source: Path, directory: Path, *, thresholds: tuple[float, ...] = (), **options: Any) -> dict[str, Any]:
    with open_scores(source, **options) as scores:
        tally = build_tally(scores, thresholds=thresholds)
    page = write_report(Report(rates=compute_rates(tally), tally=tally, title="A test"), directory)
    document: dict[str, Any] = json.loads(page.with_name("report.json").read_text())
    return document


@pytest.mark.skipif(not BSSR1.exists(), reason="the BSSR1 scores are not on this machine")
def test_bssr1_from_end_to_end(tmp_path: Path) -> None:
    document = made(BSSR1, tmp_path / "out", failures=(-1.0,), thresholds=(0.65,))
    with BSSR1.open() as file:
        lines = list(csv.reader(file))
    scores = np.array([line[1:] for line in lines[1:]], dtype=np.float64)
    off = ~np.eye(len(scores), dtype=bool) & (scores != -1)
    at = {(r["measure"], r["rank"]): r for r in document["rates"]["records"] if r["threshold"] == 0.65}
    assert at["fmr", None]["errors"] == int((scores[off] >= 0.65).sum())
    assert at["fmr", None]["trials"] == int(off.sum()) == document["test"]["nonmated_comparisons"]
    assert at["fpir", None]["errors"] == int(np.where(off, scores, -np.inf).max(axis=1).__ge__(0.65).sum())
    assert document["answer"]["points"][document["answer"]["lead"]]["threshold"] == 0.65
    page = Page((tmp_path / "out" / "report.html").read_text())
    cmc = next(e.text for e in page.all("desc") if "mate is not among the first R" in e.text)
    assert "rank 1: 0.12," in cmc, "60 of 517 mates are not first"
    assert any(e.text.startswith("Declared failure codes: -1. Comparisons that carried one: 516 non-mated, 1 mated.")
               for e in page.all("p"))  # fmt: skip
    ids = {i.encode() for i in lines[0][1:]}
    for file_written in (tmp_path / "out").rglob("*.*"):
        content = file_written.read_bytes()
        assert not any(i in content for i in ids), file_written
        assert str(BSSR1.parent).encode() not in content
        assert b"face-c.csv" not in content


def test_candidate_lists(tmp_path: Path) -> None:
    test = MadeTest.make(90)
    searches, references, candidates = (tmp_path / f"{n}.csv" for n in ("searches", "references", "candidates"))
    enrolled = range(60)
    searches.write_text("search,person\n" + "".join(f"s{i},p{i}\n" for i in range(90)))
    references.write_text("reference,person\n" + "".join(f"g{i},p{i}\n" for i in enrolled))
    lines = ["search,rank,reference,score\n"]
    for i in range(90):
        best = sorted(((float(test.scores[i, j]), j) for j in enrolled if test.scores[i, j] >= 40), reverse=True)[:5]
        lines += [f"s{i},{rank},g{j},{score}\n" for rank, (score, j) in enumerate(best, 1)]
    candidates.write_text("".join(lines))
    document = made(
        candidates, tmp_path / "out", searches=searches, references=references, list_length=5, return_threshold=40.0,
        thresholds=(35.0, 50.0),
    )  # fmt: skip
    page = Page((tmp_path / "out" / "report.html").read_text())
    text = " ".join(e.text for e in page.all("main"))
    assert document["test"]["kind"] == "candidates"
    assert "Scores below the end of the lists." in text
    assert "candidate lists end" in text
    assert any("No figure:" in e.text for e in page.all("p"))


def test_thresholds_of_a_distance_are_on_the_scale_of_the_input(tmp_path: Path) -> None:
    test = MadeTest.make(40)
    source = tmp_path / "scores.csv"
    rows = (f"a{i},b{j},p{i},p{j},{100 - test.scores[i, j]}\n" for i in range(40) for j in range(40))
    source.write_text("probe,reference,probe_person,reference_person,score\n" + "".join(rows))
    document = made(source, tmp_path / "out", polarity="distance", thresholds=(48.0,))
    lead = document["answer"]["points"][document["answer"]["lead"]]
    assert lead["threshold"] == 48.0
    assert document["answer"]["rule"] == "the threshold named for this test"
