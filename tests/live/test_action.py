"""The action and the hook of pre-commit out of a clone of this repository, with the real index and a real release."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.actions import Job
from tests.fakes.pythons import REPOSITORY
from tests.live.machine import NATIVE, Environment, User, answer, reaching, require, run
from tests.live.releases import pinned

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

_NOT_OURS = shutil.ignore_patterns(".git", ".venv", "tools", "__pycache__", ".*_cache", ".hypothesis", "build", "dist")


@pytest.fixture
def clone(tmp_path: Path, env: Environment) -> Path:
    """This checkout as a commit of its own, with what is about to be committed."""
    folder = tmp_path / "ccpin"
    shutil.copytree(REPOSITORY, folder, ignore=_NOT_OURS)
    git = [require("git", env), "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], env=dict(env), check=True)
    return folder


def test_the_action(user: User, tmp_path: Path, env: Environment, clone: Path, note: Callable[[str], None]) -> None:
    project = pinned(user, NATIVE)
    (tmp_path / "cache").mkdir()
    (tmp_path / "runner").mkdir()
    home = {"HOME": str(tmp_path / "runner"), "CCPIN_HOME": str(tmp_path / "runner" / "ccpin"), "PATH": env["PATH"]}
    job = Job(tmp_path, reaching(env, **home), project, clone, tmp_path / "cache")
    assert job.use()["version"] == NATIVE
    job.end()
    later = run(["claude", "--version"], project, {**home, "PATH": job.env["PATH"]}, isolated=True).ok()
    assert later.out == answer(NATIVE)
    shutil.rmtree(tmp_path / "runner" / "ccpin" / "releases")
    again = Job(tmp_path, reaching(env, **home), project, clone, tmp_path / "cache").use()
    assert (again["version"], again["cache-hit"]) == (NATIVE, "true")
    size = sum(path.stat().st_size for path in (tmp_path / "cache").iterdir()) / 1e6
    note(f"action.yml: {NATIVE}, then out of a cache of {size:.0f} MB")


@pytest.mark.parametrize("good", [True, False])
def test_the_hook_of_pre_commit(user: User, tmp_path: Path, env: Environment, clone: Path, good: bool) -> None:
    project = pinned(user, NATIVE)
    lock = project / ".ccpin.lock"
    if not good:
        lock.write_text(lock.read_text().replace(f'version = "{NATIVE}"', 'version = "2.1.329"'))
    git = require("git", env)
    for words in (["init", "-q"], ["add", ".ccpin.lock"]):
        subprocess.run([git, *words], cwd=project, env=dict(env), check=True)
    around = reaching(env, HOME=str(tmp_path), PRE_COMMIT_HOME=str(tmp_path / "kept"), PATH=env["PATH"])
    argv = [sys.executable, "-m", "pre_commit", "try-repo", str(clone), "ccpin-lock", "--files", ".ccpin.lock"]
    done = run(argv, project, around, timeout=600)
    assert (done.code, "Passed" in done.out) == ((0, True) if good else (1, False)), done.out
