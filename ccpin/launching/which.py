"""Which pin counts here, and which file that is, without starting it. On the launch path."""

from __future__ import annotations

from ccpin.errors import NotInstalled
from ccpin.paths import Home
from ccpin.pinning.find import Pin, find_pin, require_minimum
from ccpin.store.entry import ready, real_command


def current_pin(env: dict[str, str], home: Home) -> Pin:
    """The pin that counts in the current folder, CCPIN_VERSION included. Raises LockError; NoLock where none does."""
    if version := env.get("CCPIN_VERSION"):
        from ccpin.launching.choose import pin_of_version, pin_or_none

        return pin_of_version(home, version, pin_or_none(home), env)
    return find_pin(home)


def which(env: dict[str, str], home: Home) -> str:
    """The absolute path of the pinned executable (of a JavaScript release: its entry point, or what starts that on the
    lock's own Node.js). Raises NotInstalled."""
    pin = current_pin(env, home)
    require_minimum(home, pin.head.version, pin.source)
    command = ready(home, pin.head)
    if command is None:
        raise not_installed(pin)
    return real_command(command, pin.head)


def not_installed(pin: Pin) -> NotInstalled:
    """With the command that installs just this: a lock's release, or one that was named by hand."""
    command = f"ccpin install {pin.head.version}" if pin.why == "asked" else "ccpin sync"
    return NotInstalled(where=pin.source, version=pin.head.version, command=command)
