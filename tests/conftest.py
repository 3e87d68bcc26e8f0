"""Small tests of a pretended matcher, as the files a laboratory would have."""

from __future__ import annotations

import csv
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# A shell that starts the tests in the background has them and their children ignore Ctrl-C, and ``nohup`` a closed
# terminal; some tests send both.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# The same examples on every run and every machine, however slow it is.
settings.register_profile("misid", derandomize=True, deadline=None)
settings.load_profile("misid")


def write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def laboratory(folder: Path, *, n_people: int = 40, seed: int = 20261123) -> Path:
    """Write a laboratory's files into `folder`.

    scores.csv (every probe with every reference, sex of both people, one failed probe at -1), site-a.csv
    and site-b.csv (its two halves by probe), matrix.csv (the same scores), named.csv (ids that are names),
    deployments.csv (what four deployments did).
    """
    generator = np.random.default_rng(seed)
    scores = np.round(generator.normal(0.2, 0.1, (n_people, n_people)), 4)
    np.fill_diagonal(scores, np.round(generator.normal(0.8, 0.1, n_people), 4))
    scores[3, :] = -1.0
    sex = ["F" if person % 2 else "M" for person in range(n_people)]
    ids = [f"s{person:03}" for person in range(n_people)]

    def rows(probes: range) -> list[list[object]]:
        return [
            [f"{ids[p]}-b", f"{ids[r]}-a", ids[p], ids[r], sex[p], sex[r], scores[p, r]]
            for p in probes
            for r in range(n_people)
        ]

    header = ["probe", "reference", "probe_person", "reference_person", "probe_sex", "reference_sex", "score"]
    half = n_people // 2
    write_table(folder / "scores.csv", header, rows(range(n_people)))
    write_table(folder / "site-a.csv", header, rows(range(half)))
    write_table(folder / "site-b.csv", header, rows(range(half, n_people)))
    write_table(folder / "matrix.csv", ["", *ids], [[ids[p], *scores[p]] for p in range(n_people)])
    first = ["Ada", "Grace", "Alan", "Emmy", "Sofia", "Kurt", "Rosalind", "Max"]
    last = ["Lovelace", "Hopper", "Turing", "Noether", "Kovalevskaya"]
    names = [f"{a} {b}" for a in first for b in last][:n_people]
    write_table(
        folder / "named.csv",
        ["probe", "reference", "mated", "score"],
        [[names[p], names[r], int(p == r), scores[p, r]] for p in range(len(names)) for r in range(len(names))],
    )
    write_table(
        folder / "deployments.csv",
        ["deployment", "n_searches", "gallery_n", "threshold", "false_positives", "date_start"],
        [
            ["square", 4600, 6000, 0.6, 1, "2024-01-10"],
            ["station", 8600, 6000, 0.6, 0, "2024-01-19"],
            ["street", 12120, 7000, 0.6, 3, "2024-02-01"],
            ["market", 9100, 7000, 0.6, 1, "2024-02-06"],
        ],
    )
    write_table(folder / "people.csv", ["person", "sex"], zip(names, sex, strict=False))
    return folder


def search_test(folder: Path, *, n_enrolled: int = 40, n_strangers: int = 60, length: int = 5, seed: int = 7) -> Path:
    """Write searches.csv, candidates.csv and references.csv: lists of at most `length` at or above 0.3."""
    generator = np.random.default_rng(seed)
    n_searches = n_enrolled + n_strangers
    scores = np.round(generator.normal(0.2, 0.1, (n_searches, n_enrolled)), 4)
    mates = np.arange(n_enrolled)
    scores[mates, mates] = np.round(generator.normal(0.6, 0.15, n_enrolled), 4)
    lists = []
    for search in range(n_searches):
        best = np.argsort(-scores[search], kind="stable")[:length]
        returned = [(reference, scores[search, reference]) for reference in best if scores[search, reference] >= 0.3]
        lists += [[f"q{search:03}", rank, f"g{r:03}", score] for rank, (r, score) in enumerate(returned, 1)]
    write_table(folder / "searches.csv", ["search", "person"], [[f"q{s:03}", f"p{s:03}"] for s in range(n_searches)])
    write_table(
        folder / "references.csv", ["reference", "person"], [[f"g{r:03}", f"p{r:03}"] for r in range(n_enrolled)]
    )
    write_table(folder / "candidates.csv", ["search", "rank", "reference", "score"], lists)
    return folder


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return laboratory(tmp_path)


@pytest.fixture
def misid(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line in this process: exit code, standard output, standard error."""
    from misid.cli.main import run

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call
