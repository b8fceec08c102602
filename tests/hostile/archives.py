"""Archives that nobody should unpack, each with the integrity that fits it: what refuses them is the unpacker."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ccpin import platforms
from tests.archives.making import END, member, numbered, raw

BAD = ("bad-archive",)
CUT = ("truncated",)
JAVASCRIPT, NATIVE, UNLISTED = "2.0.14", "2.1.330", "2.1.166"
"""A release in JavaScript; a native one whose manifest says sha256 and size; one without a manifest."""

_MACHINES = {
    "linux-x64": b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 2, 0x3E),
    "linux-arm64": b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 2, 0xB7),
    "linux-another": b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HH", 2, 0xF3),
    "darwin-arm64": b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100_000C),
    "win32-x64": b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<H", 0x8664),
}
"""How executables begin."""


@dataclass(frozen=True)
class Archive:
    """`make` gives the bytes, and is told the folder that holds all of the machine; `names` is what the message must
    say, as a pattern; `version` is the release that the archive is said to be."""

    name: str
    make: Callable[[Path], bytes]
    names: str
    codes: tuple[str, ...] = BAD
    version: str = JAVASCRIPT


def about(version: str = JAVASCRIPT, **more: object) -> bytes:
    """Its package.json, as a member."""
    said = {"name": "@anthropic-ai/claude-code", "version": version, "bin": {"claude": "cli.js"}, **more}
    return member("package/package.json", json.dumps(said).encode())


def packed(*members: bytes, end: bytes = END) -> bytes:
    return gzip.compress(b"".join(members) + end, 1, mtime=0)


def _with(evil: bytes | Callable[[Path], bytes]) -> Callable[[Path], bytes]:
    """A release in which `evil` stands between two members that are as they should be."""
    return lambda root: packed(
        about(), evil if isinstance(evil, bytes) else evil(root), member("package/cli.js", b"//")
    )


def _link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> bytes:
    return member(name, type=kind, linkname=to)


def _many(count: int) -> bytes:
    """So many empty files, each with a name of its own."""
    first = bytearray(member("package/000000"))
    plain = sum(first[:148]) + sum(first[156:512]) + 8 * 32 - 6 * 48
    blocks = []
    for number in range(count):
        digits = b"%06d" % number
        first[8:14], first[148:156] = digits, b"%06o\0 " % (plain + sum(digits))
        blocks.append(bytes(first))
    return b"".join(blocks)


def _bomb(name: str, size: int, before: bytes) -> bytes:
    """A gzip of one member of `size` zeros, a thousandth of that large."""
    packer = zlib.compressobj(9, wbits=-15)
    piece = 8 << 20
    head = packer.compress(before + raw(name, size=b"%011o" % size)) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(piece)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + head + zeros * (size // piece) + b"\x03\0" + bytes(8)


def _zip(_root: Path) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("package/cli.js", "//")
    return buffer.getvalue()


def _zst(_root: Path) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(_plain(_root))


def _plain(_root: Path) -> bytes:
    return about() + member("package/cli.js", b"//") + END


def _whole(root: Path) -> bytes:
    return gzip.compress(_plain(root), 1, mtime=0)


def _cut(kept: float, whole: Callable[[Path], bytes] = _whole) -> Callable[[Path], bytes]:
    """A part of it; of a whole number so many bytes, negative ones from the end."""

    def make(root: Path) -> bytes:
        data = whole(root)
        return data[: int(kept) if kept >= 1 or kept <= 0 else int(len(data) * kept)]

    return make


def _cut_tar(kept: int) -> Callable[[Path], bytes]:
    """The tar is cut, and its gzip whole."""
    return lambda root: gzip.compress(_plain(root)[:kept], 1, mtime=0)


def _said(text: bytes) -> Callable[[Path], bytes]:
    """With this for a package.json."""
    return lambda _root: packed(member("package/package.json", text), member("package/cli.js", b"//"))


def _native(executable: bytes, version: str = UNLISTED) -> Callable[[Path], bytes]:
    name = f"package/{platforms.executable_name(platforms.current())}"
    return lambda _root: packed(about(version), member(name, executable.ljust(4096, b"\0"), mode=0o755))


def _elsewhere() -> list[Archive]:
    here = platforms.current().removesuffix("-musl")
    return [
        Archive(f"for {machine}", _native(head), f"is for {machine}, and not for {here}", version=UNLISTED)
        for machine, head in _MACHINES.items()
        if machine != here
    ]


def _outside(root: Path) -> str:
    return f"{root}/evil"


_PATH, _KIND, _NAME = r"is not a path below package/", "is neither a file nor a folder", "not every system can keep"

ARCHIVES = (
    # --- out of the folder
    Archive("an absolute path", _with(lambda root: member(_outside(root), b"x")), _PATH),
    Archive("two slashes", _with(lambda root: member("/" + _outside(root), b"x")), _PATH),
    Archive("a parent", _with(member("package/../../../../../../evil", b"x")), _PATH),
    Archive("a parent in the middle", _with(member("package/a/../../../../../../../evil", b"x")), _PATH),
    Archive(
        "an absolute path in attributes", _with(lambda root: member("package/x", pax={"path": _outside(root)})), _PATH
    ),
    Archive("a parent in attributes", _with(member("package/x", b"x", pax={"path": "package/../../evil"})), _PATH),
    Archive(
        "a parent in a long name",
        _with(raw("x", kind=b"L", size=b"%011o" % 30, data=b"package/../../evil".ljust(512, b"\0")) + raw("package/x")),
        _PATH,
    ),
    Archive(
        "a path in attributes for all",
        _with(
            raw("x", kind=b"g", size=b"%011o" % 22, data=b"22 path=package/../x\n\n".ljust(512, b"\0"))
            + member("package/y", b"x")
        ),
        _PATH,
    ),
    Archive("backslashes", _with(member("package\\..\\..\\evil", b"x")), _PATH),
    # --- links and what else is no file
    Archive("a link out", _with(lambda root: _link("package/x", _outside(root))), _KIND),
    Archive("a link up", _with(_link("package/x", "../../../../../../evil")), _KIND),
    Archive("a file through a link", _with(_link("package/d", "../../../..") + member("package/d/evil", b"x")), _KIND),
    Archive(
        "a chain of links",
        _with(_link("package/a", "b") + _link("package/b", "../../..") + member("package/a/evil")),
        _KIND,
    ),
    Archive("a link inside", _with(_link("package/x", "cli.js")), _KIND),
    Archive(
        "a hard link out", _with(lambda root: _link("package/x", f"{root}/project/.ccpin.lock", tarfile.LNKTYPE)), _KIND
    ),
    Archive("a hard link up", _with(_link("package/x", "../../../../../project/.ccpin.lock", tarfile.LNKTYPE)), _KIND),
    Archive(
        "a hard link by attributes",
        _with(member("package/x", pax={"linkpath": "/etc/passwd"}, type=tarfile.LNKTYPE)),
        _KIND,
    ),
    Archive("a link that is itself", _with(_link("package/x", "x")), _KIND),
    Archive(
        "a long link",
        _with(raw("x", kind=b"K", size=b"%011o" % 400, data=b"a/" * 256) + _link("package/x", "a")),
        _KIND,
    ),
    Archive("a character device", _with(member("package/x", type=tarfile.CHRTYPE, devmajor=1, devminor=5)), _KIND),
    Archive("a block device", _with(member("package/x", type=tarfile.BLKTYPE, devmajor=8)), _KIND),
    Archive("a pipe", _with(member("package/cli.js", type=tarfile.FIFOTYPE)), _KIND),
    # --- sizes and counts
    Archive(
        "a size of 8 GiB",
        _with(raw("package/x", size=b"77777777777", data=bytes(512))),
        r"is cut off|not a tar archive",
    ),
    Archive(
        "a size of 2^80", _with(raw("package/x", size=numbered(1 << 80))), "cut off|not a tar archive|has no proper end"
    ),
    Archive("a size below zero", _with(raw("package/x", size=numbered(-1024))), "not a tar archive|is cut off"),
    Archive("a size that is no number", _with(raw("package/x", size=b"many")), "not a tar archive|no proper end"),
    Archive(
        "another size in attributes",
        _with(member("package/x", b"text", pax={"size": "999999999"})),
        "cut off|not a tar",
    ),
    Archive(
        "a size below zero in attributes", _with(member("package/x", b"text", pax={"size": "-5"})), "not a tar|cut off"
    ),
    Archive(
        "an attribute without end",
        _with(
            raw("x", kind=b"x", size=b"%011o" % 512, data=b"99999999999999999999 path=y\n".ljust(512))
            + member("package/x")
        ),
        "not a tar archive",
    ),
    Archive("100,000 files", lambda _root: packed(about(), _many(100_000)), "more than 2,000 files"),
    Archive(
        "100,000 folders",
        lambda _root: packed(about(), member("package/d", type=tarfile.DIRTYPE) * 100_000),
        "more than 20,000",
    ),
    Archive(
        "a bomb", lambda _root: _bomb("package/cli.js", 1200 << 20, about()), "unpacks to more than 200 times its size"
    ),
    Archive(
        "a bomb beside the executable",
        lambda _root: _bomb("package/x", 400 << 20, about(NATIVE)),
        "unpacks to more",
        version=NATIVE,
    ),
    Archive(
        "a bomb in a bomb",
        lambda root: gzip.compress(gzip.compress(_bomb("package/x", 64 << 20, about()))),
        "not a tar archive",
    ),
    Archive(
        "attributes of 1 MB", _with(member("package/x", pax={"comment": "x" * 1_000_000})), "a header is far too large"
    ),
    Archive(
        "attributes for all of 1 MB",
        _with(raw("x", kind=b"g", size=b"%011o" % 10**6, data=bytes(1_000_448))),
        "far too large",
    ),
    Archive("attributes of attributes", _with(raw("x", kind=b"x") * 5_000), "not a tar archive"),
    Archive(
        "a long name of 1 MB", _with(raw("x", kind=b"L", size=b"%011o" % 10**6, data=b"a" * 1_000_448)), "far too large"
    ),
    Archive("a long name of 2^80", _with(raw("x", kind=b"L", size=numbered(1 << 80))), "far too large"),
    Archive("a sparse file", _with(raw("package/x", kind=tarfile.GNUTYPE_SPARSE, data=bytes(512))), "sparse"),
    Archive(
        "a sparse file of 2^62",
        _with(
            member(
                "package/x",
                b"1\n0\n0\n".ljust(512, b"\0"),
                pax={
                    "GNU.sparse.major": "1",
                    "GNU.sparse.minor": "0",
                    "GNU.sparse.realsize": str(1 << 62),
                    "GNU.sparse.name": "package/y",
                },
            )
        ),
        "sparse|not a tar",
    ),
    Archive(
        "a map of a sparse file without end",
        _with(raw("package/x", kind=b"S", data=(bytes(504) + b"\1" + bytes(7)) * 300)),
        "far too large",
    ),
    # --- names
    Archive(
        "a name twice",
        _with(member("package/x", b"1") + member("package/x", b"2")),
        "two members would be one file: .package/x",
    ),
    Archive("a name in capitals", _with(member("package/x", b"1") + member("package/X", b"2")), "one file: .package/X"),
    Archive(
        "a name composed and not",
        _with(member("package/é") + member("package/e\u0301")),
        "two members would be one file",
    ),
    Archive(
        "a file for a folder",
        _with(member("package/x", b"1") + member("package/x/y", b"2")),
        "two members would be one file",
    ),
    Archive(
        "another root",
        lambda _root: packed(about().replace(b"package/", b"outside/"), member("outside/cli.js")),
        "not a tar archive|below package/",
    ),
    Archive("no root", _with(member("cli.js", b"//")), "'cli.js' is not a path below package/"),
    Archive("a root like ours", _with(member("package2/x", b"//")), "'package2/x' " + _PATH),
    Archive("a device of Windows", _with(member("package/CON", b"x")), "'package/CON' is a name that " + _NAME),
    Archive("a device with an ending", _with(member("package/Lpt1.txt", b"x")), _NAME),
    Archive("a stream of Windows", _with(member("package/a:b", b"x")), "'package/a:b' is a name that " + _NAME),
    Archive("a last dot", _with(member("package/x.", b"x")), _NAME),
    Archive("a last blank", _with(member("package/x ", b"x")), _NAME),
    Archive("a NUL in a name", _with(member("package/x", pax={"path": "package/cli.js\0.txt"})), _NAME),
    Archive("a terminal's commands in a name", _with(member("package/\x1b]0;evil\x07\x1b[2J", b"x")), _NAME),
    Archive("text that runs backwards", _with(member("package/\u202egpj.exe", b"x")), _NAME),
    Archive("a name that is not UTF-8", _with(member("package/\udcff\udcfe", b"x")), _NAME),
    Archive("a name of 300 bytes", _with(member("package/" + "a" * 300, b"x")), _NAME),
    Archive("a path of 5,000 bytes", _with(member("package" + "/a" * 2_500, b"x")), _PATH),
    # --- no archive at all
    Archive("a zip", _zip, "it is not gzip"),
    Archive("an xz", lambda root: lzma.compress(_plain(root)), "it is not gzip"),
    Archive("a zst", _zst, "it is not gzip"),
    Archive("a bzip2", lambda root: bz2.compress(_plain(root)), "it is not gzip"),
    Archive("a tar without gzip", _plain, "it is not gzip"),
    Archive("a page", lambda _root: b"<!DOCTYPE html><title>Log in</title>", "it is not gzip"),
    Archive("a page in gzip", lambda _root: gzip.compress(b"<!DOCTYPE html>" * 100), "not a tar archive"),
    Archive("a gzip of gzip", lambda root: gzip.compress(_whole(root)), "not a tar archive"),
    Archive(
        "a gzip with a name without end",
        lambda _root: b"\x1f\x8b\x08\x08" + bytes(6) + b"a" * 3_000_000,
        "ended early",
        CUT,
    ),
    Archive("nothing", lambda _root: b"", "ended early", CUT),
    Archive("an empty archive", lambda _root: packed(), "it is empty"),
    Archive("an empty gzip", lambda _root: gzip.compress(b""), "not a tar archive|no proper end|is empty"),
    Archive(
        "a wrong checksum of a header",
        _with(member("package/x").replace(b"package/x", b"package/y")),
        "not a tar archive|no proper end",
    ),
    Archive(
        "a wrong checksum of the gzip", lambda root: _whole(root)[:-8] + bytes(4) + _whole(root)[-4:], "it is not gzip"
    ),
    Archive("a second gzip behind it", lambda root: _whole(root) * 2, "something stands behind its end"),
    Archive("garbage behind it", lambda root: _whole(root) + b"#!/bin/sh\n" * 10, "something stands behind its end"),
    # --- cut
    Archive("cut in gzip's header", _cut(5), "ended early", CUT),
    Archive("cut at a third", _cut(0.33), "ended early", CUT),
    Archive("cut in the middle", _cut(0.5), "ended early", CUT),
    Archive("cut before gzip's checksum", _cut(-8), "ended early", CUT),
    Archive("cut by one byte", _cut(-1), "ended early", CUT),
    Archive("a tar that is cut in a header", _cut_tar(700), "not a tar archive|cut off"),
    Archive("a tar that is cut in a file", _cut_tar(1100), "not a tar archive|no proper end|cut off"),
    Archive("a tar without its end", _cut_tar(-1024), "no proper end"),
    # --- what is in it
    Archive("no package.json", lambda _root: packed(member("package/cli.js", b"//")), "holds no package.json"),
    Archive("a package.json that is no JSON", _said(b"version: 2.0.14"), "its package.json is not JSON"),
    Archive("a deep package.json", _said(b'{"version":' + b"[" * 100_000), "its package.json is not JSON"),
    Archive(
        "a package.json of 2 MB",
        _said(b'{"version": "2.0.14", "x": "' + b"x" * 2_000_000 + b'"}'),
        "holds no package.json",
    ),
    Archive(
        "a package.json of half a million lists",
        _said(b'{"version": [' + b"[]," * 340_000 + b"1]}"),
        "says that it is",
        ("wrong-version-inside",),
    ),
    Archive("a package.json that is a list", _said(b"[]"), "its package.json is not JSON"),
    Archive("a number of 10,000 digits", _said(b'{"version": ' + b"9" * 10_000 + b"}"), "its package.json is not JSON"),
    Archive(
        "another version inside",
        _said(b'{"version": "2.0.13", "bin": "cli.js"}'),
        "says that it is 2.0.13",
        ("wrong-version-inside",),
    ),
    Archive(
        "an entry point outside",
        lambda _root: packed(about(bin="../../evil"), member("package/cli.js")),
        "holds no executable",
    ),
    Archive(
        "an absolute entry point",
        lambda _root: packed(about(bin="/bin/sh"), member("package/cli.js")),
        "holds no executable",
    ),
    Archive(
        "an entry point that is empty", lambda _root: packed(about(), member("package/cli.js")), "holds no executable"
    ),
    *_elsewhere(),
)
