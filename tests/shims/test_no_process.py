"""The shim is one process: it starts none, and opens nothing for writing. strace is the witness."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shims.values import EVERY
from tests.shims.world import DIGEST, VERSION, World, lock_text, strict

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

WAYS = (
    "pinned", "five up", "floor", "nested", "node", "next", "not installed", "odd lock", "update", "fifo",
    "strict", "strict node", "strict nested", "every flag", "none", "without", "policy", "kept", "no settings", "own",
)  # fmt: skip
CLEAN = ("strict", "strict node", "strict nested", "without", "policy", "kept")
ARGUMENTS = {"update": ["update"], "without": ["plugin", "test"], "own": ["-p", "--settings", "{}"]}
NESTED: dict[str, str | bytes] = {**EVERY, "CCPIN_SET": " ".join(EVERY)}
ENVIRONMENT: dict[str, dict[str, str | bytes]] = {
    "nested": NESTED,
    "strict nested": NESTED,
    "policy": {"CLAUDE_CODE_MANAGED_SETTINGS_PATH": "/nowhere"},
}


def no_lock(world: World, target: Path) -> None:
    (world.project / ".ccpin.lock").unlink()
    shutil.copy(target, world.next)


def a_folder(world: World, target: Path) -> None:
    (world.project / ".ccpin.lock").unlink()
    (world.project / ".ccpin.lock").mkdir()


def node(world: World, target: Path) -> None:
    shutil.copy(target, world.node)
    (world.release(VERSION, DIGEST) / "node").symlink_to(world.node)


ARRANGED: dict[str, Callable[[World, Path], object]] = {
    "floor": lambda world, _: (world.home / "minimum-version").write_text("2.0.14\n"),
    "node": node,
    "strict node": node,
    "next": no_lock,
    "not installed": lambda world, _: shutil.rmtree(world.home / "releases"),
    "odd lock": lambda world, _: world.lock("odd\n"),
    "every flag": lambda world, _: world.lock(lock_text(env=EVERY)),
    "none": lambda world, _: world.lock(lock_text(env={})),
    "kept": lambda world, _: (world.home / "keep-flags").touch(),
    "fifo": a_folder,
}


@pytest.mark.parametrize("way", WAYS)
def test_no_process_is_started_and_nothing_is_written(tmp_path: Path, interpreter: str, way: str) -> None:
    target = Path(shutil.which("true") or "/bin/true")
    world = World(tmp_path / "world", interpreter)
    world.render(python=target)
    runtime = "node" if "node" in way else "native"
    world.lock(strict(runtime) if way in CLEAN else lock_text(runtime=runtime))
    world.install(VERSION, DIGEST, runtime, target, settings=way != "no settings")
    if way in ARRANGED:
        ARRANGED[way](world, target)
    cwd = world.project.joinpath(*"abcde") if way == "five up" else world.project
    cwd.mkdir(parents=True, exist_ok=True)
    calls = trace(world, cwd, ENVIRONMENT.get(way, {}), ARGUMENTS.get(way, ["-p", "hello"]))
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
