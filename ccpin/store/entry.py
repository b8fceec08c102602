"""Where a release stands in the store, and whether it may be started: the questions that every launch asks.

The same tests as in `shims/claude`: the executable is there and not empty, and the receipt, written last, is newer
than it. The entry's name carries the digest of the lock's artifacts, so what is found was verified against this very
lock.

On the launch path: only `os`, and what ccpin itself needs for names of places.
"""

from __future__ import annotations

import os
import stat
import sys

from ccpin import platforms
from ccpin.paths import Home
from ccpin.pinning.head import is_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Named(Protocol):
        """What names an install: a lock, its head, or a receipt. `digest` is 64 hex digits; `node` is the version of
        a Node.js of the lock's own, None where the one on PATH serves, or none is needed."""

        @property
        def version(self) -> str: ...
        @property
        def digest(self) -> str: ...
        @property
        def runtime(self) -> str: ...
        @property
        def node(self) -> str | None: ...


RECEIPT = "receipt.json"
SETTINGS_MARK = "takes-settings"
"""An empty file beside the receipt of a release that knows the option `--settings`: sh cannot read JSON."""

COMMAND = "claude"
"""The fixed name in every entry: the native executable, or a link to the JavaScript entry point."""

NODE = "node.exe" if sys.platform == "win32" else "node"
"""The file of an install that is its own Node.js."""

NODE_LINKS = frozenset({"node", "node.draft"})
"""What may stand in an entry besides installs: which `node` on PATH was checked for them (launching/node.py)."""


def entry_parts(name: str) -> tuple[str, str] | None:
    """The version and the 32 digits in the name of a store entry; None for what is not named like one."""
    version, _, digest = name.partition("-")
    if is_version(version) and len(digest) == 32 and not digest.strip("0123456789abcdef"):
        return version, digest
    return None


def platform_key(named: Named) -> str:
    """The folder of an install, below its entry, that serves this machine."""
    return platforms.ANY if named.runtime == "node" and named.node is None else platforms.current()


def artifact_key(named: Named) -> str:
    """The line of [artifacts] with the release for this machine."""
    return platforms.ANY if named.runtime == "node" else platforms.current()


def node_key(named: Named) -> str | None:
    """The line of [artifacts] with the Node.js of the lock's own for this machine; None where it has none."""
    return None if named.node is None else "node-" + platforms.current()


def install_folder(home: Home, named: Named) -> str:
    """The folder of the install that serves this machine in this very store, there or not."""
    return os.path.join(home.entry(named.version, named.digest), platform_key(named))


def command_name(runtime: str) -> str:
    """A native executable keeps its suffix on Windows, which starts nothing else."""
    return COMMAND + (".exe" if runtime == "native" and sys.platform == "win32" else "")


def serving(home: Home, named: Named) -> Home:
    """The store whose install is started: the first shared one that has it ready, else the own one, ready or not."""
    for root in home.shared:
        store = Home(root)
        if _ready(store, named) is not None:
            return store
    return home


def ready(home: Home, named: Named) -> str | None:
    """The file to start, absolute, in the first store that has it; None when it is not installed, or no longer as it
    was installed. The same is asked of the Node.js of the install's own, where it has one."""
    return _ready(serving(home, named), named)


def _ready(store: Home, named: Named) -> str | None:
    folder = install_folder(store, named)
    receipt = os.path.join(folder, RECEIPT)
    try:
        name = _entry_point(receipt) if _has_no_links(named.runtime) else command_name(named.runtime)
        command = os.path.join(folder, name)
        seal = os.stat(receipt)
        if not stat.S_ISREG(seal.st_mode):
            return None
        sealed = seal.st_mtime_ns
        if named.runtime == "native" and os.path.islink(command):
            return None  # a script's, under a lock that lies about its runtime: `#!` would take any `node` on PATH
        fit = _is_fit(command, sealed) and (named.node is None or _has_own_node(folder, named, sealed))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return command if fit else None


def own_node(home: Home, named: Named) -> str | None:
    """The Node.js of the install's own, absolute, there or not; None where the one on PATH serves."""
    return None if named.node is None else os.path.join(install_folder(home, named), NODE)


def on_own_node(named: Named) -> str:
    """The name of the script beside the fixed name that starts a release on the Node.js of the lock's own: for those
    who start it by its path. The name carries the version, since the digest covers the Node.js and not what the lock
    calls it."""
    return f"{COMMAND}-on-node-{named.node}"


def takes_settings(folder: str) -> bool:
    """Whether the release in a platform folder knows the option `--settings`, as `shims/claude` asks it."""
    return os.path.isfile(os.path.join(folder, SETTINGS_MARK))


def real_command(command: str, named: Named) -> str:
    """What others should start in the place of the fixed name: of a JavaScript release its entry point, whose suffix
    tells them, or where the lock has a Node.js of its own the script that starts it on that."""
    if named.node is not None and sys.platform != "win32":
        return os.path.join(os.path.dirname(command), on_own_node(named))
    return os.path.join(os.path.dirname(command), os.readlink(command)) if os.path.islink(command) else command


def node_link(home: Home, named: Named) -> str:
    """The link to the Node.js on PATH that was checked for this release."""
    return os.path.join(home.entry(named.version, named.digest), "node")


def _is_fit(path: str, sealed: int) -> bool:
    """Whether a file can be started, and is older than the receipt of `sealed`, in nanoseconds. Raises OSError."""
    status = os.stat(path)
    regular = stat.S_ISREG(status.st_mode)
    return regular and status.st_size > 0 and sealed > status.st_mtime_ns and os.access(path, os.X_OK)


def _has_own_node(folder: str, named: Named, sealed: int) -> bool:
    return _is_fit(os.path.join(folder, NODE), sealed) and os.path.isfile(os.path.join(folder, on_own_node(named)))


def _has_no_links(runtime: str) -> bool:
    """On Windows they take a privilege, so there the receipt tells what is started."""
    return runtime == "node" and sys.platform == "win32"


def _entry_point(receipt: str) -> str:
    import json

    with open(receipt, encoding="utf-8") as file:
        return os.path.join(*str(json.load(file)["executable"]).split("/"))
