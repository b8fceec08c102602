"""The lock of a project as it was: what git has of it, with another release or other flags than it says now."""

from __future__ import annotations

from collections.abc import Mapping

from ccpin.errors import LockError, NoPrevious
from ccpin.paths import Home
from ccpin.pinning.find import Pin, find_pin
from ccpin.pinning.history import committed
from ccpin.pinning.lock import parse
from ccpin.pinning.own import allowed_flags
from ccpin.pinning.profile import what_runs


def lock_before(home: Home, env: Mapping[str, str]) -> Pin:
    """The newest committed text of the nearest lock that would run something else. Raises NoLock, LockError,
    NoPrevious."""
    pin = find_pin(home)
    allowed = allowed_flags(home)
    now = what_runs(parse(pin.data, pin.path, allowed))
    for one in committed(pin.path, env):
        try:
            lock = parse(one.data, f"{pin.path} of commit {one.commit[:12]}", allowed)
        except LockError:
            continue
        if what_runs(lock) != now:
            return Pin(lock.head(), f"{pin.path} of commit {one.commit[:12]}", "asked", one.data)
    raise NoPrevious(reason="no commit holds it with another release, or with other flags")
