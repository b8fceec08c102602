"""Checks of the pin: each trouble made for real, found, and gone once it is mended."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.pinning import lock as locks
from ccpin.releases.release import FIRST_STARTING
from tests.cli.arrange import OTHERS, ccpin, edit, pin, pin_default, read_lock, relock
from tests.doctor.arrange import arrange, findings, levels, write
from tests.fakes.box import Box
from tests.fakes.claude import fake_node
from tests.fakes.registry import Registry
from tests.fakes.upstream import Upstream
from tests.store.nodes import install_with_node, lock_with_node

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")

DAY = 24 * 60 * 60


def test_a_good_lock(native: Box) -> None:
    [found] = findings(native, "pin")
    assert (found.level, found.line) == ("ok", f"Claude Code 2.1.330 is pinned in {native.lock}:6")


def test_no_lock(native: Box) -> None:
    native.lock.unlink()
    [found] = findings(native, "pin")
    assert (found.level, found.command) == ("note", "ccpin use 2.0.14")
    pin_default(native, "2.0.14")
    [found] = findings(native, "pin")
    assert found.level == "ok"
    assert "this user's default" in found.line


@pytest.mark.parametrize(
    ("old", "new", "says", "command"),
    [
        ("[claude]", "<<<<<<< ours\n[claude]", "conflict markers", "ccpin use VERSION"),
        ("[env]\n", '[env]\nHTTPS_PROXY = "http://127.0.0.1/"\n', "HTTPS_PROXY", None),
        ("size = ", "size = 1", "[artifacts]", None),
    ],
)
def test_a_broken_lock(native: Box, old: str, new: str, says: str, command: str | None) -> None:
    good = native.lock.read_text()
    edit(native, old, new)
    [found] = findings(native, "pin")
    assert found.level == "problem"
    assert says in found.line
    assert found.evidence[0].startswith(f"{native.lock}:")
    assert found.command
    assert command in (None, found.command)
    native.lock.write_text(good)
    assert levels(native, "pin") == ["ok"]


@pytest.mark.parametrize("name", ["CCPIN_DISABLE", "CCPIN_VERSION"])
def test_a_variable_in_the_place_of_the_lock(native: Box, name: str) -> None:
    native.env[name] = "2.0.14"
    [found] = findings(native, "override")
    assert (found.level, found.command) == ("problem", f"unset {name}")
    del native.env[name]
    assert findings(native, "override") == []


def test_settings_of_ccpin_that_cannot_be_read(strict: Box) -> None:
    path = write(Path(strict.layout.keep_flags), "NO_SUCH_FLAG\n")
    [found] = findings(strict, "own-settings")
    assert found.level == "problem"
    assert found.evidence == (f"{path}:1",)
    path.write_text("ANTHROPIC_MODEL\n")
    [found] = findings(strict, "own-settings")
    assert (found.level, found.evidence) == ("note", ("ANTHROPIC_MODEL",))
    assert found.command == "ccpin config keep-flag ANTHROPIC_MODEL --unset"
    ccpin(strict, *found.command.split()[1:]).ok()
    assert findings(strict, "own-settings") == []
    floor = write(Path(strict.layout.minimum_version), "new\n")
    assert [(f.level, f.evidence) for f in findings(strict, "own-settings")] == [("problem", (str(floor),))]
    assert levels(strict, "pin") == ["ok"]


def test_below_ones_own_floor(native: Box) -> None:
    floor = write(Path(native.layout.minimum_version), "3.0.0\n")
    [found] = findings(native, "pin")
    assert found.level == "problem"
    assert "3.0.0" in found.line
    floor.unlink()
    assert levels(native, "pin") == ["ok"]


def test_an_install(native: Box) -> None:
    [found] = findings(native, "install")
    assert found.level == "ok"
    assert found.evidence[0].startswith(native.layout.releases)
    executable = Path(found.evidence[0].rpartition(" (")[0])
    os.utime(executable)
    [found] = findings(native, "install")
    assert (found.level, found.command) == ("problem", "ccpin sync --force")
    assert "written to since" in found.line
    ccpin(native, "sync", "--force").ok()
    assert levels(native, "install") == ["ok"]


def test_nothing_installed(native: Box) -> None:
    shutil.rmtree(native.layout.releases)
    [found] = findings(native, "install")
    assert (found.level, found.command) == ("problem", "ccpin sync")
    ccpin(native, "sync").ok()
    assert levels(native, "install") == ["ok"]


def test_a_lock_that_is_not_for_this_machine(native: Box) -> None:
    whole = native.lock.read_text()
    lock = locks.parse(whole.encode(), "")
    relock(native, artifacts={p: a for p, a in lock.artifacts.items() if p in OTHERS})
    [found] = findings(native, "install")
    assert (found.level, found.command) == ("problem", "ccpin list --remote")
    native.lock.write_text(whole)
    assert levels(native, "install") == ["ok"]


def test_node(javascript: Box) -> None:
    assert levels(javascript, "node") == ["ok"]
    fake_node(javascript.bin, "16.0.0")
    [found] = findings(javascript, "node")
    assert found.level == "problem"
    assert "16.0.0" in found.line
    (javascript.bin / "node").unlink()
    assert levels(javascript, "node") == ["problem"]
    fake_node(javascript.bin, "22.0.0")
    assert levels(javascript, "node") == ["ok"]


def test_a_node_of_the_lock_s_own(javascript: Box, registry: Registry) -> None:
    own = lock_with_node(read_lock(javascript.lock), registry)
    javascript.lock.write_text(locks.render(own))
    [found] = findings(javascript, "install")
    assert (found.level, found.command) == ("problem", "ccpin sync")
    install_with_node(javascript.layout, own, registry)
    (javascript.bin / "node").unlink()
    [found] = findings(javascript, "node")
    assert (found.level, found.line) == ("ok", "2.0.14 runs on Node.js 22.23.2, the lock's own; it wants >=18.0.0")
    assert levels(javascript, "install") == ["ok"]


def test_a_node_of_the_lock_s_own_that_is_not_for_this_machine(javascript: Box, registry: Registry) -> None:
    own = lock_with_node(read_lock(javascript.lock), registry)
    others = {key: artifact for key, artifact in own.artifacts.items() if key != f"node-{platforms.current()}"}
    javascript.lock.write_text(locks.render(dataclasses.replace(own, artifacts=others)))
    [found] = findings(javascript, "install")
    assert found.level == "problem"
    assert "has its own Node.js 22.23.2" in found.line
    assert found.command == "ccpin use 2.0.14 --node none"


def test_no_node_is_needed_by_native_releases(native: Box) -> None:
    (native.bin / "node").unlink()
    assert findings(native, "node") == []


def test_the_floor_of_the_server(box: Box) -> None:
    arrange(box, "1.0.20")
    [found] = findings(box, "server-floor")
    assert found.level == "problem"
    assert FIRST_STARTING in found.evidence[0]
    assert found.command
    ccpin(box, *found.command.split()[1:]).ok()
    assert findings(box, "server-floor") == []


@pytest.mark.parametrize(
    ("key", "bound", "version", "level"),
    [
        ("requiredMinimumVersion", "2.1.331", "2.1.330", "problem"),
        ("requiredMaximumVersion", "2.1.200", "2.1.330", "problem"),
        ("requiredMaximumVersion", "2.1.199", "2.1.200", "problem"),
        ("requiredMinimumVersion", "2.1.200", "2.1.166", "warning"),  # nobody looked whether it reads the key
        ("requiredMinimumVersion", "2.1.200", "2.1.113", "warning"),  # it does not
        ("requiredMinimumVersion", "2.1.330", "2.1.330", None),
        ("requiredMaximumVersion", "2.1.330", "2.1.330", None),
        ("requiredMaximumVersion", "newest", "2.1.330", None),  # Claude Code ignores what is no version
    ],
)
def test_required_versions_of_a_policy(box: Box, key: str, bound: str, version: str, level: str | None) -> None:
    arrange(box, version)
    policy = write(box.root / "policy.json", json.dumps({key: bound}))
    box.env["CLAUDE_CODE_MANAGED_SETTINGS_PATH"] = str(policy)
    found = findings(box, "required-versions")
    assert [one.level for one in found] == ([level] if level else [])
    for one in found:
        assert one.evidence == (f"{policy}:1",)
        assert bound in one.line
    policy.write_text("{}")
    assert findings(box, "required-versions") == []


def test_required_versions_elsewhere_do_nothing(native: Box) -> None:
    path = write(native.project / ".claude" / "settings.json", '{\n "requiredMaximumVersion": "1.0.0"\n}')
    [found] = findings(native, "required-versions")
    assert (found.level, found.evidence) == ("note", (f"{path}:2",))


def test_the_age_of_the_pin(native: Box) -> None:
    now = time.time()
    assert [f.line for f in findings(native, "pin-age", now=now)] == ["the lock's file was last written today"]
    assert levels(native, "pin-age", now=now + 89 * DAY) == ["ok"]
    [found] = findings(native, "pin-age", now=now + 91 * DAY)
    assert found.level == "note"
    assert "91 days ago" in found.line
    pin(native, "2.1.200")
    assert levels(native, "pin-age", now=time.time()) == ["ok"]


def test_flags_that_a_release_ignores(javascript: Box) -> None:
    [found] = findings(javascript, "ignored-flags")
    assert found.level == "note"
    assert "2.0.14 does not read 2 flags" in found.line
    assert [line.split(";")[0] for line in found.evidence] == [
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS",
        "DISABLE_UPDATES",
    ]
    assert "DISABLE_AUTOUPDATER, which the lock holds, does the same job" in found.evidence[1]
    ccpin(javascript, "env", "unset", "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS", "DISABLE_UPDATES").ok()
    assert levels(javascript, "ignored-flags") == ["ok"]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("{")])
def test_what_nobody_looked_up_is_not_said(native: Box, upstream: Upstream, damage: Callable[[Path], object]) -> None:
    [receipt] = Path(native.layout.releases).glob("*/*/receipt.json")
    for folder in (receipt.parent, receipt):
        folder.chmod(0o755)
    damage(receipt)
    assert findings(native, "ignored-flags") == []
