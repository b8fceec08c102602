"""The shim is one process: it starts none, and opens nothing for writing. strace is the witness."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.shims.world import DIGEST, VERSION, World, lock_text

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

WAYS = ["pinned", "five up", "floor", "nested", "node", "next", "not installed", "odd lock", "update", "fifo"]


@pytest.mark.parametrize("way", WAYS)
def test_no_process_is_started_and_nothing_is_written(tmp_path: Path, interpreter: str, way: str) -> None:
    target = Path(shutil.which("true") or "/bin/true")
    world = World(tmp_path / "world", interpreter)
    world.render(python=target)
    world.lock(lock_text(runtime="node" if way == "node" else "native"))
    world.install(VERSION, DIGEST, "node" if way == "node" else "native", target)
    env: dict[str, str | bytes] = {}
    cwd = world.project
    if way == "five up":
        cwd = world.project.joinpath(*"abcde")
        cwd.mkdir(parents=True)
    elif way == "floor":
        (world.home / "minimum-version").write_text("2.0.14\n")
    elif way == "nested":
        env = {"CCPIN_SET": "DISABLE_TELEMETRY DISABLE_UPDATES", "DISABLE_TELEMETRY": "1", "DISABLE_UPDATES": "1"}
    elif way == "node":
        shutil.copy(target, world.node)
        (world.release(VERSION, DIGEST) / "node").symlink_to(world.node)
    elif way == "next":
        (world.project / ".ccpin.lock").unlink()
        shutil.copy(target, world.next)
    elif way == "not installed":
        shutil.rmtree(world.home / "releases")
    elif way == "odd lock":
        world.lock("odd\n")
    elif way == "fifo":
        (world.project / ".ccpin.lock").unlink()
        (world.project / ".ccpin.lock").mkdir()
    calls = trace(world, cwd, env, ["update"] if way == "update" else ["-p", "hello"])
    assert len(re.findall(r"^\d+ +execve\(.* = 0$", calls, re.MULTILINE)) == 2, calls
    assert not re.findall(r"\b(?:clone|clone3|fork|vfork)\(", calls)
    written = re.findall(r'open(?:at)?\([^"]*"([^"]*)", [A-Z_|]*(?:O_WRONLY|O_RDWR|O_CREAT)', calls)
    assert set(written) <= {"/dev/tty"}  # bash, mksh and zsh themselves look for a terminal


def trace(world: World, cwd: Path, env: dict[str, str | bytes], arguments: list[str]) -> str:
    log = world.root / "strace.log"
    strace = shutil.which("strace") or "strace"
    calls = "trace=clone,clone3,fork,vfork,execve,open,openat,creat"
    run = world.run(
        "-f", "-qq", "-o", str(log), "-e", calls, "-e", "signal=none", str(world.shim), *arguments,
        cwd=cwd, env=env, executable=strace,
    )  # fmt: skip
    if run.code and b"ptrace" in run.err:
        pytest.skip("strace may not trace here")
    assert (run.code, run.err) == (0, b"")
    return log.read_text()
