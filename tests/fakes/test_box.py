"""The machine of a test keeps to itself, and its ways of running things work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import pythons
from tests.fakes.box import Box, Completed

posix = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


class TestPythons:
    @pytest.mark.parametrize("find", [pythons.with_ccpin, pythons.borrowing])
    def test_finds_this_ccpin(self, find: Callable[[], str]) -> None:
        probe = [find(), "-I", "-c", "import ccpin, requests; print(ccpin.__file__)"]
        found = subprocess.run(probe, cwd="/", env={}, capture_output=True, text=True, check=True).stdout.strip()
        assert Path(found).resolve().parent.parent == pythons.REPOSITORY


class TestBox:
    def test_nothing_of_the_real_machine(self, box: Box, tmp_path: Path) -> None:
        assert not Path(os.environ["HOME"]).exists()
        assert Path(os.path.expanduser("~")) != Path(box.home)
        for name in ("npm", "npx", "claude", "ccpin"):
            assert shutil.which(name, path=box.env["PATH"]) is None
        assert not {"ANTHROPIC_API_KEY", "NPM_CONFIG_USERCONFIG"} & set(box.environment())

    @posix
    def test_running(self, box: Box) -> None:
        assert box.run(["node", "--version"]).out == "v20.11.0\n"
        done = box.run(["sh", "-c", 'printf "%s|" "$A" "$PWD"; cat; exit 3'], env={"A": "b", "HOME": None}, stdin="in")
        assert done.failed(3).out == f"b|{box.project}|in"
        with box.start(["sh", "-c", "echo ready; sleep 60 & wait"]) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        assert process.returncode == -signal.SIGKILL

    @posix
    @pytest.mark.parametrize("shell", [None, "dash", "bash", "busybox ash", "mksh", "zsh", "ksh", "yash"])
    def test_claude_runs_the_shim(self, box: Box, shell: str | None) -> None:
        shim = Path(box.layout.shim())
        shim.parent.mkdir(parents=True)
        shim.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        shim.chmod(0o755)
        assert box.claude("a b", "c", shell=shell).ok().out == "a b\nc\n"

    @posix
    def test_snapshot(self, box: Box) -> None:
        entry_folder = Path(box.layout.releases, "2.0.14-0123456789abcdef0123456789abcdef")
        (entry_folder / "any").mkdir(parents=True)
        (entry_folder / "any/claude").write_text("x")
        box.lock.write_text("x")
        before = box.snapshot()
        assert box.entries() == ["2.0.14-0123456789abcdef0123456789abcdef/any"]
        (entry_folder / ".staging").mkdir()
        Path(box.layout.locks).mkdir()
        assert box.snapshot() == before
        box.lock.chmod(0o600)
        assert box.snapshot() != before
        box.lock.chmod(0o644)
        (entry_folder / "any/claude").write_text("y")
        assert set(box.snapshot().items() - before.items()) == {
            (key, value) for key, value in box.snapshot().items() if key.endswith("any/claude")
        }

    @posix
    def test_unprivileged(self, box: Box) -> None:
        box.give_away()
        box.project.chmod(0o555)
        failed = box.run_unprivileged(["-c", "import os; print(os.geteuid()); open('x', 'w')"]).failed()
        assert "PermissionError" in failed.err
        assert failed.out != "0\n"
        box.project.chmod(0o755)
        box.run_unprivileged(["-c", "import ccpin, requests; open('x', 'w')"]).ok()

    def test_completed(self) -> None:
        assert Completed(0, 'note\n{"a": 1}\n', "").ok().json == {"a": 1}
        assert Completed(0, '{\n  "a": 1\n}\n', "").json == {"a": 1}
        with pytest.raises(AssertionError, match="exit code 1"):
            Completed(1, "", "").ok()
        with pytest.raises(AssertionError, match="exit code 0, not 126"):
            Completed(0, "", "").failed(126)
