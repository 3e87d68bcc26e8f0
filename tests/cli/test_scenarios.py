"""misid scenarios: what ships holds together, can be shown and started from."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from misid.encounter.reading import shipped
from misid.encounter.scenario import read_scenario

Misid = Callable[..., tuple[int, str, str]]

NAMES = [
    "airport-gate", "airport-gate-42000", "live-watchlist", "mugshot-search", "street-stop", "street-stop-1200-million",
    "street-stop-200-million", "street-stop-300-million", "street-stop-ordered",
]  # fmt: skip


def test_these_ship() -> None:
    assert list(shipped()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_holds_together(name: str, misid: Misid) -> None:
    status, out, err = misid("scenarios", "check", name, "--format", "json")
    assert status == 0, err
    [line] = json.loads(out)
    assert line["name"] == name
    assert line["numbers"] > line["assumptions only"]
    assert line["claims"] >= 1
    assert "holds together" in err


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_says_what_was_not_measured_and_what_to_beware_of(name: str) -> None:
    form = read_scenario(name).form
    assert form.measured
    assert form.not_measured
    assert form.caveats
    assert form.break_even


def test_list_has_them_all_in_every_format(misid: Misid) -> None:
    records = json.loads(misid("scenarios", "list", "--format", "json")[1])
    assert [record["name"] for record in records] == NAMES
    rows = list(csv.DictReader(io.StringIO(misid("scenarios", "list", "--format", "csv")[1])))
    assert [row["name"] for row in rows] == NAMES
    assert all(name in misid("scenarios", "list", "--format", "md")[1] for name in NAMES)


def test_show_prints_the_file_and_names_its_base(misid: Misid) -> None:
    status, out, err = misid("scenarios", "show", "airport-gate-42000")
    assert status == 0
    assert out == shipped()["airport-gate-42000"].read_text(encoding="utf-8")
    assert "it extends airport-gate" in err


def test_show_as_data_has_every_number_with_what_was_set(misid: Misid) -> None:
    call = ("scenarios", "show", "airport-gate-42000", "--set", "search.growth=1", "--format", "json")
    whole = json.loads(misid(*call)[1])
    numbers = {number["path"]: number for number in whole["inputs"]}
    assert numbers["search.gallery"]["said"] == "42,000"
    assert (numbers["search.growth"]["lo"], numbers["search.growth"]["hi"]) == (1, 1)
    assert "command line" in numbers["search.growth"]["assumption"]
    assert whole["extends" if "extends" in whole else "title"]
    rows = list(csv.DictReader(io.StringIO(misid(*call[:-1], "csv")[1])))
    assert {row["path"] for row in rows} == set(numbers)


@pytest.mark.parametrize("name", NAMES)
def test_a_new_scenario_holds_together_as_written_and_with_everything_uncommented(
    name: str, misid: Misid, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    assert misid("scenarios", "new", "--extends", name, "-o", path)[0] == 0
    assert misid("scenarios", "check", path)[0] == 0
    text = path.read_text(encoding="utf-8")
    # Prose stays a comment; what is TOML comes alive.
    lines = [re.sub(r"^# (?=\[|\w[\w.-]* = |  \{|\])", "", line) for line in text.splitlines()]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert len(tomllib.loads(path.read_text(encoding="utf-8"))) > 6
    status, out, err = misid("scenarios", "check", path, "--format", "json")
    assert status == 0, err
    base = read_scenario(name)
    assert json.loads(out)[0]["policies"] == len(base.policies) + 1
    assert json.loads(out)[0]["ranges"] == len(base.space.varying)
    assert read_scenario(path).space.shapes == base.space.shapes


def test_a_whole_copy_is_the_file(misid: Misid, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    assert misid("scenarios", "new", "--whole", "-o", path)[0] == 0
    assert path.read_bytes() == shipped()["street-stop"].read_bytes()
    status, _, err = misid("scenarios", "new", "--whole", "-o", path)
    assert (status, "exists already" in err) == (2, True)
    assert misid("scenarios", "new", "--whole", "-o", path, "--force")[0] == 0


def test_a_file_extends_another_file_beside_it(misid: Misid, tmp_path: Path) -> None:
    assert misid("scenarios", "new", "--whole", "-o", tmp_path / "base.toml")[0] == 0
    own = 'format = "misid-scenario-1"\nextends = "base.toml"\ntitle = "Mine"\nremove = ["kin.twin"]\n'
    (tmp_path / "mine.toml").write_text(own, encoding="utf-8")
    assert misid("scenarios", "check", tmp_path / "mine.toml")[0] == 0
    assert "kin.twin.match" not in read_scenario(tmp_path / "mine.toml").parameters


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show",), 2, "no SCENARIO is given"),
        (("check",), 2, "no SCENARIO is given"),
        (("list", "street-stop"), 2, "list takes no SCENARIO"),
        (("new", "mine"), 2, "misid scenarios new -o mine.toml"),
        (("new",), 2, "--output is missing"),
        (("new", "-o", "x.toml", "--extends", "street"), 2, "ships no scenario 'street'"),
        (("show", "street-stop", "--whole"), 2, "are of new"),
        (("list", "--set", "a=1"), 2, "--set is of show and check"),
        (("show", "street-stop", "--set", "search.growth=1"), 2, "--format json"),
        (("show", "street"), 3, "street-stop"),
        (("check", "street-stop", "--set", "search.growth=2"), 2, "such as 0.5"),
        (("check", "street-stop", "--set", "growth"), 2, "PATH=VALUE"),
        (("delete", "street-stop"), 2, "delete"),
    ],
)
def test_wrong_calls_are_told_what_is_right(
    arguments: tuple[str, ...], code: int, said: str, misid: Misid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = misid("scenarios", *arguments)
    assert (status, out) == (code, "")
    assert said in err
    assert list(tmp_path.iterdir()) == []
