"""Threads, connections and bodies: what the API and the proxy have in common.

A server listens on a socket that it is given, so that the socket may lie in another network namespace than this
process. Bodies are read whole, up to a limit.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, TypeVar

BODY_LIMIT = 64 << 20  # bytes of one request
_MOST_ERRORS = 100
_IDLE = 120  # seconds until a silent connection is closed
_LAST_WORDS = 5  # seconds that handlers have, once their connections are cut
_POLL = 0.05  # seconds within which a stopped server stops to accept

Handler = Callable[[socket.socket, Any, Any], BaseHTTPRequestHandler]
S = TypeVar("S", bound="Server")


class BodyTooLong(ValueError):
    """A request's body is longer than BODY_LIMIT."""


def listen() -> socket.socket:
    """A socket on 127.0.0.1, port chosen by the system."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


class Server(socketserver.ThreadingMixIn, socketserver.BaseServer):
    """Answers every connection of `listener` in a thread of its own, inside a `with`.

    What a handler raises, other than that the client went away, is kept in `errors`, and raised when the `with`
    ends. It ends at once: open connections are cut.
    """

    def __init__(self, handler: Handler, listener: socket.socket | None = None) -> None:
        self.listener = listener or listen()
        super().__init__(self.listener.getsockname(), handler)
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.errors: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._handlers: list[threading.Thread] = []
        self._guard = threading.Lock()
        self._stopping = False
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL,), daemon=True)

    def __enter__(self: S) -> S:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self.errors and error is None:
            raise self.errors[0]

    def stop(self) -> None:
        """Ends at once, whatever is being sent or waited for."""
        with self._guard:
            if self._stopping:
                return
            self._stopping = True
        if self._thread.is_alive():
            self.shutdown()
        self.server_close()
        with self._guard:
            for connection in self._open:
                _cut(connection)
        end = time.monotonic() + _LAST_WORDS
        for thread in (self._thread, *self._handlers):  # what they raise belongs into `errors`
            thread.join(max(0, end - time.monotonic()))

    def adopt(self, connection: socket.socket) -> None:
        """A connection that a handler made out of its own, by TLS, is cut at the end like any other."""
        with self._guard:
            if self._stopping:
                _cut(connection)
            self._open.add(connection)

    def disown(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.discard(connection)

    # --- what socketserver asks for

    def fileno(self) -> int:
        return self.listener.fileno()

    def get_request(self) -> tuple[socket.socket, Any]:
        return self.listener.accept()

    def server_close(self) -> None:
        self.listener.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.adopt(request)
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._handlers = [*filter(threading.Thread.is_alive, self._handlers), thread]
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        self.disown(request)
        _cut(request)
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        gone = isinstance(error, OSError)  # the client went away, or it was cut
        if error and not gone and len(self.errors) < _MOST_ERRORS:
            self.errors.append(error)


class BaseHandler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open, and no word on stderr."""

    protocol_version = "HTTP/1.1"
    server_version = "ccpin"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = _IDLE

    def read_body(self) -> bytes:
        """The whole body. Raises BodyTooLong, and ValueError where its framing is wrong."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        return self._read(int(self.headers.get("Content-Length") or 0), 0)

    def _read_chunks(self) -> bytes:
        pieces: list[bytes] = []
        size, length = 0, int(self.rfile.readline(1024).split(b";")[0], 16)
        while length:
            pieces.append(self._read(length, size))
            size += length
            self.rfile.readline(1024)
            length = int(self.rfile.readline(1024).split(b";")[0], 16)
        while self.rfile.readline(65536).strip():  # trailers
            pass
        return b"".join(pieces)

    def _read(self, length: int, before: int) -> bytes:
        if length < 0:
            raise ValueError(f"a length of {length}")
        if length + before > BODY_LIMIT:
            raise BodyTooLong(f"a body of more than {BODY_LIMIT} bytes")
        data = self.rfile.read(length)
        if len(data) < length:
            raise ConnectionError("the body ended early")
        return data

    def send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed already
        # Not the method of an SSLSocket: it forgets the TLS layer under the thread that is using it.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
