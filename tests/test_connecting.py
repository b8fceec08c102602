"""Connections that are made in time: a host that swallows packets, one of many addresses, and names nobody knows."""

from __future__ import annotations

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ccpin import connecting, httpsession, net
from ccpin.errors import RegistryUnreachable
from ccpin.net import Http
from tests.fakes.registry import Registry

WRAPPER = "@anthropic-ai/claude-code"
QUICK = (1.0, 60.0)
"""A quarter of the patience that connections have, so that nobody waits for real seconds; `least` fits it."""

BACKOFF = httpsession.BACKOFF  # here it is what it is for users; in the tests it is shorter

linux = pytest.mark.skipif(sys.platform != "linux", reason="a full backlog swallows packets on Linux only")


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server on 127.0.0.1 that swallows packets."""
    with contextlib.ExitStack() as stack:
        yield _swallow(stack, "127.0.0.1", 0)


class Names:
    """Stands in for the system's resolver: every name has these addresses. Counts who asks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self.asked: list[str] = []
        real = socket.getaddrinfo

        def found(host: str, port: int, *args: Any, **options: Any) -> Any:
            if not host.endswith(".example"):
                return real(host, port, *args, **options)
            self.asked.append(host)
            if not addresses:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return [info for address in addresses for info in real(address, port, 0, socket.SOCK_STREAM)]

        monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.fixture
def least(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address gets a quarter of a second at least."""
    monkeypatch.setattr(connecting, "_LEAST", connecting._LEAST / 4)


def seconds_to_fail(address: str) -> float:
    start = time.monotonic()
    with pytest.raises(RegistryUnreachable):
        Http(timeout=QUICK).document(address)
    return time.monotonic() - start


def test_how_long_is_waited_without_other_orders() -> None:
    assert net.TIMEOUT == Http()._timeout == (4, 60)
    assert (connecting._LEAST, BACKOFF) == (1.0, 0.2)
    assert Http()._session.get_adapter("http://x/").max_retries.backoff_factor == httpsession.BACKOFF
    assert Http()._session.get_adapter("https://x/").max_retries.backoff_factor == httpsession.BACKOFF


@linux
@pytest.mark.usefixtures("least")
@pytest.mark.parametrize("addresses", [1, 24])
def test_swallowed(silent: int, monkeypatch: pytest.MonkeyPatch, addresses: int) -> None:
    """Two attempts of the whole span, however many addresses there are."""
    Names(monkeypatch, *["127.0.0.1", *(f"127.0.0.{number}" for number in range(2, 25))][:addresses])
    with contextlib.ExitStack() as stack:
        for number in range(2, addresses + 1):
            _swallow(stack, f"127.0.0.{number}", silent)
        assert 1.9 < seconds_to_fail(f"http://registry.example:{silent}/") < 3


@linux
@pytest.mark.usefixtures("least")
def test_the_address_after_a_silent_one(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as stack:
        _swallow(stack, "127.0.0.2", registry.port)
        Names(monkeypatch, "127.0.0.2", "127.0.0.1")
        start = time.monotonic()
        assert Http(timeout=QUICK).document(f"http://registry.example:{registry.port}/{WRAPPER}")["name"] == WRAPPER
        assert time.monotonic() - start < 0.9
        assert registry.requests[0].headers["host"] == f"registry.example:{registry.port}"


@linux
@pytest.mark.usefixtures("least")
def test_the_other_family_comes_second(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many addresses that lead nowhere, and one of the other family that does."""
    with contextlib.ExitStack() as stack:
        six = [f"::ffff:127.0.1.{number}" for number in range(1, 9)]  # IPv6 to the resolver, 127.0.1.x to the kernel
        for number in range(1, 9):
            _swallow(stack, f"127.0.1.{number}", registry.port)
        Names(monkeypatch, *six, "127.0.0.1")
        start = time.monotonic()
        assert Http(timeout=QUICK).document(f"http://registry.example:{registry.port}/{WRAPPER}")["name"] == WRAPPER
        assert time.monotonic() - start < 0.9


def test_refused_is_asked_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    seconds_to_fail(f"http://registry.example:{port}/")
    assert len(names.asked) == 2


def test_a_name_that_nobody_knows_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch)
    with pytest.raises(RegistryUnreachable, match="name resolution"):
        Http().document("http://registry.example/")
    assert names.asked == ["registry.example"]


def _swallow(stack: contextlib.ExitStack, address: str, port: int) -> int:
    """Packets to there are lost from now on: a server whose backlog is full does not answer. The port, where it was
    0."""
    server = stack.enter_context(socket.socket())
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(0)
    for _ in range(3):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(server.getsockname())
    return int(server.getsockname()[1])
