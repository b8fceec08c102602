"""What registries said before: their JSON documents, kept for the next question and for days without a network.

One file per document, `<sha256 of what was asked>.json`, mode 0600 in a folder 0700. What was asked is the address, the
form that was asked for, and who asked: one user's private view is never another's answer.

    address   where it came from, without user, password and query
    etag      what the server calls this state of it, or null
    fetched   when the server last said so, in unix seconds
    body      the document, or null where the server had none (404)

Nothing here is ever a reason to fail: a file that cannot be read, or is not like that, counts as absent, and one that
cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ccpin.files import make_folder, replace_file

MOST_FILES = 200
MOST_AGE = 90 * 24 * 3600  # seconds
_MOST_BYTES = 16 << 20  # of one file; the full document of 471 releases has 0.7 MB


class Kept(NamedTuple):
    """A document, its ETag, and when it was fetched, in unix seconds. `body` is None where there was none to be had."""

    body: dict[str, Any] | None
    etag: str | None
    fetched: float


class Metadata:
    """The documents in one folder, which need not be there. `clock` gives unix seconds."""

    def __init__(self, folder: str, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def find(self, key: str) -> Kept | None:
        """What is kept under a key (see `key_of`), or None."""
        try:
            with open(self._path(key), "rb") as file:
                found = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return None
        return _kept(found)

    def keep(self, key: str, address: str, body: dict[str, Any] | None, etag: str | None = None) -> None:
        """Puts down what was just said. `address` is fit to be shown."""
        now = int(self._clock())
        said = {"address": address, "etag": etag, "fetched": now, "body": body}
        with contextlib.suppress(OSError, RecursionError):
            data = json.dumps(said, separators=(",", ":")).encode()
            if len(data) <= _MOST_BYTES:
                self._make_folder()
                replace_file(self._path(key), data, 0o600)
                os.utime(self._path(key), (now, now))  # one clock for all of it
                _tidy(self._folder, now)

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, f"{key}.json")

    def _make_folder(self) -> None:
        if not os.path.isdir(self._folder):
            make_folder(os.path.dirname(self._folder))
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._folder, 0o700)


def key_of(address: str, headers: Mapping[str, str], identity: str = "") -> str:
    """What a document is kept under: 64 hex digits. `headers` are those of the request that tell what is asked for and
    by whom, `identity` is the certificate that is shown to the server."""
    asked = [address, *(headers.get(name, "") for name in ("Accept", "Authorization")), identity]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _tidy(folder: str, now: int) -> None:
    """Removes the oldest files, drafts of the killed included, until there are few enough, and what nobody has asked
    for in a long time."""
    for number, (written, path) in enumerate(sorted(_files(folder), reverse=True)):
        if number >= MOST_FILES or written < now - MOST_AGE:
            with contextlib.suppress(OSError):
                os.unlink(path)


def _files(folder: str) -> Iterator[tuple[float, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                yield entry.stat(follow_symlinks=False).st_mtime, entry.path


def _kept(found: object) -> Kept | None:
    """A file's content where it is as `keep` writes it."""
    if not isinstance(found, dict) or not {"body", "etag", "fetched"} <= found.keys():
        return None
    body, etag, fetched = found["body"], found["etag"], found["fetched"]
    if not (body is None or isinstance(body, dict)) or type(fetched) is not int:
        return None
    if etag is not None and not (isinstance(etag, str) and is_etag(etag)):
        return None
    return Kept(body, etag, fetched)


def is_etag(text: str) -> bool:
    """Whether a header can carry it back."""
    return bool(text) and text.isascii() and text.isprintable()
