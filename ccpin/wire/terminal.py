"""An interactive run of a release: on a terminal, with somebody who types, in the same isolation as `run`.

    ready_home(home, cwd)
    with interactive(["/path/of/claude"], mode="first-party", home=home, cwd=cwd) as session:
        session.wait_for("shortcuts")
        session.wait_until_raw()
        session.type("hi\\r")
        session.wait_for(lambda requests: any(each.streaming and "hi" in each.said for each in requests))
        capture = session.end("/exit\\r")

The terminal answers what a program asks an xterm, and keeps what was shown as it came: it is no screen, so a text is
found only where it was written at a stretch.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import MappingProxyType

from ccpin.wire.capture import Capture, Mode, Request
from ccpin.wire.isolation import Streams
from ccpin.wire.loopback import Api
from ccpin.wire.run import DUMMY_KEY, Place, prepared
from ccpin.wire.xterm import Terminal, plain

_POLL = 0.05  # seconds
_KEYS = re.compile(r"\x1b\[[0-9;]*[A-Za-z~]|.", re.DOTALL)
_GLANCE = 0.005  # seconds
_ON_ITS_WAY = 0.5  # seconds after which a key that was not seen to wait is taken to have been read
_PATIENCE = 10  # seconds until a program that reads nothing is given up

Awaited = str | Callable[[tuple[Request, ...]], bool]


class NeverCame(TimeoutError):
    """What a session waited for: time was up, or the program ended before."""


class Session:
    """A running program, its terminal, and what it sent so far. Made by `interactive`, for one thread."""

    def __init__(self, place: Place, terminal: Terminal, api: Api, mode: Mode, argv: Sequence[str]) -> None:
        self._place, self._terminal, self._api, self._mode, self._argv = place, terminal, api, mode, tuple(argv)
        self._before = len(api.requests)
        self._started = time.monotonic()
        self._typed_at = 0
        self._code: int | None = None
        self._seconds: float | None = None

    @property
    def requests(self) -> tuple[Request, ...]:
        """All of this run so far."""
        return self._api.requests[self._before :]

    @property
    def shown(self) -> str:
        """The text that was written to the terminal since something was last typed: no colours, no movements."""
        return plain(self._terminal.written(self._typed_at))

    def type(self, keys: str) -> None:
        """Types key by key, each once the one before was read: what comes at once is taken for pasted, and its Return
        is none. `\\r` is Return, `\\x03` Ctrl-C, `\\x1b[A` an arrow. About 20 keys a second; none to a program that has
        ended. Raises TimeoutError when it does not read."""
        self._typed_at = self._terminal.length
        for key in _KEYS.findall(keys):
            if self._ended(_POLL):
                return
            shown = self._terminal.length
            self._terminal.send(key.encode())
            self._until_read(key, shown)

    def _until_read(self, key: str, shown: int) -> None:
        """A key is on its way for a moment, and nothing is unread then either: it was read when it was seen to wait and
        does no longer, or when the program has written something since."""
        sent = time.monotonic()
        arrived = False
        while not self._ended(_GLANCE):
            waits = self._terminal.unread > 0
            arrived = arrived or waits or self._terminal.length > shown
            if not waits and (arrived or time.monotonic() > sent + _ON_ITS_WAY):
                return
            if time.monotonic() > sent + _PATIENCE:
                raise TimeoutError(f"nobody reads what is typed: {key!r}")

    def wait_for(self, what: Awaited, timeout: float = 30) -> None:
        """Until a text has been shown since something was last typed (white space apart: programs move the cursor
        instead of writing it), or until a function of this run's requests says so. `timeout` is in seconds.

        Raises NeverCame, and what the function raises.
        """
        end = time.monotonic() + timeout
        while not self._has(what):
            ended = self._ended(_POLL)
            if self._has(what):
                return
            if ended or time.monotonic() > end:
                how = f"it ended with {self._code}" if ended else f"{timeout} seconds are over"
                raise NeverCame(f"{what!r} never came: {how}; shown: {self.shown[-2000:]!r}")

    def wait_until_raw(self, timeout: float = 30) -> None:
        """Until the program reads single keys: what is typed before reaches it at once, like something pasted.

        Raises NeverCame.
        """
        end = time.monotonic() + timeout
        while self._terminal.reads_lines:
            if self._ended(_POLL) or time.monotonic() > end:
                raise NeverCame(f"it never read single keys; shown: {self.shown[-2000:]!r}")

    def end(self, keys: str = "", timeout: float = 30) -> Capture:
        """Types `keys`, waits until the program has ended, and gives the whole run; `stdout` is what it wrote to the
        terminal, as it came. After `timeout` seconds it is killed: `exit_code` is None then."""
        if keys:
            self.type(keys)
        if not self._ended(timeout):
            self._place.inside.stop()
            self._seconds = time.monotonic() - self._started
        self._terminal.drain()
        said = self._terminal.written(0).decode("utf-8", "replace")
        isolation, refused = self._place.inside.isolation, self._place.proxy.refused
        seconds = round(self._seconds or 0, 3)
        return Capture(self._mode, isolation, self._argv, self._code, said, "", seconds, self.requests, refused)

    def _has(self, what: Awaited) -> bool:
        return _squeezed(what) in _squeezed(self.shown) if isinstance(what, str) else what(self.requests)

    def _ended(self, within: float) -> bool:
        """Whether it has ended, at the latest after some seconds."""
        if self._seconds is None:
            with contextlib.suppress(TimeoutError):
                self._code = self._place.inside.wait(within)
                self._seconds = time.monotonic() - self._started
                self._terminal.drain()
        return self._seconds is not None


@contextmanager
def interactive(
    command: Sequence[str],
    args: Sequence[str] = (),
    *,
    mode: Mode,
    api: Api | None = None,
    env: Mapping[str, str] = MappingProxyType({}),
    home: str | None = None,
    cwd: str | None = None,
    size: tuple[int, int] = (120, 40),
    isolate: bool = True,
    hosts: Sequence[str] = (),
) -> Iterator[Session]:
    """Starts `command` on a terminal of `size` columns and lines. At the end of the `with`, all it started is killed.

    The other parameters, and what is raised, are those of `run`; TERM is `xterm-256color` unless `env` has it.
    """
    api = api or Api()
    argv = (*command, *args)
    with ExitStack() as stack:
        streams = Streams(*(stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)))
        given = {"TERM": "xterm-256color", **env}
        place = stack.enter_context(
            prepared(streams, mode, api, given, home=home, cwd=cwd, isolate=isolate, hosts=hosts)
        )
        ours, theirs = pty.openpty()
        stack.callback(os.close, ours)
        stack.callback(os.close, theirs)  # kept open: without anybody at the other end, reading fails
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", size[1], size[0], 0, 0))
        terminal = stack.enter_context(contextlib.closing(Terminal(ours, theirs)))
        session = Session(place, terminal, api, mode, argv)
        place.inside.start(argv, place.variables, place.cwd, os.ttyname(theirs))
        yield session


def _squeezed(text: str) -> str:
    return "".join(text.split())


# --- a home in which nothing is asked first


def ready_home(home: str, cwd: str, key: str = DUMMY_KEY) -> None:
    """Writes into `.claude.json` of `home`, beside what it holds, that onboarding is done, that `key` may be used and
    that the folder `cwd` is trusted. Read in 2.0.14, 2.1.112, 2.1.200 and 2.1.330.

    Raises ValueError for a file that is not a JSON object.
    """
    path = os.path.join(home, ".claude.json")
    state: dict[str, object] = {}
    if os.path.exists(path):
        with open(path, "rb") as file:
            state = _object(json.load(file), path)
    responses = _object(state.get("customApiKeyResponses", {}), path)
    found = responses.get("approved")
    approved = [each for each in found if each != key[-20:]] if isinstance(found, list) else []
    projects = _object(state.get("projects", {}), path)
    project = _object(projects.get(cwd, {}), path)
    state |= {
        "hasCompletedOnboarding": True,
        "theme": state.get("theme", "dark"),
        "customApiKeyResponses": {"rejected": [], **responses, "approved": [*approved, key[-20:]]},
        "projects": {**projects, cwd: {**project, "hasTrustDialogAccepted": True}},
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(state, file, indent=2)


def _object(value: object, path: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: not an object where one belongs")
    return value
