"""For which machine an executable is, as far as its first bytes tell: a lock's line may hold another platform's bytes.

Where the lock has no sha256 of the executable, the tarball's digest was right, and what is in it was never looked at.
What is no ELF, PE or Mach-O file of one machine, a script for example, says nothing of itself, and is not refused.
"""

from __future__ import annotations

import struct

from ccpin.errors import BadArchive

_HEAD = 4096  # bytes; a PE header stands behind a short program for DOS
_ELF = {0x3E: "x64", 0xB7: "arm64"}
_MACH = {0x0100_0007: "x64", 0x0100_000C: "arm64"}
_PE = {0x8664: "x64", 0xAA64: "arm64"}


def machine_of(head: bytes) -> str | None:
    """The machine of an executable that begins so, as platforms are called (`linux-x64`, without a word on musl);
    with `another` in the place of what ccpin has no word for. None where nothing tells it."""
    if head.startswith(b"\x7fELF"):
        return f"linux-{_ELF.get(_number(head, 18, '<H'), 'another')}"
    if head.startswith(b"\xcf\xfa\xed\xfe"):
        return f"darwin-{_MACH.get(_number(head, 4, '<I'), 'another')}"
    if head.startswith(b"MZ"):
        start = _number(head, 60, "<I")
        signed = head[start : start + 4] == b"PE\0\0"
        return f"win32-{_PE.get(_number(head, start + 4, '<H'), 'another')}" if signed else None
    return None


def require_machine(what: str, path: str, platform: str) -> None:
    """Raises BadArchive where the executable at `path`, out of `what`, is for another machine than `platform`'s."""
    with open(path, "rb") as file:
        found = machine_of(file.read(_HEAD))
    if found is not None and found != platform.removesuffix("-musl"):
        raise BadArchive(what=what, reason=f"its executable is for {found}, and not for {platform}")


def _number(head: bytes, at: int, form: str) -> int:
    """A number in a header; 0 where it is cut off."""
    end = at + struct.calcsize(form)
    return int(struct.unpack(form, head[at:end])[0]) if end <= len(head) else 0
