"""The README's first command in a fresh clone, with an empty home: what somebody does who has just heard of ccpin."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccpin.releases.registry import Registry
from tests.fakes.pythons import REPOSITORY
from tests.live.machine import JAVASCRIPT, Environment, answer, reaching, require, run

pytestmark = pytest.mark.live

COMMAND = f"sh install.sh use {JAVASCRIPT}"
NEW_SHELLS = (["bash", "-lc"], ["bash", "-ic"], ["sh", "-lc"], ["zsh", "-lc"], ["zsh", "-ic"], ["fish", "-c"])
_KEPT_BY_OTHERS = (".cache/", ".npm/", ".claude", ".rustup/", ".local/share/ccpin/metadata/")

Tree = dict[str, tuple[int, int]]
"""Size in bytes and time of change in nanoseconds of every file, by its path from the home."""


@pytest.mark.timeout(480)
def test_the_first_command_pins_and_new_shells_obey(
    tmp_path: Path, env: Environment, registry: Registry, note: Callable[[str], None]
) -> None:
    clone, home = tmp_path / "clone", tmp_path / "home"
    _fresh_clone(clone, env)
    assert _first_command(clone / "README.md") == COMMAND
    home.mkdir()
    newcomer = reaching(env, PATH=env["PATH"], HOME=str(home))

    started = time.monotonic()
    run(COMMAND.split(), clone, newcomer).ok()
    note(f"`{COMMAND}` in a fresh clone took {time.monotonic() - started:.0f} s")
    _new_shells_obey(clone, newcomer, note)

    lock, before = (clone / ".ccpin.lock").read_bytes(), _tree(home)
    started = time.monotonic()
    again = run(COMMAND.split(), clone, newcomer).ok()
    note(f"a second time {time.monotonic() - started:.1f} s")
    assert "installing" not in again.err
    assert (clone / ".ccpin.lock").read_bytes() == lock
    assert _changed(before, _tree(home)) == {}


def _first_command(readme: Path) -> str:
    code = next(line for line in readme.read_text(encoding="utf-8").splitlines() if line.startswith("    "))
    return code.partition("#")[0].strip()


def _new_shells_obey(folder: Path, env: Environment, note: Callable[[str], None]) -> None:
    asked = []
    for shell in NEW_SHELLS:
        if program := shutil.which(shell[0], path=env["PATH"]):
            told = run([program, shell[1], "claude --version"], folder, env, isolated=True, timeout=60).ok()
            assert told.out == answer(JAVASCRIPT), shell
            asked.append(" ".join(shell))
    note(f"new shells that said {JAVASCRIPT}: {', '.join(asked)}")


def _fresh_clone(target: Path, env: Environment) -> None:
    """A clone of HEAD in CI; elsewhere a copy of what is about to be committed."""
    git = require("git", env)
    if env.get("CI"):
        subprocess.run([git, "clone", "-q", str(REPOSITORY), str(target)], env=env, check=True, timeout=120)
        return
    listed = subprocess.run(
        [git, "ls-files", "-co", "--exclude-standard", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    )
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    subprocess.run([git, "init", "-q", str(target)], check=True)


def _tree(home: Path) -> Tree:
    """Every file, but for what Python, pip, npm and Claude Code keep for themselves, and what registries said: it
    tells when they last did."""
    return dict(_files(home))


def _changed(before: Tree, after: Tree) -> dict[str, tuple[tuple[int, int] | None, tuple[int, int] | None]]:
    """Only what differs: there are thousands of files."""
    return {
        name: (before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def _files(home: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_file() and not name.startswith(_KEPT_BY_OTHERS) and "__pycache__" not in name:
            status = path.lstat()
            yield name, (status.st_size, status.st_mtime_ns)
