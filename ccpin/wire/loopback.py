"""An API on 127.0.0.1 in the place of api.anthropic.com: it answers with a tiny text and keeps every request.

    with Loopback(Api(script=[Turn(tools=(ToolUse("Bash", {"command": "true"}),)), Turn("done")])) as loopback:
        …  # run a release with ANTHROPIC_BASE_URL=loopback.url
    main = main_request(loopback.api.requests, "hi")

`Api` knows what to answer and what was asked; `Loopback` puts it on a port. `ccpin.wire.proxy` puts the same `Api`
behind the name api.anthropic.com.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from ccpin.wire import answers
from ccpin.wire.answers import Answer, Turn
from ccpin.wire.capture import MESSAGES, Mode, Request, frozen
from ccpin.wire.server import BaseHandler, BodyTooLong, Server

FLAGS = re.compile(r"/api/eval/[^/]+")
"""Where a release of first-party mode fetches its feature flags; the last part is the client's key, `sdk-…`."""

_MOST_REQUESTS = 10_000
_MOST_BYTES = 256 << 20  # of all bodies that are kept
_EMPTY = re.compile(r"/api/event_logging/.*|/api/claude_code/metrics|/api/hello|/")  # they want no more than a 200

Script = Iterable[Turn] | Callable[[Request], Turn]


class TooMuch(RuntimeError):
    """A run sent more than is kept: it asks for ever."""


class Api:
    """What is answered, and what was asked so far. Any number of threads may ask.

    `script` is what the model says, turn by turn, to requests that stream and offer tools: a list (when it is used
    up, and to all other requests: `ok`), or a function of the request, which decides for every request to
    `/v1/messages`. `flags` is the feature-flag assignment that is served, by name; None: that endpoint answers 404.
    `others` gives answers by path, before anything else.
    """

    def __init__(
        self,
        script: Script = (),
        flags: Mapping[str, Any] | None = None,
        others: Mapping[str, Answer] = MappingProxyType({}),
    ) -> None:
        self._choose = script if callable(script) else _in_turn(script)
        self._flags = None if flags is None else dict(flags)
        self._others = dict(others)
        self._guard = threading.RLock()  # a script may look at the requests
        self._requests: list[Request] = []
        self._bytes = 0

    @property
    def requests(self) -> tuple[Request, ...]:
        """All so far, in the order of their arrival."""
        with self._guard:
            return tuple(self._requests)

    def receive(
        self, mode: Mode, method: str, host: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Keeps one request and answers it. Raises TooMuch, and what the script raises."""
        path, _, query = target.partition("?")
        with self._guard:
            self._bytes += len(body)
            if len(self._requests) >= _MOST_REQUESTS or self._bytes > _MOST_BYTES:
                raise TooMuch(f"more than {_MOST_REQUESTS} requests, or {_MOST_BYTES} bytes")
            now = time.monotonic()
            request = Request(len(self._requests), mode, method, host, path, query, headers, body, now)
            self._requests.append(request)
            turn = self._choose(request) if request.path == MESSAGES else Turn()
        return self._answer(request, turn)

    def _answer(self, request: Request, turn: Turn) -> Answer:
        if request.path in self._others:
            return self._others[request.path]
        if request.path == MESSAGES and request.method == "POST":
            if not isinstance(request.json, dict):
                return answers.failure(400, "invalid_request_error", "the body is not a JSON object")
            return answers.message(turn, request)
        if request.path == MESSAGES + "/count_tokens":
            return answers.count_tokens(request)
        if self._flags is not None and FLAGS.fullmatch(request.path):
            return answers.flag_assignment(self._flags)
        if _EMPTY.fullmatch(request.path):
            return answers.as_json(200, {})
        return answers.failure(404, "not_found_error", "the loopback API has nothing there")


class Loopback(Server):
    """`api` on a port of 127.0.0.1, for gateway mode. Every request is marked with `mode`."""

    def __init__(self, api: Api, listener: socket.socket | None = None, mode: Mode = "gateway") -> None:
        super().__init__(ApiHandler, listener)
        self.api = api
        self.mode = mode


class ApiHandler(BaseHandler):
    """One connection of a client that talks to an API. Its server has `api` and `mode`."""

    server: Any

    def do_GET(self) -> None:  # noqa: N802
        answer_with(self.server.api, self.server.mode, self)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815


def answer_with(api: Api, mode: Mode, handler: BaseHandler) -> None:
    """Answers the request whose head `handler` has read. Raises what its server is to report."""
    try:
        body = handler.read_body()
    except BodyTooLong as error:
        _reject(handler, answers.failure(413, "request_too_large", str(error)))
        raise
    except ValueError as error:
        _reject(handler, answers.failure(400, "invalid_request_error", f"bad framing: {error}"))
        return
    headers = frozen(handler.headers.items())
    try:
        answer = api.receive(mode, handler.command, headers.get("host", ""), handler.path, headers, body)
    except Exception:
        _reject(handler, answers.failure(500, "api_error", "the loopback API failed"))
        raise
    handler.send(answer.status, answer.content_type, answer.body)


def _reject(handler: BaseHandler, answer: Answer) -> None:
    """Says no, to a client that may be gone already: what is wrong is then still to be reported by the caller."""
    handler.close_connection = True
    with contextlib.suppress(OSError):
        handler.send(answer.status, answer.content_type, answer.body)


def _in_turn(turns: Iterable[Turn]) -> Callable[[Request], Turn]:
    left = iter(turns)
    return lambda request: next(left, Turn()) if request.streaming and request.tools else Turn()
