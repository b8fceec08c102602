"""Which processes use a store just now: what runs from it, what has a file of it open, what stands in a folder of it.

As far as the system tells. Of another user's process Linux tells the command line and no more; of one in another
container, or on another machine that shares the disk, nothing. What may be Claude Code and does not tell what it runs
counts as running anything.

A JavaScript release gives its process the title `claude` (read in 1.0.51 to 2.1.112), and with that its command line is
gone: nothing tells any more which release a `node` of that title runs. So each of them may run any of the JavaScript
releases that have no Node.js of their own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import psutil

from ccpin.errors import ProcessesUnseen
from ccpin.paths import Home
from ccpin.store.entry import COMMAND, NODE

_TITLE = "claude"
_NODE = ("node", "bun")  # how the name of a program begins that runs JavaScript
_MAY_BE = ("claude", *_NODE)  # how the name of a process begins that may be Claude Code
_DELETED = " (deleted)"  # what Linux writes behind the name of a file that is gone
_RUNS = "runs it"
_Failures = (psutil.Error, OSError, ValueError)


class Process(NamedTuple):
    """A process, and what it does with something: `process 12 (claude) runs it`."""

    pid: int
    name: str
    does: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.name}) {self.does}"


class Live(NamedTuple):
    """What was seen in one look: real paths with who uses them, who may run any JavaScript release, who may run any
    release, and how many processes did not even tell their names."""

    uses: tuple[tuple[str, Process], ...] = ()
    untold: tuple[Process, ...] = ()
    hidden: tuple[Process, ...] = ()
    nameless: int = 0

    def users(self, *places: str) -> list[Process]:
        """The processes that use one of these folders or files, or what is below, each once, by number."""
        real = {os.path.realpath(place) for place in places}
        found = {
            process.pid: process
            for path, process in reversed(self.uses)  # the first thing that was seen is the one to be told
            if any(path == place or path.startswith(place + os.sep) for place in real)
        }
        return [found[pid] for pid in sorted(found)]


def look(home: Home, processes: Callable[[], Iterable[Any]] | None = None) -> Live:
    """Looks at all processes but this one, else at those of `processes`. Each tells what it tells. Raises
    ProcessesUnseen."""
    places = _Places(home)
    uses: list[tuple[str, Process]] = []
    untold, hidden, nameless = [], [], 0
    for process in _listed(processes or psutil.process_iter):
        if process.pid == os.getpid():
            continue
        told = _Told(process)
        found = [(path, Process(told.pid, told.name, does)) for does, path in told.paths(places)]
        uses += found
        if told.is_gone or any(process.does == _RUNS for _, process in found):
            continue
        if told.hides_all:
            hidden.append(Process(told.pid, told.name, "may run it: it may not be asked what it runs"))
        elif told.hides_script:
            untold.append(Process(told.pid, told.name, "may run it: it hides its command line"))
        nameless += told.is_nameless
    return Live(tuple(uses), tuple(untold), tuple(hidden), nameless)


def _listed(processes: Callable[[], Iterable[Any]]) -> list[Any]:
    try:
        return list(processes())
    except _Failures as error:  # no /proc, or a sandbox
        raise ProcessesUnseen(reason=getattr(error, "strerror", None) or str(error) or type(error).__name__) from None


class _Places:
    """The folders whose use counts."""

    def __init__(self, home: Home) -> None:
        self._written = [home.releases, home.settings]
        self._real = [os.path.realpath(path) for path in self._written]
        self._programs = _programs(self._real[0]) if sys.platform == "linux" else {}

    def real(self, path: str) -> str | None:
        """The real path of what lies in one of them; None for all others."""
        path = path.removesuffix(_DELETED)
        return path if any(path.startswith(place + os.sep) for place in self._real) else None

    def run_by(self, pid: int) -> list[str]:
        """The real paths of the program that a process runs which sees the store under another path, in a container,
        say. A file may have several."""
        if not self._programs:
            return []
        try:
            status = os.stat(f"/proc/{pid}/exe")
        except OSError:
            return []
        return self._programs.get((status.st_dev, status.st_ino), [])

    def in_words(self, words: list[str], cwd: str | None) -> Iterator[str]:
        """What a command line names: a path by itself, behind `--option=`, or somewhere in a script of `sh -c`."""
        for word in words:
            for place, real in zip(self._written, self._real, strict=True):
                for spelt in {place, real}:
                    at = word.find(spelt + os.sep)
                    if at >= 0:  # a script may go on behind it: the folder of the install is what matters
                        rest = word[at + len(spelt) + 1 :].split(os.sep)
                        yield os.path.join(real, *(part.strip("\"'") for part in rest[:2]))
            if os.sep in word and (path := self.real(os.path.realpath(os.path.join(cwd or os.sep, word)))):
                yield path


def _programs(releases: str) -> dict[tuple[int, int], list[str]]:
    """Device and inode of all that may be started in a store, with its paths; what is on its way out, too."""
    found: dict[tuple[int, int], list[str]] = {}
    for folder in (os.path.join(releases, entry, name) for entry in _in(releases) for name in _in(releases, entry)):
        for path in (os.path.join(folder, COMMAND), os.path.join(folder, NODE)):
            with contextlib.suppress(OSError):
                status = os.stat(path)
                found.setdefault((status.st_dev, status.st_ino), []).append(os.path.realpath(path))
    return found


def _in(*folder: str) -> list[str]:
    try:
        return os.listdir(os.path.join(*folder))
    except OSError:
        return []


class _Told:
    """What one process tells; each question may be refused for itself."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self.pid: int = process.pid
        self.is_gone = False
        name = self._asked("name")
        self.name: str = name or "?"
        self._exe = self._asked("exe")
        words = self._asked("cmdline")
        self._words: list[str] = [word for word in words or [] if word]
        self._may_be_script = words is None or self._words == [_TITLE]
        self.is_nameless = name is None and not self._exe and words is None
        self._may_be_claude = self.name.lower().startswith(_MAY_BE)

    def _asked(self, question: str) -> Any:
        try:
            return getattr(self._process, question)()
        except psutil.NoSuchProcess:  # a zombie, too: it has let go of everything
            self.is_gone = True
        except _Failures:
            pass
        return None

    @property
    def hides_script(self) -> bool:
        """Whether it may be a JavaScript release: its command line may not be read, or is a title."""
        return self._may_be_script and os.path.basename(self._exe or "").startswith(_NODE)

    @property
    def hides_all(self) -> bool:
        """Whether it may be any release: another user's, whose program may not be known, and whose command line is
        not known either, or a title."""
        return not self._exe and self._may_be_claude and self._words in ([], [_TITLE])

    def paths(self, places: _Places) -> Iterator[tuple[str, str]]:
        """What it does, and the real path that it does it with."""
        if self._exe and (path := places.real(self._exe)):
            yield _RUNS, path
        else:
            for path in places.run_by(self.pid):
                yield _RUNS, path
        cwd = self._asked("cwd")
        for path in places.in_words(self._words, cwd):
            yield _RUNS, path
        if cwd and (path := places.real(cwd.removesuffix(_DELETED) + os.sep)):
            yield "is in its folder", path
        if sys.platform == "win32":  # where asking may hang, and a file that is open cannot be removed anyway
            return
        for file in self._asked("open_files") or []:
            if path := places.real(file.path):
                yield "has a file of it open", path
