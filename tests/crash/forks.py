"""Runs ccpin a thousand times: in children of one process that has imported all of it, each a tenth of a start.

A child is a process like any other: it has its own environment, folder, files and end, and `kill -9` ends it where it
stands. What it does not do is to import; so each scene is killed once the long way, too.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fakes.box import Box, Completed

_LONGEST = 60  # seconds after which a child is ended by SIGALRM

_PARENT = Path(__file__).with_name("parent.py")


class Forks:
    """ccpin in `box`, run often. Close it at the end. `before` are words that go before the command which starts it:
    `unshare --mount`."""

    def __init__(self, box: Box, before: Sequence[str] = ()) -> None:
        self._box = box
        self._out, self._err = box.root / "out", box.root / "err"
        argv = [*before, box.ccpin_argv()[0], str(_PARENT)]
        self._parent = subprocess.Popen(
            argv, env=box.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self,
        args: Sequence[str],
        env: Mapping[str, str],
        *,
        at: str = "",
        number: int = 1,
        act: str = "",
        log: Path | None = None,
        steps: Path | None = None,
        roomy: bool = False,
    ) -> Completed:
        """`ccpin args…`. Where it comes to the point `at` for the nth time it gets a signal, SIGKILL or that named by
        `act`; each point that it comes to is written down in `log`.

        With `steps`, each change of a disk is written down there, and the nth fails by the error `act` (`ENOSPC`). With
        `roomy` there seems to be room for anything.
        """
        asked = {
            "args": list(args),
            "env": self._box.environment(env),
            "cwd": str(self._box.project),
            "out": str(self._out),
            "err": str(self._err),
            "at": at,
            "number": number,
            "act": act,
            "log": os.fspath(log) if log else "",
            "roomy": roomy,
            "steps": os.fspath(steps) if steps else "",
            "longest": _LONGEST,
        }
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        code = self._parent.stdout.readline()
        assert code, "the parent of all is gone"
        texts = (path.read_text(encoding="utf-8", errors="surrogateescape") for path in (self._out, self._err))
        return Completed(int(code), *texts)

    @property
    def pid(self) -> int:
        return self._parent.pid

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._parent.communicate(timeout=_LONGEST)
        self._parent.kill()
