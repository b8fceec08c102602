"""Where captured releases start: above their working folder stands nothing that they would read, or run."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from ccpin.errors import NotCaptured, ReadAbove
from ccpin.wire.fingerprint import About
from ccpin.wire.rooms import place, places, read_above, require_nothing_above
from ccpin.wire.take import Subject, take

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is captured there")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a" / "b"
    made.mkdir(parents=True)
    return made.resolve()


@pytest.mark.parametrize("name", [".mcp.json", "CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", ".claude", ".git"])
def test_what_is_read_above_is_found(folder: Path, name: str) -> None:
    assert read_above(str(folder)) is None
    planted = folder.parent / name
    planted.symlink_to("nowhere yet")
    assert read_above(str(folder)) == str(planted)
    with pytest.raises(ReadAbove, match=name):
        place([str(folder)])
    with pytest.raises(ReadAbove, match=name):
        require_nothing_above(str(folder))


def test_another_folder_is_taken_then(folder: Path, tmp_path: Path) -> None:
    (folder / "CLAUDE.md").write_text("x")
    other = tmp_path / "other"
    other.mkdir()
    assert place([str(folder), str(tmp_path / "missing"), str(other)]) == str(other.resolve())


def test_one_that_others_write_to_is_the_last_choice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders above are the machine's: they count as nobody else's here."""
    monkeypatch.setattr("ccpin.wire.rooms._upward", lambda path: iter([path]))
    other = tmp_path / "other"
    other.mkdir(0o700)
    folder.chmod(0o1777)
    assert place([str(folder), str(other)]) == str(other.resolve())
    assert place([str(folder)]) == str(folder)


def test_places_are_there() -> None:
    assert os.path.isabs(place(places()))


def test_who_interrupts_does_not_wait_for_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccpin.wire.take._STRICT_FROM", (99, 0, 0))
    about = About("2.1.330", "ab" * 32, "native", "gateway", {}, True)
    sleeping = Subject(about, ("/bin/sh", "-c", "sleep 50 & sleep 50"), {}, lambda home, cwd: None)
    began = time.monotonic()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        take(sleeping, runs=4)
    timer.cancel()
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("version", "strict"), [("2.1.330", True), ("2.0.64", True), ("2.0.14", False)])
def test_no_server_of_others_is_started(version: str, strict: bool, tmp_path: Path) -> None:
    """2.1.0 to 2.1.330 start those of an .mcp.json above their folder without a question (measured)."""
    told = tmp_path / "told"
    about = About(version, "ab" * 32, "native", "gateway", {}, True)
    command = ("/bin/sh", "-c", f'echo "$@" > {told}', "claude")
    with pytest.raises(NotCaptured):
        take(Subject(about, command, {}, lambda home, cwd: None))
    assert ("--strict-mcp-config" in told.read_text().split()) is strict
