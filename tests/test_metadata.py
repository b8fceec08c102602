"""What registries said before: kept by who asked and for what, never a reason to fail, and never without bound."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ccpin import metadata
from ccpin.metadata import MOST_AGE, MOST_FILES, Kept, Metadata, is_etag, key_of

ADDRESS = "https://registry.example/x"
KEY = key_of(ADDRESS, {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "metadata"


@pytest.fixture
def kept(folder: Path) -> Metadata:
    return Metadata(str(folder), clock=lambda: 1_800_000_000.5)


def file_of(folder: Path) -> Path:
    [file] = folder.iterdir()
    return file


def test_there_and_back(folder: Path, kept: Metadata) -> None:
    assert kept.find(KEY) is None
    kept.keep(KEY, ADDRESS, {"name": "x", "é": [1, None]}, '"abc"')
    assert kept.find(KEY) == Kept({"name": "x", "é": [1, None]}, '"abc"', 1_800_000_000)
    assert file_of(folder).name == f"{KEY}.json"
    assert json.loads(file_of(folder).read_text()) == {
        "address": ADDRESS,
        "etag": '"abc"',
        "fetched": 1_800_000_000,
        "body": {"name": "x", "é": [1, None]},
    }
    kept.keep(KEY, ADDRESS, None)
    assert kept.find(KEY) == Kept(None, None, 1_800_000_000)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_nobody_else_reads_it(folder: Path, kept: Metadata) -> None:
    kept.keep(KEY, ADDRESS, {})
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file_of(folder).stat().st_mode & 0o777 == 0o600
    assert folder.parent.stat().st_mode & 0o777 == 0o755


def test_a_key_is_of_all_that_decides_the_answer() -> None:
    keys = [
        key_of(ADDRESS, {}),
        key_of(ADDRESS + "y", {}),
        key_of(ADDRESS, {"Accept": "application/json"}),
        key_of(ADDRESS, {"Authorization": "Bearer a"}),
        key_of(ADDRESS, {"Authorization": "Bearer b"}),
        key_of(ADDRESS, {}, "a certificate"),
    ]
    assert len(set(keys)) == len(keys)
    assert key_of(ADDRESS, {"User-Agent": "ccpin/2"}) == keys[0]


GOOD: dict[str, Any] = {"address": ADDRESS, "etag": None, "fetched": 5, "body": {}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 200_000,
        '{"body": {}}',
        json.dumps({**GOOD, "body": []}),
        json.dumps({**GOOD, "fetched": "yesterday"}),
        json.dumps({**GOOD, "fetched": True}),
        json.dumps({**GOOD, "etag": 5}),
        json.dumps({**GOOD, "etag": "a\r\nX-Evil: 1"}),
        json.dumps({**GOOD, "etag": ""}),
        b"\xff\xfe".decode("latin-1"),
    ],
)
def test_what_is_broken_is_absent(folder: Path, kept: Metadata, text: str) -> None:
    kept.keep(KEY, ADDRESS, {})
    assert kept.find(KEY)
    file_of(folder).write_text(text, encoding="latin-1")
    assert kept.find(KEY) is None


def test_a_folder_in_the_place_of_the_file(folder: Path, kept: Metadata) -> None:
    (folder / f"{KEY}.json").mkdir(parents=True)
    assert kept.find(KEY) is None
    kept.keep(KEY, ADDRESS, {})


def test_what_cannot_be_written_is_not_kept(folder: Path, kept: Metadata, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.mkdir()
    folder.write_text("a file")
    kept.keep(KEY, ADDRESS, {})
    assert kept.find(KEY) is None
    folder.unlink()
    monkeypatch.setattr(metadata, "_MOST_BYTES", 200)
    kept.keep(KEY, ADDRESS, {"long": "x" * 200})
    assert not folder.exists()


def test_not_without_bound(folder: Path) -> None:
    now = 1_800_000_000.0
    kept = Metadata(str(folder), clock=lambda: now)
    keys = [key_of(f"{ADDRESS}/{number}", {}) for number in range(MOST_FILES + 5)]
    for key in keys:
        now += 1
        kept.keep(key, ADDRESS, {})
    draft = folder / f".{KEY}.json.abc"  # of somebody who was killed
    draft.write_text("")
    os.utime(draft, (5, 5))
    assert [key for key in keys if kept.find(key) is None] == keys[:5]
    now += MOST_AGE - 9
    kept.keep(KEY, ADDRESS, {})
    assert [key for key in keys if kept.find(key)] == keys[-10:]
    assert len(list(folder.iterdir())) == 10 + 1


def test_what_a_header_can_carry() -> None:
    assert is_etag('W/"abc"')
    assert not any(map(is_etag, ["", "a\n", "é", "\x00"]))
