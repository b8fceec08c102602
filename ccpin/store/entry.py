"""Where a release stands in the store, and whether it may be started: the questions that every launch asks.

The same tests as in `shims/claude`: the executable is there and not empty, and the receipt, written last, is newer
than it. The entry's name carries the digest of the lock's artifacts, so what is found was verified against this very
lock.

On the launch path: only `os`.
"""

from __future__ import annotations

import os
import sys

from ccpin import platforms
from ccpin.paths import Home

RECEIPT = "receipt.json"
COMMAND = "claude"
"""The fixed name in every entry: the native executable, or a link to the JavaScript entry point."""


def platform_key(runtime: str) -> str:
    """The folder, and the line of [artifacts], that serves this machine."""
    return platforms.ANY if runtime == "node" else platforms.current()


def install_folder(home: Home, version: str, digest: str, runtime: str) -> str:
    return os.path.join(home.entry(version, digest), platform_key(runtime))


def command_name(runtime: str) -> str:
    """A native executable keeps its suffix on Windows, which starts nothing else."""
    return COMMAND + (".exe" if runtime == "native" and sys.platform == "win32" else "")


def ready(home: Home, version: str, digest: str, runtime: str) -> str | None:
    """The file to start, absolute, or None when it is not installed, or no longer as it was installed."""
    folder = install_folder(home, version, digest, runtime)
    try:
        receipt = os.stat(os.path.join(folder, RECEIPT))
        if runtime == "node" and sys.platform == "win32":  # no links there without privilege
            return _from_receipt(folder)
        command = os.path.join(folder, command_name(runtime))
        status = os.stat(command)
    except OSError:
        return None
    if status.st_size == 0 or receipt.st_mtime_ns <= status.st_mtime_ns or not os.access(command, os.X_OK):
        return None
    return os.path.join(folder, os.readlink(command)) if os.path.islink(command) else command


def node_link(home: Home, version: str, digest: str) -> str:
    """The link to the Node.js that was checked for this release."""
    return os.path.join(home.entry(version, digest), "node")


def _from_receipt(folder: str) -> str | None:
    import json

    with open(os.path.join(folder, RECEIPT), encoding="utf-8") as file:
        return os.path.join(folder, *str(json.load(file)["executable"]).split("/"))
