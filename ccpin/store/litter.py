"""What lies about in a home and is of no use: what killed processes left, and what has grown too old.

Told apart by name and place, never by guessing: whatever ccpin does not know the name of stays where it is.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from typing import NamedTuple

from ccpin.files import DRAFT
from ccpin.metadata import MOST_AGE
from ccpin.paths import SETTINGS_AGE, Home
from ccpin.store.entry import NODE_LINKS, entry_parts
from ccpin.store.holding import is_held
from ccpin.store.leftovers import REMOVED, STAGING, lock_of
from ccpin.store.live import Live

DRAFT_AGE = 3600
"""Seconds after which a draft is nobody's."""

_SETTINGS = re.compile(r"[0-9a-f]{16,64}\.json")
_METADATA = re.compile(r"[0-9a-f]{64}\.json")


class Litter(NamedTuple):
    """One thing that may go. `what` is its kind, `why` a sentence about it; `entry` names the store entry whose lock
    has to be held meanwhile, None where none has to be; then `stamp` is its mtime in nanoseconds, which tells whether
    it is still the same later."""

    what: str
    path: str
    why: str
    entry: str | None = None
    stamp: int = 0


def litter(home: Home, live: Live, now: float) -> Iterator[Litter]:
    """Everything of that kind, but what somebody uses or is at work on. `now` is in unix seconds."""
    yield from _leftovers(home, live)
    yield from _empty_entries(home)
    yield from _stale_locks(home)
    yield from _old_settings(home, live, now)
    for name, path, stamp in _files(home.metadata, now - MOST_AGE):
        if _METADATA.fullmatch(name):
            yield Litter("metadata", path, "nobody has asked for it in 90 days", stamp=stamp)
    for folder in (home.root, home.projects, home.previous, home.metadata, home.settings):
        for name, path, stamp in _files(folder, now - DRAFT_AGE):
            if name.startswith(".") and name.endswith(DRAFT):
                yield Litter("draft", path, "a killed process left it", stamp=stamp)


def names_in(folder: str) -> list[str]:
    """What a folder holds, in order; nothing where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _leftovers(home: Home, live: Live) -> Iterator[Litter]:
    for entry in names_in(home.releases):
        if os.path.islink(os.path.join(home.releases, entry)):  # what is behind it is somebody else's
            continue
        for name in names_in(os.path.join(home.releases, entry)):
            path = os.path.join(home.releases, entry, name)
            if name.startswith(REMOVED) and (live.untold or live.hidden):  # what may run from it was not asked twice
                continue
            if name.startswith(STAGING) and not live.users(path) and not is_held(lock_of(home, entry)):
                yield Litter("leftover", path, "a killed process left it", entry)


def _empty_entries(home: Home) -> Iterator[Litter]:
    """Entries without an install. The link to a `node` that was checked stays where a shared store has the install."""
    for entry in names_in(home.releases):
        path = os.path.join(home.releases, entry)
        if entry_parts(entry) is None or os.path.islink(path) or not os.path.isdir(path):
            continue
        needed = any(os.path.isdir(os.path.join(Home(root).releases, entry)) for root in home.shared)
        held = {name for name in names_in(path) if not name.startswith(STAGING)}  # those go before it does
        readable = os.access(path, os.R_OK)
        if readable and held <= NODE_LINKS and not needed and not is_held(lock_of(home, entry)):
            yield Litter("entry", path, "nothing is in it", entry)


def _stale_locks(home: Home) -> Iterator[Litter]:
    for name in names_in(home.locks):
        entry = name.removesuffix(".lock")
        if not name.endswith(".lock") or entry_parts(entry) is None:
            continue
        if not os.path.lexists(os.path.join(home.releases, entry)) and not is_held(lock_of(home, entry)):
            yield Litter("lock", os.path.join(home.locks, name), "its store entry is gone", entry)


def _old_settings(home: Home, live: Live, now: float) -> Iterator[Litter]:
    if live.untold:  # one of them may have been started with any of these
        return
    for name, path, stamp in _files(home.settings, now - SETTINGS_AGE):
        if _SETTINGS.fullmatch(name) and not live.users(path):
            yield Litter("settings", path, "no launch has named it in 30 days", stamp=stamp)


def _files(folder: str, before: float) -> Iterator[tuple[str, str, int]]:
    """The plain files of a folder that were written before some time, in unix seconds, each with its mtime in
    nanoseconds."""
    for name in names_in(folder):
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and status.st_mtime < before:
                yield name, path, status.st_mtime_ns
