"""scripts/claude-setup.sh as `ccpin init` writes it, with the real pip, uv and pipx, and a real release."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.pythons import REPOSITORY
from tests.live.machine import JAVASCRIPT, NATIVE, Environment, User, answer, reaching, require, run

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]


@pytest.fixture
def installers(cache: Path, env: Environment) -> Path:
    """A folder with `uv` and `pipx`, kept between runs."""
    folder = cache / f"installers-{sys.version_info.minor}"
    if not (folder / "done").exists():
        around = reaching(env, PATH=env["PATH"], HOME=env["HOME"])
        run([sys.executable, "-m", "venv", "--clear", folder], cache, around).ok()
        run([folder / "bin" / "python", "-m", "pip", "install", "-q", "uv", "pipx"], cache, around, timeout=600).ok()
        (folder / "done").touch()
    return folder / "bin"


@pytest.fixture
def wheel(tmp_path: Path, env: Environment) -> Path:
    """The one that `pip wheel` builds from this checkout."""
    around = reaching(env, PATH=env["PATH"], HOME=env["HOME"])
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        tmp_path / "wheels",
        REPOSITORY,
    ]
    run(pip, tmp_path, around, timeout=600).ok()
    (found,) = (tmp_path / "wheels").iterdir()
    return found


def newcomer(tmp_path: Path, env: Environment, tool: Path | None = None) -> Environment:
    """A fresh home, and on PATH what a machine has, with one installer or none."""
    home, tools = tmp_path / "home", tmp_path / "tools"
    home.mkdir()
    tools.mkdir()
    for name in ("node", "npm", "python3", "git"):
        (tools / name).symlink_to(require(name, env))
    if tool:
        (tools / tool.name).symlink_to(tool)
    return reaching(env, PATH=f"{tools}:/usr/bin:/bin", HOME=str(home))


def project_of(user: User, version: str, source: str) -> Path:
    """A repository as somebody has left it for others."""
    project = user.project("repository")
    user.ccpin("use", version, cwd=project).ok()
    user.ccpin("init", "--yes", "--install-source", source, cwd=project).ok()
    return project


def source_of(wheel: Path, digest: str = "") -> str:
    return f"{wheel.as_uri()}#sha256={digest or hashlib.sha256(wheel.read_bytes()).hexdigest()}"


@pytest.mark.parametrize("tool", ["", "uv", "pipx"])
def test_a_fresh_home(
    user: User, tmp_path: Path, env: Environment, wheel: Path, installers: Path, tool: str, note: Callable[[str], None]
) -> None:
    if any(shutil.which(name, path="/usr/bin:/bin") for name in ("uv", "pipx")):
        pytest.skip("this machine has an installer that every user sees")
    version = NATIVE if not tool else JAVASCRIPT
    project = project_of(user, version, wheel.as_uri() if tool else source_of(wheel))
    around = newcomer(tmp_path, env, installers / tool if tool else None)
    done = run(["sh", "scripts/claude-setup.sh"], project, around, timeout=600).ok()
    assert done.out.endswith(answer(version))
    assert f"{tool or 'into'}" in done.err
    found = run(["sh", "-lc", "claude --version"], project, {**around, "ENV": ""}, isolated=True).ok()
    assert found.out == answer(version)
    again = run(["sh", "scripts/claude-setup.sh"], project, around, timeout=600).ok()
    assert "installing" not in again.err
    assert "written" not in again.out
    note(f"claude-setup.sh with {tool or 'a private environment'}: {answer(version).strip()}")


@pytest.mark.parametrize("tool", ["", "uv", "pipx"])
def test_a_wheel_of_other_bytes(
    user: User, tmp_path: Path, env: Environment, wheel: Path, installers: Path, tool: str
) -> None:
    """uv and pipx are not asked then: uv 0.13.9 installs it."""
    project = project_of(user, NATIVE, source_of(wheel, "0" * 64))
    around = newcomer(tmp_path, env, installers / tool if tool else None)
    done = run(["sh", "scripts/claude-setup.sh"], project, around, timeout=600)
    assert done.code != 0
    assert not os.path.exists(Path(around["HOME"], ".local", "bin", "ccpin"))
    assert not os.path.exists(Path(around["HOME"], ".local", "share", "ccpin", "bin", "ccpin"))
