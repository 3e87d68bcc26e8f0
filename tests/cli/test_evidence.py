"""``misid evidence`` from the arguments to what is printed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest

from misid.evidence import load

Misid = Callable[..., tuple[int, str, str]]
LIBRARY = load()


def test_list_has_every_fact_in_every_format(misid: Misid) -> None:
    ids = [fact.id for fact in LIBRARY]
    status, out, err = misid("evidence", "list", "--format", "json")
    assert (status, err) == (0, "")
    assert [record["id"] for record in json.loads(out)] == ids
    rows = list(csv.DictReader(io.StringIO(misid("evidence", "list", "--format", "csv")[1])))
    assert [row["id"] for row in rows] == ids
    assert {row["id"]: row["value"] for row in rows}["fnir-nec010-mug12m"] == "0.0007"
    assert {row["id"]: row["given"] for row in rows}["twins-identical"] == "fmr=0.0001"
    table = misid("evidence", "list", "--format", "md")[1].splitlines()
    assert table[0] == "| id | says | what | of | source | confidence |"
    assert len(table) == 2 + len(ids)
    assert all(id_ in misid("evidence", "list")[1] for id_ in ("mf-vendor", "teli-zoo"))


def test_list_of_a_topic_and_of_words(misid: Misid) -> None:
    kin = json.loads(misid("evidence", "list", "--topic", "kin", "--format", "json")[1])
    assert [record["id"] for record in kin] == [fact.id for fact in LIBRARY.by_topic["kin"]]
    both = json.loads(misid("evidence", "list", "--topic", "kin", "--search", "fraternal", "--format", "json")[1])
    assert [record["id"] for record in both] == ["twins-fraternal-same", "twins-fraternal-diff"]
    status, out, err = misid("evidence", "list", "--search", "nonsense", "--format", "json")
    assert (status, json.loads(out)) == (0, [])
    assert "nothing found" in err


@pytest.mark.parametrize("what", ["unverified", "conflicts"])
def test_list_of_the_other_kinds(misid: Misid, what: str) -> None:
    records = getattr(LIBRARY, what)
    for form in ("json", "csv", "md", "table"):
        status, out, _ = misid("evidence", "list", "--what", what, "--format", form)
        assert status == 0
        assert all(record.id in out for record in records)
    found = json.loads(misid("evidence", "list", "--what", what, "--format", "json")[1])
    assert found == [record.to_dict() for record in records]


def test_show_prints_all_of_records_of_any_kind(misid: Misid) -> None:
    ids = ["fnir-median-visakiosk", "u-wild", "c-dates"]
    status, out, err = misid("evidence", "show", *ids)
    assert (status, err) == (0, "")
    assert out == "\n\n".join(str(LIBRARY.record(id_)) for id_ in ids) + "\n"
    assert "lo: the best developer" in out
    found = json.loads(misid("evidence", "show", *ids, "--format", "json")[1])
    assert found == [LIBRARY.record(id_).to_dict() for id_ in ids]
    rows = list(csv.DictReader(io.StringIO(misid("evidence", "show", *ids, "--format", "csv")[1])))
    assert {row["id"] for row in rows} == set(ids)
    assert {"id": "c-dates", "field": "question", "text": "When things happened"} in rows
    assert misid("evidence", "show", *ids, "--format", "md")[1].startswith("| id | field | text |")


@pytest.mark.parametrize(
    ("arguments", "said", "tried"),
    [
        (["show", "mf-vendr"], "nothing is called 'mf-vendr'; nearest: mf-vendor", "misid evidence show mf-vendor"),
        (["show"], "no ID is given", "misid evidence list"),
        (["show", "mf-vendor", "--topic", "kin"], "are of list", "misid evidence show"),
        (["list", "mf-vendor"], "list takes no ID", "misid evidence show mf-vendor"),
        (["list", "--topic", "twins"], "no topic is called 'twins'", "kin"),
        (["list", "--topic", "kin", "--what", "conflicts"], "--topic is of facts", "leave one of them out"),
        (["lst"], "'lst' is not one of 'list', 'show'", "misid evidence --help"),
    ],
)
def test_a_wrong_call_is_said_with_a_way_out(misid: Misid, arguments: list[str], said: str, tried: str) -> None:
    status, out, err = misid("evidence", *arguments)
    assert (status, out) == (2, "")
    assert said in err.splitlines()[0]
    assert tried in err.partition("\n  try: ")[2]
