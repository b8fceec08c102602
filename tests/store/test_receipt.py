"""The receipt: what is compared ever after, by stat or by every byte."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ccpin.paths import Home
from ccpin.store.receipt import Install, changes, installs, read_install
from tests.fakes.upstream import Upstream
from tests.store.installing import Store, posix


@pytest.fixture
def done(store: Store) -> Install:
    return store.install("2.0.14")


def test_comes_back(done: Install) -> None:
    assert read_install(done.folder) == done
    assert changes(done) == changes(done, deep=True) == []


def test_holds_no_place_and_no_time(done: Install) -> None:
    text = Path(done.folder, "receipt.json").read_text()
    assert done.folder not in text
    assert set(json.loads(text)) == {
        "format", "version", "runtime", "platform", "digest", "artifact", "integrity", "executable", "files", "reads",
        "takes_settings", "engines", "node", "node_artifact",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "5", '{"format": 3}', '{"format": 3, "artifact": 5}', "[" * 100_000, "\0", "9" * 5000],
)
def test_one_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "receipt.json").write_text(text)
    assert read_install(str(tmp_path)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"format": 1},
        {"format": 2},
        {"format": 4},
        {"format": None},
        {"artifact": {"url": "x"}},
        {"files": {"x": {"size": 1}}},
        {"files": []},
        {"reads": None},
        {"reads": 5},
        {"more": 1},
        {"executable": 5},
        {"executable": "/bin/sh"},
        {"executable": "../../../claude"},
        {"version": 5},
        {"platform": None},
        {"integrity": 5},
        {"node": 22},
        {"artifact": {"sha256": 5, "size": 5}},
        {"artifact": {"sha256": "0", "size": "5"}},
        {"files": {"x": {"size": "1", "sha256": "0", "mtime_ns": 1}}},
        {"files": {"x": {"size": 1, "sha256": 0, "mtime_ns": 1}}},
        {"files": {"../x": {"size": 1, "sha256": "0", "mtime_ns": 1}}},
        {"node_artifact": 5},
        {"node_artifact": {"url": "x"}},
    ],
)
def test_one_of_another_ccpin_is_none(done: Install, tmp_path: Path, change: dict[str, Any]) -> None:
    data = json.loads(Path(done.folder, "receipt.json").read_text())
    (tmp_path / "receipt.json").write_text(json.dumps(data | change))
    assert read_install(str(tmp_path)) is None


@pytest.mark.parametrize("name", ["reads", "takes_settings"])
def test_one_that_leaves_out_what_was_looked_up_is_none(done: Install, tmp_path: Path, name: str) -> None:
    data = json.loads(Path(done.folder, "receipt.json").read_text())
    del data[name]
    (tmp_path / "receipt.json").write_text(json.dumps(data))
    assert read_install(str(tmp_path)) is None


@posix
class TestChanges:
    @pytest.mark.parametrize(
        ("damage", "said", "deep"),
        [
            (lambda p: p.unlink(), "no such file", False),
            (lambda p: p.write_bytes(p.read_bytes() + b"!"), "bytes, not", False),
            (lambda p: os.utime(p), "written to since", False),
            (lambda p: _quietly(p, p.read_bytes()[:-1] + b"!"), "sha256", True),
        ],
    )
    @pytest.mark.parametrize("name", ["package/cli.js", "package/vendor/ripgrep/x64-linux/rg"])
    def test_a_file(self, done: Install, name: str, damage: Callable[[Path], Any], said: str, deep: bool) -> None:
        path = Path(done.folder, name)
        path.parent.chmod(0o755)
        path.chmod(0o644)
        damage(path)
        assert bool(changes(done)) is not deep
        found = changes(done, deep=True)
        assert len(found) == 1
        assert said in found[0]
        assert str(path) in found[0]

    def test_a_file_made_a_link_to_its_equal(self, done: Install, tmp_path: Path) -> None:
        path = Path(done.executable)
        shutil.copy2(path, tmp_path / "copy")
        path.parent.chmod(0o755)
        path.unlink()
        path.symlink_to(tmp_path / "copy")
        assert changes(done)

    def test_the_command_leads_elsewhere(self, done: Install) -> None:
        command = Path(done.folder, "claude")
        command.parent.chmod(0o755)
        command.unlink()
        command.symlink_to("package/vendor/ripgrep/x64-linux/rg")
        assert "does not lead to package/cli.js" in changes(done)[0]
        command.unlink()
        command.write_text("#!/bin/sh\n")
        assert changes(done)

    @pytest.mark.parametrize("deep", [False, True])
    def test_the_mark_for_sh_is_gone(self, store: Store, upstream: Upstream, deep: bool) -> None:
        upstream.add_js("2.0.16", reads=("--settings <file-or-json>",))
        done = store.install("2.0.16")
        assert changes(done, deep=deep) == []
        mark = Path(done.folder, "takes-settings")
        mark.parent.chmod(0o755)
        mark.unlink()
        assert changes(done, deep=deep) == [f"{mark}: it is missing"]
        mark.mkdir()  # `test -f` does not take it for the mark
        assert changes(done, deep=deep) == [f"{mark}: it is missing"]

    @pytest.mark.parametrize("deep", [False, True])
    def test_a_mark_for_sh_that_says_the_contrary(self, store: Store, upstream: Upstream, deep: bool) -> None:
        upstream.add_js("2.0.16", reads=())
        done = store.install("2.0.16")
        mark = Path(done.folder, "takes-settings")
        mark.parent.chmod(0o755)
        mark.touch()
        assert changes(done, deep=deep) == [f"{mark}: it should not be there"]


def _quietly(path: Path, data: bytes) -> None:
    before = path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(path, ns=(before, before))


class TestListing:
    def test_by_version(self, store: Store) -> None:
        for version in ("2.1.330", "2.0.14", "2.0.15"):
            store.install(version)
        assert [i.receipt.version for i in installs(store.home)] == ["2.0.14", "2.0.15", "2.1.330"]

    def test_what_else_lies_about(self, store: Store) -> None:
        store.install("2.0.14")
        releases = Path(store.home.releases)
        (releases / "2.0.15-0123456789abcdef").write_text("a file")
        (releases / "2.0.16-0123456789abcdef/.staging-x").mkdir(parents=True)
        (releases / "2.0.16-0123456789abcdef/any").mkdir()
        (releases / "notes").mkdir()
        (releases / "..odd").mkdir()
        assert [i.receipt.version for i in installs(store.home)] == ["2.0.14"]

    def test_no_store(self, tmp_path: Path) -> None:
        assert list(installs(Home(str(tmp_path / "none")))) == []
