"""Servers that say what none should, and do not end: what is read of them is bounded, in bytes and in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pytest

from ccpin.errors import NotARegistry, RegistryFailed, RegistryUnreachable, Truncated
from ccpin.net import DOCUMENT_LIMIT, Http
from tests.hostile.rude import Bytes, Rude, for_ever, once

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"1000\r\n" + b" " * 4096 + b"\r\n"
AWAY = b"HTTP/1.1 302 Found\r\nLocation: /x\r\n"
FAILED = b"HTTP/1.1 503 No\r\n"

DOCUMENTS = {
    "continue, for ever": (for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), RegistryUnreachable, "too many pieces"),
    "a chunk's extension": (for_ever(CHUNKED + b"2;", b"x=y;"), RegistryUnreachable, "does not end"),
    "trailers": (for_ever(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"), RegistryUnreachable, "too many pieces"),
    "chunks of one byte": (for_ever(CHUNKED, b"1\r\n \r\n"), RegistryUnreachable, "in far too many pieces"),
    "a chunk of all there is": (for_ever(CHUNKED + b"-1\r\n", b"x"), RegistryUnreachable, "does not say where it ends"),
    "a chunk below zero": (once(CHUNKED + b"-5\r\n{}\r\n0\r\n\r\n"), RegistryUnreachable, "does not say where it ends"),
    "a redirect's page": (for_ever(AWAY + b"\r\n", b"x"), NotARegistry, "in a circle"),
    "a redirect's chunks": (for_ever(AWAY + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK), NotARegistry, "in a circle"),
    "a failure's page": (for_ever(FAILED + b"\r\n", b"x"), RegistryFailed, "503"),
    "a failure of 1 TB": (for_ever(FAILED + b"Content-Length: 1000000000000\r\n\r\n", b"x"), RegistryFailed, "503"),
    "a failure's chunks": (for_ever(FAILED + b"Transfer-Encoding: chunked\r\n\r\n", CHUNK), RegistryFailed, "503"),
}


def counted(say: Bytes, sent: list[int]) -> Bytes:
    def pieces() -> Iterator[bytes]:
        for piece in say():
            sent.append(len(piece))
            yield piece

    return pieces


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(name: str) -> None:
    say, error, reason = DOCUMENTS[name]
    sent: list[int] = []
    began = time.monotonic()
    with Rude(counted(say, sent)) as server, pytest.raises(error, match=reason):
        Http().document(server.url)
    assert sum(sent) < 60 << 20  # for all attempts, with what the system's buffers take
    assert time.monotonic() - began < 8


def test_what_is_right_is_read_as_ever() -> None:
    """In chunks of any size, with extensions and trailers, behind `100 Continue`, and twice on one connection."""
    head = b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED
    with Rude(once(head, b'2;a=b\r\n{"\r\n1\r\na\r\n0005\r\n": 1}\r\n0\r\nX: y\r\n\r\n')) as server:
        assert Http().document(server.url) == {"a": 1}
    small = b"".join(b"1\r\n%c\r\n" % letter for letter in b'{"a": 1}')
    with Rude(once(CHUNKED + small + b"0\r\n\r\n")) as server:
        assert Http().document(server.url) == {"a": 1}


def test_a_body_in_many_chunks_of_a_fair_size() -> None:
    """What a slow server may flush: 30,000 of them."""
    count = 30_000
    with (
        Rude(once(CHUNKED, *[b"40\r\n" + b"x" * 64 + b"\r\n"] * count, b"0\r\n\r\n")) as server,
        Http().stream(server.url) as body,
    ):
        assert sum(map(len, body.chunks)) == 64 * count


@pytest.mark.parametrize("named", [b"", b'ETag: "x"\r\n'], ids=["nothing to know it by", "a strong tag"])
@pytest.mark.parametrize(
    ("start", "say"),
    [
        (b"2;", partial(for_ever, again=b"x=y;")),
        (b"-1\r\n", partial(for_ever, again=b"x")),
        (b"", partial(for_ever, again=b"1\r\n \r\n")),
        (b"-5\r\nx", once),
    ],
    ids=["an extension", "all there is", "one byte each", "below zero"],
)
def test_bodies_are_not_asked_for_again(start: bytes, say: Callable[[bytes], Bytes], named: bytes) -> None:
    """Neither by going on, nor, being final, from the beginning."""
    answer, asked = say(OK + named + b"Transfer-Encoding: chunked\r\n\r\n" + start), []

    def counting() -> Iterable[bytes]:
        asked.append(1)
        return answer()

    with Rude(counting) as server, Http().stream(server.url) as body, pytest.raises(Truncated) as raised:
        for _ in body.chunks:
            pass
    assert raised.value.final
    assert len(asked) == 1


def test_a_length_that_no_number_can_have() -> None:
    with Rude(once(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nx")) as server, Http().stream(server.url) as body:
        assert body.length is None


@pytest.mark.parametrize("text", ["[],", '{"":0},', "1,"])
def test_a_document_of_far_too_many_values(text: str) -> None:
    said = '{"a": [' + text * (DOCUMENT_LIMIT // 2 // len(text)) + "1]}"
    with Rude(once(OK + b"\r\n" + said.encode())) as server, pytest.raises(NotARegistry, match="too many values"):
        Http().document(server.url)
