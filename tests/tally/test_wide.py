"""A national evaluation: sums of squares that 64 bits do not hold are exact, and what does not fit is refused."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.ground.errors import BadInputError, MisidError, UsageError
from misid.rates import compute_rates
from misid.scores import open_scores
from misid.tally import Tally, build_tally, merge_tallies, read_tally, write_tally
from misid.tally.assemble import nonmated_design
from misid.tally.model import Label
from misid.tally.people import AS_PROBE, AS_REFERENCE
from misid.tally.wide import sum_of_products, whole
from tests.conftest import write_table

GALLERY = 1_200_000_000
"""As large as the largest gallery that is known of: with 100 searches their squares add up to 1.4e20."""


@pytest.fixture(scope="module")
def tally(tmp_path_factory: pytest.TempPathFactory) -> Tally:
    """A hundred searches of 1.2 billion references, a list of five each; 40 of them have a mate."""
    folder = tmp_path_factory.mktemp("national")
    rng = np.random.default_rng(20261127)
    found = rng.normal(0.35, 0.05, (100, 5))
    found[:40, 0] += 0.3
    # The first in a list is the mate; all others are people who are in one list each.
    write_table(
        folder / "candidates.csv",
        ["search", "rank", "reference", "reference_person", "score"],
        [
            [f"q{s}", rank, f"g{s}-{rank}", f"p{s}" if rank == 1 and s < 40 else f"o{s}-{rank}", f"{score:.4f}"]
            for s in range(100)
            for rank, score in enumerate(sorted(found[s], reverse=True), 1)
        ],
    )
    write_table(
        folder / "searches.csv", ["search", "person", "mated"], [[f"q{s}", f"p{s}", int(s < 40)] for s in range(100)]
    )
    with open_scores(
        folder / "candidates.csv", searches=folder / "searches.csv", gallery=GALLERY, list_length=5
    ) as scores:
        return build_tally(scores, thresholds=[0.45])


def test_squares_of_a_national_gallery_are_exact(tally: Tally, tmp_path: Path) -> None:
    design = tally.tables["nonmated_design"]
    mated = int(tally.tables["search_design"]["searches"][1])
    assert int(design["comparisons"][0]) == 100 * GALLERY - mated
    exact = (100 - mated) * GALLERY**2 + mated * (GALLERY - 1) ** 2
    assert exact > 2**63
    assert design["sum_r2"][0] == exact
    write_tally(tally, tmp_path / "a.tally")
    back = read_tally(tmp_path / "a.tally")
    for column, values in design.items():
        assert back.tables["nonmated_design"][column].tolist() == values.tolist()
        assert back.tables["nonmated_design"][column].dtype == values.dtype
    write_tally(back, tmp_path / "b.tally")
    assert (tmp_path / "a.tally").read_bytes() == (tmp_path / "b.tally").read_bytes()


def test_its_rates_have_limits(tally: Tally) -> None:
    records = compute_rates(tally, thresholds=[0.45], targets=[], curves=False).records
    (fpir,) = (r for r in records if r.measure == "fpir" and r.threshold == 0.45)
    assert fpir.status == "ok"
    assert fpir.gallery == GALLERY
    assert fpir.estimate is not None
    assert fpir.lo is not None
    assert fpir.hi is not None
    assert 0 < fpir.lo < fpir.estimate < fpir.hi < 1


def test_squares_of_full_comparisons_are_exact() -> None:
    """1e12 comparisons of 20,000 people on each side, the first half of whom are on both."""
    n, m = 20_000, 50_000_000
    with DuckDBEngine(threads=1) as engine:
        engine.keep(
            "design",
            f"""SELECT {AS_PROBE} AS side, i AS person, 0 AS joint, 0 AS label, CAST({m} AS BIGINT) AS m
                FROM range({n}) AS r(i) UNION ALL
                SELECT {AS_REFERENCE}, i, 0, 0, {m} FROM range({n // 2}, {3 * n // 2}) AS r(i)""",
        )
        engine.keep(
            "design_both",
            f"""SELECT i AS person, 0 AS probe_label, 0 AS reference_label, CAST({m} AS BIGINT) AS rm,
                       CAST({m} AS BIGINT) AS cm FROM range({n // 2}) AS r(i)""",
        )
        found = nonmated_design(engine, [Label(name="all", attribute="", members=(0,))], 1)
    value = {name: values[0, 0] for name, values in found.items()}
    assert value["comparisons"] == n * m
    assert value["sum_r2"] == value["sum_c2"] == n * m**2 > 2**63
    assert value["sum_rc"] == n // 2 * m**2
    assert value["people"] == 3 * n // 2
    # About 2,500 comparisons for every ordered pair.
    assert float(value["sum_p2"]) == pytest.approx((n * m) ** 2 / n**2, rel=0.3)


@pytest.mark.parametrize("shared", ["disjoint", "references", "people"])
def test_they_add_exactly(tally: Tally, shared: str) -> None:
    many = [replace(tally, origin=replace(tally.origin, inputs=())) for _ in range(5)]
    merged = merge_tallies(many, shared=shared)  # type: ignore[arg-type]
    one, added = (t.tables["nonmated_design"] for t in (tally, merged))
    if shared == "people":
        # The same people in all five: 25 times the squares, but for the comparisons' own.
        assert float(added["sum_r2"][0]) == pytest.approx(25.0 * float(one["sum_r2"][0]), rel=1e-6)
    else:
        assert added["sum_r2"][0] == 5 * int(one["sum_r2"][0])
    assert all(int(v) > 0 for name in ("sum_r2", "sum_c2", "sum_p2") for v in added[name])


def test_what_does_not_fit_is_not_added(tally: Tally) -> None:
    moments = dict(tally.tables["nonmated_moments"])
    moments["sum_rm"] = moments["sum_rm"] * 0 + (1 << 62) - 1
    large = replace(tally, tables=tally.tables | {"nonmated_moments": moments}, origin=replace(tally.origin, inputs=()))
    with pytest.raises(UsageError, match=r"nonmated_moments\.sum_rm is more than 64 bits hold"):
        merge_tallies([large] * 3, shared="disjoint")
    # Two fit into 64 bits, and are still more than a tally may hold.
    with pytest.raises(UsageError, match=r"nonmated_moments\.sum_rm has a value outside its range"):
        merge_tallies([large] * 2, shared="disjoint")


def test_a_tally_that_could_not_be_read_is_not_written(tally: Tally, tmp_path: Path) -> None:
    design = tally.tables["nonmated_design"] | {"comparisons": tally.tables["nonmated_design"]["comparisons"] * -1}
    with pytest.raises(MisidError, match="could not be read again: nonmated_design"):
        write_tally(replace(tally, tables=tally.tables | {"nonmated_design": design}), tmp_path / "a.tally")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("table", "number", "said"),
    [
        ("counts", 2**63, "counts.count has a value outside its range"),
        ("counts", 2**64 + 1, "counts.count has a value outside its range"),
        ("nonmated_design", 10**37, "nonmated_design.* has a value outside its range"),
        ("nonmated_design", 10**40, "a number of 41 digits"),
        ("spectrum", 10**4000, "a number of 4001 digits"),
    ],
    ids=["63 bits", "64 bits", "37 digits", "41 digits", "4001 digits"],
)
def test_numbers_that_do_not_fit_are_refused(tally: Tally, tmp_path: Path, table: str, number: int, said: str) -> None:
    """NumPy would read them as others."""
    import hashlib
    import json

    path = tmp_path / "a.tally"
    write_tally(tally, path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    lines = parts[f"{table}.csv"].decode().splitlines()
    lines[1] = ",".join([*lines[1].split(",")[:-1], str(number)])
    parts[f"{table}.csv"] = ("\n".join(lines) + "\n").encode()
    about = json.loads(parts["tally.json"])
    about["tables"][table]["sha256"] = hashlib.sha256(parts[f"{table}.csv"]).hexdigest()
    parts["tally.json"] = json.dumps(about).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    with pytest.raises(BadInputError, match=f"E047.*{said}"):
        read_tally(path)


@given(st.lists(st.integers(-(10**30), 10**30), max_size=20))
def test_whole_numbers_stay_what_they_are(values: list[int]) -> None:
    assert whole(values).tolist() == values
    assert whole([str(v) for v in values]).tolist() == values
    assert (whole(values).dtype == np.int64) == all(abs(v) < 2**62 for v in values)


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**13)), min_size=1, max_size=20))
def test_sums_of_products_are_exact(pairs: list[tuple[int, int]]) -> None:
    listed = ", ".join(f"(CAST({a} AS BIGINT), CAST({b} AS BIGINT))" for a, b in pairs)
    with DuckDBEngine(threads=1) as engine:
        found = engine.columns(f"SELECT {sum_of_products('a', 'b')} AS s FROM (VALUES {listed}) AS t(a, b)")
    assert whole(found["s"]).tolist() == [sum(a * b for a, b in pairs)]
