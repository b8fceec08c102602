"""Archives and bundles: files below the folder, as many bytes as are said, or a refusal."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import shutil
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from ccpin.archives.flat import END as FLAT_END
from ccpin.archives.flat import header, padding
from ccpin.archives.inflate import FASTEST, GzipBody
from ccpin.archives.receive import Packing, receive
from ccpin.archives.unpack import Unpacked, read_members, unpack
from ccpin.errors import CcpinError
from ccpin.pinning.request import parse_request
from ccpin.releases.bundle import open_bundle
from ccpin.releases.contents import read_contents
from tests.archives import test_unpack as hostile
from tests.archives.making import END
from tests.fakes import bundles
from tests.fakes.packages import entry, tarball
from tests.fuzz.mutate import Mutator, deep, tree
from tests.fuzz.saying import behind
from tests.fuzz.target import Target, refused

_LIMIT = 4 << 20  # bytes
_KINDS = (b"tar", b"gzip", b"zstd")
_CODES = ("bad-archive", "truncated", "integrity-mismatch")
_FIELDS = ((0, 100), (100, 8), (124, 12), (136, 12), (148, 8), (156, 1), (157, 100), (257, 8), (329, 8), (345, 155))
_WORDS = (
    b"package/", b"../", b"/", b"./", b"\\", b"C:", b"\0", b"GNU.sparse.map=", b"30 path=package/../../evil\n",
    b"ustar\x0000", b"11 size=-5\n", b"19 linkpath=/etc/x\n", b"ustar  \0", b"././@LongLink", b"x", b"g", b"L", b"K",
    b"S", b"1", b"2", b"3", b"6", b"\x80" + bytes(10) + b"\xff", b"\xff" * 12, b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd",
    bytes(512), bytes(1024), b"5",
)  # fmt: skip


def _tars() -> list[bytes]:
    usual = gzip.decompress(
        tarball([entry("package/package.json", b'{"version": "2.0.14"}'), entry("package/a/cli.js", b"x")])
    )
    return [usual, *(hostile.GOOD + evil + END for evil in hostile.HOSTILE.values() if len(evil) < 60_000)]


def _corpus() -> list[bytes]:
    import zstandard

    tars = _tars()
    packed = [b"gzip\n" + gzip.compress(tar, 1, mtime=0) for tar in tars[:3]]
    frames = zstandard.ZstdCompressor().compress(b"text " * 400)
    return [*(b"tar\n" + tar for tar in tars), *packed, b"zstd\n" + frames, b"zstd\n" + frames + frames]


def check(folder: Path, data: bytes) -> str:
    """Both ways to unpack say the same; what is written lies below the folder, and is what is said of it."""
    kind, _, body = data.partition(b"\n")
    if kind == b"zstd":
        return _received(folder, body)
    packed = body if kind == b"gzip" else gzip.compress(body, 1, mtime=0)
    said, written = _unpacked(folder, packed, FASTEST)
    if FASTEST is not zlib:
        also, by_zlib = _unpacked(folder, packed, zlib)
        assert written == by_zlib, (said, also)
    _read(packed)
    return said


def _unpacked(folder: Path, packed: bytes, gunzip: ModuleType) -> tuple[str, dict[str, Unpacked] | None]:
    root = folder / "root"
    root.mkdir()
    try:
        with GzipBody(_chunks(packed), "it", _LIMIT, gunzip=gunzip) as body:
            written = unpack(body, "it", str(root), lambda name: name)
            body.finish(len(packed), bundles.tarball(packed).npm or "")
        files = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if not path.is_dir()}
        assert files.keys() == written.keys()
        for name, path in files.items():
            assert stat.S_ISREG(path.lstat().st_mode), name
            content = path.read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (written[name].size, written[name].sha256)
        return f"{min(len(written), 3)} files", written
    except CcpinError as error:
        return refused(error, *_CODES), None
    finally:
        assert os.listdir(folder) == ["root"], "something was written outside"
        shutil.rmtree(root)


def _read(packed: bytes) -> None:
    try:
        with GzipBody(_chunks(packed), "it", _LIMIT) as body:
            found = read_members(body, "it", ("package/package.json", "package/good"), 1000)
            assert all(len(content) <= 1000 for content in found.values())
    except CcpinError as error:
        refused(error, *_CODES)


def _received(folder: Path, body: bytes) -> str:
    packing, path = Packing(len(body), hashlib.sha256(body).hexdigest()), folder / "it"
    try:
        written = receive(_chunks(body), len(body), "it", str(path), _LIMIT, packing=packing)
        assert path.stat().st_size == written.size <= _LIMIT
        return "received"
    except CcpinError as error:
        return refused(error, *_CODES)
    finally:
        path.unlink(missing_ok=True)


def _chunks(data: bytes) -> Iterator[bytes]:
    return iter([data[at : at + 4096] for at in range(0, len(data), 4096)])


def _header(source: random.Random, data: bytes) -> bytes:
    """A field of a header replaced, with a checksum that fits."""
    heads = [at for at in range(0, len(data) - 511, 512) if data[at + 257 : at + 262] == b"ustar"]
    if not heads:
        return data
    at, (start, size) = source.choice(heads), source.choice(_FIELDS)
    word = source.choice(
        (*_WORDS, b"%011o" % source.choice((0, 1, 511, 512, 513, 1 << 20, 1 << 32)), b"-1", b"package/a")
    )
    block = bytearray(data[at : at + 512])
    block[start : start + size] = word[:size].ljust(size, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:at] + bytes(block) + data[at + 512 :]


def _blocks(source: random.Random, data: bytes) -> bytes:
    """A block doubled, moved or removed."""
    blocks = [data[at : at + 512] for at in range(0, len(data), 512)]
    if not blocks:
        return data
    block = blocks.pop(source.randrange(len(blocks)))
    for _ in range(source.choice((0, 1, 2, 3))):
        blocks.insert(source.randrange(len(blocks) + 1), block)
    return b"".join(blocks)


_MUTATIONS = (behind(_KINDS, _header), behind(_KINDS, _header), behind(_KINDS, _blocks))
ARCHIVE = Target("archive", _corpus, Mutator(_WORDS, _MUTATIONS), check)

# --- bundles

_BUNDLE_KINDS = (b"list", b"bundle")
_BUNDLE_WORDS = (
    b'"files"', b'"format"', b'"releases"', b'"of"', b'"size"', b'"artifacts"', b'"node"', b'"runtime"', b'"version"',
    b"{", b"}", b"[", b"]", b":", b",", b'"', b"null", b"1.0", b"2.1.330", b"sha256-", b"sha512-", b".tgz", b"\xff",
    b"9" * 5000, b"ccpin-bundle.json", b"\n", b" ", bytes(512), b"NaN", b"-0", b"\\u0031", b"ustar", b"0000644",
)  # fmt: skip


def _bundles() -> list[bytes]:
    releases = [
        bundles.native("2.1.330", linux_x64=b"one", darwin_arm64=b"two"),
        bundles.javascript("2.0.14", b"three"),
    ]
    found = []
    for held in ((b"one", b"three"), (b"one", b"two", b"three"), ()):
        files = bundles.files(releases, *held)
        tar = b"".join(header(n, len(d)) + d + padding(len(d)) for n, d in files) + FLAT_END
        found += [b"list\n" + files[0][1], b"bundle\n" + tar]
    return found


def check_bundle(folder: Path, data: bytes) -> str:
    """A list is as ccpin writes it, and a bundle's files stand where they must, or it is refused."""
    kind, _, body = data.partition(b"\n")
    if kind == b"list":
        try:
            contents = read_contents(body, "it")
        except CcpinError as error:
            return refused(error, "bad-bundle")
        assert contents.to_bytes() == body
        return f"{len(contents.releases)} releases"
    path = folder / "b.tar"
    path.write_bytes(body)
    try:
        bundle = open_bundle(str(path))
        for held in bundle.contents.releases:
            release = bundle.resolve(held.version, "linux-x64", held.runtime)
            made = release.to_lock(parse_request(held.version))
            with bundle.offer(made, "any" if made.runtime == "node" else "linux-x64").open() as came:
                assert sum(map(len, came.chunks)) == came.length
        return f"a bundle of {len(bundle.contents.sizes)}"
    except CcpinError as error:
        return refused(error, "bad-bundle", "not-in-bundle", "runtime-missing")
    finally:
        path.unlink()


_BUNDLE_MUTATIONS = (behind(_BUNDLE_KINDS, tree), behind(_BUNDLE_KINDS, deep), behind(_BUNDLE_KINDS, _header))
BUNDLE = Target("bundle", _bundles, Mutator(_BUNDLE_WORDS, _BUNDLE_MUTATIONS), check_bundle)
