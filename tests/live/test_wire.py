"""Real releases against the loopback API: what each one sends, in both modes, with nothing set and with `strict`.

The numbers are facts about releases that do not change any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.wire.answers import ToolUse, Turn
from ccpin.wire.capture import Capture, Mode, main_request
from ccpin.wire.loopback import FLAGS, Api
from ccpin.wire.run import run
from tests.live import releases
from tests.live.machine import User

pytestmark = pytest.mark.live

STRICT = dict.fromkeys(
    (
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
        "CLAUDE_CODE_DISABLE_FEATURE_FLAGS",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "DISABLE_AUTOUPDATER",
        "DISABLE_GROWTHBOOK",
        "DISABLE_TELEMETRY",
        "DISABLE_UPDATES",
    ),
    "1",
)
"""The switches with which the table below was measured."""

MODEL = {
    "2.0.14": "claude-sonnet-4-5-20250929",
    "2.1.112": "claude-sonnet-4-6",
    "2.1.200": "claude-opus-4-8",
    "2.1.330": "claude-opus-5-5",
}
SENT: dict[tuple[str, Mode], tuple[tuple[int, int], tuple[int, int]]] = {
    ("2.0.14", "first-party"): ((3, 15), (3, 15)),
    ("2.0.14", "gateway"): ((3, 15), (3, 15)),
    ("2.1.112", "first-party"): ((6, 9), (3, 23)),
    ("2.1.112", "gateway"): ((5, 23), (3, 23)),
    ("2.1.200", "first-party"): ((9, 9), (5, 24)),
    ("2.1.200", "gateway"): ((8, 25), (5, 24)),
    ("2.1.330", "first-party"): ((12, 12), (3, 21)),
    ("2.1.330", "gateway"): ((8, 12), (3, 21)),
}
"""How many beta names and tools the main request of `-p hi` has: with nothing set, and with `strict`."""

STRICT_ASKS = {
    "2.0.14": {"metrics_enabled"},
    "2.1.112": {"settings", "policy_limits", "metrics_enabled"},
    "2.1.200": {"settings", "policy_limits"},
    "2.1.330": {"settings", "policy_limits"},
}
"""The last words of the other paths that first-party mode still asks for with `strict`."""

Command = Callable[[str], list[str]]


@pytest.fixture
def command(user: User) -> Command:
    """How a release is started: the executable, or Node.js and its file, out of the store."""
    return lambda version: releases.command(user, version)


@pytest.mark.parametrize(("version", "mode"), SENT)
def test_the_main_request(command: Command, version: str, mode: Mode, note: Callable[[str], None]) -> None:
    start = command(version)
    bare, strict = (run(start, ["-p", "hi"], mode=mode, env=env) for env in ({}, STRICT))
    for capture in (bare, strict):
        assert (capture.exit_code, capture.stdout) == (0, "ok\n"), capture.stderr
        assert capture.main("hi").model == MODEL[version]
        assert capture.main("hi").mode == mode
        assert not [entry for entry in capture.refused if entry.why != "host"]
        note(_line(version, "strict" if capture is strict else "nothing set", capture))
    mains = [capture.main("hi") for capture in (bare, strict)]
    assert tuple((len(main.betas), len(main.tools)) for main in mains) == SENT[version, mode]
    _check_hosts(version, mode, bare, strict)


def _check_hosts(version: str, mode: Mode, bare: Capture, strict: Capture) -> None:
    """Which requests a run still sends when it is about to end is a matter of milliseconds: so, none but these."""
    known = set() if mode == "first-party" else {"api.anthropic.com:443"}
    if version == "2.0.14":
        known |= {"raw.githubusercontent.com:443"}
    assert set(strict.refused_hosts) <= known
    assert set(bare.refused_hosts) <= known | ({"statsig.anthropic.com:443"} if version == "2.0.14" else set())
    asked = {_last_word(request.path) for request in strict.requests if request.path != "/v1/messages"}
    assert asked <= (STRICT_ASKS[version] if mode == "first-party" else set())
    fetched = [request for request in bare.requests if FLAGS.fullmatch(request.path)]
    assert bool(fetched) == (mode == "first-party" and version != "2.0.14")


def test_a_served_flag_assignment_is_taken_up(command: Command, tmp_path: Path) -> None:
    """With nothing set 2.1.330 fetches it, tells who it is, and keeps it for later sessions; `strict` never asks."""
    start = command("2.1.330")
    kept = []
    for name, env in (("bare", {}), ("strict", STRICT)):
        (tmp_path / name).mkdir()
        api = Api(flags={"tengu_ccpin_probe": "served"})
        capture = run(start, ["-p", "hi"], mode="first-party", env=env, home=str(tmp_path / name), api=api)
        capture.main("hi")
        state = json.loads((tmp_path / name / ".claude.json").read_bytes())
        asked = [request for request in capture.requests if FLAGS.fullmatch(request.path)]
        kept.append((len(asked), state.get("cachedGrowthBookFeatures")))
        assert all(request.json["attributes"]["appVersion"] == "2.1.330" for request in asked)
    assert kept == [(1, {"tengu_ccpin_probe": "served"}), (0, None)]


def test_a_scripted_tool_call_is_carried_out(command: Command) -> None:
    """Two turns: the model calls Bash, the release runs it and sends back what it printed."""
    script = [Turn("", (ToolUse("Bash", {"command": "echo from-$((40+2))", "description": "x"}),)), Turn("done")]
    args = ["-p", "hi", "--allowedTools", "Bash"]
    capture = run(command("2.1.330"), args, mode="first-party", env=STRICT, api=Api(script))
    assert (capture.exit_code, capture.stdout) == (0, "done\n"), capture.stderr
    turns = [request for request in capture.requests if request.streaming]
    assert len(turns) == 2
    assert main_request(turns, "hi") is turns[0]
    (result,) = turns[1].json["messages"][-1]["content"]
    assert result["type"] == "tool_result"
    assert "from-42" in json.dumps(result["content"])


def _line(version: str, what: str, capture: Capture) -> str:
    main = capture.main("hi")
    hosts = ", ".join(host.removesuffix(":443") for host in capture.refused_hosts) or "no host"
    others = {_last_word(request.path) for request in capture.requests} - {"messages"}
    return (
        f"{version:<7} {capture.mode:<11} {what:<11} {len(main.betas):>2} betas, {len(main.tools):>2} tools,"
        f" {len(main.body) / 1000:5.1f} kB; asked {', '.join(sorted(others)) or 'nothing else'}; refused {hosts};"
        f" {capture.seconds:.1f} s, {capture.isolation}"
    )


def _last_word(path: str) -> str:
    if FLAGS.fullmatch(path):
        return "eval"
    return re.sub(r"/(v2/)?batch$|/v0/servers$", "", path).rpartition("/")[2]
