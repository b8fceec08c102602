"""Without any network: a project whose release is there needs none and tries none, and what is not there fails soon,
saying why.

ccpin and `claude` run in a network namespace where not even loopback is up. strace looks for sockets, where there is
one; everywhere, an audit hook does in ccpin's own Python.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.arrange import pin, set_up
from tests.fakes import pythons
from tests.fakes.box import Box, Completed

NAMED = "https://registry.example/"
NUMBERED = "http://192.0.2.1/"  # of the block for documentation, RFC 5737
SOON = 3  # seconds

# `python -c HOOK verb…` is `python -m ccpin verb…`, and ends with 99 where a socket is made that leads out of here.
HOOK = """
import os, socket, sys
def hook(event, args):
    inner = getattr(socket, "AF_UNIX", None)
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo") and getattr(args[0], "family", 0) != inner:
        os.write(2, f"{event} {args[1:]}\\n".encode())
        os._exit(99)
sys.addaudithook(hook)
from ccpin.__main__ import main
sys.exit(main())
"""


def _namespace() -> list[str]:
    """The command that runs another one without any network; empty where none can be made."""
    unshare = shutil.which("unshare")
    for options in (["-n"], ["-rn"]):
        if unshare and not subprocess.run([unshare, *options, "true"], capture_output=True, check=False).returncode:
            return [unshare, *options]
    return []


def _strace() -> str | None:
    """Where it is, and where it may look at other processes."""
    path = shutil.which("strace")
    works = path and not subprocess.run([path, "true"], capture_output=True, check=False).returncode
    return path if works else None


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    command = _namespace()
    if not command and not os.environ.get("CI"):
        pytest.skip("no network namespace can be made here")
    assert command, "no network namespace can be made in CI"
    return command


@pytest.fixture(params=[NAMED, NUMBERED])
def cut_off(box: Box, request: pytest.FixtureRequest, namespace: list[str]) -> Box:
    """A project with a release that is installed, and a shim; then the network is gone."""
    set_up(box)
    pin(box, "2.1.330")
    box.env["CCPIN_NPM_REGISTRY"] = request.param
    return box


def _sockets(trace: Path) -> list[str]:
    """What strace saw that leads out of here. Unix sockets and those of the kernel's own tables do not."""
    lines = [line for file in trace.parent.glob(f"{trace.name}.*") for line in file.read_text("latin-1").splitlines()]
    assert any("execve(" in line for line in lines), "strace saw nothing"
    return [line for line in lines if re.search(r"\bAF_INET6?\b", line)]


AT_EASE: dict[str, Callable[[Box], list[str]]] = {
    "sync": lambda box: box.ccpin_argv("sync"),
    "check": lambda box: box.ccpin_argv("check"),
    "which": lambda box: box.ccpin_argv("which"),
    "list": lambda box: box.ccpin_argv("list"),
    "claude": lambda box: box.claude_argv("--version"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
class TestNoRoute:
    @pytest.mark.parametrize("verb", AT_EASE)
    def test_what_is_there_works_and_nothing_is_tried(
        self, cut_off: Box, namespace: list[str], tmp_path: Path, verb: str
    ) -> None:
        strace = _strace()
        trace = tmp_path / "trace"
        watched = [strace, "-ff", "-o", str(trace), "-e", "trace=execve,socket,connect,sendto"] if strace else []
        done = cut_off.run([*namespace, *watched, *AT_EASE[verb](cut_off)]).ok()
        assert done.out
        if strace:
            assert _sockets(trace) == []

    @pytest.mark.parametrize("verb", [verb for verb in AT_EASE if verb != "claude"])
    def test_ccpin_opens_no_socket(self, cut_off: Box, namespace: list[str], verb: str) -> None:
        self._hooked(cut_off, namespace, verb).ok()

    def test_the_hook_sees_one(self, cut_off: Box, namespace: list[str]) -> None:
        self._hooked(cut_off, namespace, "use", "2.1.200").failed(99)

    @staticmethod
    def _hooked(box: Box, namespace: list[str], *args: str) -> Completed:
        return box.run([*namespace, pythons.with_ccpin(), "-c", HOOK, *args])

    @pytest.mark.parametrize("source", ["npm", "auto"])
    def test_something_new_fails_soon_and_says_why(
        self, cut_off: Box, namespace: list[str], source: str, record_property: Callable[[str, object], None]
    ) -> None:
        before = cut_off.snapshot()
        start = time.monotonic()
        env = {"CCPIN_SOURCE": source, "CCPIN_CHANNEL": "https://channel.example/claude"}
        done = cut_off.run([*namespace, *cut_off.ccpin_argv("use", "2.1.200")], env=env).failed(1)
        seconds = time.monotonic() - start
        record_property("seconds", seconds)
        assert seconds < SOON
        registry = cut_off.env["CCPIN_NPM_REGISTRY"]
        why = "name resolution" if registry == NAMED else "Network is unreachable"
        assert re.search(rf"{re.escape(registry)}\S+ cannot be reached: .*{why}", done.err)
        assert cut_off.snapshot() == before

    def test_offline_is_sooner_and_tries_nothing(self, cut_off: Box, namespace: list[str]) -> None:
        for verb in ("sync", "which"):
            cut_off.env["CCPIN_OFFLINE"] = "1"
            self._hooked(cut_off, namespace, verb).ok()
        done = self._hooked(cut_off, namespace, "list", "--remote", "--offline").failed(1)
        assert "is not asked, for `--offline` or CCPIN_OFFLINE is set" in done.err
