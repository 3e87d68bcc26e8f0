"""Bad scenarios: each ends in a message that names path, value and remedy, with exit code 3, and nothing is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from misid.cli.main import run
from misid.cli.plumbing import COMMANDS
from misid.encounter.model import ANSWERS, PER
from misid.encounter.scenario import read_scenario
from misid.encounter.tree import Query, Tree
from misid.ground.errors import BadInputError, Problem, UsageError
from tests.encounter.bad_scenarios import BAD, SMALL, Bad


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(BadInputError) as caught:
        read_scenario(path)
    return caught.value.problems


def test_the_scenario_that_the_bad_ones_are_made_from_holds_together(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    assert len(read_scenario(tmp_path / "small.toml").policies) == 2


def test_there_are_enough_of_them() -> None:
    assert len({bad.name for bad in BAD}) == len(BAD)
    assert len(BAD) + len(FILES) + len(CHAINS) > 100


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_the_message_names_path_value_and_remedy(bad: Bad, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(bad.text, encoding="utf-8")
    found = problems_of(path)
    fitting = [one for one in found if one.code == bad.code and bad.where in one.where and bad.seen in one.seen]
    assert fitting, "\n".join(map(str, found))
    [one] = fitting[:1]
    assert one.where.startswith("bad.toml")
    assert bad.remedy in one.remedy
    assert one.remedy
    assert one.allowed
    # A message that nobody reads to its end helps nobody.
    assert all(len(str(each)) < 1000 for each in found)
    assert len(found) <= 3


@pytest.mark.parametrize("bad", BAD[::6], ids=[bad.name for bad in BAD[::6]])
def test_the_command_ends_with_3_and_writes_nothing(
    bad: Bad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.toml").write_text(bad.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    calls = [["scenarios", "check", "bad.toml"]]
    if "assess" in COMMANDS:
        calls.append(["assess", "bad.toml", "-o", "out"])
    for call in calls:
        assert run(call) == 3
        assert bad.code in capsys.readouterr().err
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bad.toml"]


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = SMALL.replace('"threshold"', '"none"').replace('"passport-share"', "7").replace("value = 24", "value = -1")
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    assert {one.code for one in problems_of(tmp_path / "bad.toml")} == {"E084", "E091"}
    assert len(problems_of(tmp_path / "bad.toml")) == 3


@dataclass(frozen=True)
class BadFile:
    """A file that is no scenario."""

    name: str
    make: Callable[[Path], Path]
    code: str
    seen: str


def _written(data: bytes, name: str = "bad.toml") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def _directory(folder: Path) -> Path:
    (folder / "bad.toml").mkdir()
    return folder / "bad.toml"


def _loop(folder: Path) -> Path:
    (folder / "bad.toml").symlink_to(folder / "bad.toml")
    return folder / "bad.toml"


FILES = [
    BadFile("not-there", lambda folder: folder / "none.toml", "E001", "no file"),
    BadFile("directory", _directory, "E001", "no file"),
    BadFile("link-to-itself", _loop, "E001", "no file"),
    BadFile("null-in-its-name", lambda folder: folder / "a\x00b.toml", "E001", "no file"),
    BadFile("name-too-long", lambda folder: folder / ("x" * 5000), "E001", "no file"),
    BadFile("empty", _written(b""), "E002", "empty"),
    BadFile("only-space", _written(b" \n\t\n"), "E002", "empty"),
    BadFile("only-a-mark-of-order", _written(b"\xef\xbb\xbf"), "E002", "empty"),
    BadFile("ten-megabytes", _written(b"# " + b"x" * 10_000_000), "E081", "10,000,002 bytes"),
    BadFile("latin-1", _written(SMALL.replace("small", "sm\u00e5ll").encode("latin-1")), "E006", "no UTF-8"),
    BadFile("utf-16", _written(SMALL.encode("utf-16")), "E006", "no UTF-8"),
    BadFile("picture", _written(b"\x89PNG\r\n\x1a\n" + bytes(range(256))), "E006", "no UTF-8"),
    BadFile("null-bytes", _written(b"\x00" * 64), "E080", "line 1"),
    BadFile("archive", _written(b"PK\x03\x04" + b"\x00" * 64), "E080", "line 1"),
    BadFile("json", _written(b'{"format": "misid-scenario-1"}'), "E080", "line 1"),
    BadFile("scores", _written(b"probe,reference,score\na,b,0.5\n"), "E080", "line 1"),
    BadFile("only-a-comment", _written(b"# nothing yet\n"), "E083", "no format"),
    BadFile("carriage-returns", _written(b"format = 1\r\rtitle = 2\r"), "E080", "line 1"),
]


@pytest.mark.parametrize("bad", FILES, ids=[bad.name for bad in FILES])
def test_a_file_that_is_no_scenario_is_refused(bad: BadFile, tmp_path: Path) -> None:
    found = problems_of(bad.make(tmp_path))
    assert any(one.code == bad.code and bad.seen in one.seen for one in found), "\n".join(map(str, found))
    assert all(one.remedy for one in found)
    assert all(len(str(one)) < 6000 for one in found)


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever may do everything may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = _written(SMALL.encode())(tmp_path)
    path.chmod(0)
    assert problems_of(path)[0].code == "E001"


CHAINS: dict[str, tuple[dict[str, str], str, str]] = {
    "extends-itself": ({"bad": 'extends = "bad.toml"'}, "E093", "a circle: bad.toml extends bad.toml"),
    "circle-of-two": (
        {"bad": 'extends = "b.toml"', "b": 'extends = "bad.toml"'}, "E093", "bad.toml extends b.toml extends bad.toml",
    ),
    "circle-of-three": (
        {"bad": 'extends = "b.toml"', "b": 'extends = "c.toml"', "c": 'extends = "b.toml"'}, "E093", "a circle",
    ),
    "unknown-base": ({"bad": 'extends = "street-stops"'}, "E093", "'street-stops'"),
    "base-that-is-not-there": ({"bad": 'extends = "none.toml"'}, "E001", "no file"),
    "base-that-is-a-number": ({"bad": "extends = 3"}, "E084", "3"),
    "base-that-is-broken": ({"bad": 'extends = "b.toml"', "b": "x"}, "E080", "after a key"),
    "a-long-chain": (
        {"bad": 'extends = "b1.toml"', **{f"b{i}": f'extends = "b{i + 1}.toml"' for i in range(1, 20)}},
        "E093", "more than",
    ),
    "removes-what-is-not-there": (
        {"bad": 'extends = "street-stop"\nremove = ["kin.triplet"]'}, "E087", "'kin.triplet'",
    ),
    "removes-what-is-needed": ({"bad": 'extends = "street-stop"\nremove = ["search"]'}, "E083", "no search"),
    "removes-without-a-base": ({"bad": SMALL.replace("lead =", 'remove = ["kin"]\nlead =', 1)}, "E084", "['kin']"),
    "removes-a-text": ({"bad": 'extends = "street-stop"\nremove = "kin"'}, "E084", "'kin'"),
    "breaks-its-base": (
        {"bad": 'extends = "street-stop"\nsearch.fpir = { value = 3, assumption = "x" }'}, "E091", "3",
    ),
    "half-a-number-over-a-number": (
        {"bad": 'extends = "street-stop"\nsearch.fpir = { value = 0.1 }'}, "E085", "neither",
    ),
    "leads-with-nothing": ({"bad": 'extends = "street-stop"\nlead = "two sources"'}, "E084", "'two sources'"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_inheritance_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    files, code, seen = CHAINS[name]
    for stem, text in files.items():
        (tmp_path / f"{stem}.toml").write_text(text, encoding="utf-8")
    found = problems_of(tmp_path / "bad.toml")
    assert any(one.code == code and seen in one.seen for one in found), "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("search.fpir", "not PATH=VALUE"), ("=3", "not PATH=VALUE"), ("search.fpir=", "not PATH=VALUE"),
        ("search.fpir=3 %", "no value in TOML"), ("search.fpir=0,003", "no value in TOML"),
        ("serch.fpir=0.003", "no table serch"), ("lead=definitive", "no value in TOML"),
        ("search.fpir=1\nx=2", "more than one value"), ("../x=1", "not PATH=VALUE"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_a_wrong_call(setting: str, said: str, tmp_path: Path) -> None:
    path = _written(SMALL.encode())(tmp_path)
    with pytest.raises(UsageError, match=said):
        read_scenario(path, settings=[setting])


def test_a_setting_out_of_range_names_the_command_line(tmp_path: Path) -> None:
    path = _written(SMALL.encode())(tmp_path)
    with pytest.raises(UsageError, match=r"command line: search\.fpir: 3; (.|\n)*try: 0\.03, if 3 % is meant"):
        read_scenario(path, settings=["search.fpir=3"])


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("search.gallery=-1", "such as 200000000"), ("search.galery=1", "try: gallery"),
        ("serch.gallery=1", r"try: search\.gallery"),
        ("statuses.citzen.enrolled=0.5", r"try: statuses\.citizen\.enrolled"), ("foo=1", "an unknown key"),
        ('lead="none"', "does not have"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_with_a_setting_is_a_wrong_call_with_one_exit_code(
    setting: str, said: str, tmp_path: Path
) -> None:
    path = _written(SMALL.encode())(tmp_path)
    with pytest.raises(UsageError, match=said):
        read_scenario(path, settings=[setting])


def test_a_file_that_is_wrong_itself_is_wrong_data_whatever_is_set(tmp_path: Path) -> None:
    path = _written(SMALL.replace("value = 12e6", "value = -1").encode())(tmp_path)
    with pytest.raises(BadInputError) as caught:
        read_scenario(path, settings=["search.gallery=-1"])
    assert len(caught.value.problems) == 2


VALUES = (
    "true", '"x"', "-1", "0", "1e400", "nan", "[]", "{}", "[[]]", "{ value = 1 }", '{ shape = "pert" }', '""', "[{}]",
    "1979-05-27", '[1, "a"]', '"rest"', '{ value = 0.5, assumption = "x" }', "9" * 30, '{ value = 0.5, source = [] }',
    '{ lo = 0.1, hi = 0.9, shape = "uniform", assumption = "x" }', '["women", "men"]', "{ a = { b = { c = 1 } } }",
)  # fmt: skip
LINES = ("x = 1", "[a.b]", "[search.x]", "[groups.new]", "[[statuses]]", "share = 3", "title = 5", "")
JUNK = '"[]{}=.,#\\\n0aé'


@given(st.data())
def test_whatever_is_changed_in_a_scenario_it_is_taken_or_refused_with_reasons(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = SMALL.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        change = data.draw(st.sampled_from(["drop", "value", "insert", "letter", "copy"]))
        if change == "drop":
            lines[at] = ""
        elif change == "value" and "=" in line:
            lines[at] = f"{line.split('=')[0]}= {data.draw(st.sampled_from(VALUES))}"
        elif change == "insert":
            lines.insert(at, data.draw(st.sampled_from(LINES)))
        elif change == "letter" and line:
            place = data.draw(st.integers(0, len(line) - 1))
            lines[at] = line[:place] + data.draw(st.sampled_from(JUNK)) + line[place + 1 :]
        elif change == "copy":
            lines[at] = lines[data.draw(st.integers(0, len(lines) - 1))]
    path = tmp_path_factory.getbasetemp() / "changed.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    problems: tuple[Problem, ...] = ()
    scenario = None
    try:
        scenario = read_scenario(path)
    except BadInputError as error:
        problems = error.problems
    assert all(one.where and one.seen and one.allowed and one.remedy for one in problems)
    assert all(len(str(one)) < 2000 for one in problems)
    if scenario is None:
        assert problems
    else:
        answers = [f"answer_{name}" for name in ANSWERS]
        for policy in scenario.policies:
            queries = [Query(measure=measure, policy=policy.name) for measure in answers]
            found = Tree(scenario).evaluate(scenario.space.draw(4, seed=1), queries)
            np.testing.assert_allclose(sum(found.values()), PER, rtol=1e-9)


def test_what_is_read_without_end_is_refused_at_once() -> None:
    [one] = problems_of(Path("/dev/zero"))
    assert one.code == "E081"
    assert one.seen == "more than 1,000,000 bytes"
