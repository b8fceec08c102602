"""Whether a release is there, whole and unchanged: the question of every command that then has nothing to do."""

from __future__ import annotations

from ccpin import platforms
from ccpin.errors import NodeNotLocked, PlatformNotLocked
from ccpin.paths import Home
from ccpin.pinning.artifacts import NODE_KEYS
from ccpin.pinning.lock import Lock
from ccpin.store.entry import artifact_key, install_folder, node_key, ready
from ccpin.store.receipt import Install, changes, read_install


def require_locked(lock: Lock, where: str | None = None) -> None:
    """Raises PlatformNotLocked, NodeNotLocked where `lock` holds nothing for this machine; `where` is for messages."""
    if artifact_key(lock) not in lock.artifacts:
        locked = ", ".join(lock.artifacts)
        raise PlatformNotLocked(where=where, version=lock.version, locked=locked, platform=platforms.current())
    node = node_key(lock)
    if node is not None and node not in lock.artifacts:
        locked = ", ".join(key.removeprefix(NODE_KEYS) for key in lock.artifacts if key.startswith(NODE_KEYS))
        facts = {"version": lock.version, "node": lock.node, "locked": locked, "platform": platforms.current()}
        raise NodeNotLocked(where=where, **facts)


def find_install(home: Home, lock: Lock) -> Install | None:
    """The install that serves `lock` on this machine, whole, unchanged by stat and fit to be started, or None."""
    if not ready(home, lock):
        return None
    found = read_install(install_folder(home, lock))
    if found is None or found.receipt.digest != lock.digest:  # the folder's name holds half of it
        return None
    if found.receipt.node != lock.node:  # what the digest covers are the artifacts
        return None
    return None if changes(found) else found
