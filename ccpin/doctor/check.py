"""`ccpin check`: whether what the lock says is what would run here. For CI and pre-commit; changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ccpin.errors import CcpinError, EntryChanged, NotInstalled, NotSetUp, Overridden, SharedChanged
from ccpin.launching.node import require_node
from ccpin.launching.setup import activation
from ccpin.launching.shims import shim_status
from ccpin.launching.sync import require_agreement
from ccpin.paths import Home
from ccpin.pinning.find import Pin, find_pin, require_minimum
from ccpin.pinning.lock import Lock, parse
from ccpin.pinning.own import allowed_flags
from ccpin.store.entry import artifact_key, install_folder, ready, serving
from ccpin.store.find import require_locked
from ccpin.store.receipt import Install, changes, read_install


@dataclass(frozen=True)
class Checked:
    """What was looked at, and every fault that was found; `version` is None when there is no valid lock."""

    version: str | None
    lock: str | None
    executable: str | None
    faults: tuple[CcpinError, ...]


def check(home: Home, env: dict[str, str], *, deep: bool = False, lock_only: bool = False) -> Checked:
    """Looks at lock, platform, install (by stat, or with `deep` by every byte), Node.js and shim, in this order.

    A JavaScript release's lock holds the tarball's digest, so there `deep` compares with the receipt, whose files
    were unpacked from the tarball of that digest.
    """
    try:
        pin = find_pin(home)
        lock = parse(pin.data, pin.path, allowed_flags(home))
    except CcpinError as error:
        return Checked(None, re.sub(r":\d+$", "", error.where) if error.where else None, None, (error,))
    faults = list(_lock_faults(home, lock, pin))
    installed = None
    if not lock_only and not faults:
        store = serving(home, lock)
        installed = read_install(install_folder(store, lock))
        faults += _install_faults(home, store, lock, installed, pin.path, deep=deep)
        faults += _start_faults(home, lock, installed, env)
        faults += [Overridden(name=name) for name in ("CCPIN_DISABLE", "CCPIN_VERSION") if env.get(name)]
    return Checked(lock.version, pin.path, installed.executable if installed else None, tuple(faults))


def _lock_faults(home: Home, lock: Lock, pin: Pin) -> Iterator[CcpinError]:
    where = pin.source
    demands: list[Callable[[], None]] = [
        lambda: require_locked(lock, where),
        lambda: require_agreement(lock, pin, allowed_flags(home)),
        lambda: require_minimum(home, lock.version, where),
    ]
    for demand in demands:
        try:
            demand()
        except CcpinError as error:
            yield error


def _install_faults(
    home: Home, store: Home, lock: Lock, installed: Install | None, path: str, *, deep: bool
) -> Iterator[CcpinError]:
    if installed is None:
        yield NotInstalled(where=path, version=lock.version, command="ccpin sync")
        return
    receipt = installed.receipt
    key = artifact_key(lock)
    found = changes(installed, deep=deep)
    if receipt.digest != lock.digest or receipt.artifact != lock.artifacts[key]:
        found.append("its receipt is of another artifact than the lock's")
    if receipt.node != lock.node:
        found.append(f"its receipt is of Node.js {receipt.node}, and the lock's is {lock.node}")
    executable = receipt.files.get(receipt.executable)
    locked = lock.artifacts[key].sha256
    if executable is None or (locked is not None and executable.sha256 != locked):
        found.append("its receipt does not hold the lock's sha256")
    if not found and not ready(store, lock):
        found.append("its receipt is older than its executable")
    if found and store is not home:
        yield SharedChanged(path=store.root, version=lock.version, reason="; ".join(found[:5]))
    elif found:
        yield EntryChanged(version=lock.version, reason="; ".join(found[:5]))


def _start_faults(home: Home, lock: Lock, installed: Install | None, env: dict[str, str]) -> Iterator[CcpinError]:
    if lock.runtime == "node" and lock.node is None:
        try:
            require_node(env, installed.receipt.engines if installed else None, lock.version)
        except CcpinError as error:
            yield error
    status = shim_status(home, env)
    if not status.installed:
        yield NotSetUp(reason=f"the shim is not installed ({status.path})")
    elif not status.current:
        yield NotSetUp(reason=f"the shim is of another ccpin ({status.path})")
    elif not status.ours:
        found = f"`claude` is {status.resolves}, not the shim" if status.resolves else "`claude` is not on this PATH"
        line = activation(home, env)
        yield NotSetUp(reason=f"{found}; this shell finds the shim after `{line}`" if line else found)
