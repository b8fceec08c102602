"""What a hook of a real release sees of the launch, by the recipe of docs/run-evidence.md, and that it is not sent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ccpin.wire.normal import normalised
from ccpin.wire.run import run
from tests.cli.test_evidence import recipe
from tests.live.machine import User
from tests.live.releases import lock_of, pinned

pytestmark = pytest.mark.live


@pytest.mark.parametrize("version", ["2.0.14", "2.1.330"])
def test_the_recipe_s_hook_writes_what_ran(user: User, tmp_path: Path, version: str) -> None:
    project = pinned(user, version)
    home = tmp_path / "home"
    (home / ".claude").mkdir(parents=True)
    (home / ".claude" / "settings.json").write_text(recipe("hook"))
    env = {"PATH": user.bare["PATH"] + os.pathsep + "/usr/bin:/bin", "CCPIN_LOCK": "stale"}
    capture = run([user.layout.shim()], ["-p", "hi"], mode="first-party", env=env, home=str(home), cwd=str(project))
    assert (capture.exit_code, capture.stdout) == (0, "ok\n"), capture.stderr
    (line,) = (home / ".claude" / "runs.jsonl").read_text().splitlines()
    lock = lock_of(project)
    assert json.loads(line) == {
        "version": version,
        "digest": f"sha256:{lock.digest}",
        "lock": str(project / ".ccpin.lock"),
    }


@pytest.mark.parametrize("version", ["2.0.14", "2.1.330"])
def test_it_is_not_sent(user: User, tmp_path: Path, version: str) -> None:
    """By the shim, from two folders of two projects: one request, under `strict`, without a word of it."""
    bodies = []
    for number in (1, 2):
        project = pinned(user, version, "strict", f"{version} {number} {'x' * number}")
        home = tmp_path / str(number)
        home.mkdir()
        env = {"PATH": user.bare["PATH"]}
        capture = run([user.layout.shim()], ["-p", "hi"], mode="first-party", env=env, home=str(home), cwd=str(project))
        main = capture.main("hi")
        bodies.append(normalised(main, {str(home): "home", str(project): "project"}).as_json())
        for request in capture.requests:
            said = request.body + str(dict(request.headers)).encode()
            assert b"CCPIN_" not in said
            assert lock_of(project).digest.encode() not in said
    assert bodies[0] == bodies[1]
