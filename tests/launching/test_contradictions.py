"""What stands above the lock: at every level, with file and line, and never more of a file than a flag's name."""

from __future__ import annotations

import json
import os
import plistlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from ccpin.errors import SettingsAbove
from ccpin.launching import contradictions
from ccpin.launching.contradictions import require_none, said_by_files
from ccpin.pinning import flags
from ccpin.pinning.find import Pin
from ccpin.pinning.head import Head

ENV = {"DISABLE_UPDATES": "1", "CLAUDE_CODE_MODEL_CATALOG": "off"}
CLEARED = [name for name in flags.TABLE if name not in ENV]
SECRET = "sk-ant-0123456789"
LEVELS = ("policy", "local", "project", "user", "global")


class Machine:
    """Every place of settings, below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.env = {"HOME": str(root / "home")}
        self.said: list[str] = []

    def path(self, level: str) -> Path:
        return self.root / {
            "policy": "managed/managed-settings.json",
            "drop-in": "managed/managed-settings.d/10.json",
            "fetched": "home/.claude/remote-settings.json",
            "local": "project/.claude/settings.local.json",
            "project": "project/.claude/settings.json",
            "user": "home/.claude/settings.json",
            "global": "home/.claude.json",
        }.get(level, level)

    def put(self, level: str, env: object = None, text: str | None = None) -> str:
        path = self.path(level)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text is not None else json.dumps({"a": SECRET, "env": env}, indent=2))
        return str(path)

    def ask(self, *, clean: bool = True, beaten: bool = True, unset: bool = True, kept: Sequence[str] = ()) -> None:
        head = Head("2.1.330", "2.1.330", "native", "0" * 64, ENV, 3, clean=clean)
        cleared = [name for name in CLEARED if name not in kept] if clean else []
        pin = Pin(head, "/p/.ccpin.lock", "lock", b"")
        require_none(self.env, pin, cleared, beaten=beaten, unset=unset, say=self.said.append)

    def refusal(self, *, beaten: bool = True, unset: bool = True) -> SettingsAbove:
        with pytest.raises(SettingsAbove) as raised:
            self.ask(beaten=beaten, unset=unset)
        error = raised.value
        assert error.launch_code == 126
        assert SECRET not in f"{error}{error.hint}"
        return error


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(contradictions, "_managed_folder", lambda: str(tmp_path / "managed"))
    return made


def test_nothing_is_said_of_nothing(machine: Machine) -> None:
    machine.ask()
    machine.ask(beaten=False, unset=False)
    machine.ask(clean=False, beaten=False, unset=False)
    for level in ("policy", "drop-in", "fetched", *LEVELS):
        machine.put(level, {"MINE": SECRET, "PATH": "/x"})
    machine.ask(beaten=False, unset=False)
    assert machine.said == []


# --- the lock's own flags ---------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["policy", "drop-in", "fetched"])
@pytest.mark.parametrize("name", ["DISABLE_UPDATES", "ANTHROPIC_MODEL"])
def test_a_policy_stands_above_all(machine: Machine, level: str, name: str) -> None:
    path = machine.put(level, {"MINE": SECRET, name: SECRET})
    error = machine.refusal()
    assert error.where == f"{path}:5"
    assert f"`{name}` is set here, and an administrator's policy stands above the lock" in error.message
    assert "/p/.ccpin.lock:3" in error.message


@pytest.mark.parametrize("level", ["local", "project", "user", "global"])
def test_settings_files_are_beaten_by_the_option(machine: Machine, level: str) -> None:
    machine.put(level, {"DISABLE_UPDATES": "0", "ANTHROPIC_MODEL": "opus"})
    machine.ask()
    machine.ask(clean=False)
    assert machine.said == []


@pytest.mark.parametrize("level", ["local", "project", "user", "global"])
def test_but_not_in_a_release_that_does_not_know_it(machine: Machine, level: str) -> None:
    path = machine.put(level, {"DISABLE_UPDATES": SECRET})
    error = machine.refusal(beaten=False, unset=False)
    assert error.where == f"{path}:4"
    assert "`DISABLE_UPDATES` is set here, and a settings file stands above the lock" in error.message
    machine.ask(clean=False, beaten=False, unset=False)
    [line] = machine.said
    assert line == f"ccpin: warning: {error}"
    assert SECRET not in line


def test_every_contradiction_is_a_warning_of_its_own(machine: Machine) -> None:
    paths = [machine.put(level, {"CLAUDE_CODE_MODEL_CATALOG": "on", "DISABLE_UPDATES": "0"}) for level in LEVELS]
    machine.ask(clean=False, beaten=False, unset=False)
    expected = [f"{path}:{line}: `{name}`" for path in paths for line, name in enumerate(reversed(ENV), 4)]
    assert [line.removeprefix("ccpin: warning: ").partition(" is set here")[0] for line in machine.said] == expected
    assert machine.refusal(beaten=False).where == f"{paths[0]}:4"  # the highest level first


@pytest.mark.parametrize("level", ["policy", "local", "project", "user", "global"])
@pytest.mark.parametrize("env", [ENV, {"DISABLE_UPDATES": 1}, {"ANTHROPIC_MODEL": ""}, {}, None, [], "DISABLE_UPDATES"])
def test_what_agrees_with_the_lock(machine: Machine, level: str, env: object) -> None:
    machine.put(level, env)
    machine.ask(beaten=False, unset=False)
    assert machine.said == []


@pytest.mark.parametrize("value", [0, True, None, 1.5, ["1"], {"a": 1}, "", " 1", "true"])
def test_another_value_of_whatever_type(machine: Machine, value: object) -> None:
    machine.put("policy", {"DISABLE_UPDATES": value})
    assert "DISABLE_UPDATES" in machine.refusal().message


# --- what a clean slate takes away ------------------------------------------------------------------


@pytest.mark.parametrize("level", ["local", "project", "user", "global"])
def test_what_cannot_be_unset(machine: Machine, level: str) -> None:
    """Where it was not measured that "" unsets, a settings file that sets such a name ends a strict launch."""
    path = machine.put(level, {"ANTHROPIC_BETAS": SECRET})
    assert machine.refusal(unset=False).where == f"{path}:4"
    machine.ask(unset=True)
    machine.ask(clean=False, unset=False)
    assert machine.said == []


def test_what_the_user_keeps_contradicts_nothing(machine: Machine) -> None:
    machine.put("policy", {"ANTHROPIC_BETAS": "x"})
    machine.put("user", {"ANTHROPIC_BETAS": "x"})
    machine.ask(kept=["ANTHROPIC_BETAS"], unset=False)
    machine.refusal()


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["{", SECRET, "[" * 100_000, '{"env": NaN,}', '{"a": ' + "9" * 5000 + "}", "\0"])
def test_a_policy_that_cannot_be_read(machine: Machine, text: str) -> None:
    path = machine.put("policy", text=text)
    error = machine.refusal()
    assert (error.where, "it cannot be read (it is no json)" in error.message) == (path, True)


@pytest.mark.parametrize("form", [plistlib.FMT_XML, plistlib.FMT_BINARY])
def test_a_profile_of_a_mac(machine: Machine, monkeypatch: pytest.MonkeyPatch, form: plistlib.PlistFormat) -> None:
    path = machine.root / "com.anthropic.claudecode.plist"
    monkeypatch.setattr(contradictions, "_preferences", lambda: [str(path)])
    machine.ask()
    path.write_bytes(plistlib.dumps({"env": {"MINE": SECRET, "ANTHROPIC_MODEL": SECRET}}, fmt=form))
    assert machine.refusal().where == f"{path}:1"
    path.write_bytes(plistlib.dumps({"env": {"MINE": SECRET}}, fmt=form))
    machine.ask()


@pytest.mark.parametrize(
    "data", [b"{", b"<plist", b"<?xml version='1.0'?><plist><dict><key>", b"bplist00" + b"\xff" * 99]
)
def test_a_profile_that_cannot_be_read(machine: Machine, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    path = machine.root / "com.anthropic.claudecode.plist"
    monkeypatch.setattr(contradictions, "_preferences", lambda: [str(path)])
    path.write_bytes(data)
    assert "it cannot be read (it is no plist)" in machine.refusal().message


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_a_policy_that_is_no_file(machine: Machine, kind: str) -> None:
    path = machine.path("policy")
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert machine.refusal().where == str(path)


@pytest.mark.parametrize("level", ["local", "project", "user", "global"])
def test_another_file_that_cannot_be_read(machine: Machine, level: str) -> None:
    path = machine.put(level, text="{")
    machine.ask()
    assert machine.refusal(beaten=False).where == path
    machine.ask(clean=False, beaten=False)
    assert len(machine.said) == 1


@pytest.mark.parametrize("level", ["local", "project", "user", "global"])
@pytest.mark.parametrize("text", ['{"env": {"ANTHROPIC_MODEL": "x"}, "a": ' + "9" * 5000 + "}", "{"])
def test_one_that_may_set_what_cannot_be_unset(machine: Machine, level: str, text: str) -> None:
    """A release may read what Python does not: a number of thousands of digits, for one."""
    path = machine.put(level, text=text)
    assert machine.refusal(unset=False).where == path
    machine.ask(clean=False, unset=False)
    assert machine.said == []


@pytest.mark.parametrize("level", ["policy", "local", "project", "user"])
def test_a_file_of_many_megabytes_is_not_read(machine: Machine, level: str) -> None:
    """A clone may bring one along, and what it holds would take many times the memory."""
    machine.put(level, text='{"a": [' + "[]," * (2 << 20) + "[]]}")
    assert "it has more than 4,194,304 bytes" in machine.refusal(beaten=False).message


@pytest.mark.parametrize("text", ["", "[]", "null", "7", '{"env": 7}', '\ufeff{"env": {}}'])
def test_files_that_set_nothing(machine: Machine, text: str) -> None:
    machine.put("policy", text=text)
    machine.ask(beaten=False, unset=False)


def test_the_line_is_the_one_that_counts(machine: Machine) -> None:
    text = '{\n"env": {\n"DISABLE_UPDATES": "1",\n"x": "DISABLE_UPDATES",\n"DISABLE_UPDATES"\n: "0"}}'
    path = machine.put("policy", text=text)
    assert machine.refusal().where == f"{path}:5"


def test_a_linked_file_is_read(machine: Machine) -> None:
    real = machine.put("dotfiles/settings.json", {"DISABLE_UPDATES": "0"})
    path = machine.path("user")
    path.parent.mkdir(parents=True)
    path.symlink_to(real)
    assert machine.refusal(beaten=False).where == f"{path}:4"


def test_another_configuration_folder(machine: Machine) -> None:
    for name in ("remote-settings.json", "settings.json", ".claude.json"):
        machine.put(f"config/{name}", {"DISABLE_UPDATES": "0"})
    machine.put("user", {"DISABLE_UPDATES": "1", "ANTHROPIC_MODEL": "x"})
    machine.env["CLAUDE_CONFIG_DIR"] = str(machine.root / "config")
    said = said_by_files(machine.env)
    assert [(one.level, Path(one.where).name) for one in said] == [
        ("policy", "remote-settings.json:4"),
        ("user", "settings.json:4"),
        ("global", ".claude.json:4"),
    ]
    machine.env["CLAUDE_CONFIG_DIR"] = ""
    assert [one.name for one in said_by_files(machine.env)] == ["DISABLE_UPDATES", "ANTHROPIC_MODEL"]


def test_a_policy_named_by_the_environment(machine: Machine) -> None:
    path = machine.put("elsewhere.json", {"DISABLE_UPDATES": "0"})
    machine.ask()
    machine.env["CLAUDE_CODE_MANAGED_SETTINGS_PATH"] = path
    assert machine.refusal().where == f"{path}:4"


def test_levels_from_the_highest_to_the_lowest(machine: Machine) -> None:
    for level in (*reversed(LEVELS), "drop-in", "fetched"):
        machine.put(level, {"ANTHROPIC_MODEL": level})
    machine.put("managed/managed-settings.d/20.json", {"ANTHROPIC_MODEL": "second"})
    machine.put("managed/managed-settings.d/30.txt", {"ANTHROPIC_MODEL": "no settings"})
    said = said_by_files(machine.env)
    assert [one.value for one in said] == [
        "fetched", "second", "drop-in", "policy", "local", "project", "user", "global",
    ]  # fmt: skip
    first = said[0]
    assert (first.level, first.where, first.name) == ("policy", f"{machine.path('fetched')}:4", "ANTHROPIC_MODEL")


def test_a_name_with_control_characters_in_its_file(machine: Machine) -> None:
    """What a terminal is told of a path holds no control sequences."""
    path = machine.put("evil\x1b[2J/settings.json", {"DISABLE_UPDATES": "0"})
    machine.env["CLAUDE_CODE_MANAGED_SETTINGS_PATH"] = path
    assert "\x1b" not in str(machine.refusal())
