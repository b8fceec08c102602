"""A terminal for a program that wants one: `python -I terminal.py ENOUGH SECONDS COMMAND…`.

Nobody types there. The program lives until a file ENOUGH is there, and for SECONDS at most; what it writes is
written on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

_TICK = 0.1  # seconds
_SIZE = struct.pack("4H", 40, 120, 0, 0)  # rows and columns


def main(enough: str, seconds: float, command: list[str]) -> None:
    pid, terminal = pty.fork()
    if not pid:
        os.environ["TERM"] = "xterm-256color"
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, _SIZE)
    end = time.monotonic() + seconds
    while _pass_on(terminal) and time.monotonic() < end and not os.path.exists(enough):
        pass
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _pass_on(terminal: int) -> bool:
    """Whether there may be more to come."""
    if not select.select([terminal], [], [], _TICK)[0]:
        return True
    try:
        said = os.read(terminal, 65536)
    except OSError:  # EIO: nobody has it open any more
        return False
    os.write(1, said)
    return bool(said)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
