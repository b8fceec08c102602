"""What git has of a lock: the texts that were committed, the newest first.

A clone's own configuration may name programs (a pager, a monitor, a signature checker, a transport for objects that
are missing), and it may come from somebody else, with the clone. So only plumbing is called, which starts none of them
by itself, with what it could start switched off besides; it writes nothing, asks no network, and has its time and its
size limited.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ccpin.errors import NoPrevious
from ccpin.pinning.head import MAX_BYTES
from ccpin.pinning.write import checkout

MOST_COMMITS = 200
_SECONDS = 20

_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_SYSTEM", "GIT_EXEC_PATH")
"""The user's own choices. Other names of git's would lead it elsewhere, or were set for another repository: within a
hook, GIT_DIR is."""

_OVER_CONFIG = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=false",
    "credential.helper=",
    "gpg.program=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",  # a folder that is laid out as one is no repository
)
_ENV = {
    "GIT_ALLOW_PROTOCOL": "none",  # a list of what is allowed; it goes before the configuration's `protocol.*`
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


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


def _repository(path: str, env: Mapping[str, str]) -> tuple[_Git, str]:
    folder, name = os.path.split(os.path.realpath(path))
    root = checkout(folder)
    if root is None:
        raise NoPrevious(reason="ccpin has not changed it here, and it is in no git checkout")
    return _Git(_program(env), folder, root, env), name


def _held(git: _Git, commits: Sequence[str], name: str) -> list[bytes | None]:
    """The file's bytes in each of the commits. Raises NoPrevious where there are none."""
    if not commits or "\n" in name:
        raise NoPrevious(reason="ccpin has not changed it here, and no commit holds it")
    blobs = git.small_blobs([f"{commit}:./{name}" for commit in commits])
    contents = git.contents(list(dict.fromkeys(filter(None, blobs))))
    return [contents.get(blob or "") for blob in blobs]


class _Git:
    """One program, asked about one folder of a checkout."""

    def __init__(self, program: str, folder: str, root: str, env: Mapping[str, str]) -> None:
        over = [word for pair in _OVER_CONFIG for word in ("-c", pair)]
        self._command = [program, "--no-pager", *over, "-C", folder]
        own = {name: value for name, value in env.items() if not name.startswith("GIT_") or name in _KEPT}
        self._env = {**own, **_ENV, "PATH": _absolute(env), "GIT_CEILING_DIRECTORIES": os.path.dirname(root)}

    def ask(self, *words: str, given: bytes = b"") -> bytes:
        """What git answers; what it has said so far where it takes too long. Raises NoPrevious."""
        try:
            done = subprocess.run(
                [*self._command, *words],
                input=given,
                env=self._env,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            said = error.stdout or b""
            if not said:
                raise NoPrevious(reason=f"git has not answered within {_SECONDS} seconds") from None
            return said[: said.rfind(b"\n") + 1]
        except OSError as error:
            raise NoPrevious(reason=f"git cannot be started: {(error.strerror or 'unknown reason').lower()}") from None
        if done.returncode:
            first = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            reason = f"ccpin has not changed it here, and git says `{first[:200]}`"
            raise NoPrevious(reason=reason)
        return done.stdout

    def small_blobs(self, names: Sequence[str]) -> list[str | None]:
        """The ids of the files of those names; None for what is no file, too large, or missing."""
        asked = "".join(name + "\n" for name in names).encode("utf-8", "surrogateescape")
        said = self.ask("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", given=asked)
        found: list[str | None] = []
        for line in said.decode("utf-8", "replace").splitlines():
            words = line.split(" ")
            fits = len(words) == 3 and words[1] == "blob" and words[2].isdecimal() and int(words[2]) <= MAX_BYTES
            found.append(words[0] if fits else None)
        return [*found, *[None] * len(names)][: len(names)]

    def contents(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """Id -> bytes."""
        said = self.ask("cat-file", "--batch", given="".join(blob + "\n" for blob in blobs).encode())
        return dict(_batch(said))


def _batch(said: bytes) -> Iterator[tuple[str, bytes]]:
    """The objects in an answer of `cat-file --batch`: `<id> blob <size>`, the bytes, and a line end, each."""
    at = 0
    while (end := said.find(b"\n", at)) >= 0:
        words = said[at:end].split(b" ")
        at = end + 1
        if len(words) == 3 and words[2].isdigit():
            size = int(words[2])
            if at + size <= len(said):
                yield words[0].decode("ascii", "replace"), said[at : at + size]
            at += size + 1


def _program(env: Mapping[str, str]) -> str:
    """git, from PATH's absolute folders: what lies in the current one is a clone's."""
    name = "git.exe" if sys.platform == "win32" else "git"
    for folder in _absolute(env).split(os.pathsep):
        candidate = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(candidate) and os.access(candidate, os.X_OK):
            return candidate
    raise NoPrevious(reason="ccpin has not changed it here, and git is not on PATH")


def _absolute(env: Mapping[str, str]) -> str:
    """PATH without its relative entries, for git and what git may look for there: it works in the clone's folder."""
    return os.pathsep.join(folder for folder in env.get("PATH", "").split(os.pathsep) if os.path.isabs(folder))
