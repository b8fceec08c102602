"""From a version request to an install that can start: resolved once, downloaded once, its Node.js checked before.

Behind `ccpin use`, which then writes the lock, and `ccpin install`, which does not. In two steps, `look_up` and
`take`, for those who look at what a request means before anything is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ccpin import platforms
from ccpin.launching.elsewhere import executables
from ccpin.launching.node import remember_node, require_node
from ccpin.launching.ownnode import with_node
from ccpin.paths import Home
from ccpin.pinning.find import require_minimum
from ccpin.pinning.lock import Lock
from ccpin.pinning.request import Request
from ccpin.releases.choose import Age, Chosen, choose
from ccpin.releases.source import Source
from ccpin.releases.sources import Sources
from ccpin.store.entry import node_link
from ccpin.store.install import install
from ccpin.store.progress import Progress
from ccpin.store.receipt import Install


@dataclass(frozen=True)
class Meant:
    """What a request means today. `source` is the one that vouched for it, and `origin` the sentence about it and
    those that were tried before, of which `fallback` tells whether there are any."""

    request: Request
    chosen: Chosen
    source: Source
    origin: str
    fallback: bool


@dataclass(frozen=True)
class Acquired:
    """What a request meant, the lock that says so, and the install that serves it; the rest is as in `Meant`."""

    chosen: Chosen
    lock: Lock
    installed: Install
    source: Source
    origin: str
    fallback: bool


def acquire(
    request: Request,
    home: Home,
    env: dict[str, str],
    sources: Sources,
    *,
    progress: Progress,
    old: Lock | None = None,
    runtime: str | None = None,
    node: str | None = None,
    age: Age | None = None,
    force: bool = False,
) -> Acquired:
    """Installs what `request` means today. The flags of the `old` lock stay, and its runtime, if it means the same
    version again; `node` is a request for a Node.js of the lock's own, or NO_NODE; `age` is what a release must have
    at least, `force` installs anew what is there.

    Raises ReleaseError, RegistryError, ChannelError, BelowMinimum, NodeUnfit, BadNodeRequest, StoreError.
    """

    meant = look_up(request, sources, old=old, runtime=runtime, age=age)
    return take(meant, home, env, sources, progress=progress, old=old, node=node, force=force)


def look_up(
    request: Request,
    sources: Sources,
    *,
    old: Lock | None = None,
    runtime: str | None = None,
    age: Age | None = None,
) -> Meant:
    """What `request` means today, in the words of `acquire`. Raises ReleaseError, RegistryError, ChannelError."""

    def runtime_of(version: str) -> str | None:
        return runtime or (old.runtime if old is not None and old.version == version else None)

    def ask(source: Source) -> tuple[Chosen, Source]:
        return choose(source, request, platforms.current(), runtime_of, age), source

    chosen, source = sources.first(ask)
    return Meant(request, chosen, source, sources.origin(), bool(sources.missed))


def take(
    meant: Meant,
    home: Home,
    env: dict[str, str],
    sources: Sources,
    *,
    progress: Progress,
    old: Lock | None = None,
    node: str | None = None,
    force: bool = False,
) -> Acquired:
    """Installs what was looked up. Raises what `acquire` raises beyond that."""
    release = meant.chosen.release
    require_minimum(home, release.version)
    found = None
    release = with_node(release, sources, old, node, env)
    if release.runtime == "node":
        found = require_node(env, release.engines, release.version) if release.node is None else None
    lock = release.to_lock(meant.request, old)
    elsewhere = executables(env, home, lock.version)
    installed = install(home, lock, lambda: sources, progress=progress, force=force, elsewhere=elsewhere)
    if found is not None:
        remember_node(found, node_link(home, lock))
    chosen = replace(meant.chosen, release=release)
    return Acquired(chosen, lock, installed, meant.source, meant.origin, meant.fallback)
