"""`ccpin sync`: what the lock says is there afterwards, and the lock is as it was."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ccpin import platforms
from tests.cli.arrange import HERE, OTHERS, ccpin, edit, pin, pin_default, read_lock, relock
from tests.fakes import faults
from tests.fakes.box import Box
from tests.fakes.claude import fake_node
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


def as_cloned(box: Box, spec: str) -> None:
    """The project is pinned, and this machine has never heard of it."""
    pin(box, spec)
    for folder, _, _ in os.walk(box.ccpin_home):
        os.chmod(folder, 0o700)
    shutil.rmtree(box.ccpin_home)


@pytest.mark.parametrize(
    ("spec", "command"),
    [
        *((spec, "sync") for spec in ("0.2.9", "2.0.14", "2.1.112", "2.1.113", "2.1.166", "2.1.330")),
        ("2.0.14", "sync --locked"),
        ("2.0.14", "sync --json"),
    ],
)
def test_installs_what_is_missing(box: Box, registry: Registry, spec: str, command: str) -> None:
    as_cloned(box, spec)
    lock = box.lock.read_bytes()
    done = ccpin(box, *command.split()).ok()
    assert f"Claude Code {spec} is installed" in done.out or done.json["data"]["version"] == spec
    assert done.err == f"ccpin: Claude Code {spec} came from npm ({registry.url})\n"
    assert box.lock.read_bytes() == lock
    assert box.ccpin("exec", "--", "--version").ok().out == f"{spec} (Claude Code)\n"


@pytest.mark.parametrize("command", ["sync", "sync --locked", "sync --json"])
@pytest.mark.parametrize("spec", ["2.0.14", "2.1.330"])
def test_asks_nobody_when_all_is_there(box: Box, registry: Registry, spec: str, command: str) -> None:
    pin(box, spec)
    registry.forget()
    before, there, connections = box.snapshot(), box.lock.stat(), registry.connections
    ccpin(box, *command.split()).ok()
    ccpin(box, *command.split(), env={"CCPIN_NPM_REGISTRY": None}).ok()  # not even which registry there is
    assert registry.asked() == []
    assert registry.connections == connections
    assert box.snapshot() == before
    assert (box.lock.stat().st_ino, box.lock.stat().st_mtime_ns) == (there.st_ino, there.st_mtime_ns)


def test_takes_nothing_newer(box: Box, upstream: Upstream) -> None:
    as_cloned(box, "2.0")
    upstream.add_js("2.0.99")
    ccpin(box, "sync").ok()
    assert [entry.partition("-")[0] for entry in box.entries()] == ["2.0.15"]


def test_asks_for_one_tarball_and_one_document(box: Box, registry: Registry) -> None:
    as_cloned(box, "2.1.330")
    registry.forget()
    ccpin(box, "sync").ok()
    package = f"/@anthropic-ai/claude-code-{HERE}"
    assert [seen.path for seen in registry.asked()] == [
        f"{package}/2.1.330",
        f"{package}/-/claude-code-{HERE}-2.1.330.tgz",
    ]


def test_from_a_deep_folder(box: Box) -> None:
    as_cloned(box, "2.0.14")
    ccpin(box, "sync", cwd=box.folder("a/b/c")).ok()
    assert box.entries()


def test_the_default_outside_of_a_project(box: Box) -> None:
    pin_default(box, "2.0.14")
    assert ccpin(box, "sync", cwd="/").ok().out == "Claude Code 2.0.14 is installed\n"


def test_a_lock_of_more_platforms_is_an_entry_of_its_own(box: Box, registry: Registry) -> None:
    """The same executable, under another digest: linked, not fetched again."""
    lock = pin(box, "2.1.330")
    [first] = Path(box.layout.releases).glob("*/*/claude")
    relock(box, artifacts={p: a for p, a in lock.artifacts.items() if p != OTHERS[0]})
    registry.forget()
    ccpin(box, "sync").ok()
    assert registry.asked() == []
    found = list(Path(box.layout.releases).glob("*/*/claude"))
    assert len(found) == 2
    assert {path.stat().st_ino for path in found} == {first.stat().st_ino}


def test_another_source_of_the_same_bytes(box: Box, registry: Registry, upstream: Upstream) -> None:
    as_cloned(box, "2.1.330")
    registry.stop()
    with Registry(upstream, base="/mirror/") as mirror:
        ccpin(box, "sync", "--registry", mirror.url).ok()


def test_a_server_that_stumbles(box: Box, registry: Registry) -> None:
    as_cloned(box, "2.0.14")
    registry.fault("*", faults.status(503), times=2)
    ccpin(box, "sync").ok()


def test_again_after_a_break(box: Box, registry: Registry) -> None:
    as_cloned(box, "2.1.330")
    registry.fault("*.tgz", faults.cut(900))
    ccpin(box, "sync").failed()
    assert box.entries() == []
    registry.mend()
    ccpin(box, "sync").ok()


def test_a_break_that_does_not_last(box: Box, registry: Registry) -> None:
    as_cloned(box, "2.1.330")
    registry.forget()
    registry.fault("*.tgz", faults.cut(900), times=1)
    ccpin(box, "sync").ok()
    assert len(registry.asked("*.tgz")) == 2


def test_mends_what_was_changed(box: Box) -> None:
    pin(box, "2.1.330")
    [executable] = Path(box.layout.releases).glob("*/*/claude")
    right = executable.read_bytes()
    executable.chmod(0o755)
    executable.write_bytes(b"#!/bin/sh\necho changed\n")
    ccpin(box, "sync").ok()
    assert executable.read_bytes() == right


def test_force_mends_what_only_a_deep_look_finds(box: Box) -> None:
    pin(box)
    script = Path(ccpin(box, "which").ok().out.strip())
    right, status = script.read_bytes(), script.stat()
    script.chmod(0o755)
    script.write_bytes(right.replace(b"Version", b"version"))
    os.utime(script, ns=(status.st_atime_ns, status.st_mtime_ns))
    ccpin(box, "sync").ok()
    assert script.read_bytes() != right
    ccpin(box, "sync", "--force").ok()
    assert script.read_bytes() == right


def test_finds_another_node(box: Box) -> None:
    pin(box, "2.0.14")
    fake_node(box.root / "newer", "22.1.0")
    box.env["PATH"] = f"{box.root}/newer:{box.env['PATH']}"
    ccpin(box, "sync").ok()
    [link] = Path(box.layout.releases).glob("*/node")
    assert link.samefile(box.root / "newer/node")


class TestLocked:
    def test_a_range_is_satisfied(self, box: Box) -> None:
        pin(box, ">=2.0,<2.1")
        ccpin(box, "sync", "--locked").ok()

    @pytest.mark.parametrize("channel", ["latest", "stable"])
    def test_a_channel_says_nothing_about_today(self, box: Box, upstream: Upstream, channel: str) -> None:
        pin(box, channel)
        upstream.tags[channel] = "2.1.113"
        ccpin(box, "sync", "--locked").ok()

    def test_what_use_would_write_otherwise(self, box: Box) -> None:
        pin(box, "2.0.14")
        edit(box, 'request = "2.0.14"', 'request = "2.1"')
        ccpin(box, "sync").ok()
        done = ccpin(box, "sync", "--locked").failed()
        assert f"{box.lock}:6: `ccpin use` would not write this lock" in done.err

    def test_comments_and_keys_of_ones_own_are_fine(self, box: Box) -> None:
        pin(box, "2.0.14")
        box.lock.write_text("# ours\n" + box.lock.read_text() + "\n[ours]\nx = 1\n")
        ccpin(box, "sync", "--locked").ok()


def test_every_platform_finds_its_line(box: Box) -> None:
    """What was locked here serves all others; this machine's line alone is asked for."""
    pin(box, "2.1.330")
    assert set(read_lock(box.lock).artifacts) == set(platforms.ALL)
    assert [entry.rpartition("/")[2] for entry in box.entries()] == [HERE]
