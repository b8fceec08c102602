"""Reading other programs' files: only plain ones, only so much, and what cannot be read is not there."""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from ccpin.launching.contradictions import line_in
from ccpin.pinning.find import read_plain

_MOST = 64 << 20  # bytes; `.claude.json` of a long user has megabytes


def read_text(path: str, most: int = _MOST) -> str | None:
    """The first bytes of a plain file as text, or None."""
    try:
        return read_plain(path, most).decode("utf-8-sig", "replace")
    except OSError:
        return None


def read_object(path: str, most: int = _MOST) -> dict[str, Any]:
    """The JSON object that a file holds; an empty one for whatever else is there. Take named keys of it, no more."""
    try:
        now = os.stat(path)
    except (OSError, ValueError):
        return {}
    return _parsed(path, most, now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _parsed(path: str, most: int, *_which: int) -> dict[str, Any]:
    """One reading for all the checks: of a file that a clone brings along, it may take seconds."""
    try:
        found = json.loads(read_text(path, most) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def line_of(path: str, key: str) -> str:
    """`file:line` of the last `"key":` in a JSON file."""
    return f"{os.path.abspath(path)}:{line_in(read_text(path) or '', key)}"


def names_in(folder: str) -> list[str]:
    """What a folder holds, in order; nothing where it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def same_file(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
