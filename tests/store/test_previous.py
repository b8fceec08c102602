"""What a lock said before."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ccpin.paths import Home
from ccpin.pinning.lock import render
from ccpin.store.previous import MOST, keep, previous, push, release_id
from tests.pinning import locks

PATH = "/somewhere/.ccpin.lock"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "ccpin"))


def test_nothing_yet(home: Home) -> None:
    assert previous(home, PATH) == []


def test_a_stack_for_each_lock(home: Home) -> None:
    one, two = locks.node("2.0.14"), locks.node("2.0.15")
    push(home, PATH, render(one), two)
    push(home, PATH, "more", one)
    push(home, "/elsewhere/.ccpin.lock", "other", one)
    assert [(e.text, e.sha256) for e in previous(home, PATH)] == [
        (render(one), release_id(two)),
        ("more", release_id(one)),
    ]
    assert [e.text for e in previous(home, "/elsewhere/.ccpin.lock")] == ["other"]


def test_only_the_newest_are_kept(home: Home) -> None:
    for number in range(MOST + 5):
        push(home, PATH, str(number), locks.node())
    assert [e.text for e in previous(home, PATH)] == [str(n) for n in range(5, MOST + 5)]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_its_user_may_read_it(home: Home) -> None:
    push(home, PATH, "text", locks.node())
    [record] = Path(home.previous).iterdir()
    assert record.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"text": 1, "sha256": 2}]', '[{"text": "x"}]', "[" * 9999, "null"])
def test_what_cannot_be_read_counts_as_nothing(home: Home, text: str) -> None:
    push(home, PATH, "text", locks.node())
    [record] = Path(home.previous).iterdir()
    record.write_text(text)
    assert previous(home, PATH) == []
    push(home, PATH, "anew", locks.node())
    assert [entry["text"] for entry in json.loads(record.read_text())] == ["anew"]


def test_a_home_that_cannot_be_written_is_no_reason_to_fail(home: Home, tmp_path: Path) -> None:
    Path(home.root).write_text("a file")
    push(home, PATH, "text", locks.node())
    keep(home, PATH, [])
    assert previous(home, PATH) == []


def test_the_identity_of_a_release_leaves_the_flags_out() -> None:
    lock = locks.node()
    assert release_id(lock) == release_id(replace(lock, env={"DISABLE_COMPACT": "1"}, clean=True))
    assert release_id(lock) != release_id(replace(lock, request="latest"))
    assert release_id(lock) != release_id(locks.node("2.0.15"))
