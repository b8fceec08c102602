"""Real releases of ten eras: each sends one and the same request under `strict`, however often it is asked.

And under `none`, where random feature flags are cached, it does not. `CAPTURES=4` is how often CI asks, instead of ten.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ccpin.errors import ReadAbove
from ccpin.wire.fingerprint import PARTS, PROMPT
from ccpin.wire.run import run
from ccpin.wire.take import subject, take
from tests.live.machine import Environment, User
from tests.live.releases import feature_names, lock_of, pinned

pytestmark = pytest.mark.live

CAPTURED = ("0.2.35", "1.0.51", "1.0.100", "2.0.14", "2.0.64", "2.1.0", "2.1.112", "2.1.113", "2.1.200", "2.1.330")
TIMES = int(os.environ.get("CAPTURES", "10"))
MOST = 1.5  # times as long as the release's own run
SLACK = 0.3  # seconds, on a machine that does other things besides


@pytest.mark.parametrize("version", CAPTURED)
def test_captures_under_strict_have_one_digest(
    user: User, env: Environment, version: str, note: Callable[[str], None]
) -> None:
    head = lock_of(pinned(user, version, "strict")).head()
    found = take(subject(user.layout, env, head, "first-party"), runs=TIMES)
    assert found.unstable == {}
    assert found.runs == TIMES
    assert found.parts["headers"]["user-agent"].startswith(f"claude-cli/{version} ")
    note(f"{version:<7} strict, {TIMES} captures: {found.all[:23]}, {found.startup:.2f} s, {found.isolation}")


def test_under_none_random_flags_make_more_than_one(user: User, env: Environment, note: Callable[[str], None]) -> None:
    lock = lock_of(pinned(user, "2.1.330", "none"))
    what = subject(user.layout, env, lock.head(), "first-party")
    assignments = _assignments(feature_names(user, lock))

    def furnish(home: str, cwd: str) -> None:
        Path(home, ".claude.json").write_text(json.dumps(next(assignments)))

    found = take(replace(what, furnish=furnish), runs=6)
    note(f"2.1.330 none, 6 random assignments: {dict(found.unstable)} different ones")
    assert max(found.unstable.values()) > 1


@pytest.mark.parametrize("version", ["2.0.14", "2.1.0", "2.1.330"])
def test_what_somebody_puts_above_in_mid_run_is_not_run(
    user: User, env: Environment, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As anybody can in a folder for temporary files that all share."""
    shared, ran = tmp_path / "shared", tmp_path / "ran"
    shared.mkdir()
    monkeypatch.setattr("ccpin.wire.take.places", lambda: [str(shared)])
    what = subject(user.layout, env, lock_of(pinned(user, version, "strict")).head(), "first-party")

    def furnish(home: str, cwd: str) -> None:
        what.furnish(home, cwd)
        servers = {"x": {"command": "touch", "args": [str(ran)]}}
        (shared / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))

    with pytest.raises(ReadAbove, match=r"mcp\.json"):
        take(replace(what, furnish=furnish))
    assert not ran.exists()


def test_two_kinds_of_one_release_send_the_same(user: User, env: Environment) -> None:
    digests = []
    for runtime in ("node", "native"):
        project = user.project(runtime)
        user.ccpin("use", "2.1.112", "--runtime", runtime, "--profile", "strict", cwd=project).ok()
        digests.append(take(subject(user.layout, env, lock_of(project).head(), "first-party")).digests)
    assert digests[0] == digests[1]


def test_0_2_9_is_named_and_captured_behind_a_gateway(user: User) -> None:
    """It asks api.anthropic.com past the proxy, so there is nothing to see in the other mode."""
    found = user.ccpin("fingerprint", "0.2.9", "--gateway", "--json", cwd=user.root).ok().json["data"]
    assert (found["unstable"], found["model"]) == ({}, "claude-3-7-sonnet-20250219")


@pytest.mark.parametrize("version", ["2.0.14", "2.1.330"])
def test_a_capture_takes_little_longer_than_the_run(
    user: User, env: Environment, version: str, note: Callable[[str], None]
) -> None:
    import time

    what = subject(user.layout, env, lock_of(pinned(user, version, "strict")).head(), "first-party")
    own, whole = [], []
    for _ in range(3):
        own.append(run(what.command, ["-p", PROMPT], mode="first-party", env=what.env).seconds)
        began = time.monotonic()
        take(what)
        whole.append(time.monotonic() - began)
    note(f"{version:<7} own run {min(own):.2f} s, capture {min(whole):.2f} s")
    assert min(whole) <= MOST * min(own) + SLACK


def test_as_the_command_tells_it(user: User) -> None:
    project = pinned(user, "2.1.330", "strict")
    found = user.ccpin("fingerprint", "--json", cwd=project).ok().json["data"]
    assert tuple(found["parts"]) == PARTS
    assert found["betas"] == ["claude-code-20250219", "effort-2025-11-24", "interleaved-thinking-2025-05-14"]
    assert "You are Claude" not in json.dumps(found)


def _assignments(names: list[str]) -> Iterator[dict[str, dict[str, bool]]]:
    source = random.Random(7)
    while True:
        chosen = source.sample(names, len(names) // 10)
        flags = {name: source.random() < 0.5 for name in chosen}
        yield dict.fromkeys(("cachedFeatureFlags", "cachedGrowthBookFeatures", "cachedStatsigGates"), flags)
