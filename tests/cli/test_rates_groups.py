"""`misid rates` of a test with groups shows how unequal they are, against the group that was named."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("groups")
    rng = np.random.default_rng(1)
    rows = [f"p{i},r{j},s{i},s{j},{rng.normal() + 4 * (i == j) + (i % 2):.4f}\n" for i in range(60) for j in range(60)]
    (folder / "scores.csv").write_text("probe,reference,probe_person,reference_person,score\n" + "".join(rows))
    people = [f"s{i},{'FM'[i % 2]}\n" for i in range(60)]
    (folder / "people.csv").write_text("person,sex\n" + "".join(people))
    return [str(folder / "scores.csv"), "--subjects", str(folder / "people.csv"), "--threshold", "2", "-q"]


def misid(*arguments: str) -> str:
    command = [sys.executable, "-m", "misid", "rates", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_the_named_group_is_what_others_are_compared_with(given: list[str]) -> None:
    lines = {}
    for group in "FM":
        table = misid(*given, "--reference-group", group, "--format", "md")
        lines[group] = [line for line in table.splitlines() if line.startswith("| ratio")]
    assert lines["F"]
    assert lines["F"] != lines["M"]


def test_records_for_machines_are_rates_alone(given: list[str]) -> None:
    records = json.loads(misid(*given, "--format", "json"))
    assert {r["measure"] for r in records} >= {"fmr", "fnmr", "fpir", "fnir"}
    assert {r["probe_group"] for r in records} == {"all", "F", "M"}


def test_only_the_measures_that_are_named(given: list[str]) -> None:
    records = json.loads(misid(*given, "--measure", "fmr, eer", "--format", "json"))
    assert {r["measure"] for r in records} == {"fmr", "eer"}
    every = json.loads(misid(*given, "--format", "json"))
    assert records == [r for r in every if r["measure"] in ("fmr", "eer")]


def test_a_measure_that_is_none_is_refused_with_all_that_are(given: list[str]) -> None:
    command = [sys.executable, "-m", "misid", "rates", *given, "--measure", "fmr,far,tpir"]
    refused = subprocess.run(command, check=False, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "'tpir'; allowed: fmr, fnmr, eer, fpir, fnir, selectivity, cmc, fta" in " ".join(refused.stderr.split())
