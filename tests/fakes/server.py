"""The HTTP side of the registry: threads, connections, and an `Answer` put on the wire as it says."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from tests.fakes.faults import Answer


@dataclasses.dataclass
class Seen:
    """One request, and what became of it. `headers` have lower-case names."""

    method: str
    path: str  # below the base, unquoted, with a leading slash
    raw_path: str  # as it was sent
    headers: Mapping[str, str]
    status: int = 0
    sent: int = 0  # bytes of the body that were handed to the network


class Site(Protocol):
    """What is served."""

    base: str

    def answer(self, seen: Seen) -> Answer | None: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, site: Site) -> None:
        self.site = site
        self.stopping = threading.Event()
        self.connections = 0
        self.errors: list[BaseException] = []  # bugs of the fakes, raised when the registry stops
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        self.connections += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close every connection, so that the threads which read from them end."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # it was closed already
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if error and not isinstance(error, OSError):  # OSError: the client went away
            self.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "fake-registry"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 60
    server: Server

    def handle_one_request(self) -> None:
        super().handle_one_request()
        if self.server.stopping.is_set():
            self.close_connection = True

    def do_GET(self) -> None:
        site = self.server.site
        path = unquote(urlsplit(self.path).path)
        below = "/" + path[len(site.base) :] if path.startswith(site.base) else path
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.rfile.read(int(headers.get("content-length", 0)))
        seen = Seen(self.command, below, self.path, headers)
        answer = site.answer(seen)
        if answer is None:
            self.close_connection = True
            return
        seen.status = answer.status
        if answer.stall_at == -1 and self.server.stopping.wait(answer.stall_seconds):
            return
        self._send_head(answer)
        if self.command != "HEAD":
            self._send_body(answer, seen)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.framing == "length":
            length = len(answer.body) if answer.announced is None else answer.announced
            self.send_header("Content-Length", str(length))
        elif answer.framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_body(self, answer: Answer, seen: Seen) -> None:
        chunked = answer.framing == "chunked"
        for wait, piece in answer.pieces():
            if wait and self.server.stopping.wait(wait):
                self.close_connection = True
                return
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                seen.sent += len(piece)
        if answer.odd:
            self.close_connection = True
        elif chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass
