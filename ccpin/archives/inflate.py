"""A gzipped body as it comes in: hashed, unpacked and read in one pass, never held as a whole.

One thread fetches the chunks and hashes them, a second one inflates, and the reader works on what came before. All of
that lets go of the interpreter lock, so two cores share it. What is read here is not yet trusted: the digest is known
only at the end, and `finish` must have returned before anything is published.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType, TracebackType

from ccpin.archives.ahead import Ahead
from ccpin.errors import BadArchive, IntegrityMismatch, Truncated

FASTEST: ModuleType = zlib
with contextlib.suppress(ImportError):  # twice as fast, but there is no wheel for every machine
    from isal import isal_zlib

    FASTEST = isal_zlib

_CHUNKS = 16  # under way at a time; of net.CHUNK bytes each, that is 4 MiB
_PIECES = 16
_PIECE = 1 << 20  # bytes that a piece has at most, whatever the ratio
_MOST_TIMES = 200  # what has come may unpack to; gzip makes a thousand of zeros, and two to five of releases
_FREE = 64 << 20  # bytes that nobody asks this of


class GzipBody:
    """What a gzipped body unpacks to, in order. Use it as a context manager.

    `limit` bounds the unpacked bytes, which may not be hundreds of times the packed ones either; `progress` is called,
    from another thread, with the packed bytes that have come; `gunzip` is zlib or a module like it; `hang_up` ends a
    read of `chunks` that waits, where reading was broken off. Reading raises BadArchive for what is not gzip, is too
    large, or goes on behind its end, Truncated for what ends too early, and whatever `chunks` raises.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        what: str,
        limit: int,
        progress: Callable[[int], None] = lambda received: None,
        gunzip: ModuleType = FASTEST,
        hang_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._what = what
        self._limit = limit
        self._progress = progress
        self._gunzip = gunzip
        self._hang_up = hang_up
        self._sha512 = hashlib.sha512()
        self._received = 0
        self._packed = Ahead(self._hashed(chunks), _CHUNKS)
        self._pieces = Ahead(self._inflated(), _PIECES)
        self._piece = memoryview(b"")

    def __enter__(self) -> GzipBody:
        self._packed.start()
        self._pieces.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._hang_up()
        self._packed.stop()  # first, as the other may wait for it
        self._pieces.stop()

    def read(self, size: int) -> memoryview:
        """At most `size` unpacked bytes, not copied; none at the end."""
        if not self._piece:
            self._piece = memoryview(next(self._pieces, b""))
        taken, self._piece = self._piece[:size], self._piece[size:]
        return taken

    def finish(self, length: int | None, integrity: str) -> None:
        """Reads to the end and compares. `length` is what the server said, in bytes, `integrity` npm's sha512.

        Raises Truncated, BadArchive, IntegrityMismatch.
        """
        while self.read(_PIECE):
            pass
        if length is not None and self._received != length:
            raise Truncated(what=self._what, reason=f"{self._received:,} of {length:,} bytes came")
        found = "sha512-" + base64.b64encode(self._sha512.digest()).decode()
        if found != integrity:
            raise IntegrityMismatch(what=self._what, kind="sha512", expected=integrity, found=found)

    def _hashed(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._sha512.update(chunk)
            self._received += len(chunk)
            self._progress(self._received)
            yield chunk

    def _inflated(self) -> Iterator[bytes]:
        inflater, size = self._gunzip.decompressobj(wbits=31), 0
        try:
            while not inflater.eof:
                packed = inflater.unconsumed_tail or next(self._packed, b"")
                if not packed:
                    raise Truncated(what=self._what, reason=f"{self._received:,} bytes came, and the archive goes on")
                if piece := inflater.decompress(packed, _PIECE):
                    size += len(piece)
                    if size > self._limit:
                        self._refuse("it unpacks to more than a release can have")
                    if size > _FREE and size > _MOST_TIMES * self._received:
                        self._refuse(f"it unpacks to more than {_MOST_TIMES} times its size")
                    yield piece
        except (zlib.error, self._gunzip.error) as error:
            self._refuse(f"it is not gzip ({error})")
        if inflater.unused_data or any(self._packed):
            self._refuse("something stands behind its end")

    def _refuse(self, reason: str) -> None:
        raise BadArchive(what=self._what, reason=reason)
