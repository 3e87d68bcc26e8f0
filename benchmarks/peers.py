"""The same questions put to other packages: ``python benchmarks/peers.py JOB PATH``, in an interpreter that has them.

Every one reads its scores from the same Parquet file by DuckDB into NumPy arrays of double precision, and is called in
the way its own documentation shows. How long its own functions took, once the arrays were there, is kept as "own".
What it answers is kept too, so that it can be seen that all were asked the same. Nothing of misid is loaded here.

To add a package, write a function, put it into `JOBS` and say in `ASKED` what it is asked.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

TARGET = 1e-4
THRESHOLD = 0.3

ASKED = {
    "scikit_learn": ("scikit-learn", "`metrics.det_curve`: FMR and FNMR over all scores; EER and FNMR read off"),
    "bob_measure": ("bob.measure", "`eer`, `far_threshold` at 1e-4, `farfrr` there; no curve"),
    "pyeer": ("pyeer", "`calculate_roc`, `get_eer_values`, `get_fmr_op` at 1e-4: curve, EER, FNMR"),
    "pyllr": ("pyllr", "`PAV`, `ROCCH`: the convex hull of the curve, not the curve; EER of the hull"),
    "awslabs": ("cimat", "`UncertaintyEstimator.get_binerror_ci`: limits of FMR and FNMR at one threshold"),
}  # fmt: skip
"""Name of the distribution, and what it is asked."""


def _scores(path: Path) -> tuple[Any, Any]:
    import duckdb

    found = duckdb.execute(f"SELECT score, mated FROM read_parquet('{path}')").fetchnumpy()
    return found["score"].astype("float64"), found["mated"].astype(bool)


def scikit_learn(path: Path) -> dict[str, float]:
    import numpy as np

    metrics = import_module("sklearn.metrics")

    scores, mated = _scores(path)
    began = time.perf_counter()
    fmr, fnmr, _ = metrics.det_curve(mated, scores)
    # By the rule of misid: the threshold with the smallest of max(FMR, FNMR).
    crossing = int(np.argmin(np.maximum(fmr, fnmr)))
    at = int(np.flatnonzero(fmr <= TARGET)[0])
    own = time.perf_counter() - began
    return {"own": own, "eer": float(fmr[crossing] + fnmr[crossing]) / 2, "fnmr": float(fnmr[at])}


def bob_measure(path: Path) -> dict[str, float]:
    bob = import_module("bob.measure")

    scores, mated = _scores(path)
    negatives, positives = scores[~mated], scores[mated]
    began = time.perf_counter()
    equal = bob.eer(negatives, positives)
    _, missed = bob.farfrr(negatives, positives, bob.far_threshold(negatives, positives, TARGET))
    return {"own": time.perf_counter() - began, "eer": float(equal), "fnmr": float(missed)}


def pyeer(path: Path) -> dict[str, float]:
    stats = import_module("pyeer.eer_stats")

    scores, mated = _scores(path)
    began = time.perf_counter()
    _, fmr, fnmr = stats.calculate_roc(scores[mated], scores[~mated])
    *_, equal = stats.get_eer_values(fmr, fnmr)
    _, missed = stats.get_fmr_op(fmr, fnmr, TARGET)
    return {"own": time.perf_counter() - began, "eer": float(equal), "fnmr": float(missed)}


def pyllr(path: Path) -> dict[str, float]:
    import numpy as np

    rocch = import_module("pyllr.pav_rocch")

    scores, mated = _scores(path)
    began = time.perf_counter()
    hull = rocch.ROCCH(rocch.PAV(scores, mated.astype(int)))
    missed, false = hull.Pmiss_Pfa()
    fnmr = float(np.interp(TARGET, false[::-1], missed[::-1]))
    return {"own": time.perf_counter() - began, "eer": float(hull.EER()), "fnmr": fnmr}


def awslabs(path: Path) -> dict[str, float]:
    import duckdb

    cimat = import_module("cimat")

    rows = duckdb.execute(f"SELECT probe_person, reference_person, score FROM read_parquet('{path}')").fetchall()
    # As its own `generate_similarity_scores` leaves them: both orders of a pair of people, one list.
    scores: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for one, other, score in rows:
        scores[one].setdefault(other, []).append(score)
        scores[other][one] = scores[one][other]
    began = time.perf_counter()
    fnmr, fmr = cimat.UncertaintyEstimator(scores=dict(scores)).get_binerror_ci(threshold=THRESHOLD, alpha=0.05)
    own = time.perf_counter() - began
    return {"own": own, "fmr_lo": fmr[0], "fmr_hi": fmr[1], "fnmr_lo": fnmr[0], "fnmr_hi": fnmr[1]}


def installed() -> dict[str, str]:
    """Versions of the packages that are there."""
    found = {}
    for name, (distribution, _) in ASKED.items():
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(distribution)
    return found


JOBS: dict[str, Callable[[Path], dict[str, float]]] = {
    job.__name__: job for job in (scikit_learn, bob_measure, pyeer, pyllr, awslabs)
}

if __name__ == "__main__":
    if sys.argv[1] == "versions":
        print(json.dumps(installed()))
    else:
        said = JOBS[sys.argv[1]](Path(sys.argv[2]))
        print(json.dumps({name: float(value) for name, value in said.items()}))
