"""From a tarball's stream to files in a staging folder: only plain files, only inside, each hashed as it is written.

The archive is hostile until its digest has been compared, which happens at its end. So nothing outside of the
staging folder is ever named, no link and no device is made, and sizes and counts are bounded. On top of ccpin's own
rules every member passes tarfile's `data` filter, where this Python has it.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from ccpin.errors import BadArchive
from ccpin.store.inflate import GzipBody

_PIECE = 1 << 20  # bytes
_MAX_MEMBERS = 20_000
_MAX_NAME = 1_000  # characters
_MAX_HEADER = 64 * 1024  # bytes
_ROOT = "package"
_RESERVED = frozenset('<>:"|?*\\')


@dataclass(frozen=True)
class Unpacked:
    """One file that was written: its sha256 (64 hex digits), size in bytes, and whether it may be executed."""

    sha256: str
    size: int
    executable: bool


def unpack(body: GzipBody, what: str, folder: str, target: Callable[[str], str | None]) -> dict[str, Unpacked]:
    """Writes the files of an archive below `folder`, which exists and is empty.

    `target` maps a member's name (`package/cli.js`) to the path below `folder`, or None to leave it out. Returns
    path -> Unpacked. Raises BadArchive.
    """
    written: dict[str, Unpacked] = {}
    for archive, member, name in _members(body, what, folder):
        path = target(name)
        if path is not None and member.isreg():
            written[path] = _write(archive, member, what, folder, path)
    return written


class _BoundedHeader(tarfile.TarInfo):
    """tarfile reads an extended header as a whole, however large the archive says that it is."""

    _EXTENDED = (
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    )

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in self._EXTENDED and self.size > _MAX_HEADER:
            raise tarfile.ReadError("an extended header is far too large")
        return super()._proc_member(archive)  # type: ignore[misc, no-any-return]


def _members(body: GzipBody, what: str, folder: str) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo, str]]:
    seen: set[str] = set()
    try:
        with tarfile.open(fileobj=body, mode="r|", bufsize=_PIECE, tarinfo=_BoundedHeader) as archive:  # type: ignore[call-overload]
            for count, member in enumerate(archive, 1):
                if count > _MAX_MEMBERS:
                    _refuse(what, f"it has more than {_MAX_MEMBERS:,} members")
                name = _safe_name(member, what, folder)
                folded = unicodedata.normalize("NFC", name).casefold()
                if member.isreg() and folded in seen:
                    _refuse(what, f"two members would be one file: {name[:80]!r}")
                seen.add(folded)
                yield archive, member, name
                archive.members = []  # tarfile keeps every header otherwise
    except tarfile.TarError as error:
        _refuse(what, f"it is not a tar archive ({error})")


def _safe_name(member: tarfile.TarInfo, what: str, folder: str) -> str:
    """The member's name, once it is known to stay inside. Raises BadArchive."""
    name = member.name
    shown = repr(name[:80])
    if not (member.isreg() or member.isdir()):
        _refuse(what, f"{shown} is neither a file nor a folder")
    if member.issparse():
        _refuse(what, f"{shown} is sparse")
    parts = name.split("/")
    if len(name) > _MAX_NAME or parts[0] != _ROOT or any(part in ("", ".", "..") for part in parts):
        _refuse(what, f"{shown} is not a path below {_ROOT}/")
    if not name.isprintable() or _RESERVED.intersection(name) or any(part[-1] in " ." for part in parts):
        _refuse(what, f"{shown} is a name that not every system can keep")
    if hasattr(tarfile, "data_filter"):
        try:
            tarfile.data_filter(member, folder)
        except tarfile.FilterError as error:
            _refuse(what, str(error))
    return name


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, what: str, folder: str, path: str) -> Unpacked:
    full = os.path.join(folder, *path.split("/"))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    source: Any = archive.extractfile(member)
    digest, size = hashlib.sha256(), 0
    executable = bool(member.mode & 0o111)
    try:
        descriptor = os.open(full, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        _refuse(what, f"two members would be one file: {member.name[:80]!r}")
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        os.fsync(descriptor)
    if size != member.size:
        _refuse(what, f"{member.name[:80]!r} is cut off")
    return Unpacked(digest.hexdigest(), size, executable)


def _refuse(what: str, reason: str) -> NoReturn:
    raise BadArchive(what=what, reason=reason)
