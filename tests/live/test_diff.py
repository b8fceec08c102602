"""What differs between real releases, as it was read by hand in their raw requests."""

from __future__ import annotations

import pytest

from ccpin.wire.compare import Comparison, compare
from ccpin.wire.summary import sentence
from ccpin.wire.take import subject, take
from tests.live.machine import Environment, User
from tests.live.releases import lock_of, pinned

pytestmark = pytest.mark.live


@pytest.fixture
def compared(user: User, env: Environment) -> Comparing:
    return Comparing(user, env)


class Comparing:
    """`(version, profile)` against another one."""

    def __init__(self, user: User, env: Environment) -> None:
        self.user, self.env = user, env

    def __call__(self, before: tuple[str, str], after: tuple[str, str]) -> Comparison:
        heads = [lock_of(pinned(self.user, *side)).head() for side in (before, after)]
        found = [take(subject(self.user.layout, self.env, head, "first-party")) for head in heads]
        return compare(*found)


def test_2_1_112_and_2_1_113_differ_in_little_but_the_runtime(compared: Comparing) -> None:
    found = compared(("2.1.112", "strict"), ("2.1.113", "strict"))
    assert (found.before.about.runtime, found.after.about.runtime) == ("node", "native")
    assert found.parts == ("headers", "messages", "system", "tools")
    assert (found.parameters, found.betas.added, found.betas.removed) == ((), (), ())
    assert [value.name for value in found.headers] == ["user-agent"]
    (bash,) = found.changed_tools
    assert (bash.name, bash.schema, bash.description.come) == ("Bash", (), 1)
    assert [line.text for line in found.system.lines if line.kind == "+"] == [
        "x-anthropic-billing-header: cc_version=2.1.113.582; cc_entrypoint=sdk-cli; cch=<hash>;"
    ]
    (skill,) = (line.text for line in found.messages.lines if line.kind == "+")
    assert skill.startswith("- fewer-permission-prompts: ")
    assert found.variables.added == (
        "CLAUDE_ASYNC_AGENT_STALL_TIMEOUT_MS",
        "CLAUDE_BG_BACKEND",
        "CLAUDE_CODE_BS_AS_CTRL_BACKSPACE",
        "CLAUDE_CODE_DECSTBM",
    )
    assert found.variables.removed == ("CLAUDE_CODE_USE_NATIVE_FILE_SEARCH",)


def test_2_0_14_and_2_1_330(compared: Comparing) -> None:
    found = compared(("2.0.14", "strict"), ("2.1.330", "strict"))
    assert (found.before.model, found.after.model) == ("claude-sonnet-4-5-20250929", "claude-opus-5-5")
    assert {sentence(value) for value in found.parameters if value.name != "metadata.user_id"} == {
        "max_tokens 32000 → 128000",
        "+ output_config.effort medium",
        "- temperature 1",
        "+ thinking.type adaptive",
    }
    assert found.betas.added == ("effort-2025-11-24",)
    assert found.betas.removed == ("fine-grained-tool-streaming-2025-05-14",)
    assert (found.tools.before, found.tools.after) == (15, 21)
    assert set(found.tools.removed) == {
        "Task", "Glob", "Grep", "ExitPlanMode", "TodoWrite", "BashOutput", "KillShell", "SlashCommand",
    }  # fmt: skip
    assert [change.name for change in found.changed_tools] == [
        "Bash", "Edit", "NotebookEdit", "Read", "WebFetch", "WebSearch", "Write",
    ]  # fmt: skip
    assert found.hosts.removed == ("raw.githubusercontent.com",)


def test_what_strict_takes_away_from_2_1_330(compared: Comparing) -> None:
    found = compared(("2.1.330", "none"), ("2.1.330", "strict"))
    assert found.betas.added == ()
    assert set(found.betas.removed) == {
        "advanced-tool-use-2025-11-20",
        "cache-diagnosis-2026-04-07",
        "context-management-2025-06-27",
        "mid-conversation-system-clear-at-2026-08-21",
        "mid-conversation-tool-changes-2026-07-01",
        "per-turn-control-2026-07-01",
        "prompt-caching-scope-2026-01-05",
        "thinking-binding-controls-2026-08-01",
        "thinking-token-count-2026-05-13",
    }
    assert set(found.tools.removed) == {"ToolSearch", "DeferredToolPlaceholder"}
    assert len(found.tools.added) == 11
