"""The check of the store: other installs that changed, what interrupted ones left, and how much there is."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.cli.arrange import ccpin, pin
from tests.doctor.arrange import findings, levels
from tests.fakes.box import Box

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

HOUR = 60 * 60


def test_what_is_there(native: Box) -> None:
    [found] = findings(native, "store")
    assert (found.level, found.evidence) == ("ok", (native.layout.releases,))
    assert "1 install," in found.line
    pin(native, "2.0.14")
    assert "2 installs," in findings(native, "store")[0].line
    shutil.rmtree(native.layout.releases)
    assert findings(native, "store") == []


def test_another_install_that_changed(native: Box) -> None:
    [executable] = Path(native.layout.releases).glob("2.1.330-*/*/claude")
    pin(native, "2.0.14")
    os.utime(executable)
    [found] = findings(native, "store")
    assert found.level == "warning"
    assert found.evidence == (f"{executable}: written to since it was installed",)
    assert found.command == "ccpin verify 2.1.330 --repair"
    ccpin(native, *found.command.split()[1:]).ok()
    assert levels(native, "store") == ["ok"]


def test_the_pinned_one_has_a_check_of_its_own(native: Box) -> None:
    [executable] = Path(native.layout.releases).glob("*/*/claude")
    os.utime(executable)
    assert levels(native, "store") == ["ok"]
    assert levels(native, "install") == ["problem"]


def test_what_an_interrupted_install_left(native: Box) -> None:
    [entry] = Path(native.layout.releases).iterdir()
    entry.chmod(0o755)
    left = entry / ".staging-x"
    (left / "package").mkdir(parents=True)
    (left / "package").chmod(0o555)
    assert levels(native, "store") == ["ok"]  # somebody may be at work
    [found, _] = findings(native, "store", now=time.time() + 2 * HOUR)
    assert (found.level, found.evidence, found.command) == ("note", (str(left),), "ccpin prune")
    ccpin(native, "prune").ok()
    assert not left.exists()
    assert levels(native, "store", now=time.time() + 2 * HOUR) == ["ok"]
