"""What the doctor reads of other programs' files: so much and no more, once for all its checks, never a fifo."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ccpin.doctor.reading import read_object
from ccpin.launching import jsonc


def test_a_file_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = []
    loads = json.loads

    def counted(text: str) -> Any:
        parsed.append(text)
        return loads(text)

    monkeypatch.setattr(json, "loads", counted)
    path = tmp_path / "settings.json"
    path.write_text('{"a": 1}')
    assert [read_object(str(path)) for _ in range(9)] == [{"a": 1}] * 9
    assert len(parsed) == 1
    path.write_text('{"a": 22}')
    assert read_object(str(path)) == {"a": 22}


def test_one_that_is_too_large_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"a": 1}')
    assert read_object(str(path), 8) == {"a": 1}
    assert read_object(str(path), 7) == {}


@pytest.mark.parametrize("kind", ["nothing", "folder", "fifo", "loop", "deep"])
def test_what_is_no_object(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "settings.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "deep":
        path.write_text("[" * 100_000)
    assert read_object(str(path)) == {}


def test_blank_lines_take_no_time() -> None:
    """Settings of an editor; it would be minutes, were each line's beginning looked for behind all the others."""
    assert jsonc.read("\n" * 1_000_000 + "{}").members == ()
