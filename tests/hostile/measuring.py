"""A command in a process of its own: how it ended, its peak of memory and its time.

Whoever starts a process hands its own peak on to it, for Linux counts from before the exec. So a small interpreter
stands between, which starts the command and asks the system about it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fakes.box import Box

PATIENCE = 60  # seconds; then it is killed, with all that it started

_BETWEEN = """\
import json, os, sys, time
report, *argv = sys.argv[1:]
began = time.monotonic()
_, status, usage = os.wait4(os.posix_spawn(argv[0], argv, os.environ), 0)
unit = 1 if sys.platform == "darwin" else 1024
with open(report, "w") as file:
    spent = usage.ru_utime + usage.ru_stime
    json.dump([os.waitstatus_to_exitcode(status), usage.ru_maxrss * unit, time.monotonic() - began, spent], file)
"""


@dataclasses.dataclass(frozen=True)
class Measured:
    """How a command ended. `memory` is in bytes, `seconds` by the clock, `spent` are seconds of a processor."""

    code: int
    out: str
    err: str
    memory: int
    seconds: float
    spent: float

    @property
    def error(self) -> dict[str, str]:
        """The first error of its JSON."""
        found: dict[str, str] = json.loads(self.out)["errors"][0]
        return found


def measured(box: Box, *args: str) -> Measured:
    """`ccpin args…` in the project."""
    report = box.temp / "measured.json"
    argv: Sequence[str | Path] = [sys.executable, "-ISc", _BETWEEN, report, *box.ccpin_argv(*args)]
    with box.start(argv) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise AssertionError(f"{args} did not end in {PATIENCE} seconds") from None
    code, memory, seconds, spent = json.loads(report.read_text())
    report.unlink()
    return Measured(code, out, err, memory, seconds, spent)
