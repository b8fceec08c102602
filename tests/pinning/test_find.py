"""Which pin counts for a folder: the nearest lock upward by `..`, then the user's default; never one passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.errors import BelowMinimum, BrokenSetting, LockInvalid, LockUnreadable, NoLock
from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning.find import find_pin, minimum_version, nearest_lock, read_bytes, read_pin, require_minimum
from ccpin.pinning.lock import render
from tests.pinning import locks


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "ccpin"))


def put(folder: Path, version: str = "2.0.14") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LOCK_NAME).write_text(render(locks.node(version)))
    return folder / LOCK_NAME


class TestNearest:
    def test_upward(self, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        lock = put(tmp_path / "project")
        deep = tmp_path / "project/a/b"
        deep.mkdir(parents=True)
        monkeypatch.chdir(deep)
        pin = find_pin(home)
        assert (pin.path, pin.why, pin.head.version) == (str(lock), "lock", "2.0.14")
        assert pin.source == f"{lock}:6"

    def test_the_nearest_counts(self, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        put(tmp_path / "project")
        inner = put(tmp_path / "project/inner", "2.0.15")
        monkeypatch.chdir(inner.parent)
        assert find_pin(home).head.version == "2.0.15"

    def test_through_a_link_the_physical_place_counts(
        self, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(tmp_path / "one")
        target = put(tmp_path / "other", "2.0.15").parent / "sub"
        target.mkdir()
        (tmp_path / "one/link").symlink_to(target)
        monkeypatch.chdir(tmp_path / "one/link")
        monkeypatch.setenv("PWD", str(tmp_path / "one/link"))
        assert find_pin(home).head.version == "2.0.15"

    def test_the_default_only_outside(self, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        default = put(Path(home.default_lock).parent, "2.0.15")
        outside = tmp_path / "outside"
        outside.mkdir()
        monkeypatch.chdir(outside)
        assert (find_pin(home).path, find_pin(home).why) == (str(default), "default")
        put(outside)
        assert find_pin(home).why == "lock"

    def test_none(self, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(NoLock) as raised:
            find_pin(home)
        assert raised.value.launch_code == 127

    def test_a_deleted_folder_has_no_lock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        gone = tmp_path / "gone"
        gone.mkdir()
        monkeypatch.chdir(gone)
        gone.rmdir()
        assert nearest_lock() is None

    def test_a_name_that_a_file_has_where_a_folder_is_asked(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert nearest_lock(str(tmp_path / "file")) is None


class TestUnreadable:
    """A lock that cannot be used is an error: the one above it is never taken in its place."""

    def test_a_folder(self, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        put(tmp_path)
        (tmp_path / "in" / LOCK_NAME).mkdir(parents=True)
        monkeypatch.chdir(tmp_path / "in")
        with pytest.raises(LockUnreadable):
            find_pin(home)

    @pytest.mark.parametrize("target", ["nowhere", LOCK_NAME])
    def test_a_link_to_nothing_or_to_itself(
        self, tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch, target: str
    ) -> None:
        put(tmp_path)
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / LOCK_NAME).symlink_to(target)
        monkeypatch.chdir(tmp_path / "in")
        with pytest.raises(LockUnreadable) as raised:
            find_pin(home)
        assert raised.value.where == str(tmp_path / "in" / LOCK_NAME)

    def test_a_fifo_does_not_hang(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / LOCK_NAME)
        with pytest.raises(LockUnreadable, match="not a plain file"):
            read_bytes(str(tmp_path / LOCK_NAME))

    def test_fifty_megabytes_are_not_read(self, tmp_path: Path) -> None:
        path = tmp_path / LOCK_NAME
        with path.open("wb") as file:
            file.truncate(50 << 20)
        with pytest.raises(LockUnreadable, match="52,428,800 bytes"):
            read_bytes(str(path))

    def test_a_lock_that_is_not_canonical_is_read_as_toml(self, tmp_path: Path) -> None:
        path = put(tmp_path)
        path.write_text(path.read_text().replace('"node"', "'node'"))
        assert read_pin(Home(str(tmp_path)), str(path), "lock").head.runtime == "node"
        path.write_text("lock-version = 1\n")
        with pytest.raises(LockInvalid):
            read_pin(Home(str(tmp_path)), str(path), "lock")


class TestMinimum:
    def test_none(self, home: Home) -> None:
        assert minimum_version(home) is None
        require_minimum(home, "0.0.1")

    def test_below_and_not_below(self, home: Home) -> None:
        Path(home.root).mkdir()
        Path(home.minimum_version).write_text("2.0.14\n")
        require_minimum(home, "2.0.14")
        require_minimum(home, "2.0.100")
        with pytest.raises(BelowMinimum) as raised:
            require_minimum(home, "2.0.9", "L:6")
        assert raised.value.launch_code == 126
        assert "minimum-version, 2.0.14" in raised.value.message

    @pytest.mark.parametrize("text", ["", "2.0", "2.0.14\n\n", " 2.0.14", "9" * 100, "\0", "é"])
    def test_one_that_cannot_be_read_is_not_none(self, home: Home, text: str) -> None:
        Path(home.root).mkdir()
        Path(home.minimum_version).write_text(text)
        with pytest.raises(BrokenSetting):
            require_minimum(home, "2.0.14")

    def test_a_folder_is_not_none_either(self, home: Home) -> None:
        Path(home.minimum_version).mkdir(parents=True)
        with pytest.raises(BrokenSetting):
            minimum_version(home)
