"""Cached client data is taken out of a state file; all else there stays, and so does a file that somebody holds."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ccpin import files
from ccpin.errors import ClientDataKept
from ccpin.launching import clientdata
from ccpin.launching.clientdata import forget
from ccpin.pinning.find import read_plain
from tests.fakes import nobody

STATE: dict[str, Any] = {
    "numStartups": 7,
    "clientDataCache": {"tengu_heron_brook": "Answer in rhyme."},
    "projects": {"/p": {"history": ["\u00e9", "\ud800", 1.5, 10**20, None]}},
    "clientDataCacheSlots": {"k": {"data": {}, "at": 1}},
}
REST = {name: value for name, value in STATE.items() if name not in clientdata.KEYS}


def put(path: Path, state: object = STATE, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(state))
    path.chmod(mode)
    return path


def env_of(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), **more}


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_it_is_taken_out_and_all_else_stays(tmp_path: Path, mode: int) -> None:
    path = put(tmp_path / ".claude.json", mode=mode)
    forget(env_of(tmp_path), "2.1.330")
    assert json.loads(path.read_text()) == REST
    assert list(json.loads(path.read_text())) == list(REST)
    assert path.stat().st_mode & 0o777 == mode
    assert os.listdir(tmp_path) == [".claude.json"]


def test_where_the_configuration_lies_elsewhere(tmp_path: Path) -> None:
    elsewhere, untouched = put(tmp_path / "config" / ".claude.json"), put(tmp_path / ".claude.json")
    forget(env_of(tmp_path, CLAUDE_CONFIG_DIR=str(elsewhere.parent)), "2.1.200")
    assert json.loads(elsewhere.read_text()) == REST
    assert json.loads(untouched.read_text()) == STATE


def test_the_old_place_counts_too(tmp_path: Path) -> None:
    path = put(tmp_path / ".claude" / ".config.json")
    forget(env_of(tmp_path), "2.1.112")
    assert json.loads(path.read_text()) == REST


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = put(tmp_path / "dotfiles" / "state.json")
    link = tmp_path / ".claude.json"
    link.symlink_to(real)
    forget(env_of(tmp_path), "2.1.330")
    assert link.is_symlink()
    assert json.loads(real.read_text()) == REST


def untouched(path: Path) -> tuple[int, ...]:
    """What stays as long as nobody writes; when it was last read does not."""
    about = path.stat()
    mine = about.st_mode, about.st_uid, about.st_gid
    return (*mine, about.st_ino, about.st_nlink, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


@pytest.mark.parametrize("text", [json.dumps(REST), "{}", "", "no JSON at all", '{"history": "clientDataCache"}'])
def test_a_file_without_any_is_not_touched(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".claude.json"
    path.write_text(text)
    before = untouched(path)
    forget(env_of(tmp_path), "2.1.330")
    assert untouched(path) == before


def test_releases_that_do_not_read_it_leave_it_alone(tmp_path: Path) -> None:
    path = put(tmp_path / ".claude.json")
    for version in ("2.0.14", "2.1.0"):
        forget(env_of(tmp_path), version)
    assert json.loads(path.read_text()) == STATE
    forget(env_of(tmp_path / "nobody here"), "2.1.330")


@pytest.mark.parametrize(
    "text", ['{"clientDataCache": {', '["clientDataCache"]', '{"clientDataCache": ' + "[" * 99_999]
)
def test_what_cannot_be_read_ends_the_launch(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".claude.json"
    path.write_text(text)
    with pytest.raises(ClientDataKept) as caught:
        forget(env_of(tmp_path), "2.1.330")
    assert caught.value.where == str(path)
    assert path.read_text() == text


def test_a_session_that_writes_is_waited_for(tmp_path: Path) -> None:
    path, lock = put(tmp_path / ".claude.json"), tmp_path / ".claude.json.lock"
    lock.mkdir()

    def write_and_let_go() -> None:
        time.sleep(0.2)
        put(path, {**STATE, "numStartups": 8})
        lock.rmdir()

    session = threading.Thread(target=write_and_let_go)
    session.start()
    forget(env_of(tmp_path), "2.1.330")
    session.join()
    assert json.loads(path.read_text()) == {**REST, "numStartups": 8}


def test_but_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clientdata, "_PATIENCE", 0.1)
    path, lock = put(tmp_path / ".claude.json"), tmp_path / ".claude.json.lock"
    lock.mkdir()
    with pytest.raises(ClientDataKept, match="a running session holds"):
        forget(env_of(tmp_path), "2.1.330")
    assert lock.is_dir()
    assert json.loads(path.read_text()) == STATE


def test_a_lock_that_was_left_behind_is_nobodys(tmp_path: Path) -> None:
    """Whoever held it was killed; Claude Code takes it over after ten seconds, too."""
    path, lock = put(tmp_path / ".claude.json"), tmp_path / ".claude.json.lock"
    lock.mkdir()
    os.utime(lock, (time.time() - 11,) * 2)
    forget(env_of(tmp_path), "2.1.330")
    assert json.loads(path.read_text()) == REST
    assert os.listdir(tmp_path) == [".claude.json"]


def test_something_else_in_the_locks_place_stays(tmp_path: Path) -> None:
    path, lock = put(tmp_path / ".claude.json"), tmp_path / ".claude.json.lock"
    lock.write_text("mine")
    os.utime(lock, (0, 0))
    with pytest.raises(ClientDataKept, match="not a directory"):
        forget(env_of(tmp_path), "2.1.330")
    assert lock.read_text() == "mine"
    assert json.loads(path.read_text()) == STATE


def test_the_lock_of_a_link_lies_beside_the_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clientdata, "_PATIENCE", 0.1)
    real = put(tmp_path / "dotfiles" / "state.json")
    (tmp_path / ".claude.json").symlink_to(real)
    (tmp_path / ".claude.json.lock").mkdir()
    with pytest.raises(ClientDataKept, match="a running session holds"):
        forget(env_of(tmp_path), "2.1.330")
    assert json.loads(real.read_text()) == STATE


def test_a_session_that_writes_without_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path / ".claude.json")

    def and_then_a_session_writes(file: str, most: int) -> bytes:
        data = read_plain(file, most)
        if os.path.isdir(f"{path}.lock"):
            put(path, {**STATE, "numStartups": 1_000_000})
        return data

    monkeypatch.setattr(clientdata, "read_plain", and_then_a_session_writes)
    with pytest.raises(ClientDataKept, match="without a lock"):
        forget(env_of(tmp_path), "2.1.330")
    assert json.loads(path.read_text())["numStartups"] == 1_000_000
    assert os.listdir(tmp_path) == [".claude.json"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_nothing_is_written_that_is_no_json(tmp_path: Path, number: str) -> None:
    path = tmp_path / ".claude.json"
    path.write_text(text := f'{{"clientDataCache": 1, "a": {number}}}')
    with pytest.raises(ClientDataKept):
        forget(env_of(tmp_path), "2.1.330")
    assert path.read_text() == text


@pytest.mark.skipif(not nobody.is_root(), reason="only root can give a file away")
def test_somebody_elses_file_stays_theirs(tmp_path: Path) -> None:
    """`sudo claude`, with the user's home."""
    path = put(tmp_path / ".claude.json")
    os.chown(path, nobody.UID, nobody.UID)
    forget(env_of(tmp_path), "2.1.330")
    assert json.loads(path.read_text()) == REST
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (nobody.UID, nobody.UID, 0o600)


def test_the_state_of_another_sign_in(tmp_path: Path) -> None:
    theirs, usual = put(tmp_path / ".claude-custom-oauth.json"), put(tmp_path / ".claude.json")
    forget(env_of(tmp_path, CLAUDE_CODE_CUSTOM_OAUTH_URL="https://sign-in.example"), "2.1.330")
    assert json.loads(theirs.read_text()) == REST
    assert json.loads(usual.read_text()) == STATE


def test_who_may_not_write_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "replace_file", denied)
    path = put(tmp_path / ".claude.json")
    with pytest.raises(ClientDataKept, match="permission denied"):
        forget(env_of(tmp_path), "2.1.330")
    assert json.loads(path.read_text()) == STATE
    assert os.listdir(tmp_path) == [".claude.json"]
