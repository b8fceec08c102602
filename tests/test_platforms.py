"""Which of upstream's platforms a machine is."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from ccpin import platforms
from ccpin.errors import UnsupportedPlatform


@pytest.mark.parametrize(
    ("system", "machine", "musl", "translated", "name"),
    [
        ("linux", "x86_64", False, False, "linux-x64"),
        ("linux2", "aarch64", False, False, "linux-arm64"),
        ("linux", "x86_64", True, False, "linux-x64-musl"),
        ("linux", "arm64", True, False, "linux-arm64-musl"),
        ("darwin", "arm64", False, False, "darwin-arm64"),
        ("darwin", "x86_64", False, False, "darwin-x64"),
        ("darwin", "x86_64", False, True, "darwin-arm64"),
        ("darwin", "x86_64", True, False, "darwin-x64"),
        ("win32", "AMD64", False, False, "win32-x64"),
        ("win32", "ARM64", False, False, "win32-arm64"),
    ],
)
def test_names(system: str, machine: str, musl: bool, translated: bool, name: str) -> None:
    assert platforms.name(system, machine, musl=musl, translated=translated) == name
    assert name in platforms.ALL


@pytest.mark.parametrize(
    ("system", "machine"),
    [("linux", "i686"), ("linux", "armv7l"), ("linux", "riscv64"), ("freebsd14", "amd64"), ("win32", ""), ("aix", "x")],
)
def test_machines_that_upstream_has_nothing_for(system: str, machine: str) -> None:
    with pytest.raises(UnsupportedPlatform) as raised:
        platforms.name(system, machine)
    assert (machine or "unknown") in raised.value.message


def test_this_one() -> None:
    assert platforms.current() in platforms.ALL


@pytest.mark.parametrize(
    ("outer", "inner", "name"),
    [(None, "AMD64", "win32-x64"), ("ARM64", "AMD64", "win32-arm64"), ("AMD64", "x86", "win32-x64")],
)
def test_windows_tells_the_machine_and_not_the_emulation(
    monkeypatch: pytest.MonkeyPatch, outer: str | None, inner: str, name: str
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("PROCESSOR_ARCHITECTURE", inner)
    monkeypatch.delenv("PROCESSOR_ARCHITEW6432", raising=False)
    if outer:
        monkeypatch.setenv("PROCESSOR_ARCHITEW6432", outer)
    assert platforms.current() == name


@pytest.mark.skipif(not hasattr(os, "confstr"), reason="POSIX")
@pytest.mark.parametrize(
    ("answer", "name"),
    [("glibc 2.36", "linux-x64"), (None, "linux-x64-musl"), ("", "linux-x64-musl"), (ValueError, "linux-x64-musl")],
)
def test_linux_asks_its_own_libc(monkeypatch: pytest.MonkeyPatch, answer: object, name: str) -> None:
    def confstr(asked: str) -> object:
        if answer is ValueError:
            raise ValueError(asked)
        return answer

    monkeypatch.setattr(os, "confstr", confstr)
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="x86_64"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert platforms.current() == name


@pytest.mark.parametrize(("machine", "name"), [("arm64", "darwin-arm64"), ("x86_64", "darwin-x64")])
def test_darwin(monkeypatch: pytest.MonkeyPatch, machine: str, name: str) -> None:
    class Libc:
        def __init__(self, path: None) -> None:
            self.sysctlbyname = lambda *args: -1  # an Intel machine does not know the name

    import ctypes

    monkeypatch.setattr(ctypes, "CDLL", Libc)
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine=machine), raising=False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert platforms.current() == name


@pytest.mark.parametrize("platform", platforms.ALL)
def test_executables(platform: str) -> None:
    assert platforms.executable_name(platform) == ("claude.exe" if "win32" in platform else "claude")
