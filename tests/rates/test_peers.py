"""Where peers are right misid says the same; where they are not, it says why (docs/peers.md)."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misid.ground.errors import UsageError
from misid.ground.rate import ALL, Rate
from misid.rates import compute_rates
from misid.tally.model import Tally
from tests.oracle import oracle_tally
from tests.rates.samples import Floats, Matrix, matrix

PEERS: dict[str, Any] = json.loads(Path(__file__).with_name("peers.json").read_text(encoding="utf-8"))


def drawn() -> Floats:
    """30 probes against 20 references; the first 20 probes have a mate. The scores that the peers were given."""
    rng = np.random.default_rng(PEERS["seed"])
    scores = np.round(rng.normal(size=(30, 20)), 1)
    mated = np.zeros((30, 20), dtype=bool)
    mated[np.arange(20), np.arange(20)] = True
    scores[mated] = np.round(rng.normal(2.2, 1, 20), 1)
    return scores


def drawn_tally(*, lists: bool = False, probes: int = 30) -> Tally:
    scores = drawn()[:probes]
    probe, reference = np.divmod(np.arange(scores.size), 20)
    edges = np.unique(np.append(scores, [-0.5, 0.5, 1.0, 1.5, 2.0, 2.5, 9.0]))
    searches = {
        "probe": range(probes),
        "probe_person": range(probes),
        "probe_group": [0] * probes,
        "mated": [p < 20 for p in range(probes)],
        "failed": [False] * probes,
    }
    return oracle_tally(
        probe.tolist(), reference.tolist(), probe.tolist(), reference.tolist(), scores.ravel().tolist(),
        edges=[-np.inf, *edges.tolist()], levels=edges[::5].tolist(),
        **({"searches": searches, "gallery": (20, 20)} if lists else {}),  # type: ignore[arg-type]
    )  # fmt: skip


def records(tally: Tally, **options: Any) -> dict[tuple[Any, ...], Rate]:
    found = compute_rates(tally, curves=False, **{"targets": [], **options}).records
    return {(r.measure, r.threshold, r.target, r.rank): r for r in found if r.probe_group == r.reference_group == ALL}


# Agreement.


def test_fmr_and_fnmr_of_bob_measure() -> None:
    peer = PEERS["bob.measure"]["farfrr"]
    found = records(drawn_tally(), thresholds=[t for t, _, _ in peer])
    for t, far, frr in peer:
        assert (found["fmr", t, None, None].estimate, found["fnmr", t, None, None].estimate) == (far, frr)


def test_fmr_and_fnmr_of_pyeer() -> None:
    peer = PEERS["PyEER"]["points"]
    found = records(drawn_tally(), thresholds=[t for t, _, _ in peer])
    for t, fmr, fnmr in peer:
        assert found["fmr", t, None, None].estimate == pytest.approx(fmr, abs=1e-15)
        assert found["fnmr", t, None, None].estimate == pytest.approx(fnmr, abs=1e-15)


def test_fpir_and_fnir_of_bob_measure() -> None:
    peer = PEERS["bob.measure"]
    thresholds = [t for t, _ in peer["false_alarm_rate"]]
    found = records(drawn_tally(lists=True), thresholds=thresholds, ranks=[1, 2, 5, 10])
    for t, rate in peer["false_alarm_rate"]:
        fpir = found["fpir", t, None, None]
        assert (fpir.estimate, fpir.trials) == (rate, 10)
    for t, rank, rate in peer["detection_identification_rate"]:
        fnir = found["fnir", t, None, rank]
        assert fnir.trials == 20
        assert fnir.estimate == pytest.approx(1 - rate)
    for rank, rate in peer["recognition_rate"]:
        assert found["cmc", None, None, rank].estimate == rate


def test_eer_of_pyeer_within_one_mated_comparison() -> None:
    """On either side of the crossing misid takes the smaller maximum, PyEER the smaller sum."""
    (eer,) = (r for key, r in records(drawn_tally()).items() if key[0] == "eer")
    assert eer.estimate == pytest.approx(PEERS["PyEER"]["eer"], abs=0.5 / 20)


def test_cllr_and_min_cllr_of_pyllr() -> None:
    found = compute_rates(drawn_tally(), targets=[]).calibration
    assert found is not None
    assert found.cllr_min == pytest.approx(PEERS["PYLLR"]["min_cllr"], rel=1e-7)
    # Cllr of scores at the middle of bins that are 0.1 wide here, against exact ones.
    assert found.cllr == pytest.approx(PEERS["PYLLR"]["cllr"], abs=0.03)


# Disagreement.


def test_a_target_is_reached_and_not_only_approached() -> None:
    """PyEER takes the threshold whose FMR is nearest to the target, also from above."""
    found = records(drawn_tally(), targets=[0.1, 0.05, 0.01])
    for name, target in (("fmr10", 0.1), ("fmr20", 0.05), ("fmr100", 0.01)):
        _, overshot, _ = PEERS["PyEER"][name]
        assert overshot > target
        (achieved,) = (r for key, r in found.items() if key[0] == "fmr" and key[2] == target)
        assert achieved.estimate is not None
        assert achieved.estimate <= target


def test_a_target_that_cannot_be_seen_is_refused() -> None:
    """PyEER gives FMR1000 from 580 comparisons, where one error is 0.0017."""
    assert PEERS["PyEER"]["fmr1000"][1] > 1e-3
    refused = records(drawn_tally(), targets=[1e-3])["fmr", None, 1e-3, None]
    assert (refused.status, refused.estimate) == ("refused", None)


def test_no_non_mated_searches_is_not_a_false_positive_rate_of_zero() -> None:
    """bob.measure warns and returns 0.0."""
    assert PEERS["bob.measure"]["false_alarm_rate_no_nonmated"] == 0.0
    fpir = records(drawn_tally(lists=True, probes=20), thresholds=[1.0])["fpir", 1.0, None, None]
    assert (fpir.status, fpir.estimate, fpir.lo, fpir.hi, fpir.trials) == ("undefined", None, None, None, 0)


def test_a_threshold_that_is_no_number_is_an_error_and_not_a_rate_of_one() -> None:
    """bob.measure prints a line and returns (1.0, 1.0)."""
    assert PEERS["bob.measure"]["farfrr_nan"] == [1.0, 1.0]
    with pytest.raises(UsageError, match="nan"):
        compute_rates(drawn_tally(), thresholds=[float("nan")])


def test_a_group_without_non_mated_comparisons_has_no_rate() -> None:
    """fairlearn gives it a false positive rate of 0.0, which becomes the best group."""
    test = matrix(24, digits=1)
    groups = np.r_[np.zeros(12), np.ones(12)].astype(np.int64)
    test.scores[12:][~test.mated[12:]] = np.nan
    tally = Matrix(test.scores, groups).tally(edges=np.arange(-60, 81) / 10)
    found = compute_rates(tally, thresholds=[1.0], targets=[], curves=False)
    (of_m,) = (r for r in found.records if r.measure == "fmr" and (r.probe_group, r.reference_group) == ("M", ALL))
    assert (of_m.status, of_m.estimate) == ("undefined", None)
    assert not [d for d in found.differentials if d.measure in ("fmr", "fmr_within")], "nothing to compare F with"


def test_people_without_a_group_stay_in_the_rows() -> None:
    """fairlearn drops them by group and keeps them overall."""
    test = matrix(24, digits=1)
    tally = Matrix(test.scores, np.arange(24) % 3, ("(missing)", "F", "M")).tally(edges=np.arange(-60, 81) / 10)
    rows = compute_rates(tally, thresholds=[1.0], targets=[], curves=False).records
    fnmr = {r.probe_group: r.trials for r in rows if r.measure == "fnmr"}
    assert fnmr == {ALL: 24, "(missing)": 8, "F": 8, "M": 8}


def test_a_bound_at_zero_errors_counts_people_and_each_pair_once() -> None:
    """Three images of each of 30 people, every pair once: 3,915 comparisons, no errors.

    cimat counts 7,830 and gives an upper limit of 4.9e-4; the rule of three on comparisons gives 7.7e-4.
    """
    images = [(person, image) for person in range(30) for image in range(3)]
    pairs = [(a, b) for a, b in combinations(images, 2) if a[0] != b[0]]
    rng = np.random.default_rng(1)
    scores = np.round(rng.normal(size=len(pairs)), 2)
    edges = [-np.inf, *np.arange(-5.0, 0.0, 0.5), *np.arange(0.0, 6.5, 0.25)]
    tally = oracle_tally(
        [f"p{a}" for a, _ in pairs], [f"r{b}" for _, b in pairs], [a[0] for a, _ in pairs], [b[0] for _, b in pairs],
        scores.tolist(), edges=edges, levels=edges[1:],
    )  # fmt: skip
    bound = records(tally, thresholds=[6.0])["fmr", 6.0, None, None]
    assert (bound.status, bound.errors, bound.trials, bound.people) == ("bound", 0, 3915, 30)
    assert bound.hi is not None
    assert bound.hi > 1.5 * 4.9e-4
    assert bound.hi > -np.log(0.05) / 3915, "the one-sided limit of as many independent comparisons"


def test_failed_samples_do_not_move_the_eer() -> None:
    """PyEER: twenty mated scores of -1 moved EER from 0.051 to 0.127 without a word."""
    test = matrix(60, digits=1)
    tally = test.tally(edges=np.arange(-60, 81) / 10)
    failed = test.scores.copy()
    failed[np.arange(20), np.arange(20)] = np.nan
    other = Matrix(failed).tally(edges=np.arange(-60, 81) / 10)
    as_scores = test.scores.copy()
    as_scores[np.arange(20), np.arange(20)] = -5.9

    def eer(tally: Tally) -> Rate:
        return next(r for key, r in records(tally).items() if key[0] == "eer")

    whole, without, moved = eer(tally), eer(other), eer(Matrix(as_scores).tally(edges=np.arange(-60, 81) / 10))
    assert without.trials == (whole.trials or 0) - 20
    assert abs((without.estimate or 0) - (whole.estimate or 0)) < 0.02
    assert (moved.estimate or 0) > 3 * (whole.estimate or 0)
    fnir = records(other, thresholds=[1.0])["fnir", 1.0, None, None]
    assert fnir.trials == 60, "a search whose mate failed is a miss, and stays in the denominator"
