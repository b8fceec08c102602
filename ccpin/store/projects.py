"""Which locks were used on this machine: a file each, so that nobody has to wait for anybody.

Only for telling who uses a release, and for not removing what somebody still needs. A record is a path, no more.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from ccpin.errors import CcpinError
from ccpin.files import make_folder, replace_file
from ccpin.paths import Home
from ccpin.pinning.find import Pin, read_pin


@dataclass(frozen=True)
class Project:
    """A lock that was used here, and its pin as it reads now; None when it is gone or cannot be read."""

    path: str
    pin: Pin | None


def remember(home: Home, path: str) -> None:
    """Notes that the lock at `path` (absolute) was used. Not being able to is no reason to fail."""
    record = os.path.join(home.projects, hashlib.sha256(os.fsencode(path)).hexdigest()[:24])
    if os.path.exists(record) or not os.path.isabs(path):  # a folder that is gone has no path
        return
    try:
        make_folder(home.projects)
        replace_file(record, os.fsencode(path))
    except OSError:
        return


def known(home: Home) -> list[Project]:
    """All locks that were used here, the user's default one included, by path."""
    paths = {home.default_lock} if os.path.lexists(home.default_lock) else set()
    try:
        names = [n for n in os.listdir(home.projects) if not n.startswith(".")]
    except OSError:
        names = []
    for name in names:
        try:
            with open(os.path.join(home.projects, name), "rb") as file:
                paths.add(os.fsdecode(file.read(1 << 16)))
        except OSError:
            continue
    return [Project(path, _pin(home, path)) for path in sorted(paths)]


def users(projects: list[Project], version: str, digest: str) -> list[str]:
    """The locks that name a store entry, and those that are there but cannot be read: they may."""

    def names(project: Project) -> bool:
        if project.pin is None:
            return os.path.lexists(project.path)
        return (project.pin.head.version, project.pin.head.digest) == (version, digest)

    return [project.path for project in projects if names(project)]


def _pin(home: Home, path: str) -> Pin | None:
    try:
        return read_pin(home, path, "lock")
    except (CcpinError, ValueError):  # a record that a crash left full of zeros names no file
        return None
