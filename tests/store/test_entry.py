"""Whether an entry may be started: the questions that the shim asks too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin import platforms
from ccpin.paths import Home
from ccpin.store.entry import (
    command_name,
    install_folder,
    node_link,
    platform_key,
    ready,
    real_command,
    takes_settings,
)
from tests.store.installing import posix

DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


@pytest.fixture
def folder(home: Home) -> Path:
    folder = Path(install_folder(home, "2.1.330", DIGEST, "native"))
    folder.mkdir(parents=True)
    (folder / "claude").write_text("#!/bin/sh\n")
    (folder / "claude").chmod(0o555)
    os.utime(folder / "claude", (1000, 1000))
    (folder / "receipt.json").write_text("{}")
    return folder


def test_places(home: Home) -> None:
    assert install_folder(home, "2.0.14", DIGEST, "node") == os.path.join(
        home.root, "releases", f"2.0.14-{DIGEST[:32]}", "any"
    )
    assert install_folder(home, "2.0.14", DIGEST, "native").endswith(platforms.current())
    assert node_link(home, "2.0.14", DIGEST) == os.path.join(home.releases, f"2.0.14-{DIGEST[:32]}", "node")
    assert (platform_key("node"), platform_key("native")) == ("any", platforms.current())
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
        assert ready(home, "2.1.330", DIGEST, "native") == str(folder / "claude")

    @pytest.mark.parametrize(
        "damage",
        [
            lambda f: (f / "receipt.json").unlink(),
            lambda f: (f / "claude").unlink(),
            lambda f: (f / "claude").chmod(0o444),
            lambda f: _empty(f / "claude"),
            lambda f: _dated(f / "claude", 2_000_000_000),
            lambda f: _dated(f / "receipt.json", 1000),
            lambda f: ((f / "claude").unlink(), (f / "claude").symlink_to("claude")),
        ],
    )
    def test_it_is_not(self, home: Home, folder: Path, damage: Callable[[Path], object]) -> None:
        damage(folder)
        assert ready(home, "2.1.330", DIGEST, "native") is None

    def test_another_lock_s_entry_does_not_count(self, home: Home, folder: Path) -> None:
        assert ready(home, "2.1.330", "f" * 64, "native") is None
        assert ready(home, "2.1.331", DIGEST, "native") is None
        assert ready(home, "2.1.330", DIGEST, "node") is None

    def test_a_script_is_started_by_the_fixed_name_and_shown_by_its_own(self, home: Home) -> None:
        folder = Path(install_folder(home, "2.0.14", DIGEST, "node"))
        (folder / "package").mkdir(parents=True)
        (folder / "package/cli.js").write_text("x")
        (folder / "package/cli.js").chmod(0o555)
        os.utime(folder / "package/cli.js", (1000, 1000))
        (folder / "claude").symlink_to("package/cli.js")
        (folder / "receipt.json").write_text("{}")
        command = ready(home, "2.0.14", DIGEST, "node")
        assert command == str(folder / "claude")
        assert real_command(command) == str(folder / "package/cli.js")


def _empty(path: Path) -> Path:
    path.chmod(0o755)
    path.write_text("")
    return _dated(path, 1)


def _dated(path: Path, seconds: int) -> Path:
    os.utime(path, (seconds, seconds))
    return path
