"""One release of each era, really installed from the registry, answers its own number."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.pinning.head import version_key
from ccpin.pinning.lock import parse
from ccpin.store.entry import RECEIPT, SETTINGS_MARK, install_folder
from ccpin.store.receipt import Install, read_install
from tests.live.machine import ERAS, User, answer

pytestmark = pytest.mark.live


@pytest.mark.parametrize("version", ERAS)
def test_a_release_of_each_era_answers_its_own_number(user: User, version: str, note: Callable[[str], None]) -> None:
    started = time.monotonic()
    user.ccpin("install", version, cwd=user.root).ok()
    installed = time.monotonic()
    project = user.project()
    user.ccpin("use", version, cwd=project).ok()

    launched = time.monotonic()
    said = user.claude("--version", cwd=project).ok().out
    answered = time.monotonic()
    assert said == answer(version)

    install = _installed(user, project)
    mark = {SETTINGS_MARK} if version_key(version) >= (1, 0, 100) else set()
    assert _files(install) == {*install.receipt.files, RECEIPT, "claude", *mark}
    user.ccpin("check", "--deep", cwd=project).ok()
    note(
        f"{said.strip():<22} {install.receipt.runtime:<6} {install.size / 1e6:>4.0f} MB,"
        f" installed in {installed - started:4.1f} s, answered in {answered - launched:4.2f} s"
    )


def test_a_release_with_both_kinds_runs_as_an_executable_too(user: User) -> None:
    project = user.project()
    user.ccpin("use", "2.1.112", "--runtime", "native", cwd=project).ok()
    assert 'runtime = "native"' in (project / ".ccpin.lock").read_text()
    assert user.claude("--version", cwd=project).ok().out == "2.1.112 (Claude Code)\n"
    assert _installed(user, project).receipt.runtime == "native"
    user.ccpin("check", "--deep", cwd=project).ok()


def _installed(user: User, project: Path) -> Install:
    """What the project's lock names, with a receipt that is of this very lock."""
    path = project / ".ccpin.lock"
    lock = parse(path.read_bytes(), str(path))
    install = read_install(install_folder(user.layout, lock))
    assert install is not None
    receipt = install.receipt
    assert (receipt.version, receipt.runtime, receipt.digest) == (lock.version, lock.runtime, lock.digest)
    assert receipt.artifact == lock.artifacts[receipt.platform]
    assert receipt.integrity is not None
    assert receipt.integrity.startswith("sha512-")
    assert receipt.executable in receipt.files
    return install


def _files(install: Install) -> set[str]:
    root = Path(install.folder)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}
