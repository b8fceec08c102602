"""`ccpin sync`: installs what the lock says, and nothing else. What onboarding scripts and CI call.

With everything there it has to be quick, so what only an install needs is imported for one.
"""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ccpin.cli.output import JSON, REGISTRY, Answer, give
from ccpin.errors import LockWouldChange
from ccpin.paths import Home, find_home
from ccpin.pinning.find import Pin, find_pin, require_minimum
from ccpin.pinning.lock import Lock, parse
from ccpin.store.find import find_install
from ccpin.store.projects import remember
from ccpin.store.receipt import Install


def sync(pin: Pin, home: Home, env: dict[str, str], *, locked: bool, registry: str | None = None) -> Install:
    """Makes sure that what `pin` names is installed and can start. Never writes the lock.

    Raises LockWouldChange with `locked` when the lock's version is not one that its request admits.
    """
    lock = parse(pin.data, pin.path)
    if locked:
        _require_agreement(lock, pin)
    require_minimum(home, lock.version, pin.source)
    installed = find_install(home, lock) or _install(home, lock, env, registry)
    if lock.runtime == "node":
        _require_node(home, lock, env, installed.receipt.engines)
    if pin.why == "lock":
        remember(home, pin.path)
    return installed


def _install(home: Home, lock: Lock, env: dict[str, str], registry: str | None) -> Install:
    from ccpin.cli.progress import Shown
    from ccpin.launching.node import require_node
    from ccpin.releases.registry import Registry
    from ccpin.store.install import install

    return install(
        home,
        lock,
        lambda: Registry.configured(env, registry),
        progress=Shown(),
        check=lambda engines: lock.runtime == "native" or require_node(env, engines, lock.version),
    )


def _require_node(home: Home, lock: Lock, env: dict[str, str], engines: str | None) -> None:
    from ccpin.launching.node import remember_node, require_node
    from ccpin.store.entry import node_link

    node = require_node(env, engines, lock.version)
    remember_node(node, node_link(home, lock.version, lock.digest))


def _require_agreement(lock: Lock, pin: Pin) -> None:
    from ccpin.pinning.request import parse_request

    request = parse_request(lock.request)
    if request.kind != "channel" and not request.admits(lock.version):
        reason = f"its version {lock.version} is not what its request `{lock.request}` means"
        raise LockWouldChange(where=pin.source, reason=reason, version=lock.request)


def sync_command(
    locked: Annotated[
        bool, typer.Option("--locked", help="Fail if `ccpin use` would write this lock differently.")
    ] = False,
    registry: REGISTRY = None,
    as_json: JSON = False,
) -> None:
    """Install what the lock says, and nothing else."""
    env = dict(os.environ)
    home = find_home(env)
    pin = find_pin(home)
    installed = sync(pin, home, env, locked=locked, registry=registry)
    data = {
        "version": installed.receipt.version,
        "lock": pin.path,
        "executable": installed.executable,
    }
    give("sync", Answer(data, f"Claude Code {installed.receipt.version} is installed"), as_json=as_json)
