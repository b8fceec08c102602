"""From a tarball's stream to files in a staging folder: only plain files, only inside, each hashed as it is written.

The archive is hostile until its digest has been compared, which happens at its end. So nothing outside of the
staging folder is ever named, no link and no device is made, and sizes and counts are bounded. On top of ccpin's own
rules every member passes tarfile's `data` filter, where this Python has it.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import NoReturn

from ccpin.archives.inflate import GzipBody
from ccpin.checkpoints import checkpoint
from ccpin.errors import BadArchive

_MAX_MEMBERS = 20_000
_MAX_FILES = 2_000  # written, each flushed to the disk; of the releases that were read, 0.2.9 has the most, 424
_MAX_NAME = 1_000  # bytes of a path
_MAX_PART = 255  # bytes between two slashes
_MAX_HEADER = 8 * 1024  # bytes, with all that extends it: some tarfiles read them in quadratic time
_MAX_HEADERS = 1 << 20  # bytes, of all that extends headers
_ROOT = "package"
_RESERVED = frozenset('<>:"|?*\\')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE
)  # on Windows, with any ending


@dataclass(frozen=True)
class Unpacked:
    """One file that was written: its sha256 (64 hex digits), size in bytes, and whether it may be executed."""

    sha256: str
    size: int
    executable: bool


def unpack(body: GzipBody, what: str, folder: str, target: Callable[[str], str | None]) -> dict[str, Unpacked]:
    """Writes the files of an archive below `folder`, which exists and is empty.

    `target` maps a member's name (`package/cli.js`) to the path below `folder`, or None to leave it out. Returns
    path -> Unpacked. Raises BadArchive, and what reading `body` raises.
    """
    written: dict[str, Unpacked] = {}
    tape = _Tape(body)
    for member, name in _members(tape, what, folder):
        path = target(name)
        if path is not None and member.isreg():
            if len(written) == _MAX_FILES:
                _refuse(what, f"it has more than {_MAX_FILES:,} files")
            written[path] = _write(tape, member, what, folder, path)
    return written


def read_members(body: GzipBody, what: str, names: Collection[str], most: int) -> dict[str, bytes]:
    """The members of an archive that are called so (`package/package.json`), where they have at most `most` bytes.
    Nothing is written. Raises as `unpack` does."""
    tape = _Tape(body)
    return {
        name: b"".join(tape.pieces(member.size))
        for member, name in _members(tape, what, os.sep)
        if name in names and member.isreg() and member.size <= most
    }


class _Tape:
    """The stream as tarfile wants to see a file: it reads a header, then winds forward to the next.

    What a header may have is bounded here: tarfile takes long names, tables of attributes and maps of sparse files
    as they come, however large the archive says that they are.
    """

    def __init__(self, body: GzipBody) -> None:
        self._body = body
        self._position = 0
        self._allowed = _MAX_HEADER
        self._left = _MAX_HEADERS
        self.last = b""

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        """Forward only."""
        if position < self._position:
            raise tarfile.ReadError("a member lies inside another")
        for _ in self.pieces(position - self._position):
            pass

    def read(self, size: int) -> bytes:
        """Some of a header; less than `size` bytes only at the end."""
        self._allowed -= size
        self._left -= size
        if size < 0 or self._allowed < 0 or self._left < 0:
            raise tarfile.ReadError("a header is far too large")
        self.last = b"".join(self.pieces(size))
        return self.last

    def pieces(self, size: int) -> Iterator[memoryview]:
        """The next `size` bytes, as they come; less only at the end."""
        while size > 0 and (piece := self._body.read(size)):
            size -= len(piece)
            self._position += len(piece)
            yield piece

    def next_member(self) -> None:
        self._allowed = _MAX_HEADER
        self._left += tarfile.BLOCKSIZE  # what a header has that nothing extends


def _members(tape: _Tape, what: str, folder: str) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """The members, each with its name. Behind each one the caller may have read all of it or nothing."""
    seen: set[str] = set()
    try:
        archive = tarfile.TarFile(fileobj=tape, encoding="utf-8")  # type: ignore[arg-type]
        for count, member in enumerate(archive, 1):
            if count > _MAX_MEMBERS:
                _refuse(what, f"it has more than {_MAX_MEMBERS:,} members")
            name = _safe_name(member, what, folder)
            folded = unicodedata.normalize("NFC", name).casefold()
            if member.isreg() and folded in seen:
                _refuse(what, f"two members would be one file: {name[:80]!r}")
            seen.add(folded)
            yield member, name
            tape.next_member()
            archive.members, archive.pax_headers = [], {}  # type: ignore[attr-defined]  # tarfile would keep them all
    except (tarfile.TarError, ValueError, OverflowError) as error:  # for numbers in attributes: none, or far too large
        _refuse(what, f"it is not a tar archive ({error})")
    if tape.last != tarfile.NUL * tarfile.BLOCKSIZE:
        _refuse(what, "it has no proper end")
    if not seen:
        _refuse(what, "it is empty")


def _safe_name(member: tarfile.TarInfo, what: str, folder: str) -> str:
    """The member's name, once it is known to stay inside. Raises BadArchive."""
    name = member.name
    shown = repr(name[:80])
    if not (member.isreg() or member.isdir()):
        _refuse(what, f"{shown} is neither a file nor a folder")
    if member.issparse():
        _refuse(what, f"{shown} is sparse")
    parts = name.split("/")
    if len(os.fsencode(name)) > _MAX_NAME or parts[0] != _ROOT or any(part in ("", ".", "..") for part in parts):
        _refuse(what, f"{shown} is not a path below {_ROOT}/")
    if not name.isprintable() or _RESERVED.intersection(name) or any(map(_is_odd, parts)):
        _refuse(what, f"{shown} is a name that not every system can keep")
    if hasattr(tarfile, "data_filter"):
        try:
            tarfile.data_filter(member, folder)
        except tarfile.FilterError as error:
            _refuse(what, str(error))
    return name


def _is_odd(part: str) -> bool:
    """Windows drops a last dot or blank, and has devices for files; longer names fit on hardly any disk."""
    return part[-1] in " ." or _DEVICE.fullmatch(part) is not None or len(os.fsencode(part)) > _MAX_PART


def _write(tape: _Tape, member: tarfile.TarInfo, what: str, folder: str, path: str) -> Unpacked:
    full = os.path.join(folder, *path.split("/"))
    digest, size = hashlib.sha256(), 0
    try:
        os.makedirs(os.path.dirname(full), exist_ok=True)
        descriptor = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        _refuse(what, f"two members would be one file: {member.name[:80]!r}")
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        for piece in tape.pieces(member.size):
            digest.update(piece)
            size += len(piece)
            while piece:  # a disk that is nearly full takes a part, and says why when it is asked again
                piece = piece[file.write(piece) :]
            checkpoint("install: written")
        os.fsync(descriptor)
    if size != member.size:
        _refuse(what, f"{member.name[:80]!r} is cut off")
    checkpoint("install: unpacked")
    return Unpacked(digest.hexdigest(), size, executable=bool(member.mode & 0o111))


def _refuse(what: str, reason: str) -> NoReturn:
    raise BadArchive(what=what, reason=reason)
