"""Checks of the machine, and of a supervisor that runs on it."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path

import pytest

from ccpin.doctor.context import Machine, cpu_flags, this_machine
from tests.cli.arrange import ccpin, pin
from tests.doctor.arrange import HERE, SOUND, findings, levels, write
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

X64 = dataclasses.replace(SOUND, platform="linux-x64")
OLD = dataclasses.replace(X64, cpu_flags=frozenset(("sse2", "sse4_2")))
MUSL = dataclasses.replace(X64, platform="linux-x64-musl")


def test_avx(native: Box) -> None:
    [found] = findings(native, "cpu-avx", machine=OLD)
    assert found.level == "problem"
    assert "Illegal instruction" in found.line
    assert levels(native, "cpu-avx", machine=X64) == ["ok"]
    assert found.command
    ccpin(native, *found.command.split()[1:]).ok()
    assert findings(native, "cpu-avx", machine=OLD) == []


@pytest.mark.parametrize(
    "machine",
    [
        dataclasses.replace(OLD, platform="linux-arm64"),
        dataclasses.replace(OLD, cpu_flags=None),
        Machine("darwin", "darwin-x64", None),
        Machine("linux", None),
    ],
)
def test_where_nobody_can_say_or_nobody_asks(native: Box, machine: Machine) -> None:
    assert findings(native, "cpu-avx", machine=machine) == []


def test_musl(native: Box) -> None:
    assert findings(native, "libc", machine=X64) == []
    [found] = findings(native, "libc", machine=MUSL)
    assert (found.level, found.command) == ("note", "apk add libgcc libstdc++ ripgrep")
    assert "linux-x64-musl" in found.line
    native.env["USE_BUILTIN_RIPGREP"] = "0"
    assert levels(native, "libc", machine=MUSL) == ["ok"]
    pin(native, "2.0.14")
    assert findings(native, "libc", machine=MUSL) == []


def test_rosetta(native: Box) -> None:
    translated = Machine("darwin", "darwin-arm64", None, translated=True)
    [found] = findings(native, "rosetta", machine=translated)
    assert (found.level, "darwin-arm64" in found.line) == ("note", True)
    assert findings(native, "rosetta", machine=dataclasses.replace(translated, translated=False)) == []


def test_cpu_flags() -> None:
    assert cpu_flags("processor\t: 0\nflags\t\t: fpu avx avx2\nprocessor\t: 1\nflags\t\t: fpu\n") == frozenset(
        ("fpu", "avx", "avx2")
    )
    assert cpu_flags("processor\t: 0\nFeatures\t: fp asimd\n") is None
    assert cpu_flags("") is None


def test_this_machine() -> None:
    machine = this_machine()
    assert (machine.system, machine.platform) == (sys.platform, HERE)
    assert not machine.translated or HERE == "darwin-arm64"
    if sys.platform == "linux":
        assert machine.cpu_flags == cpu_flags(Path("/proc/cpuinfo").read_text())


def test_a_supervisor(native: Box) -> None:
    said = native.home / ".claude" / "daemon.lock"
    argv = [sys.executable, "-c", "print('ready', flush=True); input()", "daemon"]
    with native.start(argv) as process:
        assert process.stdout is not None
        process.stdout.readline()
        write(said, json.dumps({"pid": process.pid, "version": "2.1.300", "launchTarget": "/opt/claude"}))
        [found] = findings(native, "supervisor")
        assert (found.level, found.command) == ("warning", "claude daemon stop --any")
        assert found.line == "a background supervisor of 2.1.300 runs; its work would not be done by 2.1.330"
        assert found.evidence == (f"process {process.pid}, {said}",)
        write(said, json.dumps({"pid": process.pid, "version": "2.1.330"}))
        assert levels(native, "supervisor") == ["ok"]
        write(said, json.dumps({"pid": process.pid, "version": "2.1.300"}))
        assert levels(native, "supervisor") == ["warning"]
    assert findings(native, "supervisor") == []  # it has ended; its file is still there
