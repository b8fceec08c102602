"""Connections that are made in time, or not at all: one span for all addresses of a host together. And what a server
says between two pieces of a body, heads, sizes of chunks, trailers, is bounded: `http.client` and urllib3 wait for the
end of it, however long it gets.

urllib3 gives the whole span to each of them in turn, so a registry with two dozen addresses, behind a firewall that
swallows packets, would be waited for longer than anybody waits. Here the span is shared, and the families take turns:
where IPv6 leads nowhere, IPv4 is not the last to be tried.
"""

from __future__ import annotations

import http.client
import io
import itertools
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError

from ccpin import pace

_LEAST = 1.0  # seconds for one address: a lost packet is sent again after one
_MOST_LINES = 256 * 1024  # bytes of lines between two pieces of a body; a head has 1,000
_MOST_LINE = 64 * 1024  # bytes, as in http.client
_MANY_LINES = 20_000  # from so many on, pieces should have
_LEAST_PIECE = 32  # bytes: reading chunks of one byte takes half a minute for 8 MB


class Rude(http.client.HTTPException):
    """A server says what none should. Asking again would not help."""


class _Lines(io.BufferedReader):
    """What a server says, read in lines or in pieces. `most` bounds all pieces together, in bytes."""

    most: float = float("inf")
    _left = _MOST_LINES
    _lines = _pieces = 0

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(self._left + 1 if size is None or size < 0 else size)
        self._left -= len(line)
        self._lines += 1
        if self._left < 0 or len(line) > _MOST_LINE:
            raise Rude("what stands around its body does not end")
        if self._lines > _MANY_LINES and self._pieces < self._lines * _LEAST_PIECE:
            raise Rude("it comes in far too many pieces")
        return line

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:  # all there is, or a chunk that says so of itself
            raise Rude("it does not say where it ends")
        piece = super().read(int(min(size, self.most - self._pieces + 1)))
        self._count(len(piece))
        return piece

    def readinto(self, buffer: Any) -> int:
        count = super().readinto(buffer)
        self._count(count)
        return count

    def _count(self, size: int) -> None:
        self._left = _MOST_LINES
        self._pieces += size
        if self._pieces > self.most:
            raise Rude("an answer without what was asked for goes on and on")


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, span: float = 0, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp: Any = _Lines(pace.Paced(self.fp.detach(), span or pace.DOCUMENT_SPAN))  # nothing was read yet

    def begin(self, *args: Any, **options: Any) -> None:
        super().begin(*args, **options)
        if self.status not in (200, 206) and self.fp is not None:  # urllib3 reads them whole before it asks again
            self.fp.most = _MOST_LINES


class _Http(HTTPConnection):
    response_class: Any = _Answer

    def _new_conn(self) -> socket.socket:
        return _first(self, super()._new_conn)

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        self.response_class = partial(_Answer, span=_span(headers))
        super().request(method, url, body, headers, **options)


class _Https(HTTPSConnection):
    response_class: Any = _Answer

    def _new_conn(self) -> socket.socket:
        return _first(self, super()._new_conn)

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        self.response_class = partial(_Answer, span=_span(headers))
        super().request(method, url, body, headers, **options)


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


POOLS = {"http": _HttpPool, "https": _HttpsPool}
"""For `PoolManager.pool_classes_by_scheme`."""


class Retry(urllib3.Retry):
    """A name that cannot be resolved is not asked for again: the system has done that."""

    def increment(
        self, method: Any = None, url: Any = None, response: Any = None, error: Any = None, *more: Any, **others: Any
    ) -> Any:
        left = self.new(connect=0) if isinstance(error, NameResolutionError) else self
        return super(Retry, left).increment(method, url, response, error, *more, **others)


def _span(headers: Mapping[str, str] | None) -> float:
    """Bodies are told from documents by being wanted as they are: `Http.stream` asks so."""
    coding = (headers or {}).get("Accept-Encoding", "")
    return pace.SPAN if coding in ("identity", b"identity") else pace.DOCUMENT_SPAN


def _first(connection: HTTPConnection, dial: Callable[[], socket.socket]) -> socket.socket:
    """A socket to the first address that answers. `dial` connects to `connection._dns_host` within its timeout."""
    host, span = connection._dns_host, connection.timeout
    try:
        addresses = _by_turns(host, connection.port)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except UnicodeError:
        addresses = []
    if not addresses or not span:
        return dial()
    end = time.monotonic() + span
    try:
        for left in range(len(addresses), 0, -1):
            remaining = end - time.monotonic()
            connection._dns_host = addresses[-left]
            connection.timeout = min(remaining, max(_LEAST, remaining / left))
            try:
                return dial()
            except ConnectTimeoutError:  # refused, unreachable, or silent
                if left == 1 or time.monotonic() > end - _LEAST / 10:
                    raise
    finally:
        connection._dns_host, connection.timeout = host, span
    raise AssertionError("the last one returns or raises")


def _by_turns(host: str, port: int) -> list[str]:
    """The addresses of a host in the system's order, except that IPv6 and IPv4 take turns. Raises socket.gaierror."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    families: dict[int, list[str]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append(str(address[0]))
    turns = itertools.chain.from_iterable(itertools.zip_longest(*families.values()))
    return list(dict.fromkeys(filter(None, turns)))
