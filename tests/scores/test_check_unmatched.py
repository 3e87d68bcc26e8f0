"""A table of subjects that knows nobody is an error, not a row of people whose group is missing."""

from __future__ import annotations

from pathlib import Path

from misid.scores import check, open_scores


def test_ids_written_in_another_way_are_found_out(tmp_path: Path) -> None:
    rows = [
        f"p{i:03d},r{j:03d},{i:03d},{j:03d},{(i * 7 + j * 3) % 11 / 11 + (i == j)}\n"
        for i in range(12)
        for j in range(12)
    ]
    scores, people = tmp_path / "scores.csv", tmp_path / "people.csv"
    scores.write_text("probe,reference,probe_person,reference_person,score\n" + "".join(rows))
    people.write_text("person,sex\n" + "".join(f"{i},{'FM'[i % 2]}\n" for i in range(12)))
    with open_scores(scores, subjects=people) as opened:
        found = {p.code: p for p in check(opened).problems}
    assert found["E049"].severity == "error"
    assert "W015" not in found
