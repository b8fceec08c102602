"""Where a bundle may be written: never over what is not a bundle."""

from __future__ import annotations

import os
import re

from ccpin.errors import BadBundleName, BundleUnwritable
from ccpin.pinning.find import read_plain
from ccpin.releases.contents import INDEX, is_file_name

_PACKED = re.compile(r"(\.tar)?\.(zip|gz|tgz|bz2|tbz2?|xz|txz|zst|tzst|lz4|7z)$", re.IGNORECASE)


def is_tar(path: str) -> bool:
    """Whether a bundle is written there as a tar; else it is a folder."""
    return path.lower().endswith(".tar")


def require_target(path: str) -> str:
    """The real place of `path`, once a bundle may be written there. Raises BadBundleName, BundleUnwritable."""
    if path in ("", "-") or _PACKED.search(path):
        folder, name = os.path.split(_PACKED.sub("", path))
        raise BadBundleName(path=path, tar=os.path.join(folder, (name.strip("-") or "ccpin-bundle") + ".tar"))
    try:
        target = os.path.realpath(path)
        reason = _problem(target)
    except OSError as error:  # nor does a current folder that was deleted have a place
        reason = (error.strerror or str(error)).lower()
    if reason:
        raise BundleUnwritable(path=path, reason=reason)
    return target


def _problem(target: str) -> str | None:
    if not os.path.isdir(parent := os.path.dirname(target)):
        return f"there is no folder {parent}"
    if not os.path.lexists(target):
        return None
    if is_tar(target):
        if not os.path.isfile(target):
            return "something stands there that is no file"
        # A clone may hold a link of that name to an archive of the user's.
        return None if _begins_as_bundle(target) else "what stands there is no bundle"
    if not os.path.isdir(target):
        return "a file of that name is there; a bundle is a folder, or has `.tar` at its end"
    if os.path.samefile(target, "."):
        return "it is the current folder"
    names = sorted(os.listdir(target))
    other = next((name for name in names if not is_file_name(name)), None)
    if names and (other or INDEX not in names):
        return f"it is a folder with other things in it, such as `{other or names[0]}`"
    return None


def _begins_as_bundle(path: str) -> bool:
    """Whether a file is a bundle, a whole one or not, or empty. Raises OSError."""
    start = read_plain(path, len(INDEX) + 1)
    return start in (b"", INDEX.encode() + b"\0")
