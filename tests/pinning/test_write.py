"""Writing a lock: whole or not at all, only when it changes, and in the right place."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ccpin.errors import LockNotWritable
from ccpin.paths import LOCK_NAME
from ccpin.pinning.write import project_lock, require_writable, write_lock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / LOCK_NAME


class TestWhere:
    def test_the_lock_of_the_project(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / LOCK_NAME).write_text("")
        deep = tmp_path / "a/b"
        deep.mkdir(parents=True)
        assert project_lock(str(deep)) == str(tmp_path / LOCK_NAME)

    def test_not_one_above_the_checkout(self, tmp_path: Path) -> None:
        (tmp_path / LOCK_NAME).write_text("")
        deep = tmp_path / "repo/a"
        deep.mkdir(parents=True)
        (tmp_path / "repo/.git").write_text("gitdir: elsewhere\n")  # a worktree's
        assert project_lock(str(deep)) == str(deep / LOCK_NAME)

    def test_here_where_there_is_none(self, tmp_path: Path) -> None:
        assert project_lock(str(tmp_path)) == str(tmp_path / LOCK_NAME)

    def test_a_broken_one_is_the_project_s_all_the_same(self, tmp_path: Path) -> None:
        (tmp_path / LOCK_NAME).symlink_to("nowhere")
        (tmp_path / "in").mkdir()
        assert project_lock(str(tmp_path / "in")) == str(tmp_path / LOCK_NAME)


class TestWriting:
    def test_only_when_it_changes(self, path: Path) -> None:
        assert write_lock(str(path), "one\n", None)
        before = path.stat()
        assert not write_lock(str(path), "one\n", "one\n")
        assert path.stat() == before
        assert write_lock(str(path), "two\n", "one\n")
        assert path.read_bytes() == b"two\n"
        assert os.listdir(path.parent) == [LOCK_NAME]

    def test_replaces_in_one_step(self, path: Path) -> None:
        """A reader that has the old one open reads the old one to its end."""
        path.write_text("old")
        with path.open() as reader:
            write_lock(str(path), "new", "old")
            assert reader.read() == "old"

    def test_a_link_stays_one(self, path: Path, tmp_path: Path) -> None:
        (tmp_path / "shared").mkdir()
        target = tmp_path / "shared/lock"
        target.write_text("old")
        path.symlink_to(target)
        write_lock(str(path), "new", "old")
        assert path.is_symlink()
        assert target.read_text() == "new"

    @pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664), (0o000, 0o664)])
    def test_a_new_one_has_the_umask_s_mode(self, path: Path, umask: int, mode: int) -> None:
        before = os.umask(umask)
        try:
            write_lock(str(path), "x", None)
            assert os.umask(umask) == umask
        finally:
            os.umask(before)
        assert stat.S_IMODE(path.stat().st_mode) == mode

    def test_the_mode_of_the_old_one_stays(self, path: Path) -> None:
        path.write_text("old")
        path.chmod(0o640)
        write_lock(str(path), "new", "old")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    def test_a_folder_is_made(self, tmp_path: Path) -> None:
        assert write_lock(str(tmp_path / "default" / LOCK_NAME), "x", None)

    def test_a_folder_in_its_place(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(LockNotWritable) as raised:
            write_lock(str(path), "x", None)
        assert raised.value.where == str(path)
        assert os.listdir(path.parent) == [LOCK_NAME]

    def test_a_file_where_its_folder_should_be(self, tmp_path: Path) -> None:
        (tmp_path / "default").write_text("")
        with pytest.raises(LockNotWritable):
            write_lock(str(tmp_path / "default" / LOCK_NAME), "x", None)
        (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(LockNotWritable):
            write_lock(str(tmp_path / "loop" / LOCK_NAME), "x", None)


class TestAskedBefore:
    def test_writable(self, path: Path, tmp_path: Path) -> None:
        require_writable(str(path))
        require_writable(str(tmp_path / "not/yet/there" / LOCK_NAME))

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
    def test_not_writable(self, path: Path, tmp_path: Path) -> None:
        tmp_path.chmod(0o555)
        with pytest.raises(LockNotWritable):
            require_writable(str(path))
