"""Which release a project's lock named at a time: from git's history of the lock, and the file as it is now.

What git knows is when a commit was made, not when it came to this machine; and what was in the file between two commits
it does not know at all. What is in the file now and in no commit counts from the time of the file on.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccpin.errors import CcpinError, LockError
from ccpin.paths import LOCK_NAME
from ccpin.pinning.find import nearest_lock, read_bytes
from ccpin.pinning.head import read_head
from ccpin.pinning.history import MOST_COMMITS, dated
from ccpin.pinning.lock import parse
from ccpin.pinning.write import checkout
from ccpin.sessions.read import Segment
from ccpin.sessions.times import iso, seconds

FITS, OFF, UNKNOWN, NO_LOCK_THEN, NO_LOCK = "fits", "off", "unknown", "no-lock-then", "no-lock"
_WORST = (OFF, UNKNOWN, NO_LOCK_THEN, FITS)


@dataclass(frozen=True)
class Fit:
    """`verdict` is one of the five above; `locked` the releases that the lock named when the session's runs began, in
    their order; `changes` the times at which the lock changed while the session went on, and to what ("" for a lock
    that is gone or cannot be read)."""

    verdict: str
    locked: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Said:
    """What a lock said from `when` on: a release; None for no lock, "" for one that cannot be read."""

    when: float
    version: str | None


@dataclass(frozen=True)
class Timeline:
    """A lock through time, the oldest first. `whole`: before the first entry there was none."""

    path: str
    said: Sequence[Said]
    whole: bool

    def at(self, when: float) -> Said | None:
        """What it said then; None before its first entry."""
        number = bisect_right(self.said, when, key=lambda one: one.when)
        return self.said[number - 1] if number else None

    def fit(self, segments: Sequence[Segment]) -> Fit:
        """A run of rows fits when its release is what the lock named as it began: a process stays what it is, however
        the lock changes under it."""
        verdicts, locked = set(), []
        for segment in segments:
            said = self.at(seconds(segment.first)) if segment.first else Said(0, "")
            verdicts.add(self._verdict(said, segment.version))
            if said is not None and said.version:
                locked.append(said.version)
        begin, end = seconds(segments[0].first), seconds(segments[-1].last)
        changes = tuple((iso(one.when), one.version or "") for one in self.said[1:] if begin < one.when <= end)
        return Fit(min(verdicts, key=_WORST.index), tuple(dict.fromkeys(locked)), changes)

    def _verdict(self, said: Said | None, version: str) -> str:
        if said is None:
            return NO_LOCK_THEN if self.whole else UNKNOWN
        if said.version is None:
            return NO_LOCK_THEN
        return UNKNOWN if not said.version else FITS if said.version == version else OFF


class Locks:
    """The timelines of the locks that folders have, each read once."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.folders: dict[str, Timeline | str] = {}
        self.paths: dict[str, Timeline | str] = {}

    def fit(self, folder: str, segments: Sequence[Segment]) -> Fit:
        """`folder` is where the session was started, "" where that is not known."""
        if folder not in self.folders:
            self.folders[folder] = self._find(folder)
        found = self.folders[folder]
        return Fit(found) if isinstance(found, str) else found.fit(segments)

    def timelines(self) -> list[Timeline]:
        return [one for one in self.paths.values() if isinstance(one, Timeline)]

    def _find(self, folder: str) -> Timeline | str:
        if not folder or not os.path.isdir(folder):
            return UNKNOWN
        try:
            path = nearest_lock(folder)
        except LockError:
            return UNKNOWN
        root = checkout(folder)
        if path is None and root is None:
            return NO_LOCK
        path = path or os.path.join(str(root), LOCK_NAME)  # gone by now, but git may know it
        if path not in self.paths:
            self.paths[path] = timeline(path, self.env) or NO_LOCK
        return self.paths[path]


def timeline(path: str, env: Mapping[str, str]) -> Timeline | None:
    """A lock through time; None where there is none, and never was one."""
    try:
        commits = dated(path, env)
    except CcpinError:  # no git, or no commit that holds it
        commits = []
    said = [Said(one.when, None if one.data is None else _version(one.data, path)) for one in commits]
    data, changed = _now(path)
    if not commits and data is None:
        return None
    if not commits or data != commits[-1].data:
        said.append(Said(changed, None if data is None else _version(data, path)))
    said = sorted(said, key=lambda one: one.when)
    kept = [one for number, one in enumerate(said) if not number or one.version != said[number - 1].version]
    return Timeline(path, kept, bool(commits) and len(commits) < MOST_COMMITS)


def _now(path: str) -> tuple[bytes | None, float]:
    """The file and its time; what cannot be read is read as no lock's text."""
    try:
        when = os.lstat(path).st_mtime
    except OSError:
        return None, 0.0
    try:
        return read_bytes(path), when
    except LockError:
        return b"", when


def _version(data: bytes, path: str) -> str:
    head = read_head(data)
    if head is not None:
        return head.version
    try:
        return parse(data, path).version
    except LockError:
        return ""
