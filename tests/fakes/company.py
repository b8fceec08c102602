"""A company's network on 127.0.0.1: a registry behind TLS under an authority of its own, and a proxy in front of all.

    with Front(registry.port, ca, "registry.example") as front, Proxy({"registry.example:443": front.port}) as proxy:
        …  # ask https://registry.example/ through proxy.url
        assert proxy.heads[0].startswith("CONNECT registry.example:443 ")

Both only carry bytes; what was asked is in the registry's own list, and what the proxy saw in `heads`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import trustme

_MOST = 500  # connections; who asks for ever fails instead of hanging


class _Listener:
    """A port with a thread for each connection."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def _accept(self) -> None:
        for _ in range(_MOST):
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError):  # the other side went away
            connection.settimeout(60)
            self.serve(connection)


class Front(_Listener):
    """TLS for the plain port of a registry. `names` are what its certificate is for.

    With `clients` it takes only who shows a certificate of that authority; `shown` are the names in those.
    """

    def __init__(self, port: int, ca: trustme.CA, *names: str, clients: trustme.CA | None = None) -> None:
        super().__init__()
        self.behind = port
        self.shown: list[str] = []
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert(*names).configure_cert(self._context)
        if clients:
            self._context.verify_mode = ssl.CERT_OPTIONAL
            clients.configure_trust(self._context)
        self._demands = clients is not None

    def serve(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as tls:
            certificate = tls.getpeercert() or {}
            alternatives: Any = certificate.get("subjectAltName", ())
            self.shown += [name for _kind, name in alternatives]
            if self._demands and not alternatives:
                tls.recv(1 << 16)
                tls.sendall(b"HTTP/1.1 400 No certificate\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            _carry(tls, self.behind)


class Proxy(_Listener):
    """Takes `CONNECT host:port` for the ones in `ways`, each to a port of this machine; 403 for the rest, and 407 for
    those who lack `authorization` (the value of Proxy-Authorization)."""

    def __init__(self, ways: Mapping[str, int], authorization: str | None = None) -> None:
        super().__init__()
        self.ways = ways
        self.authorization = authorization
        self.heads: list[str] = []
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n") and len(head) < 1 << 16:
            byte = connection.recv(1)
            if not byte:
                return
            head += byte
        text = head.decode("latin-1")
        self.heads.append(text)
        method, target, _ = text.split(" ", 2)
        if self.authorization and f"proxy-authorization: {self.authorization}\r\n".lower() not in text.lower():
            _answer(connection, "407 Proxy Authentication Required")
        elif method != "CONNECT" or target not in self.ways:
            _answer(connection, "403 Forbidden")
        else:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _carry(connection, self.ways[target])


def _answer(connection: socket.socket, status: str) -> None:
    connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def _carry(connection: socket.socket, port: int) -> None:
    """Bytes both ways until one side ends."""
    with socket.create_connection(("127.0.0.1", port)) as behind:
        back = threading.Thread(target=_copy, args=(behind, connection), daemon=True)
        back.start()
        _copy(connection, behind)
        back.join(60)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
