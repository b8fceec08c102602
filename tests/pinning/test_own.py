"""What this user says about flags: two lists in ccpin's home. One that cannot be read is not taken for an empty one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ccpin.errors import BrokenSetting
from ccpin.paths import Home
from ccpin.pinning.own import allowed_flags, cannot_allow, cannot_keep, kept_flags

READERS = [pytest.param(allowed_flags, "allow-flags", id="allow"), pytest.param(kept_flags, "keep-flags", id="keep")]
Reader = Callable[[Home], frozenset[str]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(str(tmp_path / "home"))


@pytest.mark.parametrize(("read", "file"), READERS)
class TestBoth:
    def test_none(self, home: Home, read: Reader, file: str) -> None:
        assert read(home) == frozenset()
        Path(home.root, file).write_text("\n\n")
        assert read(home) == frozenset()

    def test_a_home_that_is_not_there(self, home: Home, read: Reader, file: str) -> None:
        assert read(Home(home.root + "/nowhere")) == frozenset()
        assert read(Home(os.devnull)) == frozenset()

    def test_names_of_the_table(self, home: Home, read: Reader, file: str) -> None:
        Path(home.root, file).write_text("DISABLE_UPDATES\n\nANTHROPIC_MODEL")
        assert read(home) == {"DISABLE_UPDATES", "ANTHROPIC_MODEL"}

    @pytest.mark.parametrize("line", ["ANTHROPIC_BASE_URL", "PATH", " DISABLE_UPDATES", "DISABLE_UPDATES\r", "é"])
    def test_a_line_that_may_not_stand_there(self, home: Home, read: Reader, file: str, line: str) -> None:
        Path(home.root, file).write_bytes(f"DISABLE_UPDATES\n{line}\n".encode())
        with pytest.raises(BrokenSetting) as raised:
            read(home)
        assert raised.value.where == f"{Path(home.root, file)}:2"
        assert raised.value.launch_code == 126
        assert f"ccpin config {file[:-1]} --unset" in raised.value.hint

    def test_bytes_that_are_no_text(self, home: Home, read: Reader, file: str) -> None:
        Path(home.root, file).write_bytes(b"DISABLE_UPDATES\xff\n")
        with pytest.raises(BrokenSetting):
            read(home)

    def test_a_folder(self, home: Home, read: Reader, file: str) -> None:
        Path(home.root, file).mkdir()
        with pytest.raises(BrokenSetting) as raised:
            read(home)
        assert raised.value.where == str(Path(home.root, file))


def test_what_can_be_allowed(home: Home) -> None:
    Path(home.allow_flags).write_text("CLAUDE_CODE_SCROLL_SPEED\n")
    assert allowed_flags(home) == {"CLAUDE_CODE_SCROLL_SPEED"}
    assert cannot_allow("CLAUDE_CODE_SCROLL_SPEED") is cannot_allow("DISABLE_UPDATES") is None
    assert cannot_allow("ANTHROPIC_BASE_URL")


def test_what_can_be_kept(home: Home) -> None:
    Path(home.keep_flags).write_text("CLAUDE_CODE_SCROLL_SPEED\n")
    with pytest.raises(BrokenSetting, match="not in the table"):
        kept_flags(home)
    assert cannot_keep("CLAUDE_CODE_SCROLL_SPEED")
    assert cannot_keep("FORCE_AUTOUPDATE_PLUGINS") is None
