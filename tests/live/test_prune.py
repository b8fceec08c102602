"""`ccpin prune` under running sessions: a native release and one on Node.js wait for the model, all that surely nothing
needs goes, and they go on: each runs a tool call in which it starts itself again, by its path in the store.

No lock names either of them. What keeps them is that they run.
"""

from __future__ import annotations

import os
import shlex
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ccpin.paths import Home
from ccpin.store.live import look
from ccpin.store.receipt import installs
from ccpin.wire.answers import ToolUse, Turn
from ccpin.wire.capture import Capture, Request
from ccpin.wire.loopback import Api
from ccpin.wire.run import run
from tests.fakes import looking
from tests.live.machine import JAVASCRIPT, NATIVE, Environment, User, answer
from tests.live.releases import conversation, pinned

pytestmark = pytest.mark.live

NEEDLESS = ("2.1.200", "2.1.113")
"""Native releases that are installed, and nobody's."""

SPARED = "1.0.100"
"""Nobody's either, but JavaScript: a session on Node.js takes its command line away, so it may be of this one."""

ARGS = ["-p", "begin with it", "--allowedTools", "Bash"]
PATH = "/usr/local/bin:/usr/bin:/bin"


class Waiting:
    """The model's part: it thinks until it may answer, then starts the release itself in a tool call."""

    def __init__(self, child: list[str]) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        self.result = ""
        self._call = ToolUse("Bash", {"command": shlex.join(child)})

    def turn(self, request: Request) -> Turn:
        if not conversation([request]):
            return Turn("ok")
        blocks = [block for message in request.json["messages"] for block in message["content"]]
        results = [block for block in blocks if isinstance(block, dict) and block["type"] == "tool_result"]
        if results:
            self.result = str(results[0]["content"])
            return Turn("done")
        self.asked.set()
        assert self.may_answer.wait(120)
        return Turn("", (self._call,))


def test_what_runs_goes_on_and_the_rest_is_freed(
    user: User, env: Environment, tmp_path: Path, note: Callable[[str], None]
) -> None:
    mine = User(tmp_path / "theirs", env)
    for version in (NATIVE, JAVASCRIPT, SPARED, *NEEDLESS):
        take(pinned(user, version, "none"), user, version, mine)
    found = {install.receipt.version: install for install in installs(mine.layout)}
    assert set(found) == {NATIVE, JAVASCRIPT, SPARED, *NEEDLESS}
    node = str(user.tools / "node")
    script = os.path.join(found[JAVASCRIPT].folder, "claude")
    commands = {NATIVE: [found[NATIVE].executable], JAVASCRIPT: [node, script]}
    models = {version: Waiting([*command, "--version"]) for version, command in commands.items()}

    def session(version: str) -> Capture:
        api = Api(models[version].turn)
        return run(commands[version], ARGS, mode="first-party", api=api, env={"PATH": PATH}, timeout=180)

    with ThreadPoolExecutor(2) as pool:
        running = {version: pool.submit(session, version) for version in commands}
        try:
            for model in models.values():
                assert model.asked.wait(60)
            before = looking.tree(Path(mine.layout.releases))
            dry = prune(mine, "--dry-run")
            assert looking.tree(Path(mine.layout.releases)) == before
            done = prune(mine)
        finally:
            for model in models.values():
                model.may_answer.set()
        captures = {version: one.result() for version, one in running.items()}

    for said in (dry, done):
        assert {one["version"] for one in said["freed"]} == set(NEEDLESS)
        kept = {one["version"]: {reason["kind"] for reason in one["why"]} for one in said["kept"]}
        assert kept == {version: {"process"} for version in (NATIVE, JAVASCRIPT, SPARED)}
        assert said["bytes"] >= sum(found[version].size for version in NEEDLESS)
    assert [install.receipt.version for install in installs(mine.layout)] == [SPARED, JAVASCRIPT, NATIVE]
    for version, capture in captures.items():
        assert (capture.exit_code, capture.stdout.strip()) == (0, "done"), capture.stderr
        assert answer(version).strip() in models[version].result
    whys = {one["version"]: one["why"][0]["text"] for one in done["kept"]}
    note(f"prune: {whys[NATIVE]}; {whys[JAVASCRIPT]}; {done['bytes'] / 1e6:,.0f} MB freed under them")

    live = look(mine.layout)
    assert not live.uses
    if live.untold:  # somebody else's session on this machine
        return
    after = prune(mine)
    assert [one["version"] for one in after["freed"]] == [SPARED, JAVASCRIPT, NATIVE]
    assert not list(Path(mine.layout.releases).iterdir())


def prune(user: User, *more: str) -> dict[str, Any]:
    data: dict[str, Any] = user.ccpin("prune", "--keep", "0", "--json", *more, cwd=user.root).ok().json["data"]
    return data


def take(project: Path, user: User, version: str, mine: User) -> None:
    """Puts a release of the cache into a store of this test's own: copies, for the cache's are not to be weighed."""
    path = user.ccpin("which", cwd=project).ok().out.strip()
    entry = Path(path).relative_to(user.layout.releases).parts[0]
    source = Path(user.layout.releases, entry)
    shutil.copytree(source, Path(mine.layout.releases, entry), symlinks=True)
    assert any(install.receipt.version == version for install in installs(Home(mine.layout.root)))
