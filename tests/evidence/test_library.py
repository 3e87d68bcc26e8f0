"""The published numbers that misid ships: whole, sourced, and shown for what they are."""

from __future__ import annotations

import csv
import math
import re
import statistics
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from misid.evidence import Conflict, Fact, Source, Unverified, check, load
from misid.evidence.rules import is_address, published
from misid.evidence.words import CONFIDENCE, GIVEN, KINDS, READ
from misid.ground.errors import UsageError

LIBRARY = load()
SHARED = Path(__file__).parent.parent.parent.parent / "shared" / "evidence" / "evidence.toml"


def test_nothing_is_wrong_and_all_is_there() -> None:
    assert check() == ()
    assert (len(LIBRARY), len(LIBRARY.unverified), len(LIBRARY.conflicts)) == (148, 12, 10)
    assert list(LIBRARY) == list(LIBRARY.facts)
    assert sum(map(len, LIBRARY.by_topic.values())) == 148
    assert all(LIBRARY.by_topic.values())


def test_ids_are_unique_over_all_kinds() -> None:
    ids = [record.id for record in (*LIBRARY.records, *LIBRARY.sources)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("fact", LIBRARY, ids=lambda fact: fact.id)
def test_every_fact_has_a_source_and_possible_numbers(fact: Fact) -> None:
    source = fact.source
    assert source in LIBRARY.sources
    assert source.title
    assert source.publisher
    assert source.kind in KINDS
    assert fact.read in READ
    assert fact.confidence in CONFIDENCE
    assert fact.given.keys() <= GIVEN.keys()
    assert published(source.date) is not None
    assert is_address(source.url) or (not source.url and source.no_url)
    numbers = [number for number in (fact.lo, fact.value, fact.hi) if isinstance(number, int | float)]
    assert numbers or fact.shape in ("text", "date")
    assert all(a <= b for a, b in pairwise(numbers))
    assert all(0 <= number < math.inf for number in numbers)
    if fact.units == "proportion":
        assert all(number <= 1 for number in numbers)
    assert bool(fact.limits) == (fact.lo is not None or fact.hi is not None)


def test_every_source_is_used() -> None:
    assert {fact.source.id for fact in LIBRARY} == {source.id for source in LIBRARY.sources}


def test_conflicts_name_facts_and_facts_name_their_conflicts() -> None:
    for conflict in LIBRARY.conflicts:
        assert conflict.facts
        for id_ in conflict.facts:
            assert conflict.id in LIBRARY[id_].conflicts
    assert LIBRARY["mf-threshold-dhs"].conflicts == ("c-threshold",)
    assert LIBRARY["twins-identical"].conflicts == ()


def test_a_fact_is_one_number_or_says_that_it_is_not() -> None:
    fact = LIBRARY["fnir-nec010-mug12m"]
    assert (fact.shape, fact.number, dict(fact.given)) == ("number", 0.0007, {"gallery": 12_000_000, "fpir": 0.003})
    for id_, shape, said in (
        ("fnir-iqr-mug12m", "range", "0.0011 to 0.0035"),
        ("mf-uses", "bound", "100,000 or more scans"),
        ("mf-vendor", "text", "NEC"),
        ("mf-op-date-cbp", "date", "2025-05-01"),
    ):
        fact = LIBRARY[id_]
        assert (fact.shape, fact.said) == (shape, said)
        with pytest.raises(UsageError, match=f"{id_} is not one number: {re.escape(said)}"):
            _ = fact.number


@pytest.mark.parametrize("id_", [record.id for record in (*LIBRARY.unverified, *LIBRARY.conflicts)])
def test_what_is_no_fact_is_not_had_as_one_and_has_no_number(id_: str) -> None:
    assert id_ not in LIBRARY
    with pytest.raises(UsageError, match=f"{id_} is no fact"):
        LIBRARY[id_]
    record = LIBRARY.record(id_)
    assert isinstance(record, Unverified | Conflict)
    assert not hasattr(record, "number")
    assert not hasattr(record, "value")


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="nearest: fnir-nec010-mug12m") as caught:
        LIBRARY["fnir-nec01-mug12m"]
    assert caught.value.remedy == "misid evidence show fnir-nec010-mug12m"
    with pytest.raises(UsageError, match="nothing is called '§'"):
        LIBRARY.record("§")


def test_search_finds_records_of_every_kind_by_all_words() -> None:
    found = {type(record) for record in LIBRARY.search("nec")}
    assert found == {Fact, Unverified, Conflict}
    assert [record.id for record in LIBRARY.search("KIOSK idemia")] == ["fnir-idemia012-visakiosk"]
    assert LIBRARY.search("kiosk nonsense") == ()
    assert LIBRARY.search("") == LIBRARY.records


@pytest.mark.parametrize("record", [*LIBRARY.records, *LIBRARY.sources], ids=lambda record: record.id)
def test_records_show_themselves(record: Any) -> None:
    assert repr(record).startswith(f"<{type(record).__name__} {record.id}: ")
    assert "\n" not in repr(record)
    assert record.id in str(record)
    html = record._repr_html_()
    assert f"<strong>{record.id}</strong>" in html
    assert "<script" not in html
    plain = record.to_dict()
    assert plain["id"] == record.id


def test_text_is_escaped_in_a_notebook() -> None:
    source = Source(id="s", title="<b>T</b>", publisher="P", date="2025", kind="press", read="page", no_url="none")
    assert "<b>" not in source._repr_html_()


def test_the_library_shows_itself() -> None:
    assert repr(LIBRARY) == "<Library: 148 facts, 73 sources, 12 unverified, 10 conflicts>"
    assert "nist-1n" in LIBRARY._repr_html_()


def test_a_person_is_sent_to_the_original_and_not_to_a_strange_copy() -> None:
    fact = LIBRARY["ident-identities"]
    assert fact.source.link == "https://www.dhs.gov/biometrics"
    assert "LeavingSite" not in str(fact)


def test_loading_needs_no_engine_and_no_arrays() -> None:
    code = "import sys; from misid.evidence import load; load(); print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"numpy", "duckdb", "scipy", "pydantic", "typer", "rich"}


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-12-30", "2024-12-30"), ("2011-12-30 (accepted)", "2011-12-30"), ("2025", "2025"),
        ("late 2025 (latest submission listed 2025-11-28)", "2025"), ("undated (late 2025)", ""),
        ("date not in the copy seen", ""), ("2025-02-30", None), ("last week", None), ("", None),
    ],
)  # fmt: skip
def test_dates_are_read_as_exactly_as_they_are_known(text: str, iso: str | None) -> None:
    assert published(text) == iso


@pytest.mark.parametrize(
    "text", ["nist.gov", "ftp://nist.gov/x", "http://", "http://localhost", "https://a.b/ c", "http://[a.b"]
)
def test_these_are_no_addresses(text: str) -> None:
    assert not is_address(text)


def _shared() -> dict[str, Any]:
    return tomllib.loads(SHARED.read_text(encoding="utf-8"))


@pytest.mark.skipif(not SHARED.is_file(), reason="the collection that the library was made from is not here")
def test_numbers_and_sources_are_those_of_the_collection() -> None:
    collection = _shared()
    # Deployments are from the tables of the back-tests, not from the collection.
    ids = {fact.id for fact in LIBRARY if fact.topic != "deployments"}
    assert ids == {fact["id"] for fact in collection["fact"]}
    assert [record.id for record in LIBRARY.unverified] == [record["id"] for record in collection["unverified"]]
    for theirs in collection["fact"]:
        ours = LIBRARY[theirs["id"]]
        number = theirs.get("value")
        if isinstance(number, str):
            assert isinstance(ours.value, str), ours.id
            # Words are our own; the numbers in them are not.
            assert set(re.findall(r"\d{3,}", number)) <= set(re.findall(r"\d{3,}", f"{ours}".replace(",", ""))), ours.id
        else:
            assert (ours.value, type(ours.value)) == (number, type(number)), ours.id
        assert (ours.lo, ours.hi) == (theirs.get("low"), theirs.get("high")), ours.id
        for name in ("topic", "symbol", "units", "confidence"):
            assert getattr(ours, name) == theirs[name], ours.id
        source = ours.source
        assert (source.title, source.publisher) == (theirs["source_title"], theirs["publisher"]), ours.id
        for name in ("date", "url", "kind"):
            assert getattr(source, name) == theirs[name], ours.id
        assert source.original_url == theirs.get("original_url", ""), ours.id


def _runs(texts: list[str], length: int) -> set[tuple[str, ...]]:
    words = [re.findall(r"[\w.%'-]+", text.casefold()) for text in texts]
    return {tuple(each[i : i + length]) for each in words for i in range(len(each) - length + 1)}


@pytest.mark.skipif(not SHARED.is_file(), reason="the collection that the library was made from is not here")
def test_words_are_our_own() -> None:
    for theirs in _shared()["fact"]:
        ours = LIBRARY[theirs["id"]]
        copied = _runs([theirs["quantity"], theirs["note"]], 6) & _runs([ours.quantity, ours.note], 6)
        assert not {run for run in copied if not any("doi" in word or "10." in word for word in run)}, ours.id


GRID = SHARED.parent.parent / "backtest" / "met-live-deployments-2020-2024.csv"


@pytest.mark.skipif(not GRID.is_file(), reason="the tables of the deployments are not here")
def test_deployments_are_the_sums_of_their_tables() -> None:
    with GRID.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def total(column: str, threshold: str) -> int:
        return sum(int(row[column].replace(",", "")) for row in rows if row["threshold"] == threshold)

    assert LIBRARY["met-faces-064"].number == total("n_searches", "0.64")
    assert LIBRARY["met-faces-060"].number == total("n_searches", "0.60")
    assert LIBRARY["met-true-alerts-064"].number == total("true_positives", "0.64")
    assert (total("false_positives", "0.64"), total("false_positives", "0.60")) == (0, 25)
    lists = sorted(int(row["gallery_n"]) for row in rows if row["date_start"] >= "2024" and row["gallery_n"])
    fact = LIBRARY["met-watchlist-2024"]
    assert (len(lists), lists[0], statistics.median(lists), lists[-1]) == (180, fact.lo, fact.value, fact.hi)
