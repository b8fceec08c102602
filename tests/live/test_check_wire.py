"""A committed lock proves itself: for two users with nothing in common; and what a user adds to it is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.box import Completed
from tests.fakes.pythons import with_ccpin
from tests.live.machine import NATIVE, Environment, User, require, run
from tests.live.releases import executable, lock_of, pinned

pytestmark = pytest.mark.live

RELEASES = ("2.0.14", "2.1.112", "2.1.200", "2.1.330")


@pytest.fixture
def other(tmp_path: Path, env: Environment, cache: Path) -> User:
    """Somebody else, at another place."""
    return User(tmp_path / "some where" / "else", env, cache).set_up()


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


@pytest.mark.parametrize("version", RELEASES)
def test_two_users(user: User, other: User, version: str, note: Callable[[str], None]) -> None:
    project = pinned(user, version, "strict")
    user.ccpin("env", "profile", "--fingerprint", cwd=project).ok()
    clone = other.project("deep/er/clone")
    shutil.copy(project / ".ccpin.lock", clone)
    write(other.home / ".claude" / "settings.json", {"theme": "light", "env": {"MAX_THINKING_TOKENS": "4321"}})
    write(other.home / ".claude.json", {"cachedFeatureFlags": {"tengu_velvet_tide": True}, "numStartups": 7})
    for who, folder in ((user, project), (other, clone)):
        said = who.ccpin("check", "--wire", cwd=folder).ok()
        assert said.out == f"Claude Code {version}: as locked, and sends what was locked\n"
    note(f"{version:<7} check --wire holds for two users")


def test_what_a_user_adds_is_named(user: User) -> None:
    project = pinned(user, "2.1.330", "strict")
    user.ccpin("env", "profile", "--fingerprint", cwd=project).ok()
    ran = user.root / "ran"
    told, settings, state = (
        user.home / name for name in (".claude/CLAUDE.md", ".claude/settings.json", ".claude.json")
    )
    for path, value, code, part in (
        (told, "Speak Latin.", "sent-otherwise", "messages"),
        (settings, {"model": "claude-sonnet-4-6"}, "sent-otherwise", "parameters"),
        (state, {"mcpServers": {"x": {"command": "touch", "args": [str(ran)]}}}, "added-here", "tools"),
    ):
        write(path, value)
        failed = user.ccpin("check", "--wire", "--json", cwd=project).failed().json["errors"]
        path.unlink()
        assert code in {error["code"] for error in failed}
        assert any(f"`{part}`" in error["message"] for error in failed)
        assert all(str(path) in error["message"] for error in failed)
    assert not ran.exists()
    user.ccpin("check", "--wire", cwd=project).ok()


def test_a_changed_executable_is_not_run(user: User, env: Environment) -> None:
    """One byte, and neither size nor time tell. strace is the witness, and has seen it run before."""
    project = pinned(user, NATIVE, "strict")
    path = _own_copy(user, Path(executable(user, lock_of(project))))

    def traced(*words: str) -> tuple[Completed, str]:
        log = user.root / "strace.log"
        options = ("-f", "-qq", "-e", "signal=none", "-e", "trace=execve,execveat", "-o")
        ccpin = (with_ccpin(), "-m", "ccpin")
        done = run([require("strace", env), *options, log, *ccpin, *words], project, user.env)
        return done, log.read_text(errors="replace")

    done, started = traced("env", "profile", "--fingerprint")
    done.ok()
    assert f'"{path}"' in started

    before = path.stat()
    path.chmod(0o755)
    with path.open("r+b") as file:
        file.seek(before.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    done, started = traced("check", "--wire", "--json")
    said = done.failed().json
    assert [error["code"] for error in said["errors"]] == ["entry-changed"]
    assert str(path) in said["errors"][0]["message"]
    assert said["data"]["wire"] is False
    assert str(path) not in started


def _own_copy(user: User, command: Path) -> Path:
    """Gives them a store of their own with that one release, which may be spoilt; its executable."""
    releases, entry = user.ccpin_home / "releases", command.parent.parent
    cache = entry.resolve()
    releases.unlink()
    shutil.copytree(cache, releases / entry.name, symlinks=True)
    return command
