"""Unpacking: plain files below the folder, or a refusal; never anything outside."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.archives import unpack as unpacking
from ccpin.archives.inflate import GzipBody
from ccpin.archives.unpack import Unpacked, unpack
from ccpin.errors import BadArchive, Truncated
from tests.archives.making import END, member, numbered, raw

NOISE = random.Random(0).randbytes(3 << 20)


def extract(
    tar: bytes, folder: Path, target: Callable[[str], str | None] = lambda name: name, cut: int | None = None
) -> dict[str, Unpacked]:
    packed = gzip.compress(tar, 1)[:cut]
    folder.mkdir(parents=True, exist_ok=True)
    with GzipBody(iter([packed]), "it", 64 << 20) as body:
        return unpack(body, "it", str(folder), target)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_files_as_they_are(tmp_path: Path) -> None:
    files = {"package/claude": NOISE, "package/a/b c/é.js": b"one", "package/empty": b"", "package/block": bytes(512)}
    tar = b"".join(member(name, data) for name, data in files.items()) + END
    written = extract(tar, tmp_path)
    assert tree(tmp_path) == files
    assert written == {
        name: Unpacked(hashlib.sha256(data).hexdigest(), len(data), False) for name, data in files.items()
    }


def test_which_may_be_executed(tmp_path: Path) -> None:
    tar = member("package/a", mode=0o755) + member("package/b", mode=0o644) + member("package/c", mode=0o6711) + END
    assert [file.executable for file in extract(tar, tmp_path).values()] == [True, False, True]
    assert {(tmp_path / "package" / name).stat().st_mode & 0o7777 for name in "abc"} == {0o600}


def test_what_is_not_wanted_is_left_out(tmp_path: Path) -> None:
    tar = member("package/a", NOISE) + member("package/b", b"b") + member("package/c", NOISE[:700]) + END
    assert extract(tar, tmp_path, {"package/b": "b.txt"}.get).keys() == {"b.txt"}
    assert tree(tmp_path) == {"b.txt": b"b"}


def test_folders_come_with_their_files(tmp_path: Path) -> None:
    folder = member("package/dir", type=tarfile.DIRTYPE, mode=0o000)
    extract(
        member("package", type=tarfile.DIRTYPE) + folder + folder + member("package/dir/file", b"x") + END, tmp_path
    )
    assert tree(tmp_path) == {"package/dir/file": b"x"}


def test_long_names_of_both_kinds(tmp_path: Path) -> None:
    name = "package/" + "/".join(["a" * 100] * 4)
    info = tarfile.TarInfo(name)
    extract(member(name) + END, tmp_path / "pax")
    extract(info.tobuf(tarfile.GNU_FORMAT) + END, tmp_path / "gnu")
    assert (tmp_path / "pax" / name).is_file()
    assert (tmp_path / "gnu" / name).is_file()


def test_attributes_of_one_member_are_not_those_of_the_next(tmp_path: Path) -> None:
    tables = [member(f"package/{letter}", pax={"comment": "x" * 5_000}) for letter in "abcdefgh"]
    assert len(extract(b"".join(tables) + END, tmp_path)) == 8


def test_what_stands_behind_the_end_of_the_archive_is_not_read(tmp_path: Path) -> None:
    extract(member("package/a") + END + member("../b"), tmp_path)
    assert tree(tmp_path) == {"package/a": b""}


def test_an_archive_of_nothing(tmp_path: Path) -> None:
    refused(END, tmp_path)


GOOD = member("package/good", b"good")
LINK, FILE = tarfile.SYMTYPE, tarfile.REGTYPE

HOSTILE = {
    "absolute": member("/package/x"),
    "an absolute name behind a long header": member("package/x", pax={"path": "/tmp/evil"}),
    "a parent": member("package/../../evil"),
    "a parent in the middle": member("package/a/../../../evil"),
    "a parent behind a long header": member("package/x", pax={"path": "package/../../evil"}),
    "only a parent": member(".."),
    "a dot": member("package/./x"),
    "an empty part": member("package//x"),
    "another root": member("other/x"),
    "a root like ours": member("package2/x"),
    "no root": member("evil"),
    "no name": member(""),
    "the root is a file": member("package", b"x") + member("package/x"),
    "backslashes": member("package\\..\\..\\evil"),
    "a backslash": member("package/..\\evil"),
    "a drive": member("C:/package/x"),
    "a drive inside": member("package/C:evil"),
    "a stream": member("package/x:hidden"),
    "a wildcard": member("package/*"),
    "a control character": member("package/a\x1b[2Jb"),
    "a line end": member("package/a\nb"),
    "a NUL": member("package/x", pax={"path": "package/a\0b"}),
    "text that runs backwards": member("package/\u202egpj.exe"),
    "not UTF-8": member("package/\udcff"),
    "a last dot": member("package/x."),
    "a last blank": member("package/x "),
    "a folder with a last dot": member("package/x./y"),
    "a device of Windows": member("package/CON"),
    "a device of Windows with an ending": member("package/a/nul.txt/x"),
    "a long path": member("package" + "/aaaaaaaaa" * 120),
    "a long name": member("package/" + "a" * 256),
    "a long name in bytes": member("package/" + "é" * 128),
    "a link": member("package/x", type=LINK, linkname="/etc/passwd"),
    "a link inside": member("package/x", type=LINK, linkname="good"),
    "a link, and a file through it": member("package/d", type=LINK, linkname="..") + member("package/d/evil", b"x"),
    "a hard link": member("package/x", type=tarfile.LNKTYPE, linkname="package/good"),
    "a hard link outside": member("package/x", type=tarfile.LNKTYPE, linkname="../../witness"),
    "a device": member("package/x", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "a block device": member("package/x", type=tarfile.BLKTYPE, devmajor=8),
    "a pipe": member("package/x", type=tarfile.FIFOTYPE),
    "a sparse file": raw("package/x", kind=tarfile.GNUTYPE_SPARSE, data=bytes(512)),
    "a sparse file in attributes": member("package/x", pax={"GNU.sparse.map": "0,1", "GNU.sparse.size": "5"}),
    "a map of a sparse file that is no numbers": member("package/x", pax={"GNU.sparse.map": "x,y"}),
    "a size of a sparse file that is no number": member("package/x", pax={"GNU.sparse.size": "9" * 5000}),
    "a map of a sparse file without end": raw("package/x", kind=b"S", data=(bytes(504) + b"\1" + bytes(7)) * 300),
    "a map in the data without end": member(
        "package/x",
        b"99999999\n" + b"1\n" * 500_000,
        pax={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"},
    ),
    "an unknown kind": member("package/x", type=b"Z") + raw("package/y", kind=b"V"),
    "the same name twice": member("package/good", b"evil"),
    "the same name in capitals": member("package/GOOD", b"evil"),
    "the same name, composed": member("package/é") + member("package/e\u0301"),
    "a file where a folder is needed": member("package/good/x"),
    "a file where a folder of folders is needed": member("package/good/x/y"),
    "a folder where a file is needed": member("package/x/y") + member("package/x"),
    "a huge table of attributes": member("package/x", pax={"comment": "x" * 100_000}),
    "a huge table for all": raw("x", kind=b"g", size=b"%011o" % 10**6, data=bytes(1_000_448)),
    "a table that is said to be huge": raw("x", kind=b"x", size=numbered(1 << 80)),
    "a table of negative size": raw("x", kind=b"x", size=numbered(-512)),
    "a table of attributes of garbage": raw("x", kind=b"x", size=b"%011o" % 512, data=b"garbage\n" * 64),
    "an attribute that is said to be huge": raw(
        "x", kind=b"x", size=b"%011o" % 512, data=b"99999999999999999999 path=package/y\n".ljust(512, b"\0")
    ),
    "tables of tables": raw("x", kind=b"x") * 2_000,
    "a huge long name": raw("x", kind=b"L", size=b"%011o" % 10**6, data=b"a" * 1_000_448),
    "a size that is larger": raw("package/x", size=b"%011o" % 5_000, data=bytes(512)),
    "a size that is huge": raw("package/x", size=numbered(1 << 80)),
    "a size that is negative": raw("package/x", size=numbered(-1)),
    "a size that leads back": raw("package/x", size=numbered(-1024)),
    "a size that is smaller": raw("package/x", size=b"%011o" % 3, data=b"text" * 256),
    "a size that is no number": raw("package/x", size=b"many"),
    "a size in attributes": member("package/x", b"text", pax={"size": "100000"}),
    "a negative size in attributes": member("package/x", b"text", pax={"size": "-5"}),
    "a wrong checksum": member("package/x").replace(b"package/x", b"package/y"),
}  # fmt: skip


@pytest.mark.parametrize("evil", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("before", [b"", GOOD], ids=["first", "later"])
def test_hostile_archives(evil: bytes, before: bytes, tmp_path: Path) -> None:
    if b"package/good" in evil or b"GOOD" in evil:
        before = GOOD
    refused(before + evil + END, tmp_path)


@pytest.mark.parametrize("size", [-1024, 1 << 20, 1 << 80])
def test_a_size_that_lies_of_what_is_left_out(size: int, tmp_path: Path) -> None:
    with pytest.raises(BadArchive):
        extract(GOOD + raw("package/x", size=numbered(size)) + END, tmp_path, lambda name: None)


@pytest.mark.parametrize(
    "tar", [b"", b"\0", bytes(511), b"<html>" * 500, GOOD[:100]], ids=lambda tar: f"{len(tar)} bytes"
)
def test_not_an_archive(tar: bytes, tmp_path: Path) -> None:
    refused(tar, tmp_path)


@pytest.mark.parametrize("kept", [512, 515, 1023, 1024, 1100, 1535, 1536, 1537, 2047])
def test_an_archive_that_is_cut(kept: int, tmp_path: Path) -> None:
    refused((GOOD + GOOD.replace(b"good", b"more") + END)[:kept], tmp_path)


def test_a_stream_that_is_cut(tmp_path: Path) -> None:
    with pytest.raises(Truncated):
        extract(member("package/a", NOISE) + END, tmp_path, cut=1 << 20)


def test_too_many_members(tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="20,000"):
        extract(member("package/d", type=tarfile.DIRTYPE) * 20_001 + END, tmp_path)


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is flushed to the disk; those that are left out are not."""
    monkeypatch.setattr(unpacking, "_MAX_FILES", 20)
    many = b"".join(member(f"package/{number}") for number in range(21)) + END
    with pytest.raises(BadArchive, match="more than 20 files"):
        extract(many, tmp_path / "all")
    assert len(extract(many, tmp_path / "some", lambda name: None if name.endswith("/7") else name)) == 20


def test_a_file_that_is_there_already_is_not_touched(tmp_path: Path) -> None:
    victim = tmp_path / "witness"
    victim.write_bytes(b"as it was")
    folder = tmp_path / "staging" / "package"
    folder.mkdir(parents=True)
    (folder / "good").symlink_to(victim)
    refused(GOOD + END, tmp_path)


def refused(tar: bytes, root: Path) -> None:
    """The archive is refused, and outside of the folder all is as before."""
    witness = root / "witness"
    witness.write_bytes(b"as it was")
    with pytest.raises(BadArchive):
        extract(tar, root / "staging")
    assert sorted(os.listdir(root)) == ["staging", "witness"]
    assert witness.read_bytes() == b"as it was"
    assert not [path for path in (root / "staging" / "package").rglob("*") if path.is_symlink() and path.name != "good"]
