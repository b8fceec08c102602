"""The Claude Code that is installed here without ccpin, and which release it is: told by its files, never by running
it. For `ccpin use current`.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Any

from ccpin import platforms
from ccpin.errors import NoneInstalled, NotUpstreams, ReleaseNotTold
from ccpin.launching.elsewhere import native_versions
from ccpin.launching.launch import next_claude
from ccpin.paths import Home
from ccpin.pinning.find import read_plain
from ccpin.pinning.head import is_version, version_key
from ccpin.releases.registry import CLAUDE
from ccpin.releases.release import Release, entry_of
from ccpin.store.inside import version_inside
from ccpin.store.receipt import sha256_of

_FOR_NODE = re.compile(rb"#! *(/\S*/)?(env +(-S +)?)?node\b")
_FOR_SH = re.compile(rb"#! *(/\S*/)?(env +)?(ba|da|z|k)?sh\b")
_SCRIPTS = (".js", ".mjs", ".cjs")
_HEAD = 4096  # bytes
_MOST_PACKAGE = 1 << 20
_MOST_UP = 6  # folders: `lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe` needs one


@dataclass(frozen=True)
class Unpinned:
    """One installation: the real path of its executable or its script, and which release that says it is."""

    path: str
    version: str
    runtime: str

    def compared(self, release: Release) -> str:
        """How this installation compares with `release`, upstream's of the same number: a sentence. Raises NotUpstreams
        where its executable is another than upstream's for this machine."""
        if self.runtime == "node":
            return f"{self.path} is {self.version}; its files were not compared with upstream's"
        artifact = release.artifacts.get(platforms.current())
        if artifact is None or artifact.sha256 is None:
            return f"{self.path} is {self.version}; there is no manifest of it, so its bytes were not compared"
        found = sha256_of(self.path)
        if found != artifact.sha256:
            raise NotUpstreams(path=self.path, version=self.version, found=found, expected=artifact.sha256)
        return f"{self.path} is upstream's {self.version}, byte for byte"


def find_unpinned(env: dict[str, str], home: Home) -> Unpinned:
    """What `claude` would start without ccpin: the next one on PATH, else the newest that Claude Code's own installer
    has put down. Raises NoneInstalled, ReleaseNotTold."""
    path = next_claude(env, home) or _newest(native_versions(env))
    if path is None:
        folder = native_versions(env)
        raise NoneInstalled(folder=f", and nothing in {folder}" if folder else "")
    real = os.path.realpath(path)
    real = _behind(real) or real
    try:
        version = _version(real)
        script = real.endswith(_SCRIPTS) or _FOR_NODE.match(_head(real)) is not None
    except OSError:
        raise ReleaseNotTold(path=path) from None
    if version is None:
        raise ReleaseNotTold(path=path)
    return Unpinned(real, version, "node" if script else "native")


def told_version(path: str) -> str | None:
    """The release that the file behind `path` says it is; None where it does not tell, or cannot be read."""
    try:
        return _version(os.path.realpath(path))
    except OSError:
        return None


def _newest(folder: str | None) -> str | None:
    """The file of the newest version in the folder of Claude Code's own installer."""
    try:
        names = os.listdir(folder) if folder else []
    except OSError:
        names = []
    versions = {_bare(name): name for name in names if is_version(_bare(name))}
    for version in sorted(versions, key=version_key, reverse=True):
        path = os.path.join(folder or "", versions[version])
        if os.path.isfile(path):
            return path
    return None


def _behind(path: str) -> str | None:
    """What a wrapper starts: npm's `claude.cmd`, or the script that Claude Code puts before its own local npm install.
    Both stand beside the node_modules that they lead into."""
    try:
        if not path.endswith(".cmd") and not _FOR_SH.match(_head(path)):
            return None
    except OSError:
        return None
    folder = os.path.join(os.path.dirname(path), "node_modules", *CLAUDE.split("/"))
    entry = entry_of(_package(folder))
    started = os.path.join(folder, *entry.split("/")) if entry else ""
    return os.path.realpath(started) if os.path.isfile(started) else None


def _version(path: str) -> str | None:
    """The release that a file is, by its name, by the package that it belongs to, or by its text. Raises OSError."""
    folder, name = os.path.split(path)
    if folder.replace(os.sep, "/").endswith("/claude/versions") and is_version(_bare(name)):
        return _bare(name)
    for _ in range(_MOST_UP):
        package = _package(folder)
        if package.get("name") == CLAUDE:
            said = package.get("version")
            return said if isinstance(said, str) and is_version(said) else None
        folder = os.path.dirname(folder)
    return version_inside(path)


def _package(folder: str) -> dict[str, Any]:
    """The package.json of a folder; empty where there is none."""
    try:
        found = json.loads(read_plain(os.path.join(folder, "package.json"), _MOST_PACKAGE))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _head(path: str) -> bytes:
    return read_plain(path, _HEAD)


def _bare(name: str) -> str:
    return name.removesuffix(".exe")
