"""Whether an entry may be started: the questions that the shim asks too."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.paths import Home
from ccpin.store.entry import (
    NODE,
    artifact_key,
    command_name,
    install_folder,
    node_key,
    node_link,
    own_node,
    platform_key,
    ready,
    real_command,
    takes_settings,
)
from tests.store.installing import posix

DIGEST = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Said:
    """What a lock, a head and a receipt say alike."""

    version: str
    runtime: str
    node: str | None = None
    digest: str = DIGEST


NATIVE = Said("2.1.330", "native")
SCRIPT = Said("2.0.14", "node")
OWN_NODE = Said("2.0.14", "node", "22.23.2")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


@pytest.fixture
def folder(home: Home) -> Path:
    folder = Path(install_folder(home, NATIVE))
    folder.mkdir(parents=True)
    (folder / "claude").write_text("#!/bin/sh\n")
    (folder / "claude").chmod(0o555)
    os.utime(folder / "claude", (1000, 1000))
    (folder / "receipt.json").write_text("{}")
    return folder


def test_places(home: Home) -> None:
    entry = os.path.join(home.root, "releases", f"2.0.14-{DIGEST[:32]}")
    assert install_folder(home, SCRIPT) == os.path.join(entry, "any")
    assert install_folder(home, OWN_NODE) == os.path.join(entry, platforms.current())
    assert install_folder(home, NATIVE).endswith(os.path.join(f"2.1.330-{DIGEST[:32]}", platforms.current()))
    assert node_link(home, SCRIPT) == os.path.join(entry, "node")
    assert own_node(home, OWN_NODE) == os.path.join(entry, platforms.current(), NODE)
    assert own_node(home, SCRIPT) is own_node(home, NATIVE) is None
    here = platforms.current()
    assert [platform_key(said) for said in (NATIVE, SCRIPT, OWN_NODE)] == [here, "any", here]
    assert [artifact_key(said) for said in (NATIVE, SCRIPT, OWN_NODE)] == [here, "any", "any"]
    assert [node_key(said) for said in (NATIVE, SCRIPT, OWN_NODE)] == [None, None, f"node-{here}"]
    assert command_name("node") == "claude"


def test_what_knows_the_option_is_marked(folder: Path) -> None:
    assert takes_settings(str(folder)) is False
    (folder / "takes-settings").mkdir()
    assert takes_settings(str(folder)) is False
    (folder / "takes-settings").rmdir()
    (folder / "takes-settings").touch()
    assert takes_settings(str(folder)) is True


@posix
class TestReady:
    def test_it_is(self, home: Home, folder: Path) -> None:
        assert ready(home, NATIVE) == str(folder / "claude")

    @pytest.mark.parametrize(
        "damage",
        [
            lambda f: (f / "receipt.json").unlink(),
            lambda f: ((f / "receipt.json").unlink(), (f / "receipt.json").mkdir()),
            lambda f: (f / "claude").unlink(),
            lambda f: (f / "claude").chmod(0o444),
            lambda f: _empty(f / "claude"),
            lambda f: _dated(f / "claude", 2_000_000_000),
            lambda f: _dated(f / "receipt.json", 1000),
            lambda f: ((f / "claude").unlink(), (f / "claude").symlink_to("claude")),
            lambda f: ((f / "claude").rename(f / "cli.js"), (f / "claude").symlink_to("cli.js")),
        ],
    )
    def test_it_is_not(self, home: Home, folder: Path, damage: Callable[[Path], object]) -> None:
        damage(folder)
        assert ready(home, NATIVE) is None

    def test_another_lock_s_entry_does_not_count(self, home: Home, folder: Path) -> None:
        assert ready(home, replace(NATIVE, digest="f" * 64)) is None
        assert ready(home, replace(NATIVE, version="2.1.331")) is None
        assert ready(home, replace(NATIVE, runtime="node")) is None
        assert ready(home, replace(NATIVE, runtime="node", node="22.23.2")) is None

    def test_a_script_is_started_by_the_fixed_name_and_shown_by_its_own(self, home: Home) -> None:
        folder = Path(install_folder(home, SCRIPT))
        (folder / "package").mkdir(parents=True)
        (folder / "package/cli.js").write_text("x")
        (folder / "package/cli.js").chmod(0o555)
        os.utime(folder / "package/cli.js", (1000, 1000))
        (folder / "claude").symlink_to("package/cli.js")
        (folder / "receipt.json").write_text("{}")
        command = ready(home, SCRIPT)
        assert command == str(folder / "claude")
        assert real_command(command, SCRIPT) == str(folder / "package/cli.js")


@posix
class TestReadyWithANodeOfItsOwn:
    @pytest.fixture
    def folder(self, home: Home) -> Path:
        folder = Path(install_folder(home, OWN_NODE))
        (folder / "package").mkdir(parents=True)
        for name in ("package/cli.js", "node"):
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o555)
            os.utime(folder / name, (1000, 1000))
        (folder / "claude").symlink_to("package/cli.js")
        (folder / "claude-on-node-22.23.2").touch()
        (folder / "receipt.json").write_text("{}")
        return folder

    def test_it_is(self, home: Home, folder: Path) -> None:
        command = ready(home, OWN_NODE)
        assert command == str(folder / "claude")
        assert real_command(command, OWN_NODE) == str(folder / "claude-on-node-22.23.2")
        assert ready(home, SCRIPT) is None
        assert ready(home, replace(OWN_NODE, runtime="native", node=None)) is None  # the same place

    def test_the_lock_may_not_call_it_by_another_number(self, home: Home, folder: Path) -> None:
        """The digest covers the Node.js, and not what the lock says that it is."""
        assert ready(home, replace(OWN_NODE, node="99.1.2")) is None

    @pytest.mark.parametrize("name", ["node", "package/cli.js"])
    @pytest.mark.parametrize(
        "damage",
        [
            lambda p: p.unlink(),
            lambda p: (p.unlink(), p.mkdir()),
            lambda p: p.chmod(0o444),
            lambda p: _empty(p),
            lambda p: _dated(p, 2_000_000_000),
        ],
    )
    def test_it_is_not(self, home: Home, folder: Path, name: str, damage: Callable[[Path], object]) -> None:
        damage(folder / name)
        assert ready(home, OWN_NODE) is None


def _empty(path: Path) -> Path:
    path.chmod(0o755)
    path.write_text("")
    return _dated(path, 1)


def _dated(path: Path, seconds: int) -> Path:
    os.utime(path, (seconds, seconds))
    return path
