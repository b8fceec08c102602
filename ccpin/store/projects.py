"""Which locks were used on this machine: a file each, so that nobody has to wait for anybody.

Only for telling who uses a release, and for not removing what somebody still needs. A record is a path and, behind
zero bytes, what that lock named when it was last looked at, and since when it is gone: `path 0 version 0 digest 0
seconds`, the seconds since 1970, or empty. One of an older ccpin is the path alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ccpin.checkpoints import checkpoint
from ccpin.errors import CcpinError
from ccpin.files import make_folder, replace_file, sweep_drafts
from ccpin.paths import Home
from ccpin.pinning.find import Pin, read_pin

if TYPE_CHECKING:
    from ccpin.store.entry import Named

_MOST = 1 << 16  # bytes of a record


@dataclass(frozen=True)
class Project:
    """A lock that was used here, and its pin as it reads now; None when it is gone or cannot be read.

    `named` is the version and the digest (64 hex digits) that it named when that was last noted, `gone_since` when it
    was first seen gone, in unix seconds; each None where nobody noted it. `record` is the file that says so, None for
    the user's default lock.
    """

    path: str
    pin: Pin | None
    named: tuple[str, str] | None = None
    gone_since: int | None = None
    record: str | None = None

    @property
    def is_gone(self) -> bool:
        """Whether nothing stands there, or a link to nothing. A folder that may not be looked into is not gone."""
        if self.pin is not None:
            return False
        try:
            os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return True
        except OSError:
            return False
        return False

    @property
    def is_broken(self) -> bool:
        """Whether a lock is there that cannot be read: it may name anything."""
        return self.pin is None and not self.is_gone


def remember(home: Home, path: str, named: Named | None = None) -> None:
    """Notes that the lock at `path` (absolute) was used, and what it names. Not being able to is no reason to fail."""
    if not os.path.isabs(path):  # a folder that is gone has no path
        return
    record = os.path.join(home.projects, hashlib.sha256(os.fsencode(path)).hexdigest()[:24])
    said = _text(path, (named.version, named.digest) if named else None, None)
    with contextlib.suppress(OSError):
        if (found := _read(record)) == said or (named is None and found):
            sweep_drafts(record)
            return
    with contextlib.suppress(OSError):
        make_folder(home.projects)
        replace_file(record, said)
    checkpoint("lock: remembered")


def note(project: Project, gone_since: int | None) -> None:
    """Writes down what a project's lock names now, and since when it is gone; that a lock is back, too."""
    named = (project.pin.head.version, project.pin.head.digest) if project.pin else project.named
    if project.record is not None and (named, gone_since) != (project.named, project.gone_since):
        with contextlib.suppress(OSError):
            replace_file(project.record, _text(project.path, named, gone_since))


def known(home: Home) -> list[Project]:
    """All locks that were used here, the user's default one included, by path. A record that cannot be read stands
    for a lock that cannot: it may be of any."""
    found = {home.default_lock: Project(home.default_lock, None)} if os.path.lexists(home.default_lock) else {}
    found |= {project.path: project for project in _recorded(home)}
    return [
        Project(path, _pin(home, path), project.named, project.gone_since, project.record)
        for path, project in sorted(found.items())
    ]


def users(projects: list[Project], version: str, digest: str) -> list[str]:
    """The locks that name a store entry, and those that are there but cannot be read: they may."""

    def names(project: Project) -> bool:
        if project.pin is None:
            return project.is_broken
        return (project.pin.head.version, project.pin.head.digest) == (version, digest)

    return [project.path for project in projects if names(project)]


def _recorded(home: Home) -> Iterator[Project]:
    try:
        names = [n for n in os.listdir(home.projects) if not n.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError:
        yield Project(home.projects, None)
        return
    for name in names:
        record = os.path.join(home.projects, name)
        try:
            path, *more = _read(record).split(b"\0")
        except (FileNotFoundError, IsADirectoryError):
            continue
        except OSError:
            yield Project(record, None)
            continue
        version, digest, gone = (os.fsdecode(part) for part in (more if len(more) == 3 else (b"", b"", b"")))
        if path and os.path.isabs(os.fsdecode(path)):  # a crash may have left one full of zeros
            seconds = int(gone) if gone.isascii() and gone.isdecimal() and len(gone) < 12 else None
            yield Project(os.fsdecode(path), None, (version, digest) if version and digest else None, seconds, record)


def _read(record: str) -> bytes:
    """Raises OSError."""
    with open(record, "rb") as file:
        return file.read(_MOST)


def _text(path: str, named: tuple[str, str] | None, gone_since: int | None) -> bytes:
    version, digest = named or ("", "")
    return b"\0".join(map(os.fsencode, (path, version, digest, "" if gone_since is None else str(gone_since))))


def _pin(home: Home, path: str) -> Pin | None:
    try:
        return read_pin(home, path, "lock")
    except (CcpinError, ValueError):  # a record may name no file at all
        return None
