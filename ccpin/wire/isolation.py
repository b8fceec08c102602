"""The runner's side of `inside.py`: sockets in a namespace with no network, and a process that runs there.

with enter(2, Streams(given, out, err), isolate=True) as inside:
    …  # serve on inside.listeners
    code = inside.run(argv, env, cwd, timeout=60)
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from typing import IO, Any

_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inside.py")  # its imports are of POSIX alone
_START = 30  # seconds for Python to start, and to die
_TICK = 0.1  # seconds within which a run is broken off


class IsolationError(RuntimeError):
    """The process in between broke."""


class _NoWord(Exception):
    pass


class Inside:
    """A process that waits for its order. `isolation` says how it is cut off, as `Capture.isolation` does."""

    def __init__(self, control: socket.socket, isolation: str, listeners: Sequence[socket.socket]) -> None:
        self._control = control
        self._program = ""
        self.isolation = isolation
        self.listeners = listeners

    def run(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: str, *, timeout: float, over: Event | None = None
    ) -> int | None:
        """Runs a command, and kills it with all it started when it ends; or after `timeout` seconds, or when `over` is
        set, then None.

        Raises OSError when it cannot be started.
        """
        self.start(argv, env, cwd)
        end = time.monotonic() + timeout
        while not select.select([self._control], [], [], max(0, min(_TICK, end - time.monotonic())))[0]:
            if time.monotonic() >= end or (over is not None and over.is_set()):
                self.stop()
                return None
        return self.wait(_START)

    def start(self, argv: Sequence[str], env: Mapping[str, str], cwd: str, terminal: str | None = None) -> None:
        """Has a command started, once. `terminal` is the path of one that it gets instead of the three streams."""
        order = {"argv": list(argv), "env": dict(env), "cwd": cwd, "terminal": terminal}
        self._program = argv[0]
        self._control.sendall(json.dumps(order).encode() + b"\n")

    def wait(self, timeout: float) -> int:
        """The exit code, negative for a signal, once the command and all it started are dead; to be had once.

        `timeout` is in seconds, more than 0. Raises TimeoutError, and OSError when it could not be started.
        """
        self._control.settimeout(timeout)
        said = _receive(self._control)
        if "exit" not in said:
            raise OSError(said.get("errno"), said.get("reason"), self._program)
        return int(said["exit"])

    def stop(self) -> None:
        """Kills the command and all it started."""
        self._control.shutdown(socket.SHUT_WR)
        self._control.settimeout(_START)
        _receive(self._control)


@dataclass(frozen=True)
class Streams:
    """What the command gets as its own: three files."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]


@contextmanager
def enter(listeners: int, streams: Streams, *, isolate: bool) -> Iterator[Inside]:
    """Starts the process, in a namespace when `isolate` and one can be made. At the end all in it is killed."""
    reason = "not asked for"
    with contextlib.ExitStack() as stack:
        if isolate:
            control = stack.enter_context(_started("isolate", listeners, streams))
            said, sockets = _sockets(control, listeners)
            if said.get("isolation"):
                yield Inside(control, said["isolation"], [stack.enter_context(each) for each in sockets])
                return
            reason = str(said.get("failed", "unknown")).lower()
        control = stack.enter_context(_started("open", listeners, streams))
        _, sockets = _sockets(control, listeners)
        yield Inside(control, f"proxies only ({reason})", [stack.enter_context(each) for each in sockets])


@contextmanager
def _started(how: str, listeners: int, streams: Streams) -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", _SCRIPT, str(theirs.fileno()), how, str(listeners)],
                env={},
                cwd="/",
                stdin=streams.stdin,
                stdout=streams.stdout,
                stderr=streams.stderr,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        try:
            ours.settimeout(_START)
            yield ours
        except _NoWord:
            _end(process)
            streams.stderr.seek(0)
            said = streams.stderr.read().decode("utf-8", "replace")
            raise IsolationError(f"{_SCRIPT} ended without a word; stderr: {said[-2000:]!r}") from None
        finally:
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_START)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _sockets(control: socket.socket, count: int) -> tuple[dict[str, Any], list[socket.socket]]:
    data, descriptors, _, _ = socket.recv_fds(control, 4096, count)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    return _message(data), [socket.socket(fileno=descriptor) for descriptor in descriptors]


def _receive(control: socket.socket) -> dict[str, Any]:
    data = b""
    while not data.endswith(b"\n"):
        piece = control.recv(4096)
        if not piece:
            break
        data += piece
    return _message(data)


def _message(data: bytes) -> dict[str, Any]:
    if not data.endswith(b"\n"):
        raise _NoWord
    said = json.loads(data)
    assert isinstance(said, dict)  # noqa: S101
    return said
