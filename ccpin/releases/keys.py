"""The keys that a release manifest's signatures are checked with: all of them, and nowhere else.

A key is known by its id, never by where it came from:

    raw       the sha256 of the DER SubjectPublicKeyInfo, 64 lower-case hex digits (the sidecar's `publicKeySha256`)
    OpenPGP   the fingerprint of the certificate, 40 upper-case hex digits (64 for a key of version 6)

Those of upstream stand below. A user adds one by a file in `<home>/keys` that is named after its id, `<id>.pem` or
`<fingerprint>.asc`: writing the id is what says "I have checked this one", so a wrong download is a fault and not a
trusted key. An empty file of that name takes a key away. More keys than one are all good, which is what a rotation
needs; locked digests are compared without any key, so none ever stops a locked install.

Sources: the raw key is compiled into Claude Code 2.1.330; the fingerprint is in upstream's documentation. The OpenPGP
certificate itself is at https://downloads.claude.ai/keys/claude-code.asc, and is not part of ccpin.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from ccpin.errors import BadKeyFile

RAW_KEYS = (
    """\
-----BEGIN PUBLIC KEY-----
MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAp28rSV5I8HmK8CK9GixB
UZR/gtJxeOCsRXO4EJiej40jzBmQA3cWXGosVO82ZfFsRKVTtMC5iB/HH9sxjncr
mYNWGroJNbx29m/FgYQBgkCXT4AfFl6rnnXqRGLZOerj/4AqE4yQ1GZbhBgR55Z7
ro0ieKK8RHYUspBKAFHyWRhCCz6THW6YRbf0p/hG/08TOY6Sj3cJ7/AEoTRf9ZmV
NX1k0KvbUSiVGpGY9OIHWgxRJUF2pArU4o/hk+sqGAgEUh8Bjvjwvz6+quLXPg+y
0Y8Ugb1Fg6BUppam/zydYY/Q/+yNjnuF154gD1jEeeir8R5czs6zUHSbo2yXUpAs
IdWYo5End8vGsluVmFExnUWm/fTVMGoM5Wm3v1VRepMydEnJ+atz4oQdmPQcKNAi
p5GJO2uyk++xFr9CpKvlR5jral92toYV/m+mur3va8ydamWBo/qG7/wt0sdS81Iw
H6lcu0SQ39rgKD+bdoPLv05EqVMYTFRI2QZEsWGYTMs0DOrfCIJFH50qyD0x4sWw
1gEWeG3jDgY8cj2StZz+zjqzUd05CibcCzEAGm1EQg5y9D40tIsAU1OI7bpgQ9V0
lC8lrqE7zJY66UK9Z1daA8jrdDi6migNjHFrXfT3V4QvMthCIO05q05SS3x2G3Zp
IgmI+CePUPB1pDf+lhPkU1MCAwEAAQ==
-----END PUBLIC KEY-----
""",
)
OPENPGP_FINGERPRINTS = ("31DDDE24DDFAB679F42D7BD2BAA929FF1A7ECACE",)

_MAX_FILE = 1 << 20  # bytes
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*")
_RAW_ID = re.compile(r"[0-9a-f]{64}")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}([0-9A-F]{24})?")
_KINDS = (".pem", ".asc")


@dataclass(frozen=True)
class Keys:
    """What signatures are checked with.

    `raw` is id -> DER SubjectPublicKeyInfo, `openpgp` fingerprint -> the bytes of a certificate's file, or None where
    only the fingerprint is known. `folder` is where a user adds some.
    """

    raw: Mapping[str, bytes]
    openpgp: Mapping[str, bytes | None]
    folder: str

    def path(self, key: str) -> str:
        """The file by which a user adds the key with this id."""
        return os.path.join(self.folder, key + (".pem" if is_raw_id(key) else ".asc"))


def read_keys(folder: str) -> Keys:
    """Upstream's keys, and those of the user's folder, which need not be there. Raises BadKeyFile."""
    raw = {key_id(der): der for der in map(_der, RAW_KEYS) if der}
    openpgp: dict[str, bytes | None] = dict.fromkeys(OPENPGP_FINGERPRINTS)
    for name, data in _files(folder):
        path, (stem, kind) = os.path.join(folder, name), os.path.splitext(name)
        if kind == ".asc":
            if not _FINGERPRINT.fullmatch(stem):
                raise BadKeyFile(path=path, reason="its name is not the key's fingerprint, 40 upper-case hex digits")
            _put(openpgp, stem, data)
        else:
            _put(raw, stem, _checked_der(path, stem, data))
    return Keys(raw, openpgp, folder)


def key_id(der: bytes) -> str:
    """The id of a raw key; `der` is its SubjectPublicKeyInfo."""
    return hashlib.sha256(der).hexdigest()


def is_raw_id(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and _RAW_ID.fullmatch(text) is not None


def _files(folder: str) -> list[tuple[str, bytes]]:
    """Name and bytes of all key files; what has another ending is none."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(_KINDS))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise BadKeyFile(path=folder, reason=error.strerror) from None
    return [(name, _bytes(os.path.join(folder, name))) for name in names]


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise BadKeyFile(path=path, reason=error.strerror) from None
    if len(data) > _MAX_FILE:
        raise BadKeyFile(path=path, reason="it is larger than 1 MiB")
    return data


def _put(keys: dict[str, bytes] | dict[str, bytes | None], key: str, data: bytes) -> None:
    if data.strip():
        keys[key] = data
    else:
        keys.pop(key, None)


def _checked_der(path: str, key: str, data: bytes) -> bytes:
    if not is_raw_id(key):
        raise BadKeyFile(path=path, reason="its name is not the key's sha256, 64 lower-case hex digits")
    if not data.strip():
        return b""
    der = _der(data.decode("ascii", "replace"))
    if der is None:
        raise BadKeyFile(path=path, reason="it is not a PEM `PUBLIC KEY`")
    if key_id(der) != key:
        raise BadKeyFile(path=path, reason=f"it holds another key than its name says, {key_id(der)}")
    return der


def _der(pem: str) -> bytes | None:
    found = _PEM.search(pem.encode("ascii", "replace"))
    try:
        return base64.b64decode(b"".join(found[1].split()), validate=True) if found else None
    except binascii.Error:
        return None
