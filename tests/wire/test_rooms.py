"""Where captured releases start: above their working folder stands nothing that they would read, or run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ccpin.errors import ReadAbove
from ccpin.wire.rooms import place, places, read_above, require_nothing_above

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is captured there")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a" / "b"
    made.mkdir(parents=True)
    return made.resolve()


@pytest.mark.parametrize("name", [".mcp.json", "CLAUDE.md", "CLAUDE.local.md", "AGENTS.md", ".claude", ".git"])
def test_what_is_read_above_is_found(folder: Path, name: str) -> None:
    assert read_above(str(folder)) is None
    planted = folder.parent / name
    planted.symlink_to("nowhere yet")
    assert read_above(str(folder)) == str(planted)
    with pytest.raises(ReadAbove, match=name):
        place([str(folder)])
    with pytest.raises(ReadAbove, match=name):
        require_nothing_above(str(folder))


def test_another_folder_is_taken_then(folder: Path, tmp_path: Path) -> None:
    (folder / "CLAUDE.md").write_text("x")
    other = tmp_path / "other"
    other.mkdir()
    assert place([str(folder), str(tmp_path / "missing"), str(other)]) == str(other.resolve())


def test_one_that_others_write_to_is_the_last_choice(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders above are the machine's: they count as nobody else's here."""
    monkeypatch.setattr("ccpin.wire.rooms._upward", lambda path: iter([path]))
    other = tmp_path / "other"
    other.mkdir(0o700)
    folder.chmod(0o1777)
    assert place([str(folder), str(other)]) == str(other.resolve())
    assert place([str(folder)]) == str(folder)


def test_places_are_there() -> None:
    assert os.path.isabs(place(places()))
