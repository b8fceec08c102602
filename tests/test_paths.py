"""Where ccpin keeps things: one rule, the same as platformdirs', absolute whatever the environment says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs
import pytest

from ccpin.paths import Home, find_home


@pytest.mark.parametrize("data", [None, "", "  ", "/data", "/data/"])
def test_the_rule_is_platformdirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: str | None) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if data is not None:
        monkeypatch.setenv("XDG_DATA_HOME", data)
    monkeypatch.delenv("CCPIN_HOME")
    theirs = platformdirs.user_data_dir("ccpin", appauthor=False)
    assert find_home(dict(os.environ)).root == os.path.abspath(theirs)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the XDG standard")
@pytest.mark.parametrize("data", ["data", "./data", "../x", "~/data"])
def test_a_relative_data_folder_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    """The standard says so; and what lies below the current folder is whoever's clone this is."""
    monkeypatch.chdir(tmp_path)
    assert find_home({"HOME": "/home/me", "XDG_DATA_HOME": data}).root == "/home/me/.local/share/ccpin"


def test_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert os.path.isabs(find_home({}).root)


@pytest.mark.skipif(os.name != "posix", reason="POSIX paths")
def test_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    for chosen, root in (("/a/b", "/a/b"), ("/a/../b/", "/b"), ("x", f"{tmp_path}/x"), ("~/x", "/home/me/x")):
        assert find_home({"CCPIN_HOME": chosen}).root == root


def test_layout_is_of_one_root() -> None:
    home = Home(os.path.join(os.sep, "root"))
    for path in (home.shims, home.bin, home.releases, home.locks, home.projects, home.minimum_version,
                 home.source, home.channel, home.min_age, home.keys, home.metadata,
                 home.default_lock, home.setup_record, home.shim(), home.entry("2.0.14", "ab" * 32)):  # fmt: skip
        assert path.startswith(home.root + os.sep)
    assert os.path.basename(home.entry("2.0.14", "ab" * 32)) == "2.0.14-" + "ab" * 16


@pytest.mark.skipif(os.name != "posix", reason="Windows separates them by another sign")
@pytest.mark.parametrize(
    ("said", "shared"),
    [
        (None, ()),
        ("", ()),
        ("/a:/b", ("/a", "/b")),
        (":/a::b:./c:~/d:/e/:", ("/a", "/e/")),
        ("/home:/a:/home/", ("/a",)),  # the own one is not among them
    ],
)
def test_shared_stores(said: str | None, shared: tuple[str, ...]) -> None:
    env = {"CCPIN_HOME": "/home"} | ({} if said is None else {"CCPIN_STORE_PATH": said})
    assert find_home(env).shared == shared
