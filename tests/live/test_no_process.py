"""With a real release too, the shim is one process that becomes Claude Code. strace is the witness."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.live.machine import JAVASCRIPT, NATIVE, Environment, User, answer, require, run

pytestmark = pytest.mark.live

CALLS = "trace=clone,clone3,fork,vfork,execve,execveat,open,openat,openat2,creat"


_EXECVE = re.compile(r"execve\((.*\]), 0x[0-9a-f]+ /\* \d+ vars \*/\) = 0$")


@pytest.mark.parametrize("version", [JAVASCRIPT, NATIVE])
def test_the_shim_starts_no_process_and_writes_nothing(user: User, env: Environment, version: str) -> None:
    strace = require("strace", env)
    project = user.project()
    user.ccpin("use", version, cwd=project).ok()
    shim, log = user.layout.shim(), user.root / "strace.log"
    traced = [strace, "-f", "-qq", "-s", "4096", "-e", "signal=none", "-e", CALLS, "-o", str(log), shim, "--version"]
    assert run(traced, project, user.bare, isolated=True).ok().out == answer(version)

    calls = log.read_text(errors="replace").splitlines()
    executed = [(at, found[1]) for at, line in enumerate(calls) if (found := _EXECVE.search(line))]
    becomes = _becomes(user, project, version)
    assert [arguments for _, arguments in executed[:2]] == [_exec([shim, "--version"]), _exec([*becomes, "--version"])]

    before = "\n".join(calls[: executed[1][0]]).replace('"/dev/tty", O_RDWR', "")  # bash looks for a terminal
    assert not re.findall(r"clone|fork\(|O_WRONLY|O_RDWR|O_CREAT|creat\(", before), before


def _becomes(user: User, project: Path, version: str) -> list[str]:
    """What the shim has to turn into."""
    which = Path(user.ccpin("which", cwd=project).ok().out.strip())
    if version == NATIVE:
        return [str(which)]
    return [f"{user.tools}/node", str(which.parent.parent / "claude")]  # a link to package/cli.js


def _exec(argv: list[str]) -> str:
    """As strace writes it."""
    return f'"{argv[0]}", [{", ".join(map(json.dumps, argv))}]'
