"""From a version request to an install that can start: resolved once, downloaded once, its Node.js checked before.

Behind `ccpin use`, which then writes the lock, and `ccpin install`, which does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccpin import platforms
from ccpin.launching.node import remember_node, require_node
from ccpin.paths import Home
from ccpin.pinning.find import require_minimum
from ccpin.pinning.lock import Lock
from ccpin.pinning.request import Request
from ccpin.releases.registry import Registry
from ccpin.releases.resolve import Release, pick, resolve
from ccpin.store.entry import node_link
from ccpin.store.fetch import Progress
from ccpin.store.install import install
from ccpin.store.receipt import Install


@dataclass(frozen=True)
class Acquired:
    """What a request meant, the lock that says so, and the install that serves it."""

    release: Release
    lock: Lock
    installed: Install


def acquire(
    request: Request,
    home: Home,
    env: dict[str, str],
    registry: Registry,
    *,
    progress: Progress,
    old: Lock | None = None,
    runtime: str | None = None,
    force: bool = False,
) -> Acquired:
    """Installs what `request` means today. The flags of the `old` lock stay, and its runtime, if it means the same
    version again; `force` installs anew what is there.

    Raises ReleaseError, RegistryError, BelowMinimum, NodeMissing, NodeUnfit, StoreError.
    """
    version = pick(registry, request)
    require_minimum(home, version)
    if old is not None and old.version == version:
        runtime = runtime or old.runtime
    release = resolve(registry, version, platforms.current(), runtime)
    node = require_node(env, release.engines, version) if release.runtime == "node" else None
    lock = release.to_lock(request, old)
    installed = install(home, lock, lambda: registry, progress=progress, force=force)
    if node is not None:
        remember_node(node, node_link(home, version, lock.digest))
    return Acquired(release, lock, installed)
