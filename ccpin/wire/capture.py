"""What was captured: single requests, and a run with all of its requests and how it was made.

A run sends more than one request to `/v1/messages`: some releases ask a small model for a title first, or warm up
agents. `main_request` finds the one that a comparison is about.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

Mode = Literal["first-party", "gateway"]
"""Which API the release believed to talk to: `first-party` api.anthropic.com, with no base URL set, which is what
people run; `gateway` the address in ANTHROPIC_BASE_URL. The same release sends different requests in the two."""

MESSAGES = "/v1/messages"
_UNPACKED_LIMIT = 256 << 20  # bytes of one body


@dataclass(frozen=True)
class Request:
    """One request as it arrived. `order` counts from 0, over all requests of one API.

    `host` is the name that it was meant for (`api.anthropic.com`, or `127.0.0.1:PORT`). Names of `headers` are in
    lower case; the values of a header that was sent twice are joined by `, `. `body` is as it was sent. `arrived` is
    when it was there, in seconds of `time.monotonic`.
    """

    order: int
    mode: Mode
    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    arrived: float = field(default=0, repr=False, compare=False)

    @cached_property
    def json(self) -> Any:
        """The body as JSON (unpacked, if it came as gzip), or None when it is something else."""
        try:
            return json.loads(_unpacked(self.body) if self.headers.get("content-encoding") == "gzip" else self.body)
        except (ValueError, zlib.error, RecursionError):
            return None

    @property
    def betas(self) -> tuple[str, ...]:
        """The names in `anthropic-beta`, in their order."""
        return tuple(name.strip() for name in self.headers.get("anthropic-beta", "").split(",") if name.strip())

    @property
    def model(self) -> str | None:
        found = self._field("model")
        return found if isinstance(found, str) else None

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of the tools that are offered to the model, in their order."""
        found = self._field("tools")
        entries = found if isinstance(found, list) else []
        return tuple(str(tool.get("name") or tool.get("type")) for tool in entries if isinstance(tool, dict))

    @property
    def streaming(self) -> bool:
        """Whether it asks for an answer to a conversation, as a stream."""
        return self.method == "POST" and self.path == MESSAGES and self._field("stream") is True

    @property
    def said(self) -> str:
        """All text of the user's messages, one block a line."""
        messages = self._field("messages")
        entries = messages if isinstance(messages, list) else []
        contents = [
            entry.get("content") for entry in entries if isinstance(entry, dict) and entry.get("role") == "user"
        ]
        return "\n".join(text for content in contents for text in _texts(content))

    def _field(self, name: str) -> Any:
        return self.json.get(name) if isinstance(self.json, dict) else None


class NoMainRequest(LookupError):
    """A run sent nothing that carries the prompt: it failed before, or it did not reach the API."""


def main_request(requests: Iterable[Request], prompt: str) -> Request:
    """The streaming request that carries `prompt` and offers the most tools, the first of equals.

    Raises NoMainRequest.
    """
    carrying = [request for request in requests if request.streaming and prompt in request.said]
    if not carrying:
        raise NoMainRequest(f"no streaming request carries the prompt {prompt!r}")
    return max(carrying, key=lambda request: len(request.tools))


@dataclass(frozen=True)
class Refused:
    """A way out that was asked for at the proxy, and refused. `authority` is `host:port`; `why` is `host`, or `TLS: …`
    where a name was asked that the proxy plays, and the certificate not trusted.

    What goes past the proxy is not seen; in a namespace it leads nowhere.
    """

    authority: str
    why: str


@dataclass(frozen=True)
class Capture:
    """One run: how it was made, what it sent, how it ended.

    `isolation` says what kept it from the network: `network namespace`, `user and network namespace`, or
    `proxies only (REASON)`, where a release that ignores the proxy variables could get out. `isolated` is False
    for the last one. `seconds` is how long it ran, `started` when it began, in seconds of `time.monotonic`.
    `exit_code` is negative for a signal, and None when time was up and it was killed.
    """

    mode: Mode
    isolation: str
    argv: tuple[str, ...]
    exit_code: int | None
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)
    seconds: float
    requests: tuple[Request, ...]
    refused: tuple[Refused, ...]
    started: float = field(default=0, compare=False)

    @property
    def isolated(self) -> bool:
        return self.isolation.endswith("namespace")

    @property
    def refused_hosts(self) -> tuple[str, ...]:
        """Every `host:port` once, in the order of the first attempts."""
        return tuple(dict.fromkeys(entry.authority for entry in self.refused))

    def main(self, prompt: str) -> Request:
        """See `main_request`."""
        try:
            return main_request(self.requests, prompt)
        except NoMainRequest as error:
            how = "time was up" if self.exit_code is None else f"exit code {self.exit_code}"
            raise NoMainRequest(f"{error}; {how}; stderr: {self.stderr[-2000:]!r}") from None


def frozen(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Headers by lower-case name."""
    result: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        result[key] = f"{result[key]}, {value}" if key in result else value
    return MappingProxyType(result)


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    blocks = content if isinstance(content, list) else []
    return [str(block["text"]) for block in blocks if isinstance(block, dict) and "text" in block]


def _unpacked(body: bytes) -> bytes:
    return zlib.decompressobj(wbits=31).decompress(body, _UNPACKED_LIMIT)
