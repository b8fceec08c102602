"""Making true what a lock says, without ever writing it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from ccpin.errors import BelowMinimum, LockInvalid, LockWouldChange, NodeMissing, NodeUnfit
from ccpin.launching.sync import sync
from ccpin.paths import LOCK_NAME, Home
from ccpin.pinning.find import Pin, read_pin
from ccpin.pinning.lock import Lock, render
from ccpin.store.progress import Progress
from ccpin.store.projects import known
from tests.fakes.claude import fake_node
from tests.store.conftest import store  # noqa: F401  a fixture
from tests.store.installing import Store
from tests.store.nodes import install_with_node, lock_with_node

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the fake executables are scripts")


@pytest.fixture
def env(store: Store, tmp_path: Path) -> dict[str, str]:  # noqa: F811
    node = fake_node(tmp_path / "bin")
    return {"CCPIN_NPM_REGISTRY": store.fake.url, "HOME": str(tmp_path), "PATH": str(node.parent)}


def pin_in(folder: Path, lock: Lock) -> Pin:
    folder.mkdir(exist_ok=True)
    (folder / LOCK_NAME).write_text(render(lock))
    return read_pin(Home(str(folder)), str(folder / LOCK_NAME), "lock")


@pytest.mark.parametrize("version", ["2.0.14", "2.1.330"])
def test_installs_and_then_has_nothing_to_do(
    store: Store,  # noqa: F811
    env: dict[str, str],
    tmp_path: Path,
    version: str,
) -> None:
    pin = pin_in(tmp_path / "project", store.lock(version))
    done = sync(pin, store.home, env, progress=Progress)
    store.fake.forget()

    def none() -> NoReturn:
        raise AssertionError("an install began")

    assert sync(pin, store.home, env, progress=none, locked=True) == done
    assert store.fake.requests == []
    assert [p.path for p in known(store.home)] == [pin.path]
    assert Path(pin.path).read_bytes() == pin.data


def test_a_node_of_the_lock_s_own_needs_none_on_path(
    store: Store,  # noqa: F811
    env: dict[str, str],
    tmp_path: Path,
) -> None:
    lock = lock_with_node(store.lock("2.0.14"), store.fake)
    done = install_with_node(store.home, lock, store.fake)
    store.fake.forget()
    pin = pin_in(tmp_path / "project", lock)
    assert sync(pin, store.home, {**env, "PATH": "/nowhere"}, progress=Progress, locked=True) == done
    assert store.fake.requests == []


def test_the_default_is_no_project(store: Store, env: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    pin = pin_in(tmp_path / "project", store.lock("2.1.330"))
    sync(Pin(pin.head, pin.path, "default", pin.data), store.home, env, progress=Progress)
    assert known(store.home) == []


def test_node_is_looked_at_before_the_download_and_each_time(
    store: Store,  # noqa: F811
    env: dict[str, str],
    tmp_path: Path,
) -> None:
    pin = pin_in(tmp_path / "project", store.lock("2.0.14"))
    with pytest.raises(NodeMissing):
        sync(pin, store.home, {**env, "PATH": ""}, progress=Progress)
    assert store.downloads() == 0
    sync(pin, store.home, env, progress=Progress)
    fake_node(tmp_path / "old", "16.0.0")
    with pytest.raises(NodeUnfit):
        sync(pin, store.home, {**env, "PATH": f"{tmp_path}/old"}, progress=Progress)


def test_below_the_floor(store: Store, env: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    pin = pin_in(tmp_path / "project", store.lock("2.0.14"))
    Path(store.home.root).mkdir()
    Path(store.home.minimum_version).write_text("2.1.0\n")
    with pytest.raises(BelowMinimum):
        sync(pin, store.home, env, progress=Progress)
    assert store.fake.requests == []


def test_a_head_is_not_enough(store: Store, env: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    pin = pin_in(tmp_path / "project", store.lock("2.0.14"))
    cut = Pin(pin.head, pin.path, "lock", pin.data.partition(b"[artifacts]")[0])
    with pytest.raises(LockInvalid):
        sync(cut, store.home, env, progress=Progress)


@pytest.mark.parametrize(
    ("request_text", "agrees"),
    [("2.0.14", True), ("2.0", True), (">=2.0,<2.1", True), ("latest", True), ("2.0.15", False), ("2.1", False),
     ("<2", False), ("-n", False), ("!", False)],
)  # fmt: skip
def test_locked_wants_a_version_that_the_request_means(
    store: Store,  # noqa: F811
    env: dict[str, str],
    tmp_path: Path,
    request_text: str,
    agrees: bool,
) -> None:
    lock = store.lock("2.0.14")
    pin = pin_in(tmp_path / "project", Lock(lock.version, request_text, lock.runtime, lock.artifacts))
    if agrees:
        sync(pin, store.home, env, progress=Progress, locked=True)
        return
    with pytest.raises(LockWouldChange) as raised:
        sync(pin, store.home, env, progress=Progress, locked=True)
    assert raised.value.exit_code == 1
    assert store.fake.requests == []
    sync(pin, store.home, env, progress=Progress)


def test_sources_by_hand(store: Store, env: dict[str, str], tmp_path: Path) -> None:  # noqa: F811
    pin = pin_in(tmp_path / "project", store.lock("2.1.330"))
    env["CCPIN_NPM_REGISTRY"] = "http://127.0.0.1:1/"
    sync(pin, store.home, env, progress=Progress, sources=store.sources)
