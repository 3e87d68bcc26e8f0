"""Several scans, kin, review: probabilities of all answers add up, and agree with people drawn one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from misid.cases.likelihoods import match, no_match
from misid.cases.scans import Person, Review, alone, scans

share = st.floats(0.0, 1.0)
inner = st.floats(0.001, 0.999)


def person(**given_: float) -> Person:
    start = {name: getattr(alone(), name) for name in vars(alone())}
    return Person(**{**start, **{k: np.array(v) for k, v in given_.items()}})


def sequences(n: int) -> Iterator[list[int | None]]:
    """Every way in which n scans can answer: who is returned is numbered in the order of first return."""
    for answers in product([None, *range(n)], repeat=n):
        named = list(dict.fromkeys(a for a in answers if a is not None))
        if named == list(range(len(named))):
            yield list(answers)


@given(inner, inner, share)
def test_one_scan_without_kin_is_match_or_no_match(missed: float, fpir: float, first: float) -> None:
    rates: dict[str, Any] = {"missed": np.array(missed), "fpir": np.array(fpir), "outranked": np.array(first * fpir)}
    one, plain = scans([0], person=alone(), **rates), match(**rates)
    none, silent = scans([None], person=alone(), **rates), no_match(missed=rates["missed"], fpir=rates["fpir"])
    for name in ("right", "wrong", "unenrolled"):
        assert float(getattr(one, name)) == pytest.approx(float(getattr(plain, name)), abs=1e-12)
        assert float(getattr(none, name)) == pytest.approx(float(getattr(silent, name)), abs=1e-12)


@settings(max_examples=40)
@given(inner, inner, share, share, share, share, share, share, share, st.integers(1, 3))
def test_all_answers_add_up_to_one(
    missed: float, fpir: float, first: float, wrong: float, right: float, agree: float, twin: float, found: float,
    twin_first: float, n: int,
) -> None:  # fmt: skip
    who = person(alike_wrong=wrong, alike_right=right, agree=agree, twin=twin, twin_found=found, twin_first=twin_first)
    rates: dict[str, Any] = {"missed": np.array(missed), "fpir": np.array(fpir), "outranked": np.array(first * fpir)}
    each = [scans(answers, person=who, **rates) for answers in sequences(n)]
    assert sum(float(e.right + e.wrong) for e in each) == pytest.approx(1, abs=1e-9)
    assert sum(float(e.unenrolled) for e in each) == pytest.approx(1, abs=1e-9)


@given(inner, share, share)
def test_two_false_matches_have_the_stated_correlation(fpir: float, alike: float, agree: float) -> None:
    who = person(alike_wrong=alike, agree=agree)
    rates: dict[str, Any] = {"missed": np.array(0.1), "fpir": np.array(fpir), "outranked": np.array(0.0)}
    same, different = scans([0, 0], person=who, **rates), scans([0, 1], person=who, **rates)
    both = fpir**2 + alike * fpir * (1 - fpir)
    assert float(same.unenrolled + different.unenrolled) == pytest.approx(both, abs=1e-12)
    assert float(same.unenrolled) == pytest.approx(agree * both, abs=1e-12)


@given(inner, inner, inner, share)
def test_two_answers_in_closed_form(missed: float, fpir: float, prior: float, agree: float) -> None:
    """Independent scans, nobody outranked: two different answers, by hand."""
    t, w, f = 1 - missed, missed * fpir, fpir
    found = scans(
        [0, 1], missed=np.array(missed), fpir=np.array(fpir), outranked=np.array(0.0), person=person(agree=agree)
    )
    a, b, neither = t * w, w * t, w * w * (1 - agree)
    outside = f * f * (1 - agree)
    total = prior * (a + b + neither) + (1 - prior) * outside
    assert float(found.posterior(prior)) == pytest.approx(prior * a / total, abs=1e-12)
    assert float(found.posterior_other(prior)) == pytest.approx(prior * b / total, abs=1e-12)
    assert float(found.posterior(prior)) == pytest.approx(float(found.posterior_other(prior)), abs=1e-12)


@given(inner, inner, inner, inner, inner, share)
def test_twin_in_closed_form(
    missed: float, fpir: float, prior: float, twin: float, found: float, twin_first: float
) -> None:
    t, w, f = (1 - missed), missed * fpir, fpir
    got = scans(
        [0], missed=np.array(missed), fpir=np.array(fpir), outranked=np.array(0.0),
        person=person(twin=twin, twin_found=found, twin_first=twin_first),
    )  # fmt: skip
    x = twin * found
    right = t * (1 - x * twin_first)
    wrong = (1 - x) * w + x * (twin_first * t + 1 - t)
    outside = (1 - x) * f + x
    assert float(got.right) == pytest.approx(right, abs=1e-12)
    assert float(got.wrong) == pytest.approx(wrong, abs=1e-12)
    assert float(got.unenrolled) == pytest.approx(outside, abs=1e-12)
    expected = prior * right / (prior * (right + wrong) + (1 - prior) * outside)
    assert float(got.posterior(prior)) == pytest.approx(expected, abs=1e-12)


def test_no_threshold_removes_a_twin() -> None:
    who = person(twin=0.006, twin_found=0.9)
    strict = scans([0], missed=np.array(0.5), fpir=np.array(1e-9), outranked=np.array(0.0), person=who)
    assert float(strict.lr()) < 0.5 / (0.006 * 0.9)


@given(inner, inner, inner, inner, inner)
def test_blind_review_multiplies_by_its_own_ratio(
    missed: float, fpir: float, prior: float, right: float, wrong: float
) -> None:
    rates: dict[str, Any] = {"missed": np.array(missed), "fpir": np.array(fpir), "outranked": np.array(0.0)}
    plain = scans([0], person=alone(), **rates)
    seen = scans([0], person=alone(), review=Review(right=np.array(right), wrong=np.array(wrong)), **rates)
    p, q = float(plain.posterior(prior)), float(seen.posterior(prior))
    assert q / (1 - q) == pytest.approx(p / (1 - p) * right / wrong, rel=1e-6)


def test_a_reviewer_cannot_tell_a_twin() -> None:
    review = Review(right=np.array(0.94), wrong=np.array(0.14))
    rates: dict[str, Any] = {"missed": np.array(0.1), "fpir": np.array(0.0), "outranked": np.array(0.0)}
    who = person(twin=1.0, twin_found=1.0, twin_first=0.5)
    before, after = scans([0], person=who, **rates), scans([0], person=who, review=review, **rates)
    assert float(after.lr()) == pytest.approx(float(before.lr()), rel=1e-12)


def test_two_photographs_of_one_face_meet_the_same_stranger() -> None:
    """Faces as points in a space: two false matches of one person name one stranger far more often than not at all."""
    rng = np.random.default_rng(20261127)
    people, gallery, d = 1500, 6000, 64

    def unit(x: np.ndarray) -> np.ndarray:
        return np.asarray(x / np.linalg.norm(x, axis=1)[:, None], dtype=np.float32)

    faces = rng.standard_normal((people, d))
    enrolled = unit(rng.standard_normal((gallery, d)))
    agree = {}
    for noise in (0.25, 0.6):
        scores = [unit(faces + noise * rng.standard_normal((people, d))) @ enrolled.T for _ in range(2)]
        best, who = [s.max(axis=1) for s in scores], [s.argmax(axis=1) for s in scores]
        threshold = np.quantile(best[0], 0.8)
        both = (best[0] >= threshold) & (best[1] >= threshold)
        agree[noise] = float((who[0] == who[1])[both].mean())
    assert agree[0.25] > 0.5
    assert 0.1 < agree[0.6] < agree[0.25]


def test_scans_agree_with_people_drawn_one_by_one() -> None:
    """A beta-distributed rate a person, two scans each, strangers who agree now and then: 400,000 people."""
    rng = np.random.default_rng(20261127)
    n, f, a, kappa, m, b = 400_000, 0.2, 0.35, 0.3, 0.15, 0.25
    rates: dict[str, Any] = {"missed": np.array(m), "fpir": np.array(f), "outranked": np.array(0.5 * f)}
    who = person(alike_wrong=a, alike_right=b, agree=kappa)
    one = match(**rates)
    t, w = float(one.right), float(one.wrong)
    size = (1 - a) / a
    rate = rng.beta(f * size, (1 - f) * size, n)
    wrong = rng.random((n, 2)) < rate[:, None]
    agree = rng.random(n) < kappa
    both = wrong.all(axis=1)
    seen = {
        "same": (both & agree).mean(),
        "different": (both & ~agree).mean(),
        "first": (wrong[:, 0] & ~wrong[:, 1]).mean(),
    }
    share_of = rng.dirichlet(np.array([t, w, 1 - t - w]) * (1 - b) / b, n)
    kind = (rng.random((n, 2, 1)) > np.cumsum(share_of, axis=1)[:, None, :]).sum(axis=2)
    mate_then_stranger = ((kind[:, 0] == 0) & (kind[:, 1] == 1)).mean()
    for answers, got in (([0, 0], seen["same"]), ([0, 1], seen["different"]), ([0, None], seen["first"])):
        expected = float(scans(answers, person=who, **rates).unenrolled)
        assert got == pytest.approx(expected, abs=4.5 * np.sqrt(expected / n))
    right = float(scans([0, 1], person=who, **rates).right)
    assert mate_then_stranger == pytest.approx(right, abs=4.5 * np.sqrt(right / n))
