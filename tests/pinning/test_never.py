"""Names that no lock may set, whatever a user allows; and those of the table that are nearly like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccpin.pinning import flags
from ccpin.pinning.flags import TABLE, Cleared, Words
from ccpin.pinning.never import never

NAMES = Path(__file__).with_name("never_names.txt").read_text(encoding="utf-8").split()
"""What 2.1.330 takes from no project's settings or from none at all, and what redirects, trusts, runs or tells."""

OFF = {
    "CLAUDE_CODE_DISABLE_BG_STABLE_PATH": "1",
    "CLAUDE_CODE_DISABLE_RESPONSE_COMPARISON": "1",
    "CLAUDE_CODE_DISABLE_ULTRATHINK": "1",
    "CLAUDE_CODE_DISABLE_WEB_FETCH": "1",
    "CLAUDE_CODE_MODEL_CATALOG": "off",
    "CLAUDE_CODE_REMOVE_PROMPT_STRINGS": "false",
}
"""Of these names the table takes the one value that turns something off."""

HARMLESS = (
    "CLAUDE_CODE_GLOB_TIMEOUT_SECONDS",
    "CLAUDE_CODE_SCROLL_SPEED",
    "CLAUDE_CODE_MAX_EFFORT_REMINDER",
    "CLAUDE_CODE_HIDE_CWD",
    "CLAUDE_CODE_MAX_MCP_DESCRIPTION_LENGTH",
    "CLAUDE_STREAM_IDLE_TIMEOUT_MS",
    "DISABLE_COST_WARNINGS",
    "ENABLE_PROMPT_CACHING_1H_BEDROCK",
    "MCP_CONNECT_TIMEOUT_MS",
    "MCP_SERVER_CONNECTION_BATCH_SIZE",
)

TOMORROW = Path(__file__).with_name("never_tomorrow.txt").read_text(encoding="utf-8").split()
"""Most of these no release has. A value of one plain word may be the name of a host, or `bash`."""


@pytest.mark.parametrize("name", TOMORROW)
def test_what_a_release_may_bring(name: str) -> None:
    assert never(name)


def test_there_are_enough() -> None:
    assert len(NAMES) > 300
    assert sorted(set(NAMES)) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name not in TABLE])
def test_never(name: str) -> None:
    assert never(name)
    assert flags.problem(name, "1")


def test_those_of_the_table_only_turn_something_off() -> None:
    held = [TABLE[name] for name in NAMES if name in TABLE]
    assert {flag.name for flag in held if not isinstance(flag.kind, Cleared)} == set(OFF)
    assert len(held) > len(OFF)
    for name, value in OFF.items():
        kind = TABLE[name].kind
        assert isinstance(kind, Words)
        assert kind.words == (value,)


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(name: str) -> None:
    assert never(name) is None


@pytest.mark.parametrize(
    ("name", "because"),
    [
        ("CLAUDE_CODE_NEW_GATEWAY_URL", "redirect"),
        ("ANTHROPIC_ACCESS_TOKENS", "secret"),
        ("CLAUDE_CODE_STATUS_COMMAND", "run code"),
        ("ENABLE_UNSANDBOXED_EXECUTION", "permission"),
        ("CLAUDE_AX_ANYTHING", "no project"),
        ("CLAUDE_CODE_HARBOR_KITE_MORE", "no project"),
        ("PATH", "not the name"),
        ("LD_PRELOAD", "not the name"),
        ("HTTPS_PROXY", "not the name"),
        ("MY_FLAG", "not the name"),
        ("claude_code_scroll_speed", "not the name"),
        ("CLAUDE_CODE_SCROLL_SPEED\n", "not the name"),
        ("CLAUDE_CODE SCROLL", "not the name"),
        ("CLAUDE_CODE_É", "not the name"),
        ("CLAUDE_", "not the name"),
        ("CLAUDE_" + "A" * 74, "not the name"),
        ("", "not the name"),
    ],
)
def test_says_why(name: str, because: str) -> None:
    assert because in str(never(name))


def test_the_longest_name() -> None:
    assert never("CLAUDE_" + "A" * 73) is None
