"""Why an install stays: each reason as a value, found by looking at locks, processes and times. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import NamedTuple

from ccpin import platforms
from ccpin.paths import Home
from ccpin.store.bisects import needed_by_bisects
from ccpin.store.entry import RECEIPT, entry_parts
from ccpin.store.holding import is_held
from ccpin.store.leftovers import lock_of
from ccpin.store.live import Live
from ccpin.store.projects import Project
from ccpin.store.receipt import Install

GRACE = 14 * 24 * 3600
"""Seconds for which a release is kept whose project's lock is gone: a disk that is not mounted, a branch."""

DAY = 24 * 3600


class Reason(NamedTuple):
    """`kind` is one of lock, default, unreadable-lock, gone-project, process, bisect, busy, lock-file, receipt, recent,
    young, stuck; `text` says it in a few words."""

    kind: str
    text: str


class Use(NamedTuple):
    """When an install was last used, in unix seconds, and how that is known: "access" to its executable, or, where the
    file system keeps no such times, "install"."""

    when: float
    known_by: str


def last_use(install: Install) -> Use:
    """Neither the shim nor a launch writes anything, so what tells is the time at which the executable was last read:
    to the day on Linux (`relatime`), and not at all where a disk is mounted with `noatime`, nor on macOS."""
    try:
        installed = os.stat(os.path.join(install.folder, RECEIPT)).st_mtime
        accessed = os.stat(install.executable).st_atime
    except OSError:
        return Use(0.0, "install")
    return Use(accessed, "access") if accessed > installed else Use(installed, "install")


def by_projects(entry: str, projects: Sequence[Project], home: Home, now: float, used: float = 0.0) -> Iterator[Reason]:
    """The locks that name the store entry `entry`, or did, or may. `used` is when it was, in unix seconds: a project
    that was moved is gone, and goes on under a path that nobody has noted."""
    for project in projects:
        if project.pin is not None:
            if _is(entry, project.pin.head.version, project.pin.head.digest):
                default = project.path == home.default_lock
                yield Reason("default" if default else "lock", f"{project.path} names it")
        elif not project.is_gone:
            yield Reason("unreadable-lock", f"{project.path} cannot be read, and may name it")
        elif did_name(project, entry) and now < (until := kept_until(project, now, used)):
            did = "named it" if project.named else "may have named it"
            yield Reason("gone-project", f"{project.path} {did} and is gone; kept until {_day(until)}")


def did_name(project: Project, entry: str) -> bool:
    """Whether a lock that is gone named a store entry, or may have: an older ccpin noted only that there was a lock."""
    return project.named is None or _is(entry, *project.named)


def kept_until(project: Project, now: float, used: float) -> float:
    """When, in unix seconds, a lock that is gone keeps nothing any more, of which something was used at `used`."""
    return max(gone_since(project, now), used) + GRACE


def gone_since(project: Project, now: float) -> float:
    """When a lock that is gone was first seen to be, in unix seconds: now, where nobody has noted it."""
    return now if project.gone_since is None else min(project.gone_since, now)


def by_processes(folder: str, install: Install | None, live: Live) -> Iterator[Reason]:
    """The processes that use an install, or may; `install` is None where its receipt cannot be read."""
    for process in (*live.users(folder), *live.hidden):
        yield Reason("process", str(process))
    key = os.path.basename(folder)
    if key == platforms.ANY if install is None else install.receipt.runtime == "node" and install.receipt.node is None:
        for process in live.untold:
            yield Reason("process", str(process))


def by_bisects(entry: str, home: Home) -> Iterator[Reason]:
    """Whether `ccpin bisect` is at work on it, or is about to be."""
    if needed_by_bisects(home, entry):
        yield Reason("bisect", "a bisection tests it, or will next")


def by_lock_file(entry: str, home: Home) -> Iterator[Reason]:
    """Whether somebody installs into the entry, or removes it, just now; or nobody ever can."""
    path = lock_of(home, entry)
    if os.path.islink(path) or (os.path.exists(path) and not os.path.isfile(path)):
        yield Reason("lock-file", f"its lock file {path} cannot be used")
    elif is_held(path):
        yield Reason("busy", "another process is at work on it")


def _is(entry: str, version: str, digest: str) -> bool:
    return entry_parts(entry) == (version, digest[:32])


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d")
