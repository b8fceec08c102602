"""Which locks were used on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning.lock import render
from ccpin.store.projects import known, remember, users
from tests.pinning import locks


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path / "ccpin"))


def put(folder: Path, version: str = "2.0.14") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_NAME
    path.write_text(render(locks.node(version)))
    return str(path)


def test_none(home: Home) -> None:
    assert known(home) == []


def test_remembered_once_each(home: Home, tmp_path: Path) -> None:
    one, two = put(tmp_path / "one"), put(tmp_path / "two", "2.0.15")
    for path in (one, two, one):
        remember(home, path)
    assert [(p.path, p.pin and p.pin.head.version) for p in known(home)] == [(one, "2.0.14"), (two, "2.0.15")]
    assert len(os.listdir(home.projects)) == 2


def test_who_uses_an_entry(home: Home, tmp_path: Path) -> None:
    one, two, other = put(tmp_path / "one"), put(tmp_path / "two"), put(tmp_path / "other", "2.0.15")
    for path in (one, two, other):
        remember(home, path)
    assert users(known(home), "2.0.14", locks.node().digest) == [one, two]
    assert users(known(home), "2.0.14", "f" * 64) == []


def test_the_default_counts_without_being_remembered(home: Home) -> None:
    path = put(Path(home.default_lock).parent)
    assert [p.path for p in known(home)] == [path]


def test_gone_and_odd_ones_use_nothing_and_a_broken_one_may_use_anything(home: Home, tmp_path: Path) -> None:
    gone, broken = put(tmp_path / "gone"), put(tmp_path / "broken")
    for path in (gone, broken):
        remember(home, path)
    os.unlink(gone)
    Path(broken).write_text("<<<<<<< a\n")
    Path(home.projects, "full-of-zeros").write_bytes(bytes(40))
    Path(home.projects, "empty").write_bytes(b"")
    Path(home.projects, "folder").mkdir()
    Path(home.projects, ".draft").write_text(broken)
    found = known(home)
    assert {p.pin for p in found} == {None}
    assert {gone, broken} <= {p.path for p in found}
    assert users(found, "2.0.14", locks.node().digest) == [broken]


def test_a_path_that_is_no_text(home: Home, tmp_path: Path) -> None:
    path = put(tmp_path / os.fsdecode(b"caf\xe9 \xf0\x9f\x8c\xb5\nx"))
    remember(home, path)
    assert users(known(home), "2.0.14", locks.node().digest) == [path]


def test_not_being_able_to_is_no_failure(home: Home, tmp_path: Path) -> None:
    Path(home.root).write_text("a file")
    remember(home, put(tmp_path / "one"))
