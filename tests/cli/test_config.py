"""`ccpin config`: the user's own floor."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, pin
from tests.fakes.box import Box


def test_from_nothing_to_a_floor_and_back(box: Box) -> None:
    file = Path(box.layout.minimum_version)
    assert ccpin(box, "config").ok().out == "minimum-version is not set\n"
    said = f"minimum-version = 2.0.14  ({file})\n"
    assert ccpin(box, "config", "minimum-version", "2.0.14").ok().out == said
    assert file.read_text() == "2.0.14\n"
    assert ccpin(box, "config", "minimum-version").ok().out == said
    assert ccpin(box, "config", "--json").ok().json["data"] == {
        "minimum-version": "2.0.14",
        "file": str(file),
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
