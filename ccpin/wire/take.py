"""Taking a fingerprint: an installed release is run once or more, each time in a home and a folder of its own.

    found = take(subject(home, env, head, "first-party"), runs=2)

It is started as a pinned launch would start it, past every shim: with the flags exported and in `--settings`.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event

from ccpin.errors import CannotCapture, NotCaptured, NotInstalled
from ccpin.launching.contradictions import managed_servers
from ccpin.launching.environment import RECORD, pinned
from ccpin.launching.launch import node_before
from ccpin.launching.settings import passed
from ccpin.paths import Home
from ccpin.pinning.head import Head, version_key
from ccpin.store.entry import install_folder, ready, serving
from ccpin.store.receipt import read_install
from ccpin.store.scan import variables
from ccpin.wire.capture import Capture, Mode, NoMainRequest
from ccpin.wire.fingerprint import PROMPT, About, Fingerprint, Sent, fingerprint, sent
from ccpin.wire.isolation import IsolationError
from ccpin.wire.loopback import TooMuch
from ccpin.wire.pairs import two_at_a_time
from ccpin.wire.rooms import furnish, place, places, require_nothing_above
from ccpin.wire.run import run
from ccpin.wire.server import BodyTooLong

TIMEOUT = 60  # seconds, and a run is killed with all that it started
_STRICT_FROM = (2, 0, 64)
_HEEDS_PROXIES = (0, 2, 35)
_PAST = "it asks api.anthropic.com past every proxy, so there would be nothing to see"  # measured: 0.2.9

Furnish = Callable[[str, str], None]
"""What is put into a home and a working folder before a release starts there."""


@dataclass(frozen=True)
class Subject:
    """What is to be run: `command` is the executable, or Node.js and a file, with the arguments before `-p`; `env` is
    added to what every captured run gets."""

    about: About
    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    furnish: Furnish


def subject(home: Home, env: dict[str, str], head: Head, mode: Mode) -> Subject:
    """An installed release, as the head of a lock names it, in a home of nobody's. `env` is the caller's, for the
    Node.js on its PATH. Raises NotInstalled, NodeMissing, NodeUnfit, CannotCapture."""
    command = ready(home, head)
    folder = install_folder(serving(home, head), head)
    install = read_install(folder)
    if command is None or install is None:
        raise NotInstalled(version=head.version, command=f"ccpin install {head.version}")
    start = (*node_before(home, head, env), command, *passed(head, folder, frozenset()))
    flags = {name: value for name, value in pinned({}, head).items() if name != RECORD}
    try:
        names = tuple(variables(folder, install.receipt.executable))
    except OSError as error:
        raise CannotCapture(reason=str(error)) from None
    about = About(
        head.version,
        head.digest,
        head.runtime,
        mode,
        dict(sorted(head.env.items())),
        head.clean,
        install.size,
        names,
    )
    return Subject(about, start, flags, partial(furnish, head.version))


def take(
    what: Subject, *, runs: int = 1, done: Callable[[], None] = lambda: None, over: Event | None = None
) -> Fingerprint:
    """Runs it `runs` times, two at a time; `done` is called after each. What runs is killed when `over` is set. Raises
    NotCaptured, CannotCapture, ReadAbove."""
    about = what.about
    if about.mode == "first-party" and version_key(about.version) < _HEEDS_PROXIES:
        raise NotCaptured(version=about.version, reason=_PAST, command=_other(about))
    if os.name != "posix":
        raise CannotCapture(reason=f"{sys.platform} cannot hand listening sockets from process to process")

    stop = over or Event()

    def once(_: int) -> Sent:
        found = _run(what, stop)
        done()
        return found

    return fingerprint(about, two_at_a_time(once, range(runs), stop))


def _run(what: Subject, over: Event) -> Sent:
    about = what.about
    try:
        with _folder(tempfile.gettempdir()) as scratch, _folder(above := place(places())) as cwd:
            found = _run_in(scratch, cwd, what, over)
            require_nothing_above(above)
            return found
    except (TooMuch, BodyTooLong) as error:
        raise NotCaptured(version=about.version, reason=f"it sent {error}", command=_other(about)) from None
    except (OSError, IsolationError) as error:
        raise CannotCapture(reason=str(error)) from None


def _run_in(scratch: str, cwd: str, what: Subject, over: Event) -> Sent:
    """Raises NotCaptured, and what `run` and `furnish` raise."""
    home, temp = (os.path.join(scratch, name) for name in ("home", "temp"))
    for folder in (home, temp):
        os.mkdir(folder, 0o700)
    what.furnish(home, cwd)
    about, env = what.about, {**what.env, "TMPDIR": temp}
    args = [*_apart(about.version), "-p", PROMPT]
    capture = run(what.command, args, mode=about.mode, env=env, home=home, cwd=cwd, timeout=TIMEOUT, over=over)
    try:
        return sent(capture, {home: "home", cwd: "work", temp: "temp"}, home)
    except NoMainRequest:
        raise NotCaptured(version=about.version, reason=_why(capture), command=_other(about)) from None


def _apart(version: str) -> list[str]:
    """What keeps it from servers of an `.mcp.json` above its folder, should somebody put one there just now; it changes
    nothing else of a request (measured: 2.0.64 to 2.1.330; before, none is started unasked). With servers of an
    administrator's, which leave no others, the option is an error."""
    strict = version_key(version) >= _STRICT_FROM and not os.path.exists(managed_servers())
    return ["--strict-mcp-config"] if strict else []


@contextmanager
def _folder(place: str) -> Iterator[str]:
    """A new one that is this user's alone, by its real path; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ccpin-wire-", dir=place, ignore_cleanup_errors=True) as folder:
        yield os.path.realpath(folder)


def _why(capture: Capture) -> str:
    """Why there was no main request, as far as it can be told in a sentence."""
    how = f"it was killed after {TIMEOUT} s" if capture.exit_code is None else f"exit code {capture.exit_code}"
    said = (capture.stderr.strip() or capture.stdout.strip()).splitlines()
    tried = ", ".join(capture.refused_hosts[:3])
    parts = [how, f"it tried {tried}" if tried else "it tried no host", f"it said `{said[-1][:200]}`" if said else ""]
    return "; ".join(filter(None, parts))


def _other(about: About) -> str:
    return f"ccpin fingerprint {about.version}" + (" --gateway" if about.mode == "first-party" else "")
