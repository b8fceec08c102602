"""One file's body as it comes in, plain or packed with zstd: hashed and written in one pass, never held as a whole.

As with an archive (`ccpin.archives.inflate`), one thread fetches and hashes, one unpacks, and one writes. What is
written is not yet trusted: it is the caller who compares.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, cast

from ccpin.archives.ahead import Ahead
from ccpin.archives.unpack import Unpacked
from ccpin.checkpoints import checkpoint
from ccpin.errors import BadArchive, IntegrityMismatch, Truncated

_CHUNKS = _PIECES = 16  # under way at a time
_PIECE = 1 << 20  # bytes
_WINDOW = 1 << 27  # bytes that a zstd frame may ask to be remembered: what `zstd -d` allows without being told


@dataclass(frozen=True)
class Packing:
    """What a packed copy must be: its size in bytes, and its sha256 (64 hex digits)."""

    size: int
    sha256: str


def receive(
    chunks: Iterator[bytes],
    length: int | None,
    what: str,
    path: str,
    limit: int,
    *,
    packing: Packing | None = None,
    progress: Callable[[int], None] = lambda received: None,
    hang_up: Callable[[], None] = lambda: None,
) -> Unpacked:
    """Writes a body to `path`, a new file; `length` is what the server said, in bytes, `limit` bounds what is written;
    `hang_up` ends a read of `chunks` that waits, where writing was broken off.

    Raises BadArchive for what is larger, or is not zstd, Truncated for what ends too early, IntegrityMismatch for
    another packed copy than `packing` says, and whatever `chunks` raises.
    """
    arriving = _Arriving(chunks, what, packing, progress)
    came = Ahead(arriving.counted(), _CHUNKS)
    pieces = Ahead(_unpacked(came, what), _PIECES) if packing else None
    try:
        came.start()
        if pieces:
            pieces.start()
        written = _write(pieces or came, what, path, limit)
    except BaseException:
        hang_up()
        raise
    finally:
        came.stop()  # first, as the other may wait for it
        if pieces:
            pieces.stop()
    if length is not None and arriving.received != length:
        raise Truncated(what=what, reason=f"{arriving.received:,} of {length:,} bytes came")
    arriving.require_packing()
    return written


class _Arriving:
    """Chunks as they come: counted, hashed, and where they are packed never more than `packing` says. What they unpack
    to is bounded elsewhere, and that bounds plain ones."""

    def __init__(
        self, chunks: Iterator[bytes], what: str, packing: Packing | None, progress: Callable[[int], None]
    ) -> None:
        self.received = 0
        self._chunks = chunks
        self._what = what
        self._packing = packing
        self._progress = progress
        self._sha256 = hashlib.sha256()

    def counted(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._sha256.update(chunk)
            self.received += len(chunk)
            if self._packing and self.received > self._packing.size:
                expected = f"{self._packing.size:,} bytes"
                raise IntegrityMismatch(what=self._what, kind="packed size", expected=expected, found="more")
            self._progress(self.received)
            yield chunk

    def require_packing(self) -> None:
        """Raises Truncated, IntegrityMismatch where another packed copy came."""
        if self._packing is None:
            return
        if self.received < self._packing.size:
            reason = f"{self.received:,} of {self._packing.size:,} bytes came"
            raise Truncated(what=self._what, reason=reason)
        found = self._sha256.hexdigest()
        if found != self._packing.sha256:
            raise IntegrityMismatch(what=self._what, kind="packed sha256", expected=self._packing.sha256, found=found)


def _write(pieces: Iterator[bytes], what: str, path: str, limit: int) -> Unpacked:
    digest, size = hashlib.sha256(), 0
    with open(path, "xb", buffering=0) as file:
        for piece in pieces:
            size += len(piece)
            if size > limit:
                raise BadArchive(what=what, reason=f"it is larger than the {limit:,} bytes that it should have")
            digest.update(piece)
            left = memoryview(piece)
            while left:  # a raw file may take less than it was given
                left = left[file.write(left) :]
            checkpoint("install: written")
        os.fsync(file.fileno())  # the receipt, which says that all of it is there, must not be on the disk before it is
    return Unpacked(digest.hexdigest(), size, executable=False)


def _unpacked(chunks: Iterator[bytes], what: str) -> Iterator[bytes]:
    """What zstd frames hold, one behind another, in pieces of bounded size. One that is cut off is no error here."""
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    file = cast("IO[bytes]", _File(chunks))
    reader = unpacker.stream_reader(file, read_across_frames=True, closefd=False)
    try:
        while piece := reader.read(_PIECE):
            yield piece
    except zstandard.ZstdError as error:
        raise BadArchive(what=what, reason=f"it is not zstd ({error})") from None


class _File:
    """Chunks as the file that zstandard wants to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int) -> bytes:
        """The next chunk; it may be larger than what was asked for."""
        return next(self._chunks, b"")
