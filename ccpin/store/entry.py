"""Where a release stands in the store, and whether it may be started: the questions that every launch asks.

The same tests as in `shims/claude`: the executable is there and not empty, and the receipt, written last, is newer
than it. The entry's name carries the digest of the lock's artifacts, so what is found was verified against this very
lock.

On the launch path: only `os`, and what ccpin itself needs for names of places.
"""

from __future__ import annotations

import os
import sys

from ccpin import platforms
from ccpin.paths import Home

RECEIPT = "receipt.json"
SETTINGS_MARK = "takes-settings"
"""An empty file beside the receipt of a release that knows the option `--settings`: sh cannot read JSON."""

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
    receipt = os.path.join(folder, RECEIPT)
    try:
        command = os.path.join(folder, _entry_point(receipt) if _has_no_links(runtime) else command_name(runtime))
        status = os.stat(command)
        sealed = os.stat(receipt).st_mtime_ns
    except (OSError, ValueError, LookupError, TypeError):
        return None
    if status.st_size == 0 or sealed <= status.st_mtime_ns or not os.access(command, os.X_OK):
        return None
    return command


def takes_settings(folder: str) -> bool:
    """Whether the release in a platform folder knows the option `--settings`, as `shims/claude` asks it."""
    return os.path.isfile(os.path.join(folder, SETTINGS_MARK))


def real_command(command: str) -> str:
    """The file behind the fixed name: of a JavaScript release its entry point, whose suffix tells other programs."""
    return os.path.join(os.path.dirname(command), os.readlink(command)) if os.path.islink(command) else command


def node_link(home: Home, version: str, digest: str) -> str:
    """The link to the Node.js that was checked for this release."""
    return os.path.join(home.entry(version, digest), "node")


def _has_no_links(runtime: str) -> bool:
    """On Windows they take a privilege, so there the receipt tells what is started."""
    return runtime == "node" and sys.platform == "win32"


def _entry_point(receipt: str) -> str:
    import json

    with open(receipt, encoding="utf-8") as file:
        return os.path.join(*str(json.load(file)["executable"]).split("/"))
