"""A gzipped body as it comes in: hashed, unpacked and read in one pass, never held as a whole.

A thread of its own fetches the chunks and hashes them while the reader inflates the ones before; hashing and
inflating let go of the interpreter lock, so two cores share the work. What is read here is not yet trusted: the
digest is known only at the end, and `finish` must have returned before anything is published.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import queue
import threading
import zlib
from collections.abc import Callable, Iterator
from types import ModuleType, TracebackType
from typing import Any

from ccpin.errors import BadArchive, IntegrityMismatch, Truncated

_zlib: ModuleType = zlib
with contextlib.suppress(ImportError):
    from isal import isal_zlib as _zlib  # twice as fast, but there is no wheel for every machine

_QUEUE = 16  # chunks under way; with those of net.CHUNK at most 4 MiB
_PIECE = 1 << 20  # bytes inflated at a time, whatever the ratio
_NO_MORE = b""


class GzipBody:
    """A file-like view of what a gzipped body unpacks to. Use it as a context manager.

    `limit` bounds the unpacked bytes; `progress` is called with the packed bytes that have come. Raises BadArchive
    for what is not gzip, is larger than `limit` or goes on behind its end, and whatever `chunks` raises.
    """

    def __init__(
        self, chunks: Iterator[bytes], what: str, limit: int, progress: Callable[[int], None] = lambda n: None
    ) -> None:
        self._chunks = chunks
        self._what = what
        self._left = limit
        self._progress = progress
        self._queue: queue.Queue[bytes | BaseException] = queue.Queue(_QUEUE)
        self._sha512 = hashlib.sha512()
        self._received = 0
        self._stopped = threading.Event()
        self._inflater: Any = _zlib.decompressobj(wbits=31)
        self._thread = threading.Thread(target=self._fetch, name="fetch", daemon=True)

    def __enter__(self) -> GzipBody:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join(5)

    def read(self, size: int) -> bytes:
        """At most `size` unpacked bytes; none at the end."""
        while not self._inflater.eof:
            data = self._inflate(min(size, _PIECE))
            if data:
                self._left -= len(data)
                if self._left < 0:
                    raise BadArchive(what=self._what, reason="it unpacks to more than a release can have")
                return data
        return b""

    def finish(self, length: int | None, integrity: str) -> None:
        """Reads to the end and compares. `length` is what the server said, in bytes, `integrity` npm's sha512.

        Raises Truncated, BadArchive, IntegrityMismatch.
        """
        while self.read(_PIECE):
            pass
        trailing = bool(self._inflater.unused_data)
        while chunk := self._next():
            trailing = trailing or bool(chunk)
        if length is not None and self._received != length:
            raise Truncated(what=self._what, reason=f"{self._received:,} of {length:,} bytes came")
        found = "sha512-" + base64.b64encode(self._sha512.digest()).decode()
        if found != integrity:
            raise IntegrityMismatch(what=self._what, kind="sha512", expected=integrity, found=found)
        if trailing:
            raise BadArchive(what=self._what, reason="something stands behind its end")

    def _inflate(self, size: int) -> bytes:
        try:
            if self._inflater.unconsumed_tail:
                return bytes(self._inflater.decompress(self._inflater.unconsumed_tail, size))
            chunk = self._next()
            if not chunk:
                raise Truncated(what=self._what, reason=f"{self._received:,} bytes came, and the archive goes on")
            return bytes(self._inflater.decompress(chunk, size))
        except (zlib.error, getattr(_zlib, "error", zlib.error)) as error:
            raise BadArchive(what=self._what, reason=f"it is not gzip ({error})") from None

    def _next(self) -> bytes:
        item = self._queue.get()
        if isinstance(item, BaseException):
            raise item
        if item is _NO_MORE:
            self._queue.put(_NO_MORE)  # the end stays the end
        return item

    def _fetch(self) -> None:
        try:
            for chunk in self._chunks:
                self._sha512.update(chunk)
                self._received += len(chunk)
                self._progress(self._received)
                if not self._put(chunk):
                    return
            self._put(_NO_MORE)
        except BaseException as error:  # noqa: BLE001  handed to the reader, which raises it
            self._put(error)

    def _put(self, item: bytes | BaseException) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
