"""What of a user's own is copied into a throw-away home, and what adds to a request without being copied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ccpin.wire.additions import Addition, additions, of_the_project
from ccpin.wire.copies import Copy, copies, exports, put


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path / "home")}


def write(path: Path, value: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)


class TestCopies:
    def test_what_is_told_of_each(self, tmp_path: Path, env: dict[str, str]) -> None:
        user = write(
            tmp_path / "home/.claude/settings.json", {"model": "m", "env": {"DISABLE_TELEMETRY": "1", "X": "1"}}
        )
        own = write(tmp_path / "work/.claude/settings.local.json", {"outputStyle": "o", "effortLevel": 3})
        state = write(tmp_path / "home/.claude.json", {"cachedFeatureFlags": {"x": 1}, "clientDataCache": {"a": 1}})
        env["DISABLE_TELEMETRY"] = "1"
        found = copies(env, str(tmp_path / "work"), clean=False)
        assert [(copy.what, dict(copy.files), dict(copy.exports)) for copy in found] == [
            (f"`model` in {user}", {"home/.claude/settings.json": {"model": "m"}}, {}),
            (f"`env` in {user}", {"home/.claude/settings.json": {"env": {"DISABLE_TELEMETRY": "1"}}}, {}),
            (f"`outputStyle` in {own}", {"work/.claude/settings.local.json": {"outputStyle": "o"}}, {}),
            ("what is exported: DISABLE_TELEMETRY", {}, {"DISABLE_TELEMETRY": "1"}),
            (
                f"the feature flags that are cached in {state}",
                {"home/.claude.json": {"cachedFeatureFlags": {"x": 1}}},
                {},
            ),
            (f"the client data that are cached in {state}", {"home/.claude.json": {"clientDataCache": {"a": 1}}}, {}),
        ]
        assert exports(found) == {"DISABLE_TELEMETRY": "1"}
        assert len(copies(env, str(tmp_path / "work"), clean=True)) == len(found) - 1

    def test_the_old_state_file_counts_where_it_is_there(self, tmp_path: Path, env: dict[str, str]) -> None:
        write(tmp_path / "home/.claude.json", {"cachedFeatureFlags": {"new": 1}, "mcpServers": {"new": {}}})
        old = write(
            tmp_path / "home/.claude/.config.json", {"cachedFeatureFlags": {"old": 1}, "mcpServers": {"old": {}}}
        )
        [copy] = copies(env, str(tmp_path), clean=False)
        assert copy.files == {"home/.claude.json": {"cachedFeatureFlags": {"old": 1}}}
        assert additions(env, str(tmp_path), "first-party") == [Addition("tools", "the MCP server `old`", old)]

    def test_objects_are_added_to_what_is_there(self, tmp_path: Path) -> None:
        """The oldest releases need a prepared state file; what a user cached does not take its place."""
        write(tmp_path / ".claude.json", {"hasCompletedOnboarding": True})
        one, other = (Copy("x", {"home/.claude.json": {name: 1}}) for name in "ab")
        put([one, other, Copy("y", {"work/CLAUDE.md": "Speak."})], str(tmp_path), str(tmp_path / "cwd"))
        assert json.loads((tmp_path / ".claude.json").read_text()) == {"hasCompletedOnboarding": True, "a": 1, "b": 1}
        assert (tmp_path / "cwd/CLAUDE.md").read_text() == "Speak."


class TestAdditions:
    def test_the_file_that_counts_most_decides_on_a_plugin(self, tmp_path: Path, env: dict[str, str]) -> None:
        user = write(tmp_path / "home/.claude/settings.json", {"enabledPlugins": {"a": True, "b": True, "c": False}})
        write(tmp_path / ".claude/settings.local.json", {"enabledPlugins": {"a": False}})
        write(tmp_path / ".claude/settings.json", {"enabledPlugins": {"d": True}})
        write(tmp_path / "home/.claude/plugins/installed_plugins.json", {"plugins": {name: {} for name in "abcd"}})
        assert additions(env, str(tmp_path), "first-party") == [Addition("tools", "the plugin `b`", user)]

    def test_hooks_and_texts_of_the_user(self, tmp_path: Path, env: dict[str, str]) -> None:
        local = write(
            tmp_path / ".claude/settings.local.json", {"hooks": {"Setup": [1], "Stop": [1], "SessionStart": []}}
        )
        write(tmp_path / ".claude/settings.json", {"hooks": {"UserPromptSubmit": [1]}})
        home = tmp_path / "home/.claude"
        style, command, rule = (
            write(home / name, "x") for name in ("output-styles/o.md", "commands/c.md", "rules/r.md")
        )
        write(home / "agents/.hidden.md", "x")
        assert additions(env, str(tmp_path), "first-party") == [
            Addition("messages", "the hook `Setup`", local),
            Addition("messages", "the command `c`", command),
            Addition("messages", "the rule `r`", rule),
            Addition("system", "the output style `o`", style),
        ]

    def test_of_the_project(self, tmp_path: Path) -> None:
        assert of_the_project(str(tmp_path)) == []
        for name in (".claude/skills/s/SKILL.md", ".claude/CLAUDE.md"):
            write(tmp_path / name, "x")
        assert of_the_project(str(tmp_path)) == [".claude/CLAUDE.md", ".claude/skills"]
