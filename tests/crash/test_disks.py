"""Disks that are full, or not the user's to write on: project and store as before, and a message that says how much is
needed and where."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.arrange import empty_store, pin
from tests.crash.forks import Forks
from tests.crash.machines import Machine
from tests.crash.scenes import NATIVE, SCENES, publish
from tests.fakes.box import Box
from tests.fakes.channel import Channel
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="forks are POSIX's"),
]

_RANDOM = re.compile(r"\.(staging|ccpin)-\w+|\.\w{8}\.ccpin-draft|[0-9a-f]{24,}|sha512-[\w-]+")
_NO_ROOM = re.compile(
    r"^ccpin: no room on the disk under /.+?: (?P<why>[a-z ]+)"
    r"(; (?P<needed>[\d,]+) bytes are needed, [\d,]+ are free)?$",
    re.MULTILINE,
)
WORDS = {"ENOSPC": "no space left on device", "EDQUOT": "disk quota exceeded"}


@pytest.mark.parametrize(
    ("name", "least", "knows"),
    [
        ("use: native from npm, after JavaScript", 30, True),
        ("sync: JavaScript", 25, False),  # no lock tells how large it is
        ("bundle: a tar over another", 12, False),
    ],
)
def test_full_at_each_step(box: Box, channel: Channel, upstream: Upstream, name: str, least: int, knows: bool) -> None:
    """Every other one by a quota. Half of what is written can be done without: caches, and who uses what."""
    publish(upstream, channel)
    refused: list[str] = []
    bad: list[str] = []
    with Machine(box, next(scene for scene in SCENES if scene.name == name)) as machine:
        done, steps = machine.steps()
        done.ok()
        machine.reset()
        before = box.snapshot()
        distinct = {_RANDOM.sub("*", step): at for at, step in enumerate(steps, 1)}
        for label, at in distinct.items():
            machine.reset()
            error = "EDQUOT" if at % 2 else "ENOSPC"
            done, _ = machine.steps(at, error)
            bad += [f"{label}: {fault}" for fault in (*machine.faults(), *machine.leftovers())]
            if done.code == 0:
                continue
            refused.append(label)
            bad += [f"{label}: {fault}" for fault in _told(done.err, error, knows) + _changed(box, before, machine)]
            if at % 3 == 0 and machine.run().code != 0:
                bad.append(f"{label}: the next run failed")
    assert bad == []
    assert len(refused) >= least // 2
    assert len(distinct) >= least


def _told(err: str, error: str, knows: bool) -> list[str]:
    found = _NO_ROOM.search(err)
    if found is None or found["why"] != WORDS[error] or "Traceback" in err:
        return [f"it says something else: {err}"]
    return ["it does not say how much is needed"] if knows and not found["needed"] else []


def _changed(box: Box, before: dict[str, str], machine: Machine) -> list[str]:
    """What is not as it was. Where the last steps fail, a new release is there already, whole: `faults` looks at it."""
    now = box.snapshot()
    lost = [name for name, what in before.items() if now.get(name) != what]
    new = [name for name in now if name not in before and not name.startswith("store/releases/")]
    return [f"changed: {name}" for name in lost + new]


def _disk(path: str, options: str) -> list[str]:
    """Words that start a command which finds a disk of its own at `path`. Skips where this user may not mount one."""
    unshare, program = shutil.which("unshare"), shutil.which("mount")
    mount = f'{program} -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"'
    for also in ([], ["--map-root-user"]):
        argv = [str(unshare), "--mount", *also, "sh", "-c", mount, "sh", options, path]
        if unshare and subprocess.run([*argv, "true"], capture_output=True, check=False).returncode == 0:
            return argv
    pytest.skip("this user may mount no disk")


SIZES = [f"size={size}k" for size in (4, 64, 256, 512, 768, 1000, 1028)] + [f"nr_inodes={n}" for n in range(1, 6)]


@pytest.mark.parametrize("size", SIZES)
def test_a_real_disk_that_is_full(box: Box, channel: Channel, upstream: Upstream, size: str) -> None:
    """It says that it has room, and has not: somebody else was faster. `nr_inodes` is how many files it takes."""
    publish(upstream, channel)
    pin(box, NATIVE)
    empty_store(box)
    os.makedirs(box.layout.releases)
    forks = Forks(box, _disk(box.layout.releases, size))
    try:
        done = forks.run(("sync",), {}, roomy=True).failed()
        assert _told(done.err, "ENOSPC", knows=True) == []
        store = Path(f"/proc/{forks.pid}/root{box.layout.releases}")
        assert os.listdir(store) == []
    finally:
        forks.close()
    box.ccpin("sync").ok()


@pytest.mark.parametrize(("version", "fine"), [(NATIVE, False), ("2.0.15", True)])
def test_a_disk_that_starts_no_programs(
    box: Box, channel: Channel, upstream: Upstream, registry: Registry, version: str, fine: bool
) -> None:
    """A JavaScript release is read by a program of another disk."""
    publish(upstream, channel)
    pin(box, version)
    empty_store(box)
    os.makedirs(box.layout.releases)
    registry.forget()
    done = box.run([*_disk(box.layout.releases, "noexec"), *box.ccpin_argv("sync")])
    if fine:
        done.ok()
        return
    assert "starts no programs (it is mounted `noexec`)" in done.failed().err
    assert str(box.ccpin_home) in done.err
    assert registry.asked("*.tgz") == []
