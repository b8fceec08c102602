"""`ccpin config`: the user's own floor, and what this user says about flags."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
    assert ccpin(box, "config").ok().out == (
        "minimum-version is not set\nallow-flag is not set\nkeep-flag is not set\n"
    )
    ccpin(box, "config", "allow-flag", "CLAUDE_CODE_SCROLL_SPEED").ok()
    ccpin(box, "config", "keep-flag", "MAX_THINKING_TOKENS").ok()
    ccpin(box, "config", "keep-flag", "ANTHROPIC_MODEL").ok()
    assert ccpin(box, "config").ok().out == (
        "minimum-version is not set\n"
        f"allow-flag = CLAUDE_CODE_SCROLL_SPEED  ({box.layout.allow_flags})\n"
        f"keep-flag = ANTHROPIC_MODEL, MAX_THINKING_TOKENS  ({box.layout.keep_flags})\n"
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
