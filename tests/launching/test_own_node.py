"""A JavaScript release on a machine without Node.js: the lock's own is installed with it, and runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.pinning.lock import render
from ccpin.store.entry import own_node
from tests.cli.arrange import pin, read_lock, set_up
from tests.fakes.box import Box
from tests.fakes.registry import Registry
from tests.store.nodes import lock_with_node

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts"),
    pytest.mark.skipif(platforms.current().endswith("-musl"), reason="npm has no Node.js for musl"),
]


@pytest.fixture
def locked(box: Box, registry: Registry) -> Box:
    """2.0.14 and its Node.js in the lock, nothing of them in the store, no `node` on PATH."""
    set_up(box)
    lock = lock_with_node(pin(box, "2.0.14"), registry)
    Path(box.layout.releases).rename(box.root / "elsewhere")
    box.lock.write_text(render(lock))
    (box.bin / "node").unlink()
    return box


def test_the_first_command_installs_both(locked: Box, registry: Registry) -> None:
    first = locked.claude("-p", "hi").ok().json
    assert len(registry.asked("*.tgz")) == 2
    registry.forget()
    again = locked.claude("-p", "hi").ok().json
    assert registry.requests == []
    for run in (first, again):
        assert (run["version"], run["node"], run["argv"][-2:]) == ("2.0.14", "22.23.2", ["-p", "hi"])
    [entry] = locked.entries()
    assert entry.endswith(f"/{platforms.current()}")


def test_then_no_python_is_needed(locked: Box) -> None:
    locked.ccpin("sync").ok()
    shim = Path(locked.layout.shim())
    text = shim.read_text()
    start = text.index("\nccpin_python='")
    shim.write_text(text[:start] + "\nccpin_python='/nowhere'" + text[text.index("\n", start + 1) :])
    assert locked.claude("--version").ok().out.startswith("2.0.14")


def test_one_that_was_removed_is_installed_again(locked: Box) -> None:
    locked.ccpin("sync").ok()
    node = Path(str(own_node(locked.layout, read_lock(locked.lock))))
    node.parent.chmod(0o755)
    node.unlink()
    assert locked.claude().ok().json["node"] == "22.23.2"
    assert node.exists()


def test_sync_and_check_are_content(locked: Box) -> None:
    locked.ccpin("sync", "--locked").ok()
    locked.ccpin("check", "--deep").ok()
    before = locked.snapshot()
    locked.ccpin("sync").ok()
    assert locked.snapshot() == before


@pytest.mark.parametrize("way", ["shim", "exec"])
def test_a_lock_that_calls_it_native_starts_nothing(locked: Box, way: str) -> None:
    """The script stands where an executable would, and its first line would take any `node`: the clone's, on a PATH
    with an empty entry."""
    locked.ccpin("sync").ok()
    text = locked.lock.read_text().replace('runtime = "node"\nnode = "22.23.2"\n', 'runtime = "native"\n')
    locked.lock.write_text(text)
    theirs = locked.project / "node"
    theirs.write_text("#!/bin/sh\necho theirs\n")
    theirs.chmod(0o755)
    locked.env["PATH"] = f":{locked.env['PATH']}:."
    run = locked.claude("-p", "hi") if way == "shim" else locked.ccpin("exec", "--", "-p", "hi")
    assert run.failed(126).out == ""
    assert "`any` is not a platform" in run.err


def test_what_which_prints_runs_on_it_too(locked: Box) -> None:
    """`$(ccpin which)` in an editor: a bare cli.js would take whatever `node` is on PATH there, or none."""
    locked.ccpin("sync").ok()
    path = locked.ccpin("which").ok().out.strip()
    assert path.endswith("/claude-on-node-22.23.2")
    assert locked.run([path, "-p", "hi"]).ok().json["argv"] == ["-p", "hi"]
    Path(path).chmod(0o755)
    Path(path).write_text("#!/bin/sh\n")
    locked.ccpin("check").failed(1)
