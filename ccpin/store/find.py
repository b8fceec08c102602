"""Whether a release is there, whole and unchanged: the question of every command that then has nothing to do."""

from __future__ import annotations

from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.store.entry import install_folder, ready
from ccpin.store.receipt import Install, changes, read_install


def find_install(home: Home, lock: Lock) -> Install | None:
    """The install that serves `lock` on this machine, whole, unchanged by stat and fit to be started, or None."""
    if not ready(home, lock.version, lock.digest, lock.runtime):
        return None
    found = read_install(install_folder(home, lock.version, lock.digest, lock.runtime))
    if found is None or found.receipt.digest != lock.digest:  # the folder's name holds half of it
        return None
    return None if changes(found) else found
