"""The process whose children run ccpin (see forks.py): a line of JSON in, what a child is to do; its exit code out."""

from __future__ import annotations

import builtins
import errno
import gc
import importlib
import json
import os
import pkgutil
import shutil
import signal
import sys
from collections.abc import Callable
from typing import Any

import psutil

psutil.process_iter = list  # type: ignore[assignment]  # what else runs on this machine is no part of a scene

import ccpin  # noqa: E402
from ccpin import checkpoints  # noqa: E402
from ccpin.__main__ import main  # noqa: E402


class Noted(str):
    """Equal to what a string is equal to, and writes down with what it was compared."""

    log: str

    __hash__ = str.__hash__

    def __eq__(self, name: object) -> bool:
        with open(self.log, "a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        return str.__eq__(self, name)


def become(asked: dict[str, Any]) -> None:
    """Makes this process one that somebody started to run ccpin."""
    signal.alarm(asked["longest"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in ((1, asked["out"]), (2, asked["err"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv[1:] = asked["args"]
    checkpoints._NAME, checkpoints._PASS = asked["at"], str(asked["number"])
    if asked["log"]:
        checkpoints._NAME = noted = Noted(asked["at"])
        noted.log = asked["log"]
    if asked["steps"]:
        Disk(asked["steps"], asked["number"], asked["act"]).take_over()
    elif asked["act"]:
        checkpoints._SIGKILL = getattr(signal, asked["act"])
    if asked["roomy"]:
        shutil.disk_usage = lambda path: _Usage()  # type: ignore[assignment,return-value]


class _Usage:
    """Room for anything: so says a disk whose quota, or whose last bytes, somebody else uses up."""

    free = 1 << 50


class Disk:
    """Writes down what is changed, a line for each step; the nth fails instead."""

    def __init__(self, steps: str, number: int, error: str) -> None:
        self._steps, self._number, self._error = steps, number, getattr(errno, error or "ENOSPC")
        self._open, self._os_open = builtins.open, os.open
        self._count = 0

    def take_over(self) -> None:
        system: Any = os
        for name, at in (("mkdir", 0), ("fsync", 0), ("write", 0), ("rename", 1), ("replace", 1), ("link", 1)):
            setattr(system, name, self._stepping(name, getattr(os, name), at))
        system.symlink = self._stepping("symlink", os.symlink, 1)
        system.open, system.fdopen = self.open_descriptor, self.open_file
        builtins.open = self.open_file  # type: ignore[assignment]

    def step(self, what: str, path: Any) -> None:
        if isinstance(path, int):
            link = f"/proc/self/fd/{path}"
            path = os.readlink(link) if os.path.exists(link) else "?"
        if str(path).startswith("/dev/"):
            return
        self._count += 1
        with self._open(self._steps, "a", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f"{what} {os.path.basename(path)}\n")
        if self._count == self._number:
            raise OSError(self._error, os.strerror(self._error), path)

    def _stepping(self, name: str, real: Callable[..., Any], at: int) -> Callable[..., Any]:
        def act(*args: Any, **options: Any) -> Any:
            self.step(name, args[at])
            return real(*args, **options)

        return act

    def open_descriptor(self, path: Any, flags: int, *args: Any, **options: Any) -> int:
        if flags & os.O_CREAT and not os.path.lexists(path):
            self.step("create", path)
        return self._os_open(path, flags, *args, **options)

    def open_file(self, path: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not set(mode) & set("wxa+"):
            return self._open(path, mode, *args, **options)
        if not isinstance(path, int) and not os.path.lexists(path):
            self.step("create", path)
        return Written(self._open(path, mode, *args, **options), path, self.step)


class Written:
    """A file that is written to, step by step."""

    def __init__(self, file: Any, path: Any, step: Callable[[str, Any], None]) -> None:
        self._file, self._path, self._step = file, path, step

    def write(self, data: Any) -> Any:
        self._step("write", self._path)
        return self._file.write(data)

    def __enter__(self) -> Written:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


if __name__ == "__main__":
    for module in pkgutil.walk_packages(ccpin.__path__, "ccpin."):
        importlib.import_module(module.name)
    gc.freeze()
    os.fsync = os.fstat  # type: ignore[assignment]  # no machine loses its power here
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            become(json.loads(line))
            main()
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
