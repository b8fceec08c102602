"""Checks of settings files and of the environment: who wins, what is dead, what counts, and no value too much."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ccpin.doctor.finding import shown
from tests.cli.arrange import ccpin
from tests.doctor.arrange import arrange, findings, levels, write
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

AGAINST = '{\n "env": {\n  "DISABLE_UPDATES": "0"\n }\n}'


def place(box: Box, level: str, text: str) -> Path:
    """A settings file of that level."""
    paths = {
        "policy": box.root / "policy.json",
        "local": box.project / ".claude" / "settings.local.json",
        "project": box.project / ".claude" / "settings.json",
        "user": box.home / ".claude" / "settings.json",
        "global": box.home / ".claude.json",
    }
    if level == "policy":
        box.env["CLAUDE_CODE_MANAGED_SETTINGS_PATH"] = str(paths[level])
    return write(paths[level], text)


@pytest.mark.parametrize("level", ["local", "project", "user", "global"])
def test_the_lock_wins_where_the_release_takes_settings(native: Box, level: str) -> None:
    assert levels(native, "settings") == ["ok"]
    path = place(native, level, AGAINST)
    [found] = findings(native, "settings")
    assert (found.level, found.evidence) == ("note", (f'{path}:3: DISABLE_UPDATES = "0" ({level})',))
    assert "the lock wins" in found.line
    assert found.command == f"${{EDITOR:-vi}} +3 {path}"
    path.write_text(AGAINST.replace("0", "1"))
    assert levels(native, "settings") == ["ok"]


@pytest.mark.parametrize("level", ["local", "project", "user", "global"])
def test_the_file_wins_where_it_does_not(box: Box, level: str) -> None:
    arrange(box, "1.0.51")
    path = place(box, level, AGAINST)
    [found] = findings(box, "settings")
    assert (found.level, found.evidence) == ("warning", (f'{path}:3: DISABLE_UPDATES = "0" ({level})',))
    assert found.line == "1 settings entry stands above the lock"
    path.unlink()
    assert levels(box, "settings") == ["ok"]


def test_a_policy_wins_always(native: Box) -> None:
    path = place(native, "policy", AGAINST)
    [found] = findings(native, "settings")
    assert (found.level, found.command) == ("warning", None)  # it is not this user's to change
    ccpin(native, "env", "profile", "strict").ok()
    [found] = findings(native, "settings")
    assert (found.level, found.evidence) == ("problem", (f'{path}:3: DISABLE_UPDATES = "0" (policy)',))
    assert "a launch from a clean slate ends there" in found.line
    assert ccpin(native, "doctor").code == 1
    path.unlink()
    assert levels(native, "settings") == ["ok"]


def test_a_clean_slate_against_a_file_that_sets_other_flags(strict: Box) -> None:
    path = place(strict, "user", '{"env": {"ANTHROPIC_BETAS": "one,two"}}')
    [found] = findings(strict, "settings")
    assert found.level == "note"
    assert found.evidence == (f"{path}:1: ANTHROPIC_BETAS = (a value that is not shown) (user)",)


def test_a_file_that_nobody_can_read(native: Box) -> None:
    path = place(native, "project", "{")
    [found] = findings(native, "settings")
    assert (found.level, found.evidence) == ("warning", (f"{path} (project)",))
    assert found.command == f"${{EDITOR:-vi}} {path}"
    path.write_text("{}")
    assert levels(native, "settings") == ["ok"]


def test_flags_of_the_environment(native: Box) -> None:
    assert findings(native, "environment") == []
    native.env |= {"DISABLE_UPDATES": "0", "MAX_THINKING_TOKENS": "1024"}
    left, beaten = findings(native, "environment")
    assert (left.level, left.evidence) == ("note", ('MAX_THINKING_TOKENS = "1024"',))
    assert left.command == "unset MAX_THINKING_TOKENS"
    assert (beaten.level, beaten.evidence) == ("ok", ("DISABLE_UPDATES: the lock's value counts",))
    ccpin(native, "env", "profile", "strict").ok()
    [found] = findings(native, "environment")
    assert found.evidence == ("DISABLE_UPDATES: the lock's value counts", "MAX_THINKING_TOKENS: taken away")


def test_what_an_outer_launch_set_is_not_the_users(native: Box) -> None:
    native.env |= {"MAX_THINKING_TOKENS": "1024", "CCPIN_SET": "MAX_THINKING_TOKENS"}
    assert findings(native, "environment") == []


@pytest.mark.parametrize("name", ["DISABLE_TELEMETRY", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"])
@pytest.mark.parametrize("value", ["0", "false", "No", "off"])
def test_values_that_look_like_off(native: Box, name: str, value: str) -> None:
    path = place(native, "user", json.dumps({"env": {name: value}}))
    native.env[name] = value
    [found] = findings(native, "on-although-zero")
    assert found.level == "note"
    assert found.evidence == (f'{path}:1: {name} = "{value}" (user)', f'in this environment: {name} = "{value}"')
    path.write_text(json.dumps({"env": {name: "1", "DISABLE_UPDATES": "0"}}))  # that one is read as off
    native.env[name] = ""
    assert findings(native, "on-although-zero") == []


@pytest.mark.parametrize(
    ("level", "said", "dead"),
    [
        ("user", {"autoUpdates": False}, True),
        ("project", {"autoUpdaterStatus": "disabled"}, True),
        ("global", {"autoUpdates": False, "autoUpdatesProtectedForNative": True}, True),
        ("global", {"autoUpdates": False}, False),
        ("global", {"autoUpdates": True, "autoUpdatesProtectedForNative": True}, False),
        ("global", {"autoUpdaterStatus": "disabled", "installMethod": "native"}, True),
        ("global", {"autoUpdaterStatus": "disabled"}, False),
    ],
)
def test_dead_keys(native: Box, level: str, said: dict[str, object], dead: bool) -> None:
    path = place(native, level, json.dumps(said))
    found = findings(native, "dead-keys")
    assert [(one.level, one.evidence) for one in found] == (
        [("note", (f"{path}:1: `{next(iter(said))}`",))] if dead else []
    )
    path.write_text("{}")
    assert findings(native, "dead-keys") == []


def test_cached_feature_flags(native: Box) -> None:
    assert levels(native, "cached-flags") == ["ok"]
    state = {"cachedGrowthBookFeatures": {"a": 1, "b": 2}, "cachedStatsigGates": {"c": True}, "cachedFeatureFlags": {}}
    path = place(native, "global", json.dumps(state))
    [found] = findings(native, "cached-flags")
    assert (found.level, found.command) == ("warning", "ccpin env profile strict")
    assert found.evidence == (
        f"{path}:1: cachedGrowthBookFeatures holds 2",
        f"{path}:1: cachedStatsigGates holds 1",
    )
    assert found.line.startswith("3 feature flags are cached for this user, and decide")
    ccpin(native, "env", "set", "DISABLE_TELEMETRY").ok()
    assert levels(native, "cached-flags") == ["note"]
    assert found.command
    ccpin(native, *found.command.split()[1:]).ok()
    [found] = findings(native, "cached-flags")
    assert (found.level, "made no difference when measured" in found.line) == ("ok", True)


def test_client_data(native: Box) -> None:
    assert findings(native, "client-data") == []
    path = place(native, "global", '{"clientDataCache": {"remove_prompt_strings": ["the secret words"]}}')
    [found] = findings(native, "client-data")
    assert (found.level, found.evidence) == ("warning", (f"{path}:1: `clientDataCache`",))
    assert found.command
    ccpin(native, *found.command.split()[1:]).ok()
    assert levels(native, "client-data") == ["ok"]


def test_client_data_of_a_release_that_does_not_know_it(javascript: Box) -> None:
    place(javascript, "global", '{"clientDataCache": {"a": 1}}')
    assert findings(javascript, "client-data") == []


def test_what_stays_the_users(native: Box) -> None:
    assert findings(native, "yours") == []
    user = place(native, "user", '{"model": "m-secret",\n"effortLevel": "e-secret"}')
    project = place(native, "project", '{\n\n"outputStyle": "o-secret"}')
    [found] = findings(native, "yours")
    assert found.level == "note"
    assert found.evidence == (f"{project}:3: `outputStyle`", f"{user}:1: `model`", f"{user}:2: `effortLevel`")
    assert "secret" not in str(found)


def test_plugins_are_not_updated_either(native: Box) -> None:
    assert findings(native, "plugins") == []
    path = place(native, "user", '{"enabledPlugins": {"a@b": true, "c@d": true}}')
    [found] = findings(native, "plugins")
    assert (found.level, found.evidence) == ("note", (f"{path}:1: 2 plugins",))
    assert found.command == "claude plugin update NAME"
    native.env["FORCE_AUTOUPDATE_PLUGINS"] = "1"
    [found] = findings(native, "plugins")
    assert "plugins update themselves" in found.line
    assert found.command == "ccpin env profile strict"
    ccpin(native, *found.command.split()[1:]).ok()
    [found] = findings(native, "plugins")
    assert "do not update themselves" in found.line
    ccpin(native, "env", "profile", "none").ok()
    assert findings(native, "plugins") == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DISABLE_UPDATES", "0", 'DISABLE_UPDATES = "0"'),
        ("DISABLE_UPDATES", "what I told it", "DISABLE_UPDATES = (a value that is not shown)"),
        ("CLAUDE_CODE_EFFORT_LEVEL", "low", 'CLAUDE_CODE_EFFORT_LEVEL = "low"'),
        ("ANTHROPIC_MODEL", "m" * 50, f'ANTHROPIC_MODEL = "{"m" * 31}…"'),
        ("ANTHROPIC_MODEL", "a key: sk-1", "ANTHROPIC_MODEL = (a value that is not shown)"),
        ("CLAUDE_CODE_GENTLE_PARASOL", "be kind", "CLAUDE_CODE_GENTLE_PARASOL = (a value that is not shown)"),
        ("CLAUDE_CODE_SIMPLE", "1", 'CLAUDE_CODE_SIMPLE = "1"'),
    ],
)
def test_how_a_value_is_shown(name: str, value: str, said: str) -> None:
    assert shown(name, value) == said
