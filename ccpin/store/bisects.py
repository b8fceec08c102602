"""What a bisection keeps: `<home>/bisects/<hash>/`, one folder for a project and a range of releases.

lock             held as long as one is at work there
needs            the versions that it needs just now, one a line: `ccpin prune` leaves them alone meanwhile
log.jsonl        what was asked, and what was seen (launching/bisectlog.py)
candidate.lock   the head of a lock for the release that is being tested
shims/claude     what `claude` is for the command that tests it
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from ccpin.errors import BisectBusy, StoreUnwritable
from ccpin.files import make_folder, replace_file
from ccpin.paths import Home
from ccpin.pinning.find import read_plain
from ccpin.store.entry import entry_parts
from ccpin.store.holding import StillHeldError, held, is_held

_MOST = 1 << 16  # bytes
_PATIENCE = 0.2  # seconds: `ccpin prune` takes the lock for a moment, to see whether anybody has it


def folder_of(home: Home, project: str, good: str, bad: str) -> str:
    """The folder of a bisection; `project` is absolute."""
    return os.path.join(home.bisects, name_of(project, good, bad))


def name_of(project: str, good: str, bad: str) -> str:
    """The name of that folder."""
    return hashlib.sha256(b"\0".join(map(os.fsencode, (project, good, bad)))).hexdigest()[:24]


@contextmanager
def at_work(home: Home, folder: str) -> Iterator[None]:
    """Keeps others from the same bisection. At the end it needs nothing more. Raises BisectBusy, StoreUnwritable."""
    with ExitStack() as stack:
        try:
            make_folder(home.bisects)
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            stack.enter_context(held(os.path.join(folder, "lock"), _PATIENCE))
        except StillHeldError as error:
            raise BisectBusy(holder=error.holder) from None
        except OSError as error:
            reason = (error.strerror or "unknown reason").lower()
            raise StoreUnwritable(path=error.filename or folder, reason=reason) from None
        try:
            yield
        finally:
            with suppress(OSError):
                os.unlink(os.path.join(folder, "needs"))


def need(folder: str, versions: Iterable[str]) -> None:
    """Says what is needed from now on, and nothing else. Raises StoreUnwritable."""
    path = os.path.join(folder, "needs")
    try:
        replace_file(path, "".join(f"{version}\n" for version in versions).encode(), 0o600)
    except OSError as error:
        raise StoreUnwritable(path=path, reason=(error.strerror or "unknown reason").lower()) from None


def needed_by_bisects(home: Home, entry: str) -> bool:
    """Whether a bisection that is at work needs the release in the store entry `entry`. One that was killed needs
    nothing: what it had is fetched again if it goes on."""
    parts = entry_parts(entry)
    return parts is not None and any(parts[0] in needs for needs in _all_needs(home))


def _all_needs(home: Home) -> Iterator[list[str]]:
    try:
        names = os.listdir(home.bisects)
    except OSError:
        return
    for folder in (os.path.join(home.bisects, name) for name in names):
        if is_held(os.path.join(folder, "lock")):
            with suppress(OSError, ValueError):
                yield read_plain(os.path.join(folder, "needs"), _MOST).decode().splitlines()
