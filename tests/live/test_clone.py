"""A committed lock, on somebody else's machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live.machine import JAVASCRIPT, NATIVE, Environment, User, answer, require, run

pytestmark = pytest.mark.live

Clone = Callable[[User], Path]


@pytest.fixture
def clone(user: User, env: Environment) -> Clone:
    """Clones, for a user, a project that `user` has pinned and committed."""
    git = require("git", env)
    project = user.project()
    user.ccpin("use", JAVASCRIPT, cwd=project).ok()
    as_author = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", ".ccpin.lock"], [*as_author, "commit", "-qm", "Pin Claude Code"]):
        run([git, *command], project, user.env).ok()

    def make(other: User) -> Path:
        target = other.root / "clone"
        run([git, "clone", "-q", str(project), str(target)], other.root, other.env).ok()
        return target

    return make


@pytest.fixture
def stranger(tmp_path: Path, env: Environment) -> User:
    """Another user, with an empty home and an empty store."""
    return User(tmp_path / "stranger", env).set_up()


def test_sync_then_claude_is_what_was_committed(user: User, stranger: User, clone: Clone) -> None:
    project = clone(stranger)
    stranger.ccpin("sync", "--locked", cwd=project).ok()
    assert stranger.claude("--version", cwd=project).ok().out == answer(JAVASCRIPT)
    stranger.ccpin("check", "--deep", cwd=project).ok()
    _is_unchanged(user, stranger, project)


def test_claude_alone_installs_what_was_committed(user: User, stranger: User, clone: Clone) -> None:
    project = clone(stranger)
    stranger.isolate_node()
    first = run([stranger.layout.shim(), "--version"], project, stranger.env).ok()
    assert first.out == answer(JAVASCRIPT)
    assert stranger.claude("--version", cwd=project).ok() == stranger.claude("--version", cwd=project)
    _is_unchanged(user, stranger, project)


@pytest.mark.parametrize("request_text", [JAVASCRIPT, NATIVE, ">=2.0.14,<2.0.15"])
def test_two_users_lock_the_same_bytes(
    user: User, tmp_path: Path, env: Environment, cache: Path, request_text: str
) -> None:
    other = User(tmp_path / "somebody else", env, cache).set_up()
    projects = {user: user.project(), other: other.project("another name")}
    for somebody, project in projects.items():
        somebody.ccpin("use", request_text, cwd=project).ok()
    one, two = ((project / ".ccpin.lock").read_bytes() for project in projects.values())
    assert one == two


def _is_unchanged(user: User, stranger: User, project: Path) -> None:
    committed = user.root / "project" / ".ccpin.lock"
    assert (project / ".ccpin.lock").read_bytes() == committed.read_bytes()
    assert run(["git", "status", "--porcelain"], project, stranger.env).ok().out == ""
