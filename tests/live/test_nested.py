"""Three releases from one home, each with a subagent and with a `claude` of another project inside a tool call.

The home is hostile: its settings set every flag the other way. What each of the three sends, main session, subagent
and the session within, is what its own project's release sends by itself with its own project's flags.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest

from ccpin.pinning import flags
from ccpin.wire.answers import ToolUse, Turn
from ccpin.wire.capture import Capture, Request, main_request
from ccpin.wire.loopback import Api
from ccpin.wire.normal import Normal, normalised
from ccpin.wire.run import run
from tests.live.machine import User
from tests.live.people import CONTRARY
from tests.live.releases import command, conversation, pinned

pytestmark = pytest.mark.live

Pin = tuple[str, str]
"""A release and a profile."""

SESSIONS: tuple[tuple[Pin, Pin], ...] = (
    (("2.0.14", "default"), ("2.1.330", "strict")),
    (("2.1.200", "strict"), ("2.1.330", "none")),
    (("2.1.330", "none"), ("2.1.200", "default")),
    (("2.1.330", "strict"), ("2.0.14", "default")),
)
"""Who is started, and who inside. One after the other, from the same home."""

PROMPT, TASK = "begin with it", "look into it"
ARGS = ["-p", PROMPT, "--allowedTools", "Bash,Agent,Task"]
SYSTEM = ("/usr/bin", "/bin")  # for the shell of the tool call; no `claude` is there


def test_everybody_sends_what_their_own_project_says(user: User, tmp_path: Path, note: Callable[[str], None]) -> None:
    pins = list(dict.fromkeys(chain.from_iterable(SESSIONS)))
    with ThreadPoolExecutor(2) as pool:
        alone = dict(zip(pins, pool.map(lambda pin: by_itself(user, tmp_path, pin), pins), strict=True))
    assert len({main for main, _ in alone.values()}) == len(pins)  # else the wrong one could pass for the right one
    projects = {pin: pinned(user, *pin) for pin in pins}
    home = hostile(tmp_path / "home", CONTRARY)
    for outer, inner in SESSIONS:
        nested = ToolUse("Bash", {"command": f"cd '../{projects[inner].name}' && {shlex.join(['claude', *ARGS])}"})
        capture = run(
            [user.layout.shim()],
            ARGS,
            mode="first-party",
            api=Api(script(outer, nested)),
            env={"PATH": ":".join((user.bare["PATH"], *SYSTEM))},
            home=str(home),
            cwd=str(projects[outer]),
        )
        assert (capture.exit_code, capture.stdout) == (0, "done\n"), capture.stderr
        folders = {str(home): "home", **{str(folder): "cwd" for folder in projects.values()}}
        main, subagent = sent(capture, outer, folders)
        within = normalised(main_request(by(capture, inner), PROMPT), folders)
        assert (main, subagent) == alone[outer]
        assert within == alone[inner][0]
        assert {request.headers["user-agent"] for request in conversation(capture.requests)} == {
            f"claude-cli/{version} (external, sdk-cli)" for version, _ in (outer, inner)
        }
        note(f"{' '.join(outer)}: {len(main.betas)} betas; within, {' '.join(inner)}: {len(within.betas)}")


def by_itself(user: User, root: Path, pin: Pin) -> tuple[Normal, Normal]:
    """Main request and subagent's of the release that has the flags as exports, and nobody against them."""
    version, profile = pin
    locked = flags.PROFILES[profile].env
    others = {name: value for name, value in CONTRARY.items() if name not in locked}
    home = hostile(root / f"{version} {profile} home", {} if profile == "strict" else others)
    cwd = root / f"{version} {profile} alone"
    cwd.mkdir()
    capture = run(
        command(user, version, f"{version} {profile} by itself"),
        ARGS,
        mode="first-party",
        api=Api(script(pin)),
        env={**locked, "PATH": ":".join((user.bare["PATH"], *SYSTEM))},
        home=str(home),
        cwd=str(cwd),
    )
    return sent(capture, pin, {str(home): "home", str(cwd): "cwd"})


def sent(capture: Capture, pin: Pin, folders: Mapping[str, str]) -> tuple[Normal, Normal]:
    """The first requests of a release and of its subagent."""
    own = by(capture, pin)
    return normalised(main_request(own, PROMPT), folders), normalised(main_request(own, TASK), folders)


def by(capture: Capture, pin: Pin) -> list[Request]:
    """The requests of one release."""
    return [request for request in conversation(capture.requests) if _version(request) == pin[0]]


def script(outer: Pin, nested: ToolUse | None = None) -> Callable[[Request], Turn]:
    """The model's part: the release of `outer` starts a subagent, then `nested`; all others have nothing to do."""
    agent = {"description": "x", "prompt": TASK, "subagent_type": "general-purpose"}
    calls = [ToolUse("Task" if outer[0] == "2.0.14" else "Agent", agent), *([nested] if nested else [])]

    def turn(request: Request) -> Turn:
        if _version(request) != outer[0] or PROMPT not in request.said or not conversation([request]):
            return Turn("ok")
        blocks = [block for message in request.json["messages"] for block in message["content"]]
        done = sum(isinstance(block, dict) and block["type"] == "tool_result" for block in blocks)
        return Turn("", (calls[done],)) if done < len(calls) else Turn("done")

    return turn


def hostile(home: Path, env: Mapping[str, str]) -> Path:
    (home / ".claude").mkdir(parents=True)
    (home / ".claude" / "settings.json").write_text(json.dumps({"env": dict(env)}))
    return home


def _version(request: Request) -> str:
    return request.headers["user-agent"].removeprefix("claude-cli/").partition(" ")[0]
