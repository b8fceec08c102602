"""One file as it comes in: the right bytes, or the right error, in bounded memory, and never a thread left behind."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from ccpin.archives.receive import Packing, receive
from ccpin.archives.unpack import Unpacked
from ccpin.errors import BadArchive, CcpinError, IntegrityMismatch, Truncated

PLAIN = random.Random(0).randbytes(3_000_000) + bytes(3_000_000)
PACKED = zstandard.compress(PLAIN)
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
EMPTY = zstandard.compress(b"")


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claude"


def cut(data: bytes, size: int = 1 << 18) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def packing(data: bytes) -> Packing:
    return Packing(len(data), hashlib.sha256(data).hexdigest())


def of(data: bytes) -> Unpacked:
    return Unpacked(hashlib.sha256(data).hexdigest(), len(data), executable=False)


def unpack(data: bytes, path: Path, limit: int = len(PLAIN), said: Packing | None = None) -> Unpacked:
    return receive(cut(data), len(data), "it", str(path), limit, packing=said or packing(data))


class TestPlain:
    @pytest.mark.parametrize("size", [7_919, 1 << 18, len(PLAIN)])
    def test_the_right_bytes(self, path: Path, size: int) -> None:
        seen: list[int] = []
        found = receive(cut(PLAIN, size), len(PLAIN), "it", str(path), len(PLAIN), progress=seen.append)
        assert found == of(PLAIN)
        assert path.read_bytes() == PLAIN
        assert seen == sorted(seen)
        assert seen[-1] == len(PLAIN)

    def test_it_is_on_the_disk(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """All of it, before anybody can write that it is there."""
        flushed: list[int] = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: flushed.append(os.fstat(descriptor).st_size))
        receive(cut(PLAIN), len(PLAIN), "it", str(path), len(PLAIN))
        assert flushed == [len(PLAIN)]

    def test_no_length_is_fine(self, path: Path) -> None:
        assert receive(iter([b"few"]), None, "it", str(path), 3) == of(b"few")

    def test_nothing_at_all(self, path: Path) -> None:
        assert receive(iter([]), 0, "it", str(path), 3) == of(b"")

    @pytest.mark.parametrize("length", [len(PLAIN) + 1, len(PLAIN) - 1, 0])
    def test_a_length_that_was_a_lie(self, path: Path, length: int) -> None:
        with pytest.raises(Truncated, match=f"6,000,000 of {length:,} bytes came"):
            receive(cut(PLAIN), length, "it", str(path), len(PLAIN))

    def test_longer_than_it_should_be(self, path: Path) -> None:
        with pytest.raises(BadArchive, match="larger than the 5,999,999 bytes"):
            receive(cut(PLAIN), len(PLAIN), "it", str(path), len(PLAIN) - 1)

    def test_without_end(self, path: Path) -> None:
        with pytest.raises(BadArchive, match="larger than the 1,000,000 bytes"):
            receive(itertools.repeat(b"x" * 10_000), None, "it", str(path), 1_000_000)
        assert path.stat().st_size <= 1_000_000

    def test_what_a_connection_says_is_raised(self, path: Path) -> None:
        def breaking() -> Iterator[bytes]:
            yield PLAIN[:1000]
            raise Truncated(what="it", reason="the cable")

        with pytest.raises(Truncated, match="the cable"):
            receive(breaking(), len(PLAIN), "it", str(path), len(PLAIN))

    def test_a_file_of_somebody_else_s_is_not_overwritten(self, path: Path) -> None:
        path.write_text("mine")
        with pytest.raises(FileExistsError):
            receive(iter([b"few"]), 3, "it", str(path), 3)
        assert path.read_text() == "mine"


class TestPacked:
    @pytest.mark.parametrize("size", [1, 7_919, 1 << 18, len(PACKED)])
    def test_the_right_bytes(self, path: Path, size: int) -> None:
        data, plain = (zstandard.compress(b"few" * 1000), b"few" * 1000) if size == 1 else (PACKED, PLAIN)
        found = receive(cut(data, size), len(data), "it", str(path), len(plain), packing=packing(data))
        assert found == of(plain)
        assert path.read_bytes() == plain

    def test_progress_counts_what_comes_over_the_wire(self, path: Path) -> None:
        seen: list[int] = []
        receive(cut(PACKED), None, "it", str(path), len(PLAIN), packing=packing(PACKED), progress=seen.append)
        assert seen[-1] == len(PACKED) < len(PLAIN)

    @pytest.mark.parametrize(
        "data",
        [
            zstandard.compress(PLAIN[:1000]) + zstandard.compress(PLAIN[1000:]),
            SKIPPABLE + zstandard.compress(PLAIN[:1000]) + SKIPPABLE + zstandard.compress(PLAIN[1000:]) + SKIPPABLE,
            EMPTY * 3 + PACKED,
        ],
    )
    def test_frames_one_behind_another_are_one_file(self, path: Path, data: bytes) -> None:
        """So does `zstd -d`, and so write the packers that use all cores."""
        assert unpack(data, path) == of(PLAIN)

    @pytest.mark.parametrize("keep", [0, 3, 100, len(PACKED) // 2, len(PACKED) - 1])
    def test_one_that_ends_too_early(self, path: Path, keep: int) -> None:
        with pytest.raises(Truncated, match=f"{keep:,} of {len(PACKED):,} bytes came"):
            unpack(PACKED[:keep], path, said=packing(PACKED))

    def test_one_that_was_packed_cut_off_is_no_whole_file(self, path: Path) -> None:
        """Its list says so too; it is for the caller to compare what is inside."""
        assert unpack(PACKED[:-100_000], path).size < len(PLAIN)

    @pytest.mark.parametrize(
        "data",
        [
            b"<!DOCTYPE html><title>Log in</title>",
            PLAIN[:1000],
            PACKED + b"<html>",
            PACKED + b"\0" * 100,
            PACKED[:9] + b"\xff" * 9 + PACKED[18:],
        ],
    )
    def test_what_is_not_zstd(self, path: Path, data: bytes) -> None:
        with pytest.raises(BadArchive, match="not zstd"):
            unpack(data, path)

    def test_another_copy_of_this_size(self, path: Path) -> None:
        other = zstandard.compress(b"other")
        said = Packing(len(other), hashlib.sha256(b"x").hexdigest())
        with pytest.raises(IntegrityMismatch, match="packed sha256"):
            unpack(other, path, said=said)

    def test_a_larger_copy_than_was_said(self, path: Path) -> None:
        said = Packing(len(PACKED) - 1, hashlib.sha256(PACKED).hexdigest())
        with pytest.raises(IntegrityMismatch, match="packed size expected"):
            unpack(PACKED, path, said=said)

    @pytest.mark.parametrize("frame", [EMPTY, SKIPPABLE])
    def test_frames_without_end_and_without_content(self, path: Path, frame: bytes) -> None:
        with pytest.raises(IntegrityMismatch, match="packed size"):
            receive(itertools.repeat(frame * 1000), None, "it", str(path), 100, packing=Packing(1 << 20, "00" * 32))
        assert path.stat().st_size == 0

    def test_a_length_that_was_a_lie(self, path: Path) -> None:
        with pytest.raises(Truncated, match="bytes came"):
            receive(cut(PACKED), len(PACKED) + 1, "it", str(path), len(PLAIN), packing=packing(PACKED))

    def test_it_unpacks_to_more(self, path: Path) -> None:
        with pytest.raises(BadArchive, match="larger than the 5,999,999 bytes"):
            unpack(PACKED, path, len(PLAIN) - 1)

    @pytest.mark.parametrize("bits", [28, 31])
    def test_a_window_that_is_too_large(self, path: Path, bits: int) -> None:
        """What must be remembered to unpack it stands in its head: a byte or two could ask for gigabytes."""
        head = bytes([0x28, 0xB5, 0x2F, 0xFD, 0x00, (bits - 10) << 3])  # the last: the window, no dictionary, no size
        data = head + bytes([0x01 | 3 << 3, 0, 0]) + b"abc"
        with pytest.raises(BadArchive, match="not zstd"):
            unpack(data, path)

    def test_the_window_that_zstd_takes_by_itself(self, path: Path) -> None:
        head = bytes([0x28, 0xB5, 0x2F, 0xFD, 0x00, (27 - 10) << 3])
        assert unpack(head + bytes([0x01 | 3 << 3, 0, 0]) + b"abc", path) == of(b"abc")

    @pytest.mark.skipif(sys.platform != "linux", reason="its way of telling a process's peak")
    def test_a_bomb_takes_no_memory(self, path: Path) -> None:
        """Four gigabytes of zeros in a few hundred kilobytes."""
        done = subprocess.run([sys.executable, "-c", _BOMB, str(path)], capture_output=True, text=True, check=True)
        kind, peak, written = done.stdout.split()
        assert kind == BadArchive.code
        assert int(peak) < 64 << 10  # kB more than before
        assert int(written) <= 20_000_000


_BOMB = """
import hashlib, os, resource, sys
import zstandard
from ccpin.archives.receive import Packing, receive
from ccpin.errors import CcpinError

packer = zstandard.ZstdCompressor().compressobj()
packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1 << 12)) + packer.flush()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    receive(iter([packed]), None, "it", sys.argv[1], 20_000_000, packing=Packing(len(packed), "00" * 32))
except CcpinError as error:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(error.code, peak, os.path.getsize(sys.argv[1]))
"""


@pytest.mark.parametrize("packed", [None, Packing(1000, "00" * 32)])
def test_whatever_breaks_nobody_waits(path: Path, packed: Packing | None) -> None:
    """Chunks that would go on for ever are no longer asked for."""
    asked = itertools.count()

    def endless() -> Iterator[bytes]:
        for _ in asked:
            yield PACKED

    with pytest.raises(CcpinError):
        receive(endless(), None, "it", str(path), 1000, packing=packed)
    assert next(asked) < 100
