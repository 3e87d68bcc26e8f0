"""`misid.project`: one call for any source, the input's own thresholds, and a result that shows itself."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest

import misid
from misid import read_tally
from misid.ground.errors import UsageError
from misid.search.ask import Projected, Scale
from misid.search.deployments import Deployment
from misid.search.model import Answer
from misid.search.span import Span
from misid.search.tradeoff import OperatingPoint
from misid.tally.model import Tally

POINT = OperatingPoint(gallery=12_000_000, fpir=Span.exactly(0.003), fnir=Span.exactly(0.0007))


@pytest.fixture(scope="module")
def tally() -> Tally:
    return read_tally(files("misid") / "examples" / "bssr1-face-c.tally")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def real(tally: Tally) -> Projected:
    return misid.project(tally, [500, 10**6], thresholds=0.65, draws=40)


def test_a_tally_in_one_call(real: Projected) -> None:
    assert [a.gallery for a in real.answers if a.measure == "fpir"] == [500, 10**6]
    assert len(real.checks) == 3
    text = repr(real)
    assert text.startswith("Projected\n  FPIR of a search of 500 references at threshold 0.65: ")
    assert "check: tenth to whole" in text
    assert "<strong>Projected</strong>" in real._repr_html_()
    assert [record["measure"] for record in real.to_records()] == ["fpir", "fnir", "fpir", "fnir"]


def test_thresholds_of_a_distance_come_back_as_distances(tally: Tally) -> None:
    turned = replace(tally, origin=replace(tally.origin, polarity="distance"))
    scale = Scale(tally=turned)
    assert scale.into(0.35) == pytest.approx(-0.35)
    made = Answer(asked="FPIR at threshold -0.35", measure="fpir", threshold=-0.35, lo=0.1, estimate=0.2, hi=0.3)
    assert scale.out(made).threshold == pytest.approx(0.35)
    assert "threshold 0.35" in scale.out(made).asked
    sought = replace(made, measure="threshold", threshold=None, lo=-0.5, estimate=-0.4, hi=-0.3)
    out = scale.out(sought)
    assert (out.lo, out.estimate, out.hi) == pytest.approx((0.3, 0.4, 0.5))


def test_published_points_and_deployments() -> None:
    published = misid.project(POINT, 200_000_000, targets=0.01)
    assert {a.measure for a in published.answers} == {"fpir", "fnir", "gallery", "threshold"}
    seen = [
        Deployment(searches=1000, false_alerts=n, gallery=5000, threshold=t) for n, t in ((1, 0.6), (2, 0.6), (0, 0.64))
    ]
    deployed = misid.project(seen, 5000)
    assert [a.threshold for a in deployed.answers if a.measure == "fpir"] == [0.6, 0.64]
    assert deployed.answers[0].limits == "prediction"
    assert not deployed.checks


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((POINT, []), "no gallery"),
        ((POINT, 0), "a gallery of 0"),
        ((POINT, 5, {"level": 95}), "level 95"),
        ((POINT, 5, {"kin_in_test": True}), "are of a tally"),
        (([POINT, Deployment(searches=1, false_alerts=0, gallery=5)], 5), "of one kind"),
        (([], 5), "of one kind"),
        ((POINT, 5, {"thresholds": "0.5"}), "'0.5' is not a number"),
        ((POINT, 5, {"unequal": 2.0}), "a share of 2"),
    ],
)
def test_wrong_calls(arguments: tuple[object, ...], said: str) -> None:
    source, galleries, *more = arguments
    with pytest.raises(UsageError, match=said):
        misid.project(source, galleries, **(more[0] if more else {}))  # type: ignore[arg-type]


def test_a_tally_shows_its_own_growth(tally: Tally) -> None:
    with pytest.raises(UsageError, match="a tally shows its own"):
        misid.project(tally, 5, thresholds=0.65, growth=Span.exactly(1.0))
