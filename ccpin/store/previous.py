"""What a lock said before: a small stack for each lock that was changed here, for `ccpin rollback`.

One file per lock, `<hash of its path>.json`, mode 0600: a list, the oldest first, of

    text     the lock's whole text as it was
    sha256   64 hex digits: the release part of the text that replaced it

The release part alone (`release_id`), so that flags which were changed in between do not hide the way back. Nothing
here is ever a reason to fail: a file that cannot be read counts as empty, and one that cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass, replace
from typing import Any

from ccpin.checkpoints import checkpoint
from ccpin.files import make_folder, replace_file
from ccpin.paths import Home
from ccpin.pinning.find import read_plain
from ccpin.pinning.head import MAX_BYTES
from ccpin.pinning.lock import Lock, render

MOST = 20
"""How many texts are kept of one lock."""
_MOST_BYTES = MOST * (MAX_BYTES * 6 + 200)  # JSON may write a byte as \\u0000


@dataclass(frozen=True)
class Previous:
    """A text that a lock had, and the `release_id` of what replaced it."""

    text: str
    sha256: str


def release_id(lock: Lock) -> str:
    """64 hex digits over the release part of a lock: all that it says but its flags, and what they make it send."""
    return hashlib.sha256(render(replace(lock, env={}, clean=False, proof=None)).encode()).hexdigest()


def previous(home: Home, path: str) -> list[Previous]:
    """What the lock at `path` (absolute) said before, the oldest first."""
    try:
        found: Any = json.loads(read_plain(_record(home, path), _MOST_BYTES))
        entries = [Previous(entry["text"], entry["sha256"]) for entry in found]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return []
    return [entry for entry in entries if isinstance(entry.text, str) and isinstance(entry.sha256, str)]


def push(home: Home, path: str, text: str, new: Lock) -> None:
    """Notes that the lock at `path` said `text` until `new` took its place."""
    entries, entry = previous(home, path), Previous(text, release_id(new))
    if entries[-1:] != [entry]:  # noted already, by a process that was killed before it wrote the lock
        keep(home, path, [*entries, entry])


def keep(home: Home, path: str, entries: list[Previous]) -> None:
    """Makes these the record of the lock at `path`: the newest of them."""
    said = [{"text": entry.text, "sha256": entry.sha256} for entry in entries[-MOST:]]
    with contextlib.suppress(OSError):
        make_folder(home.previous)
        replace_file(_record(home, path), json.dumps(said, indent=1).encode() + b"\n", 0o600)
        checkpoint("lock: previous kept")


def _record(home: Home, path: str) -> str:
    return os.path.join(home.previous, hashlib.sha256(os.fsencode(path)).hexdigest()[:24] + ".json")
