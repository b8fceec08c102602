"""The process between the runner and a release: it shuts the network off, and it leaves no process behind.

Run as a script, `python -I -S inside.py FD isolate|open COUNT`, so it imports nothing of ccpin's. FD is a Unix socket:

    it sends     {"isolation": HOW}       with COUNT listening sockets on 127.0.0.1 attached
             or  {"failed": REASON}       and ends: no namespace can be made here
    it receives  {"argv": […], "env": {…}, "cwd": PATH, "terminal": PATH or null}
    it sends     {"exit": CODE}           once everything that was started is dead
             or  {"errno": N, "reason": TEXT}

A terminal takes the place of the three streams that the command would inherit, and signals the command's group.

When the socket is closed, it kills all it started. The sockets belong to the namespace in which they were made, so
the runner serves in this namespace without being in it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

_NEWUSER, _NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # linux/sockios.h, linux/if.h
_CHILD_SUBREAPER = 36  # linux/prctl.h
_TICK = 0.02  # seconds
_PATIENCE = 5  # seconds for the killed to be gone


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    try:
        isolation = _isolate() if sys.argv[2] == "isolate" else ""
    except OSError as error:
        _send(control, {"failed": error.strerror or str(error)})
        return
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=128) for _ in range(int(sys.argv[3]))]
    socket.send_fds(control, [_line({"isolation": isolation})], [listener.fileno() for listener in listeners])
    for listener in listeners:
        listener.close()
    with control.makefile("rb") as reader:
        order = reader.readline()
    if order:
        _send(control, _run(json.loads(order), control))


def _isolate() -> str:
    """Into a network namespace of its own, with loopback. Raises OSError."""
    if not sys.platform.startswith("linux"):
        raise OSError(f"{sys.platform} has no network namespaces")
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    how = "network namespace"
    if libc.unshare(_NEWNET):
        how = "user and network namespace"
        if libc.unshare(_NEWUSER | _NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{user} {user} 1"),
            ("gid_map", f"{group} {group} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        found = fcntl.ioctl(asking, _GET_FLAGS, struct.pack("16sH22x", b"lo", 0))
        (flags,) = struct.unpack("16xH22x", found)
        fcntl.ioctl(asking, _SET_FLAGS, struct.pack("16sH22x", b"lo", flags | _UP))
    return how


def _run(order: dict[str, object], control: socket.socket) -> dict[str, object]:
    if sys.platform.startswith("linux"):  # those whose parent is gone become children of this process
        ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    streams = {}
    try:
        if order["terminal"]:
            side = os.open(str(order["terminal"]), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            streams = {"stdin": side, "stdout": side, "stderr": side, "preexec_fn": _take_terminal}
        child = subprocess.Popen(  # type: ignore[call-overload]
            order["argv"], env=order["env"], cwd=order["cwd"], start_new_session=True, **streams
        )
    except OSError as error:
        return {"errno": error.errno, "reason": error.strerror}
    code = _wait(child.pid, control)
    _kill_group(child.pid)
    if code is None:
        code = _reap(child.pid)
    _kill_the_rest()
    return {"exit": code}


def _take_terminal() -> None:
    """In the child, which leads a session without a terminal by now."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _wait(pid: int, control: socket.socket) -> int | None:
    """The exit code, negative for a signal; None when the runner lost its interest."""
    while not select.select([control], [], [], _TICK)[0]:
        with contextlib.suppress(ChildProcessError):
            found, status = os.waitpid(-1, os.WNOHANG)
            if found == pid:
                return os.waitstatus_to_exitcode(status)
    return None


def _reap(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _kill_the_rest() -> None:
    """Whatever left the group: each one killed hands its children to this process, until there are none."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(_TICK / 4)
        except ChildProcessError:
            return


def _children() -> list[int]:
    me = os.getpid()
    found = []
    for name in os.listdir("/proc") if sys.platform.startswith("linux") else []:
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{int(name)}/stat", encoding="latin-1") as file:
            if int(file.read().rpartition(")")[2].split()[1]) == me:
                found.append(int(name))
    return found


def _line(message: dict[str, object]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _send(control: socket.socket, message: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # the runner is gone
        control.sendall(_line(message))


if __name__ == "__main__":
    main()
