"""A command that is run with `claude` being one release under certain flags, whatever is pinned where it runs.

`claude` is a script in a folder of its own, first on PATH: it starts what `candidate.lock` beside it names, by
`ccpin exec --lock`. Whatever the command starts inherits that PATH; where a shell's start-up files put ccpin's own
shim before it, CCPIN_VERSION leads there to the same release.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ccpin.errors import BisectAborted, CommandNotStarted, NotSetUp, StoreUnwritable
from ccpin.files import replace_file
from ccpin.launching.bisectlog import Seen
from ccpin.launching.candidate import candidate_text
from ccpin.launching.environment import EVIDENCE
from ccpin.launching.shims import quote_sh, require_python
from ccpin.paths import Home
from ccpin.pinning.head import Head

_SKIP = 125
_PATIENCE = 3  # seconds for a command that is broken off
_NOT_PASSED = frozenset({"CCPIN_DISABLE", *EVIDENCE})  # of a session that this was started in
_ABORT = 128  # and all above: as for `git bisect run`


class Trial:
    """Runs `command` in the folder `cwd`, with `claude` in `folder`, a bisection's. Raises NotSetUp."""

    def __init__(
        self, command: Sequence[str], cwd: str, env: Mapping[str, str], home: Home, folder: str, python: str
    ) -> None:
        self._command = list(command)
        self._cwd = cwd
        self._env = {name: value for name, value in env.items() if name not in _NOT_PASSED}
        self._lock = os.path.join(folder, "candidate.lock")
        self._shims = os.path.join(folder, "shims")
        if os.pathsep in self._shims:
            where = f"{self._shims} holds a `{os.pathsep}`, at which PATH is split"
            raise NotSetUp(reason=f"no folder of ccpin's can stand on PATH: {where}; set CCPIN_HOME to another one")
        self._script = [require_python(python), "-I", "-m", "ccpin", "exec", "--home", home.root, "--lock", self._lock]

    def run(self, head: Head) -> Seen:
        """Whether it fails. Raises BisectAborted, CommandNotStarted, StoreUnwritable."""
        self._set_up(head)
        path = os.pathsep.join(filter(None, (self._shims, self._env.get("PATH") or os.defpath)))
        env = {**self._env, "PATH": path, "CCPIN_VERSION": head.version}
        command = list(self._command)
        if sys.platform == "win32":
            command[0] = shutil.which(command[0], path=path) or command[0]
        try:  # stdout is for the result
            process = subprocess.Popen(command, cwd=self._cwd, env=env, stdin=subprocess.DEVNULL, stdout=2)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            if not os.path.isdir(self._cwd):
                reason = f"the folder where it ran is gone, {self._cwd}"
            raise CommandNotStarted(command=command[0], reason=reason) from None
        return judged(_ended(process), head.version)

    def _set_up(self, head: Head) -> None:
        try:
            os.makedirs(self._shims, 0o700, exist_ok=True)
            replace_file(self._lock, candidate_text(head).encode(), 0o600)
            if sys.platform == "win32":
                words = subprocess.list2cmdline(self._script).replace("%", "%%")
                replace_file(os.path.join(self._shims, "claude.cmd"), f"@{words} -- %*\r\n".encode(), 0o700)
            else:
                replace_file(os.path.join(self._shims, "claude"), _script(self._script).encode(), 0o700)
        except OSError as error:
            raise StoreUnwritable(path=self._shims, reason=(error.strerror or "unknown reason").lower()) from None


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Its exit code. Broken off, it gets the time to put back what it did: a terminal's Ctrl-C has reached it too, of
    SIGTERM it is told."""
    try:
        return process.wait()
    except BaseException as error:
        try:
            if not isinstance(error, KeyboardInterrupt):
                process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
        finally:  # after a second Ctrl-C, too
            process.kill()
            process.wait()
        raise


def judged(code: int, version: str) -> Seen:
    """What an exit code says (negative for a signal): 0 that it does not fail, 125 that it cannot be told, 128 and more
    that nothing is to be tried any more. Raises BisectAborted."""
    if code < 0:
        raise BisectAborted(how=_signal(-code), version=version)
    if code >= _ABORT:
        raise BisectAborted(how=f"exit code {code}", version=version)
    return Seen(None if code == _SKIP else code != 0, f"exit code {code}")


def _script(words: Sequence[str]) -> str:
    """The line that assigns is how a `claude` on PATH is known as one of ccpin's (launching/launch.py)."""
    return f'#!/bin/sh\nccpin_python={quote_sh(words[0])}\nexec {shlex.join(words)} -- "$@"\n'


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
