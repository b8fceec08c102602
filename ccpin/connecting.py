"""Connections that are made in time, or not at all: one span for all addresses of a host together.

urllib3 gives the whole span to each of them in turn, so a registry with two dozen addresses, behind a firewall that
swallows packets, would be waited for longer than anybody waits. Here the span is shared, and the families take turns:
where IPv6 leads nowhere, IPv4 is not the last to be tried.
"""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError

_LEAST = 1.0  # seconds for one address: a lost packet is sent again after one


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _first(self, super()._new_conn)


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _first(self, super()._new_conn)


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
