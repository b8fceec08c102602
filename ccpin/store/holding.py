"""One process at a time: an exclusive lock on a file, in which its holder says who it is.

The kernel's lock ends with its process, so a dead holder is nobody's concern, and what stands in the file is never
believed, only shown to those who wait. Some network file systems have no such locks. There a second file, which only
one can make, stands for the lock: a dead holder on this machine is known by its number, of one on another machine, or
in another container, those who wait are told which file to remove.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ccpin.errors import BadLockFile

MARKER = ".held"
"""What the name of a file ends with that stands for a lock."""

_NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP})
_PAUSES = (0.02, 0.05, 0.1, 0.2)  # seconds between two looks; the last one goes on
_SOON = 0.5  # seconds that nobody is told about
_MOST_TEXT = 300  # bytes
_WRITTEN = 10  # seconds in which whoever makes a file has written into it
_SIGN = 10  # seconds between two signs of a holder's progress
_UNKNOWN = "-"  # in the place of what cannot be told


class Holder(NamedTuple):
    """The process that a lock file names. `pid` is 0 and `host` empty where it names none; `path` is the file that
    stands for the lock."""

    pid: int
    host: str
    path: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}" if self.pid else "another process"


class StillHeldError(Exception):
    """Another process held the lock all the time, and came no further."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(str(holder))
        self.holder = holder


def kernel_lock(descriptor: int) -> bool:
    """Takes the lock of an open file, if nobody has it. Raises OSError, ENOSYS and its like where there are none."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a locked byte cannot be read, so not one of the text's
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                return False
            raise
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # some file systems say the latter
        return False
    return True


@contextmanager
def held(
    path: str,
    patience: float,
    waiting: Callable[[Holder], None] = lambda holder: None,
    take: Callable[[int], bool] = kernel_lock,
) -> Iterator[Callable[[], None]]:
    """Holds the lock of `path`, a file that is made where it is missing, and never removed. Gives what its holder calls
    whenever he came further.

    It is waited for `patience` seconds at most in which no holder does, and `waiting` is called once when that is no
    matter of a moment. Raises StillHeldError, BadLockFile for what is no file that can be locked, OSError.
    """
    lock = _Lock(path, take)
    end, told = time.monotonic() + patience, time.monotonic() + _SOON
    pauses = iter(_PAUSES)
    pause, sign = 0.0, None
    while not lock.take():
        now = time.monotonic()
        last, sign = sign, lock.sign()
        if last and sign and sign != last:
            end = now + patience
        if now >= end:
            raise StillHeldError(lock.holder())
        if now >= told:
            waiting(lock.holder())
            told = math.inf
        pause = next(pauses, pause)
        time.sleep(min(pause, end - now))
    try:
        yield lock.come_further
    finally:
        lock.release()


def is_held(path: str, take: Callable[[int], bool] = kernel_lock) -> bool:
    """Whether somebody holds the lock of `path` just now, or that cannot be told. Changes nothing."""
    marker = path + MARKER
    if os.path.lexists(marker) and not _is_abandoned(marker, _text(marker)):
        return True
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return not take(descriptor)
    except OSError as error:  # where there are no such locks, the other file stands for them
        return error.errno not in _NO_LOCKS
    finally:
        os.close(descriptor)


class _Lock:
    def __init__(self, path: str, take: Callable[[int], bool]) -> None:
        self._path = path
        self._take = take
        self._descriptor = -1
        self._marker = ""  # the file that stands for the lock where the kernel has none
        self._own: os.stat_result | None = None  # of that file
        self._signed = -math.inf

    def take(self) -> bool:
        """Whether it is held now."""
        if self._marker:
            return self._take_marker()
        descriptor = _opened(self._path)
        try:
            taken = self._take(descriptor) and _is_still(self._path, descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno not in _NO_LOCKS:
                raise
            self._marker = self._path + MARKER
            return self._take_marker()
        except BaseException:
            os.close(descriptor)
            raise
        if not taken:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        _say(descriptor, _own_name())
        return True

    def release(self) -> None:
        if self._marker:
            with contextlib.suppress(OSError):
                if self._own and os.path.samestat(os.stat(self._marker), self._own):
                    os.unlink(self._marker)
            return
        _say(self._descriptor, "")
        os.close(self._descriptor)

    def holder(self) -> Holder:
        path = self._marker or self._path
        pid, host, _, _ = _named(_text(path))
        return Holder(pid, host, path)

    def come_further(self) -> None:
        """Those who wait see it by the time of the file."""
        if time.monotonic() - self._signed >= _SIGN:
            self._signed = time.monotonic()
            with contextlib.suppress(OSError):
                os.utime(self._marker or self._path)

    def sign(self) -> tuple[int, int] | None:
        """Another one whenever a holder came further, or another one came."""
        try:
            status = os.stat(self._marker or self._path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _take_marker(self) -> bool:
        if os.path.lexists(self._marker):
            self._remove_dead()
            return False
        draft = self._beside()
        try:
            self._own = _made(draft)
            os.link(draft, self._marker)  # so nobody ever sees an empty marker
        except FileExistsError:  # a server that was asked twice says so of our own, too
            return _is_same(draft, self._marker)
        except OSError:  # on the few disks where a file has one name only
            with contextlib.suppress(FileExistsError):
                self._own = _made(self._marker)
                return True
            return False
        finally:
            with contextlib.suppress(OSError):
                os.unlink(draft)
        return True

    def _remove_dead(self) -> None:
        """Takes away what a process of this machine left that is gone. Renamed first, and looked at again: another
        one may have done the same, and hold the lock by now; then he gets it back."""
        try:
            seen = os.stat(self._marker)
        except OSError:
            return
        said = _text(self._marker)
        if not _is_abandoned(self._marker, said):
            return
        aside = self._beside()
        with contextlib.suppress(OSError):
            os.rename(self._marker, aside)
            if _text(aside) == said and os.path.samestat(os.stat(aside), seen):
                os.unlink(aside)
            else:
                _put_back(aside, self._marker)

    def _beside(self) -> str:
        """A name that nobody else has: neither a thread of this process, nor one of this number in a container."""
        return f"{self._marker}.{os.getpid()}.{os.urandom(4).hex()}"


def _made(path: str) -> os.stat_result:
    """Makes a file that says who this is. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        _say(descriptor, _own_name())
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


def _put_back(aside: str, marker: str) -> None:
    """Gives a file its name back, unless somebody else has it."""
    try:
        os.link(aside, marker)
    except FileExistsError:
        os.unlink(aside)
    except OSError:  # a disk without links
        os.unlink(aside) if os.path.lexists(marker) else os.rename(aside, marker)
    else:
        os.unlink(aside)


def _is_same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _opened(path: str) -> int:
    """A descriptor of a plain file, made where it is missing. Raises BadLockFile, OSError."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        if not os.path.lexists(path) or error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        raise BadLockFile(path=path, reason=_strangeness(path, error)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadLockFile(path=path, reason="it is no plain file")
    return descriptor


def _strangeness(path: str, error: OSError) -> str:
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        return "it is a link"
    if not stat.S_ISREG(status.st_mode):
        return "it is no plain file"
    reason = (error.strerror or str(error)).lower()
    if sys.platform == "win32" or status.st_uid == os.geteuid():
        return reason
    return f"{reason}, and it belongs to uid {status.st_uid}"


def _is_still(path: str, descriptor: int) -> bool:
    """Whether the locked file still has its name: somebody may have removed it, and another one locks a new one."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _own_name() -> str:
    birth, space = _birth(os.getpid()) or _UNKNOWN, _number_space() or _UNKNOWN
    return f"{os.getpid()} {_host()} {birth} {space}\n"


def _host() -> str:
    return "".join(c for c in socket.gethostname() if c.isprintable() and not c.isspace()) or "?"


def _number_space() -> str:
    """What tells containers apart, which may have the same name, and numbers of their own; empty without any."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _birth(pid: int) -> str:
    """What tells a process from another one that has got its number since; empty where that cannot be told."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""


def _say(descriptor: int, text: str) -> None:
    """Only those who wait read it: a disk that is full, or does not do that, is no reason to fail."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode("utf-8", "replace"))


def _text(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return ""
    try:
        return os.read(descriptor, _MOST_TEXT).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(descriptor)


def _named(text: str) -> tuple[int, str, str, str]:
    """The number, the machine, the birth and the space of numbers that a lock file names; 0 and nothing where it names
    none."""
    number, host, birth, space = ("" if part == _UNKNOWN else part for part in (*text.split(), *4 * ("",))[:4])
    if not (number.isascii() and number.isdecimal() and len(number) < 12 and host.isprintable()):
        return 0, "", "", ""
    return int(number), host, birth, space


def _is_abandoned(marker: str, said: str) -> bool:
    """Whether whoever made a marker, in which he `said` who he is, or nothing, is gone."""
    return _is_dead(said) if said else _is_old(marker)


def _is_dead(text: str) -> bool:
    """Whether the process that a text names ran on this machine, and does no longer."""
    pid, host, birth, space = _named(text)
    if not pid or host != _host() or (space and space != _number_space()):
        return False
    import psutil

    return not psutil.pid_exists(pid) or bool(birth and _birth(pid) and _birth(pid) != birth)


def _is_old(path: str) -> bool:
    """Whether a file is there for so long that its maker died before it said who it was."""
    try:
        return os.stat(path).st_mtime < time.time() - _WRITTEN
    except OSError:
        return False
