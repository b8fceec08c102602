"""What can be wrong with a registry, as values that are put on paths:

    registry.fault("*/claude-code-2.0.14.tgz", faults.cut(1000), times=2)

A fault changes an `Answer` before a `Range` is cut out of the file (`early`: the file itself is other), or
after (`late`: it is sent in another way). Several on one path all apply, in the order they were put there.
"""

from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import threading
from collections.abc import Callable, Iterator, Mapping


@dataclasses.dataclass
class Answer:
    """What will be sent, and how."""

    status: int
    body: bytes
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    etag: str | None = None
    ranges: bool = False
    framing: str = "length"  # or "chunked", or "close": no length, the end is when the connection closes
    announced: int | None = None  # the Content-Length, where it is not the body's
    cut_at: int | None = None  # close the connection after so many bytes of this body
    rate: float | None = None  # bytes per second
    stall_at: int | None = None  # at this byte of the body; -1 is before the status line
    stall_seconds: float = 0
    gate: threading.Event | None = None  # what a stall ends with, at the latest after its seconds

    @property
    def odd(self) -> bool:
        """Whether the connection cannot serve another request after this answer."""
        return self.framing == "close" or self.announced is not None or self.cut_at is not None

    def pieces(self) -> Iterator[tuple[float, bytes]]:
        """The body as (seconds to wait before, bytes to send)."""
        body = self.body[: self.cut_at]
        step = max(1, int(self.rate / 20)) if self.rate else 1 << 16
        stall = min(self.stall_at, len(body)) if self.stall_at is not None and self.stall_at >= 0 else None
        edges = sorted({0, len(body), *range(0, len(body), step), *(() if stall is None else (stall,))})
        for start, end in itertools.pairwise(edges):
            if self.gate and start == stall:
                self.gate.wait(self.stall_seconds)
                yield 0, body[start:end]
                continue
            pace = (end - start) / self.rate if self.rate else 0
            yield pace + (self.stall_seconds if start == stall else 0), body[start:end]
        if stall == len(body):
            yield self.stall_seconds, b""


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a fault may look at: the request."""

    path: str  # below the registry's base, unquoted, with a leading slash
    headers: Mapping[str, str]


Change = Callable[[Answer, Asked], None]


@dataclasses.dataclass
class Fault:
    early: Change | None = None
    late: Change | None = None


def _replace(status: int, kind: str, body: bytes, headers: Mapping[str, str] | None = None) -> Fault:
    """Another answer instead of the right one."""

    def early(answer: Answer, _asked: Asked) -> None:
        answer.status, answer.body, answer.etag, answer.ranges = status, body, None, False
        answer.headers = {"Content-Type": kind, **(headers or {})}

    return Fault(early=early)


def status(code: int, body: str | None = None, headers: Mapping[str, str] | None = None) -> Fault:
    text = json.dumps({"error": f"status {code}, as the test wants it"}) if body is None else body
    return _replace(code, "application/json", text.encode(), headers)


def html(text: str = "<!DOCTYPE html><html><title>Log in</title><form></form></html>") -> Fault:
    """A login page, with status 200."""
    return _replace(200, "text/html; charset=utf-8", text.encode())


def not_json(text: str = '{"name": "@anthropic-ai/claude-code", ') -> Fault:
    return _replace(200, "application/json", text.encode())


def huge_json(size: int = 64 << 20) -> Fault:
    """Valid JSON of about `size` bytes."""
    return _replace(200, "application/json", b'{"name": "' + b"a" * size + b'"}')


def empty() -> Fault:
    """Status 200 and no bytes."""
    return _replace(200, "application/json", b"")


def json_body(value: object) -> Fault:
    """Status 200 and this JSON instead of the right one."""
    return _replace(200, "application/json", json.dumps(value).encode())


def redirect(to: str, code: int = 302) -> Fault:
    """To an address; one that ends in a slash gets the path below the base appended."""

    def early(answer: Answer, asked: Asked) -> None:
        target = to + asked.path.lstrip("/") if to.endswith("/") else to
        _put(_replace(code, "text/plain", b"", {"Location": target}), answer, asked)

    return Fault(early=early)


def requires_token(token: str) -> Fault:
    """401 without `Authorization: Bearer <token>`."""
    return _requires(f"Bearer {token}", "Bearer")


def basic(user: str, password: str) -> Fault:
    """401 without this name and password."""
    return _requires("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(), "Basic")


def _requires(value: str, scheme: str) -> Fault:
    def early(answer: Answer, asked: Asked) -> None:
        if asked.headers.get("authorization") != value:
            _put(status(401, headers={"WWW-Authenticate": f'{scheme} realm="fake"'}), answer, asked)

    return Fault(early=early)


def wrong_bytes(at: int = -1) -> Fault:
    """One bit of the file is flipped, in the byte at this place; -1 is the middle."""

    def early(answer: Answer, _asked: Asked) -> None:
        body = bytearray(answer.body)
        body[len(body) // 2 if at == -1 else at] ^= 1
        answer.body = bytes(body)

    return Fault(early=early)


def other_bytes(body: bytes) -> Fault:
    """The file is another one; ranges of it are served as usual."""

    def early(answer: Answer, _asked: Asked) -> None:
        answer.body = body

    return Fault(early=early)


def no_range() -> Fault:
    """`Range` is ignored: always 200 and the whole file."""

    def early(answer: Answer, _asked: Asked) -> None:
        answer.ranges = False

    return Fault(early=early)


def changed_etag() -> Fault:
    """Another ETag every time, so that `If-Range` never holds."""
    numbers = itertools.count(1)

    def early(answer: Answer, _asked: Asked) -> None:
        answer.etag = f'"changed-{next(numbers)}"'

    return Fault(early=early)


def no_etag() -> Fault:
    def early(answer: Answer, _asked: Asked) -> None:
        answer.etag = None

    return Fault(early=early)


def cut(at_byte: int, *, ranges: bool = False) -> Fault:
    """The connection closes after so many bytes of the body, which was announced in full. Whoever asks for the rest
    gets the whole again, or, with `ranges`, so many bytes of the rest."""

    def early(answer: Answer, _asked: Asked) -> None:
        answer.ranges = answer.ranges and ranges

    def late(answer: Answer, _asked: Asked) -> None:
        answer.cut_at = at_byte

    return Fault(early, late)


def slow(bytes_per_second: float) -> Fault:
    def late(answer: Answer, _asked: Asked) -> None:
        answer.rate = bytes_per_second

    return Fault(late=late)


def stall(seconds: float, at_byte: int = -1) -> Fault:
    """Nothing more comes for so long after this byte of the body; -1 is before the status line."""

    def late(answer: Answer, _asked: Asked) -> None:
        answer.stall_seconds, answer.stall_at = seconds, at_byte

    return Fault(late=late)


def gate(opened: threading.Event, at_byte: int) -> Fault:
    """Nothing more comes after this byte of the body until the test opens the gate, for a minute at most."""

    def late(answer: Answer, _asked: Asked) -> None:
        answer.gate, answer.stall_seconds, answer.stall_at = opened, 60, at_byte

    return Fault(late=late)


def lies_about_length(delta: int) -> Fault:
    """Content-Length is `delta` more (or, negative, less) than what is sent; then the connection closes."""

    def late(answer: Answer, _asked: Asked) -> None:
        answer.announced = len(answer.body) + delta

    return Fault(late=late)


def no_length(chunked: bool = True) -> Fault:
    """No Content-Length: chunked, or the body ends where the connection does."""

    def late(answer: Answer, _asked: Asked) -> None:
        answer.framing = "chunked" if chunked else "close"

    return Fault(late=late)


def _put(fault: Fault, answer: Answer, asked: Asked) -> None:
    if fault.early:
        fault.early(answer, asked)
