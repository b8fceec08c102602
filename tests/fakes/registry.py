"""An npm registry on 127.0.0.1 that can be broken on purpose.

    with Registry(upstream, base="/npm/some/repo/") as registry:
        registry.fault("*.tgz", faults.status(503), times=2)
        …  # ask registry.url
        assert len(registry.asked("*.tgz")) == 3

Patterns are those of fnmatch, over the unquoted path below the base: `/@anthropic-ai/claude-code` is the
document, `/@anthropic-ai/claude-code/2.0.14` one version's, `*/claude-code-2.0.14.tgz` a tarball.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
import socket
import threading
from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.fakes.faults import Answer, Asked, Fault
from tests.fakes.server import Seen, Server
from tests.fakes.upstream import Upstream

_ABBREVIATED = "application/vnd.npm.install-v1+json"
_KEPT = {
    "name",
    "version",
    "dist",
    "bin",
    "engines",
    "dependencies",
    "optionalDependencies",
    "os",
    "cpu",
    "libc",
}


@dataclasses.dataclass
class _Placed:
    pattern: str
    fault: Fault
    left: int | None


class Registry:
    """Serves `upstream` as it is at the moment of each request. Running inside a `with`."""

    def __init__(
        self, upstream: Upstream, *, base: str = "/", host: str = "127.0.0.1", tarball_base: str | None = None
    ) -> None:
        """`host` is the name in the addresses (`localhost` is the same machine under another name);
        `tarball_base` is where `dist.tarball` points instead of here."""
        self.upstream = upstream
        self.base = "/" + base.strip("/") + "/" if base.strip("/") else "/"
        self.abbreviates = True  # whether the short form of documents is known
        self.tarball_base = tarball_base
        self.most_requests = 2000  # then connections are closed: who asks for ever fails instead of hanging
        self.requests: list[Seen] = []
        self._placed: list[_Placed] = []
        self._guard = threading.Lock()
        self._server = Server(self)
        self.port: int = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}{self.base}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Registry:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._server.errors and error is None:
            raise self._server.errors[0]

    def stop(self) -> None:
        """End at once, whatever is being sent or waited for. Asking again fails to connect."""
        if self._server.stopping.is_set():
            return
        self._server.stopping.set()
        if self._thread.is_alive():
            with contextlib.suppress(OSError):  # macOS has no such end of a socket that listens
                self._server.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread, which would sleep for a while
            self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        self._thread.join(5)

    @property
    def connections(self) -> int:
        """How many were made so far."""
        return self._server.connections

    def fault(self, pattern: str, *faults: Fault, times: int | None = None) -> None:
        """Put faults on every path that matches, for good or for the next `times` requests."""
        with self._guard:
            self._placed += [_Placed(pattern, fault, times) for fault in faults]

    def mend(self) -> None:
        """Take all faults away."""
        with self._guard:
            self._placed.clear()

    def asked(self, pattern: str = "*") -> list[Seen]:
        """The requests so far whose path matches."""
        with self._guard:
            return [seen for seen in self.requests if fnmatchcase(seen.path, pattern)]

    def forget(self) -> None:
        """Empty the list of requests."""
        with self._guard:
            self.requests.clear()

    # --- answering, in the handlers' threads

    def answer(self, seen: Seen) -> Answer | None:
        """What to send; None when this client has asked too often."""
        with self._guard:
            if len(self.requests) >= self.most_requests:
                return None
            self.requests.append(seen)
            faults = [fault for placed in self._placed if (fault := _take(placed, seen.path))]
        asked = Asked(seen.path, seen.headers)
        answer = self._right_answer(seen)
        for fault in faults:
            if fault.early:
                fault.early(answer, asked)
        _apply_conditions(answer, seen.headers)
        for fault in faults:
            if fault.late:
                fault.late(answer, asked)
        return answer

    def _right_answer(self, seen: Seen) -> Answer:
        if seen.method not in ("GET", "HEAD"):
            return _json(405, {"error": "method not allowed"})
        if not unquote(urlsplit(seen.raw_path).path).startswith(self.base):
            return _json(404, {"error": "nothing here"})
        if seen.path == "/-/ping":
            return _json(200, {})
        parts = seen.path.strip("/").split("/")
        cut = 2 if parts[0].startswith("@") else 1
        name, rest = "/".join(parts[:cut]), parts[cut:]
        if len(rest) == 2 and rest[0] == "-":
            return self._tarball(name, rest[1])
        packument = self.upstream.packument(name, self.tarball_base or self.url)
        if packument is None:
            return _json(404, {"error": "Not found"})
        if not rest:
            return self._packument(packument, seen.headers.get("accept", ""))
        version = packument["dist-tags"].get(rest[0], rest[0])
        if len(rest) > 1 or version not in packument["versions"]:
            return _json(404, f"version not found: {'/'.join(rest)}")
        return _json(200, packument["versions"][version])

    def _packument(self, packument: dict[str, Any], accept: str) -> Answer:
        if not self.abbreviates or _ABBREVIATED not in accept:
            return _json(200, packument)
        versions = {
            version: {key: value for key, value in document.items() if key in _KEPT}
            for version, document in packument["versions"].items()
        }
        short = {"name": packument["name"], "dist-tags": packument["dist-tags"], "versions": versions}
        answer = _json(200, short | {"modified": "2026-11-21T00:00:00.000Z"})
        answer.headers["Content-Type"] = _ABBREVIATED
        return answer

    def _tarball(self, name: str, file: str) -> Answer:
        for package in self.upstream.packages.get(name, {}).values():
            if package.path == f"{name}/-/{file}":
                headers = {"Content-Type": "application/octet-stream"}
                return Answer(200, package.tarball, headers, _etag(package.tarball), ranges=True)
        return _json(404, {"error": "Not found"})


def _take(placed: _Placed, path: str) -> Fault | None:
    if placed.left == 0 or not fnmatchcase(path, placed.pattern):
        return None
    if placed.left is not None:
        placed.left -= 1
    return placed.fault


def _json(status: int, value: object) -> Answer:
    body = json.dumps(value).encode()
    return Answer(status, body, {"Content-Type": "application/json"}, _etag(body) if status == 200 else None)


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def _apply_conditions(answer: Answer, headers: Mapping[str, str]) -> None:
    """If-None-Match, If-Range and Range, over the file as the faults have left it."""
    if answer.status != 200:
        return
    if answer.etag:
        answer.headers["ETag"] = answer.etag
        if headers.get("if-none-match") == answer.etag:
            answer.status, answer.body = 304, b""
            return
    if not answer.ranges:
        return
    answer.headers["Accept-Ranges"] = "bytes"
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    if not wanted or headers.get("if-range", answer.etag) != answer.etag:
        return
    size = len(answer.body)
    first, last = int(wanted[1]), min(int(wanted[2] or size - 1), size - 1)
    if first > last:
        answer.status, answer.body = 416, b""
        answer.headers["Content-Range"] = f"bytes */{size}"
        return
    answer.status, answer.body = 206, answer.body[first : last + 1]
    answer.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
