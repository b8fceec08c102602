"""`ccpin config`: the user's own floor, and what this user says about flags."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.pinning.settings import UPSTREAM_CHANNEL
from ccpin.releases.keys import OPENPGP_FINGERPRINTS
from tests.cli.arrange import ccpin, pin
from tests.fakes.box import Box


def test_from_nothing_to_a_floor_and_back(box: Box) -> None:
    file = Path(box.layout.minimum_version)
    assert ccpin(box, "config", "minimum-version").ok().out == "minimum-version is not set\n"
    said = f"minimum-version = 2.0.14  ({file})\n"
    assert ccpin(box, "config", "minimum-version", "2.0.14").ok().out == said
    assert file.read_text() == "2.0.14\n"
    assert ccpin(box, "config", "minimum-version").ok().out == said
    assert ccpin(box, "config", "minimum-version", "--json").ok().json["data"] == {
        "minimum-version": "2.0.14",
        "settings": {"minimum-version": {"value": "2.0.14", "source": str(file)}},
        "files": {"minimum-version": str(file)},
        "home": str(box.ccpin_home),
    }
    assert ccpin(box, "config", "minimum-version", "--unset").ok().out == "minimum-version is not set\n"
    assert not file.exists()
    ccpin(box, "config", "minimum-version", "--unset").ok()
    assert ccpin(box, "config", "--json").ok().json["data"]["minimum-version"] is None


def test_a_broken_floor_is_replaced(box: Box) -> None:
    file = Path(box.layout.minimum_version)
    file.parent.mkdir()
    file.write_text("nonsense")
    assert "`nonsense` is not N.N.N" in ccpin(box, "config").failed(1).err
    ccpin(box, "config", "minimum-version", "2.0.14").ok()
    assert [path.name for path in file.parent.iterdir()] == ["minimum-version"]


@pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")
def test_a_floor_refuses_what_is_older_and_nothing_else(box: Box) -> None:
    pin(box, "2.0.14")
    ccpin(box, "config", "minimum-version", "2.0.14").ok()
    ccpin(box, "sync").ok()
    ccpin(box, "config", "minimum-version", "2.0.15").ok()
    for command in (["sync"], ["which"], ["use", "2.0.14"], ["install", "2.0.14"]):
        assert "2.0.14 is older than your own minimum-version, 2.0.15" in ccpin(box, *command).failed().err
    box.ccpin("exec").failed(126)
    ccpin(box, "use", "2.0.15").ok()
    box.ccpin("exec", "--", "--version").ok()


def test_all_that_is_set(box: Box) -> None:
    rest = (
        "source = npm  (CCPIN_SOURCE)\n"
        f"channel = {UPSTREAM_CHANNEL}  (default)\n"
        "min-age is not set\n"
        "offline is not set\n"
        f"registry = {box.env['CCPIN_NPM_REGISTRY']}  (CCPIN_NPM_REGISTRY)\n"
        f"home = {box.ccpin_home}  (CCPIN_HOME)\n"
        f"keys is not set: there is none in {box.layout.keys}\n"
    )
    assert ccpin(box, "config").ok().out == (
        "minimum-version is not set\nallow-flag is not set\nkeep-flag is not set\n" + rest
    )
    ccpin(box, "config", "allow-flag", "CLAUDE_CODE_SCROLL_SPEED").ok()
    ccpin(box, "config", "keep-flag", "MAX_THINKING_TOKENS").ok()
    ccpin(box, "config", "keep-flag", "ANTHROPIC_MODEL").ok()
    assert ccpin(box, "config").ok().out == (
        "minimum-version is not set\n"
        f"allow-flag = CLAUDE_CODE_SCROLL_SPEED  ({box.layout.allow_flags})\n"
        f"keep-flag = ANTHROPIC_MODEL, MAX_THINKING_TOKENS  ({box.layout.keep_flags})\n" + rest
    )
    data = ccpin(box, "config", "--json").ok().json["data"]
    assert data["keep-flag"] == ["ANTHROPIC_MODEL", "MAX_THINKING_TOKENS"]
    assert data["files"]["allow-flag"] == box.layout.allow_flags
    assert Path(box.layout.keep_flags).read_text() == "ANTHROPIC_MODEL\nMAX_THINKING_TOKENS\n"


def test_one_of_a_list_or_all_of_it_is_taken_away(box: Box) -> None:
    file = Path(box.layout.keep_flags)
    for name in ("ANTHROPIC_MODEL", "DISABLE_COMPACT", "ANTHROPIC_MODEL"):
        ccpin(box, "config", "keep-flag", name).ok()
    assert "keep-flag = DISABLE_COMPACT  (" in ccpin(box, "config", "keep-flag", "ANTHROPIC_MODEL", "--unset").ok().out
    ccpin(box, "config", "keep-flag", "ANTHROPIC_MODEL", "--unset").ok()
    assert file.read_text() == "DISABLE_COMPACT\n"
    ccpin(box, "config", "keep-flag", "ANTHROPIC_MODEL").ok()
    assert ccpin(box, "config", "keep-flag", "--unset").ok().out == "keep-flag is not set\n"
    assert not file.exists()


@pytest.mark.parametrize("command", [("allow-flag", "CLAUDE_CODE_SCROLL_SPEED"), ("allow-flag", "--unset")])
def test_a_broken_list_is_mended(box: Box, command: tuple[str, ...]) -> None:
    """By what the message names: setting anew, or taking away. What may not stand there is left behind."""
    file = Path(box.layout.allow_flags)
    file.parent.mkdir()
    file.write_text("CLAUDE_CODE_GLOB_TIMEOUT_SECONDS\nANTHROPIC_BASE_URL\n")
    assert f"{file}:2: `allow-flag` cannot be read: `ANTHROPIC_BASE_URL`" in ccpin(box, "config").failed(1).err
    ccpin(box, "config", *command).ok()
    held = ccpin(box, "config", "allow-flag", "--json").ok().json["data"]["allow-flag"]
    assert held == ([] if "--unset" in command else ["CLAUDE_CODE_GLOB_TIMEOUT_SECONDS", "CLAUDE_CODE_SCROLL_SPEED"])
    ccpin(box, "config", "minimum-version").ok()


@pytest.mark.parametrize(
    ("name", "variable", "one", "other"),
    [
        ("source", "CCPIN_SOURCE", "native,npm", "auto"),
        ("channel", "CCPIN_CHANNEL", "https://mirror.example/claude", "http://127.0.0.1:1/x"),
        ("min-age", "CCPIN_MIN_AGE", "7d", "36h"),
    ],
)
def test_a_word_in_a_file_and_a_variable_before_it(box: Box, name: str, variable: str, one: str, other: str) -> None:
    file = box.ccpin_home / name
    box.env.pop(variable, None)
    assert ccpin(box, "config", name, one).ok().out == f"{name} = {one}  ({file}:1)\n"
    assert file.read_text() == f"{one}\n"
    env = {variable: other}
    assert ccpin(box, "config", name, env=env).ok().out == f"{name} = {other}  ({variable})\n"
    assert ccpin(box, "config", "--json", env=env).ok().json["data"]["settings"][name] == {
        "value": other,
        "source": variable,
    }
    assert "cannot be used" in ccpin(box, "config", name, env={variable: "?"}).failed(2).err
    file.write_text("?\n")
    done = ccpin(box, "config", name).failed(1)
    assert f"{file}:1: `{name}` cannot be read: " in done.err
    assert f"`ccpin config {name} --unset`" in done.err
    ccpin(box, "config", name, "--unset").ok()
    assert not file.exists()
    assert ccpin(box, "config", name, "--json").ok().json["data"]["settings"][name]["source"] == "default"
    assert ccpin(box, "config", name, "?", "--json").failed(2).json["errors"][0]["code"] == "bad-setting"
    assert not file.exists()


@pytest.mark.parametrize("name", ["offline", "registry", "home", "keys"])
def test_what_is_only_shown(box: Box, name: str) -> None:
    assert ccpin(box, "config", name).ok().out.startswith(name)
    for change in (["x"], ["--unset"]):
        assert f"`{name}` is not set here, but" in ccpin(box, "config", name, *change).failed(2).err


def test_offline(box: Box) -> None:
    assert ccpin(box, "config", "offline", env={"CCPIN_OFFLINE": "1"}).ok().out == "offline = 1  (CCPIN_OFFLINE)\n"


def test_no_password_is_shown(box: Box) -> None:
    (box.home / ".npmrc").write_text(
        "registry=https://me:s3cret@registry.example/npm\n//registry.example/npm/:_authToken=s3cret\n"
    )
    env = {"CCPIN_NPM_REGISTRY": None, "CCPIN_CHANNEL": "https://me:s3cret@mirror.example/claude"}
    out = ccpin(box, "config", env=env).ok().out
    assert "channel = https://mirror.example/claude  (CCPIN_CHANNEL)\n" in out
    assert f"registry = https://registry.example/npm/  (registry in {box.home}/.npmrc:1)\n" in out
    refused = ccpin(box, "config", env={"CCPIN_CHANNEL": "https://me:s3cret@mirror.example/?x"}).failed(2)
    asked = ccpin(box, "config", "channel", "https://me:s3cret@mirror.example/?x").failed(2)
    assert "s3cret" not in out + str(refused) + str(asked)


def test_why_there_is_no_registry(box: Box) -> None:
    env = {"CCPIN_NPM_REGISTRY": None}
    assert "registry is not set: no npm registry is configured" in ccpin(box, "config", env=env).ok().out
    said = ccpin(box, "config", "registry", "--json", env=env).ok().json["data"]["settings"]["registry"]
    assert said["value"] is None
    assert "npm is not on PATH" in said["why"]


def test_keys_beyond_upstreams(box: Box) -> None:
    folder = Path(box.layout.keys)
    folder.mkdir(parents=True)
    (folder / f"{'A' * 40}.asc").write_text("a certificate")
    (folder / f"{OPENPGP_FINGERPRINTS[0]}.asc").write_text("")
    said = f"keys = {'A' * 40}, -{OPENPGP_FINGERPRINTS[0]}  ({folder})\n"
    assert ccpin(box, "config", "keys").ok().out == said
    (folder / "x.asc").write_text("x")
    assert "keys is not set: " in ccpin(box, "config").ok().out
