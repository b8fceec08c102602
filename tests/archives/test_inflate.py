"""A gzipped body: the right bytes, or the right error, and never a thread left behind."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import random
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from types import ModuleType

import pytest

from ccpin.archives import inflate
from ccpin.archives.inflate import GzipBody
from ccpin.errors import BadArchive, IntegrityMismatch, Truncated

LIMIT = 64 << 20
PLAIN = random.Random(0).randbytes(300_000) + bytes(300_000)
PACKED = gzip.compress(PLAIN)


@pytest.fixture(params=["zlib", "isal.isal_zlib"])
def gunzip(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = pytest.importorskip(request.param)
    return module


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def integrity(packed: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()


def cut(packed: bytes, size: int) -> list[bytes]:
    return [packed[start : start + size] for start in range(0, len(packed), size)]


def read_all(body: GzipBody, size: int = 1 << 16) -> bytes:
    return b"".join(iter(lambda: bytes(body.read(size)), b""))


def fetch(chunks: Iterable[bytes], gunzip: ModuleType = zlib, *, limit: int = LIMIT) -> bytes:
    """All of a body that has to be right."""
    chunks = list(chunks)
    with GzipBody(iter(chunks), "it", limit, gunzip=gunzip) as body:
        found = read_all(body)
        body.finish(sum(map(len, chunks)), integrity(b"".join(chunks)))
    return found


def failing_after(chunks: Iterable[bytes], error: BaseException) -> Iterator[bytes]:
    yield from chunks
    raise error


def endless() -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=31)
    noise = random.Random(0).randbytes(1 << 16)
    while True:
        yield packer.compress(noise) + packer.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize("size", [7_919, 1 << 18, len(PACKED)])
def test_the_right_bytes(gunzip: ModuleType, size: int) -> None:
    assert fetch(cut(PACKED, size), gunzip) == PLAIN


def test_chunks_of_one_byte(gunzip: ModuleType) -> None:
    assert fetch(cut(gzip.compress(b"few"), 1), gunzip) == b"few"


def test_nothing_packed(gunzip: ModuleType) -> None:
    assert fetch([gzip.compress(b"")], gunzip) == b""


def test_much_out_of_little_comes_in_pieces(gunzip: ModuleType) -> None:
    with GzipBody(iter([gzip.compress(bytes(8 << 20))]), "it", LIMIT, gunzip=gunzip) as body:
        pieces = [len(piece) for piece in iter(lambda: body.read(LIMIT), b"")]
    assert sum(pieces) == 8 << 20
    assert max(pieces) <= 1 << 20


def test_a_read_gives_no_more_than_was_asked_for() -> None:
    with GzipBody(iter([PACKED]), "it", LIMIT) as body:
        assert bytes(body.read(3)) + bytes(body.read(5)) == PLAIN[:8]


def test_the_end_stays_the_end() -> None:
    with GzipBody(iter([PACKED]), "it", LIMIT) as body:
        read_all(body)
        assert bytes(body.read(1)) == bytes(body.read(1)) == b""


def test_finish_reads_what_nobody_did() -> None:
    with GzipBody(iter(cut(PACKED, 1000)), "it", LIMIT) as body:
        body.finish(len(PACKED), integrity(PACKED))


def test_finish_without_a_length() -> None:
    with GzipBody(iter([PACKED]), "it", LIMIT) as body:
        body.finish(None, integrity(PACKED))


def test_another_sha512() -> None:
    with GzipBody(iter([PACKED]), "it", LIMIT) as body, pytest.raises(IntegrityMismatch) as caught:
        body.finish(len(PACKED), integrity(b"another"))
    assert caught.value.facts["found"] == integrity(PACKED)


@pytest.mark.parametrize("said", [0, len(PACKED) - 1, len(PACKED) + 1])
def test_another_length_than_the_server_said(said: int) -> None:
    with GzipBody(iter([PACKED]), "it", LIMIT) as body, pytest.raises(Truncated):
        body.finish(said, integrity(PACKED))


@pytest.mark.parametrize(
    "text", [b"<!DOCTYPE html><title>Log in</title>", b"\x1f\x8b\x08", b"PK\x03\x04" * 9, bytes(100)]
)
def test_not_gzip(gunzip: ModuleType, text: bytes) -> None:
    with pytest.raises((BadArchive, Truncated)) as caught:
        fetch([text], gunzip)
    assert (caught.type is Truncated) == text.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("kept", [0, 1, 9, 10, 11, len(PACKED) // 2, len(PACKED) - 8, len(PACKED) - 1])
def test_cut_off(gunzip: ModuleType, kept: int) -> None:
    with pytest.raises(Truncated):
        fetch(cut(PACKED[:kept], 100_000), gunzip)


@pytest.mark.parametrize("at", [-8, -4, 1000], ids=["checksum", "size", "data"])
def test_one_wrong_bit(gunzip: ModuleType, at: int) -> None:
    wrong = bytearray(PACKED)
    wrong[at] ^= 1
    with (
        pytest.raises((BadArchive, IntegrityMismatch)),
        GzipBody(iter([bytes(wrong)]), "it", LIMIT, gunzip=gunzip) as body,
    ):
        body.finish(len(wrong), integrity(PACKED))


@pytest.mark.parametrize("behind", [b"x", bytes(512), PACKED], ids=["a byte", "zeros", "a second member"])
@pytest.mark.parametrize("size", [1 << 30, len(PACKED)], ids=["same chunk", "next chunk"])
def test_something_behind_the_end(gunzip: ModuleType, behind: bytes, size: int) -> None:
    with pytest.raises(BadArchive, match="behind its end"):
        fetch(cut(PACKED + behind, size), gunzip)


def test_an_endless_tail_is_not_waited_for() -> None:
    chunks = itertools.chain([PACKED], itertools.repeat(b"more"))
    with GzipBody(chunks, "it", LIMIT) as body, pytest.raises(BadArchive):
        body.finish(len(PACKED), integrity(PACKED))


def test_larger_than_a_release_can_be(gunzip: ModuleType) -> None:
    assert len(fetch([gzip.compress(bytes(1000))], gunzip, limit=1000)) == 1000
    with pytest.raises(BadArchive, match="unpacks to more"):
        fetch([gzip.compress(bytes(1001))], gunzip, limit=1000)


def test_a_bomb_is_stopped_early() -> None:
    with pytest.raises(BadArchive, match="unpacks to more"), GzipBody(endless(), "it", 1 << 20) as body:
        read_all(body)


def test_a_bomb_below_the_limit_is_stopped_as_well(gunzip: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "_FREE", 4 << 20)
    assert len(fetch([gzip.compress(bytes(4 << 20), 6)], gunzip, limit=1 << 30)) == 4 << 20
    with pytest.raises(BadArchive, match="200 times"):
        fetch([gzip.compress(bytes(5 << 20), 6)], gunzip, limit=1 << 30)
    text = b"".join(b"%d\n" % number for number in range(800_000))  # shrinks as programs do
    assert fetch([gzip.compress(text, 1)], gunzip) == text


@pytest.mark.parametrize("error", [Truncated(what="it", reason="cut"), OSError("gone"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("count", [0, 1, 50, len(cut(PACKED, 1000))])
def test_what_the_chunks_raise_comes_out(error: BaseException, count: int) -> None:
    chunks = failing_after(cut(PACKED, 1000)[:count], error)
    with GzipBody(chunks, "it", LIMIT) as body, pytest.raises(type(error)) as caught:
        body.finish(len(PACKED), integrity(PACKED))
    assert caught.value is error


def test_an_error_stays_an_error() -> None:
    with GzipBody(failing_after([], OSError("gone")), "it", LIMIT) as body:
        for _ in range(3):
            with pytest.raises(OSError, match="gone"):
                body.read(1)


def test_progress_hears_of_every_chunk() -> None:
    heard: list[int] = []
    with GzipBody(iter(cut(PACKED, 100_000)), "it", LIMIT, heard.append) as body:
        body.finish(len(PACKED), integrity(PACKED))
    assert heard == [*range(100_000, len(PACKED), 100_000), len(PACKED)]


def test_what_progress_raises_comes_out() -> None:
    def fail(received: int) -> None:
        raise ArithmeticError(received)

    with GzipBody(iter([PACKED]), "it", LIMIT, fail) as body, pytest.raises(ArithmeticError):
        body.read(1)


@pytest.mark.parametrize("read", [0, 1, 10 << 20])
def test_a_reader_that_stops_early_stops_the_threads(read: int) -> None:
    begun = time.monotonic()
    with GzipBody(endless(), "it", LIMIT) as body:
        while read > 0:
            read -= len(body.read(1 << 20))
    assert time.monotonic() - begun < 4  # less than the patience with a thread that does not end


def test_a_reader_that_fails_is_heard() -> None:
    with pytest.raises(ZeroDivisionError), GzipBody(endless(), "it", LIMIT):
        raise ZeroDivisionError


def test_only_some_chunks_are_fetched_ahead() -> None:
    fetched = 0

    def counted() -> Iterator[bytes]:
        nonlocal fetched
        for chunk in endless():
            fetched += 1
            yield chunk

    with GzipBody(counted(), "it", LIMIT) as body:
        body.read(1)
        time.sleep(0.2)
        assert 1 <= fetched < 50


def test_a_fetch_that_hangs_is_waited_for() -> None:
    answered = threading.Event()
    later = threading.Timer(0.2, answered.set)

    def hanging() -> Iterator[bytes]:
        yield PACKED[:1000]
        answered.wait(60)

    with GzipBody(hanging(), "it", LIMIT) as body:
        body.read(1)
        later.start()
    assert answered.is_set()
    later.join()
