"""Whether a patched release is told from a broken one: by the version that stands in those of each era."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.store.inside import version_inside
from ccpin.store.receipt import installs, read_install
from ccpin.store.verify import faults
from tests.live.machine import ERAS, JAVASCRIPT, NATIVE, User
from tests.live.releases import pinned

pytestmark = pytest.mark.live


def test_every_era_says_which_release_it_is(user: User, note: Callable[[str], None]) -> None:
    for version in ERAS:
        pinned(user, version, "none")
    slowest = 0.0
    for install in installs(user.layout):
        started = time.monotonic()
        found = version_inside(install.executable)
        slowest = max(slowest, time.monotonic() - started)
        assert found == install.receipt.version, install.folder
    note(f"verify: the version inside {len(ERAS)} releases was found in at most {slowest:.2f} s")


@pytest.mark.parametrize("version", [NATIVE, JAVASCRIPT])
def test_patched(user: User, tmp_path: Path, version: str) -> None:
    """One word of it is another one, as patching tools do it."""
    pinned(user, version, "none")
    [install] = [install for install in installs(user.layout) if install.receipt.version == version][:1]
    folder = tmp_path / Path(install.entry).name / Path(install.folder).name
    shutil.copytree(install.folder, folder, symlinks=True)
    copy = read_install(str(folder))
    assert copy is not None
    path = Path(copy.executable)
    path.chmod(0o755)
    word = b"You are Claude Code"
    with path.open("r+b") as file:
        data = file.read()
        assert word in data
        file.seek(data.index(word))
        file.write(b"You are Claude Cod3")
    path.chmod(0o555)
    kinds = {fault.kind: fault.said for fault in faults(str(folder), copy, deep=True)}
    assert kinds["patched"].startswith(f"patched, not corrupt: it is still {version} inside")
