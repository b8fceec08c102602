"""What the checks look at: the values that a session would meet, found once, and handed to every check."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from ccpin import platforms
from ccpin.doctor.check import check
from ccpin.doctor.reading import read_text
from ccpin.errors import CcpinError
from ccpin.launching.contradictions import Said, said_by_files
from ccpin.launching.environment import clean, to_clear
from ccpin.launching.shellfiles import user_folder
from ccpin.launching.shims import ShimStatus, shim_status
from ccpin.paths import Home
from ccpin.pinning.find import Pin, find_pin
from ccpin.pinning.lock import Lock, parse
from ccpin.pinning.own import allowed_flags, kept_flags
from ccpin.store.entry import install_folder, serving
from ccpin.store.receipt import Install, Receipt, read_install


@dataclass(frozen=True)
class Machine:
    """`system` as `sys.platform`; `platform` upstream's name for it, or None where it has none; `cpu_flags` what the
    processor can do, or None where nobody knows; `translated`: this Python runs under Rosetta."""

    system: str
    platform: str | None
    cpu_flags: frozenset[str] | None = None
    translated: bool = False


@dataclass(frozen=True)
class Context:
    """`env` is what a `claude` started now would get, `now` seconds since 1970, `user` the user's folder.

    `pin` and `lock` are both there or both None; `faults` are those of `ccpin check`. `cleared` are the names that a
    clean slate takes away, `said` what settings files set of ccpin's table. `shim` is None where nobody can look at it.
    """

    env: dict[str, str]
    home: Home
    user: str
    machine: Machine
    now: float
    pin: Pin | None
    lock: Lock | None
    faults: tuple[CcpinError, ...]
    install: Install | None
    cleared: tuple[str, ...]
    said: tuple[Said, ...]
    shim: ShimStatus | None

    @property
    def receipt(self) -> Receipt | None:
        return self.install.receipt if self.install else None

    @property
    def locked(self) -> dict[str, str]:
        """The flags of the lock."""
        return self.pin.head.env if self.pin else {}

    @property
    def version(self) -> str:
        return self.pin.head.version if self.pin else ""

    @property
    def beaten(self) -> bool:
        """Whether the flags that ccpin passes with `--settings` count: only where the release knows that option."""
        return self.receipt is not None and self.receipt.takes_settings


def look(env: dict[str, str], home: Home, machine: Machine, now: float) -> Context:
    """The context of the current folder. A lock that cannot be used is one of its faults, and not raised."""
    pin, lock = _pinned(home)
    try:
        allowed, kept = allowed_flags(home), kept_flags(home)
    except CcpinError:  # said by the check of the settings of ccpin's own
        allowed, kept = frozenset(), frozenset()
    return Context(
        env=clean(env, allowed),
        home=home,
        user=user_folder(env),
        machine=machine,
        now=now,
        pin=pin,
        lock=lock,
        faults=check(home, env).faults,
        install=_install(home, lock) if lock else None,
        cleared=tuple(to_clear(pin.head, kept)) if pin else (),
        said=tuple(said_by_files(env)),
        shim=_shim(home, env),
    )


def this_machine() -> Machine:
    """The one that this process runs on."""
    try:
        platform: str | None = platforms.current()
    except CcpinError:
        platform = None
    translated = sys.platform == "darwin" and os.uname().machine == "x86_64" and platform == "darwin-arm64"
    return Machine(sys.platform, platform, cpu_flags(read_text("/proc/cpuinfo") or ""), translated)


def cpu_flags(text: str) -> frozenset[str] | None:
    """What the first processor of a /proc/cpuinfo can do; None where it does not say (it is Linux's, on x64)."""
    lines = (line.partition(":") for line in text.split("\n"))
    return next((frozenset(value.split()) for name, _, value in lines if name.strip() == "flags"), None)


def _pinned(home: Home) -> tuple[Pin, Lock] | tuple[None, None]:
    try:
        pin = find_pin(home)
        return pin, parse(pin.data, pin.path, allowed_flags(home))
    except CcpinError:
        return None, None


def _install(home: Home, lock: Lock) -> Install | None:
    try:
        found = read_install(install_folder(serving(home, lock), lock))
    except CcpinError:  # no platform that upstream knows
        return None
    return found if found is not None and found.receipt.digest == lock.digest else None


def _shim(home: Home, env: dict[str, str]) -> ShimStatus | None:
    try:
        return shim_status(home, env)
    except CcpinError:
        return None
