"""Installing in this process, into a store of the test's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.net import Http
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.pinning.request import parse_request
from ccpin.releases.npm import Npm
from ccpin.releases.registry import Registry
from ccpin.releases.sources import Sources, only
from ccpin.store.install import install
from ccpin.store.receipt import Install
from tests.fakes import registry as fake

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links are POSIX's")


class Store:
    """A store, and the registry that it is filled from."""

    def __init__(self, root: Path, registry: fake.Registry) -> None:
        self.home = Home(str(root / "ccpin"))
        self.fake = registry
        self.registry = Registry(registry.url, "the test", Http())

    def lock(self, version: str, runtime: str | None = None) -> Lock:
        release = Npm(self.registry).resolve(version, platforms.current(), runtime)
        self.fake.forget()
        return release.to_lock(parse_request(version))

    def install(self, lock: Lock | str, *, force: bool = False) -> Install:
        lock = self.lock(lock) if isinstance(lock, str) else lock
        return install(self.home, lock, self.sources, force=force)

    def sources(self) -> Sources:
        return only(Npm(self.registry))

    def downloads(self) -> int:
        return len(self.fake.asked("*.tgz"))

    def leftovers(self) -> list[str]:
        """What stands in the store and is no entry."""
        found = [str(p.relative_to(self.home.root)) for p in Path(self.home.root).rglob("*") if "staging" in p.name]
        empty = [p.name for p in Path(self.home.releases).glob("*") if not os.listdir(p)]
        return found + empty
