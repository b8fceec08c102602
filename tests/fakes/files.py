"""A web server for given files, real ones of any size among them, in a process of its own: so that what it costs is not
counted with what asks it.

    with served({"/latest": b"2.1.330", "/2.1.330/linux-x64/claude": Path("…")}) as server:
        …  # ask server.url
        assert server.sent() == 7

In bytes, `HERE` stands for the server's own address.
"""

from __future__ import annotations

import json
import multiprocessing
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import unquote

HERE = b"http://here.invalid/"
_PIPE = 10  # seconds


@dataclass(frozen=True)
class Serving:
    """`url` ends in a slash."""

    url: str
    _pipe: Connection

    def sent(self) -> int:
        """Bytes of bodies since this was asked last."""
        self._pipe.send("sent")
        assert self._pipe.poll(_PIPE)
        return int(self._pipe.recv())


@contextmanager
def served(files: Mapping[str, bytes | Path]) -> Iterator[Serving]:
    """Path -> what stands there; all else is 404."""
    fresh = multiprocessing.get_context("spawn")
    here, there = fresh.Pipe()
    process = fresh.Process(target=_serve, args=(dict(files), there), daemon=True)
    process.start()
    try:
        assert here.poll(60)
        yield Serving(here.recv(), here)
    finally:
        process.terminate()
        process.join()


def _serve(files: dict[str, bytes | Path], pipe: Connection) -> None:
    sent = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            nonlocal sent
            content = files.get(unquote(self.path))
            if content is None:
                self._start(404, "text/plain", 0)
            elif isinstance(content, bytes):
                body = content.replace(HERE, address.encode())
                self._start(200, "application/json" if body[:1] == b"{" else "text/plain", len(body))
                self.wfile.write(body)
                sent += len(body)
            else:
                size = content.stat().st_size
                self._start(200, "application/octet-stream", size)
                with content.open("rb") as file:
                    self.wfile.flush()
                    sent += self.connection.sendfile(file)

        def _start(self, status: int, kind: str, length: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(address)
    while True:
        pipe.recv()
        pipe.send(sent)
        sent = 0


def document(value: object) -> bytes:
    """JSON as a server has it."""
    return json.dumps(value).encode()
