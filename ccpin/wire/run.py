"""Runs a release against the loopback API, with a home of its own, a dummy key and no way out.

    capture = run(["/path/of/claude"], ["-p", "hi"], mode="first-party", env={"DISABLE_TELEMETRY": "1"})
    capture.main("hi").betas

Nothing of the caller's environment reaches the release. POSIX only: the listening sockets are handed from process to
process.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event
from types import MappingProxyType
from typing import IO

from ccpin.wire.capture import Capture, Mode
from ccpin.wire.isolation import Inside, Streams, enter
from ccpin.wire.loopback import Api, Loopback
from ccpin.wire.proxy import Authority, Proxy

DUMMY_KEY = "sk-ant-api03-loopback-dummy"
_PATH = "/usr/local/bin:/usr/bin:/bin"
OUTPUT_LIMIT = 8 << 20  # bytes of stdout, and of stderr, that are kept
_SEAL = {
    "HOME",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "NODE_EXTRA_CA_CERTS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
}
"""What keeps a release from the network and from credentials: not to be chosen by the caller."""


def run(
    command: Sequence[str],
    args: Sequence[str] = (),
    *,
    mode: Mode,
    api: Api | None = None,
    env: Mapping[str, str] = MappingProxyType({}),
    home: str | None = None,
    cwd: str | None = None,
    stdin: bytes = b"",
    timeout: float = 60,
    over: Event | None = None,
    isolate: bool = True,
    hosts: Sequence[str] = (),
) -> Capture:
    """Starts `command` (an executable, or Node.js and a file; absolute) with `args`, and waits until it has ended.

    `env` is added to what every run gets: HOME, TMPDIR, PATH (the system's), a key and the proxies. `home` and `cwd`
    are existing folders, temporary ones when None. After `timeout` seconds, or when `over` is set, it is killed; so is,
    at the end, all it started. `api` gives the answers, and may have been asked before: the capture holds only this
    run's requests.
    `hosts` are names that it answers for in first-party mode, besides api.anthropic.com; gateway mode has none.
    `isolate=False` makes no namespace: for tests of the runner, with programs that are no release.

    Raises ValueError for a variable that would open a way out, OSError when the command cannot be started, and what
    went wrong while answering.
    """
    api = api or Api()
    before = len(api.requests)
    argv = (*command, *args)
    with ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        streams = Streams(given, out, err)
        place = stack.enter_context(prepared(streams, mode, api, env, home=home, cwd=cwd, isolate=isolate, hosts=hosts))
        started = time.monotonic()
        code = place.inside.run(argv, place.variables, place.cwd, timeout=timeout, over=over)
        seconds = round(time.monotonic() - started, 3)
        said = (_text(out), _text(err))
        refused = place.proxy.refused
        sent = api.requests[before:]
        return Capture(mode, place.inside.isolation, argv, code, *said, seconds, sent, refused, started)


@dataclass(frozen=True)
class Place:
    """Where a release can be started: with these variables, in this folder, towards nothing but the proxy."""

    inside: Inside
    proxy: Proxy
    variables: Mapping[str, str]
    cwd: str


@contextmanager
def prepared(
    streams: Streams,
    mode: Mode,
    api: Api,
    env: Mapping[str, str],
    *,
    home: str | None,
    cwd: str | None,
    isolate: bool,
    hosts: Sequence[str],
) -> Iterator[Place]:
    """Everything but the release itself; the parameters are those of `run`, and so is what is raised."""
    if os.name != "posix":
        raise NotImplementedError(f"releases cannot be captured on {sys.platform}")
    if sealed := sorted(name for name in env if name.upper() in _SEAL):
        raise ValueError(f"not to be set for a captured run: {', '.join(sealed)}")
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="ccpin-wire-", ignore_cleanup_errors=True))
        inside = stack.enter_context(enter(2, streams, isolate=isolate))
        if mode == "gateway":
            proxy, towards = _gateway(stack, api, inside.listeners)
        else:
            proxy, towards = _first_party(stack, api, inside.listeners, Authority(hosts), scratch)
        variables = {
            "HOME": home or _folder(scratch, "home"),
            "TMPDIR": _folder(scratch, "tmp"),
            "PATH": _PATH,
            "ANTHROPIC_API_KEY": DUMMY_KEY,
            **dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"), proxy.url),
            **towards,
            **env,
        }
        yield Place(inside, proxy, variables, cwd or _folder(scratch, "work"))


def _gateway(stack: ExitStack, api: Api, listeners: Sequence[socket.socket]) -> tuple[Proxy, dict[str, str]]:
    """The API on a port, and a proxy that refuses every host; with the variables that lead a release there."""
    loopback = stack.enter_context(Loopback(api, listeners[0]))
    proxy = stack.enter_context(Proxy(listener=listeners[1], gateway=(f"127.0.0.1:{loopback.port}", api)))
    return proxy, {"ANTHROPIC_BASE_URL": loopback.url, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _first_party(
    stack: ExitStack, api: Api, listeners: Sequence[socket.socket], authority: Authority, scratch: str
) -> tuple[Proxy, dict[str, str]]:
    """The API behind a proxy that plays api.anthropic.com, and the certificate that makes a release believe it."""
    proxy = stack.enter_context(Proxy(api, authority, listeners[0]))
    path = os.path.join(scratch, "ca.pem")
    with open(path, "wb") as file:
        file.write(authority.pem)
    return proxy, {"NODE_EXTRA_CA_CERTS": path}


def _folder(scratch: str, name: str) -> str:
    path = os.path.join(scratch, name)
    os.mkdir(path)
    return path


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(OUTPUT_LIMIT).decode("utf-8", "replace")
