"""git, asked about a checkout that may come from somebody else, with its configuration.

That may name programs (a pager, a monitor, a signature checker, a transport for objects that are missing). So only
plumbing is called, which starts none of them by itself, with what it could start switched off besides; it writes
nothing, asks no network, and has its time and its size limited.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence

from ccpin.errors import NoPrevious
from ccpin.pinning.head import MAX_BYTES

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


class Git:
    """One program, asked about one folder of the checkout at `root`."""

    def __init__(self, folder: str, root: str, env: Mapping[str, str]) -> None:
        """Raises NoPrevious where there is no git."""
        over = [word for pair in _OVER_CONFIG for word in ("-c", pair)]
        self._command = [_program(env), "--no-pager", *over, "-C", folder]
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

    def ignores(self, path: str) -> bool:
        """Whether a path is left out of commits; what is tracked is not. No answer is none."""
        try:
            self.ask("--no-literal-pathspecs", "check-ignore", "-q", "--", path)
        except NoPrevious:
            return False
        return True

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
