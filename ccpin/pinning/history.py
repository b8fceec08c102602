"""What git has of a lock: the texts that were committed, the newest first."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ccpin.errors import NoPrevious
from ccpin.pinning.git import Git
from ccpin.pinning.write import checkout

MOST_COMMITS = 200


@dataclass(frozen=True)
class Committed:
    """A lock's bytes as a commit (its full id) has them."""

    commit: str
    data: bytes


@dataclass(frozen=True)
class Dated:
    """What the current branch had of a lock from `when` on (seconds, as the commit says): its bytes, or None where
    there was none, or no file of a lock's size."""

    when: int
    data: bytes | None


def committed(path: str, env: Mapping[str, str]) -> list[Committed]:
    """The lock at `path` (absolute) as the last commits that changed it have it, the newest first. What is no file, or
    too large for a lock, is left out.

    Raises NoPrevious where there is no git, or nothing in it.
    """
    git, name = _repository(path, env)
    commits = git.ask("rev-list", f"--max-count={MOST_COMMITS}", "HEAD", "--", name).decode("ascii", "replace").split()
    held = _held(git, commits, name)
    return [Committed(c, data) for c, data in zip(commits, held, strict=True) if data is not None]


def dated(path: str, env: Mapping[str, str]) -> list[Dated]:
    """The lock at `path` (absolute; it may be gone by now) through the last MOST_COMMITS commits of the current branch
    that changed it, the oldest first; a merge counts as one commit, at its own time. Raises NoPrevious.
    """
    git, name = _repository(path, env)
    words = ("--first-parent", "--timestamp", f"--max-count={MOST_COMMITS}", "HEAD", "--", name)
    said = git.ask("rev-list", *words).decode("ascii", "replace").split()
    times, commits = said[::2], said[1::2]
    held = _held(git, commits, name)
    return [Dated(int(when), data) for when, data in zip(times, held, strict=True)][::-1]


def _repository(path: str, env: Mapping[str, str]) -> tuple[Git, str]:
    folder, name = os.path.split(os.path.realpath(path))
    root = checkout(folder)
    if root is None:
        raise NoPrevious(reason="ccpin has not changed it here, and it is in no git checkout")
    return Git(folder, root, env), name


def _held(git: Git, commits: Sequence[str], name: str) -> list[bytes | None]:
    """The file's bytes in each of the commits. Raises NoPrevious where there are none."""
    if not commits or "\n" in name:
        raise NoPrevious(reason="ccpin has not changed it here, and no commit holds it")
    blobs = git.small_blobs([f"{commit}:./{name}" for commit in commits])
    contents = git.contents(list(dict.fromkeys(filter(None, blobs))))
    return [contents.get(blob or "") for blob in blobs]
