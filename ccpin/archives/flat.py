"""Plain files beside each other, in a folder, or in a tar of the one form that ccpin writes.

The form is ustar, without people, times and permissions, so that equal files make equal bytes. The first file lists the
others. Who has read it knows where each one stands and what its header must be, byte for byte, so nothing in such a tar
is looked for or believed: a link, a device, a second file of a name, or anything between two files is another tar.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import IO, NoReturn, Protocol

from ccpin.errors import BadBundle

BLOCK = 512
END = bytes(2 * BLOCK)
"""What stands behind the last file."""

_CHUNK = 256 * 1024  # bytes
_MAX_NAME = 100  # bytes of a name in a header
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK": "zip", b"\xfd7zXZ": "xz", b"BZh": "bzip2"}


class Shelf(Protocol):
    """Files to read. `path` is where they are, as the user wrote it."""

    path: str

    def first(self, name: str, most: int) -> bytes:
        """The first file, which is called `name` and may have `most` bytes. Raises BadBundle."""

    def require(self, sizes: Mapping[str, int]) -> None:
        """Looks whether all the others (name -> bytes) are there, each of its size. Raises BadBundle."""

    def opened(self, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """One of them in chunks, once `require` has seen it. Raises BadBundle, also while it is read."""


def shelf(path: str) -> Shelf:
    """What stands at `path`; nothing is read yet."""
    return _Folder(path) if os.path.isdir(path) else _Tar(path)


def header(name: str, size: int) -> bytes:
    """What stands before a file in a tar. `name` is ASCII, at most 100 characters, `size` below 8 GiB."""
    block = b"".join(
        (
            name.encode("ascii").ljust(_MAX_NAME, b"\0"),
            b"0000644\0" + b"0000000\0" * 2,  # mode, uid, gid
            b"%011o\0" % size + b"%011o\0" % 0,  # size, mtime
            b" " * 8 + b"0" + bytes(100),  # checksum, a plain file, a link to nothing
            b"ustar\x0000" + bytes(64),  # no user, no group
            b"0000000\0" * 2 + bytes(155 + 12),  # no device, no prefix
        )
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padding(size: int) -> bytes:
    """What fills the last block of a file."""
    return bytes(-size % BLOCK)


class _Folder:
    def __init__(self, path: str) -> None:
        self.path = path
        self._sizes: Mapping[str, int] = {}

    def first(self, name: str, most: int) -> bytes:
        with self._file(name) as file:
            return _small(self.path, file, os.fstat(file.fileno()).st_size, most)

    def require(self, sizes: Mapping[str, int]) -> None:
        for name, size in sizes.items():
            with self._file(name) as file:
                found = os.fstat(file.fileno()).st_size
            if found != size:
                _refuse(self.path, f"`{name}` has {found:,} bytes, not {size:,}")
        self._sizes = sizes

    @contextmanager
    def opened(self, name: str) -> Iterator[Iterator[bytes]]:
        with self._file(name) as file:
            yield _chunks(self.path, file, self._sizes[name])

    @contextmanager
    def _file(self, name: str) -> Iterator[IO[bytes]]:
        with _explained(self.path, f"`{name}`: "), _open(os.path.join(self.path, name), follow=False) as file:
            yield file


class _Tar:
    def __init__(self, path: str) -> None:
        self.path = path
        self._places: dict[str, tuple[int, int]] = {}  # offset and size of each file
        self._start = 0

    def first(self, name: str, most: int) -> bytes:
        with self._file() as file:
            block = _exactly(file, BLOCK)
            size = _announced(block)
            if size is None or block != header(name, size):
                packing = next((how for start, how in _PACKED.items() if block.startswith(start)), None)
                other = f"it does not begin with `{name}`, as a tar of `ccpin bundle` does"
                _refuse(self.path, f"it is packed with {packing}" if packing else other)
            data = _small(self.path, file, size, most)
        self._start = BLOCK + size + len(padding(size))
        return data

    def require(self, sizes: Mapping[str, int]) -> None:
        """The files stand in the order of their names."""
        position = self._start
        for name, size in sorted(sizes.items()):
            self._places[name] = (position + BLOCK, size)
            position += BLOCK + size + len(padding(size))
        with self._file() as file:
            found, whole = os.fstat(file.fileno()).st_size, position + len(END)
            if found != whole:
                _refuse(self.path, f"it has {found:,} bytes, and should have {whole:,}")
            for name, (start, size) in self._places.items():
                file.seek(start - BLOCK)
                if _exactly(file, BLOCK) != header(name, size):
                    _refuse(self.path, f"`{name}` does not stand where `ccpin bundle` puts it")

    @contextmanager
    def opened(self, name: str) -> Iterator[Iterator[bytes]]:
        start, size = self._places[name]
        with self._file() as file:
            file.seek(start)
            yield _chunks(self.path, file, size)

    @contextmanager
    def _file(self) -> Iterator[IO[bytes]]:
        with _explained(self.path), _open(self.path, follow=True) as file:
            yield file


def _open(path: str, *, follow: bool) -> IO[bytes]:
    """A plain file, and nothing else that may stand there. Raises OSError."""
    _require_plain(os.stat(path, follow_symlinks=follow))  # a device is not even opened, a fifo not waited for
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))
    try:
        _require_plain(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb", buffering=0)


def _require_plain(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file")


def _chunks(path: str, file: IO[bytes], size: int) -> Iterator[bytes]:
    """The next `size` bytes; less where the file has become shorter, which its reader will find out."""
    with _explained(path):
        while size > 0 and (chunk := file.read(min(size, _CHUNK))):
            size -= len(chunk)
            yield chunk


def _small(path: str, file: IO[bytes], size: int, most: int) -> bytes:
    if size > most:
        _refuse(path, f"its list has {size:,} bytes, and may have {most:,}")
    return _exactly(file, size)


def _exactly(file: IO[bytes], size: int) -> bytes:
    """The next bytes, less only at the end: a raw file may give less than it was asked for."""
    parts = []
    while size > 0 and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _announced(block: bytes) -> int | None:
    """The size that a header says, or None where that is no number."""
    digits = block[124:135]
    return int(digits, 8) if digits and not digits.strip(b"01234567") else None


@contextmanager
def _explained(path: str, about: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _refuse(path, about + (error.strerror or str(error)).lower())


def _refuse(path: str, reason: str) -> NoReturn:
    raise BadBundle(path=path, reason=reason)
