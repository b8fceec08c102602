"""Where an executable may lie already: named, not looked into, and never a place of this store's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ccpin.launching.elsewhere import executables, native_versions
from ccpin.launching.setup import setup
from ccpin.paths import Home, data_folder
from ccpin.store.install import install
from tests.fakes import pythons
from tests.fakes.claude import fake_claude
from tests.store.conftest import store  # noqa: F401  a fixture
from tests.store.installing import Store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the places are POSIX's")

VERSION = "2.1.330"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bin").mkdir()
    return {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "ccpin"))


class TestNativeVersions:
    def test_below_the_data_folder(self, tmp_path: Path) -> None:
        below_home = f"{tmp_path}/.local/share/claude/versions"
        assert native_versions({"HOME": str(tmp_path)}) == below_home
        assert native_versions({"HOME": str(tmp_path), "XDG_DATA_HOME": "/data"}) == "/data/claude/versions"
        for said in ("", "data", "~/data"):  # as the standard wants it: relative ones count as none
            assert native_versions({"HOME": str(tmp_path), "XDG_DATA_HOME": said}) == below_home
        assert native_versions({"USERPROFILE": str(tmp_path)}) == below_home

    def test_nowhere_without_a_home(self) -> None:
        assert native_versions({}) is None
        assert native_versions({"XDG_DATA_HOME": "/data"}) == "/data/claude/versions"


def test_the_installer_s_own_first_then_path(env: dict[str, str], home: Home, tmp_path: Path) -> None:
    beside = fake_claude(tmp_path / "bin", VERSION)
    assert list(executables(env, home, VERSION)) == [f"{tmp_path}/.local/share/claude/versions/{VERSION}", str(beside)]


def test_whether_they_are_there_is_not_asked(env: dict[str, str], home: Home, tmp_path: Path) -> None:
    assert list(executables(env, home, VERSION)) == [f"{tmp_path}/.local/share/claude/versions/{VERSION}"]


def test_nowhere_at_all(home: Home) -> None:
    assert list(executables({}, home, VERSION)) == []


def test_each_once(env: dict[str, str], home: Home, tmp_path: Path) -> None:
    """Claude Code's installer puts a link on PATH to the version it keeps."""
    version = tmp_path / ".local/share/claude/versions" / VERSION
    fake_claude(version.parent).rename(version)
    (tmp_path / "bin/claude").symlink_to(version)
    assert list(executables(env, home, VERSION)) == [str(version)]


def test_a_link_of_npm_s_is_followed(env: dict[str, str], home: Home, tmp_path: Path) -> None:
    real = fake_claude(tmp_path / "lib/node_modules/claude-code/bin", VERSION)
    (tmp_path / "bin/claude").symlink_to(real)
    assert list(executables(env, home, VERSION))[-1] == str(real)


def test_a_loop_of_links_ends(env: dict[str, str], home: Home, tmp_path: Path) -> None:
    loop = tmp_path / ".local/share/claude/versions" / VERSION
    loop.parent.mkdir(parents=True)
    loop.symlink_to(loop)
    assert list(executables(env, home, VERSION)) == [str(loop)]


def test_the_shim_is_no_executable_of_anybody_s(env: dict[str, str], home: Home, tmp_path: Path) -> None:
    setup(home, {**env, "SHELL": "/bin/sh"}, python=pythons.with_ccpin())
    env["PATH"] = os.pathsep.join([home.shims, str(tmp_path / "bin")])
    assert len(list(executables(env, home, VERSION))) == 1
    beside = fake_claude(tmp_path / "bin", VERSION)
    assert list(executables(env, home, VERSION))[1:] == [str(beside)]


def test_none_that_says_it_is_another_release(env: dict[str, str], home: Home, tmp_path: Path) -> None:
    """A lock may hold its digest under another number, above the user's own floor for example."""
    beside = fake_claude(tmp_path / "bin", "2.1.200")
    assert len(list(executables(env, home, VERSION))) == 1
    assert list(executables(env, home, "2.1.200"))[-1] == str(beside)
    beside.write_bytes(b"#!/bin/sh\n")
    assert len(list(executables(env, home, VERSION))) == 1
    beside.chmod(0o111)  # who may not read it cannot take it either; root may
    assert len(list(executables(env, home, VERSION))) == 1


class TestStores:
    @pytest.fixture
    def installed(self, store: Store, env: dict[str, str]) -> tuple[Home, str]:  # noqa: F811
        """The store that is there without CCPIN_HOME, with a release in it."""
        default = Home(data_folder(env))
        return default, install(default, store.lock(VERSION), store.sources).executable

    def test_the_usual_one(self, installed: tuple[Home, str], env: dict[str, str], home: Home) -> None:
        assert list(executables(env, home, VERSION))[-1] == os.path.realpath(installed[1])
        assert len(list(executables(env, home, VERSION))) == 2
        assert len(list(executables(env, home, "2.1.200"))) == 1

    def test_this_one_is_not_elsewhere(self, installed: tuple[Home, str], env: dict[str, str]) -> None:
        assert len(list(executables(env, installed[0], VERSION))) == 1

    def test_nor_what_a_link_on_path_leads_to(
        self, installed: tuple[Home, str], env: dict[str, str], tmp_path: Path
    ) -> None:
        """It is being replaced, and for a reason."""
        (tmp_path / "bin/claude").symlink_to(installed[1])
        assert len(list(executables(env, installed[0], VERSION))) == 1

    def test_nor_when_it_is_reached_by_another_name(
        self, installed: tuple[Home, str], env: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "link").symlink_to(installed[0].root)
        assert len(list(executables(env, Home(str(tmp_path / "link")), VERSION))) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are Linux's")
def test_a_home_whose_name_is_no_text(home: Home, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(odd)
    [found] = executables({"HOME": os.fsdecode(odd)}, home, VERSION)
    assert os.fsencode(found).startswith(odd)
