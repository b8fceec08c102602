"""A user's own `--settings` with the lock's flags in it: what is kept, and what is refused without telling it."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from ccpin.errors import OwnSettings, StoreUnwritable
from ccpin.launching.merge import merged
from ccpin.paths import Home

WANTED = {"DISABLE_UPDATES": "1"}
SECRET = "sk-ant-0123456789"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "ccpin"))


def merge(home: Home, own: str, gone: tuple[str, ...] = ()) -> dict[str, object]:
    value: dict[str, object] = json.loads(Path(merged(own, WANTED, gone, home)).read_text(encoding="ascii"))
    return value


def test_all_else_stays(home: Home) -> None:
    mine = {
        "model": "opus", "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "echo 'é' \u2028"}]}]},
        "number": 12345678901234567890, "share": 0.1, "nothing": None, "yes": True, "": {"": []}, "__proto__": {"a": 1},
        "env": {"MINE": "1", "NUMBER": 1, "": "", "DISABLE_UPDATES": "0", "ANTHROPIC_BETAS": "b"},
    }  # fmt: skip
    made = merge(home, json.dumps(mine), gone=("ANTHROPIC_BETAS",))
    assert made == {**mine, "env": {"MINE": "1", "NUMBER": 1, "": "", "DISABLE_UPDATES": "1"}}


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"\xef\xbb\xbf{}",
        b" \r\n\t{}\n",
        b'{"env": {}}',
        b'{"env": {"DISABLE_UPDATES": "0", "DISABLE_UPDATES": "1"}}',
    ],
)
def test_a_file(home: Home, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "s.json").write_bytes(text)
    assert merge(home, str(tmp_path / "s.json")) == {"env": WANTED}


def test_bytes_that_are_no_utf8_are_kept_as_they_can_be(home: Home, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(b'{"a": "\xff"}')
    assert merge(home, str(tmp_path / "s.json")) == {"a": "\udcff", "env": WANTED}


def test_a_pipe(home: Home) -> None:
    """`--settings <(…)`"""
    read, write = os.pipe()
    os.write(write, b'{"model": "opus"}')
    os.close(write)
    try:
        assert merge(home, f"/dev/fd/{read}") == {"model": "opus", "env": WANTED}
    finally:
        os.close(read)


# --- rules about paths ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "means"),
    [
        ("Read(/src/**)", "Read(/{folder}/src/**)"),
        ("Edit(/a (b))", "Edit(/{folder}/a (b))"),
        ("Read(//etc/**)", "Read(//etc/**)"),
        ("Read(~/x)", "Read(~/x)"),
        ("Read(src/**)", "Read(src/**)"),
        ("Bash(/bin/ls)", "Bash(/bin/ls)"),
        ("Read", "Read"),
        ("", ""),
    ],
)
def test_a_rule_means_the_same_path(home: Home, tmp_path: Path, rule: str, means: str) -> None:
    folder = tmp_path / "of settings"
    folder.mkdir()
    permissions = {"allow": [rule, 7], "deny": [rule], "defaultMode": "plan", "ask": []}
    (folder / "s.json").write_text(json.dumps({"permissions": permissions}))
    expected = means.format(folder=folder)
    made = merge(home, str(folder / "s.json"))["permissions"]
    assert made == {"allow": [expected, 7], "deny": [expected], "defaultMode": "plan", "ask": []}
    inline = merge(home, json.dumps({"permissions": permissions}))["permissions"]
    assert inline == permissions


@pytest.mark.parametrize("permissions", [None, [], "x", {"allow": "Read(/x)"}, {"allow": {"Read(/x)": 1}}])
def test_permissions_of_another_shape(home: Home, tmp_path: Path, permissions: object) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"permissions": permissions}))
    assert merge(home, str(tmp_path / "s.json"))["permissions"] == permissions


def test_paths_of_a_sandbox_are_refused_where_they_would_mean_another(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    for paths in (["/x"], ["./x"], ["//x", f"{SECRET}/x"]):
        path.write_text(json.dumps({"sandbox": {"filesystem": {"allowWrite": paths}}}))
        with pytest.raises(OwnSettings, match=r"sandbox\.filesystem\.allowWrite") as raised:
            merge(home, str(path))
        assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "sandbox",
    [
        None, [], "x", {}, {"filesystem": None}, {"filesystem": []}, {"filesystem": "x"}, {"filesystem": {"a": "/x"}},
        {"filesystem": {"a": ["//x", "~/x", 7]}},
    ],
)  # fmt: skip
def test_other_sandboxes_stay(home: Home, tmp_path: Path, sandbox: object) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"sandbox": sandbox}))
    assert merge(home, str(tmp_path / "s.json"))["sandbox"] == sandbox


# --- what cannot be merged --------------------------------------------------------------------------

BROKEN: dict[str, tuple[str, str]] = {
    "not JSON": (f"env: {SECRET}", "expecting value, line 1"),
    "half of it": (f'{{"env": {{"KEY": "{SECRET}"', "line 1"),
    "on the third line": (f'{{\n"a": 1,\n{SECRET}}}', "line 3"),
    "a list": (f'["{SECRET}"]', "it is not an object"),
    "a text": (f'"{SECRET}"', "it is not an object"),
    "null": ("null", "it is not an object"),
    "env a list": (f'{{"env": ["{SECRET}"]}}', "its `env` is not an object"),
    "env null": (f'{{"key": "{SECRET}", "env": null}}', "its `env` is not an object"),
    "NaN": (f'{{"{SECRET}": NaN}}', "it is no JSON"),
    "infinity": (f'{{"{SECRET}": -Infinity}}', "it is no JSON"),
    "a number beyond all": (f'{{"{SECRET}": 1e999}}', "it is no JSON"),
    "a number of 5,000 digits": (f'{{"{SECRET}": {"9" * 5000}}}', "it is no JSON"),
    "deep": ('{"a":' * 100_000 + "1" + "}" * 100_000, "it is no JSON"),
    "a trailing comma": (f'{{"a": "{SECRET}",}}', "line 1"),
    "a comment": (f'{{}} // {SECRET}', "extra data, line 1"),
    "a line end in a text": (f'{{"a": "{SECRET}\n"}}', "line 1"),
    "a bad escape": (f'{{"a": "{SECRET}\\x"}}', "line 1"),
    "empty": ("", "expecting value, line 1"),
    "NUL": ("\0", "line 1"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_merged(home: Home, tmp_path: Path, kind: str) -> None:
    text, reason = BROKEN[kind]
    path = tmp_path / "s.json"
    path.write_text(text)
    require_refused(home, str(path), str(path), reason)


@pytest.mark.parametrize("kind", [kind for kind, (text, _) in BROKEN.items() if text[:1] in ("{", "[", '"')])
def test_text_that_cannot_be_merged(home: Home, kind: str) -> None:
    """What does not end with a brace is a path to the releases, but is not printed as one."""
    require_refused(home, BROKEN[kind][0], "the JSON given", "")
    require_refused(home, f"\n {BROKEN[kind][0]}", "the JSON given", "")


def test_what_is_quoted_twice_is_not_shown_either(home: Home) -> None:
    require_refused(home, f'\'{{"env": {{"X": "{SECRET}"}}}}\'', "the JSON given", "no such file")


def require_refused(home: Home, own: str, named: str, reason: str) -> None:
    with pytest.raises(OwnSettings) as raised:
        merged(own, WANTED, (), home)
    error = raised.value
    assert (error.launch_code, error.code) == (126, "own-settings")
    assert f"{named}: " in error.message
    assert reason in error.message
    assert SECRET not in f"{error}{error.hint}{error.where}"
    assert "\n" not in error.message
    assert not Path(home.settings).exists()


@pytest.mark.parametrize("depth", [10, 50, 200, 300, 400, 500, 700, 900, 990, 2000])
def test_any_depth_is_kept_or_refused(home: Home, depth: int) -> None:
    text = '{"a":' * depth + "1" + "}" * depth
    try:
        made = merge(home, text)
    except OwnSettings as error:
        made, refused = {}, error.message
    else:
        refused = ""
    assert made.get("env") == WANTED or (depth > 50 and "it is no JSON" in refused)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("gone", "no such file"), ("folder", "directory"), ("huge", "4,194,304"), ("itself", "symbolic links")],
)
def test_no_such_settings(home: Home, tmp_path: Path, kind: str, reason: str) -> None:
    path = tmp_path / "s.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "huge":
        path.write_bytes(b" " * (4 << 20) + b"{}")
    elif kind == "itself":
        path.symlink_to(path.name)
    require_refused(home, str(path), str(path), reason)


def test_as_large_as_may_be(home: Home, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_bytes(b" " * ((4 << 20) - 2) + b"{}")
    assert merge(home, str(tmp_path / "s.json")) == {"env": WANTED}


def test_odd_paths(home: Home) -> None:
    assert merge(home, "") == {"env": WANTED}  # none at all, to the releases
    for own in (" ", "\0", "\udcff", "x" * 5000):
        with pytest.raises(OwnSettings):
            merged(own, WANTED, (), home)


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed there")
def test_in_a_folder_that_was_deleted(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OwnSettings):
        merged("s.json", WANTED, (), home)


# --- the file ---------------------------------------------------------------------------------------


def test_the_same_settings_are_one_file(home: Home) -> None:
    one = merged('{"a": 1}', WANTED, (), home)
    os.utime(one, (1, 1))
    assert merged(' {"a":1} ', WANTED, (), home) == one
    assert os.stat(one).st_mtime > time.time() - 100  # touched: it is in use
    other = merged('{"a": 2}', WANTED, (), home)
    assert sorted(os.listdir(home.settings)) == sorted(map(os.path.basename, (one, other)))


def test_its_mode(home: Home) -> None:
    Path(home.settings).mkdir(parents=True)
    os.chmod(home.settings, 0o777)
    path = merged("{}", WANTED, (), home)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(home.settings).st_mode) == 0o700


@pytest.mark.parametrize("kind", ["other", "cut off", "readable", "dangling", "fifo"])
def test_what_stands_in_its_place_is_not_taken_for_it(home: Home, tmp_path: Path, kind: str) -> None:
    path = Path(merged("{}", {"DISABLE_UPDATES": "1"}, (), home))
    text = path.read_text()
    path.chmod(0o644)
    if kind in ("dangling", "fifo"):
        path.unlink()
        path.symlink_to(tmp_path / "nowhere") if kind == "dangling" else os.mkfifo(path)
    elif kind != "readable":
        path.write_text("{}" if kind == "other" else text[:-3])
    assert merged("{}", {"DISABLE_UPDATES": "1"}, (), home) == str(path)
    assert path.read_text() == text
    assert not path.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_no_launch_named_for_a_month_is_removed(home: Home) -> None:
    old, new = merged('{"a": 1}', WANTED, (), home), merged('{"a": 2}', WANTED, (), home)
    month = time.time() - 30 * 24 * 3600
    os.utime(old, (month - 100,) * 2)
    os.utime(new, (month + 100,) * 2)
    (Path(home.settings) / "somebody's").mkdir()
    os.utime(Path(home.settings) / "somebody's", (1, 1))
    merged('{"a": 3}', WANTED, (), home)
    assert not os.path.exists(old)
    assert os.path.exists(new)


def test_a_home_that_cannot_be_written(home: Home, tmp_path: Path) -> None:
    Path(home.root).write_text("a file")
    with pytest.raises(StoreUnwritable):
        merged(f'{{"a": "{SECRET}"}}', WANTED, (), home)
