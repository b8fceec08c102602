"""What a launch tells what it starts, by the shim and by `ccpin exec`; and the recipes of docs/run-evidence.md."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from ccpin.launching.environment import EVIDENCE
from tests.cli.arrange import ccpin, pin, pin_default, put_ccpin_on_path, read_lock
from tests.cli.test_exec import Way, both_ways, ready
from tests.docs.pages import read
from tests.fakes.box import Box
from tests.fakes.claude import fake_claude

__all__ = ["ready"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

STALE = dict.fromkeys(EVIDENCE, "of another project")


def told(said: Any) -> dict[str, str]:
    return {name: said["env"][name] for name in EVIDENCE if name in said["env"]}


def expected(lock: Path) -> dict[str, str]:
    found = read_lock(lock)
    return {
        "CCPIN_VERSION_USED": found.version,
        "CCPIN_DIGEST": f"sha256:{found.digest}",
        "CCPIN_LOCK": str(lock),
    }


@both_ways
class TestALaunch:
    def test_tells_what_ran(self, ready: Box, way: Way) -> None:
        said = ready.run(way(ready), cwd=ready.folder("a/b"), env=STALE).ok().json
        assert told(said) == expected(ready.lock)

    def test_inside_another_one_tells_of_itself(self, ready: Box, way: Way) -> None:
        other = ready.folder("other")
        (other / ".ccpin.lock").write_text(ready.lock.read_text().replace('DISABLE_UPDATES = "1"\n', ""))
        outer = ready.run(way(ready), env={"FAKE_RUN": f"cd '{other}' && FAKE_RUN= claude -p in"}).ok().json
        assert told(outer) == expected(ready.lock)
        assert told(json.loads(outer["ran"])) == expected(other / ".ccpin.lock")

    def test_of_nothing_pinned_tells_nothing(self, ready: Box, way: Way) -> None:
        fake_claude(ready.bin)
        assert told(ready.run(way(ready), cwd="/", env=STALE).ok().json) == {}
        assert told(ready.run(way(ready), env={**STALE, "CCPIN_DISABLE": "1"}).ok().json) == {}

    def test_by_ccpin_version_tells_of_no_lock(self, ready: Box, way: Way) -> None:
        said = ready.run(way(ready), env={**STALE, "CCPIN_VERSION": "2.1.330"}).ok().json
        assert told(said) == expected(ready.lock)  # it is what the lock names
        (ready.project / ".ccpin.lock").unlink()
        said = ready.run(way(ready), env={**STALE, "CCPIN_VERSION": "2.1.330"}).ok().json
        assert told(said).keys() == {"CCPIN_VERSION_USED", "CCPIN_DIGEST"}
        assert said["env"]["CCPIN_VERSION_USED"] == "2.1.330"


def test_exec_of_another_release_tells_of_no_lock(box: Box) -> None:
    pin(box, "2.0.14")
    digest = read_lock(box.lock).digest
    pin(box, "2.1.330")
    said = box.ccpin("exec", "--version", "2.0.14", "--", "-p", "x", env=STALE).ok().json
    assert told(said) == {"CCPIN_VERSION_USED": "2.0.14", "CCPIN_DIGEST": f"sha256:{digest}"}


def test_the_default_lock_is_a_lock(box: Box) -> None:
    pin_default(box, "2.0.14")
    said = box.ccpin("exec", "--", "-p", "x", env=STALE).ok().json
    assert told(said) == expected(Path(box.layout.default_lock))


def test_current_tells_the_same(box: Box) -> None:
    pin(box, "2.1.330")
    data = ccpin(box, "current", "--json").ok().json["data"]
    assert (data["version"], data["digest"], data["source"]) == tuple(expected(box.lock).values())


# --- the recipes


def recipe(name: str) -> str:
    """A block of docs/run-evidence.md, by the comment that stands before it."""
    return read("docs/run-evidence.md").code(name)


def test_the_hook_s_command_writes_a_line_of_json(ready: Box) -> None:
    """What Claude Code does with a hook: it runs the command in a shell, as its child. The live test lets it."""
    (ready.home / ".claude").mkdir()
    (hook,) = json.loads(recipe("hook"))["hooks"]["SessionStart"][0]["hooks"]
    for _ in range(2):
        ready.claude("-p", "x", env={"FAKE_RUN": hook["command"]}).ok()
    lines = (ready.home / ".claude" / "runs.jsonl").read_text().splitlines()
    want = expected(ready.lock)
    assert [json.loads(line) for line in lines] == 2 * [
        {"version": want["CCPIN_VERSION_USED"], "digest": want["CCPIN_DIGEST"], "lock": want["CCPIN_LOCK"]}
    ]


def test_the_guard_lets_only_pinned_sessions_begin(ready: Box) -> None:
    (hook,) = json.loads(recipe("guard"))["hooks"]["UserPromptSubmit"][0]["hooks"]
    assert ready.claude("-p", "x", env={"FAKE_RUN": hook["command"]}).ok().json["ran_status"] == 0
    fake_claude(ready.bin)
    said = ready.claude("-p", "x", cwd="/", env={"FAKE_RUN": hook["command"]}).ok()
    assert said.json["ran_status"] == 2
    assert "not pinned" in said.err


@pytest.mark.parametrize("before", ["", "service.name=shop"])
def test_the_attributes_of_telemetry(ready: Box, before: str) -> None:
    put_ccpin_on_path(ready)
    (ready.bin / "python3").symlink_to(shlex.split(ready.ccpin_argv()[0])[0])
    script = ready.root / "traced"
    script.write_text(recipe("telemetry"))
    env = {"OTEL_RESOURCE_ATTRIBUTES": before} if before else {}
    said = ready.run(["sh", str(script), "-p", "x"], env=env).ok().json
    want = expected(ready.lock)
    own = f"ccpin.version={want['CCPIN_VERSION_USED']},ccpin.digest={want['CCPIN_DIGEST']}"
    assert said["env"]["OTEL_RESOURCE_ATTRIBUTES"] == (f"{before},{own}" if before else own)
    assert told(said) == want
