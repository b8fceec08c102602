"""Whether a release is there, whole and unchanged: the question of every command that then has nothing to do."""

from __future__ import annotations

from ccpin import platforms
from ccpin.errors import NodeNotLocked, PlatformNotLocked, SharedChanged
from ccpin.paths import Home
from ccpin.pinning.artifacts import NODE_KEYS
from ccpin.pinning.lock import Lock
from ccpin.store.entry import artifact_key, install_folder, node_key, ready, serving
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
    """The install that serves `lock` on this machine, whole, unchanged by stat and fit to be started, or None.

    Raises SharedChanged where a shared store would serve it, and not as it was installed: it goes before the own
    store, so an install there would mend nothing.
    """
    store = serving(home, lock)
    if not ready(store, lock):
        return None
    found = read_install(install_folder(store, lock))
    fault = _fault(found, lock)
    if fault is not None and store is not home:
        raise SharedChanged(path=store.root, version=lock.version, reason=fault)
    return None if fault else found


def _fault(found: Install | None, lock: Lock) -> str | None:
    """What keeps an install from serving `lock`, or None."""
    if found is None:
        return "its receipt cannot be read"
    if found.receipt.digest != lock.digest:  # the folder's name holds half of it
        return "its receipt is of another lock"
    if found.receipt.node != lock.node:  # what the digest covers are the artifacts
        return f"its receipt is of Node.js {found.receipt.node}, and the lock's is {lock.node}"
    return next(iter(changes(found)), None)
