"""Writing bundles: the same bytes from wherever, whole or not at all, and never over anything else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ccpin import platforms
from ccpin.archives.flat import END
from ccpin.errors import (
    BadArchive,
    BadBundle,
    BadBundleName,
    BundleUnwritable,
    CcpinError,
    IntegrityMismatch,
    NotLockedFor,
    Truncated,
)
from ccpin.net import Http
from ccpin.paths import Home
from ccpin.pinning.lock import Lock
from ccpin.platforms import ALL
from ccpin.releases.bundle import open_bundle
from ccpin.releases.channel import Channel
from ccpin.releases.contents import INDEX, MAX_RELEASES
from ccpin.releases.native import Native
from ccpin.releases.npm import Npm
from ccpin.releases.sources import Sources, only
from ccpin.store.bundle import EVERY, Bundled, bundle
from ccpin.store.holding import held
from ccpin.store.install import install
from ccpin.store.progress import Progress
from tests.fakes import channel, faults, nobody
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream
from tests.store.installing import Store, posix
from tests.store.nodes import lock_with_node

HERE = platforms.current()
FORMS = pytest.mark.parametrize("form", ["b.tar", "b"])


class Bench:
    """Bundles below `root`, from a store, and what it is filled from."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root = root
        self.store = store

    def make(
        self,
        name: str,
        *locks: Lock | str,
        wanted: Sequence[str] = (HERE,),
        sources: Sources | None = None,
        home: Home | None = None,
        progress: Progress | None = None,
    ) -> Bundled:
        known = [self.store.lock(lock) if isinstance(lock, str) else lock for lock in locks]
        return bundle(
            str(self.root / name),
            {f"lock {number}": lock for number, lock in enumerate(known)},
            wanted,
            home or self.store.home,
            lambda: sources or self.store.sources(),
            progress or Progress(),
        )

    def bytes_of(self, name: str) -> dict[str, tuple[int, int, bytes]]:
        """Everything of a bundle that could differ: modes, times, names, bytes."""
        top = self.root / name
        return {
            str(path.relative_to(self.root)): (
                path.stat().st_mode,
                0 if path.suffix == ".tar" else int(path.stat().st_mtime),
                b"" if path.is_dir() else path.read_bytes(),
            )
            for path in (top, *sorted(top.glob("*")))
        }

    def list_of(self, name: str) -> Any:
        return json.loads((self.root / name / INDEX).read_bytes())

    def names(self) -> list[str]:
        return sorted(os.listdir(self.root))


@pytest.fixture
def bench(tmp_path: Path, store: Store) -> Bench:
    (tmp_path / "out").mkdir()
    return Bench(tmp_path / "out", store)


@pytest.fixture
def native(upstream: Upstream) -> Iterator[channel.Channel]:
    with channel.Channel(upstream) as running:
        yield running


def source_of(served: channel.Channel) -> Sources:
    return only(Native(Channel(served.url, "the test", Http()), lambda: served.keys))


class TestTheSameBytes:
    @FORMS
    def test_from_everywhere(
        self, bench: Bench, native: channel.Channel, upstream: Upstream, tmp_path: Path, form: str
    ) -> None:
        """npm's tarballs, the channel's executables, its packed copies, the store, another bundle."""
        lock = bench.store.lock("2.1.330")
        bench.make(form, lock, wanted=[EVERY])
        first = bench.bytes_of(form)
        bench.make("all", lock, wanted=[EVERY])
        empty = Home(str(tmp_path / "empty"))

        bench.make(form, lock, wanted=[EVERY], sources=source_of(native), home=empty)
        assert bench.bytes_of(form) == first
        assert len(native.asked("*/claude*")) == len(ALL)

        native.put_packed("2.1.330", {p: zstandard.compress(upstream.executable("2.1.330", p)) for p in ALL})
        bench.make(form, lock, wanted=[EVERY], sources=source_of(native), home=empty)
        assert bench.bytes_of(form) == first
        assert len(native.asked("*.zst")) == len(ALL)

        bench.make(form, lock, wanted=[EVERY], sources=only(open_bundle(str(bench.root / "all"))), home=empty)
        assert bench.bytes_of(form) == first

        bench.store.install(lock)
        bench.store.fake.forget()
        bench.make(form, lock, wanted=[EVERY])
        assert bench.bytes_of(form) == first
        assert bench.store.downloads() == len(ALL) - 1

    @FORMS
    def test_in_any_order_under_any_umask(self, bench: Bench, form: str) -> None:
        locks = [bench.store.lock(version) for version in ("2.1.330", "2.0.14", "2.1.166", "2.1.200")]
        before = os.umask(0o077)
        try:
            bench.make(form, *locks, wanted=[HERE, "darwin-arm64"])
            first = bench.bytes_of(form)
            os.umask(0o000)
            bench.make(form, *reversed(locks), locks[0], wanted=["darwin-arm64", HERE, HERE])
        finally:
            os.umask(before)
        assert bench.bytes_of(form) == first
        if sys.platform != "win32":
            assert {mode & 0o7777 for mode, _, _ in first.values()} <= {0o644, 0o755}
            assert {time for _, time, _ in first.values()} == {0}

    def test_tar_and_folder_hold_the_same(self, bench: Bench) -> None:
        done = [bench.make(form, "2.1.330", "2.0.14") for form in ("b.tar", "b")]
        assert done[0].contents == done[1].contents
        parts = [data for _, _, data in bench.bytes_of("b").values()]
        assert done[0].size == (bench.root / "b.tar").stat().st_size
        assert done[1].size == sum(map(len, parts))
        whole = (bench.root / "b.tar").read_bytes()
        assert all(data in whole for data in parts)


class TestWhatIsInIt:
    def test_the_executable_itself(self, bench: Bench, upstream: Upstream) -> None:
        bench.make("b", "2.1.330")
        assert sorted(os.listdir(bench.root / "b")) == [INDEX, f"sha256-{upstream.sha256('2.1.330', HERE)}"]
        [release] = bench.list_of("b")["releases"]
        assert (release["version"], release["runtime"], release["node"]) == ("2.1.330", "native", None)
        assert release["artifacts"].keys() == set(ALL)  # all lines of the lock

    @pytest.mark.parametrize("version", ["2.0.14", "2.1.166"])
    def test_npms_tarball_as_it_came(self, bench: Bench, upstream: Upstream, version: str) -> None:
        """A JavaScript release, and one of which there is no manifest."""
        bench.make("b", version)
        [name] = [name for name in os.listdir(bench.root / "b") if name != INDEX]
        expected = upstream.get(version, None if version == "2.0.14" else HERE).tarball
        assert name.endswith(".tgz")
        assert (bench.root / "b" / name).read_bytes() == expected

    def test_the_node_of_a_lock(self, bench: Bench, upstream: Upstream, registry: Registry) -> None:
        lock = lock_with_node(bench.store.lock("2.0.14"), registry)
        done = bench.make("b", lock)
        assert sorted(done.contents.of().values()) == [["2.0.14 any"], [f"2.0.14 node-{HERE}"]]
        held = {(bench.root / "b" / name).read_bytes() for name in done.contents.sizes}
        assert held == {upstream.get("2.0.14").tarball, upstream.node(str(lock.node), HERE).tarball}
        assert bench.list_of("b")["releases"][0]["node"] == lock.node

    def test_equal_artifacts_once(self, bench: Bench) -> None:
        lock = bench.store.lock("2.1.330")
        fewer = dataclasses.replace(lock, artifacts={HERE: lock.artifacts[HERE]})
        done = bench.make("b", lock, fewer, dataclasses.replace(lock, env={}, request="2.1"))
        assert len(done.contents.sizes) == 1
        assert len(done.contents.releases) == 2  # as two locks have it, and a third one that differs in nothing of this

    @pytest.mark.parametrize(
        ("wanted", "count"), [([HERE], 1), (["win32-x64", HERE], 2), ([EVERY], len(ALL)), ([HERE, EVERY], len(ALL))]
    )
    def test_the_platforms_that_were_asked_for(self, bench: Bench, wanted: list[str], count: int) -> None:
        assert len(bench.make("b.tar", "2.1.330", wanted=wanted).contents.sizes) == count

    @pytest.mark.parametrize(
        ("version", "platform", "locked"),
        [
            ("2.1.330", "freebsd-x64", "darwin-arm64, darwin-x64, linux-arm64, linux-arm64-musl, linux-x64"),
            ("2.1.330", "linux", "darwin-arm64, darwin-x64"),
            ("2.1.330", "any", "darwin-arm64"),
            ("2.0.14", "linux-x46", "any"),
        ],
    )
    def test_a_platform_that_a_lock_lacks(self, bench: Bench, version: str, platform: str, locked: str) -> None:
        with pytest.raises(NotLockedFor, match=f"is locked for {locked}.*, not for {platform}") as error:
            bench.make("b", version, wanted=[platform])
        assert error.value.where == "lock 0"
        assert bench.names() == []

    def test_a_platform_that_has_no_node(self, bench: Bench, registry: Registry) -> None:
        lock = lock_with_node(bench.store.lock("2.0.14"), registry)
        with pytest.raises(NotLockedFor, match=r"is locked for (\w+-\w+, )+\w+-\w+, not for linux-x64-musl"):
            bench.make("b", lock, wanted=["linux-x64-musl"])

    def test_more_releases_than_one_may_have(self, bench: Bench) -> None:
        lock = bench.store.lock("2.0.14")
        many = [dataclasses.replace(lock, version=f"2.0.{n}") for n in range(MAX_RELEASES + 1)]
        with pytest.raises(BundleUnwritable, match="1,001 releases are too many"):
            bench.make("b", *many)
        assert bench.names() == []


class TestTheStore:
    def test_is_asked_first(self, bench: Bench, registry: Registry) -> None:
        lock = bench.store.lock("2.1.330")
        bench.store.install(lock)
        registry.stop()
        bench.make("b", lock)
        fewer = dataclasses.replace(lock, artifacts={HERE: lock.artifacts[HERE]})  # another entry's, and the same bytes
        bench.make("b.tar", fewer)

    def test_is_not_believed(self, bench: Bench) -> None:
        installed = bench.store.install("2.1.330")
        path = Path(installed.executable)
        path.chmod(0o755)
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        bench.store.fake.forget()
        bench.make("b", "2.1.330")
        assert bench.store.downloads() == 1
        open_bundle(str(bench.root / "b"))

    def test_is_not_asked_for_another_release_than_the_lock_s(self, bench: Bench) -> None:
        """A lock may hold the digest of one under the number of another."""
        older = bench.store.lock("2.1.200")
        bench.store.install(older)
        with pytest.raises(IntegrityMismatch):
            bench.make("b", dataclasses.replace(older, version="2.1.330"))

    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14"])
    def test_gets_nothing(self, bench: Bench, version: str) -> None:
        bench.make("b", version)
        assert not os.path.exists(bench.store.home.releases)


class _Listens(Progress):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.titles: list[str] = []

    def noted(self, sentence: str) -> None:
        self.notes.append(sentence)

    def started(self, name: str, size: int | None) -> None:
        self.titles.append(name)


def test_says_what_came_from_where(bench: Bench, registry: Registry) -> None:
    lock = lock_with_node(bench.store.lock("2.0.14"), registry)
    heard, asked = _Listens(), []

    def sources() -> Sources:
        asked.append("once")
        return bench.store.sources()

    locks = {"one": lock, "other": bench.store.lock("2.1.330")}
    bundle(str(bench.root / "b"), locks, [HERE, "darwin-arm64"], bench.store.home, sources, heard)
    assert heard.notes == [f"what the store does not hold came from npm ({registry.url})"]
    assert sorted(heard.titles) == [
        "Claude Code 2.0.14",
        *sorted(f"Claude Code 2.1.330 for {platform}" for platform in (HERE, "darwin-arm64")),
        *sorted(f"Node.js {lock.node} for {platform}" for platform in (HERE, "darwin-arm64")),
    ]
    assert asked == ["once"]


class _Breaks(Progress):
    """A terminal that somebody presses Ctrl-C in."""

    def advanced(self, received: int) -> None:
        raise KeyboardInterrupt


@FORMS
class TestWhateverBreaks:
    @pytest.fixture
    def before(self, bench: Bench, form: str) -> dict[str, tuple[int, int, bytes]]:
        """There is a bundle already."""
        bench.make(form, "2.1.200")
        return bench.bytes_of(form)

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (faults.wrong_bytes(), (IntegrityMismatch, BadArchive)),
            (faults.other_bytes(b"another"), (IntegrityMismatch, BadArchive, Truncated)),
            (faults.cut(1000), Truncated),
            (faults.status(404), CcpinError),
        ],
        ids=["wrong", "other", "cut", "404"],
    )
    @pytest.mark.parametrize("version", ["2.1.330", "2.0.14", "2.1.166"])
    def test_a_download(
        self,
        bench: Bench,
        before: dict[str, tuple[int, int, bytes]],
        registry: Registry,
        form: str,
        version: str,
        fault: faults.Fault,
        error: Any,
    ) -> None:
        lock = bench.store.lock(version)
        registry.fault("*.tgz", fault)
        with pytest.raises(error):
            bench.make(form, lock)
        with pytest.raises(error):
            bench.make(f"new {form}", lock)
        assert bench.names() == [form]
        assert bench.bytes_of(form) == before
        registry.mend()
        bench.make(form, lock)
        assert bench.bytes_of(form) != before

    def test_the_last_of_many(self, bench: Bench, registry: Registry, upstream: Upstream, form: str) -> None:
        lock = bench.store.lock("2.1.330")
        last = max(ALL, key=lambda platform: upstream.sha256("2.1.330", platform))
        registry.fault(f"*/claude-code-{last}-2.1.330.tgz", faults.wrong_bytes())
        with pytest.raises((IntegrityMismatch, BadArchive)):
            bench.make(form, lock, wanted=[EVERY])
        assert bench.names() == []

    def test_a_person(self, bench: Bench, before: dict[str, tuple[int, int, bytes]], form: str) -> None:
        with pytest.raises(KeyboardInterrupt):
            bench.make(form, "2.1.330", progress=_Breaks())
        assert bench.names() == [form]
        assert bench.bytes_of(form) == before

    def test_what_a_killed_one_left_behind_goes_away(self, bench: Bench, form: str) -> None:
        left = bench.root / f".{form}.ccpin-abcdefgh"
        left.mkdir()
        (left / "tar").write_bytes(b"half of it")
        bench.make(form, "2.1.330")
        assert bench.names() == [form]

    @posix
    @pytest.mark.skipif(not nobody.is_root(), reason="only root can give files away")
    def test_what_is_somebody_else_s_stays(self, bench: Bench, form: str) -> None:
        theirs = bench.root / f".{form}.ccpin-theirs"
        theirs.mkdir()
        os.chown(theirs, nobody.UID, nobody.UID)
        bench.make(form, "2.1.330")
        assert bench.names() == sorted([theirs.name, form])

    def test_a_source_that_breaks_off_before_one_that_does_not(
        self, bench: Bench, registry: Registry, native: channel.Channel, form: str
    ) -> None:
        lock = bench.store.lock("2.1.330")
        registry.fault("*.tgz", faults.cut(1000))
        npm, channel_ = Npm(bench.store.registry), source_of(native)
        both = Sources({"npm": lambda: npm, "native": lambda: channel_.first(lambda source: source)})
        bench.make(form, lock, sources=both)
        open_bundle(str(bench.root / form))
        assert both.failed.keys() == {"npm"}

    def test_two_at_a_time(self, bench: Bench, form: str) -> None:
        digest = hashlib.sha256(os.fsencode(os.path.realpath(bench.root / form))).hexdigest()
        os.makedirs(bench.store.home.locks)
        with (
            held(os.path.join(bench.store.home.locks, f"bundle-{digest[:32]}.lock"), 0),
            pytest.raises(BundleUnwritable, match="another ccpin is writing it"),
        ):
            bench.make(form, "2.1.330")


class TestTargets:
    @pytest.mark.parametrize(
        ("name", "tar"),
        [
            ("b.zip", "b.tar"),
            ("b.tar.gz", "b.tar"),
            ("b.tgz", "b.tar"),
            ("b.tar.zst", "b.tar"),
            ("B.TAR.XZ", "B.tar"),
            (".zip", "ccpin-bundle.tar"),
        ],
    )
    def test_what_ccpin_does_not_write(self, bench: Bench, name: str, tar: str) -> None:
        with pytest.raises(BadBundleName) as error:
            bench.make(name, "2.1.330")
        assert tar in error.value.hint
        assert bench.names() == []

    @pytest.mark.parametrize("name", ["", "-"])
    def test_no_name(self, bench: Bench, name: str) -> None:
        with pytest.raises(BadBundleName):
            bundle(name, {}, [HERE], bench.store.home, bench.store.sources, Progress())

    @pytest.mark.parametrize("form", ["b.tar", "B.TAR", "b", "b.d", "b.1"])
    def test_is_replaced(self, bench: Bench, form: str) -> None:
        bench.make(form, "2.1.200", "2.1.330")
        bench.make(form, "2.0.14")
        assert [held.version for held in open_bundle(str(bench.root / form)).contents.releases] == ["2.0.14"]
        assert bench.names() == [form]

    @pytest.mark.parametrize("keep", [0, 600])
    def test_a_broken_one_is_replaced_as_well(self, bench: Bench, keep: int) -> None:
        bench.make("b.tar", "2.0.14")
        os.truncate(bench.root / "b.tar", keep)
        bench.make("b.tar", "2.0.14")
        open_bundle(str(bench.root / "b.tar"))

    def test_a_file_that_is_no_bundle_is_not(self, bench: Bench) -> None:
        """It may be the user's, and the name a link that came with a clone."""
        (bench.root / "mine.tar").write_bytes(b"my own")
        (bench.root / "b.tar").symlink_to("mine.tar")
        for name in ("mine.tar", "b.tar"):
            with pytest.raises(BundleUnwritable, match="what stands there is no bundle"):
                bench.make(name, "2.0.14")
        assert (bench.root / "mine.tar").read_bytes() == b"my own"

    def test_a_folder_that_is_empty(self, bench: Bench) -> None:
        (bench.root / "b").mkdir()
        bench.make("b", "2.0.14")
        open_bundle(str(bench.root / "b"))

    @pytest.mark.parametrize("more", [["notes.txt"], [INDEX, "notes.txt"], ["sha256-" + "a" * 64], [INDEX, "sha256-x"]])
    def test_a_folder_with_other_things(self, bench: Bench, more: list[str]) -> None:
        (bench.root / "b").mkdir()
        for name in more:
            (bench.root / "b" / name).write_text("mine")
        with pytest.raises(BundleUnwritable, match=f"other things in it, such as `{more[-1]}`"):
            bench.make("b", "2.0.14")
        assert sorted(os.listdir(bench.root / "b")) == sorted(more)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("file", "a file of that name is there; a bundle is a folder, or has `.tar` at its end"),
            ("folder.tar", "something stands there that is no file"),
            ("no/such/b.tar", "there is no folder"),
            ("file/b.tar", "there is no folder"),
        ],
    )
    def test_what_is_in_the_way(self, bench: Bench, name: str, reason: str) -> None:
        (bench.root / "file").write_text("mine")
        (bench.root / "folder.tar").mkdir()
        with pytest.raises(BundleUnwritable, match=reason):
            bench.make(name, "2.0.14")
        assert bench.names() == ["file", "folder.tar"]

    def test_the_current_folder(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(bench.root)
        with pytest.raises(BundleUnwritable, match="current folder"):
            bundle(".", {"lock": bench.store.lock("2.0.14")}, [HERE], bench.store.home, bench.store.sources, Progress())

    @posix
    @FORMS
    def test_a_link_stays_one(self, bench: Bench, form: str) -> None:
        (bench.root / "deep").mkdir()
        (bench.root / form).symlink_to(Path("deep") / form)
        bench.make(form, "2.0.14")
        assert (bench.root / form).is_symlink()
        assert os.listdir(bench.root / "deep") == [form]
        open_bundle(str(bench.root / form))

    @posix
    def test_a_name_that_is_too_long(self, bench: Bench) -> None:
        with pytest.raises(BundleUnwritable, match="name too long"):
            bench.make("b" * 255, "2.0.14")


@FORMS
@pytest.mark.parametrize("version", ["2.1.330", "2.0.14", "2.1.166"])
def test_other_bytes_under_the_right_name(bench: Bench, form: str, version: str) -> None:
    """Nothing in a bundle vouches for its bytes: what comes is compared with the lock."""
    lock = bench.store.lock(version)
    bench.make(form, lock)
    path = bench.root / form
    victim = path if path.is_file() else next(p for p in path.iterdir() if p.name != INDEX)
    data = bytearray(victim.read_bytes())
    data[-len(END) - 600 if victim is path else -600] ^= 1
    victim.write_bytes(data)
    opened = open_bundle(str(path))
    with pytest.raises((IntegrityMismatch, BadArchive)):
        install(bench.store.home, lock, lambda: only(opened))
    assert bench.store.leftovers() == []
    assert list(Path(bench.store.home.releases).glob("*/*")) == []
    with pytest.raises((IntegrityMismatch, BadArchive)):  # nor does it get into another bundle
        bench.make("other.tar", lock, sources=only(opened))
    assert bench.names() == [form]


def test_a_tarball_without_its_executable(bench: Bench, upstream: Upstream) -> None:
    lock = bench.store.lock("2.1.330")
    package = upstream.get("2.1.330", HERE)
    upstream.change(package, entries=package.entries[1:])
    with pytest.raises(BadArchive, match="it holds no executable"):
        bench.make("b.tar", lock)
    assert bench.names() == []


def test_what_cannot_be_read_is_not_written(bench: Bench, upstream: Upstream) -> None:
    """Such as a tarball of no bytes, whose integrity a lock may well hold."""
    package = upstream.change(upstream.get("2.0.14"), raw=b"")
    lock = bench.store.lock("2.0.14")
    assert lock.artifacts["any"].npm == package.integrity
    with pytest.raises(BadBundle):
        bench.make("b.tar", lock)
    assert bench.names() == []


@pytest.mark.skipif(sys.platform != "linux", reason="its way of telling a process's peak")
def test_large_ones_take_no_memory(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _LARGE, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 32 << 10  # kB more than before


_LARGE = """
import hashlib, resource, sys
from pathlib import Path
from ccpin.paths import Home
from ccpin.pinning.lock import Artifact, Lock
from ccpin.releases.bundle import open_bundle
from ccpin.releases.contents import Held, INDEX, contents
from ccpin.releases.sources import only
from ccpin.store import publish
from ccpin.store.bundle import bundle
from ccpin.store.progress import Progress

root, size = Path(sys.argv[1]), 96 << 20
digest = hashlib.sha256()
for _ in range(96):
    digest.update(bytes(1 << 20))
lock = Lock("2.1.330", "2.1.330", "native", {"linux-x64": Artifact(sha256=digest.hexdigest(), size=size)})
(root / "large").mkdir()
with open(root / "large" / f"sha256-{digest.hexdigest()}", "wb") as file:
    file.truncate(size)
held = Held(lock.version, lock.runtime, None, lock.artifacts)
found = contents([held], {f"sha256-{digest.hexdigest()}": size})
(root / "large" / INDEX).write_bytes(found.to_bytes())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, source in (("large.tar", "large"), ("again", "large.tar")):
    opened = only(open_bundle(str(root / source)))
    bundle(str(root / name), {"": lock}, ["linux-x64"], Home(str(root / "home")), lambda: opened, Progress())
for name in ("large", "large.tar", "again"):  # not kept with the rest of a test
    publish.remove_tree(str(root / name))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
