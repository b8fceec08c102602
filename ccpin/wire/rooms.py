"""The homes and working folders that captured releases start in: empty ones, for the oldest releases prepared ones.

A release before 1.0.51 asks in a new home for a theme, a key and trust before it answers `-p`. Measured: 0.2.9 and
0.2.35 wait for a terminal that is not there; with the answers in their state file they send their request. 1.0.51 and
later need nothing.

A release also reads what stands above its working folder, up to the root. Measured: 2.1.330 starts the servers of an
`.mcp.json` there without a question, and puts CLAUDE.md, agents, skills and rules into its request; 2.0.14 has git look
at a repository there. So nothing of that may stand above, and nobody else should be able to put it there: in `/tmp`
everybody is.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence

from ccpin.errors import ReadAbove
from ccpin.pinning.head import version_key
from ccpin.wire.run import DUMMY_KEY

_ANSWERS_BY_ITSELF = (1, 0, 51)


def furnish(version: str, home: str, cwd: str) -> None:
    """Puts into `home` what `version` needs to answer headlessly in `cwd`; both are there. Raises OSError."""
    if version_key(version) >= _ANSWERS_BY_ITSELF:
        return
    state = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "primaryApiKey": DUMMY_KEY,
        "customApiKeyResponses": {"approved": [DUMMY_KEY[-20:]], "rejected": []},
        "projects": {cwd: {"hasTrustDialogAccepted": True}},
    }
    with open(os.path.join(home, ".claude.json"), "w", encoding="utf-8") as file:
        json.dump(state, file)


_READ_ABOVE = (".claude", ".git", ".mcp.json", "AGENTS.md", "CLAUDE.local.md", "CLAUDE.md")


def places() -> list[str]:
    """Where working folders may be made, the user's choice first."""
    if os.name != "posix":
        return [tempfile.gettempdir()]
    user = os.geteuid()
    own = "/run" if user == 0 else f"/run/user/{user}"  # a tmpfs, where there is systemd or root
    return [tempfile.gettempdir(), own]


def place(candidates: Sequence[str]) -> str:
    """The first of some folders for a working folder that only this user can put something above, else the first
    above which nothing stands that a release would read. Raises ReadAbove."""
    there = [os.path.realpath(path) for path in candidates if os.access(path, os.W_OK | os.X_OK)]
    clean = [path for path in there if read_above(path) is None]
    if not clean:
        first = there[0] if there else os.path.realpath(candidates[0])
        raise ReadAbove(what=read_above(first) or first, path=first)
    return next(filter(_is_own, clean), clean[0])


def require_nothing_above(path: str) -> None:
    """Raises ReadAbove, where somebody has put something there meanwhile."""
    if found := read_above(path):
        raise ReadAbove(what=found, path=path)


def read_above(path: str) -> str | None:
    """What stands in `path` (absolute, without links) or above it that a release started below would read."""
    for folder in _upward(path):
        for name in _READ_ABOVE:
            if os.path.lexists(found := os.path.join(folder, name)):
                return found
    return None


def _is_own(path: str) -> bool:
    """Whether nobody but this user and root can write into `path` or a folder above it."""
    for folder in _upward(path):
        found = os.stat(folder)
        if found.st_uid not in (0, os.geteuid()) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return False
    return True


def _upward(path: str) -> Iterator[str]:
    while True:
        yield path
        parent = os.path.dirname(path)
        if parent == path:
            return
        path = parent
