"""A release that was named by hand: the lock's own, else what is installed, else what the registry says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccpin.errors import LockInvalid, UnknownRelease
from ccpin.launching.choose import pin_of_request, pin_of_version, pin_or_none
from ccpin.paths import LOCK_NAME
from ccpin.pinning.find import Pin
from ccpin.pinning.flags import PROFILES
from ccpin.pinning.lock import Lock, parse, render
from tests.fakes.upstream import Upstream
from tests.store.conftest import store  # noqa: F401  a fixture
from tests.store.installing import Store


def pin_of(lock: Lock) -> Pin:
    return Pin(lock.head(), "L", "lock", render(lock).encode())


@pytest.fixture
def env(store: Store) -> dict[str, str]:  # noqa: F811
    return {"CCPIN_NPM_REGISTRY": store.fake.url, "HOME": store.home.root, "PATH": ""}


def test_the_lock_s_own_release_is_the_lock_s_own_bytes(store: Store, env: dict[str, str]) -> None:  # noqa: F811
    pin = pin_of(store.lock("2.0.14"))
    assert pin_of_version(store.home, "2.0.14", pin, env) is pin
    assert store.fake.requests == []


def test_what_is_installed_asks_nobody(store: Store, env: dict[str, str]) -> None:  # noqa: F811
    lock = store.lock("2.0.14")
    store.install(lock)
    store.fake.forget()
    pin = pin_of_version(store.home, "v2.0.14", None, env)
    assert (pin.head.version, pin.head.digest, pin.why) == ("2.0.14", lock.digest, "asked")
    assert (pin.head.env, pin.head.clean) == (PROFILES["default"].env, False)
    assert store.fake.requests == []


def test_flags_are_those_of_the_nearest_lock(store: Store, env: dict[str, str]) -> None:  # noqa: F811
    near = store.lock("2.0.15")
    near = Lock(near.version, near.request, near.runtime, near.artifacts, {"DISABLE_TELEMETRY": "1"}, True)
    for installed in (False, True):
        if installed:
            store.install("2.0.14")
        head = pin_of_version(store.home, "2.0.14", pin_of(near), env).head
        assert (head.version, head.env, head.clean) == ("2.0.14", {"DISABLE_TELEMETRY": "1"}, True)


def test_what_is_not_installed_is_asked_for(store: Store, env: dict[str, str]) -> None:  # noqa: F811
    pin = pin_of_request(store.home, "2.0", None, env, where="--version")
    assert (pin.head.version, pin.head.request, pin.path) == ("2.0.15", "2.0", "--version")
    assert parse(pin.data, "").digest == pin.head.digest
    with pytest.raises(UnknownRelease):
        pin_of_request(store.home, "2.0.13", None, env, where="--version")


def test_entries_of_different_bytes_are_not_chosen_between(
    store: Store,  # noqa: F811
    env: dict[str, str],
    upstream: Upstream,
) -> None:
    store.install("2.0.14")
    upstream.add_js("2.0.14", pad=10)
    new = store.lock("2.0.14")
    store.install(new)
    store.fake.forget()
    assert pin_of_request(store.home, "2.0.14", None, env, where="x").head.digest == new.digest
    assert store.fake.requests != []


def test_an_entry_that_cannot_start_does_not_count(store: Store, env: dict[str, str]) -> None:  # noqa: F811
    done = store.install("2.0.14")
    Path(done.folder).chmod(0o755)
    Path(done.folder, "claude").unlink()
    store.fake.forget()
    pin_of_request(store.home, "2.0.14", None, env, where="x")
    assert store.fake.requests != []


def test_a_broken_lock_is_not_none(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    assert pin_or_none(store.home) is None
    Path(LOCK_NAME).write_text("x")
    with pytest.raises(LockInvalid):
        pin_or_none(store.home)
