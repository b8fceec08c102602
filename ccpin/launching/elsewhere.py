"""Where else on this machine an executable of Claude Code may lie: Claude Code's own installs, npm's, another store."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping

from ccpin.launching.launch import next_claude
from ccpin.paths import Home, data_folder
from ccpin.store.receipt import installs


def executables(env: dict[str, str], home: Home, version: str) -> Iterator[str]:
    """Files that may be the native executable of `version`, there or not, each once, the likeliest first. None that
    says it is of another."""
    seen = {os.path.realpath(home.root)}
    for path in _places(env, home, version):
        real = os.path.realpath(path)
        if real not in seen and not real.startswith(os.path.realpath(home.releases) + os.sep):
            seen.add(real)
            yield real


def native_versions(env: Mapping[str, str]) -> str | None:
    """The folder in which Claude Code's native installer keeps one file a version; None without a home."""
    base = env.get("XDG_DATA_HOME", "")
    home = env.get("HOME") or env.get("USERPROFILE")
    if not os.path.isabs(base):
        if not home:
            return None
        base = os.path.join(home, ".local", "share")
    return os.path.join(base, "claude", "versions")


def _places(env: dict[str, str], home: Home, version: str) -> Iterator[str]:
    if folder := native_versions(env):
        yield os.path.join(folder, version + (".exe" if sys.platform == "win32" else ""))
        yield os.path.join(folder, version)
    if (beside := next_claude(env, home)) and _told(beside) == version:
        yield beside
    for root in home.shared:  # its entry may be another lock's, of the same executable
        yield from (i.executable for i in installs(Home(root)) if i.receipt.version == version)
    default = data_folder(env)
    if os.path.realpath(default) != os.path.realpath(home.root):
        yield from (i.executable for i in installs(Home(default)) if i.receipt.version == version)


def _told(path: str) -> str | None:
    """Which release the file behind a path is. A lock may hold the digest of another one than it names, and those bytes
    count here as what it names: so none are taken of a file that says it is something else."""
    from ccpin.launching.unpinned import told_version  # which needs this module

    return told_version(path)
