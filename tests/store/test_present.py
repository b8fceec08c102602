"""What this disk has already is not downloaded; what only looks like it is left alone, and downloaded."""

from __future__ import annotations

import dataclasses
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from ccpin import platforms
from ccpin.errors import NoRoom
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.releases.sources import Sources
from ccpin.store.find import find_install
from ccpin.store.install import install
from ccpin.store.progress import Progress
from ccpin.store.receipt import Install, changes
from tests.cli.arrange import ccpin, pin
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream
from tests.store.installing import Store, posix

HERE = platforms.current()
VERSION = "2.1.330"


class Noting(Progress):
    """Keeps what an install says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def noted(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture
def lock(store: Store) -> Lock:
    return store.lock(VERSION)


@pytest.fixture
def there(tmp_path: Path, upstream: Upstream) -> Path:
    """Where Claude Code's own installer has put it."""
    path = tmp_path / "claude/versions" / VERSION
    path.parent.mkdir(parents=True)
    path.write_bytes(upstream.executable(VERSION, HERE))
    path.chmod(0o755)
    return path


def nobody() -> Sources:
    raise AssertionError("a source was asked for")


def never() -> Iterator[str]:
    raise AssertionError("it was looked for elsewhere")
    yield


def take(store: Store, lock: Lock, *paths: Path) -> tuple[Install, list[str]]:
    """Installs with no source at all; the install, and what was said."""
    noting = Noting()
    return install(store.home, lock, nobody, progress=noting, elsewhere=map(str, paths)), noting.said


def fetch(store: Store, lock: Lock, paths: Iterable[Path]) -> list[str]:
    """Installs what none of these is; what was said."""
    noting = Noting()
    done = install(store.home, lock, store.sources, progress=noting, elsewhere=map(str, paths))
    assert changes(done, deep=True) == []
    assert store.downloads() == 1
    assert store.leftovers() == []
    return noting.said


class TestTaken:
    def test_without_a_request(self, store: Store, lock: Lock, there: Path) -> None:
        done, said = take(store, lock, there)
        assert store.fake.requests == []
        assert said == [f"Claude Code {VERSION} was taken from {there}: it is the locked one, byte for byte"]
        assert Path(done.executable).read_bytes() == there.read_bytes()
        assert changes(done, deep=True) == []
        assert find_install(store.home, lock) == done

    def test_as_if_it_had_been_downloaded(self, store: Store, lock: Lock, there: Path, tmp_path: Path) -> None:
        done, _ = take(store, lock, there)
        downloaded = install(Home(str(tmp_path / "other")), lock, store.sources)
        assert done.receipt == dataclasses.replace(downloaded.receipt, integrity=None)
        assert done.receipt.takes_settings
        names = [sorted(os.listdir(each.folder)) for each in (done, downloaded)]
        assert names[0] == names[1]

    @posix
    def test_as_a_copy_of_its_own(self, store: Store, lock: Lock, there: Path) -> None:
        """That file is somebody else's, who may write to it or run it."""
        before = there.stat()
        done, _ = take(store, lock, there)
        after, ours = there.stat(), os.stat(done.executable)
        assert (ours.st_ino == after.st_ino, after.st_nlink, ours.st_nlink) == (False, 1, 1)
        assert (after.st_ino, after.st_mode, after.st_mtime_ns) == (before.st_ino, before.st_mode, before.st_mtime_ns)
        assert stat.S_IMODE(ours.st_mode) == 0o555
        there.write_bytes(b"updated")
        assert changes(done, deep=True) == []

    @posix
    def test_through_links(self, store: Store, lock: Lock, there: Path, tmp_path: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to(there)
        done, _ = take(store, lock, link)
        assert not os.path.islink(done.executable)

    def test_whatever_it_is_called(self, store: Store, lock: Lock, there: Path) -> None:
        other = there.rename(there.with_name("2.0.0"))
        take(store, lock, other)

    def test_the_first_that_is_it(self, store: Store, lock: Lock, there: Path, tmp_path: Path) -> None:
        wrong, missing, twin = tmp_path / "wrong", tmp_path / "missing", tmp_path / "twin"
        wrong.write_bytes(bytes(there.stat().st_size))
        twin.write_bytes(there.read_bytes())
        _, said = take(store, lock, missing, wrong, twin, there)
        assert f"from {twin}:" in said[0]

    def test_by_force_too(self, store: Store, lock: Lock, there: Path) -> None:
        store.install(lock)
        store.fake.forget()
        install(store.home, lock, nobody, force=True, elsewhere=[str(there)])

    def test_no_room(self, store: Store, lock: Lock, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
        with pytest.raises(NoRoom):
            take(store, lock, there)
        assert store.leftovers() == []


class TestLeftAlone:
    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data[:-1] + bytes([data[-1] ^ 1]),
            lambda data: b"#!/bin/sh\n" + data[10:],
            lambda data: data + b"\n",
            lambda data: data[:-1],
            lambda data: b"",
        ],
    )
    def test_other_bytes(self, store: Store, lock: Lock, there: Path, change: Callable[[bytes], bytes]) -> None:
        data = change(there.read_bytes())
        there.write_bytes(data)
        before = there.stat()
        said = fetch(store, lock, [there])
        assert said == [f"Claude Code {VERSION} came from npm ({store.fake.url})"]
        assert there.read_bytes() == data
        assert there.stat().st_mtime_ns == before.st_mtime_ns

    def test_of_another_platform(self, store: Store, lock: Lock, there: Path, upstream: Upstream) -> None:
        other = next(p for p in platforms.ALL if p != HERE)
        there.write_bytes(upstream.executable(VERSION, other))
        fetch(store, lock, [there])

    @posix
    def test_what_is_no_file(self, store: Store, lock: Lock, tmp_path: Path) -> None:
        """A fifo without a writer would hang; a device would never end."""
        names = ("folder", "fifo", "loop", "dangling", "file/below", "n" * 300, "missing")
        folder, fifo, loop, dangling, *rest = (tmp_path / name for name in names)
        folder.mkdir()
        os.mkfifo(fifo)
        loop.symlink_to(loop)
        dangling.symlink_to(tmp_path / "nowhere")
        (tmp_path / "file").touch()
        fetch(store, lock, [folder, fifo, loop, dangling, *rest, Path("/dev/zero"), Path("/dev/null")])
        assert stat.S_ISFIFO(fifo.stat().st_mode)

    def test_what_cannot_be_read_to_its_end(
        self, store: Store, lock: Lock, there: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A broken disk below somebody else's file is not the store's."""
        real, asked = os.read, iter(range(100))

        def failing(descriptor: int, size: int) -> bytes:
            if next(asked):
                raise OSError(5, "Input/output error")
            return real(descriptor, 100)

        with monkeypatch.context() as patched:
            patched.setattr("ccpin.store.present.os.read", failing)
            fetch(store, lock, [there])

    def test_what_grows_meanwhile(self, store: Store, lock: Lock, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        real = os.fstat

        def then_grow(descriptor: int) -> os.stat_result:
            status = real(descriptor)
            with there.open("ab") as file:
                file.write(b"more")
            return status

        with monkeypatch.context() as patched:
            patched.setattr("ccpin.store.present.os.fstat", then_grow)
            fetch(store, lock, [there])

    def test_a_lock_by_npm_s_digest_does_not_tell_what_it_is(self, store: Store) -> None:
        install(store.home, store.lock("2.1.166"), store.sources, elsewhere=never())

    def test_a_javascript_release_is_no_file(self, store: Store) -> None:
        install(store.home, store.lock("2.0.14"), store.sources, elsewhere=never())


@posix
class TestAnotherEntry:
    def fewer(self, lock: Lock) -> Lock:
        """The same release under another digest."""
        others = [p for p in lock.artifacts if p != HERE]
        return dataclasses.replace(lock, artifacts={p: a for p, a in lock.artifacts.items() if p != others[0]})

    def test_is_linked_before_anybody_looks_elsewhere(self, store: Store, lock: Lock) -> None:
        first = store.install(lock)
        noting = Noting()
        second = install(store.home, self.fewer(lock), nobody, progress=noting, elsewhere=never())
        assert os.stat(second.executable).st_ino == os.stat(first.executable).st_ino
        assert second.receipt == dataclasses.replace(first.receipt, digest=self.fewer(lock).digest)
        assert noting.said == []

    def test_that_was_changed_is_not(self, store: Store, lock: Lock, there: Path) -> None:
        first = store.install(lock)
        os.chmod(first.executable, 0o755)
        Path(first.executable).write_bytes(bytes(there.stat().st_size))
        second, said = take(store, self.fewer(lock), there)
        assert "was taken from" in said[0]
        assert os.stat(second.executable).st_ino != os.stat(first.executable).st_ino

    def test_of_a_store_of_another_file_system(
        self, store: Store, lock: Lock, there: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.install(lock)

        def fail(*args: object, **options: object) -> NoReturn:
            raise OSError(18, "Invalid cross-device link")

        with monkeypatch.context() as patched:
            patched.setattr(os, "link", fail)
            take(store, self.fewer(lock), there)


@posix
class TestWhole:
    """Through the command line, with the places that a machine has."""

    def put(self, box: Box, upstream: Upstream, base: Path | None = None) -> Path:
        path = (base or box.home / ".local/share") / "claude/versions" / VERSION
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(upstream.executable(VERSION, HERE))
        path.chmod(0o755)
        return path

    def fresh(self, box: Box, registry: Registry) -> None:
        """The project is pinned, and the store empty."""
        pin(box, VERSION)
        ccpin(box, "uninstall", VERSION, "--force").ok()
        registry.forget()

    def test_sync_asks_nobody(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        self.fresh(box, registry)
        path = self.put(box, upstream)
        connections = registry.connections
        done = ccpin(box, "sync").ok()
        assert done.err == f"ccpin: Claude Code {VERSION} was taken from {path}: it is the locked one, byte for byte\n"
        assert registry.connections == connections
        assert box.ccpin("exec", "--", "--version").ok().out == f"{VERSION} (Claude Code)\n"
        assert ccpin(box, "check", "--deep").failed().err.count("ccpin:") == 1  # there is no shim here, and that is all

    def test_not_even_which_source_there_is(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        self.fresh(box, registry)
        self.put(box, upstream)
        ccpin(box, "sync", env={"CCPIN_NPM_REGISTRY": None, "CCPIN_SOURCE": "nonsense"}).ok()

    def test_use_asks_for_no_bytes(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        path = self.put(box, upstream)
        done = ccpin(box, "use", VERSION).ok()
        assert f"was taken from {path}" in done.err
        assert not registry.asked(f"*{HERE}*.tgz")

    def test_below_another_data_folder(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        self.fresh(box, registry)
        path = self.put(box, upstream, box.root / "data")
        done = ccpin(box, "sync", env={"XDG_DATA_HOME": str(box.root / "data")}).ok()
        assert f"from {path}:" in done.err

    def test_in_another_store(self, box: Box, registry: Registry) -> None:
        """What stands where ccpin's store is without CCPIN_HOME."""
        data = {"XDG_DATA_HOME": str(box.root / "data")}
        pin(box, VERSION)
        ccpin(box, "sync", env={**data, "CCPIN_HOME": None}).ok()
        ccpin(box, "uninstall", VERSION, "--force").ok()
        registry.forget()
        done = ccpin(box, "sync", env=data).ok()
        assert f"was taken from {box.root}/data/ccpin/releases/{VERSION}-" in done.err
        assert registry.asked() == []

    def test_beside_the_shim_on_path(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        self.fresh(box, registry)
        (box.bin / "claude").symlink_to(self.put(box, upstream, box.root / "npm"))
        done = ccpin(box, "sync").ok()
        assert f"from {box.root}/npm/claude/versions/{VERSION}:" in done.err
        assert registry.asked() == []

    def test_one_that_cannot_be_read(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        self.fresh(box, registry)
        path = self.put(box, upstream)
        box.give_away()
        path.chmod(0)
        done = box.unprivileged("sync").ok()
        assert "came from npm" in done.err
        assert stat.S_IMODE(path.stat().st_mode) == 0

    def test_one_that_updated_itself_to_something_else(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        self.fresh(box, registry)
        path = self.put(box, upstream)
        path.write_bytes(upstream.executable("2.1.200", HERE))
        before = path.read_bytes()
        assert "came from npm" in ccpin(box, "sync").ok().err
        assert path.read_bytes() == before
        assert box.ccpin("exec", "--", "--version").ok().out == f"{VERSION} (Claude Code)\n"
