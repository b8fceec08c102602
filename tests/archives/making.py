"""Members of tar archives, as no writer makes them."""

from __future__ import annotations

import tarfile

END = bytes(1024)


def member(name: str, data: bytes = b"", *, pax: dict[str, str] | None = None, **fields: object) -> bytes:
    """One member, header and data; `fields` are those of TarInfo."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.pax_headers = pax or {}
    for field, value in fields.items():
        setattr(info, field, value)
    return info.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512)


def raw(name: str, *, kind: bytes = b"0", size: bytes = b"00000000000", data: bytes = b"") -> bytes:
    """A header with fields that no writer makes: `size` goes in as it is."""
    info = bytearray(tarfile.TarInfo(name).tobuf(tarfile.USTAR_FORMAT))
    info[124:136] = size.ljust(12, b"\0")
    info[156:157] = kind
    if kind == tarfile.GNUTYPE_SPARSE:
        info[257:265] = tarfile.GNU_MAGIC
        info[482:483] = b"\1"  # the map goes on in another block
    info[148:156] = b" " * 8
    info[148:156] = b"%06o\0 " % sum(info)
    return bytes(info) + data


def numbered(value: int) -> bytes:
    """A size in the base-256 form, which can be negative, and huge."""
    return b"\x80" + value.to_bytes(11, "big") if value >= 0 else b"\xff" + (256**11 + value).to_bytes(11, "big")
