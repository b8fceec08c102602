"""Processes that use a store: small ones that sleep, started from it, and ended by their number."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

SLEEP = {"FAKE_SLEEP": "60", "PATH": "/usr/bin:/bin"}


@contextlib.contextmanager
def running(
    argv: Sequence[str | Path],
    env: Mapping[str, str] = SLEEP,
    cwd: str | Path | None = None,
    executable: str | Path | None = None,
    **options: Any,
) -> Iterator[subprocess.Popen[str]]:
    """A process that has said its first line, or has been given one to repeat."""
    process = subprocess.Popen(
        [str(word) for word in argv],
        env=dict(env),
        cwd=cwd,
        executable=None if executable is None else str(executable),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        assert process.stdin
        assert process.stdout
        if executable is not None:
            process.stdin.write("hello\n")
            process.stdin.flush()
        assert process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


@contextlib.contextmanager
def untold(folder: Path, name: str = "node", cwd: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """What a JavaScript release looks like that has given its process a title: a `node` whose command line says
    `claude` and no more."""
    program = folder / name
    shutil.copy(shutil.which("cat") or "/bin/cat", program)
    with running(["claude"], executable=program, cwd=cwd) as process:
        yield process


def open_to_all(path: Path) -> None:
    """pytest closes its folders to other users."""
    for place in (path, *path.parents):
        if place.stat().st_uid == os.geteuid() and not place.stat().st_mode & 0o001:
            place.chmod(place.stat().st_mode | 0o011)
