"""Forty at once: one of them downloads, all of them get the right release; also where the first one is killed.

`CROWDS=20` says how often each crowd comes; twice is what CI runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from ccpin.store.receipt import changes, read_install
from tests.cli.arrange import ccpin, empty_store, pin, set_up
from tests.crash.scenes import NATIVE, OTHER, PAD
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="shims, signals and flock are POSIX's"),
]

REPETITIONS = int(os.environ.get("CROWDS", "2"))
EACH = 20  # shims, and as many `ccpin sync`
_LONGEST = 50  # seconds
_ARTIFACTS = "*claude-code-*-*.tgz"  # a platform's package: `…/claude-code-linux-x64-2.1.331.tgz`
_WAITING = re.compile(
    r"^ccpin: waiting for process (\d+) on (\S+), which is installing Claude Code (\S+)$", re.MULTILINE
)


class Ended(NamedTuple):
    """One of a crowd. `said` is the version that it ran, or said to be installed."""

    pid: int
    code: int
    said: str
    err: str


class Crowd:
    """Processes that were started together, each with files for what it says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._members: list[tuple[subprocess.Popen[bytes], Path]] = []

    def start(self, box: Box, argv: Sequence[str], cwd: Path) -> None:
        path = self._folder / str(len(self._members))
        with open(f"{path}.out", "wb") as out, open(f"{path}.err", "wb") as err:
            process = subprocess.Popen(
                argv, cwd=cwd, env=box.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self._members.append((process, path))

    @property
    def pids(self) -> set[int]:
        return {process.pid for process, _ in self._members}

    def all_wait(self, but: int) -> None:
        """Returns when all have said that they wait, but so many."""
        end = time.monotonic() + _LONGEST
        while sum(b"waiting" in Path(f"{path}.err").read_bytes() for _, path in self._members) < len(self.pids) - but:
            assert time.monotonic() < end, "they do not wait"
            time.sleep(0.05)

    def wait(self) -> list[Ended]:
        end = time.monotonic() + _LONGEST
        ended = []
        for process, path in self._members:
            code = process.wait(max(0.1, end - time.monotonic()))
            out, err = (Path(f"{path}.{what}").read_text(encoding="utf-8") for what in ("out", "err"))
            ended.append(Ended(process.pid, code, _said(out), err))
        return ended

    def end(self) -> None:
        for process, _ in self._members:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()


def _said(out: str) -> str:
    if out.startswith("{"):
        return str(json.loads(out)["version"])
    return out.strip().removeprefix("Claude Code ").removesuffix(" is installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What members of a crowd say."""
    (tmp_path / "said").mkdir()
    return tmp_path / "said"


@contextlib.contextmanager
def crowd(box: Box, folder: Path, each: int, *places: Path) -> Iterator[Crowd]:
    """`each` shims and as many syncs in each place."""
    found = Crowd(folder)
    try:
        for _ in range(each):
            for place in places:
                found.start(box, box.claude_argv("-p", "hi"), place)
                found.start(box, box.ccpin_argv("sync"), place)
        yield found
    finally:
        found.end()


def new_machine(box: Box, registry: Registry) -> None:
    """Has the locks, and nothing of what they name."""
    empty_store(box)
    registry.forget()


def whole(box: Box, entries: int) -> bool:
    """Whether the store holds so many installs, each of them as it was sealed, and no leftover."""
    installs = list(Path(box.layout.releases).glob("*/*"))
    found = [read_install(str(folder)) for folder in installs]
    return len(installs) == entries and all(one is not None and changes(one, deep=True) == [] for one in found)


@pytest.fixture
def pinned(box: Box, upstream: Upstream) -> Box:
    """A project, and a shim."""
    upstream.add_native(NATIVE, pad=PAD, hard=True)
    set_up(box)
    pin(box, NATIVE)
    return box


@pytest.fixture
def gate(pinned: Box, registry: Registry) -> Iterator[threading.Event]:
    """No first download goes on behind its half before the test lets it."""
    opened = threading.Event()
    registry.fault(f"*-{NATIVE}.tgz", faults.gate(opened, PAD // 2), times=1)
    yield opened
    opened.set()


def downloads(registry: Registry) -> int:
    return len(registry.asked(_ARTIFACTS))


def wrong(ended: Sequence[Ended], version: str) -> list[Ended]:
    return [one for one in ended if one.code != 0 or one.said != version]


@pytest.mark.parametrize("number", range(REPETITIONS))
def test_one_download_for_forty(
    pinned: Box, registry: Registry, gate: threading.Event, folder: Path, number: int
) -> None:
    new_machine(pinned, registry)
    with crowd(pinned, folder, EACH, pinned.project) as many:
        many.all_wait(but=1)
        gate.set()
        ended = many.wait()
    assert len(ended) == 2 * EACH
    assert wrong(ended, NATIVE) == []
    assert downloads(registry) == 1
    assert whole(pinned, 1)
    first = [one.pid for one in ended if f"Claude Code {NATIVE} came from" in one.err]
    assert len(first) == 1
    waited = [found for one in ended if (found := _WAITING.search(one.err))]
    assert len(waited) == 2 * EACH - 1
    assert {found.groups() for found in waited} == {(str(first[0]), socket.gethostname(), NATIVE)}


@pytest.mark.parametrize("number", range(REPETITIONS))
def test_the_first_one_is_killed_half_way(
    pinned: Box, registry: Registry, gate: threading.Event, folder: Path, number: int
) -> None:
    new_machine(pinned, registry)
    with crowd(pinned, folder, EACH, pinned.project) as many:
        many.all_wait(but=1)
        (lock,) = Path(pinned.layout.locks).glob(f"{NATIVE}-*.lock")
        killed = int(lock.read_text().split()[0])
        assert killed in many.pids
        assert PAD // 2 <= registry.asked(_ARTIFACTS)[0].sent < PAD
        os.kill(killed, signal.SIGKILL)
        ended = many.wait()
    assert [one.pid for one in ended if one.code == -signal.SIGKILL] == [killed]
    assert wrong([one for one in ended if one.pid != killed], NATIVE) == []
    assert downloads(registry) == 2
    assert whole(pinned, 1)


@pytest.mark.parametrize("number", range(REPETITIONS))
def test_two_releases_at_once(
    pinned: Box, registry: Registry, gate: threading.Event, folder: Path, number: int
) -> None:
    other = pinned.folder("other")
    pin(pinned, OTHER, folder=other)
    registry.fault(f"*-{OTHER}.tgz", faults.gate(gate, 100), times=1)
    new_machine(pinned, registry)
    with crowd(pinned, folder, EACH // 2, pinned.project, other) as many:
        many.all_wait(but=2)
        gate.set()
        ended = many.wait()
    here, there = ([one for at, one in enumerate(ended) if at // 2 % 2 == place] for place in (0, 1))
    assert (len(here), len(there)) == (EACH, EACH)
    assert wrong(here, NATIVE) == []
    assert wrong(there, OTHER) == []
    assert (len(registry.asked(f"*-{NATIVE}.tgz")), len(registry.asked(f"*-{OTHER}.tgz"))) == (1, 1)
    assert whole(pinned, 2)


@pytest.mark.parametrize("number", range(REPETITIONS))
def test_prune_against_sync(box: Box, registry: Registry, folder: Path, number: int) -> None:
    """Of a project that nobody knows yet, whose release is there and unneeded: whoever wins, it is there in the end."""
    pin(box, OTHER)
    set_up(box)
    _forget_projects(box)
    registry.forget()
    many = Crowd(folder)
    try:
        for _ in range(6):
            many.start(box, box.ccpin_argv("prune", "--keep", "0"), box.home)
            many.start(box, box.ccpin_argv("sync"), box.project)
        ended = many.wait()
    finally:
        many.end()
    assert [one for one in ended if one.code != 0] == []
    assert wrong(ended[1::2], OTHER) == []
    assert whole(box, 1)
    assert box.claude("-p", "hi").ok().json["version"] == OTHER


def _forget_projects(box: Box) -> None:
    for record in Path(box.layout.projects).iterdir():
        record.unlink()


class TestLockFiles:
    """Those that are not as ccpin left them; nobody hangs."""

    def lock(self, box: Box) -> Path:
        pin(box, OTHER)
        empty_store(box)
        (path,) = Path(box.layout.locks).glob(f"{OTHER}-*.lock")
        return path

    @pytest.mark.parametrize("text", ["", f"1 {socket.gethostname()} 5\n", "4711 elsewhere 1\n", "rubbish\0" * 999])
    def test_stale_ones_are_nobody_s(self, box: Box, text: str) -> None:
        self.lock(box).write_text(text)
        assert "waiting" not in box.ccpin("sync").ok().err
        assert whole(box, 1)

    @pytest.mark.parametrize("kind", ["folder", "link"])
    def test_what_is_no_lock_file_is_named(self, box: Box, kind: str) -> None:
        path = self.lock(box)
        path.unlink()
        path.mkdir() if kind == "folder" else path.symlink_to(box.home / "of-somebody")
        done = box.ccpin("sync").failed()
        assert f"{path} cannot serve as a lock" in done.err
        assert not (box.home / "of-somebody").exists()
        assert box.entries() == []

    def test_a_dead_holder_where_there_are_no_locks(self, box: Box, registry: Registry) -> None:
        """What stands for a lock there names a process that is gone."""
        path = self.lock(box)
        ended = subprocess.Popen(["true"], env={"PATH": "/usr/bin:/bin"})
        ended.wait()
        Path(f"{path}.held").write_text(f"{ended.pid} {socket.gethostname()} 5\n")
        ccpin(box, "uninstall", OTHER)
        done = box.run([*_without_locks(box), "sync"]).ok()
        assert "waiting" not in done.err
        assert not Path(f"{path}.held").exists()
        assert whole(box, 1)

    def test_a_foreign_holder_where_there_are_no_locks(self, box: Box) -> None:
        """Nobody can tell here whether that one lives: those who wait say whom for, at once, and can be stopped."""
        path = self.lock(box)
        Path(f"{path}.held").write_text("4711 another-machine 5\n")
        with box.start([*_without_locks(box), "sync"]) as process:
            assert process.stderr is not None
            said = process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        assert said == f"ccpin: waiting for process 4711 on another-machine, which is installing Claude Code {OTHER}\n"
        assert process.returncode == 143
        assert Path(f"{path}.held").read_text() == "4711 another-machine 5\n"
        assert box.entries() == []

    def test_where_there_are_no_locks_a_crowd_downloads_once(
        self, pinned: Box, registry: Registry, gate: threading.Event, folder: Path
    ) -> None:
        new_machine(pinned, registry)
        many = Crowd(folder)
        try:
            for _ in range(EACH // 2):
                many.start(pinned, [*_without_locks(pinned), "sync"], pinned.project)
            many.all_wait(but=1)
            gate.set()
            ended = many.wait()
        finally:
            many.end()
        assert wrong(ended, NATIVE) == []
        assert downloads(registry) == 1
        assert whole(pinned, 1)
        assert list(Path(pinned.layout.locks).glob("*.held*")) == []


_NO_FLOCK = """
import errno, fcntl, os, sys
def flock(descriptor, operation):
    raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
fcntl.flock = flock
from ccpin.__main__ import main
main()
"""


def _without_locks(box: Box) -> list[str]:
    """ccpin as on a network file system without locks."""
    return [box.ccpin_argv()[0], "-c", _NO_FLOCK]
