"""The Node.js of a lock's own: what gets into an install, and what does not."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.errors import BadArchive, CcpinError, IntegrityMismatch, NodeNotLocked, Truncated, WrongVersionInside
from ccpin.pinning.lock import Artifact, Lock
from ccpin.store.entry import NODE, node_key, own_node, ready
from ccpin.store.find import find_install, require_locked
from ccpin.store.nodefile import node_artifact, same_node
from ccpin.store.receipt import Install, changes, installs, read_install
from tests.fakes import faults
from tests.fakes.packages import entry
from tests.fakes.upstream import Upstream
from tests.pinning import locks
from tests.store.installing import Store, posix
from tests.store.nodes import install_with_node, lock_with_node, registry_of, unpack_from

HERE = platforms.current()
FOREIGN = b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\xf3\0"  # of a processor that Claude Code is not made for

pytestmark = [
    posix,
    pytest.mark.skipif(HERE.endswith("-musl"), reason="npm has no Node.js for musl"),
]


@pytest.fixture
def lock(store: Store) -> Lock:
    return lock_with_node(store.lock("2.0.14"), store.fake)


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    folder = tmp_path / "staging"
    folder.mkdir()
    return folder


def relocked(store: Store, lock: Lock) -> Lock:
    """The lock that fits what the registry serves now."""
    return lock_with_node(dataclasses.replace(lock, node=None), store.fake, str(lock.node))


class TestUnpack:
    def test_the_executable_and_nothing_else(self, store: Store, lock: Lock, staging: Path) -> None:
        found = unpack_from(registry_of(store.fake), lock, staging)
        assert os.listdir(staging) == [NODE]
        assert (found.size, found.executable) == ((staging / NODE).stat().st_size, True)
        (staging / NODE).chmod(0o755)
        said = subprocess.run([staging / NODE, "--version"], capture_output=True, text=True, check=True)
        assert said.stdout == "v22.23.2\n"

    def test_beside_a_release_s_own_files(self, store: Store, lock: Lock, staging: Path) -> None:
        (staging / "package").mkdir()
        (staging / "package/package.json").write_text("{}")
        unpack_from(registry_of(store.fake), lock, staging)
        assert sorted(os.listdir(staging)) == [NODE, "package"]
        assert (staging / "package/package.json").read_text() == "{}"

    def test_a_package_that_says_its_version_with_a_v(self, store: Store, staging: Path) -> None:
        unpack_from(registry_of(store.fake), lock_with_node(store.lock("2.0.14"), store.fake, "18.19.1"), staging)

    def test_another_tarball_than_the_locked_one(self, store: Store, lock: Lock, staging: Path) -> None:
        other = Artifact(npm=locks.integrity("another"))
        lock = dataclasses.replace(lock, artifacts={**lock.artifacts, str(node_key(lock)): other})
        with pytest.raises(IntegrityMismatch):
            unpack_from(registry_of(store.fake), lock, staging)

    def test_another_version_than_the_locked_one(
        self, store: Store, upstream: Upstream, lock: Lock, staging: Path
    ) -> None:
        upstream.add_node("22.23.2", inside="20.0.0")
        with pytest.raises(WrongVersionInside, match=r"20\.0\.0, not 22\.23\.2"):
            unpack_from(registry_of(store.fake), relocked(store, lock), staging)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda p: dataclasses.replace(p, entries=p.entries[:0]), "no executable"),
            (lambda p: dataclasses.replace(p, entries=(entry("package/bin/node"),)), "no executable"),
            (lambda p: dataclasses.replace(p, entries=(*p.entries, entry("../node", b"x"))), "not a path below"),
            (lambda p: dataclasses.replace(p, entries=(entry("package/bin/node", FOREIGN),)), "is for linux-another"),
            (lambda p: dataclasses.replace(p, fields={**p.fields, "version": 5}), None),
            (lambda p: dataclasses.replace(p, raw=b"no archive"), "not gzip"),
        ],
    )
    def test_a_package_that_is_none(
        self,
        store: Store,
        upstream: Upstream,
        lock: Lock,
        staging: Path,
        change: Callable[..., object],
        says: str | None,
    ) -> None:
        upstream.add(change(upstream.node("22.23.2", HERE)))  # type: ignore[arg-type]
        with pytest.raises(BadArchive if says else WrongVersionInside, match=says):
            unpack_from(registry_of(store.fake), relocked(store, lock), staging)

    def test_cut_off(self, store: Store, lock: Lock, staging: Path) -> None:
        store.fake.fault("*.tgz", faults.cut(500))
        with pytest.raises(Truncated):
            unpack_from(registry_of(store.fake), lock, staging)


class TestInstalled:
    def test_one_folder_for_this_platform(self, store: Store, lock: Lock) -> None:
        done = install_with_node(store.home, lock, store.fake)
        assert Path(done.folder).name == HERE
        assert ready(store.home, lock) == os.path.join(done.folder, "claude")
        assert own_node(store.home, lock) == os.path.join(done.folder, "node")
        assert find_install(store.home, lock) == done
        assert read_install(done.folder) == done
        assert changes(done, deep=True) == []

    def test_it_runs_on_no_other_node(self, store: Store, lock: Lock) -> None:
        done = install_with_node(store.home, lock, store.fake)
        command, node = ready(store.home, lock), own_node(store.home, lock)
        said = subprocess.run(
            [str(node), str(command), "--version"], env={}, capture_output=True, text=True, check=True
        )
        assert said.stdout.startswith("2.0.14")
        assert done.receipt.node == "22.23.2"

    def test_a_broken_one_leaves_nothing(self, store: Store, lock: Lock) -> None:
        store.fake.fault("*node-*.tgz", faults.wrong_bytes())
        with pytest.raises(CcpinError):
            store.install(lock)
        assert list(installs(store.home)) == []
        assert store.leftovers() == []

    def test_without_one_it_is_another_install(self, store: Store, lock: Lock) -> None:
        plain = store.install("2.0.14")
        assert find_install(store.home, lock) is None
        done = install_with_node(store.home, lock, store.fake)
        assert {found.folder for found in installs(store.home)} >= {done.folder}
        assert done.folder != plain.folder
        assert own_node(store.home, store.lock("2.0.14")) is None

    def test_a_lock_that_gives_another_number_to_the_same_bytes(self, store: Store, lock: Lock) -> None:
        install_with_node(store.home, lock, store.fake)
        lying = dataclasses.replace(lock, node="22.0.0")
        assert lying.digest == lock.digest
        assert find_install(store.home, lying) is None

    def test_a_node_that_was_changed(self, store: Store, lock: Lock) -> None:
        done = install_with_node(store.home, lock, store.fake)
        spoil(done)
        assert "sha256" in changes(done, deep=True)[0]
        (Path(done.folder) / NODE).touch()
        assert "written to" in changes(done)[0]
        assert find_install(store.home, lock) is None

    def test_not_locked_for_this_machine(self, store: Store, lock: Lock) -> None:
        others = {key: artifact for key, artifact in lock.artifacts.items() if key != f"node-{HERE}"}
        lock = dataclasses.replace(lock, artifacts=others)
        with pytest.raises(NodeNotLocked) as raised:
            require_locked(lock, "L:6")
        assert raised.value.where == "L:6"
        assert "22.23.2" in raised.value.message
        assert HERE in raised.value.message
        with pytest.raises(NodeNotLocked):
            store.install(lock)
        assert store.downloads() == 0


class TestSame:
    def test_it_is_linked(self, store: Store, lock: Lock, staging: Path) -> None:
        done = install_with_node(store.home, lock, store.fake)
        other = lock_with_node(store.lock("2.0.15"), store.fake)
        found = same_node(store.home, other, str(staging))
        assert found is not None
        assert os.path.samefile(staging / NODE, Path(done.folder, NODE))
        kept = done.receipt.files[NODE]
        assert (found.sha256, found.size, found.executable) == (kept.sha256, kept.size, True)
        assert store.downloads() == 0

    def test_not_another_one(self, store: Store, lock: Lock, staging: Path) -> None:
        install_with_node(store.home, lock, store.fake)
        for other in (lock_with_node(store.lock("2.0.15"), store.fake, "26"), store.lock("2.0.15")):
            assert same_node(store.home, other, str(staging)) is None
        assert os.listdir(staging) == []

    def test_not_the_one_that_is_replaced(self, store: Store, lock: Lock, staging: Path) -> None:
        install_with_node(store.home, lock, store.fake)
        assert same_node(store.home, lock, str(staging)) is None

    @pytest.mark.parametrize("damage", ["changed", "larger", "gone", "link"])
    def test_not_a_damaged_one(self, store: Store, lock: Lock, staging: Path, damage: str) -> None:
        done = install_with_node(store.home, lock, store.fake)
        path = Path(done.folder, NODE)
        spoil(done)
        if damage == "larger":
            path.write_bytes(path.read_bytes() + b"!")
        elif damage != "changed":
            path.unlink()
        if damage == "link":
            path.symlink_to("/bin/sh")
        other = lock_with_node(store.lock("2.0.15"), store.fake)
        assert same_node(store.home, other, str(staging)) is None
        assert os.listdir(staging) == []

    def test_an_install_takes_it(self, store: Store, lock: Lock) -> None:
        first = install_with_node(store.home, lock, store.fake)
        second = store.install(lock_with_node(store.lock("2.0.15"), store.fake))
        assert [seen.path for seen in store.fake.asked("*node-*.tgz")] == []
        assert os.path.samefile(os.path.join(first.folder, NODE), os.path.join(second.folder, NODE))
        assert changes(first, deep=True) == changes(second, deep=True) == []

    def test_an_install_fetches_what_is_damaged(self, store: Store, lock: Lock) -> None:
        spoil(install_with_node(store.home, lock, store.fake))
        second = store.install(lock_with_node(store.lock("2.0.15"), store.fake))
        assert len(store.fake.asked("*node-*.tgz")) == 1
        assert changes(second, deep=True) == []

    def test_no_lock_s_own(self) -> None:
        assert node_artifact(locks.node()) is None
        assert node_artifact(locks.own_node()) == locks.own_node().artifacts[f"node-{HERE}"]


def spoil(install: Install) -> None:
    """Changes a byte of the Node.js, quietly."""
    path = Path(install.folder, NODE)
    path.parent.chmod(0o755)
    path.chmod(0o755)
    before = path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(before, before))
