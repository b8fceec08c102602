"""A tool that appeared between two releases: found, over a kill, with no more captures than a logarithm.

The good end is one that the cache holds, the others are JavaScript releases of 25 MB, in a store of this test's own.
Between 2.1.113 and 2.1.330 the same was done by hand, for a beta (the CHANGELOG tells it).
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.fakes.pythons import with_ccpin
from tests.live.machine import Environment, User

pytestmark = pytest.mark.live

ARGS = ("--good", "2.0.64", "--bad", "2.0.67", "--profile", "none", "--wire", "tool:TaskOutput")


@pytest.fixture
def user(tmp_path: Path, env: Environment, cache: Path) -> User:
    user = User(tmp_path / "user", env)
    user.env["CCPIN_STORE_PATH"] = str(cache)
    return user


def sends(user: User, version: str, folder: Path) -> bool:
    """As a capture of its own tells it."""
    done = user.ccpin("fingerprint", version, "--profile", "none", "--runs", "1", "--json", cwd=folder).ok()
    return "TaskOutput" in done.json["data"]["tools"]


def test_the_first_release_that_offers_a_tool(user: User) -> None:
    folder = user.project()
    argv = [with_ccpin(), "-m", "ccpin", "bisect", *ARGS]
    with subprocess.Popen(
        argv, cwd=folder, env=user.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        encoding="utf-8", start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("ccpin: 2.0.65 (about 1 step left)"):
                break
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(60) == -signal.SIGKILL, said
    found = user.ccpin("bisect", "--continue", "--json", cwd=folder).ok().json["data"]
    assert (found["first"], found["good"]) == ("2.0.65", "2.0.64")
    assert [one["version"] for one in found["tested"]] == ["2.0.64", "2.0.67", "2.0.65"]
    assert found["runs"] == 3
    assert len(list(Path(user.layout.captures).glob("*/*.json"))) == 3
    assert any("TaskOutput" in line for line in found["sends"])
    assert (sends(user, "2.0.65", folder), sends(user, "2.0.64", folder)) == (True, False)
    assert found["installed"] == ["2.0.65", "2.0.67"]
