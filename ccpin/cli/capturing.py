"""What `ccpin fingerprint`, `diff` and the options `--fingerprint` and `--wire` have in common: which release is meant,
under which flags, installed where that is asked for, and captured.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from ccpin.cli.offered import offered_profiles
from ccpin.cli.progress import Shown
from ccpin.errors import NoLock
from ccpin.launching.choose import pin_of_request, pin_or_none
from ccpin.launching.sync import sync
from ccpin.paths import Home
from ccpin.pinning import flags
from ccpin.pinning.find import Pin, require_minimum
from ccpin.pinning.head import Head
from ccpin.pinning.lock import Lock, render
from ccpin.pinning.profile import find_profile
from ccpin.store.entry import ready
from ccpin.wire.capture import Mode
from ccpin.wire.copies import project_copies
from ccpin.wire.fingerprint import Fingerprint
from ccpin.wire.kept import keep, kept
from ccpin.wire.proving import proof_of, with_copies
from ccpin.wire.take import Subject, subject, take

if TYPE_CHECKING:
    from ccpin.releases.sources import Sources

GATEWAY = Annotated[
    bool, typer.Option("--gateway", help="As behind ANTHROPIC_BASE_URL, instead of towards api.anthropic.com.")
]
PROFILE = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The flags: strict, default or none; else the lock's.",
        autocompletion=offered_profiles,
    ),
]
RUNS = Annotated[int, typer.Option("--runs", min=1, max=100, metavar="N", help="How often it is run.")]


def mode_of(gateway: bool) -> Mode:
    return "gateway" if gateway else "first-party"


def flags_of(profile: str | None, home: Home | None) -> tuple[dict[str, str], bool]:
    """The flags of `profile`, else of the nearest lock, else ccpin's default ones; and whether a launch starts from a
    clean slate. Raises UnknownProfile, LockError."""
    if profile is not None:
        found = find_profile(profile)
        return dict(sorted(found.env.items())), found.clean
    nearest = None if home is None else pin_or_none(home)
    if nearest is None:
        return dict(sorted(flags.PROFILES["default"].env.items())), False
    return dict(sorted(nearest.head.env.items())), nearest.head.clean


def head_of(
    spec: str | None,
    profile: str | None,
    home: Home,
    env: dict[str, str],
    *,
    nearest: Pin | None = None,
    sources: Callable[[], Sources] | None = None,
) -> Head:
    """What is to be captured, installed if it was not: the release that `spec` means, else the pinned one; with the
    flags of `profile`, else those of the `nearest` lock (None: of the current folder), else ccpin's default ones.
    `sources` are others than those that are configured.

    Raises NoLock, UnknownProfile, BadRequest, and what `sync` raises.
    """
    found = find_profile(profile) if profile is not None else None
    nearest = nearest or pin_or_none(home)
    if spec is None and nearest is None:
        raise NoLock()
    pin = nearest if spec is None else pin_of_request(home, spec, nearest, env, where="VERSION", sources=sources)
    assert pin is not None  # noqa: S101
    require_minimum(home, pin.head.version)
    if ready(home, pin.head) is None:
        sync(pin, home, env, progress=Shown, sources=sources)
    return pin.head if found is None else with_flags(pin.head, found.env, clean=found.clean)


def with_flags(head: Head, env: dict[str, str], *, clean: bool) -> Head:
    """The same release under other flags."""
    return Head(
        head.version, head.request, head.runtime, head.digest, dict(env), head.line, clean=clean, node=head.node
    )


def captured(home: Home, what: Subject, runs: int, *, which: str = "") -> Fingerprint:
    """Runs it, and keeps what was seen; `which` is said behind the version, such as ` (1 of 3)`. Raises WireError,
    StoreUnwritable."""
    with counted(f"capturing {what.about.version}{which}", runs) as done:
        found = take(what, runs=runs, done=done)
    keep(home, found)
    return found


def kept_or_captured(home: Home, env: dict[str, str], head: Head, mode: Mode, *, fresh: bool) -> Fingerprint:
    """What is kept of it; captured in one run where nothing is, or with `fresh`. Raises NotInstalled, WireError,
    StoreUnwritable, NodeMissing, NodeUnfit."""
    what = subject(home, env, head, mode)
    found = None if fresh else kept(home, what.about)
    return found or captured(home, what, 1)


def proven(home: Home, env: dict[str, str], lock: Lock, path: str) -> Lock:
    """`lock`, which is to stand at `path`, with a fingerprint of two runs, under what its project has in settings for
    everybody; its release is installed if it was not. Raises WireError, and what `sync` raises."""
    head = lock.head()
    if ready(home, head) is None:
        sync(Pin(head, "the lock", "asked", render(lock).encode()), home, env, progress=Shown)
    what = subject(home, env, head, "first-party")
    own = [] if path == home.default_lock else project_copies(os.path.dirname(os.path.abspath(path)))
    if not own:
        return replace(lock, proof=proof_of(captured(home, what, 2)))
    with counted(f"capturing {head.version}", 2) as done:  # it is not kept: it is of this project alone
        return replace(lock, proof=proof_of(take(with_copies(what, own), runs=2, done=done)))


@contextmanager
def counted(what: str, runs: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr where that is a terminal, for one run something that turns; gives what is called after each."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn("line"),) if runs == 1 else (BarColumn(), MofNCompleteColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=runs)
        yield lambda: bar.advance(task)
