"""What would reach a background supervisor of another release is refused while one runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ccpin.errors import BackgroundRefused
from ccpin.launching.background import background_verb, refuse_foreign, supervisor

SLEEP = [sys.executable, "-I", "-c", "import time; time.sleep(60)"]


@pytest.fixture
def running() -> Iterator[int]:
    """A process that looks like a supervisor."""
    with subprocess.Popen(
        [*SLEEP[:2], "-c", "daemon = 60; import time; time.sleep(daemon)", "daemon", "run"]
    ) as process:
        while not psutil.Process(process.pid).cmdline():  # at the very beginning there is none
            time.sleep(0.01)
        yield process.pid
        process.kill()


def put(home: Path, said: object) -> dict[str, str]:
    folder = home / ".claude"
    folder.mkdir(exist_ok=True)
    (folder / "daemon.lock").write_text(said if isinstance(said, str) else json.dumps(said))
    return {"HOME": str(home)}


REACHING = (
    ["--bg", "fix it"], ["-p", "--background"], ["agents"], ["agents", "--json"], ["attach", "0123abcd"], ["daemon"],
    ["daemon", "run"], ["respawn", "--all"], ["--model", "opus", "--bg"],
)  # fmt: skip
OTHERS: tuple[list[str], ...] = (
    [], ["-p", "hi"], ["daemon", "stop", "--any"], ["daemon", "status"], ["daemon", "logs"], ["--", "--bg"],
    ["-p", "agents"], ["stop", "0123abcd"], ["logs"], ["mcp", "list"],
)  # fmt: skip


@pytest.mark.parametrize("args", REACHING, ids=" ".join)
def test_another_release_is_not_handed_work(tmp_path: Path, running: int, args: list[str]) -> None:
    env = put(tmp_path, {"pid": running, "version": "2.1.330", "launchTarget": "/x/claude"})
    with pytest.raises(BackgroundRefused) as caught:
        refuse_foreign(args, env, "2.1.200")
    assert f"a background supervisor of 2.1.330 runs (process {running}," in str(caught.value)
    assert "claude daemon stop --any" in caught.value.hint
    refuse_foreign(args, env, "2.1.330")


@pytest.mark.parametrize("args", OTHERS, ids=" ".join)
def test_what_does_not_reach_it_goes_on(tmp_path: Path, running: int, args: list[str]) -> None:
    refuse_foreign(args, put(tmp_path, {"pid": running, "version": "2.1.330"}), "2.1.200")
    assert background_verb(args) is None


@pytest.mark.parametrize("said", ["", "no JSON", "[]", '{"pid": "1", "version": "2.1.330"}', '{"version": "2.1.330"}'])
def test_a_file_that_says_nothing(tmp_path: Path, said: str) -> None:
    assert supervisor(put(tmp_path, said)) is None
    refuse_foreign(["--bg"], put(tmp_path, said), "2.1.200")


def test_one_that_has_ended_is_none(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP) as process:
        assert supervisor(put(tmp_path, {"pid": process.pid, "version": "2.1.330"})) is None  # somebody else's number
        process.kill()
    for pid in (process.pid, -1, 1 << 70):
        assert supervisor(put(tmp_path, {"pid": pid, "version": "2.1.330"})) is None


def test_it_belongs_to_a_configuration_folder(tmp_path: Path, running: int) -> None:
    put(tmp_path, {"pid": running, "version": "2.1.330", "launchTarget": "/x/claude"})
    found = supervisor({"HOME": "/nowhere", "CLAUDE_CONFIG_DIR": str(tmp_path / ".claude")})
    assert found is not None
    assert (found.pid, found.version, found.executable) == (running, "2.1.330", "/x/claude")
    assert supervisor({"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": "/nowhere"}) is None
