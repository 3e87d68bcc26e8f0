"""Ids that say who somebody is are refused; opaque ones, however they look, never are."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.engine import DuckDBEngine
from misid.engine.seam import literal
from misid.ground.errors import Problem
from misid.scores.check import check
from misid.scores.checks.identifying import column_problems
from misid.scores.checks.ids import LOOKS, case_expression, looks_like
from misid.scores.checks.numbers import NUMBERINGS, _luhn, issued
from tests.scores.made import cross, made


@pytest.fixture(scope="module")
def found() -> Iterator[Callable[[Sequence[str]], list[Problem]]]:
    with DuckDBEngine(threads=1) as engine:
        # The engine of the module outlives the tests: one start for all examples of Hypothesis.
        def of(ids: Sequence[str]) -> list[Problem]:
            listed = ", ".join(f"({literal(text)})" for text in dict.fromkeys(ids))
            return column_problems(engine, "probe", f"SELECT DISTINCT id FROM (VALUES {listed}) AS given(id)")

        yield of


FIRST = ("Ada", "Grace", "Alan", "Emmy", "Sofia", "Kurt", "Rosalind", "Max", "Søren", "Émilie")
LAST = ("Lovelace", "Hopper", "Turing", "Noether", "Kovalevskaya", "Gödel", "O'Neil", "McDonald", "Saint-Exupéry", "Li")
NAMES = [f"{a} {b}" for a in FIRST for b in LAST if len(b) > 2]

IDENTIFYING = {
    "names": NAMES,
    "turned names": [f"{b}, {a}" for a in FIRST for b in LAST],
    "capitals": [f"{b}, {a}".upper() for a in FIRST[:8] for b in LAST[:5]],
    "names of files": [f"{a}_{b}_{k:04}.jpg" for k, (a, b) in enumerate((a, b) for a in FIRST for b in LAST[:6])],
    "names with an initial": [f"{a} W {b}" for a in FIRST for b in LAST[:6]],
    "other alphabets": ["Иван Петров", "Анна Смирнова", "Олег Кузнецов", "Μαρία Παππά", "Νίκος Γεωργίου"],
    "Han": ["王小明", "李娜", "张伟", "刘洋", "陈静"],
    "one address among hashes": [hashlib.md5(bytes([k])).hexdigest() for k in range(99)] + ["ada@example.org"],
    "addresses": [f"{a}.{b}@mail.example.co.uk".lower() for a in FIRST[:5] for b in LAST[:3]],
    "social security numbers": ["123-45-6789", "078-05-1120", "219-09-9999", "457-55-5462"],
    "passports": ["A12345678", "C03005988", "X87654321", "E54198237", "K91828384"],
    "telephones": ["+44 7911 123456", "+1 (202) 555-0143", "+49-30-901820", "+33 1 42 68 53 00"],
    "national telephones": ["(202) 555-0143", "(415) 555-2671", "(212) 555-9876"],
    "dates of birth": ["1987-05-21", "1990-12-01", "1975-01-30", "2001-09-11"],
    "bank accounts": ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "FR1420041010050500013M02606",
                      "NL91ABNA0417164300"],
    "CURP": ["HEGG560427MVZRRL04", "BOXW310820HNERXN09", "MAAR790213HMNRLF03"],
    "Chinese identity numbers": ["11010519491231002X", "440524198001010013", "110101199003074530"],
    "DNI and NIE": ["12345678Z", "X1234567L", "00000000T", "87654321X", "Y0000000Z", "11111111H"],
    "codice fiscale": ["RSSMRA85T10A562S", "MRTMTT91D08F205J", "RSSMRA80A01H501U"],
    "NIR": ["255081416802538", "180126955222380", "253077202408303", "2 55 08 14 168 025 38"],
    "CPF": ["529.982.247-25", "111.444.777-35", "123.456.789-09", "935.411.347-80"],
    "CNIC": ["42101-1234567-1", "35202-7654321-9", "61101-1111111-3"],
    "other dates": ["21.05.1987", "1.12.1990", "05/30/1975", "11/09/2001"],
}  # fmt: skip


@pytest.mark.parametrize("ids", IDENTIFYING.values(), ids=IDENTIFYING.keys())
def test_identifying_ids_are_refused(found: Callable[[Sequence[str]], list[Problem]], ids: list[str]) -> None:
    problems = found(ids)
    assert {p.code for p in problems} == {"E043"}
    shown = json.dumps([str(p) for p in problems], ensure_ascii=False)
    assert not any(text in shown for text in ids)
    assert "misid pseudonymise" in shown


OPAQUE = {
    "hashes": [hashlib.sha256(bytes([k])).hexdigest() for k in range(200)],
    "short hashes": [hashlib.sha256(bytes([k])).hexdigest()[:9].upper() for k in range(200)],
    "numbers": [str(k) for k in range(300)],
    "long numbers": [str(123_456_789 + 7919 * k) for k in range(300)],
    "study codes": [f"S{k:03}" for k in range(300)],
    "subjects": [f"subj_{k}" for k in range(300)],
    "words and numbers": [f"nist-{k:04}" for k in range(300)],
    "running document-like codes": [f"A{10_000_000 + k}" for k in range(300)],
    "subject-session-image": [f"{k:03}-{k % 4:02}-{k % 9:04}" for k in range(300)],
    "subject-session-image, three digits": [f"{200 + k}-{300 + k % 4:03}-{k % 9:04}" for k in range(300)],
    "labels": [f"Subject {w}" for w in ("Alpha", "Bravo", "Charlie", "Delta", "Echo")],
    "cameras": [f"Camera North {w}" for w in ("A", "B", "C")] + ["Gate East", "Gate West", "Gate South", "Gate Two"],
    "one first word": [f"Montreal {w}" for w in ("Alpha", "Bravo", "Charlie", "Echo", "Foxtrot")],
    "files": [f"{k:05}d{k % 7}.ppm" for k in range(300)],
    "words": ["alpha", "bravo", "charlie", "delta"],
    "paths": [f"enrol/{k}/front.png" for k in range(30)],
}


@pytest.mark.parametrize("ids", OPAQUE.values(), ids=OPAQUE.keys())
def test_opaque_ids_are_left_alone(found: Callable[[Sequence[str]], list[Problem]], ids: list[str]) -> None:
    assert found(ids) == []


digests = st.binary(max_size=8).map(lambda b: hashlib.sha256(b).hexdigest())
opaque = st.one_of(
    st.lists(st.tuples(digests, st.sampled_from((8, 12, 16, 32, 64)), st.booleans()).map(
        lambda t: t[0][: t[1]].upper() if t[2] else t[0][: t[1]]), min_size=1, max_size=40),
    st.lists(st.uuids(version=4).map(str), min_size=1, max_size=40),
    st.lists(st.builds(lambda u: "{" + str(u).upper() + "}", st.uuids()), min_size=1, max_size=40),
    st.lists(st.integers(min_value=-(10**18), max_value=10**18).map(str), min_size=1, max_size=40),
    st.tuples(
        st.sampled_from(("S", "subj_", "nist-", "ID", "p", "Probe ", "person.", "X-", "")),
        st.lists(st.integers(min_value=0, max_value=99_999), min_size=1, max_size=40),
        st.integers(min_value=1, max_value=6),
    ).map(lambda t: [f"{t[0]}{n:0{t[2]}}" for n in t[1]]),
)  # fmt: skip


@given(ids=opaque)
@settings(max_examples=120, deadline=None, derandomize=True)
def test_hashes_uuids_and_numbers_are_never_refused(
    found: Callable[[Sequence[str]], list[Problem]], ids: list[str]
) -> None:
    assert found(ids) == []


@given(texts=st.lists(st.one_of(
    st.text(max_size=30), st.sampled_from([t for ids in (*IDENTIFYING.values(), *OPAQUE.values()) for t in ids]),
), min_size=1, max_size=30, unique=True))  # fmt: skip
@settings(max_examples=60, deadline=None, derandomize=True)
def test_engine_and_python_agree_on_every_text(texts: list[str]) -> None:
    texts = [t.replace("\x00", "") for t in texts]
    listed = ", ".join(f"({k}, {literal(t)})" for k, t in enumerate(texts))
    with DuckDBEngine(threads=1) as engine:
        columns = engine.columns(
            f"SELECT k, {case_expression('id')} AS look FROM (VALUES {listed}) AS given(k, id) ORDER BY k"
        )
    seen = [LOOKS[look].what if look >= 0 else None for look in columns["look"].tolist()]
    assert seen == [looks_like(t) for t in texts]


def drawn(n: int, digits: int, seed: int = 7, lowest: int = 0) -> list[str]:
    numbers = np.random.default_rng(seed).integers(lowest, 10**digits, n)
    return [f"{k:0{digits}}" for k in numbers]


def with_luhn(body: str) -> str:
    return next(body + d for d in "0123456789" if _luhn(body + d))


@pytest.mark.parametrize("digits", [8, 9, 10, 11, 12, 13, 15, 16, 18])
@pytest.mark.parametrize("n", [1, 3, 40, 4000])
def test_random_numbers_of_the_lengths_of_documents_are_left_alone(
    found: Callable[[Sequence[str]], list[Problem]], digits: int, n: int
) -> None:
    for seed in range(3):
        assert found(drawn(n, digits, seed)) == []
    assert not any(p.code == "E043" for p in found(drawn(n, digits, 3, lowest=10 ** (digits - 1))))


def test_opaque_ids_in_the_form_of_an_account_or_identity_number_are_left_alone(
    found: Callable[[Sequence[str]], list[Problem]],
) -> None:
    rng = np.random.default_rng(3)
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    accounts = [f"GB{rng.integers(10, 99)}" + "".join(rng.choice(letters, 18)) for _ in range(500)]
    spanish = [f"{rng.integers(10**8):08}{rng.choice(letters)}" for _ in range(500)]
    assert found(accounts) == []
    assert found(spanish) == []


def test_numbers_with_right_check_digits_are_refused_however_few_reach_the_odds(
    found: Callable[[Sequence[str]], list[Problem]],
) -> None:
    cards = [
        with_luhn(f"4{k:014}")
        for k in (12345678901234, 55501234000077, 1, 987654321, 31415926535, 27182818284, 16180339887)
    ]
    (problem,) = found(cards)
    assert problem.code == "E043"
    assert "7 of 7 looked at pass its check" in problem.seen
    assert found(cards[:6]) == []


def test_nine_digits_are_social_security_numbers_only_where_chance_would_have_shown_otherwise(
    found: Callable[[Sequence[str]], list[Problem]],
) -> None:
    ids = [t for t in drawn(6000, 9) if issued(t) and int(t[:3]) < 773]
    (few,) = found(ids[:60])
    assert (few.code, few.count) == ("W021", 60)
    assert "never issued" in few.seen
    (many,) = found(ids[:2000])
    assert (many.code, many.severity) == ("E043", "error")
    # A series, or a column with a single number that was never issued, is none of people.
    assert found([str(300_000_000 + 7919 * k) for k in range(500)]) == []
    assert found([*ids[:2000], "900000000"]) == []
    # What a number of 29 bits is like in its nine-digit part.
    bits = [str(k) for k in np.random.default_rng(1).integers(100_000_000, 2**29, 1000)]
    assert not any(p.code == "E043" for p in found(bits))


def test_check_digits_against_published_examples() -> None:
    for kind, right in CHECKED.items():
        for text in right:
            assert all(any(n.right(t) for n in NUMBERINGS[kind]) for t in [text]), (kind, text)
            wrong = text[:-2] + ("0" if text[-2] != "0" else "1") + text[-1]
            assert not all(n.right(wrong) for n in NUMBERINGS[kind]), (kind, wrong)


CHECKED = {
    "iban": ["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"],
    "curp": ["HEGG560427MVZRRL04"],
    "18 digits": ["11010519491231002X"],
    "11 digits": ["52998224725", "44051401359", "10000000146"],
    "12 digits": ["234123412346"],
    "13 digits": ["8001015009087"],
    "10 digits": ["8112189876", "9434765919"],
    "9 digits": ["046454286", "111222333"],
}
"""From the pages of the offices that give them out, or from the standard; of people who do not exist."""


def test_a_stray_name_is_a_warning(found: Callable[[Sequence[str]], list[Problem]]) -> None:
    (problem,) = found([*map(str, range(100)), "Ada Lovelace"])
    assert (problem.code, problem.severity) == ("W021", "warning")


def test_three_names_among_thousands_are_three_people(found: Callable[[Sequence[str]], list[Problem]]) -> None:
    (problem,) = found([*map(str, range(3000)), "Ada Lovelace", "Grace Hopper", "Alan Turing"])
    assert (problem.code, problem.count) == ("E043", 3)


def test_samples_and_people_are_looked_at() -> None:
    rows = cross(40)
    for row in rows:
        row["reference"] = NAMES[int(row["reference"][1:])]
        for side in ("probe_person", "reference_person"):
            row[side] = f"{uuid.UUID(int=int(row[side][1:]))}@people.example.org"
    with made(rows) as scores:
        report = check(scores)
    assert [p.where for p in report.problems if p.code == "E043"] == ["ids of reference", "ids of person"]
    assert not any(name in json.dumps(report.to_dict()) for name in NAMES)
