"""A project pinned to 2.0.15, on a machine that has it, and what must still be so after every hostile thing."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from tests.cli.arrange import pin, use_channel
from tests.fakes import looking
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream
from tests.hostile.measuring import Measured, measured

MOST_MEMORY = 150_000_000  # bytes
MOST_SECONDS = 10
_RECORDS = re.compile(r"ccpin home/(metadata|locks|projects|previous)(/|$)|ccpin home/releases/[^/]*$")
"""What a refused command may write too: what it was told, by whom, and that it was at an entry, which stays empty."""


class Scene:
    """All of it; `scratch` is what a test may change, and is put back by `restore`."""

    def __init__(self, box: Box, upstream: Upstream, registry: Registry, channel: Channel) -> None:
        self.box = box
        self.upstream = upstream
        self.registry = registry
        self.channel = channel
        self._packages = upstream.copy()
        self._env: dict[str, str] = {}
        self._before: dict[str, str] = {}
        self._lock = b""

    def begin(self) -> None:
        pin(self.box, "2.0.15")
        use_channel(self.box, self.channel)
        self._env = dict(self.box.env)
        self._lock = self.box.lock.read_bytes()
        self._before = self._standing()

    def end(self) -> None:
        for folder, _, _ in os.walk(self.box.root):
            os.chmod(folder, 0o700)
        shutil.rmtree(self.box.root)

    def restore(self) -> None:
        """Everything that a case may have changed, as it was."""
        self.upstream.packages = {name: dict(versions) for name, versions in self._packages.packages.items()}
        self.upstream.tags = dict(self._packages.tags)
        for server in (self.registry, self.channel):
            server.mend()
            server.forget()
        self.channel._put.clear()
        self.box.env.clear()
        self.box.env.update(self._env)
        self.box.lock.write_bytes(self._lock)
        shutil.rmtree(self.box.layout.metadata, ignore_errors=True)
        for path in sorted(self._standing().keys() - self._before.keys(), reverse=True):  # of a case that failed
            self._remove(self.box.root / path)

    def _remove(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
            path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def refused(self, *args: str, codes: Collection[str], names: str, lock: bytes | None = None) -> Measured:
        """Runs `ccpin args… --json`, which must be refused with one of `codes` and a message that says `names`, leave
        all as it was (the project's lock is `lock` meanwhile, where one is given), and take little time and memory."""
        if lock is not None:
            self.box.lock.write_bytes(lock)
        done = measured(self.box, *args, "--json")
        assert done.code == 1, (done.code, done.out[-2000:], done.err[-2000:])
        said = done.error["message"]
        assert done.error["code"] in codes, done.error
        assert re.search(names, said), (names, said)
        assert said.isprintable(), said
        assert len(said) < 5000
        assert "Traceback" not in done.err
        if lock is not None:
            assert self.box.lock.read_bytes() == lock
            self.box.lock.write_bytes(self._lock)
        standing = self._standing()
        assert standing == self._before, sorted(standing.items() ^ self._before.items())
        assert done.memory < MOST_MEMORY, f"{done.memory / 1e6:.0f} MB"
        assert _took(done) < MOST_SECONDS, f"{done.seconds:.1f} s, {done.spent:.1f} s of a processor"
        return done

    def _standing(self) -> dict[str, str]:
        """Every file of this machine, with its bytes, but for records; staging folders count, and must be gone."""
        return {path: what for path, what in looking.tree(self.box.root).items() if not _RECORDS.match(path)}


def _took(done: Measured) -> float:
    """By the clock; where others keep this machine busy many times over, that would say more of them."""
    busy = os.getloadavg()[0] > 3 * (os.cpu_count() or 1)
    return done.spent if busy else done.seconds
