"""Whether what is installed is what was verified: every kind of change is found, and told apart."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.store.entry import ready
from ccpin.store.find import find_install
from ccpin.store.inside import version_inside
from ccpin.store.receipt import Install, changes, installs
from ccpin.store.verify import Fault, strange, verify
from tests.fakes import looking
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream
from tests.store.installing import Store, posix
from tests.store.nodes import install_with_node, lock_with_node

pytestmark = posix

KINDS = ("native", "node", "own node")
Damage = Callable[[Path], None]


@pytest.fixture(params=KINDS)
def install(request: pytest.FixtureRequest, store: Store, registry: Registry) -> Install:
    """A release of each kind."""
    if request.param == "native":
        return store.install("2.1.330")
    lock = store.lock("2.0.14")
    return store.install(lock) if request.param == "node" else with_node(store, lock, registry)


def with_node(store: Store, lock: Lock, registry: Registry) -> Install:
    return install_with_node(store.home, lock_with_node(lock, registry), registry)


def faults(store: Store, *, deep: bool = False) -> list[Fault]:
    [one] = verify(store.home, deep=deep)
    return list(one.faults)


def only(store: Store, *, deep: bool = False) -> Fault:
    found = faults(store, deep=deep)
    assert len(found) == 1, found
    return found[0]


def opened(path: Path) -> Path:
    """A file that its owner may write to now, in a folder that they may."""
    path.parent.chmod(0o755)
    path.chmod(0o755)
    return path


def closed(path: Path, status: os.stat_result, *, times: bool = True) -> None:
    """Modes as an install leaves them, and with `times` the file's times as they were: for those who hide."""
    if times:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    path.chmod(status.st_mode & 0o777)
    path.parent.chmod(0o555)


def write(path: Path, change: Callable[[bytes], bytes], *, times: bool = True) -> None:
    status = path.stat()
    opened(path).write_bytes(change(path.read_bytes()))
    closed(path, status, times=times)


def swapped(data: bytes) -> bytes:
    """As long as before, and still saying its version."""
    assert b"FAKE" in data
    return data.replace(b"FAKE", b"EKAF", 1)


class TestWhole:
    def test_as_installed(self, store: Store, install: Install) -> None:
        before = looking.tree(Path(store.home.root))
        assert faults(store) == faults(store, deep=True) == []
        [one] = verify(store.home)
        assert (one.folder, one.store, one.install, one.version) == (
            install.folder, store.home, install, install.receipt.version,
        )  # fmt: skip
        assert looking.tree(Path(store.home.root)) == before

    def test_nothing_at_all(self, store: Store) -> None:
        assert list(verify(store.home)) == []
        assert list(strange(store.home)) == []

    def test_those_that_are_asked_for(self, store: Store) -> None:
        for version in ("2.0.14", "2.0.15", "2.1.330"):
            store.install(version)
        assert [one.version for one in verify(store.home)] == ["2.0.14", "2.0.15", "2.1.330"]
        assert [one.version for one in verify(store.home, versions=frozenset({"2.0.15"}))] == ["2.0.15"]

    def test_looking_does_not_count_as_using(self, store: Store, install: Install) -> None:
        path = Path(install.executable)
        status = path.stat()
        os.utime(path, ns=(5, status.st_mtime_ns))
        assert faults(store, deep=True) == []
        assert path.stat().st_atime_ns == 5


class TestExecutables:
    @pytest.mark.parametrize("times", [True, False], ids=["times kept", "times changed"])
    def test_patched(self, store: Store, install: Install, times: bool) -> None:
        """Other bytes, and the right version inside: somebody's tool, and no broken disk."""
        path = Path(install.executable)
        write(path, swapped, times=times)
        assert (faults(store) == []) is times  # a stat cannot tell
        found = only(store, deep=True)
        assert (found.kind, found.path) == ("patched", str(path))
        version = install.receipt.version
        assert found.said.startswith(f"patched, not corrupt: it is still {version} inside, and its bytes are not those")
        assert "sha256" in found.said

    def test_patched_and_longer(self, store: Store, install: Install) -> None:
        path = Path(install.executable)
        size = path.stat().st_size
        write(path, lambda data: data + b"\n# patched\n")
        found = only(store)
        assert found.kind == "patched"
        assert found.said.endswith(f"({size + 11:,} bytes, not {size:,})")

    def test_patched_and_a_little_shorter(self, store: Store, install: Install) -> None:
        """A script that somebody's tool changed, perhaps; a native one was cut off."""
        write(Path(install.executable), lambda data: data.replace(b"FAKE", b"FAK", 1))
        assert only(store).kind == ("truncated" if install.receipt.runtime == "native" else "patched")

    @pytest.mark.parametrize("left", [0.5, 0.0], ids=["half", "nothing"])
    def test_truncated(self, store: Store, install: Install, left: float) -> None:
        path = Path(install.executable)
        size = path.stat().st_size
        write(path, lambda data: data[: int(size * left)])
        found = only(store)
        assert (found.kind, found.said) == ("truncated", f"{int(size * left):,} bytes, not {size:,}")

    def test_of_another_version(self, store: Store, install: Install) -> None:
        version = install.receipt.version.encode()
        write(Path(install.executable), lambda data: data.replace(b"// Version: " + version, b"// Version: 9.9.99"))
        found = only(store, deep=True)
        assert found.kind == "changed"
        assert found.said.startswith("it is 9.9.99 (")

    def test_of_none(self, store: Store, install: Install) -> None:
        write(Path(install.executable), lambda data: b"x" * len(data))
        assert faults(store) == []
        found = only(store, deep=True)
        assert (found.kind, found.said) == ("changed", "its sha256 is not the one that was verified")

    def test_the_same_bytes_written_again(self, store: Store, install: Install) -> None:
        write(Path(install.executable), lambda data: data, times=False)
        for deep in (False, True):
            found = only(store, deep=deep)
            assert (found.kind, found.said) == (
                "changed", "it was written to since it was installed; its bytes are the verified ones",
            )  # fmt: skip

    def test_missing(self, store: Store, install: Install) -> None:
        path = Path(install.executable)
        path.parent.chmod(0o755)
        path.unlink()
        path.parent.chmod(0o555)
        found = only(store)
        assert (found.kind, found.path, found.said) == ("missing", str(path), "it is gone")

    @pytest.mark.parametrize("what", ["folder", "link", "fifo"])
    def test_no_file_at_all(self, store: Store, install: Install, what: str) -> None:
        path = Path(install.executable)
        path.parent.chmod(0o755)
        path.unlink()
        if what == "folder":
            path.mkdir(0o555)
        elif what == "link":
            path.symlink_to("/bin/sh")
        else:
            os.mkfifo(path, 0o555)
        path.parent.chmod(0o555)
        found = faults(store)[0]
        assert (found.kind, found.said) == ("changed", "it is no plain file any more")

    def test_who_may_write(self, store: Store, install: Install) -> None:
        path = Path(install.executable)
        path.chmod(0o755)
        assert (only(store).kind, only(store).said) == ("mode", "it may be written to (-rwxr-xr-x)")
        path.chmod(0o555)
        Path(install.folder).chmod(0o755)
        assert (only(store).kind, only(store).path) == ("mode", install.folder)

    def test_who_may_run(self, store: Store, install: Install) -> None:
        Path(install.executable).chmod(0o500)
        assert (only(store).kind, only(store).said) == ("mode", "not everybody may use it (-r-x------)")


class TestTheRest:
    def test_a_file_beside_the_script(self, store: Store) -> None:
        install = store.install("2.0.14")
        names = [name for name in install.receipt.files if name != install.receipt.executable]
        path = Path(install.folder, names[0])
        write(path, lambda data: data + b"//")
        found = only(store)
        assert (found.kind, found.path) == ("changed", str(path))

    def test_a_node_of_its_own(self, store: Store, registry: Registry) -> None:
        install = with_node(store, store.lock("2.0.14"), registry)
        path = Path(install.folder, "node")
        write(path, lambda data: data[:-1] + b"!")
        assert faults(store) == []
        assert (only(store, deep=True).kind, only(store, deep=True).path) == ("changed", str(path))
        write(path, lambda data: data[:10])
        assert only(store).kind == "truncated"

    def test_the_script_that_starts_it_on_that(self, store: Store, registry: Registry) -> None:
        install = with_node(store, store.lock("2.0.14"), registry)
        [path] = Path(install.folder).glob("claude-on-node-*")
        path.parent.chmod(0o755)
        path.unlink()
        path.parent.chmod(0o555)
        assert (only(store).kind, only(store).path) == ("missing", str(path))

    @pytest.mark.parametrize("what", ["gone", "elsewhere", "file"])
    def test_the_link_to_the_script(self, store: Store, what: str) -> None:
        install = store.install("2.0.14")
        path = Path(install.folder, "claude")
        path.parent.chmod(0o755)
        path.unlink()
        if what == "elsewhere":
            path.symlink_to("/bin/sh")
        elif what == "file":
            path.write_text("#!/bin/sh\n")
        path.parent.chmod(0o555)
        found = only(store)
        assert (found.kind, found.path) == ("missing" if what == "gone" else "link", str(path))

    def test_the_mark_of_those_that_take_settings(self, store: Store, install: Install) -> None:
        path = Path(install.folder, "takes-settings")
        path.parent.chmod(0o755)
        path.unlink()
        path.parent.chmod(0o555)
        assert (only(store).kind, only(store).path) == ("missing", str(path))

    def test_a_mark_that_says_too_much(self, store: Store, upstream: Upstream) -> None:
        install = store.install("0.2.9")
        assert not install.receipt.takes_settings
        path = Path(install.folder, "takes-settings")
        path.parent.chmod(0o755)
        path.touch()
        path.parent.chmod(0o555)
        assert (only(store).kind, only(store).said) == ("extra", "it should not be there")

    @pytest.mark.parametrize("name", ["extra.js", "package/preload.js", "package/node_modules/x", ".hidden"])
    def test_what_was_put_beside(self, store: Store, name: str) -> None:
        """A release may read what lies there."""
        install = store.install("2.0.14")
        path = Path(install.folder, name)
        for folder in (path.parent.parent, path.parent):
            if folder.exists():
                folder.chmod(0o755)
        path.parent.mkdir(exist_ok=True)
        path.touch()
        for folder in (path.parent, path.parent.parent):
            folder.chmod(0o555)
        found = faults(store)
        assert [one.kind for one in found if one.kind != "mode"] == ["extra"]
        assert found[0].path == str(path if path.parent.name != "node_modules" else path.parent)
        assert find_install(store.home, store.lock("2.0.14")) is not None  # nothing that was verified has changed
        Path(store.home.releases, os.path.basename(install.entry)).chmod(0o755)


class TestReceipts:
    @pytest.mark.parametrize("text", [None, "", "{", "[]", '{"format": 99}'])
    def test_that_nobody_can_read(self, store: Store, install: Install, text: str | None) -> None:
        path = opened(Path(install.folder, "receipt.json"))
        path.unlink()
        if text is not None:
            path.write_text(text)
        [one] = verify(store.home)
        assert one.install is None
        [found] = one.faults
        assert (found.kind, found.path) == ("receipt", str(path))
        assert found.said.startswith("it is missing" if text is None else "no ccpin of this age can read it")

    def test_of_another_entry(self, store: Store, install: Install) -> None:
        entry = Path(install.entry)
        entry.rename(entry.with_name(f"{install.receipt.version}-{'0' * 32}"))
        found = faults(store)
        assert [one.kind for one in found] == ["receipt"]
        folder = f"{install.receipt.version}-{'0' * 32}/{os.path.basename(install.folder)}"
        assert found[0].said == f"it is not of the entry {folder}"

    def test_of_another_platform(self, store: Store, install: Install) -> None:
        copy = Path(install.entry, "linux-mips")
        shutil.copytree(install.folder, copy, symlinks=True)
        found = {os.path.basename(one.folder): [fault.kind for fault in one.faults] for one in verify(store.home)}
        assert found.pop("linux-mips") == ["receipt"]
        assert list(found.values()) == [[]]

    @pytest.mark.parametrize("how", ["old", "link"])
    def test_one_that_no_launch_takes(self, store: Store, install: Install, how: str) -> None:
        path = Path(install.folder, "receipt.json")
        if how == "old":
            os.utime(path, (0, 0))
            assert ready(store.home, install.receipt) is None
        else:
            Path(install.folder).chmod(0o755)
            path.rename(store.home.root + "/receipt.json")
            path.symlink_to(store.home.root + "/receipt.json")
            Path(install.folder).chmod(0o555)
        assert only(store)[:2] == ("receipt", str(path))

    def test_whose_executable_is_not_the_locked_one(self, store: Store) -> None:
        install = store.install("2.1.330")
        path = Path(install.folder, "receipt.json")
        data = json.loads(path.read_text())
        data["artifact"]["sha256"] = "0" * 64
        path.chmod(0o644)
        path.write_text(json.dumps(data))
        path.chmod(0o444)
        assert only(store).kind == "receipt"


class TestBySync:
    """`check` and `sync` look by stat at what `verify` looks at."""

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("change", ["longer", "touched", "gone"])
    def test_a_change_is_noticed(self, store: Store, registry: Registry, kind: str, change: str) -> None:
        lock = store.lock("2.1.330" if kind == "native" else "2.0.14")
        lock = lock_with_node(lock, registry) if kind == "own node" else lock
        install = install_with_node(store.home, lock, registry)
        assert find_install(store.home, lock) == install
        path = Path(install.executable)
        if change == "longer":
            write(path, lambda data: data + b"\n")
        elif change == "touched":
            os.utime(path, (1, 1))
        else:
            path.parent.chmod(0o755)
            path.unlink()
        assert changes(install)
        assert find_install(store.home, lock) is None
        assert faults(store)


class TestBeside:
    def test_what_is_no_entry(self, store: Store, install: Install) -> None:
        releases = Path(store.home.releases)
        assert list(strange(store.home)) == []
        (releases / ".DS_Store").touch()
        (Path(install.entry) / ".DS_Store").touch()
        (releases / "notes").touch()
        (releases / f"2.0.14-{'x' * 32}").mkdir()
        (Path(install.entry) / "file").touch()
        (Path(install.entry) / ".staging-x").mkdir()
        (Path(install.entry) / "node").symlink_to("/usr/bin/node")
        found = list(strange(store.home))
        assert {os.path.basename(one.path) for one in found} == {"notes", f"2.0.14-{'x' * 32}", "file"}
        assert {one.kind for one in found} == {"extra"}


class TestInside:
    """Which version a file says it is."""

    @pytest.mark.parametrize(
        ("data", "version"),
        [
            (b"", None),
            (b"#!/usr/bin/env node\n// Version: 2.0.14\nx", "2.0.14"),
            (b"// Version: 2.0.14\r\n", "2.0.14"),
            (b"// Version: 2.0\n", None),
            (b"// Version: 02.0.14\n", None),
            (b"// Version: ...........\n", None),
            (b"// Version: 2.0.14", None),
            (b"x" * 3_000_000 + b"// Version: 2.1.330\n" + b"y" * 2_000_000, "2.1.330"),
            (b"x" * 3_000_000 + b"// Version: 2.1.330\n" + b"y" * 9_000_000, "2.1.330"),
            (b"x" * 3_000_000 + b"// Version: 2.1.330\n" + b"y" * 100, "2.1.330"),
            (b"x" * ((1 << 20) - 10) + b"// Version: 2.1.330\n", "2.1.330"),
            (b"\0" * 5_000_000, None),
        ],
    )
    def test_found(self, tmp_path: Path, data: bytes, version: str | None) -> None:
        path = tmp_path / "file"
        path.write_bytes(data)
        assert version_inside(str(path)) == version

    @pytest.mark.parametrize("cut", range(0, 30, 5))
    def test_over_the_border_of_two_pieces(self, tmp_path: Path, cut: int) -> None:
        path = tmp_path / "file"
        half = (1 << 20) * 3 - cut
        path.write_bytes(b"x" * half + b"// Version: 2.1.330\n" + b"y" * (half - 20))
        assert version_inside(str(path)) == "2.1.330"

    def test_the_rear_half_goes_first(self, tmp_path: Path) -> None:
        """In front there may be others: what a release says of a Node.js in it, say."""
        path = tmp_path / "file"
        path.write_bytes(b"x" * 10_000 + b"// Version: 1.1.1\n" + b"y" * 20_000 + b"// Version: 2.1.330\n" + b"z" * 10)
        assert version_inside(str(path)) == "2.1.330"

    def test_no_plain_file(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(OSError, match="plain"):
            version_inside(str(tmp_path / "fifo"))


def test_a_store_of_somebody_elses_is_looked_at_in_the_same_way(store: Store, tmp_path: Path) -> None:
    install = store.install("2.1.330")
    own = Home(str(tmp_path / "own"), (store.home.root,))
    assert list(verify(own)) == []
    assert [one.folder for one in verify(Home(own.shared[0]))] == [install.folder]


def test_two_entries_with_one_file(store: Store) -> None:
    """Equal executables are kept once: what changes one of them changes both."""
    lock = store.lock("2.1.330")
    here = {name: artifact for name, artifact in lock.artifacts.items() if name == platforms.current()}
    one, other = store.install(lock), store.install(dataclasses.replace(lock, artifacts=here))
    assert os.path.samefile(one.executable, other.executable)
    write(Path(one.executable), lambda data: data + b"\n")
    assert [[fault.kind for fault in found.faults] for found in verify(store.home)] == [["patched"], ["patched"]]
    done = store.install(lock, force=True)
    assert store.downloads() == 2  # nothing is taken from the other one
    assert not os.path.samefile(done.executable, other.executable)
    assert [bool(found.faults) for found in verify(store.home)].count(True) == 1
    assert store.install(dataclasses.replace(lock, artifacts=here), force=True)
    assert store.downloads() == 2
    assert [found.faults for found in verify(store.home)] == [(), ()]
    assert len(list(installs(store.home))) == 2
