"""Deployments as a search model, and the table they are read from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from misid.ground.errors import BadInputError, UsageError
from misid.search.deployments import Deployment, DeploymentsModel
from misid.search.reading import read_deployments
from misid.search.sites import poisson_limits
from misid.search.span import Span

HEADER = "source_id,deployment,date_start,n_searches,gallery_n,threshold,false_positives,group,notes\n"


def model(*outcomes: tuple[float, int], growth: str = "0..1", **about: object) -> DeploymentsModel:
    return DeploymentsModel(
        deployments=[Deployment(searches=s, false_alerts=y, gallery=10_000, **about) for s, y in outcomes],  # type: ignore[arg-type]
        growth=Span.of(growth),
    )


def table(folder: Path, *rows: str) -> Path:
    path = folder / "deployments.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_one_deployment_has_exact_limits_and_does_not_predict() -> None:
    answer = model((535, 28)).fpir(10_000)
    assert (answer.lo, answer.hi) == pytest.approx(poisson_limits(28, 535.0, 0.025))
    assert answer.estimate == pytest.approx(28 / 535)
    assert answer.limits == "confidence"
    assert "does not predict the next" in answer.warnings[0]


def test_no_false_alert_gives_a_bound() -> None:
    answer = model((3000, 0)).fpir(10_000)
    assert answer.status == "bound"
    assert answer.bound == pytest.approx(2.9957 / 3000, rel=1e-4)
    assert answer.estimate is None
    assert "no false alert was seen in 3,000" in answer.reason
    several = model((3000, 0), (3000, 0)).fpir(10_000)
    assert several.status == "bound"
    assert several.bound > 2.9957 / 6000  # type: ignore[operator]


def test_growth_widens_and_does_not_move_what_was_seen() -> None:
    one = model(*[(100_000, 5)] * 4)
    here, larger = one.fpir(10_000), one.fpir(1_000_000)
    assert here.estimate is not None
    assert larger.estimate is None
    assert larger.lo == pytest.approx(here.lo)
    assert larger.hi > 10 * here.hi  # type: ignore[operator]
    assert model(*[(100_000, 5)] * 4, growth="0").fpir(1_000_000).hi == pytest.approx(here.hi)
    assert "no deployment had more than 10,000 references" in larger.warnings


def test_next_deployment_is_wider_than_the_typical_one() -> None:
    several = model((1000, 5), (2000, 3), (800, 9))
    following, typical = several.fpir(10_000), several.typical(10_000)
    assert following.lo < typical.lo <= typical.hi < following.hi  # type: ignore[operator]
    assert (following.limits, typical.limits) == ("prediction", "confidence")


def test_what_no_deployment_ran_at_is_refused() -> None:
    both = DeploymentsModel(
        deployments=[
            Deployment(searches=1000, false_alerts=5, gallery=10_000, threshold=0.60),
            Deployment(searches=1000, false_alerts=0, gallery=10_000, threshold=0.64),
        ]
    )
    assert both.stated_thresholds == (0.60, 0.64)
    for refused in (both.fpir(10_000), both.fpir(10_000, 0.62), both.fpir(10_000, 0.6, group="F"), both.fnir(10_000)):
        assert refused.status == "refused"
        assert refused.reason
        assert refused.needed
    assert both.fpir(10_000, 0.60).estimate == pytest.approx(0.005)


@pytest.mark.parametrize(
    "about",
    [{"searches": 0, "false_alerts": 0}, {"searches": 5, "false_alerts": 6}, {"searches": 5, "false_alerts": -1}],
)
def test_impossible_outcomes(about: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="try:"):
        Deployment(gallery=10, **about)


def test_table_is_read(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        'S1,Square,2024-01-01,"1,200",5000,0.64,1,all,"a, b"',
        "S1,Square,2024-01-02,900.0,5000,0.64,0,F,",
        "",
    )
    read = read_deployments(path)
    assert read.problems == ()
    assert read.deployments == (
        Deployment(
            searches=1200, false_alerts=1, gallery=5000, threshold=0.64, name="Square 2024-01-01", source="S1",
            date="2024-01-01",
        ),
        Deployment(
            searches=900, false_alerts=0, gallery=5000, threshold=0.64, group="F", name="Square 2024-01-02",
            source="S1", date="2024-01-02",
        ),
    )  # fmt: skip


def test_text_in_numeric_cells_is_reported_with_row_and_column(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "S,A,,1000,2000-4000,0.6,1,all,",
        "S,B,,1000,2000,90 then 92,1,all,",
        "S,C,,1000,2000,0.6,1-2 per month,all,",
        "S,D,,1000,,0.6,1,all,",
        "S,E,,10,2000,0.6,12,all,",
        "S,F,,1000,2000,0.6,nan,all,",
    )
    read = read_deployments(path)
    assert [d.name for d in read.deployments] == ["B"]
    assert read.deployments[0].threshold is None
    where = [problem.where for problem in read.problems]
    assert [(p.code, p.where.partition(": ")[2]) for p in read.problems if p.code == "W031"] == [
        ("W031", "row 2, column gallery_n"),
        ("W031", "row 3, column threshold"),
        ("W031", "row 4, column false_positives"),
        ("W031", "row 6, column false_positives"),
        ("W031", "row 7, column false_positives"),
    ], where
    [empty] = [problem for problem in read.problems if problem.code == "W030"]
    assert empty.examples == ("row 5, gallery_n",)
    assert all(problem.severity == "warning" for problem in read.problems)


@pytest.mark.parametrize("gallery", ["1e12", "100000000001"])
def test_a_gallery_beyond_the_world_is_of_its_row_and_not_of_the_command_line(tmp_path: Path, gallery: str) -> None:
    path = tmp_path / "deployments.csv"
    path.write_text(f"n_searches,gallery_n,false_positives\n1000,100,3\n2000,{gallery},5\n", encoding="utf-8")
    read = read_deployments(path)
    assert [d.gallery for d in read.deployments] == [100]
    (found,) = read.problems
    assert (found.code, found.where) == ("W031", "deployments.csv: row 3, column gallery_n")
    assert found.allowed == "from 1 to 100,000,000,000"


def test_tables_that_cannot_be_read(tmp_path: Path) -> None:
    for name, content, code in (
        ("none.csv", None, "E001"),
        ("empty.csv", b"", "E002"),
        ("columns.csv", b"a,b\n1,2\n", "E012"),
        ("latin.csv", "n_searches,gallery_n,false_positives,x\n1,1,1,\xe9".encode("latin-1"), "E006"),
        ("unusable.csv", b"n_searches,gallery_n,false_positives\n1,,1\n", "E070"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInputError) as caught:
            read_deployments(tmp_path / name)
        assert caught.value.problems[0].code == code
