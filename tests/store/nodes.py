"""Locks and installs with a Node.js of the lock's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ccpin import platforms
from ccpin.archives.unpack import Unpacked
from ccpin.net import Http
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.releases.node import carrier, resolve_node
from ccpin.releases.npm import Npm
from ccpin.releases.registry import Registry
from ccpin.releases.sources import only
from ccpin.store.entry import node_key
from ccpin.store.install import install
from ccpin.store.nodefile import unpack_node
from ccpin.store.receipt import Install
from tests.fakes import registry as fake


def lock_with_node(lock: Lock, served: fake.Registry, spec: str = "22") -> Lock:
    """The lock of a JavaScript release with a Node.js of its own."""
    node = resolve_node(registry_of(served), spec, None, platforms.current())
    served.forget()
    return dataclasses.replace(lock, artifacts={**lock.artifacts, **node.artifacts}, node=node.version)


def install_with_node(home: Home, lock: Lock, served: fake.Registry) -> Install:
    """Puts into the store what `lock` names, its Node.js included."""
    done = install(home, lock, lambda: only(Npm(registry_of(served))))
    served.forget()
    return done


def unpack_from(registry: Registry, lock: Lock, staging: Path) -> Unpacked:
    """Fetches the lock's Node.js for this machine and unpacks it."""
    package, version = carrier(str(node_key(lock))).package, str(lock.node)
    tarball = registry.tarball(package, registry.version(package, version))
    with registry.http.stream(tarball.address) as body:
        return unpack_node(body, tarball.name, lock, str(staging))


def registry_of(served: fake.Registry) -> Registry:
    return Registry(served.url, "the test", Http())
