"""A bundle is computed again, and what does not come out is found."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import misid
from misid.ground.errors import BadInputError
from misid.report.bundle import Bundle, bundle_bytes, read_bundle, verify
from misid.report.bundle.verify import _compared

Misid = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "out"
    misid.write_report(misid.assess("street-stop", settings=["search.growth=0.5"], draws=64, seed=3), out, paper="a4")
    return out


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Path:
    shutil.copy(made / "bundle.zip", tmp_path / "bundle.zip")
    return tmp_path / "bundle.zip"


def changed(path: Path, **changes: Any) -> Path:
    """The bundle with parts changed and every sum right: as somebody would forge it."""
    read = read_bundle(path)
    files = {name: body for name, body in read.files.items() if name != "versions.txt"}
    path.write_bytes(bundle_bytes(replace(read, files=files, **{k: v for k, v in changes.items() if k != "files"})
                     if "files" not in changes else replace(read, files={**files, **changes["files"]})))  # fmt: skip
    return path


def test_every_number_comes_out_again(made: Path) -> None:
    found = verify(made / "bundle.zip")
    assert found.comes_out
    assert found.numbers == found.same > 10_000
    assert not found.changed
    assert all(same for _, same in found.files)
    assert {"report.html", "report.pdf", "tables/policies.csv"} <= {name for name, _ in found.files}
    assert "come out again, to the last digit" in str(found)
    assert found.to_dict()["comes_out"] is True


def test_two_runs_are_the_same_bytes(made: Path, tmp_path: Path) -> None:
    answer = misid.assess("street-stop", settings=["search.growth=0.5"], draws=64, seed=3)
    misid.write_report(answer, tmp_path / "again", paper="a4")
    names = sorted(p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file())
    assert len(names) > 20
    for name in names:
        assert (made / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_a_forged_number_is_found_though_every_sum_is_right(bundle: Path) -> None:
    twin = json.loads(read_bundle(bundle).files["report.json"])
    twin["policies"][0]["everybody"]["wrongly_held"]["value"] *= 0.5
    changed(bundle, files={"report.json": json.dumps(twin).encode()})
    found = verify(bundle)
    assert not found.comes_out
    assert [c.path for c in found.changed] == ["policies.0.everybody.wrongly_held.value"]
    assert "1 places of the result do not come out again" in found.verdict or "do not come out" in found.verdict


def test_a_forged_page_is_found_though_every_number_is_right(bundle: Path) -> None:
    page = read_bundle(bundle).files["report.html"]
    changed(bundle, files={"report.html": page.replace(b"wrongly held", b"rightly held")})
    found = verify(bundle)
    assert not found.changed
    assert not found.comes_out
    assert "these files say something else: report.html" in found.verdict


@pytest.mark.parametrize(
    ("run", "where"),
    [({"draws": 10**9}, "run.draws"), ({"draws": "many"}, "run.draws"), ({"seed": -1}, "run.seed"),
     ({"level": 2.0}, "run.level"), ({"paper": "skin"}, "run.paper"), ({"settings": "x"}, "run.settings"),
     ({"files": [["a"]]}, "run.files"), ({"origins": []}, "run.origins")],
)  # fmt: skip
def test_a_run_that_cannot_be_is_refused(bundle: Path, run: dict[str, Any], where: str) -> None:
    read = read_bundle(bundle)
    with pytest.raises(BadInputError) as caught:
        verify(changed(bundle, run={**read.run, **run}))
    assert caught.value.problems[0].where == where


@pytest.mark.parametrize("body", [b"= no toml", b"\xff", b"title = 1", b"[" * 5000])
def test_a_scenario_that_is_none_is_refused(bundle: Path, body: bytes) -> None:
    with pytest.raises(BadInputError):
        verify(changed(bundle, files={"inputs/scenario.toml": body}))


def test_a_kind_from_the_future_is_refused(bundle: Path) -> None:
    with pytest.raises(BadInputError, match="E114"):
        verify(changed(bundle, kind="dream"))


def test_other_versions_are_named_and_last_digits_forgiven(bundle: Path) -> None:
    read = read_bundle(bundle)
    changed(bundle, versions={**read.versions, "numpy": "1.0"})
    found = verify(bundle)
    assert ("numpy", "1.0", read.versions["numpy"]) in found.versions
    one = Bundle(
        kind="x", title="", about="", generated_with="", run={}, versions={"numpy": "1"}, described={},
        files={"report.json": b'{"a": 1.0, "b": 2.0, "c": "x", "d": [1]}', "report.html": b"1"},
    )  # fmt: skip
    again = {"report.json": b'{"a": 1.0000000000001, "b": 2.0, "c": "x", "d": [1]}', "report.html": b"2"}
    near = _compared("b.zip", one, again)
    assert (near.numbers, near.same, near.close, near.comes_out) == (3, 2, 1, True)
    far = _compared("b.zip", one, {"report.json": b'{"a": 1.0, "b": 2.0, "c": "y", "e": 1}', "report.html": b"1"})
    assert [c.path for c in far.changed] == ["c", "d.0", "e"]


def test_the_command_says_so_and_ends_with_its_code(bundle: Path, misid: Misid) -> None:
    status, out, err = misid("verify", bundle)
    assert (status, "to the last digit" in out, "come out again" in err) == (0, True, True)
    twin = json.loads(read_bundle(bundle).files["report.json"])
    twin["policies"][0]["everybody"]["wrongly_held"]["value"] *= 0.5
    changed(bundle, files={"report.json": json.dumps(twin).encode()})
    status, out, err = misid("verify", bundle, "--format", "json")
    assert status == 3
    assert any(row["what"] == "policies.0.everybody.wrongly_held.value" for row in json.loads(out))
    assert "do not come out again" in err


def test_the_command_refuses_an_unsafe_bundle(bundle: Path, misid: Misid) -> None:
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("../evil", "x")
    status, out, err = misid("verify", bundle)
    assert (status, out) == (3, "")
    assert "E111" in err
    assert "try: " in err


def test_the_scenario_of_a_bundle_can_be_assessed_by_itself(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_bytes(read_bundle(made / "bundle.zip").files["inputs/scenario.toml"])
    again = misid.assess(path, draws=64, seed=3)
    there = json.loads((made / "report.json").read_text())
    assert again.policies[0].everybody.wrongly_held.value == there["policies"][0]["everybody"]["wrongly_held"]["value"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == again.provenance.files[0][1]


def test_counts_that_a_scenario_names_go_into_its_bundle_and_their_path_does_not(tmp_path: Path) -> None:
    from misid.ground.errors import UsageError
    from misid.ground.toml import toml_text
    from tests.encounter.test_search_models import from_tally

    lab = tmp_path / "secret-lab"
    (lab / "deep").mkdir(parents=True)
    shutil.copy(Path(misid.__file__).parent / "examples" / "bssr1-face-c.tally", lab / "deep" / "ours.tally")
    (lab / "scenario.toml").write_text(toml_text(from_tally(tally="deep/ours.tally")))
    answer = misid.assess(lab / "scenario.toml", draws=64)
    with pytest.raises(UsageError, match="the bundle needs the tally"):
        misid.write_report(answer, tmp_path / "out", folder=tmp_path)
    assert not (tmp_path / "out").exists()
    misid.write_report(answer, tmp_path / "out", folder=lab)
    shutil.rmtree(lab)
    bundle = read_bundle(tmp_path / "out" / "bundle.zip")
    assert "inputs/ours.tally" in bundle.files
    assert not [name for name, body in bundle.files.items() if b"secret-lab" in body or b"deep/" in body]
    assert verify(tmp_path / "out" / "bundle.zip").comes_out
