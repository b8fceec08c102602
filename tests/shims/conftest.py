"""Every test that takes `world` runs once under each shell that people have as sh, or might.

Long tables run row by row under the two that most people have, `@two_shells`, and at once under each of the others.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.shims.world import SHELLS, World, require


@pytest.fixture(scope="session")
def interpreters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per shell, with the shell in it under the name `sh`, by which each one behaves as sh."""
    folder = tmp_path_factory.mktemp("sh")
    for shell in SHELLS:
        found = shutil.which(shell)
        if found:
            (folder / shell).mkdir()
            (folder / shell / "sh").symlink_to(os.path.realpath(found))
    return folder


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    require(name)
    return name


@pytest.fixture
def interpreter(shell: str, interpreters: Path) -> str:
    return str(interpreters / shell / "sh")


@pytest.fixture
def world(tmp_path: Path, interpreter: str) -> World:
    """A project with a lock whose release is installed, and a fake `python` that takes what is handed over."""
    world = World(tmp_path / "world", interpreter)
    world.furnish()
    return world
