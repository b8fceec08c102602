"""What is on the disk, in a form that two moments can be compared by."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from ccpin import platforms

_KINDS = "|".join(map(re.escape, (*platforms.ALL, platforms.ANY)))
_COUNTS = re.compile(rf"releases/\d+\.\d+\.\d+-[0-9a-f]{{32}}/({_KINDS})(/|$)|default(/|$)|minimum-version$")


def counts(name: str) -> bool:
    """Whether a path below ccpin's home is part of a whole entry, or a choice of the user's; not staging
    folders, locks and records."""
    return _COUNTS.match(name) is not None


def tree(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): _what(path) for path in sorted(root.rglob("*"))}


def _what(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    mode = f"{path.stat().st_mode & 0o7777:o}"
    if path.is_dir():
        return f"{mode} folder"
    if not os.access(path, os.R_OK):
        return f"{mode} unreadable"
    return f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}" if path.is_file() else f"{mode} special"
