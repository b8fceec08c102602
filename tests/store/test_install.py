"""Installing: whole and verified against the lock, or not at all, once for everybody who waits."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccpin import platforms
from ccpin.errors import (
    BadArchive,
    BadMetadata,
    CcpinError,
    IntegrityMismatch,
    InUse,
    NeedsNativeModule,
    NodeMissing,
    NoRoom,
    NotFound,
    PlatformMissing,
    PlatformNotLocked,
    StoreBusy,
    StoreMisplaced,
    StoreUnwritable,
    Truncated,
    UnknownRelease,
    WrongVersionInside,
)
from ccpin.paths import Home
from ccpin.pinning.flags import TABLE
from ccpin.pinning.lock import Artifact, Lock, render
from ccpin.platforms import ALL
from ccpin.store.entry import ready, takes_settings
from ccpin.store.fetch import LONG_AGO_NS
from ccpin.store.find import find_install
from ccpin.store.holding import Holder
from ccpin.store.install import _busy, install, uninstall
from ccpin.store.progress import Progress
from ccpin.store.receipt import changes, installs
from tests.cli.arrange import ccpin, pin
from tests.fakes import faults, looking
from tests.fakes.box import Box
from tests.fakes.packages import entry, tarball
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream
from tests.pinning import locks
from tests.store.installing import Store, posix

HERE = platforms.current()
SETTINGS = "--settings <file-or-json>"
LATER = ("reads", "takes_settings")


def is_ready(store: Store, lock: Lock) -> str | None:
    return ready(store.home, lock)


class TestWhole:
    @pytest.mark.parametrize("version", ["2.1.330", "2.1.166"])
    def test_native(self, store: Store, upstream: Upstream, version: str) -> None:
        lock = store.lock(version)
        done = store.install(lock)
        assert Path(done.executable).read_bytes() == upstream.executable(version, HERE)
        assert is_ready(store, lock)
        assert sorted(os.listdir(done.folder)) == [os.path.basename(done.executable), "receipt.json", "takes-settings"]
        assert done.receipt.integrity == upstream.get(version, HERE).integrity
        assert store.downloads() == 1
        assert store.leftovers() == []

    @pytest.mark.parametrize(("version", "script"), [("2.0.14", "cli.js"), ("0.2.9", "cli.mjs")])
    def test_javascript(self, store: Store, upstream: Upstream, version: str, script: str) -> None:
        done = store.install(version)
        assert done.executable.endswith(f"/any/package/{script}")
        assert Path(done.folder, "package/vendor/ripgrep/x64-linux/rg").exists()
        assert done.receipt.engines == ">=18.0.0"
        assert done.size == sum(p.stat().st_size for p in Path(done.folder, "package").rglob("*") if p.is_file())

    def test_what_is_there_asks_nobody(self, store: Store) -> None:
        lock = store.lock("2.1.330")
        first = store.install(lock)

        def nobody() -> Any:
            raise AssertionError("the registry was asked for")

        assert install(store.home, lock, nobody) == first

    def test_force_installs_anew(self, store: Store) -> None:
        lock = store.lock("2.1.330")
        store.install(lock)
        store.install(lock, force=True)
        assert store.downloads() == 2
        assert store.leftovers() == []

    @posix
    @pytest.mark.parametrize("umask", [0o077, 0o022, 0o002])
    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
    def test_everything_is_read_only_and_old(self, store: Store, version: str, umask: int) -> None:
        lock = store.lock(version)
        before = os.umask(umask)
        try:
            done = store.install(lock)
        finally:
            os.umask(before)
        receipt = Path(done.folder, "receipt.json")
        for path in (Path(done.folder), *Path(done.folder).rglob("*")):
            status = path.lstat()
            if path.is_symlink():
                assert path.readlink() == Path(done.receipt.executable)
                continue
            runs = path.is_dir() or path == Path(done.executable) or path.name == "rg"
            assert stat.S_IMODE(status.st_mode) == (0o555 if runs else 0o444), path
            if path.is_file() and path not in (receipt, receipt.with_name("takes-settings")):
                assert status.st_mtime_ns == LONG_AGO_NS
        assert receipt.stat().st_mtime_ns > LONG_AGO_NS + 10**9
        assert is_ready(store, lock)

    @posix
    def test_equal_executables_are_kept_once(self, store: Store, upstream: Upstream) -> None:
        lock = store.lock("2.1.330")
        first = store.install(lock)
        fewer = dataclasses.replace(lock, artifacts={HERE: lock.artifacts[HERE]})
        store.fake.forget()
        second = store.install(fewer)
        assert store.fake.requests == []
        assert second.folder != first.folder
        assert os.path.samefile(first.executable, second.executable)
        assert is_ready(store, fewer)
        uninstall(store.home, first.folder)
        assert is_ready(store, fewer)
        assert changes(second, deep=True) == []

    @posix
    def test_one_that_only_claims_to_be_equal_is_not_taken(self, store: Store, upstream: Upstream) -> None:
        lock = store.lock("2.1.330")
        first = Path(store.install(lock).executable)
        data = first.read_bytes()
        first.chmod(0o755)
        first.write_bytes(data[:-1] + b"!")
        os.utime(first, ns=(LONG_AGO_NS, LONG_AGO_NS))
        fewer = dataclasses.replace(lock, artifacts={HERE: lock.artifacts[HERE]})
        assert Path(store.install(fewer).executable).read_bytes() == data
        assert store.downloads() == 2

    def test_what_was_looked_up_is_taken_over_with_an_equal_executable(
        self, store: Store, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upstream.add_native("2.1.331", reads=("DISABLE_AUTOUPDATER", SETTINGS))
        lock = store.lock("2.1.331")
        first = store.install(lock)
        monkeypatch.setattr("ccpin.store.fetch.scan", _never)
        second = store.install(dataclasses.replace(lock, artifacts={HERE: lock.artifacts[HERE]}))
        assert second.folder != first.folder
        assert second.receipt.reads == first.receipt.reads
        assert takes_settings(second.folder) is second.receipt.takes_settings is True

    @pytest.mark.parametrize("other", [{"FORMER_FLAG": True}, {}])
    def test_what_a_ccpin_with_another_table_looked_up_is_not(
        self, store: Store, upstream: Upstream, other: dict[str, bool]
    ) -> None:
        upstream.add_native("2.1.331", reads=("DISABLE_AUTOUPDATER", SETTINGS))
        lock = store.lock("2.1.331")
        first = store.install(lock)
        path = Path(first.folder, "receipt.json")
        path.chmod(0o644)
        path.write_text(dataclasses.replace(first.receipt, reads=other).to_json())
        second = store.install(dataclasses.replace(lock, artifacts={HERE: lock.artifacts[HERE]}))
        assert store.downloads() == 1
        assert second.receipt.reads == first.receipt.reads
        assert second.receipt.takes_settings is True

    def test_without_hard_links(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = store.lock("2.1.330")
        store.install(lock)
        monkeypatch.setattr(os, "link", _failing(errno.EPERM))
        store.install(dataclasses.replace(lock, artifacts={HERE: lock.artifacts[HERE]}))
        assert store.downloads() == 2

    @pytest.mark.parametrize("settings", [True, False])
    @pytest.mark.parametrize("version", ["2.1.331", "2.0.16"])
    def test_what_the_files_say_is_kept(self, store: Store, upstream: Upstream, version: str, settings: bool) -> None:
        names = ("DISABLE_AUTOUPDATER", "DISABLE_UPDATES", "CLAUDE_CODE_MODEL_CATALOG_URL")
        add = upstream.add_native if version == "2.1.331" else upstream.add_js
        add(version, reads=(*names, SETTINGS) if settings else names)
        done = store.install(version)
        assert {name for name, reads in done.receipt.reads.items() if reads} == set(names)
        assert list(done.receipt.reads) == list(TABLE)
        assert takes_settings(done.folder) is done.receipt.takes_settings is settings
        assert ("takes-settings" in os.listdir(done.folder)) is settings
        assert store.leftovers() == []

    def test_only_what_was_verified_is_looked_at(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        node, native = store.lock("2.0.14"), store.lock("2.1.330")
        native = dataclasses.replace(native, artifacts={HERE: Artifact("0" * 64, native.artifacts[HERE].size)})
        store.fake.fault("*/claude-code-2.0.14.tgz", faults.wrong_bytes(-2))
        monkeypatch.setattr("ccpin.store.fetch.scan", _never)
        for lock in (node, native):
            with pytest.raises(CcpinError):
                store.install(lock)

    def test_progress(self, store: Store, upstream: Upstream) -> None:
        told: list[Any] = []

        class Told(Progress):
            def started(self, name: str, size: int | None) -> None:
                told.append((name, size))

            def advanced(self, received: int) -> None:
                told.append(received)

            def finished(self) -> None:
                told.append("finished")

        size = len(upstream.get("2.1.330", HERE).tarball)
        install(store.home, store.lock("2.1.330"), store.sources, progress=Told())
        assert (told[0], told[-2], told[-1]) == (("Claude Code 2.1.330", size), size, "finished")


class TestRefused:
    """Whatever the registry does: a fault that names it, no entry, nothing left behind, and a second try works."""

    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (faults.wrong_bytes(), CcpinError),
            (faults.wrong_bytes(-2), CcpinError),
            (faults.cut(900), Truncated),
            (faults.cut(0), Truncated),
            (faults.lies_about_length(7), Truncated),
            (faults.html(), BadArchive),
            (faults.empty(), CcpinError),
            (faults.status(404), NotFound),
            (faults.other_bytes(tarball([entry("package/package.json", b"{}")])), CcpinError),
        ],
    )
    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14", "2.1.166"])
    def test_the_tarball(self, store: Store, version: str, fault: faults.Fault, kind: type[CcpinError]) -> None:
        lock = store.lock(version)
        store.fake.fault("*.tgz", fault)
        with pytest.raises(kind):
            store.install(lock)
        assert is_ready(store, lock) is None
        assert list(installs(store.home)) == []
        assert store.leftovers() == []
        store.fake.mend()
        store.install(lock)
        assert is_ready(store, lock)

    def test_a_tarball_that_the_registry_has_exchanged_with_its_digest(self, store: Store, upstream: Upstream) -> None:
        """The registry's own integrity fits; the lock's does not."""
        lock = store.lock("2.0.14")
        upstream.add_js("2.0.14", pad=10)
        with pytest.raises(IntegrityMismatch) as raised:
            store.install(lock)
        assert raised.value.facts["expected"] == lock.artifacts["any"].npm
        assert store.downloads() == 0

    @pytest.mark.parametrize(("pad", "kind"), [(10, "size"), (0, "sha256")])
    def test_an_executable_that_the_registry_has_exchanged(
        self, store: Store, upstream: Upstream, pad: int, kind: str
    ) -> None:
        lock = store.lock("2.1.330")
        package = upstream.get("2.1.330", HERE)
        name = f"package/{platforms.executable_name(HERE)}"
        data = package.file(name)
        other = data + b"#" * pad if pad else data[:-1] + b"!"
        upstream.change(package, entries=(entry(name, other, 0o755),))
        with pytest.raises(IntegrityMismatch) as raised:
            store.install(lock)
        assert raised.value.facts["kind"] == kind
        assert store.leftovers() == []

    def test_another_release_under_this_number(self, store: Store, upstream: Upstream) -> None:
        upstream.add_js("2.0.14", inside="2.0.13")
        with pytest.raises(WrongVersionInside, match=r"2\.0\.13"):
            store.install("2.0.14")

    @pytest.mark.parametrize(
        "raw",
        [
            [entry("package/cli.js", b"x", 0o755)],
            [entry("package/package.json", b"not json"), entry("package/cli.js", b"x")],
            [entry("package/package.json", b"[" * 100_000), entry("package/cli.js", b"x")],
            [entry("package/package.json", b"[]"), entry("package/cli.js", b"x")],
            [entry("package/package.json", b" " * ((1 << 20) + 1)), entry("package/cli.js", b"x")],
            [entry("package/package.json", b'{"version": "2.0.14"}')],
            [entry("package/package.json", b'{"version": "2.0.14", "bin": 5}')],
            [entry("package/package.json", b'{"version": "2.0.14", "bin": {"claude": "../../../bin/sh"}}')],
            [entry("package/package.json", b'{"version": "2.0.14", "bin": {"claude": "/bin/sh"}}')],
            [entry("package/package.json", b'{"version": "2.0.14", "bin": "cli.js"}'), entry("package/cli.js")],
            [entry("package/package.json", b'{"version": "2.0.14", "bin": "."}')],
            [
                entry("package/package.json", b'{"version": "2.0.14"}'),
                entry("package/x", kind=b"2", link="/etc/passwd"),
            ],
            [entry("package/package.json", b'{"version": "2.0.14"}'), entry("../x", b"x")],
            [entry("package/package.json", b'{"version": "2.0.14"}'), entry("claude", b"x")],
            [entry("package/package.json", b'{"version": "2.0.14"}'), entry("receipt.json", b"x")],
        ],
    )
    def test_an_archive_that_upstream_did_not_make(self, store: Store, upstream: Upstream, raw: list[Any]) -> None:
        upstream.change(upstream.get("2.0.14"), raw=tarball(raw))
        with pytest.raises(BadArchive):
            store.install("2.0.14")
        assert store.leftovers() == []
        assert not Path(store.home.root, "x").exists()

    def test_one_without_an_executable(self, store: Store, upstream: Upstream) -> None:
        package = upstream.get("2.1.166", HERE)
        upstream.change(package, entries=())
        with pytest.raises(BadArchive, match="no executable"):
            store.install("2.1.166")

    def test_a_release_that_has_gone(self, store: Store, upstream: Upstream) -> None:
        native, node = store.lock("2.1.330"), store.lock("2.0.14")
        upstream.withdraw("2.1.330", f"claude-code-{HERE}")
        upstream.withdraw("2.0.14")
        with pytest.raises(PlatformMissing):
            store.install(native)
        with pytest.raises(UnknownRelease):
            store.install(node)

    def test_one_that_would_have_to_be_compiled(self, store: Store, upstream: Upstream) -> None:
        lock = store.lock("2.0.14")
        changed = upstream.get("2.0.14")
        upstream.change(changed, fields={**changed.fields, "dependencies": {"sqlite": "1"}}, raw=changed.tarball)
        with pytest.raises(NeedsNativeModule):
            store.install(lock)

    def test_the_node_is_checked_before_the_download(self, store: Store) -> None:
        def check(engines: str | None) -> None:
            raise NodeMissing(version="2.0.14", engines=engines)

        with pytest.raises(NodeMissing, match=r">=18\.0\.0"):
            install(store.home, store.lock("2.0.14"), store.sources, check=check)
        assert store.downloads() == 0
        assert store.leftovers() == []

    def test_a_machine_that_is_not_locked(self, store: Store) -> None:
        lock = store.lock("2.1.330")
        other = next(p for p in ALL if p != HERE)
        with pytest.raises(PlatformNotLocked, match=HERE):
            store.install(dataclasses.replace(lock, artifacts={other: lock.artifacts[other]}))
        assert not Path(store.home.root).exists()

    def test_metadata_without_a_digest(self, store: Store) -> None:
        lock = store.lock("2.0.14")
        store.fake.fault("*/2.0.14", faults.json_body({"version": "2.0.14", "dist": {"tarball": "http://h/x"}}))
        with pytest.raises(BadMetadata):
            store.install(lock)


class TestDisk:
    def test_no_room(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = store.lock("2.1.330")
        monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
        with pytest.raises(NoRoom, match="are needed, 1 are free"):
            store.install(lock)
        assert store.downloads() == 0

    @pytest.mark.parametrize(
        ("number", "kind"),
        [
            (errno.ENOSPC, NoRoom),
            (errno.EDQUOT, NoRoom),
            (errno.EROFS, StoreUnwritable),
            (errno.EACCES, StoreUnwritable),
            (errno.EEXIST, StoreUnwritable),
            (errno.EIO, StoreUnwritable),
        ],
    )
    def test_what_a_disk_says_at_the_end(
        self, store: Store, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
    ) -> None:
        lock = store.lock("2.0.14")
        with monkeypatch.context() as patched:
            patched.setattr("ccpin.store.install.publish", _failing(number))
            with pytest.raises(kind):
                store.install(lock)
        assert is_ready(store, lock) is None
        assert store.leftovers() == []

    def test_a_file_where_the_store_should_be(self, store: Store) -> None:
        lock = store.lock("2.0.14")
        Path(store.home.root).write_text("mine")
        with pytest.raises(StoreUnwritable):
            store.install(lock)
        assert Path(store.home.root).read_text() == "mine"

    @pytest.mark.parametrize("part", ["mise/installs", "node_modules/@anthropic-ai", "claude/versions"])
    def test_a_place_that_the_updater_takes_for_its_own(self, store: Store, tmp_path: Path, part: str) -> None:
        lock = store.lock("2.0.14")
        (tmp_path / part).mkdir(parents=True)
        (tmp_path / "link").symlink_to(tmp_path / part)
        for place in (tmp_path / part, tmp_path / "link"):
            with pytest.raises(StoreMisplaced, match=part):
                install(Home(str(place / "ccpin")), lock, store.sources)
            assert not (place / "ccpin").exists()


class TestMended:
    """What was changed, cut off or left behind is replaced by what the lock says."""

    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
    @pytest.mark.parametrize(
        "damage",
        [
            lambda e, f: (e.chmod(0o755), e.write_bytes(b"#!/bin/sh\necho other\n")),
            lambda e, f: (e.chmod(0o755), e.write_bytes(b"")),
            lambda e, f: e.unlink(),
            lambda e, f: os.utime(e),
            lambda e, f: e.chmod(0o444),
            lambda e, f: (f / "receipt.json").unlink(),
            lambda e, f: ((f / "receipt.json").chmod(0o644), (f / "receipt.json").write_text("{")),
            lambda e, f: ((f / "receipt.json").chmod(0o644), (f / "receipt.json").write_text("[" * 99_999)),
            lambda e, f: os.utime(f / "receipt.json", (0, 0)),
            lambda e, f: ((f / "claude").unlink(), (f / "claude").symlink_to("/bin/sh")),
            lambda e, f: f.rename(f"{f}.away") and f.write_text("a file"),
            lambda e, f: f.rename(f"{f}.away") and f.symlink_to("/nowhere"),
        ],
    )
    @posix
    def test_a_changed_install(
        self, store: Store, upstream: Upstream, version: str, damage: Callable[[Path, Path], object]
    ) -> None:
        lock = store.lock(version)
        done = store.install(lock)
        right = Path(done.executable).read_bytes()
        for folder, _, _ in os.walk(done.folder):
            os.chmod(folder, 0o755)
        damage(Path(done.executable), Path(done.folder))
        store.install(lock)
        assert is_ready(store, lock)
        assert Path(done.executable).read_bytes() == right
        assert store.downloads() == 2
        assert store.leftovers() == []

    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
    def test_an_install_of_an_older_ccpin(self, store: Store, version: str) -> None:
        """Its receipt does not say what this one has to know: it is replaced, in its own place."""
        lock = store.lock(version)
        done = store.install(lock)
        path = Path(done.folder, "receipt.json")
        data = json.loads(path.read_text())
        path.chmod(0o644)
        path.write_text(json.dumps({k: v for k, v in data.items() if k not in LATER} | {"format": 1}))
        assert find_install(store.home, lock) is None
        assert store.install(lock) == done
        assert store.downloads() == 2
        assert store.leftovers() == []
        assert sorted(p.name for p in Path(store.home.releases).glob("*/*")) == [os.path.basename(done.folder)]

    @posix
    @pytest.mark.parametrize("settings", [True, False])
    def test_a_wrong_mark_for_sh(self, store: Store, upstream: Upstream, settings: bool) -> None:
        upstream.add_native("2.1.331", reads=("DISABLE_AUTOUPDATER", SETTINGS) if settings else ())
        lock = store.lock("2.1.331")
        mark = Path(store.install(lock).folder, "takes-settings")
        mark.parent.chmod(0o755)
        mark.unlink() if settings else mark.touch()
        done = store.install(lock)
        assert takes_settings(done.folder) is settings
        assert store.downloads() == 2
        assert store.leftovers() == []

    def test_a_failing_second_install_leaves_the_first(self, store: Store) -> None:
        lock = store.lock("2.0.14")
        done = store.install(lock)
        store.fake.fault("*.tgz", faults.cut(500))
        with pytest.raises(Truncated):
            store.install(lock, force=True)
        assert is_ready(store, lock)
        assert changes(done, deep=True) == []

    @posix
    def test_what_a_killed_install_left_is_swept(self, store: Store, tmp_path: Path) -> None:
        lock = store.lock("2.0.14")
        entry_folder = Path(store.home.entry(lock.version, lock.digest))
        half = entry_folder / ".staging-abc/package/vendor"
        half.mkdir(parents=True)
        (half / "x").write_text("half")
        half.chmod(0o555)
        (entry_folder / ".staging-file").write_text("")
        precious = tmp_path / "precious"
        precious.mkdir(mode=0o555)
        (entry_folder / ".staging-link").symlink_to(precious)
        store.install(lock)
        assert sorted(os.listdir(entry_folder)) == ["any"]
        assert stat.S_IMODE(precious.stat().st_mode) == 0o555

    @posix
    def test_the_open_files_of_a_running_one_stay(self, store: Store) -> None:
        lock = store.lock("2.0.14")
        done = store.install(lock)
        with open(done.executable, "rb") as running:
            store.install(lock, force=True)
            assert running.read() == Path(done.executable).read_bytes()


class TestTogether:
    def test_one_download_for_all_threads(self, store: Store) -> None:
        lock = store.lock("2.1.330")
        store.fake.fault("*.tgz", faults.slow(20_000))
        found: list[str] = []
        threads = [threading.Thread(target=lambda: found.append(store.install(lock).executable)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 3
        assert len(set(found)) == 1
        assert store.downloads() == 1

    def test_one_download_for_two_processes(self, box: Box, registry: Registry, upstream: Upstream) -> None:
        upstream.add_native("2.1.331", pad=60_000, hard=True)
        pin(box, "2.1.331")
        ccpin(box, "uninstall", "2.1.331", "--force").ok()
        registry.forget()
        registry.fault("*.tgz", faults.slow(50_000))
        with box.start(box.ccpin_argv("sync")) as one, box.start(box.ccpin_argv("sync")) as two:
            answers = [process.communicate(timeout=60) for process in (one, two)]
        assert [one.returncode, two.returncode] == [0, 0], answers
        assert len(registry.asked("*.tgz")) == 1
        waited = [err for _, err in answers if "ccpin: waiting for process" in err]
        assert f"process {(two if waited == [answers[0][1]] else one).pid} on " in "".join(waited)
        assert len(box.entries()) >= 1

    def test_too_long_a_wait(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = store.lock("2.0.14")
        monkeypatch.setattr("ccpin.store.install._BUSY_MINUTES", 0.02)
        waited: list[str] = []

        class Waiting(Progress):
            def waiting(self, name: str, holder: str) -> None:
                assert holder.startswith(f"process {os.getpid()} on ")
                waited.append(name)

        begun, go_on = threading.Event(), threading.Event()

        def hold(engines: str | None) -> None:
            begun.set()
            go_on.wait(20)

        holder = threading.Thread(target=install, args=(store.home, lock, store.sources), kwargs={"check": hold})
        holder.start()
        begun.wait(20)
        with pytest.raises(StoreBusy) as raised:
            install(store.home, lock, store.sources, progress=Waiting())
        assert f"`kill {os.getpid()}`" in raised.value.hint
        go_on.set()
        holder.join()
        assert waited == ["Claude Code 2.0.14"]
        assert is_ready(store, lock)

    def test_who_is_to_be_ended(self) -> None:
        """Without a lock file a second one would come in beside who holds the kernel's lock."""
        assert "`kill 4711`" in _busy(Holder(4711, "a", "/x/y.lock")).hint
        assert "`fuser -k /x/y.lock`" in _busy(Holder(0, "", "/x/y.lock")).hint
        assert "rm " not in _busy(Holder(4711, "a", "/x/y.lock")).hint
        assert "`rm /x/y.lock.held`" in _busy(Holder(4711, "a", "/x/y.lock.held")).hint

    def test_a_download_is_a_sign_of_life(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        given: list[str] = []
        utime = os.utime

        def noted(path: str, times: tuple[int, int] | None = None, *, ns: tuple[int, int] | None = None) -> None:
            given.append(path)
            utime(path, ns=ns) if ns else utime(path, times)

        monkeypatch.setattr(os, "utime", noted)
        store.install("2.0.14")
        assert any(path.endswith(".lock") for path in given)


class TestUninstall:
    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
    def test_takes_all_of_it_away(self, store: Store, version: str) -> None:
        done = store.install(version)
        if sys.platform != "win32":
            os.symlink("/usr/bin/node", os.path.join(done.entry, "node"))
        assert uninstall(store.home, done.folder) >= done.size
        assert os.listdir(store.home.releases) == []
        assert list(installs(store.home)) == []

    def test_who_needs_it_is_asked_when_nobody_finds_it_any_more(self, store: Store) -> None:
        """Somebody may have come to need it while the entry's lock was waited for."""
        done = store.install("2.0.14")
        before = looking.tree(Path(done.entry))
        asked: list[str] = []

        def needed(folder: str) -> list[str]:
            assert not os.path.exists(done.folder)
            asked.append(folder)
            return ["somebody"]

        with pytest.raises(InUse, match=r"2\.0\.14 is in use: somebody$"):
            uninstall(store.home, done.folder, needed=needed)
        assert asked[0] == done.folder
        assert os.path.dirname(asked[1]) == done.entry
        assert looking.tree(Path(done.entry)) == before

    def test_leaves_what_else_stands_there(self, store: Store) -> None:
        done = store.install("2.0.14")
        Path(done.entry, "notes").write_text("mine")
        uninstall(store.home, done.folder)
        assert os.listdir(done.entry) == ["notes"]


def _never(*args: object) -> Any:
    raise AssertionError(f"this was not to be called: {args}")


def _failing(number: int) -> Callable[..., None]:
    def fail(*args: object, **options: object) -> None:
        raise OSError(number, os.strerror(number), "/somewhere")

    return fail


def test_a_lock_by_npm_s_digest_is_not_linked_by_number_alone(store: Store) -> None:
    """Two entries of one number with different tarballs never share bytes."""
    lock = store.lock("2.1.166")
    store.install(lock)
    other = dataclasses.replace(lock, artifacts={**lock.artifacts, HERE: Artifact(npm=locks.integrity("other"))})
    assert render(other) != render(lock)
    with pytest.raises(IntegrityMismatch):
        store.install(other)


@posix
class TestAnotherUser:
    """A store that root filled, used by somebody who may only read it."""

    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
    def test_what_is_there_serves(self, box: Box, version: str) -> None:
        pin(box, version)
        before = box.snapshot()
        mine = {"HOME": "/nowhere"}
        assert box.unprivileged("sync", "--locked", env=mine).ok().out == f"Claude Code {version} is installed\n"
        assert box.unprivileged("which", env=mine).ok().out == box.ccpin("which").out
        assert box.unprivileged("exec", "--", "x", env=mine).ok().json["argv"][2:] == ["x"]
        assert box.snapshot() == before

    def test_a_store_that_cannot_be_written_is_said(self, box: Box) -> None:
        pin(box, "2.1.330")
        text = box.lock.read_text()
        pin(box, "2.1.200")
        ccpin(box, "uninstall", "2.1.330", "--force").ok()
        box.lock.write_text(text)
        box.give_away()
        for name in ("releases", "locks", "projects", ""):
            Path(box.layout.root, name).chmod(0o555)
        before = box.snapshot()
        done = box.unprivileged("sync").failed(1)
        assert "the store cannot be written" in done.err
        assert "CCPIN_HOME" in done.err
        assert box.snapshot() == before


def test_an_entry_of_another_digest_is_not_the_lock_s(store: Store) -> None:
    """The folder's name holds half of the digest; the receipt holds all of it."""
    lock = store.lock("2.1.330")
    done = store.install(lock)
    receipt = Path(done.folder, "receipt.json")
    os.chmod(done.folder, 0o755)
    receipt.chmod(0o644)
    receipt.write_text(receipt.read_text().replace(lock.digest, lock.digest[:32] + "0" * 32))
    assert find_install(store.home, lock) is None
